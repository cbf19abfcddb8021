//! The extractors, tested over HTTP requests.

use axum::body::Body;
use axum::http::Request;
use axum::routing::{get as on_get, post as on_post};
use axum::{Json as RawJson, Router};
use serde::Deserialize;
use serde_json::{Value, json};
use utoipa_axum::router::OpenApiRouter;

use super::super::tests::{Answered, get, send, state, with_routes};
use super::*;
use crate::config::AuthMode;

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Trip {
    #[expect(dead_code, reason = "only its type matters")]
    adults: u8,
    #[expect(dead_code, reason = "only its type matters")]
    passengers: Vec<Person>,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Person {
    #[expect(dead_code, reason = "only its type matters")]
    name: String,
    #[expect(dead_code, reason = "only its type matters")]
    kind: Kind,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
enum Kind {
    Adult,
    Child,
}

#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
struct Paging {
    limit: Option<u8>,
}

fn router() -> Router {
    async fn take(Json(trip): Json<Trip>) -> RawJson<Value> {
        RawJson(json!(format!("{trip:?}").len()))
    }
    async fn list(Query(paging): Query<Paging>) -> RawJson<Value> {
        RawJson(json!(paging.limit))
    }
    async fn one(Path(id): Path<u64>) -> RawJson<Value> {
        RawJson(json!(id))
    }
    async fn headers(key: IdempotencyKey, wait: PreferWait, version: IfMatch) -> RawJson<Value> {
        RawJson(json!([key.0, wait.0.map(|wait| wait.as_secs()), version.0]))
    }
    let routes = OpenApiRouter::new()
        .route("/v1/take", on_post(take))
        .route("/v1/list", on_get(list))
        .route("/v1/one/{order_id}", on_get(one))
        .route("/v1/headers", on_get(headers));
    with_routes(routes, state(AuthMode::None))
}

async fn post(body: impl Into<Body>) -> Answered {
    let request = Request::post("/v1/take")
        .header("content-type", "application/json; charset=utf-8")
        .body(body.into())
        .unwrap();
    send(&router(), request).await
}

/// Pointer and code of the first error, after a check that the response repeats nothing of the request.
async fn refused(body: &str) -> (String, String) {
    let answer = post(body.to_owned()).await;
    assert_eq!(answer.code(), "invalid_request");
    let text = String::from_utf8_lossy(&answer.body).into_owned();
    for canary in ["张三", "canary", "110101199003070011"] {
        assert!(!text.contains(canary), "{text}");
    }
    let error = &answer.json()["errors"][0];
    let word = |name: &str| error[name].as_str().unwrap().to_owned();
    (word("pointer"), word("code"))
}

#[tokio::test]
async fn an_invalid_body_is_refused_with_place_and_reason_but_without_its_values() {
    let cases = [
        (
            r#"{"adults": "canary", "passengers": []}"#,
            "/adults",
            "wrong_type",
        ),
        (r#"{"adults": 300, "passengers": []}"#, "/adults", "invalid"),
        (r#"{"passengers": []}"#, "/adults", "missing"),
        (
            r#"{"adults": 1, "passengers": [{"name": "张三", "kind": "canary"}]}"#,
            "/passengers/0/kind",
            "not_listed",
        ),
        (
            r#"{"adults": 1, "passengers": [{"name": 110101199003070011, "kind": "adult"}]}"#,
            "/passengers/0/name",
            "wrong_type",
        ),
        (
            r#"{"adults": 1, "passengers": [{"kind": "adult", "name": "张三", "age": 3}]}"#,
            "/passengers/0/age",
            "unknown_field",
        ),
        (r#"{"adults": 1, "张三": 3}"#, "", "unknown_field"),
        (
            r#"{"adults": 1, "adults": 2, "passengers": []}"#,
            "/adults",
            "duplicate",
        ),
        (r#"{"adults": canary}"#, "", "not_json"),
        (r#"{"adults": 1, "passengers": []} canary"#, "", "not_json"),
        (r#"{"adults": 1"#, "", "not_json"),
        ("", "", "not_json"),
        ("[]", "", "wrong_length"),
        // The fields without their names.
        (" [1, []]", "", "wrong_type"),
        ("\"canary\"", "", "wrong_type"),
    ];
    for (body, pointer, code) in cases {
        let found = refused(body).await;
        assert_eq!(found, (pointer.to_owned(), code.to_owned()), "{body}");
    }
}

#[tokio::test]
async fn a_body_must_be_json_within_the_size_limit() {
    let router = router();
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let mut request = Request::post("/v1/take");
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        let answer = send(&router, request.body(Body::from("{}")).unwrap()).await;
        assert_eq!(answer.code(), "unsupported_media_type");
    }
    let fits = post(r#"{"adults": 1, "passengers": []}"#).await;
    assert_eq!(fits.status(), 200);
    let large = post(" ".repeat((1 << 20) + 1)).await;
    assert_eq!(large.code(), "payload_too_large");
}

#[tokio::test]
async fn invalid_parameters_are_named() {
    let router = router();
    let pointer = async |path: &str| {
        let answer = get(&router, path).await;
        assert_eq!(answer.code(), "invalid_request");
        assert!(!String::from_utf8_lossy(&answer.body).contains("canary"));
        answer.json()["errors"][0]["pointer"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(pointer("/v1/list?limit=canary").await, "query/limit");
    assert_eq!(pointer("/v1/list?limit=300").await, "query/limit");
    assert_eq!(pointer("/v1/list?colour=canary").await, "query");
    assert_eq!(pointer("/v1/list?limit=1&limit=2").await, "query/limit");
    assert_eq!(pointer("/v1/one/canary").await, "path");
    assert_eq!(pointer("/v1/one/%ff").await, "path/order_id");
    assert_eq!(get(&router, "/v1/list?limit=3").await.json(), json!(3));
    assert_eq!(get(&router, "/v1/one/7").await.json(), json!(7));
}

#[tokio::test]
async fn the_problem_of_a_query_repeats_neither_unknown_names_nor_parser_messages() {
    let router = router();
    for (query, pointer, message) in [
        (
            "canary=1",
            "query",
            "has a parameter that is not one of: limit",
        ),
        (
            "canary%60,%20expected%20%60x=1",
            "query",
            "has a parameter that is not one of: limit",
        ),
        (
            "limit=1&zhangsan=canary",
            "query",
            "has a parameter that is not one of: limit",
        ),
        (
            "limit=canary",
            "query/limit",
            "expected a whole number within its limits",
        ),
        (
            "limit=",
            "query/limit",
            "expected a whole number within its limits",
        ),
        (
            "limit=300",
            "query/limit",
            "expected a whole number within its limits",
        ),
        ("limit=1&limit=2", "query/limit", "is given twice"),
        (
            "limit=%ff",
            "query/limit",
            "expected a whole number within its limits",
        ),
    ] {
        let answer = get(&router, &format!("/v1/list?{query}")).await;
        assert_eq!(answer.code(), "invalid_request");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(
            !text.contains("canary") && !text.contains("zhangsan"),
            "{text}"
        );
        let error = &answer.json()["errors"][0];
        assert_eq!(error["pointer"], pointer, "{query}: {text}");
        assert_eq!(error["message"], message, "{query}: {text}");
    }
}

#[tokio::test]
async fn a_body_with_a_content_encoding_is_refused() {
    let router = router();
    for (encoding, accepted) in [
        ("gzip", false),
        ("br, gzip", false),
        ("", true),
        ("identity", true),
    ] {
        let request = Request::post("/v1/take")
            .header("content-type", "application/json")
            .header("content-encoding", encoding)
            .body(Body::from(r#"{"adults": 1, "passengers": []}"#));
        let answer = send(&router, request.unwrap()).await;
        if accepted {
            assert_eq!(answer.status(), 200, "{encoding}");
            continue;
        }
        assert_eq!(answer.code(), "unsupported_media_type", "{encoding}");
        assert_eq!(answer.header("accept-encoding"), "identity");
        let detail = answer.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains("Content-Encoding"), "{detail}");
    }
}

#[tokio::test]
async fn headers_are_read_as_they_are_documented() {
    let router = router();
    let ask = async |headers: &[(&str, &str)]| {
        let mut request = Request::get("/v1/headers");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        send(&router, request.body(Body::empty()).unwrap()).await
    };
    let key = ("idempotency-key", "k-1");
    let version = ("if-match", "\"3\"");

    let answer = ask(&[key, ("prefer", "respond-async, wait=20"), version]).await;
    assert_eq!(answer.json(), json!(["k-1", 20, 3]));
    let answer = ask(&[key, ("prefer", "wait=9999"), version]).await;
    assert_eq!(answer.json(), json!(["k-1", 60, 3]));
    let answer = ask(&[key, ("prefer", "wait=soon"), version]).await;
    assert_eq!(answer.json(), json!(["k-1", null, 3]));

    assert_eq!(ask(&[version]).await.code(), "idempotency_key_missing");
    assert_eq!(
        ask(&[("idempotency-key", "a b"), version]).await.code(),
        "invalid_request"
    );
    assert_eq!(
        ask(&[("idempotency-key", ""), version]).await.code(),
        "invalid_request"
    );
    assert_eq!(ask(&[key, key, version]).await.code(), "invalid_request");
    assert_eq!(ask(&[key]).await.code(), "if_match_missing");
    assert_eq!(
        ask(&[key, ("if-match", "*")]).await.code(),
        "invalid_request"
    );
}
