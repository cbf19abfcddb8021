//! Refunds: what is given back, what it costs, and how an application stands.

pub mod check;
pub mod kinds;
pub mod quote_id;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{OrderId, OutRefundNo, PassengerId, RefundOrderNo};
use super::money::Money;
use super::passenger::OrderPassengerType;
use super::personal::Personal;
use super::time::LocalTime;

pub use super::violation::Violation;
pub use kinds::{RefundKind, RefundKinds};
pub use quote_id::QuoteId;

/// What is to be refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSelection {
    /// On what ground.
    pub kind: RefundKind,
    /// Whose tickets.
    pub passengers: Vec<PassengerId>,
    /// Ids of the segments; empty means all.
    pub segments: Vec<String>,
}

/// What Fliggy says of the fee: `calculate_success` and `all_refund_fee` of the render.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundFee {
    /// The fee was computed; the application must repeat it to the cent.
    Known(Money),
    /// It could not be computed; the application must leave it empty.
    Unknown,
}

impl RefundFee {
    /// The amount, where there is one.
    #[must_use]
    pub fn amount(self) -> Option<Money> {
        match self {
            Self::Known(fee) => Some(fee),
            Self::Unknown => None,
        }
    }
}

/// How an unknown fee is sent in the application. The seed says 传空 ("pass it empty"); whether that
/// means absent, null or an empty text is not known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum EmptyFee {
    /// The field is left out.
    #[default]
    Absent,
    /// `null`.
    Null,
    /// An empty text.
    Empty,
}

/// Where a refund application stands. Fliggy's numbers 0 to 3 are inferred from a sibling API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Submitted.
    Applied,
    /// Being worked on, by the airline or by a reviewer.
    InProgress,
    /// Refused; another application may be made.
    Rejected,
    /// The money is on its way back, or there.
    Refunded,
    /// Fliggy's number is not known here, or it told none; `status_code` has it.
    Other,
}

impl RefundStatus {
    /// The status behind Fliggy's number.
    #[must_use]
    pub const fn from_wire(number: i64) -> Self {
        match number {
            0 => Self::Applied,
            1 => Self::InProgress,
            2 => Self::Rejected,
            3 => Self::Refunded,
            _ => Self::Other,
        }
    }

    /// The word of the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Applied => "applied",
            Self::InProgress => "in progress",
            Self::Rejected => "rejected",
            Self::Refunded => "refunded",
            Self::Other => "in a status that is not listed",
        }
    }

    /// Whether the application can still be decided.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Applied | Self::InProgress | Self::Other => true,
            Self::Rejected | Self::Refunded => false,
        }
    }
}

/// A passenger of a refund or of its quote, and what this passenger's refund comes to.
///
/// Lists of refunds name the passengers only: the amounts are null there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundPassenger {
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
    /// Ids of the order's segments that are refunded for this passenger: a refund takes all of its
    /// segments from all of its passengers. Null means all segments, or that Fliggy does not
    /// report them; always null in lists.
    #[schema(required = true, example = json!(["CZ8957PKXXMN0520"]))]
    pub segment_ids: Option<Vec<String>>,
    /// Whether this passenger's ticket can be refunded. Fliggy tells it in quotes; null if not told.
    #[schema(required = true)]
    pub refundable: Option<bool>,
    /// Why not, in Fliggy's words; null where it can, or if not told.
    #[schema(required = true, value_type = Option<String>, example = "客票已使用")]
    pub not_refundable_reason: Option<Personal<String>>,
    /// What is kept in all (yuan): the sum of the five parts below; null if none is told.
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// What is given back (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// Part of the ticket that is kept (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_ticket_fee: Option<Money>,
    /// Part of the taxes that is kept (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_taxes: Option<Money>,
    /// Value of the segments already flown (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub used_value: Option<Money>,
    /// Fee of an earlier change that is kept (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_change_fee: Option<Money>,
    /// Fare difference of an earlier change that is kept (yuan); null if not told.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_upgrade_fee: Option<Money>,
}

/// What the refund of a selection would come to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundQuote {
    /// Names this quote in the application. It holds the whole selection and the fee, sealed.
    pub quote_id: QuoteId,
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// On what ground.
    pub kind: RefundKind,
    /// Whether the selection can be refunded; null if not told.
    #[schema(required = true)]
    pub refundable: Option<bool>,
    /// Why not, in Fliggy's words; null where it can, or if not told.
    #[schema(required = true, value_type = Option<String>, example = "客票已使用")]
    pub not_refundable_reason: Option<Personal<String>>,
    /// Whether Fliggy could compute the fee. Where it could not, the application needs
    /// `accept_unknown_fee: true`, and the fee is told when the refund is done.
    pub calculated: bool,
    /// What is kept in all (yuan); null where it was not calculated.
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// What is given back in all (yuan); null where it was not calculated.
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// The same for each passenger.
    pub passengers: Vec<RefundPassenger>,
    /// Ids of the segments; empty means all.
    #[schema(example = json!([]))]
    pub segments: Vec<String>,
    /// The gateway takes the quote until then (+08:00). Fliggy sets no time; the fee steps up as the
    /// departure comes nearer.
    pub valid_until: LocalTime,
    /// Whether an application of this kind wants an attachment (a proof), before or after it.
    pub attachment_wanted: bool,
}

