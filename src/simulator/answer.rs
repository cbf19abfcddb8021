//! Writes a response in TOP's usual shape, or a deliberately broken one.

use std::io::Write;
use std::sync::OnceLock;
use std::time::Duration;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use futures::stream::{self, StreamExt};
use http::StatusCode;
use http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderValue, LOCATION};
use serde_json::{Map, Value, json};

use super::gate::PlatformError;
use crate::top::contract::Node;

const JSON: &str = "text/javascript;charset=UTF-8";
const BAD_GATEWAY: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n\
    <body bgcolor=\"white\">\r\n<center><h1>502 Bad Gateway</h1></center>\r\n\
    <hr><center>tengine</center>\r\n</body>\r\n</html>\r\n";

/// What the client receives.
#[derive(Debug)]
pub(super) enum Delivery {
    /// The JSON, compressed if the client accepts gzip.
    Json(String),
    /// The JSON's first half as a complete HTTP body.
    CutJson(String),
    /// The JSON's first half, then a dropped connection.
    CutBody(String),
    /// No response; the connection is dropped.
    Drop,
    /// No response; the connection stays open.
    Hang,
    /// An HTML page with status 502.
    BadGateway,
    /// A status without a body.
    Empty(StatusCode),
    /// A 307 to the same address.
    Redirect,
    /// The JSON object with 20 MB of padding.
    Huge(String),
    /// A small gzip body that inflates to 64 MiB.
    GzipBomb,
    /// Deeply nested JSON.
    Deep(String),
}

/// Builds the HTTP response. For `Hang`, wait before calling this function: it drops the connection.
pub(super) fn respond(delivery: Delivery, gzip: bool) -> Response {
    match delivery {
        Delivery::Json(text) if gzip && text.len() > 512 => match deflate(text.as_bytes()) {
            Ok(packed) => {
                let mut response = with_body(StatusCode::OK, JSON, Body::from(packed));
                let encoding = HeaderValue::from_static("gzip");
                response.headers_mut().insert(CONTENT_ENCODING, encoding);
                response
            }
            Err(_) => with_body(StatusCode::OK, JSON, Body::from(text)),
        },
        Delivery::Json(text) => with_body(StatusCode::OK, JSON, Body::from(text)),
        Delivery::CutJson(text) => with_body(StatusCode::OK, JSON, Body::from(half(&text))),
        Delivery::CutBody(text) => {
            let first = Ok(Bytes::from(half(&text)));
            // The pause lets the first half be sent before the connection breaks.
            let then = stream::once(async {
                tokio::time::sleep(Duration::from_millis(50)).await;
                Err(broken())
            });
            let body = Body::from_stream(stream::iter([first]).chain(then));
            let mut response = with_body(StatusCode::OK, JSON, body);
            let length = HeaderValue::from(text.len());
            response.headers_mut().insert(CONTENT_LENGTH, length);
            response
        }
        Delivery::Drop | Delivery::Hang => {
            // A body that fails at once closes the connection before the head is written.
            let body = Body::from_stream(stream::iter([Err::<Bytes, _>(broken())]));
            with_body(StatusCode::OK, JSON, body)
        }
        Delivery::BadGateway => with_body(
            StatusCode::BAD_GATEWAY,
            "text/html",
            Body::from(BAD_GATEWAY),
        ),
        Delivery::Empty(status) => with_body(status, JSON, Body::empty()),
        Delivery::Redirect => {
            let mut response =
                with_body(StatusCode::TEMPORARY_REDIRECT, "text/html", Body::empty());
            let location = HeaderValue::from_static("/router/rest");
            response.headers_mut().insert(LOCATION, location);
            response
        }
        Delivery::Huge(text) => {
            let Some(open) = text.strip_suffix('}') else {
                return with_body(StatusCode::OK, JSON, Body::from(text));
            };
            let head = Bytes::from(format!("{open},\"padding\":\""));
            let block = Bytes::from(vec![b'x'; 64 * 1024]);
            let blocks = std::iter::repeat_n(block, 320);
            let all = std::iter::once(head)
                .chain(blocks)
                .chain(std::iter::once(Bytes::from_static(b"\"}")));
            let body = Body::from_stream(stream::iter(all.map(Ok::<_, std::io::Error>)));
            with_body(StatusCode::OK, JSON, body)
        }
        Delivery::GzipBomb => {
            // Compressing takes a while, so cache the result.
            static BOMB: OnceLock<Bytes> = OnceLock::new();
            let packed = BOMB.get_or_init(|| bomb().unwrap_or_default().into());
            let mut response = with_body(StatusCode::OK, JSON, Body::from(packed.clone()));
            let encoding = HeaderValue::from_static("gzip");
            response.headers_mut().insert(CONTENT_ENCODING, encoding);
            response
        }
        Delivery::Deep(root) => {
            let depth = 20_000;
            let mut text = format!("{{\"{root}\":");
            text.push_str(&"{\"a\":".repeat(depth));
            text.push_str("null");
            text.push_str(&"}".repeat(depth + 1));
            with_body(StatusCode::OK, JSON, Body::from(text))
        }
    }
}

fn with_body(status: StatusCode, content_type: &'static str, body: Body) -> Response {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    let content_type = HeaderValue::from_static(content_type);
    response.headers_mut().insert(CONTENT_TYPE, content_type);
    response
}

fn half(text: &str) -> Vec<u8> {
    text.as_bytes()[..text.len() / 2].to_vec()
}

fn broken() -> std::io::Error {
    std::io::Error::other("the simulator deliberately drops this connection")
}

fn deflate(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn bomb() -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(b"{\"padding\":\"")?;
    let block = [b'x'; 64 * 1024];
    for _ in 0..1024 {
        encoder.write_all(&block)?;
    }
    encoder.write_all(b"\"}")?;
    encoder.finish()
}

/// `{"error_response": …}`
pub(super) fn platform(error: &PlatformError, request_id: &str) -> Value {
    let mut inner = json!({"code": error.code, "msg": error.msg});
    if let Some(code) = &error.sub_code {
        inner["sub_code"] = json!(code);
    }
    if let Some(msg) = &error.sub_msg {
        inner["sub_msg"] = json!(msg);
    }
    inner["request_id"] = json!(request_id);
    json!({"error_response": inner})
}

/// Wraps every list in an object with the name of its element, as TOP does unless `simplify` is set.
pub(super) fn wrap_lists(nodes: &[Node], map: &mut Map<String, Value>) {
    for node in nodes {
        let Some(value) = map.get_mut(&node.name) else {
            continue;
        };
        match value {
            Value::Array(items) => {
                for item in items.iter_mut() {
                    if let Value::Object(inner) = item {
                        wrap_lists(&node.children, inner);
                    }
                }
                if let Some(wrapper) = &node.wrapper {
                    let items = std::mem::take(items);
                    // TOP writes an empty list as an empty object.
                    *value = if items.is_empty() {
                        json!({})
                    } else {
                        json!({wrapper.as_str(): items})
                    };
                }
            }
            Value::Object(inner) => wrap_lists(&node.children, inner),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}
