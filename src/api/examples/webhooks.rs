//! Examples about webhooks.

use serde_json::{Value, json};

use super::{ORDER_ID, events};

/// The delivery of an event of this type.
pub(in crate::api) fn message(kind: &str) -> Value {
    let mut event = events()["items"][0].take();
    let fact = kind.rsplit('.').next();
    event["type"] = kind.into();
    event["fact"] = fact.into();
    json!({"type": kind, "timestamp": event["at"], "data": event})
}

const WEBHOOK_ID: &str = "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71";
const WEBHOOK_URL: &str = "https://apps.example.com/fliggy-events";

/// The request for a webhook.
pub(in crate::api) fn new_webhook() -> Value {
    json!({
        "url": WEBHOOK_URL,
        "types": ["order.paid", "order.ticketed", "order.failed"],
        "description": "Trip service, team travel",
    })
}

/// The webhook.
pub(in crate::api) fn webhook() -> Value {
    let new = new_webhook();
    json!({
        "id": WEBHOOK_ID,
        "version": 1,
        "owner": "trip",
        "url": new["url"],
        "types": new["types"],
        "all_callers": false,
        "description": new["description"],
        "state": "active",
        "failing_since": null,
        "oldest_undelivered_at": null,
        "created_at": "2030-05-01T10:00:00.150+08:00",
    })
}

pub(in crate::api) fn webhooks() -> Value {
    json!({"items": [webhook()], "next_cursor": null})
}

pub(in crate::api) fn webhook_with_secret() -> Value {
    json!({"webhook": webhook(), "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"})
}

pub(in crate::api) fn ping() -> Value {
    json!({"outcome": "delivered", "status": 204, "at": "2030-05-01T10:00:05.150+08:00", "took_ms": 12})
}

/// A delivery that failed twice.
pub(in crate::api) fn deliveries() -> Value {
    json!({
        "items": [{
            "sequence": 7,
            "subject": ORDER_ID,
            "state": "pending",
            "attempts": 2,
            "next_attempt_at": "2030-05-01T10:08:36.150+08:00",
            "ended_at": null,
        }],
        "next_cursor": null,
    })
}

pub(in crate::api) fn attempts() -> Value {
    json!({
        "items": [{
            "sequence": 7,
            "number": 2,
            "at": "2030-05-01T10:08:19.150+08:00",
            "took_ms": 31,
            "outcome": "refused",
            "status": 502,
        }],
        "next_cursor": null,
    })
}
