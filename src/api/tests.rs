//! The router of the API: behaviour that every operation gets from the layers.

use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, Response, StatusCode};
use http_body_util::BodyExt as _;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use tower::ServiceExt as _;
use utoipa_axum::router::OpenApiRouter;

use super::*;
use crate::clock::SystemClock;
use crate::config::{Account, AuthMode, Config, Key, Profile};
use crate::domain::access::Scopes;

/// A sandbox configuration with one key for each role, and one that is bound to an account.
pub(super) fn config(mode: AuthMode) -> Config {
    let mut config = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    let account = config.accounts.values().next().unwrap().clone();
    config
        .accounts
        .insert("other".parse().unwrap(), Account { ..account });
    config.auth.mode = mode;
    for (name, scopes, accounts) in [
        ("caller", Scopes::APP, None),
        ("operator", Scopes::ALL, None),
        ("bound", Scopes::APP, Some(vec!["other".parse().unwrap()])),
    ] {
        let digest = Sha256::digest(format!("key-of-{name}-0123456789")).into();
        config.auth.keys.insert(
            name.to_owned(),
            Key {
                digest,
                scopes,
                accounts,
                default_account: None,
            },
        );
    }
    config
}

pub(super) fn state(mode: AuthMode) -> ApiState {
    ApiState::new(&config(mode), SystemClock::shared(), None)
}

pub(super) fn with_routes(routes: OpenApiRouter<ApiState>, state: ApiState) -> Router {
    router::assemble(routes, state)
}

pub(super) struct Answered {
    pub(super) response: Response<()>,
    pub(super) body: Vec<u8>,
}

impl Answered {
    pub(super) fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub(super) fn header(&self, name: &str) -> &str {
        self.response.headers()[name].to_str().unwrap()
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The code, after a check that the response is a complete problem.
    pub(super) fn code(&self) -> String {
        assert_eq!(self.header("content-type"), problem::MEDIA_TYPE);
        let json = self.json();
        assert_eq!(json["status"], self.status().as_u16());
        assert_eq!(json["request_id"], self.header("x-request-id"));
        json["code"].as_str().unwrap().to_owned()
    }
}

pub(super) async fn send(router: &Router, request: Request<Body>) -> Answered {
    let (parts, body) = router.clone().oneshot(request).await.unwrap().into_parts();
    Answered {
        response: Response::from_parts(parts, ()),
        body: body.collect().await.unwrap().to_bytes().to_vec(),
    }
}

pub(super) async fn get(router: &Router, path: &str) -> Answered {
    send(router, Request::get(path).body(Body::empty()).unwrap()).await
}

fn routes_for_tests() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .route(
            "/v1/panic",
            axum::routing::get(|| async {
                if true {
                    panic!("the canary 张三 is in the message");
                }
            }),
        )
        .route("/v1/wait", axum::routing::get(std::future::pending::<()>))
}

#[tokio::test]
async fn responses_that_may_be_personal_forbid_caching() {
    let router = router(state(AuthMode::Keys));
    for path in [
        "/v1/orders/7",
        "/v1/orders/nothing",
        "/v1/operations",
        "/v1/nothing",
    ] {
        let refused = get(&router, path).await;
        assert!(refused.status().is_client_error(), "{path}");
        assert_eq!(refused.header("cache-control"), "no-store", "{path}");
    }
    let request = Request::delete("/v1/orders").body(Body::empty()).unwrap();
    let refused = send(&router, request).await;
    assert_eq!(refused.code(), "method_not_allowed");
    assert_eq!(refused.header("cache-control"), "no-store");
    let document = get(&router, "/openapi.json").await;
    assert_ne!(
        document.response.headers().get("cache-control"),
        Some(&NO_STORE)
    );
}

