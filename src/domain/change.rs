//! Changes: new flights for issued tickets, their cost and status.

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

/// The kind of a change: why a ticket is changed.
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
    /// The passenger wants another flight.
    #[default]
    Voluntary,
    /// The airline has cancelled or moved the flight.
    FlightChanged,
    /// The airline has an epidemic policy for the flight.
    Epidemic,
}

impl ChangeKind {
    /// All kinds.
    pub const ALL: [Self; 3] = [Self::Voluntary, Self::FlightChanged, Self::Epidemic];

    /// The name in API and configuration.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Voluntary => "voluntary",
            Self::FlightChanged => "flight_changed",
            Self::Epidemic => "epidemic",
        }
    }
}

/// Fliggy's codes (`change_reason_type`), all inferred from a sibling API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChangeKinds {
    by_kind: BTreeMap<ChangeKind, i64>,
}

impl ChangeKinds {
    /// The inferred codes, overridden by configured rows.
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

    /// Fliggy's code for a kind.
    #[must_use]
    pub fn code(&self, kind: ChangeKind) -> Option<i64> {
        self.by_kind.get(&kind).copied()
    }

    /// The kind for a code.
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

/// Status of a change. The codes are documented for the message topic `ChangeStatusNotify`: 4 is closed and 5 is
/// ticketed. (In Fliggy's API for agents, these two codes are swapped.)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ChangeStatus {
    /// Submitted; the fees are not confirmed yet.
    Submitted,
    /// The seat is held and the fees are known; payment is due.
    AwaitingPayment,
    /// Paid; the new ticket is being issued.
    AwaitingTicketing,
    /// Closed: cancelled, refused, or not paid in time. Another change may be created.
    Closed,
    /// The new ticket is issued.
    Ticketed,
    /// Fliggy's code is unknown to the gateway (see `status_code`, if it was read) or was not reported.
    Other,
}

impl ChangeStatus {
    /// The status for Fliggy's code.
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

    /// The status in words, for the timeline.
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

/// Another flight for one segment of the order, as returned by a search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ChangeTarget {
    /// Id of the order's segment that this flight replaces.
    #[schema(min_length = 1, max_length = 255, example = "CZ8957PKXXMN0520")]
    pub replaces: String,
    /// The flight, exactly as returned by a search.
    pub segment: Segment,
    /// Its cabin, exactly as in the same offer.
    pub cabin: SegmentCabin,
}

/// Contact for a change.
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

/// A change requested by a caller.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedChange {
    /// The order.
    pub order_id: OrderId,
    /// The caller's change number.
    pub out_change_no: OutChangeNo,
    /// Kind of the change.
    pub kind: ChangeKind,
    /// The passengers whose tickets are changed.
    pub passengers: Vec<PassengerId>,
    /// The new flights, one for each replaced segment.
    pub targets: Vec<ChangeTarget>,
    /// Fliggy's key of the offer that contains the flights, if there is one.
    pub solution_id: Option<String>,
    /// Contact for the change.
    pub contact: Option<ChangeContact>,
    /// A remark for the airline.
    pub remark: Option<Personal<String>>,
}

/// The flights of a change with their departures (+08:00, to the minute), in request order: `CZ8959@2030-05-21T08:45`.
/// A change created by the request has the same list.
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

/// The departure in a text written by [`flight_at`].
#[must_use]
pub fn departure_of(flight: &str) -> Option<LocalTime> {
    let (_, departure) = flight.split_once('@')?;
    Some(LocalTime::from_civil(departure.parse().ok()?))
}

/// Fees of the change for one passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangeFee {
    /// Fee of the change itself (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub service_fee: Option<Money>,
    /// Difference in fare and cabin (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub upgrade_fee: Option<Money>,
    /// Difference in taxes (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub tax_fee: Option<Money>,
}

/// A passenger of a change.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangePassenger {
    /// Identifies the passenger, as in the order; null if Fliggy does not report the document, or masks the documents
    /// of several passengers identically.
    #[schema(required = true, value_type = Option<PassengerId>)]
    pub passenger_id: Option<PassengerId>,
    /// Name as on the document; null if not reported.
    #[schema(required = true, value_type = Option<String>, example = "李四")]
    pub name: Option<Personal<String>>,
    /// Kind of passenger; null if not reported.
    #[serde(rename = "type")]
    #[schema(required = true, value_type = Option<OrderPassengerType>)]
    pub kind: Option<OrderPassengerType>,
    /// Ids of the order's segments that are replaced for this passenger: a change moves all of its passengers on all of
    /// its segments. Null if Fliggy does not report them.
    #[schema(required = true, example = json!(["CZ8957PKXXMN0520"]))]
    pub segment_ids: Option<Vec<String>>,
    /// Cost of the change for this passenger; null if not reported (yet).
    #[schema(required = true, value_type = Option<ChangeFee>)]
    pub fee: Option<ChangeFee>,
    /// The new tickets, once they are issued.
    pub tickets: Vec<Ticket>,
    /// The tickets before the change.
    pub original_tickets: Vec<Ticket>,
}

