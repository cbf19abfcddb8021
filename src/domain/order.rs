//! Orders as Fliggy reports them.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{AccountName, HashKey, OrderId, OutOrderNo, PassengerId};
use super::money::Money;
use super::passenger::{DocumentType, OrderDocumentType, OrderPassengerType};
use super::personal::Personal;
use super::time::{LocalDate, LocalTime};
use super::trip::{Journey, SegmentCabin, TripType};

/// Status of an order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Fliggy is still booking it.
    Creating,
    /// Seats are held; payment is due.
    Booked,
    /// Paid.
    Paid,
    /// Paid; tickets are being issued.
    Ticketing,
    /// Tickets are issued.
    Ticketed,
    /// Closed.
    Closed,
    /// Booking or ticketing failed.
    Failed,
    /// Fliggy's status phrase is not in the vocabulary; see `status_text`.
    Other,
}

impl OrderStatus {
    /// The status in words, for the timeline.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Creating => "creating",
            Self::Booked => "booked",
            Self::Paid => "paid",
            Self::Ticketing => "ticketing",
            Self::Ticketed => "ticketed",
            Self::Closed => "closed",
            Self::Failed => "failed",
            Self::Other => "in a status that is not listed",
        }
    }
}

/// The meanings of Fliggy's status phrases: the built-in vocabulary and the configured rows.
#[derive(Debug, Clone)]
pub struct StatusMap {
    by_phrase: HashMap<String, OrderStatus>,
}

#[derive(Deserialize)]
struct BuiltIn {
    order_status: Vec<BuiltInRow>,
}

#[derive(Deserialize)]
struct BuiltInRow {
    raw: String,
    status: OrderStatus,
}

impl StatusMap {
    /// The built-in vocabulary (one of its phrases is documented, the rest are guesses), overridden by the given rows.
    #[must_use]
    pub fn new(rows: impl IntoIterator<Item = (String, OrderStatus)>) -> Self {
        let built_in: Option<BuiltIn> =
            serde_json::from_str(include_str!("../../openapi/top/status.json")).ok();
        let mut by_phrase: HashMap<_, _> = built_in
            .into_iter()
            .flat_map(|built_in| built_in.order_status)
            .map(|row| (row.raw, row.status))
            .collect();
        by_phrase.extend(rows);
        Self { by_phrase }
    }

    /// The meaning of a phrase; `Other` if it is unknown.
    #[must_use]
    pub fn status(&self, phrase: &str) -> OrderStatus {
        self.by_phrase
            .get(phrase.trim())
            .copied()
            .unwrap_or(OrderStatus::Other)
    }
}

impl Default for StatusMap {
    fn default() -> Self {
        Self::new([])
    }
}

/// An order in full.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Order {
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// The caller's order number, as Fliggy reports it; null if Fliggy has none.
    #[schema(required = true, example = "TRIP-20300501-000001")]
    pub out_order_no: Option<String>,
    /// Status of the order.
    pub status: OrderStatus,
    /// Fliggy's status phrase; empty if it sent none.
    #[schema(example = "生单预定成功")]
    pub status_text: String,
    /// Name of the shop.
    #[schema(required = true, example = "tb123456")]
    pub seller: Option<String>,
    /// When it was booked (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub booked_at: Option<LocalTime>,
    /// Must be paid before this time (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub pay_before: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Whether Fliggy reports a payment time that is not conclusive evidence of payment.
    #[serde(skip)]
    pub payment_unclear: bool,
    /// When the tickets were issued (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub ticketed_at: Option<LocalTime>,
    /// Total price of the order (yuan).
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// Amount paid (yuan).
    #[schema(required = true, value_type = Option<Money>)]
    pub paid_price: Option<Money>,
    /// Trade number. Its presence does not prove payment.
    #[schema(required = true, example = "2022022500000000000001")]
    pub trade_no: Option<String>,
    /// Alipay's trade number.
    #[schema(required = true, example = "2022022500000000000001")]
    pub alipay_trade_no: Option<String>,
    /// The passengers.
    pub passengers: Vec<OrderPassenger>,
    /// Kind of trip; null if not reported.
    #[schema(required = true, value_type = Option<TripType>)]
    pub trip_type: Option<TripType>,
    /// The itinerary; empty if not reported.
    pub journeys: Vec<Journey>,
}

