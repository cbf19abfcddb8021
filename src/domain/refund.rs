//! Refunds: quotes, applications and their status.

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

/// The part of an order to be refunded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefundSelection {
    /// Kind of the refund.
    pub kind: RefundKind,
    /// The passengers whose tickets are refunded.
    pub passengers: Vec<PassengerId>,
    /// Ids of the segments; empty means all.
    pub segments: Vec<String>,
}

/// The fee according to Fliggy: `calculate_success` and `all_refund_fee` of the render call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundFee {
    /// The fee was computed; the application must repeat it to the fen.
    Known(Money),
    /// The fee could not be computed; the application must leave it empty.
    Unknown,
}

impl RefundFee {
    /// The amount, if it is known.
    #[must_use]
    pub fn amount(self) -> Option<Money> {
        match self {
            Self::Known(fee) => Some(fee),
            Self::Unknown => None,
        }
    }
}

/// How the application sends an unknown fee. The seed specifies 传空 ("pass it empty"); whether that means absent, null
/// or an empty text is not known.
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

/// Status of a refund application. Fliggy's codes 0 to 3 are inferred from a sibling API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefundStatus {
    /// Submitted.
    Applied,
    /// Being processed by the airline or a reviewer.
    InProgress,
    /// Refused; another application is possible.
    Rejected,
    /// The money is on its way back or has arrived.
    Refunded,
    /// Fliggy's code is unknown to the gateway (see `status_code`) or was not reported.
    Other,
}

impl RefundStatus {
    /// The status for Fliggy's code.
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

    /// The status in words, for the timeline.
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

    /// Whether the application is still undecided.
    #[must_use]
    pub const fn is_open(self) -> bool {
        match self {
            Self::Applied | Self::InProgress | Self::Other => true,
            Self::Rejected | Self::Refunded => false,
        }
    }
}

/// A passenger of a refund or of its quote, with the amounts for this passenger.
///
/// Lists of refunds report only the passengers: the amounts are null there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundPassenger {
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
    /// Ids of the order's segments that are refunded for this passenger: a refund covers all of its segments for all of
    /// its passengers. Null means all segments, or that Fliggy does not report them; always null in lists.
    #[schema(required = true, example = json!(["CZ8957PKXXMN0520"]))]
    pub segment_ids: Option<Vec<String>>,
    /// Whether this passenger's ticket can be refunded. Fliggy reports it in quotes; null if not reported.
    #[schema(required = true)]
    pub refundable: Option<bool>,
    /// Why the ticket cannot be refunded, in Fliggy's words; null if it can be refunded, or if not reported.
    #[schema(required = true, value_type = Option<String>, example = "客票已使用")]
    pub not_refundable_reason: Option<Personal<String>>,
    /// Amount kept in total (yuan): the sum of the five parts below; null if none is reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// Amount given back (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// Kept part of the ticket price (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_ticket_fee: Option<Money>,
    /// Kept part of the taxes (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_taxes: Option<Money>,
    /// Value of the segments already flown (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub used_value: Option<Money>,
    /// Kept fee of an earlier change (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_change_fee: Option<Money>,
    /// Kept fare difference of an earlier change (yuan); null if not reported.
    #[schema(required = true, value_type = Option<Money>)]
    pub kept_upgrade_fee: Option<Money>,
}

/// A refund quote: the fee and the amounts for refunding a selection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RefundQuote {
    /// Identifies this quote in the application. It contains the whole selection and the fee, authenticated by the
    /// gateway.
    pub quote_id: QuoteId,
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// Kind of the refund.
    pub kind: RefundKind,
    /// Whether the selection can be refunded; null if not reported.
    #[schema(required = true)]
    pub refundable: Option<bool>,
    /// Why the selection cannot be refunded, in Fliggy's words; null if it can be refunded, or if not reported.
    #[schema(required = true, value_type = Option<String>, example = "客票已使用")]
    pub not_refundable_reason: Option<Personal<String>>,
    /// Whether Fliggy could compute the fee. If not, the application needs `accept_unknown_fee: true`, and the fee is
    /// known when the refund is completed.
    pub calculated: bool,
    /// Amount kept in total (yuan); null if it was not calculated.
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// Amount given back in total (yuan); null if it was not calculated.
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// The amounts for each passenger.
    pub passengers: Vec<RefundPassenger>,
    /// Ids of the segments; empty means all.
    #[schema(example = json!([]))]
    pub segments: Vec<String>,
    /// The gateway accepts the quote until this time (+08:00). Fliggy sets no limit; the fee increases in steps as
    /// departure approaches.
    pub valid_until: LocalTime,
    /// Whether an application of this kind needs an attachment (a proof), uploaded before or after it.
    pub attachment_wanted: bool,
}

