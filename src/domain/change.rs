//! Changes: another flight for a ticket, what it costs, and how the change stands.

mod check;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{ChangeOrderNo, OrderId, OutChangeNo, PassengerId};
use super::money::Money;
use super::order::{Ticket, passenger_ids};
use super::passenger::{CallingCode, OrderPassengerType};
use super::personal::Personal;
use super::time::LocalTime;
use super::trip::{AirportCode, CityCode, FlightNo, Segment, SegmentCabin};

pub use check::check;

/// On what ground a ticket is changed.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Hash,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// The traveller wants another flight.
    #[default]
    Voluntary,
    /// The airline has cancelled or moved the flight.
    FlightChanged,
    /// The airline has an epidemic policy for the flight.
    Epidemic,
}

impl ChangeKind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Voluntary, Self::FlightChanged, Self::Epidemic];

    /// The word of API and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voluntary => "voluntary",
            Self::FlightChanged => "flight_changed",
            Self::Epidemic => "epidemic",
        }
    }
}

/// Fliggy's numbers (`change_reason_type`), all inferred from a sibling API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeKinds {
    by_kind: BTreeMap<ChangeKind, i64>,
}

impl ChangeKinds {
    /// The inferred numbers, and rows of the configuration, which win.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (ChangeKind, i64)>) -> Self {
        let mut by_kind = BTreeMap::from([
            (ChangeKind::Voluntary, 0),
            (ChangeKind::FlightChanged, 1),
            (ChangeKind::Epidemic, 2),
        ]);
        by_kind.extend(rows);
        Self { by_kind }
    }

    /// Fliggy's number for a kind.
    #[must_use]
    pub fn code(&self, kind: ChangeKind) -> Option<i64> {
        self.by_kind.get(&kind).copied()
    }

    /// The kind behind a number.
    #[must_use]
    pub fn kind(&self, code: i64) -> Option<ChangeKind> {
        ChangeKind::ALL
            .into_iter()
            .find(|kind| self.code(*kind) == Some(code))
    }
}

impl Default for ChangeKinds {
    fn default() -> Self {
        Self::new([])
    }
}

/// Where a change stands. The numbers are those of the topic, documented: 4 is closed and 5 is
/// ticketed. (The API for agents has them the other way round.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    /// Submitted; the fees are not confirmed yet.
    Submitted,
    /// The seat is held and the fees are known; it waits for payment.
    AwaitingPayment,
    /// Paid; the new ticket is being issued.
    AwaitingTicketing,
    /// Closed: cancelled, refused, or not paid in time. Another change may be made.
    Closed,
    /// The new ticket is issued.
    Ticketed,
    /// Fliggy's number is not known here (`status_code` has it, where it was read), or was not told.
    Other,
}

impl ChangeStatus {
    /// The status behind Fliggy's number.
    #[must_use]
    pub const fn from_wire(number: i64) -> Self {
        match number {
            1 => Self::Submitted,
            2 => Self::AwaitingPayment,
            3 => Self::AwaitingTicketing,
            4 => Self::Closed,
            5 => Self::Ticketed,
            _ => Self::Other,
        }
    }

    /// The words of the timeline.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Submitted => "submitted",
            Self::AwaitingPayment => "awaiting payment",
            Self::AwaitingTicketing => "awaiting ticketing",
            Self::Closed => "closed",
            Self::Ticketed => "ticketed",
            Self::Other => "in a status that is not listed",
        }
    }
}

/// Another flight for one segment of the order, as a search gave it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTarget {
    /// Id of the order's segment that it replaces.
    #[schema(min_length = 1, max_length = 255, example = "CZ8957PKXXMN0520")]
    pub replaces: String,
    /// The flight, exactly as a search gave it.
    pub segment: Segment,
    /// Its cabin, exactly as the same offer gave it.
    pub cabin: SegmentCabin,
}

/// Whom to call about a change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeContact {
    /// Name; may be left out.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 64, pattern = r"\S", example = "张三")]
    pub name: Option<Personal<String>>,
    /// Country calling code, without `+`.
    pub mobile_country_code: CallingCode,
    /// Mobile number; 11 digits in mainland China.
    #[schema(value_type = String, min_length = 5, max_length = 15, pattern = "^[0-9]{5,15}$", example = "13800000000")]
    pub mobile: Personal<String>,
}

/// What a caller wants changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeWish {
    /// The order.
    pub order_id: OrderId,
    /// The caller's number of the change.
    pub out_change_no: OutChangeNo,
    /// On what ground.
    pub kind: ChangeKind,
    /// Whose tickets.
    pub passengers: Vec<PassengerId>,
    /// The flights to be, one for each segment that is replaced.
    pub targets: Vec<ChangeTarget>,
    /// Fliggy's key of the offer in which the flights were found, where there is one.
    pub solution_id: Option<String>,
    /// Whom to call.
    pub contact: Option<ChangeContact>,
    /// A remark for the airline.
    pub remark: Option<Personal<String>>,
}

