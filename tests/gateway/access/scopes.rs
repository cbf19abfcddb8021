//! The scopes of keys.

use reqwest::header::CONTENT_TYPE;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};

use crate::ticket::problem;
use crate::world::{World, booking};

const SCOPES: [&str; 8] = [
    "search",
    "orders:read",
    "orders:write",
    "pay",
    "after_sales",
    "events",
    "raw",
    "operator",
];

/// The name of the key that has only this scope.
fn caller(scope: &str) -> String {
    scope.replace(':', "_").to_ascii_uppercase()
}

fn key(scope: &str) -> String {
    format!("key-{}-0123456789", caller(scope))
}

/// A key for each scope.
async fn world() -> World {
    let mut settings = vec![("GATEWAY__AUTH__MODE".to_owned(), "keys".to_owned())];
    for scope in SCOPES {
        let path = format!("GATEWAY__AUTH__KEYS__{}", caller(scope));
        settings.push((format!("{path}__KEY"), key(scope)));
        settings.push((format!("{path}__SCOPES"), scope.to_owned()));
    }
    let settings: Vec<_> = settings.iter().map(|(k, v)| (&**k, &**v)).collect();
    World::start_with(&settings, |_| {}).await
}

/// Each operation of the document that requires a key: its method, a path, and the scopes of which the key must have one.
fn operations() -> Vec<(Method, String, Vec<String>)> {
    let document = serde_json::to_value(fliggy_gateway::api::openapi()).unwrap();
    let mut found = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            if operation["security"] == json!([{}]) {
                continue;
            }
            let scopes = operation["x-scopes"].as_array().unwrap().iter();
            let scopes = scopes.map(|scope| scope.as_str().unwrap().to_owned());
            let path = path
                .split('/')
                .map(|part| match part {
                    "{id}" => "019a0000-0000-7000-8000-000000000000",
                    "{account}" => "default",
                    part if part.starts_with('{') => "1",
                    part => part,
                })
                .collect::<Vec<_>>()
                .join("/");
            let method = method.to_uppercase().parse().unwrap();
            found.push((method, path, scopes.collect()));
        }
    }
    found
}

/// The status and code of a request whose body is invalid.
async fn refusal(world: &World, method: &Method, path: &str, key: &str) -> (u16, Value) {
    let request = reqwest::Client::new()
        .request(method.clone(), format!("{}{path}", world.gateway))
        .header("X-Api-Key", key);
    let request = if *method == Method::GET {
        request
    } else {
        request.header(CONTENT_TYPE, "application/json").body("{")
    };
    let response = request.send().await.unwrap();
    let status = response.status();
    // A stream of events has no end.
    if status == StatusCode::OK {
        return (200, Value::Null);
    }
    let body: Value = serde_json::from_slice(&response.bytes().await.unwrap()).unwrap();
    (status.as_u16(), body["code"].clone())
}

#[tokio::test]
async fn every_operation_requires_its_scope() {
    let world = world().await;
    let operations = operations();
    assert!(operations.len() > 40, "{operations:#?}");
    for (method, path, scopes) in &operations {
        let unknown = refusal(&world, method, path, "key-of-nobody-0123456789").await;
        assert_eq!(unknown, (401, json!("unauthorized")), "{method} {path}");
        for scope in SCOPES {
            let (status, code) = refusal(&world, method, path, &key(scope)).await;
            let is_refused = code == "scope_missing";
            let is_allowed = scopes.iter().any(|required| required == scope);
            assert_eq!(is_refused, !is_allowed, "{method} {path} {scope}: {code}");
            assert_eq!(status == 403, is_refused, "{method} {path} {scope}: {code}");
        }
    }
    // Every scope permits something, apart from that of raw calls, which permits to read operations.
    for scope in SCOPES {
        let permits = |operation: &(_, _, Vec<String>)| operation.2.iter().any(|s| s == scope);
        assert!(operations.iter().any(permits), "{scope}");
    }
}

#[tokio::test]
async fn a_refusal_names_the_scopes_and_sends_nothing() {
    let world = world().await;
    let body = booking(&world.offer().await, "SCOPE-1");
    let headers = |scope: &'static str| {
        [
            ("X-Api-Key", key(scope)),
            ("Idempotency-Key", "k".to_owned()),
        ]
    };
    let send = async |scope, path: &str, body: &Value| {
        let headers = headers(scope);
        let headers = headers
            .each_ref()
            .map(|(name, value)| (*name, value.as_str()));
        world.post_with(path, &headers, body).await
    };
    let refused = send("pay", "/v1/orders", &body).await;
    assert_eq!(problem(&refused), (403, "scope_missing"), "{refused:?}");
    assert_eq!(
        refused.body["detail"],
        "The request requires the scope `orders:write`; the API key of `pay` has `pay`."
    );
    assert_eq!(refused.body["side_effects"], "none");
    assert_eq!(refused.body["retry"], "never");
    assert_eq!(world.received("airbook").await, 0);
    // One key books, another one pays, a third one may only look.
    let booked = send("orders:write", "/v1/orders", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let order = booked.created();
    let path = format!("/v1/orders/{}/payment", order["order_id"].as_str().unwrap());
    let payment = json!({"total_price": order["total_price"]});
    let refused = send("orders:write", &path, &payment).await;
    assert_eq!(problem(&refused), (403, "scope_missing"), "{refused:?}");
    let refused = send("orders:read", &path, &payment).await;
    assert_eq!(problem(&refused), (403, "scope_missing"), "{refused:?}");
    assert_eq!(world.received("pay").await, 0);
}
