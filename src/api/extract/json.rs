//! Typed JSON bodies.

use std::error::Error;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_path_to_error::Segment;
use tower_http::timeout::TimeoutError;
use utoipa::ToSchema;

use super::super::auth::Admitted;
use super::super::problem::{Code, FieldError, Problem};
use super::{reason, schema};

/// A JSON body of a request or a response.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Code::UnsupportedMediaType.into());
        }
        not_encoded(request.headers())?;
        let admitted = request.extensions().get::<Admitted>().cloned();
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(rejection.status(), &rejection))?;
        Admitted::again(admitted.as_ref())?;
        parse(&body).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        // Most responses fit, an order included.
        sized(&self.0, 4096)
    }
}

/// A JSON response; `about` is its expected size in bytes. The buffer is allocated once, so that a large body is
/// not copied repeatedly while it grows.
pub(in crate::api) fn sized<T: Serialize>(value: &T, about: usize) -> Response {
    let mut body = Vec::with_capacity(about);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => {
            let json = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json)], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "a response could not be serialised as JSON");
            Problem::new(Code::Internal).into_response()
        }
    }
}

/// Whether the content type is `application/json` or `application/<anything>+json`, with any parameters.
fn is_json(headers: &HeaderMap) -> bool {
    let Some(value) = headers.get(CONTENT_TYPE).and_then(|v| v.to_str().ok()) else {
        return false;
    };
    let essence = value.split(';').next().unwrap_or_default().trim();
    let Some((kind, subtype)) = essence.split_once('/') else {
        return false;
    };
    let subtype = subtype.to_ascii_lowercase();
    kind.eq_ignore_ascii_case("application") && (subtype == "json" || subtype.ends_with("+json"))
}

/// Refuses a compressed body, because its decompressed size has no bound.
pub(in crate::api) fn not_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |value: &HeaderValue| {
        let value = value.as_bytes().trim_ascii();
        value.is_empty() || value.eq_ignore_ascii_case(b"identity")
    };
    if headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail("The body has a `Content-Encoding`, which the gateway does not accept.")
        .hint("Send the body uncompressed, without `Content-Encoding`.")
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// The problem of a body that could not be read to its end.
pub(in crate::api) fn unread(status: StatusCode, error: &(dyn Error + 'static)) -> Problem {
    let mut cause: Option<&(dyn Error + 'static)> = Some(error);
    while let Some(error) = cause {
        if error.is::<TimeoutError>() {
            return Code::RequestTimeout.into();
        }
        cause = error.source();
    }
    if status == StatusCode::PAYLOAD_TOO_LARGE {
        Code::PayloadTooLarge.into()
    } else {
        Problem::new(Code::InvalidRequest).detail("The body could not be read to its end.")
    }
}

/// Parses a complete body as one JSON object.
pub(super) fn parse<T: DeserializeOwned + ToSchema>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| mismatch(&error, body, &T::name()))?;
    deserializer.end().map_err(|error| syntax(&error))?;
    // serde also accepts an array with the values of the fields, in their order.
    if body.trim_ascii_start().starts_with(b"[") {
        let error = FieldError::new("", "wrong_type", "expected an object, such as {}");
        return Err(Problem::invalid(error));
    }
    Ok(value)
}

fn syntax(error: &serde_json::Error) -> Problem {
    // Only the position is reported, because the text of the error may quote the body.
    let place = format!("line {} column {}", error.line(), error.column());
    let message = if error.is_eof() {
        "the JSON ends too early".to_owned()
    } else {
        format!("this is not JSON: {place}")
    };
    Problem::invalid(FieldError::new("", "not_json", message.clone()))
        .detail(format!("The body is not valid: {message}."))
}

/// The problem of a body that does not fit: the error of serde, and every field that the schema of this
/// name requires and the body lacks.
fn mismatch(
    error: &serde_path_to_error::Error<serde_json::Error>,
    body: &[u8],
    name: &str,
) -> Problem {
    if !error.inner().is_data() {
        return syntax(error.inner());
    }
    let mut pointer = pointer(error.path());
    let whole: Value = serde_json::from_slice(body).unwrap_or_default();
    let found = whole.pointer(&pointer).map(|value| match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    });
    let mut reason = reason::of(&error.inner().to_string(), found.as_deref());
    if let Some(field) = reason.field
        && !pointer.ends_with(&format!("/{field}"))
    {
        pointer = format!("{pointer}/{field}");
    }
    if ["wrong_type", "invalid"].contains(&reason.code)
        && !reason.message.contains("such as")
        && let Some(example) = schema::example(name, &pointer)
    {
        reason.message = format!("{}, such as {example}", reason.message);
    }
    let missing = schema::missing(name, &whole);
    let more: Vec<_> = missing.iter().filter(|m| **m != pointer).collect();
    let problem = Problem::invalid(FieldError::new(&pointer, reason.code, reason.message));
    let problem = match more.len() {
        0 => problem,
        count => {
            let detail = format!("{}; {count} more in `errors`", problem.body().detail());
            problem.detail(detail)
        }
    };
    problem.errors(
        more.into_iter()
            .map(|pointer| FieldError::new(pointer, "missing", "is missing")),
    )
}

/// A JSON Pointer (RFC 6901). It ends before a key that cannot be one of our field names: such a key was invented
/// by the caller and may be personal data.
fn pointer(path: &serde_path_to_error::Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Seq { index } => pointer.push_str(&format!("/{index}")),
            Segment::Map { key } if key.len() <= 64 && key.is_ascii() => {
                pointer.push('/');
                pointer.push_str(&key.replace('~', "~0").replace('/', "~1"));
            }
            Segment::Map { .. } => break,
            Segment::Enum { .. } | Segment::Unknown => {}
        }
    }
    pointer
}