/// The flights of a change with their departures (+08:00, to the minute), in the order of the
/// request: `CZ8959@2030-05-21T08:45`. A change that is the caller's has the same.
#[must_use]
pub fn targets_fingerprint(targets: &[ChangeTarget]) -> Vec<String> {
    targets
        .iter()
        .map(|t| flight_at(&t.segment.marketing_flight_no, t.segment.departure_time))
        .collect()
}

/// One flight with its departure.
#[must_use]
pub fn flight_at(flight: &FlightNo, departure: LocalTime) -> String {
    let time = departure.to_string();
    format!("{flight}@{}", time.get(..16).unwrap_or(&time))
}

/// The departure in what [`flight_at`] has written.
#[must_use]
pub fn departure_of(flight: &str) -> Option<LocalTime> {
    let (_, departure) = flight.split_once('@')?;
    Some(LocalTime::from_civil(departure.parse().ok()?))
}

/// Fees of one traveller's change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeFee {
    /// Fee of the change itself (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub service_fee: Option<Money>,
    /// Difference of fare and cabin (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub upgrade_fee: Option<Money>,
    /// Difference of taxes (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub tax_fee: Option<Money>,
}

/// A passenger of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangePassenger {
    /// Identifies the passenger, as in the order; null where Fliggy does not tell the document, or
    /// masks those of several passengers alike.
    #[schema(required = true, value_type = Option<PassengerId>)]
    pub passenger_id: Option<PassengerId>,
    /// Name as on the document; null if not told.
    #[schema(required = true, value_type = Option<String>, example = "李四")]
    pub name: Option<Personal<String>>,
    /// Kind of passenger; null if not told.
    #[serde(rename = "type")]
    #[schema(required = true, value_type = Option<OrderPassengerType>)]
    pub kind: Option<OrderPassengerType>,
    /// Ids of the order's segments that are replaced for this passenger: a change moves all of its
    /// passengers on all of its segments. Null where Fliggy does not tell them.
    #[schema(required = true, example = json!(["CZ8957PKXXMN0520"]))]
    pub segment_ids: Option<Vec<String>>,
    /// What the change costs this passenger; null if not told (yet).
    #[schema(required = true, value_type = Option<ChangeFee>)]
    pub fee: Option<ChangeFee>,
    /// The new tickets, once they are issued.
    pub tickets: Vec<Ticket>,
    /// The tickets before the change.
    pub original_tickets: Vec<Ticket>,
}

/// A segment after the change, as far as Fliggy tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedSegment {
    /// Id of the order's segment that it replaces; null if not told.
    #[schema(required = true, example = "CZ8957PKXXMN0520")]
    pub replaces: Option<String>,
    /// Number the flight is sold under; null if not told.
    #[schema(required = true, value_type = Option<FlightNo>)]
    pub marketing_flight_no: Option<FlightNo>,
    /// Number the flight is flown under; null if not told.
    #[schema(required = true, example = "CZ8959")]
    pub operating_flight_no: Option<String>,
    /// City of departure; null if not told.
    #[schema(required = true, value_type = Option<CityCode>)]
    pub departure_city: Option<CityCode>,
    /// City of arrival; null if not told.
    #[schema(required = true, value_type = Option<CityCode>)]
    pub arrival_city: Option<CityCode>,
    /// Departure airport; null if not told.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub departure_airport: Option<AirportCode>,
    /// Arrival airport; null if not told.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub arrival_airport: Option<AirportCode>,
    /// Scheduled departure (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub departure_time: Option<LocalTime>,
    /// Scheduled arrival (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub arrival_time: Option<LocalTime>,
    /// Booking class; null if not told.
    #[schema(required = true, example = "V")]
    pub cabin: Option<String>,
    /// Cabin class (`Y`, `C`, `F`); null if not told.
    #[schema(required = true, example = "Y")]
    pub cabin_class: Option<String>,
}

/// One change in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// Fliggy's number of the change.
    pub change_order_no: ChangeOrderNo,
    /// Fliggy's order id; null if not told.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// The caller's number; null where Fliggy has none.
    #[schema(required = true, example = "CHANGE-20300502-000001")]
    pub out_change_no: Option<String>,
    /// Where it stands.
    pub status: ChangeStatus,
    /// Fliggy's number for it.
    pub status_code: i64,
    /// On what ground; null where Fliggy's number for it stands for none of our kinds.
    #[schema(required = true, value_type = Option<ChangeKind>)]
    pub kind: Option<ChangeKind>,
    /// What the change costs in all (yuan); null until the fees are confirmed.
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// When it was made (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub created_at: Option<LocalTime>,
    /// It must be paid before this time (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub pay_before: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Whether Fliggy tells a time of payment that may be one or not.
    #[serde(skip)]
    pub payment_unclear: bool,
    /// Trade number. Having one does not mean that it is paid.
    #[schema(required = true, example = "2030050200000000000001")]
    pub trade_no: Option<String>,
    /// Why it was closed, in Fliggy's words; null unless it was.
    #[schema(required = true, value_type = Option<String>)]
    pub close_reason: Option<Personal<String>>,
    /// The travellers.
    pub passengers: Vec<ChangePassenger>,
    /// The segments before the change; empty if not told.
    pub original_segments: Vec<Segment>,
    /// The segments after the change; empty if not told.
    pub segments: Vec<ChangedSegment>,
}

