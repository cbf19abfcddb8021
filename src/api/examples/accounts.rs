//! Accounts and their sessions.

use serde_json::{Value, json};

pub(in crate::api) fn account() -> Value {
    json!({
        "name": "default",
        "channel": "SANDBOX",
        "user_id": "2200000000001",
        "session": {
            "state": "valid",
            "origin": "authorization",
            "authorised_at": "2030-05-01T10:00:00.150+08:00",
            "expires_at": "2030-07-30T10:00:00.150+08:00",
            "expiry": "stated",
            "refreshable_until": null,
            "refused_since": null,
            "problem": null,
        },
        "missing_topics": [],
    })
}

pub(in crate::api) fn accounts() -> Value {
    json!({"items": [account()], "next_cursor": null})
}

pub(in crate::api) fn authorization_link() -> Value {
    json!({
        "url": "https://oauth.taobao.com/authorize?response_type=code&client_id=12345678&redirect_uri=\
                https%3A%2F%2Fgateway.example.com%2Foauth%2Fcallback&state=AQx7&view=web",
        "expires_at": "2030-05-01T10:30:00.150+08:00",
        "callback_url": "https://gateway.example.com/oauth/callback",
    })
}

/// The session of the sandbox.
pub(in crate::api) fn enter_session() -> Value {
    json!({"session": "sandbox-session", "expires_at": "2030-07-30T10:00:00+08:00"})
}

pub(in crate::api) fn topics() -> Value {
    json!({
        "permitted": ["alitrip_flight_TradeNotify"],
        "missing": ["alitrip_flight_RefundNotify"],
    })
}