#[tokio::test]
async fn a_refusal_by_the_router_is_a_problem() {
    let router = with_routes(routes_for_tests(), state(AuthMode::None));
    assert_eq!(get(&router, "/nothing").await.code(), "not_found");
    assert_eq!(
        get(&router, "/swagger-ui/nothing").await.code(),
        "not_found"
    );

    let request = Request::delete("/livez").body(Body::empty()).unwrap();
    let refused = send(&router, request).await;
    assert_eq!(refused.code(), "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn a_panic_is_a_problem_and_the_gateway_continues() {
    let router = with_routes(routes_for_tests(), state(AuthMode::None));
    let answer = get(&router, "/v1/panic").await;
    assert_eq!(answer.code(), "internal");
    assert_eq!(answer.json()["side_effects"], "unknown");
    assert!(!String::from_utf8_lossy(&answer.body).contains("张三"));
    assert_eq!(get(&router, "/livez").await.status(), 200);
}

#[tokio::test]
async fn a_full_gateway_refuses_at_once_and_stays_live() {
    let mut config = config(AuthMode::None);
    config.server.max_in_flight = 1;
    let state = ApiState::new(&config, SystemClock::shared(), None);
    let router = with_routes(routes_for_tests(), state);

    let hanging = router
        .clone()
        .oneshot(Request::get("/v1/wait").body(Body::empty()).unwrap());
    let mut hanging = Box::pin(hanging);
    assert!(futures::poll!(&mut hanging).is_pending());
    let refused = get(&router, "/v1/wait").await;
    assert_eq!(refused.code(), "overloaded");
    assert_eq!(refused.header("retry-after"), "1");
    assert_eq!(refused.json()["retry"], "same_request");
    assert_eq!(get(&router, "/livez").await.status(), 200);

    // When the client disconnects, its permit is free again.
    drop(hanging);
    let next = router
        .clone()
        .oneshot(Request::get("/v1/wait").body(Body::empty()).unwrap());
    assert!(futures::poll!(Box::pin(next)).is_pending());
}

#[tokio::test]
async fn a_valid_request_id_is_kept_and_any_other_replaced() {
    let router = router(state(AuthMode::None));
    let with = |id: &str| {
        Request::get("/livez")
            .header("x-request-id", id)
            .body(Body::empty())
            .unwrap()
    };
    let kept = send(&router, with("abc-1")).await;
    assert_eq!(kept.header("x-request-id"), "abc-1");
    for refused in ["", "two words", &"x".repeat(129)] {
        let made = send(&router, with(refused)).await;
        let id: uuid::Uuid = made.header("x-request-id").parse().unwrap();
        assert_eq!(id.get_version_num(), 7);
    }
}

#[tokio::test]
async fn readiness_never_returns_after_a_stop() {
    let state = state(AuthMode::None);
    let router = router(state.clone());
    assert_eq!(get(&router, "/readyz").await.code(), "journal_unavailable");
    // It is not ready without a journal either.
    state.readiness.set(Ready::Yes);
    assert_eq!(get(&router, "/readyz").await.code(), "journal_unavailable");
    assert_eq!(state.readiness.get(), Ready::Yes);
    state.readiness.set(Ready::Stopping);
    state.readiness.set(Ready::Yes);
    assert_eq!(get(&router, "/readyz").await.code(), "shutting_down");
    assert_eq!(get(&router, "/livez").await.status(), 200);
}

#[tokio::test]
async fn every_problem_type_has_a_page() {
    let router = router(state(AuthMode::None));
    for code in Code::ALL {
        let page = get(&router, &format!("/problems/{}", code.as_str())).await;
        assert_eq!(page.status(), 200);
        assert!(String::from_utf8_lossy(&page.body).contains(code.as_str()));
    }
    let unknown = get(&router, "/problems/nonsense").await;
    assert_eq!(unknown.code(), "invalid_request");
    assert!(!String::from_utf8_lossy(&unknown.body).contains("nonsense"));
}

#[tokio::test]
async fn swagger_ui_shows_the_document_and_no_list_of_schemas() {
    let router = router(state(AuthMode::Keys));
    let page = get(&router, "/swagger-ui/").await;
    assert_eq!(page.status(), 200);
    let script = get(&router, "/swagger-ui/swagger-initializer.js").await;
    let script = String::from_utf8_lossy(&script.body);
    assert!(script.contains("/openapi.json"));
    assert!(
        script.contains(r#""defaultModelsExpandDepth": -1"#),
        "{script}"
    );
}

#[tokio::test]
async fn the_page_of_swagger_ui_uses_our_style_sheet() {
    let router = router(state(AuthMode::None));
    let page = get(&router, "/swagger-ui/").await;
    assert!(String::from_utf8_lossy(&page.body).contains(r#"href="index.css""#));
    let style = get(&router, "/swagger-ui/index.css").await;
    assert_eq!(style.status(), 200);
    assert_eq!(style.header("content-type"), "text/css; charset=utf-8");
    assert!(String::from_utf8_lossy(&style.body).contains(".response"));
}

#[tokio::test]
async fn the_root_redirects_to_swagger_ui_without_a_key() {
    let router = router(state(AuthMode::Keys));
    for method in ["GET", "HEAD"] {
        let request = Request::builder().method(method).uri("/");
        let answer = send(&router, request.body(Body::empty()).unwrap()).await;
        assert_eq!(answer.status(), 303, "{method}");
        assert_eq!(answer.header("location"), "/swagger-ui/", "{method}");
    }
    let request = Request::post("/").body(Body::empty()).unwrap();
    let refused = send(&router, request).await;
    assert_eq!(refused.code(), "method_not_allowed");
    assert_eq!(refused.header("allow"), "GET,HEAD");
}

#[tokio::test]
async fn the_served_document_has_security_schemes_only_if_keys_are_required() {
    for (mode, schemes) in [(AuthMode::Keys, 2), (AuthMode::None, 0)] {
        let document = get(&router(state(mode)), "/openapi.json").await.json();
        assert_eq!(document["openapi"], "3.1.0");
        let found = document["components"]["securitySchemes"].as_object();
        assert_eq!(found.map_or(0, serde_json::Map::len), schemes, "{mode:?}");
        assert_eq!(document["security"].is_array(), schemes > 0);
    }
}

#[test]
fn the_list_of_writes_matches_the_paths_with_an_idempotency_key() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut writes = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let parameters = item["post"]["parameters"].as_array();
        let mut names = parameters.into_iter().flatten().map(|p| &p["name"]);
        if names.any(|name| name == "Idempotency-Key") {
            writes.push(path.as_str());
        }
    }
    let mut listed = request_log::WRITES.to_vec();
    writes.sort_unstable();
    listed.sort_unstable();
    assert_eq!(writes, listed);
}

/// Every operation has a unique id, a summary, a description, one tag, a 500 and examples, and every
/// reference resolves.
#[test]
fn every_operation_is_fully_documented() {
    let document = serde_json::to_value(openapi()).unwrap();
    let mut ids = std::collections::BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = format!("{method} {path}");
            let id = operation["operationId"].as_str().unwrap();
            assert!(ids.insert(id.to_owned()), "{name}: {id} is used twice");
            assert!(operation["summary"].is_string(), "{name} has no summary");
            assert!(
                operation["description"].is_string(),
                "{name} has no description"
            );
            assert_eq!(
                operation["tags"].as_array().map(Vec::len),
                Some(1),
                "{name}"
            );
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("500"), "{name}");
            for (status, response) in responses {
                assert!(
                    response["headers"]["X-Request-Id"].is_object(),
                    "{name} {status}"
                );
                for content in response["content"].as_object().into_iter().flatten() {
                    let media = content.1;
                    assert!(
                        !media["example"].is_null(),
                        "{name} {status} has no example"
                    );
                }
            }
            for parameter in operation["parameters"].as_array().into_iter().flatten() {
                assert!(parameter["description"].is_string(), "{name} {parameter}");
            }
        }
    }
    let text = document.to_string();
    for reference in text.split("\"$ref\":\"#").skip(1) {
        let pointer = reference.split('"').next().unwrap();
        assert!(
            document.pointer(pointer).is_some(),
            "{pointer} does not resolve"
        );
    }
}

#[tokio::test]
async fn a_body_that_never_ends_times_out() {
    async fn take(extract::Json(_): extract::Json<Value>) {}
    let routes = OpenApiRouter::new().route("/v1/take", axum::routing::post(take));
    let mut config = config(AuthMode::None);
    config.server.body_timeout = Duration::from_millis(20);
    let router = with_routes(routes, ApiState::new(&config, SystemClock::shared(), None));
    let body = Body::from_stream(futures::stream::pending::<
        Result<bytes::Bytes, std::io::Error>,
    >());
    let request = Request::post("/v1/take")
        .header("content-type", "application/json")
        .body(body)
        .unwrap();
    assert_eq!(send(&router, request).await.code(), "request_timeout");
}