/// The refunds of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundList {
    /// The rows that could be read.
    pub refunds: Vec<Refund>,
    /// Rows that could not be read. A list with such rows proves no absence.
    pub dropped: usize,
}

/// A refund: an application and how it stands.
///
/// Lists and details have the same members. What only the detail tells is null or empty in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refund {
    /// Fliggy's number of the application.
    pub refund_order_no: RefundOrderNo,
    /// Fliggy's order id; null if not told.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// The caller's number; null where Fliggy has none.
    #[schema(required = true, example = "REFUND-20300502-000001")]
    pub out_refund_no: Option<String>,
    /// On what ground; null where Fliggy's number for it stands for none of our kinds.
    #[schema(required = true, value_type = Option<RefundKind>)]
    pub kind: Option<RefundKind>,
    /// Fliggy's number for it (`refund_apply_type`); null if not told.
    #[schema(required = true)]
    pub kind_code: Option<i64>,
    /// Where it stands.
    pub status: RefundStatus,
    /// Fliggy's number for it (`refund_order_status`); null if not told.
    #[schema(required = true)]
    pub status_code: Option<i64>,
    /// Whether it is a supplementary refund (补退): money given back after an earlier refund; null if
    /// not told.
    #[schema(required = true)]
    pub supplementary: Option<bool>,
    /// What is kept in all (yuan); null if not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// What is given back in all (yuan); null if not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// When it was applied for (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub applied_at: Option<LocalTime>,
    /// When the money went back (+08:00); null until then.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub refunded_at: Option<LocalTime>,
    /// The reason that was given; null if not told, and in lists.
    #[schema(required = true, value_type = Option<String>, example = "航班延误")]
    pub reason: Option<Personal<String>>,
    /// Why it was refused, in Fliggy's words; null unless it was, and in lists.
    #[schema(required = true, value_type = Option<String>, example = "材料不符")]
    pub rejected_because: Option<Personal<String>>,
    /// Trade number of the money's way back; null until there is one, and in lists.
    #[schema(required = true, example = "2030050300000000000001")]
    pub trade_no: Option<String>,
    /// The passengers, and what each one's refund comes to.
    pub passengers: Vec<RefundPassenger>,
    /// Ids of the refunded segments; empty means all, or not told. Always empty in lists.
    #[schema(example = json!(["CZ8957PKXXMN0520"]))]
    pub segments: Vec<String>,
    /// Ids of the attachments that came with the application. Always empty in lists.
    #[schema(example = json!(["FILE-0001"]))]
    pub attachments: Vec<String>,
    /// A proof is still to be uploaded: the kind wants one, none came with the application, none was
    /// uploaded for the order through this gateway, and the application is not decided. Null in lists
    /// where it depends on the attachments.
    #[schema(required = true)]
    pub attachment_awaited: Option<bool>,
}

/// What is kept of a refund as the result of a write: nothing personal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundReceipt {
    /// Fliggy's number of the application.
    pub refund_order_no: RefundOrderNo,
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// The caller's number.
    pub out_refund_no: OutRefundNo,
    /// On what ground.
    pub kind: RefundKind,
    /// Where it stands. An application exists; the money comes back later.
    pub status: RefundStatus,
    /// What is kept in all (yuan); null where it is not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// What is given back in all (yuan); null where it is not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// When it was applied for (+08:00); null if not told.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub applied_at: Option<LocalTime>,
    /// When the money went back (+08:00); null until then.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub refunded_at: Option<LocalTime>,
    /// The kind wants a proof and the application named none: upload it (`POST /v1/attachments` with
    /// the order's id), unless it was uploaded for the order before. Fliggy reviews it.
    pub attachment_awaited: bool,
    /// The travellers whose tickets are refunded.
    #[serde(default)]
    #[schema(required = true)]
    pub passenger_ids: Vec<PassengerId>,
}

/// Whether a proof is still to be uploaded, unless one was uploaded for the order.
#[must_use]
pub fn attachment_awaited(
    kind: Option<RefundKind>,
    status: RefundStatus,
    with_application: bool,
) -> bool {
    kind.is_some_and(RefundKind::wants_attachment) && status.is_open() && !with_application
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proof_is_awaited_where_one_is_wanted_and_none_is_there() {
        use RefundKind::{FlightChanged, Voluntary};
        use RefundStatus::{Applied, InProgress, Refunded, Rejected};
        for (kind, status, with, awaited) in [
            (Some(FlightChanged), Applied, false, true),
            (Some(FlightChanged), InProgress, false, true),
            (Some(FlightChanged), Applied, true, false),
            (Some(FlightChanged), Rejected, false, false),
            (Some(FlightChanged), Refunded, false, false),
            (Some(Voluntary), Applied, false, false),
            (None, Applied, false, false),
        ] {
            let found = attachment_awaited(kind, status, with);
            assert_eq!(found, awaited, "{kind:?} {status:?} {with}");
        }
    }

    #[test]
    fn numbers_of_the_status() {
        let words: Vec<_> = (0..5)
            .map(|n| serde_json::to_value(RefundStatus::from_wire(n)).unwrap())
            .collect();
        assert_eq!(
            words,
            ["applied", "in_progress", "rejected", "refunded", "other"]
        );
    }
}