/// The changes of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeList {
    /// The rows that could be read.
    pub changes: Vec<Change>,
    /// Rows that could not be read. A list with such rows proves no absence.
    pub dropped: usize,
}

/// What is kept of a change as the result of a write: nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeReceipt {
    /// Fliggy's number of the change.
    pub change_order_no: ChangeOrderNo,
    /// Fliggy's order id; null if not told.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// The caller's number; null where Fliggy has none.
    #[schema(required = true, example = "CHANGE-20300502-000001")]
    pub out_change_no: Option<String>,
    /// Where it stands.
    pub status: ChangeStatus,
    /// What the change costs in all (yuan); null until the fees are confirmed.
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// Whether it costs more than the `max_total` of the request; null where that named none, or the
    /// fees are not confirmed yet. Nothing is paid before it is agreed to at the payment.
    #[schema(required = true)]
    pub fee_above_limit: Option<bool>,
    /// It must be paid before this time (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub pay_before: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Trade number. Having one does not mean that it is paid.
    #[schema(required = true, example = "2030050200000000000001")]
    pub trade_no: Option<String>,
    /// The travellers whose tickets are changed.
    #[serde(default)]
    #[schema(required = true)]
    pub passenger_ids: Vec<PassengerId>,
}

impl ChangeReceipt {
    /// The receipt of a change that was read.
    #[must_use]
    pub fn of(change: &Change, max_total: Option<Money>) -> Self {
        Self {
            change_order_no: change.change_order_no,
            order_id: change.order_id,
            out_change_no: change.out_change_no.clone(),
            status: change.status,
            total_price: change.total_price,
            fee_above_limit: fee_above_limit(change.total_price, max_total),
            pay_before: change.pay_before,
            paid_at: change.paid_at,
            trade_no: change.trade_no.clone(),
            passenger_ids: passenger_ids(change.passengers.iter().map(|p| &p.passenger_id)),
        }
    }

    /// What is known of a change that nobody has read.
    #[must_use]
    pub fn unread(change_order_no: ChangeOrderNo, order_id: Option<OrderId>) -> Self {
        Self {
            change_order_no,
            order_id,
            out_change_no: None,
            status: ChangeStatus::Other,
            total_price: None,
            fee_above_limit: None,
            pay_before: None,
            paid_at: None,
            trade_no: None,
            passenger_ids: Vec::new(),
        }
    }
}

/// Whether a change costs more than its caller wants to pay at most.
#[must_use]
pub fn fee_above_limit(total: Option<Money>, max_total: Option<Money>) -> Option<bool> {
    Some(total? > max_total?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn four_is_closed_and_five_is_ticketed() {
        let words: Vec<_> = (0..7)
            .map(|n| serde_json::to_value(ChangeStatus::from_wire(n)).unwrap())
            .collect();
        assert_eq!(
            words,
            [
                "other",
                "submitted",
                "awaiting_payment",
                "awaiting_ticketing",
                "closed",
                "ticketed",
                "other"
            ]
        );
        // As the contract has it from the documented topic.
        let vocabulary: serde_json::Value =
            serde_json::from_str(include_str!("../../openapi/top/status.json")).unwrap();
        for row in vocabulary["change_status"].as_array().unwrap() {
            let status = ChangeStatus::from_wire(row["value"].as_i64().unwrap());
            let meaning = row["meaning"].as_str().unwrap();
            let said = match status {
                ChangeStatus::AwaitingPayment => "waiting for payment",
                ChangeStatus::AwaitingTicketing => "waiting for ticketing",
                other => other.as_str(),
            };
            assert_eq!(said, meaning);
        }
    }

    #[test]
    fn the_limit_is_told_where_it_can_be() {
        let yuan = |text| Some(Money::parse(text).unwrap());
        for (total, limit, above) in [
            (yuan("40"), yuan("40"), Some(false)),
            (yuan("40.01"), yuan("40"), Some(true)),
            (yuan("40"), None, None),
            (None, yuan("40"), None),
        ] {
            assert_eq!(fee_above_limit(total, limit), above);
        }
    }

    #[test]
    fn numbers_of_the_kinds_can_be_mended() {
        let kinds = ChangeKinds::new([(ChangeKind::Voluntary, 7)]);
        assert_eq!(kinds.code(ChangeKind::Voluntary), Some(7));
        assert_eq!(kinds.kind(0), None);
        assert_eq!(kinds.kind(1), Some(ChangeKind::FlightChanged));
        for kind in ChangeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
