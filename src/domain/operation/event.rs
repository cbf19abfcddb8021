//! The facts that are published to callers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A fact to publish to callers, committed together with the update of the operation that it reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// The kind of the fact.
    pub kind: EventKind,
    /// What the fact is about: the id of an operation, Fliggy's number of an order, refund or change, or the name of an
    /// account.
    pub subject: String,
    /// The fact itself; with kind and subject it is unique.
    pub fact: String,
}

/// The types of events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub enum EventKind {
    /// The outcome of an operation is unknown; the gateway looks it up.
    #[serde(rename = "operation.unknown")]
    OperationUnknown,
    /// An operation settled.
    #[serde(rename = "operation.settled")]
    OperationSettled,
    /// A person must decide.
    #[serde(rename = "operation.needs_attention")]
    OperationNeedsAttention,
    /// Fliggy showed a different outcome for a settled operation.
    #[serde(rename = "operation.contradicted")]
    OperationContradicted,
    /// An order was created.
    #[serde(rename = "order.booked")]
    OrderBooked,
    /// An order was paid.
    #[serde(rename = "order.paid")]
    OrderPaid,
    /// The tickets of an order were issued.
    #[serde(rename = "order.ticketed")]
    OrderTicketed,
    /// The tickets of a paid order were not issued (出票失败), or the booking failed at Fliggy later.
    #[serde(rename = "order.failed")]
    OrderFailed,
    /// An order was closed.
    #[serde(rename = "order.closed")]
    OrderClosed,
    /// The airline changed a flight of an order. The fact is the id of TOP's message.
    #[serde(rename = "order.flight_changed")]
    OrderFlightChanged,
    /// A refund was created.
    #[serde(rename = "refund.created")]
    RefundCreated,
    /// A refund application was rejected.
    #[serde(rename = "refund.rejected")]
    RefundRejected,
    /// A refund was paid. The fact of a supplementary refund (补退) is `supplementary/` and the id of TOP's message, or
    /// `supplementary` if a read showed it first.
    #[serde(rename = "refund.refunded")]
    RefundRefunded,
    /// A change was created; its fees are not known yet, or it awaits payment.
    #[serde(rename = "change.created")]
    ChangeCreated,
    /// The fees of a change are known, and it awaits payment.
    #[serde(rename = "change.awaiting_payment")]
    ChangeAwaitingPayment,
    /// A change was paid and awaits ticketing.
    #[serde(rename = "change.awaiting_ticketing")]
    ChangeAwaitingTicketing,
    /// The new tickets of a change were issued.
    #[serde(rename = "change.ticketed")]
    ChangeTicketed,
    /// A change was closed after its payment (拒绝).
    #[serde(rename = "change.rejected")]
    ChangeRejected,
    /// A change was closed, and no payment of it is known: cancelled, refused, or not paid in time.
    #[serde(rename = "change.closed")]
    ChangeClosed,
    /// The session of an account expires in 14 days, or in 3. The subject is the name of the account, the fact contains the
    /// number of days. For operators.
    #[serde(rename = "session.expiring")]
    SessionExpiring,
    /// TOP refuses the session of an account, whose name is the subject. For operators.
    #[serde(rename = "session.invalid")]
    SessionInvalid,
    /// An event could not be delivered to a webhook for 72 hours. The fact is the `sequence` of the event, `/` and the
    /// number of attempts.
    #[serde(rename = "webhook.undelivered")]
    WebhookUndelivered,
    /// A webhook was paused, because all attempts failed for 5 days or its endpoint returned 410. The fact is the time.
    #[serde(rename = "webhook.paused")]
    WebhookPaused,
}

impl EventKind {
    /// All types.
    pub const ALL: [Self; 23] = [
        Self::OperationUnknown,
        Self::OperationSettled,
        Self::OperationNeedsAttention,
        Self::OperationContradicted,
        Self::OrderBooked,
        Self::OrderPaid,
        Self::OrderTicketed,
        Self::OrderFailed,
        Self::OrderClosed,
        Self::OrderFlightChanged,
        Self::RefundCreated,
        Self::RefundRejected,
        Self::RefundRefunded,
        Self::ChangeCreated,
        Self::ChangeAwaitingPayment,
        Self::ChangeAwaitingTicketing,
        Self::ChangeTicketed,
        Self::ChangeRejected,
        Self::ChangeClosed,
        Self::SessionExpiring,
        Self::SessionInvalid,
        Self::WebhookUndelivered,
        Self::WebhookPaused,
    ];

    /// Each of these types once, in the order of their first places.
    #[must_use]
    pub fn distinct(kinds: &[Self]) -> Vec<Self> {
        let places = kinds.iter().enumerate();
        let first = places.filter(|(place, kind)| !kinds[..*place].contains(kind));
        first.map(|(_, kind)| *kind).collect()
    }

    /// The word of the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OperationUnknown => "operation.unknown",
            Self::OperationSettled => "operation.settled",
            Self::OperationNeedsAttention => "operation.needs_attention",
            Self::OperationContradicted => "operation.contradicted",
            Self::OrderBooked => "order.booked",
            Self::OrderPaid => "order.paid",
            Self::OrderTicketed => "order.ticketed",
            Self::OrderFailed => "order.failed",
            Self::OrderClosed => "order.closed",
            Self::OrderFlightChanged => "order.flight_changed",
            Self::RefundCreated => "refund.created",
            Self::RefundRejected => "refund.rejected",
            Self::RefundRefunded => "refund.refunded",
            Self::ChangeCreated => "change.created",
            Self::ChangeAwaitingPayment => "change.awaiting_payment",
            Self::ChangeAwaitingTicketing => "change.awaiting_ticketing",
            Self::ChangeTicketed => "change.ticketed",
            Self::ChangeRejected => "change.rejected",
            Self::ChangeClosed => "change.closed",
            Self::SessionExpiring => "session.expiring",
            Self::SessionInvalid => "session.invalid",
            Self::WebhookUndelivered => "webhook.undelivered",
            Self::WebhookPaused => "webhook.paused",
        }
    }

    /// The fact of an event about a state that an order, a refund or a change reaches once: the last part of the word.
    #[must_use]
    pub fn fact(self) -> &'static str {
        let word = self.as_str();
        word.rsplit_once('.').map_or(word, |(_, fact)| fact)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_word_of_a_type_is_the_same_in_the_api_and_the_store() {
        for kind in EventKind::ALL {
            assert_eq!(serde_json::to_value(kind).unwrap(), kind.as_str());
            let read: EventKind = serde_json::from_value(kind.as_str().into()).unwrap();
            assert_eq!(read, kind);
        }
        assert!(serde_json::from_value::<EventKind>("order.lost".into()).is_err());
    }
}
