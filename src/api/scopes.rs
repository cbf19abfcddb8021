//! The scopes that the operations of the API require.

use axum::extract::{FromRequestParts as _, MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::ApiState;
use super::auth::{Admitted, Caller};
use super::problem::{Code, Problem};
use crate::domain::access::Scope::{
    self, AfterSales, Events, Operator, OrdersRead, OrdersWrite, Pay, Raw, Search,
};

/// A caller that may request an operation, or decide it, may read it.
const ANY_OPERATION: &[Scope] = &[OrdersRead, OrdersWrite, Pay, AfterSales, Raw, Operator];

/// Each operation that requires a key, and the scopes of which the key must have one.
pub(super) const REQUIRED: &[(Method, &str, &[Scope])] = &[
    (Method::POST, "/v1/flights/search", &[Search]),
    (Method::GET, "/v1/orders", &[OrdersRead]),
    (Method::POST, "/v1/orders", &[OrdersWrite]),
    (Method::GET, "/v1/orders/{order_id}", &[OrdersRead]),
    (
        Method::GET,
        "/v1/orders/by-reference/{out_order_no}",
        &[OrdersRead],
    ),
    (Method::POST, "/v1/orders/{order_id}/payment", &[Pay]),
    (Method::POST, "/v1/orders/{order_id}/close", &[OrdersWrite]),
    (
        Method::GET,
        "/v1/orders/{order_id}/flight-changes",
        &[OrdersRead],
    ),
    (
        Method::POST,
        "/v1/orders/{order_id}/refund-quote",
        &[AfterSales],
    ),
    (Method::GET, "/v1/orders/{order_id}/refunds", &[OrdersRead]),
    (Method::POST, "/v1/orders/{order_id}/refunds", &[AfterSales]),
    (Method::GET, "/v1/refunds/{refund_order_no}", &[OrdersRead]),
    (Method::POST, "/v1/attachments", &[AfterSales]),
    (Method::GET, "/v1/orders/{order_id}/changes", &[OrdersRead]),
    (Method::POST, "/v1/orders/{order_id}/changes", &[AfterSales]),
    (Method::GET, "/v1/changes/{change_order_no}", &[OrdersRead]),
    (
        Method::POST,
        "/v1/changes/{change_order_no}/payment",
        &[Pay],
    ),
    (
        Method::POST,
        "/v1/changes/{change_order_no}/cancel",
        &[AfterSales],
    ),
    (Method::GET, "/v1/operations", ANY_OPERATION),
    (Method::GET, "/v1/operations/{id}", ANY_OPERATION),
    (Method::POST, "/v1/operations/{id}/reconcile", ANY_OPERATION),
    (Method::POST, "/v1/operations/{id}/resolve", &[Operator]),
    (Method::GET, "/v1/events", &[Events]),
    (Method::GET, "/v1/events/stream", &[Events]),
    (Method::GET, "/v1/webhooks", &[Events]),
    (Method::POST, "/v1/webhooks", &[Events]),
    (Method::GET, "/v1/webhooks/{id}", &[Events]),
    (Method::PUT, "/v1/webhooks/{id}", &[Events]),
    (Method::DELETE, "/v1/webhooks/{id}", &[Events]),
    (Method::GET, "/v1/webhooks/{id}/attempts", &[Events]),
    (Method::GET, "/v1/webhooks/{id}/deliveries", &[Events]),
    (Method::POST, "/v1/webhooks/{id}/pause", &[Events]),
    (Method::POST, "/v1/webhooks/{id}/ping", &[Events]),
    (Method::POST, "/v1/webhooks/{id}/redeliver", &[Events]),
    (Method::POST, "/v1/webhooks/{id}/resume", &[Events]),
    (Method::POST, "/v1/webhooks/{id}/rotate-secret", &[Events]),
    (Method::GET, "/v1/notifications", &[Operator]),
    (Method::GET, "/v1/keys", &[Operator]),
    (Method::POST, "/v1/keys", &[Operator]),
    (Method::GET, "/v1/keys/{id}", &[Operator]),
    (Method::PUT, "/v1/keys/{id}", &[Operator]),
    (Method::POST, "/v1/keys/{id}/rotate-secret", &[Operator]),
    (Method::POST, "/v1/keys/{id}/revoke", &[Operator]),
    (Method::GET, "/v1/accounts", &[Operator]),
    (Method::GET, "/v1/accounts/{account}", &[Operator]),
    (
        Method::POST,
        "/v1/accounts/{account}/authorization",
        &[Operator],
    ),
    (Method::POST, "/v1/accounts/{account}/session", &[Operator]),
    (
        Method::POST,
        "/v1/accounts/{account}/session/refresh",
        &[Operator],
    ),
    (Method::GET, "/v1/accounts/{account}/topics", &[Operator]),
    (Method::POST, "/v1/accounts/{account}/topics", &[Operator]),
];

/// The scopes of which the key must have one for this operation.
pub(super) fn required(method: &Method, path: &str) -> Option<&'static [Scope]> {
    let method = if method == Method::HEAD {
        &Method::GET
    } else {
        method
    };
    let mut rows = REQUIRED.iter();
    let row = rows.find(|(m, p, _)| m == method && *p == path);
    row.map(|(.., scopes)| *scopes)
}