impl Order {
    /// Whether the order was booked under this number.
    #[must_use]
    pub fn is_for(&self, out_order_no: &OutOrderNo) -> bool {
        self.out_order_no.as_deref() == Some(out_order_no.as_str())
    }
}

/// A travel document in an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderDocument {
    /// Kind of document; null if not reported.
    #[serde(rename = "type")]
    #[schema(required = true, value_type = Option<OrderDocumentType>)]
    pub kind: Option<OrderDocumentType>,
    /// Number of the document.
    #[schema(value_type = String, example = "110101199003070011")]
    pub number: Personal<String>,
}

/// A passenger of an order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderPassenger {
    /// Identifies the passenger in refunds and changes; null if Fliggy does not report the document, or masks the
    /// documents of several passengers identically.
    #[schema(required = true, value_type = Option<PassengerId>)]
    pub passenger_id: Option<PassengerId>,
    /// Name as on the document; null if not reported.
    #[schema(required = true, value_type = Option<String>, example = "李四")]
    pub name: Option<Personal<String>>,
    /// Kind of passenger; null if not reported.
    #[serde(rename = "type")]
    #[schema(required = true, value_type = Option<OrderPassengerType>)]
    pub kind: Option<OrderPassengerType>,
    /// Travel document; null if not reported.
    #[schema(required = true, value_type = Option<OrderDocument>)]
    pub document: Option<OrderDocument>,
    /// Date of birth; null if not reported.
    #[schema(required = true, value_type = Option<LocalDate>)]
    pub birth_date: Option<Personal<LocalDate>>,
    /// Country code of the mobile number, without `+`; null if not reported.
    #[schema(required = true, example = "86")]
    pub mobile_country_code: Option<String>,
    /// Mobile number; null if not reported.
    #[schema(required = true, value_type = Option<String>, example = "13800000000")]
    pub mobile: Option<Personal<String>>,
    /// Price for this passenger; null in lists and if not reported.
    #[schema(required = true, value_type = Option<PassengerFare>)]
    pub fare: Option<PassengerFare>,
    /// Cabins booked, per segment; empty in lists.
    pub cabins: Vec<SegmentCabin>,
    /// The tickets, once they are issued; empty in lists.
    pub tickets: Vec<Ticket>,
}

/// A ticket of a passenger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Ticket {
    /// Ticket number.
    #[schema(example = "784-0000000001")]
    pub ticket_no: String,
    /// Ids of the order's segments that the ticket covers; null if Fliggy does not report them. Fliggy lists ticket
    /// numbers by passenger only, so the segment is known only if the order has a single one. Always null in changes.
    #[schema(required = true, example = json!(["CZ8957PKXXMN0520"]))]
    pub segment_ids: Option<Vec<String>>,
}

/// Price for one passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PassengerFare {
    /// Ticket price without taxes (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub ticket_price: Option<Money>,
    /// Total of taxes and fees (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub taxes_total: Option<Money>,
    /// Airport construction fee (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub airport_fee: Option<Money>,
    /// Fuel surcharge (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub fuel_fee: Option<Money>,
}

/// A row of the order list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderSummary {
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// The caller's order number, as Fliggy reports it; null if Fliggy has none.
    #[schema(required = true, example = "TRIP-20300501-000001")]
    pub out_order_no: Option<String>,
    /// Status of the order.
    pub status: OrderStatus,
    /// Fliggy's status phrase; empty if it sent none.
    #[schema(example = "生单预定成功")]
    pub status_text: String,
    /// Name of the shop.
    #[schema(required = true, example = "tb123456")]
    pub seller: Option<String>,
    /// When it was booked (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub booked_at: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Total price of the order (yuan).
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// Amount paid (yuan).
    #[schema(required = true, value_type = Option<Money>)]
    pub paid_price: Option<Money>,
    /// Alipay's trade number.
    #[schema(required = true, example = "2022022500000000000001")]
    pub alipay_trade_no: Option<String>,
    /// The passengers, without fares, cabins and tickets.
    pub passengers: Vec<OrderPassenger>,
}

/// One page of the order list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderPage {
    /// The rows that could be read.
    pub orders: Vec<OrderSummary>,
    /// Rows that could not be read. A list with such rows does not prove absence.
    pub dropped: usize,
    /// Rows that were left out because a different status was requested.
    pub in_other_status: usize,
    /// Number of pages, if reported.
    pub total_pages: Option<u32>,
}

