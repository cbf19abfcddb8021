//! Examples about API keys.

use serde_json::{Value, json};

const KEY_ID: &str = "0197b1c4-2f6a-7d03-8c55-41e7a9d2b630";

/// The settings of a key.
pub(in crate::api) fn key_settings() -> Value {
    json!({
        "description": "Trip service, team travel",
        "scopes": ["search", "orders:read", "orders:write", "pay", "events"],
        "accounts": null,
        "default_account": null,
        "expires_at": null,
    })
}

/// The request for a key.
pub(in crate::api) fn new_key() -> Value {
    let mut request = key_settings();
    request["caller"] = "trip".into();
    request
}

/// The key.
pub(in crate::api) fn key() -> Value {
    let settings = key_settings();
    json!({
        "id": KEY_ID,
        "version": 1,
        "caller": "trip",
        "description": settings["description"],
        "scopes": settings["scopes"],
        "accounts": null,
        "default_account": null,
        "state": "active",
        "secrets": [{"created_at": "2030-05-01T10:00:00.150+08:00", "expires_at": null, "last_used_at": null}],
        "created_at": "2030-05-01T10:00:00.150+08:00",
        "created_by": "night-shift",
        "expires_at": null,
        "revoked_at": null,
    })
}

pub(in crate::api) fn keys() -> Value {
    let configured = json!({
        "caller": "night-shift",
        "scopes": ["operator"],
        "accounts": null,
        "default_account": null,
        "last_used_at": "2030-05-01T10:00:00.150+08:00",
    });
    json!({"items": [key()], "next_cursor": null, "configured": [configured]})
}

pub(in crate::api) fn key_with_secret() -> Value {
    let digits = KEY_ID.replace('-', "");
    let secret = "Q2FuIHlvdSBrZWVwIGEgc2VjcmV0PyBTbyBjYW4gSSE";
    json!({"key": key(), "api_key": format!("fgk_{digits}_{secret}")})
}
