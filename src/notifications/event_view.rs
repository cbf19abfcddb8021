//! An event as callers see it: in the feed, in streams and in deliveries of webhooks.

use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{AccountName, OperationId, OrderId, OutOrderNo};
use crate::domain::operation::EventKind;
use crate::domain::time::Rfc3339;
use crate::store::Event;

/// An immutable fact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// The position in the feed. An event with a smaller number never appears later.
    #[schema(minimum = 1)]
    sequence: i64,
    /// The kind of the fact.
    #[serde(rename = "type")]
    kind: EventKind,
    /// The subject of the fact: an operation, a webhook, or Fliggy's number of an order, a refund or a change.
    subject: String,
    /// The fact.
    #[schema(example = "paid")]
    fact: String,
    /// The purchasing account.
    account: AccountName,
    /// Fliggy's number of the order that the event concerns; null if it is not known.
    #[schema(required = true, value_type = Option<OrderId>)]
    order_id: Option<OrderId>,
    /// The caller's number of this order; null if it is not known.
    #[schema(required = true, value_type = Option<OutOrderNo>)]
    out_order_no: Option<OutOrderNo>,
    /// The operation that caused the event; null if no operation did.
    #[schema(required = true, value_type = Option<OperationId>)]
    operation_id: Option<OperationId>,
    /// When the event was committed (+08:00).
    at: Rfc3339,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            sequence: event.sequence,
            kind: event.kind,
            subject: event.subject.clone(),
            fact: event.fact.clone(),
            account: event.account.clone(),
            order_id: event.order.order_id,
            out_order_no: event.order.out_order_no.clone(),
            operation_id: event.operation_id,
            at: Rfc3339(event.at),
        }
    }
}