/// The refunds of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RefundList {
    /// The rows that could be read.
    pub refunds: Vec<Refund>,
    /// Rows that could not be read. A list with such rows does not prove absence.
    pub dropped: usize,
}

/// A refund: an application and its status.
///
/// Lists and details have the same fields. Fields that only the detail reports are null or empty in lists.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Refund {
    /// Fliggy's number for the application.
    pub refund_order_no: RefundOrderNo,
    /// Fliggy's order id; null if not reported.
    #[schema(required = true, value_type = Option<OrderId>)]
    pub order_id: Option<OrderId>,
    /// The caller's refund number; null if Fliggy has none.
    #[schema(required = true, example = "REFUND-20300502-000001")]
    pub out_refund_no: Option<String>,
    /// Kind of the refund; null if the gateway has no kind for Fliggy's code.
    #[schema(required = true, value_type = Option<RefundKind>)]
    pub kind: Option<RefundKind>,
    /// Fliggy's code for the kind (`refund_apply_type`); null if not reported.
    #[schema(required = true)]
    pub kind_code: Option<i64>,
    /// Status of the application.
    pub status: RefundStatus,
    /// Fliggy's status code (`refund_order_status`); null if not reported.
    #[schema(required = true)]
    pub status_code: Option<i64>,
    /// Whether it is a supplementary refund (补退): money given back after an earlier refund; null if not reported.
    #[schema(required = true)]
    pub supplementary: Option<bool>,
    /// Amount kept in total (yuan); null if not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// Amount given back in total (yuan); null if not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// When the refund was applied for (+08:00).
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub applied_at: Option<LocalTime>,
    /// When the money was given back (+08:00); null until then.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub refunded_at: Option<LocalTime>,
    /// The reason in the application; null if not reported, and in lists.
    #[schema(required = true, value_type = Option<String>, example = "航班延误")]
    pub reason: Option<Personal<String>>,
    /// Reason for the refusal, in Fliggy's words; null unless refused, and in lists.
    #[schema(required = true, value_type = Option<String>, example = "材料不符")]
    pub rejected_because: Option<Personal<String>>,
    /// Trade number of the refund payment; null until there is one, and in lists.
    #[schema(required = true, example = "2030050300000000000001")]
    pub trade_no: Option<String>,
    /// The passengers, with the amounts for each.
    pub passengers: Vec<RefundPassenger>,
    /// Ids of the refunded segments; empty means all, or not reported. Always empty in lists.
    #[schema(example = json!(["CZ8957PKXXMN0520"]))]
    pub segments: Vec<String>,
    /// Ids of the attachments that came with the application. Always empty in lists.
    #[schema(example = json!(["FILE-0001"]))]
    pub attachments: Vec<String>,
    /// Whether a proof must still be uploaded: the kind needs one, the application included none, none was uploaded for
    /// the order through this gateway, and the application is undecided. Null in lists if it depends on the
    /// attachments.
    #[schema(required = true)]
    pub attachment_awaited: Option<bool>,
}

/// The part of a refund that is stored as the result of a write: no personal data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RefundReceipt {
    /// Fliggy's number for the application.
    pub refund_order_no: RefundOrderNo,
    /// Fliggy's order id.
    pub order_id: OrderId,
    /// The caller's refund number.
    pub out_refund_no: OutRefundNo,
    /// Kind of the refund.
    pub kind: RefundKind,
    /// Status. The application exists; the money comes back later.
    pub status: RefundStatus,
    /// Amount kept in total (yuan); null if it is not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub fee: Option<Money>,
    /// Amount given back in total (yuan); null if it is not known (yet).
    #[schema(required = true, value_type = Option<Money>)]
    pub refund_amount: Option<Money>,
    /// When the refund was applied for (+08:00); null if not reported.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub applied_at: Option<LocalTime>,
    /// When the money was given back (+08:00); null until then.
    #[schema(required = true, value_type = Option<LocalTime>)]
    pub refunded_at: Option<LocalTime>,
    /// Whether the kind needs a proof and the application included none. If so, upload one (`POST /v1/attachments` with
    /// the order's id), unless one was uploaded for the order before. Fliggy reviews the proof.
    pub attachment_awaited: bool,
    /// The passengers whose tickets are refunded.
    #[serde(default)]
    #[schema(required = true)]
    pub passenger_ids: Vec<PassengerId>,
}

/// Whether a proof must still be uploaded, unless one was uploaded for the order.
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
    fn a_proof_is_awaited_if_the_kind_needs_one_and_none_was_uploaded() {
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
    fn status_codes_are_translated() {
        let words: Vec<_> = (0..5)
            .map(|n| serde_json::to_value(RefundStatus::from_wire(n)).unwrap())
            .collect();
        assert_eq!(
            words,
            ["applied", "in_progress", "rejected", "refunded", "other"]
        );
    }
}
