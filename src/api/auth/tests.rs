//! Keys, roles and accounts.

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get as on_get;
use utoipa_axum::router::OpenApiRouter;

use super::super::tests::{Answered, send, state, with_routes};
use super::*;
use crate::config::AuthMode;

fn router(mode: AuthMode) -> Router {
    async fn who(caller: Caller, Account(account): Account) -> String {
        format!("{} {account}", caller.name)
    }
    async fn operator(Operator(caller): Operator) -> String {
        caller.name.to_string()
    }
    let routes = OpenApiRouter::new()
        .route("/v1/who", on_get(who))
        .route("/v1/operator", on_get(operator));
    with_routes(routes, state(mode))
}

async fn ask(router: &Router, path: &str, headers: &[(&str, &str)]) -> Answered {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    send(router, request.body(Body::empty()).unwrap()).await
}

const CALLER: (&str, &str) = ("authorization", "Bearer key-of-caller-0123456789");
const OPERATOR: (&str, &str) = ("x-api-key", "key-of-operator-0123456789");
const BOUND: (&str, &str) = ("authorization", "bearer key-of-bound-0123456789");

#[tokio::test]
async fn a_request_without_a_known_key_is_refused() {
    let router = router(AuthMode::Keys);
    let refused: [&[(&str, &str)]; 5] = [
        &[],
        &[("authorization", "Bearer nobody")],
        &[("authorization", "Basic key-of-caller-0123456789")],
        &[("authorization", "Bearer ")],
        &[("x-api-key", "")],
    ];
    for headers in refused {
        let answer = ask(&router, "/v1/who", headers).await;
        assert_eq!(answer.code(), "unauthorized");
        assert_eq!(answer.status(), 401);
        assert!(answer.header("www-authenticate").starts_with("Bearer"));
    }
    let body = ask(&router, "/v1/who", &[CALLER]).await.body;
    assert_eq!(body, b"caller default");
}

#[tokio::test]
async fn without_keys_every_caller_is_the_local_operator() {
    let router = router(AuthMode::None);
    assert_eq!(ask(&router, "/v1/operator", &[]).await.body, b"local");
}

#[tokio::test]
async fn an_operator_route_refuses_a_caller() {
    let router = router(AuthMode::Keys);
    assert_eq!(
        ask(&router, "/v1/operator", &[OPERATOR]).await.body,
        b"operator"
    );
    assert_eq!(
        ask(&router, "/v1/operator", &[CALLER]).await.code(),
        "scope_missing"
    );
}

#[tokio::test]
async fn the_header_chooses_among_the_accounts_of_the_key() {
    let router = router(AuthMode::Keys);
    let named = |name| (ACCOUNT_HEADER, name);
    let who = async |headers: &[(&str, &str)]| ask(&router, "/v1/who", headers).await;

    assert_eq!(who(&[CALLER, named("other")]).await.body, b"caller other");
    assert_eq!(
        who(&[CALLER, named("nobody")]).await.code(),
        "invalid_request"
    );
    assert_eq!(who(&[BOUND]).await.body, b"bound other");
    assert_eq!(who(&[BOUND, named("default")]).await.code(), "forbidden");
    assert_eq!(who(&[BOUND, named("nobody")]).await.code(), "forbidden");
}