/// Refuses a request whose key lacks the scope, before anything else of the request is looked at.
pub(super) async fn check(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    let path = request.extensions().get::<MatchedPath>();
    let Some(scopes) = path.and_then(|path| required(request.method(), path.as_str())) else {
        // The path does not support the method.
        return next.run(request).await;
    };
    let (mut parts, body) = request.into_parts();
    match Caller::from_request_parts(&mut parts, &state).await {
        Ok(caller) if scopes.iter().any(|scope| caller.has(*scope)) => {
            parts.extensions.insert(Admitted::new(&state.auth, &caller));
            next.run(Request::from_parts(parts, body)).await
        }
        Ok(caller) => missing(&caller, scopes).into_response(),
        Err(problem) => problem.into_response(),
    }
}

/// The problem of a caller that has none of these scopes.
pub(super) fn missing(caller: &Caller, any_of: &[Scope]) -> Problem {
    let list = |scopes: &mut dyn Iterator<Item = Scope>| {
        let words: Vec<String> = scopes.map(|scope| format!("`{scope}`")).collect();
        words.join(", ")
    };
    let required = list(&mut any_of.iter().copied());
    let required = match any_of {
        [_] => format!("the scope {required}"),
        _ => format!("one of the scopes {required}"),
    };
    let present = list(&mut caller.rights.scopes.iter());
    Problem::new(Code::ScopeMissing).detail(format!(
        "The request requires {required}; the API key of `{}` has {present}.",
        caller.name
    ))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::api::openapi;

    #[test]
    fn every_operation_that_requires_a_key_has_a_scope() {
        let document = serde_json::to_value(openapi::document()).unwrap();
        let mut documented = BTreeSet::new();
        for (path, methods) in document["paths"].as_object().unwrap() {
            for (method, operation) in methods.as_object().unwrap() {
                if operation["security"] != serde_json::json!([{}]) {
                    documented.insert((method.to_uppercase(), path.clone()));
                }
            }
        }
        let rows = REQUIRED.iter();
        let rows = rows.map(|(method, path, _)| (method.to_string(), (*path).to_owned()));
        assert_eq!(rows.collect::<BTreeSet<_>>(), documented);
    }

    #[test]
    fn a_head_request_requires_the_scope_of_a_read() {
        assert_eq!(
            required(&Method::HEAD, "/v1/orders"),
            Some(&[OrdersRead][..])
        );
        assert_eq!(required(&Method::PUT, "/v1/orders"), None);
    }
}
