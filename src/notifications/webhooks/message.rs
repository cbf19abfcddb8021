//! The message of a delivery.

use std::fmt;

use bytes::Bytes;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::ids::{HashKey, WebhookId};
use crate::domain::operation::EventKind;
use crate::domain::time::Rfc3339;
use crate::notifications::event_view::EventView;
use crate::store::Event;

/// A message that is ready to be sent.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedMessage {
    /// The header `webhook-id`: the same for every attempt.
    pub id: String,
    /// The header `webhook-timestamp`: when the attempt was signed, in seconds since 1970.
    pub timestamp: i64,
    /// The header `webhook-signature`: one signature per secret in force, separated by spaces.
    pub signature: String,
    /// The body, exactly as it was signed.
    pub body: Bytes,
}

impl fmt::Debug for SignedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SignedMessage")
            .field("id", &self.id)
            .field("timestamp", &self.timestamp)
            .finish_non_exhaustive()
    }
}

/// What is sent to the endpoint of a webhook.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookMessage {
    /// The type of the event.
    #[serde(rename = "type")]
    kind: EventKind,
    /// When the event was committed (+08:00).
    timestamp: Rfc3339,
    /// The event, as in `GET /v1/events`.
    data: EventView,
}

/// A test message.
#[derive(Debug, Serialize)]
pub(super) struct Ping {
    #[serde(rename = "type")]
    kind: &'static str,
    timestamp: Rfc3339,
    data: PingData,
}

#[derive(Debug, Serialize)]
struct PingData {
    webhook_id: WebhookId,
}

impl From<&Event> for WebhookMessage {
    fn from(event: &Event) -> Self {
        Self {
            kind: event.kind,
            timestamp: Rfc3339(event.at),
            data: EventView::from(event),
        }
    }
}

impl Ping {
    pub(super) fn new(webhook_id: WebhookId, at: Timestamp) -> Self {
        Self {
            kind: "webhook.ping",
            timestamp: Rfc3339(at),
            data: PingData { webhook_id },
        }
    }
}

/// The body of a message.
pub(super) fn body(message: &impl Serialize) -> Bytes {
    // A message consists of texts and numbers, which always serialise.
    serde_json::to_vec(message).unwrap_or_default().into()
}

/// The id of the message about a fact. The same fact always has the same id, also after the journal was restored from a
/// backup, so that receivers can ignore repetitions.
#[must_use]
pub(super) fn message_id(key: &HashKey, kind: EventKind, subject: &str, fact: &str) -> String {
    let mac = key.mac(&[
        b"webhook",
        kind.as_str().as_bytes(),
        subject.as_bytes(),
        fact.as_bytes(),
    ]);
    format!("evt_{}", hex::encode(&mac[..16]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::operation::OrderNumbers;

    #[test]
    fn the_body_has_the_type_the_time_and_the_event() {
        let event = Event {
            sequence: 7,
            kind: EventKind::OrderPaid,
            subject: "12345".to_owned(),
            fact: "paid".to_owned(),
            account: "default".parse().unwrap(),
            owner: Some("app".to_owned()),
            order: OrderNumbers::default(),
            operation_id: None,
            at: "2030-05-20T00:45:00.042Z".parse().unwrap(),
        };
        let expected = concat!(
            r#"{"type":"order.paid","timestamp":"2030-05-20T08:45:00.042+08:00","data":{"sequence":7,"type":"order.paid","#,
            r#""subject":"12345","fact":"paid","account":"default","order_id":null,"out_order_no":null,"#,
            r#""operation_id":null,"at":"2030-05-20T08:45:00.042+08:00"}}"#
        );
        assert_eq!(body(&WebhookMessage::from(&event)), expected);
    }

    #[test]
    fn the_id_depends_on_the_fact_only() {
        let key = HashKey::new([7; 32]);
        let id = |kind, subject, fact| message_id(&key, kind, subject, fact);
        let paid = id(EventKind::OrderPaid, "12345", "paid");
        // Receivers keep the ids: they must not change between versions.
        assert_eq!(paid, "evt_4bb6b6b5cfcfb7742e40498d3d0a8846");
        let others = [
            id(EventKind::OrderClosed, "12345", "paid"),
            id(EventKind::OrderPaid, "1234", "5paid"),
            id(EventKind::OrderPaid, "12345", "closed"),
            message_id(
                &HashKey::new([8; 32]),
                EventKind::OrderPaid,
                "12345",
                "paid",
            ),
        ];
        for other in others {
            assert!(other.len() == paid.len() && other != paid, "{other}");
        }
    }
}