/// Which orders a list contains, page by page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OrderWindow {
    /// Booked at this time or later.
    pub booked_from: LocalTime,
    /// Booked at this time or earlier.
    pub booked_until: LocalTime,
    /// Only orders with this status.
    pub status: Option<OrderStatus>,
    /// The page, from 1.
    pub page: u32,
    /// Orders per page.
    pub page_size: u32,
}

/// The part of an order that is stored as the result of a write: no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OrderReceipt {
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// The caller's order number; null if Fliggy has none.
    #[schema(required = true, example = "TRIP-20300501-000001")]
    pub out_order_no: Option<String>,
    /// Status of the order.
    pub status: OrderStatus,
    /// Fliggy's status phrase; empty if it sent none.
    #[schema(example = "生单预定成功")]
    pub status_text: String,
    /// Total price of the order (yuan).
    #[schema(required = true, value_type = Option<Money>)]
    pub total_price: Option<Money>,
    /// Amount paid (yuan).
    #[schema(required = true, value_type = Option<Money>)]
    pub paid_price: Option<Money>,
    /// When it was booked (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub booked_at: Option<LocalTime>,
    /// Must be paid before this time (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub pay_before: Option<LocalTime>,
    /// When it was paid (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub paid_at: Option<LocalTime>,
    /// Trade number. Its presence does not prove payment.
    #[schema(required = true, example = "2022022500000000000001")]
    pub trade_no: Option<String>,
    /// Alipay's trade number; null if not reported.
    #[serde(default)]
    #[schema(required = true, example = "2022022500000000000001")]
    pub alipay_trade_no: Option<String>,
    /// Ids of the passengers, as used in refunds and changes.
    #[serde(default)]
    #[schema(required = true)]
    pub passenger_ids: Vec<PassengerId>,
}

impl OrderReceipt {
    /// The receipt of an order that has not been read.
    #[must_use]
    pub fn unread(order_id: OrderId) -> Self {
        Self {
            order_id,
            out_order_no: None,
            status: OrderStatus::Other,
            status_text: String::new(),
            total_price: None,
            paid_price: None,
            booked_at: None,
            pay_before: None,
            paid_at: None,
            trade_no: None,
            alipay_trade_no: None,
            passenger_ids: Vec::new(),
        }
    }
}

impl From<&Order> for OrderReceipt {
    fn from(order: &Order) -> Self {
        Self {
            order_id: order.order_id,
            out_order_no: order.out_order_no.clone(),
            status: order.status,
            status_text: order.status_text.clone(),
            total_price: order.total_price,
            paid_price: order.paid_price,
            booked_at: order.booked_at,
            pay_before: order.pay_before,
            paid_at: order.paid_at,
            trade_no: order
                .trade_no
                .clone()
                .or_else(|| order.alipay_trade_no.clone()),
            alipay_trade_no: order.alipay_trade_no.clone(),
            passenger_ids: passenger_ids(order.passengers.iter().map(|p| &p.passenger_id)),
        }
    }
}

/// The ids of the passengers whose ids are known.
pub(super) fn passenger_ids<'a>(
    travellers: impl Iterator<Item = &'a Option<PassengerId>>,
) -> Vec<PassengerId> {
    travellers.flatten().cloned().collect()
}

/// The id of a passenger: a keyed hash of account, document type and document number.
#[must_use]
pub fn document_hash(
    key: &HashKey,
    account: &AccountName,
    kind: DocumentType,
    number: &str,
) -> PassengerId {
    PassengerId::derive(key, account, kind.wire(), number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_vocabulary_is_built_in_and_can_be_extended() {
        let map = StatusMap::new([
            ("改期中".to_owned(), OrderStatus::Ticketing),
            ("已关闭".to_owned(), OrderStatus::Other),
        ]);
        assert_eq!(map.status("生单预定成功"), OrderStatus::Booked);
        assert_eq!(map.status(" 出票成功 "), OrderStatus::Ticketed);
        assert_eq!(map.status("改期中"), OrderStatus::Ticketing);
        assert_eq!(map.status("已关闭"), OrderStatus::Other);
        assert_eq!(map.status("没有的状态"), OrderStatus::Other);
        assert!(StatusMap::default().by_phrase.len() > 10);
    }
}
