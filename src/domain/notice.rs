//! What a message of Fliggy says about an order, a refund or a change. A hint, never proof by itself: messages are
//! repeated, overtake one another, and may come before a read shows what they report.

use super::change::ChangeStatus;
use super::ids::{ChangeOrderNo, OrderId, OutOrderNo, RefundOrderNo};

/// A message that was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The id in its content. With the topic it identifies the message, however often it is delivered.
    pub id: String,
    /// The order, if the message names one.
    pub order: Option<OrderNumber>,
    /// What happened.
    pub news: News,
}

/// The number of an order as a message reports it. By its name it is Fliggy's order id (inferred); it is compared with
/// the callers' `out_order_no` too.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrderNumber(pub String);

impl OrderNumber {
    /// The number as Fliggy's order id, if it can be one.
    #[must_use]
    pub fn order_id(&self) -> Option<OrderId> {
        self.0.parse().ok()
    }

    /// The number as a caller's reference, if it can be one.
    #[must_use]
    pub fn out_order_no(&self) -> Option<OutOrderNo> {
        self.0.parse().ok()
    }
}

/// What a message reports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The order was paid.
    OrderPaid,
    /// The order was closed.
    OrderClosed,
    /// The tickets of the order were issued.
    OrderTicketed,
    /// The airline changed the schedule of a flight of the order.
    FlightChanged,
    /// A refund was applied for.
    RefundCreated(RefundNews),
    /// A refund application was closed without a refund.
    RefundClosed(RefundNews),
    /// A refund was paid.
    Refunded(RefundNews),
    /// A change has this status.
    Change(ChangeOrderNo, ChangeStatus),
    /// The message reports something that is not listed. Its order may be looked up.
    Unlisted,
}

/// The refund that a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefundNews {
    /// Fliggy's number of the refund.
    pub refund_order_no: RefundOrderNo,
    /// Whether it is a supplementary refund (补退), if the message reports it.
    pub supplementary: Option<bool>,
}
