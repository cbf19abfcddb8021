//! The facts that are published to callers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fact to publish to callers, committed together with the update of the operation that it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The kind of the fact.
    pub kind: EventKind,
    /// The id of the operation, or Fliggy's number of the order, refund or change, that the fact is about.
    pub subject: String,
    /// The fact itself; with kind and subject it is unique.
    pub fact: String,
}

/// The kinds of facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The outcome of an operation is unknown; the gateway looks it up.
    OperationUnknown,
    /// An operation settled.
    OperationSettled,
    /// A person must decide on an operation.
    OperationNeedsAttention,
    /// Fliggy showed a different outcome for a settled operation.
    OperationContradicted,
    /// An order was created.
    OrderBooked,
    /// An order was paid.
    OrderPaid,
    /// An order was closed.
    OrderClosed,
    /// A refund was applied for.
    RefundApplied,
    /// A change was created; its fees are not known yet, or it awaits payment.
    ChangeCreated,
    /// A change was paid.
    ChangePaid,
    /// A change was cancelled.
    ChangeCancelled,
}

impl EventKind {
    /// The name in the API and the store.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::OperationUnknown => "operation_unknown",
            Self::OperationSettled => "operation_settled",
            Self::OperationNeedsAttention => "operation_needs_attention",
            Self::OperationContradicted => "operation_contradicted",
            Self::OrderBooked => "order_booked",
            Self::OrderPaid => "order_paid",
            Self::OrderClosed => "order_closed",
            Self::RefundApplied => "refund_applied",
            Self::ChangeCreated => "change_created",
            Self::ChangePaid => "change_paid",
            Self::ChangeCancelled => "change_cancelled",
        }
    }
}