/// A segment after the change, as far as Fliggy reports it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ChangedSegment {
    /// Id of the order's segment that this segment replaces; null if not reported.
    #[schema(required = true, example = "CZ8957PKXXMN0520")]
    pub replaces: Option<String>,
    /// Marketing flight number; null if not reported.
    #[schema(required = true, value_type = Option<FlightNo>)]
    pub marketing_flight_no: Option<FlightNo>,
    /// Operating flight number; null if not reported.
    #[schema(required = true, example = "CZ8959")]
    pub operating_flight_no: Option<String>,
    /// City of departure; null if not reported.
    #[schema(required = true, value_type = Option<CityCode>)]
    pub departure_city: Option<CityCode>,
    /// City of arrival; null if not reported.
    #[schema(required = true, value_type = Option<CityCode>)]
    pub arrival_city: Option<CityCode>,
    /// Departure airport; null if not reported.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub departure_airport: Option<AirportCode>,
    /// Arrival airport; null if not reported.
    #[schema(required = true, value_type = Option<AirportCode>)]
    pub arrival_airport: Option<AirportCode>,
    /// Scheduled departure (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub departure_time: Option<LocalTime>,
    /// Scheduled arrival (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub arrival_time: Option<LocalTime>,
    /// Booking class; null if not reported.
    #[schema(required = true, example = "V")]
    pub cabin: Option<String>,
    /// Cabin class (`Y`, `C`, `F`); null if not reported.
    #[schema(required = true, example = "Y")]
    pub cabin_class: Option<String>,
}

/// A change in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Change {
    /// Fliggy's change number.
    pub change_order_no: ChangeOrderNo,
    /// Fliggy's order id; null if not reported.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// The caller's change number; null if Fliggy has none.
    #[schema(required = true, example = "CHANGE-20300502-000001")]
    pub out_change_no: Option<String>,
    /// Status of the change.
    pub status: ChangeStatus,
    /// Fliggy's status code.
    pub status_code: i64,
    /// Kind of the change; null if the gateway has no kind for Fliggy's code.
    #[schema(required = true, value_type = Option<ChangeKind>)]
    pub kind: Option<ChangeKind>,
    /// Total cost of the change (yuan); null until the fees are confirmed.
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// When the change was created (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub created_at: Option<LocalTime>,
    /// Must be paid before this time (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub pay_before: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Whether Fliggy reports a payment time that is not conclusive evidence of payment.
    #[serde(skip)]
    pub payment_unclear: bool,
    /// Trade number. Its presence does not prove payment.
    #[schema(required = true, example = "2030050200000000000001")]
    pub trade_no: Option<String>,
    /// Reason for closing, in Fliggy's words; null unless closed.
    #[schema(required = true, value_type = Option<String>)]
    pub close_reason: Option<Personal<String>>,
    /// The passengers.
    pub passengers: Vec<ChangePassenger>,
    /// The segments before the change; empty if not reported.
    pub original_segments: Vec<Segment>,
    /// The segments after the change; empty if not reported.
    pub segments: Vec<ChangedSegment>,
}

/// The changes of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ChangeList {
    /// The rows that could be read.
    pub changes: Vec<Change>,
    /// Rows that could not be read. A list with such rows does not prove absence.
    pub dropped: usize,
}

/// The part of a change that is stored as the result of a write: no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ChangeReceipt {
    /// Fliggy's change number.
    pub change_order_no: ChangeOrderNo,
    /// Fliggy's order id; null if not reported.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// The caller's change number; null if Fliggy has none.
    #[schema(required = true, example = "CHANGE-20300502-000001")]
    pub out_change_no: Option<String>,
    /// Status of the change.
    pub status: ChangeStatus,
    /// Total cost of the change (yuan); null until the fees are confirmed.
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// Whether the change costs more than the request's `max_total`; null if the request had none or the fees are not
    /// confirmed yet. Nothing is paid until the caller pays the agreed total.
    #[schema(required = true)]
    pub fee_above_limit: Option<bool>,
    /// Must be paid before this time (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub pay_before: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Trade number. Its presence does not prove payment.
    #[schema(required = true, example = "2030050200000000000001")]
    pub trade_no: Option<String>,
    /// The passengers whose tickets are changed.
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

    /// The receipt of a change that has not been read.
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

/// Whether a change costs more than the caller's limit; `None` if either is unknown.
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
        // The contract, which follows the documented topic, has the same meanings.
        let vocabulary: serde_json::Value =
            serde_json::from_str(include_str!("../../openapi/top/status.json")).unwrap();
        for row in vocabulary["change_status"].as_array().unwrap() {
            let status = ChangeStatus::from_wire(row["value"].as_i64().unwrap());
            let meaning = row["meaning"].as_str().unwrap();
            let phrase = match status {
                ChangeStatus::AwaitingPayment => "waiting for payment",
                ChangeStatus::AwaitingTicketing => "waiting for ticketing",
                other => other.as_str(),
            };
            assert_eq!(phrase, meaning);
        }
    }

    #[test]
    fn fee_above_limit_is_none_unless_total_and_limit_are_known() {
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
    fn codes_of_the_kinds_can_be_overridden() {
        let kinds = ChangeKinds::new([(ChangeKind::Voluntary, 7)]);
        assert_eq!(kinds.code(ChangeKind::Voluntary), Some(7));
        assert_eq!(kinds.kind(0), None);
        assert_eq!(kinds.kind(1), Some(ChangeKind::FlightChanged));
        for kind in ChangeKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
        }
    }
}
