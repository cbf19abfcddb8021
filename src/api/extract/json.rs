//! A JSON body, typed.

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

use super::super::problem::{Code, FieldError, Problem};
use super::{reason, schema};

/// A JSON body: taken from a request, or given as an answer.
#[derive(Debug, Clone, Copy, Default)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + ToSchema, S: Send + Sync> FromRequest<S> for Json<T> {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            return Err(Code::UnsupportedMediaType.into());
        }
        not_encoded(request.headers())?;
        let body = Bytes::from_request(request, state)
            .await
            .map_err(|rejection| unread(rejection.status(), &rejection))?;
        parse(&body).map(Json)
    }
}

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        sized(&self.0, 1024)
    }
}

/// An answer of about so many bytes: a large one is not moved again and again while it grows.
pub(in crate::api) fn sized<T: Serialize>(value: &T, about: usize) -> Response {
    let mut body = Vec::with_capacity(about);
    match serde_json::to_writer(&mut body, value) {
        Ok(()) => {
            let json = HeaderValue::from_static("application/json");
            ([(CONTENT_TYPE, json)], body).into_response()
        }
        Err(error) => {
            tracing::error!(%error, "an answer has no JSON form");
            Problem::new(Code::Internal).into_response()
        }
    }
}

/// `application/json` or `application/<anything>+json`, whatever the parameters.
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

/// Refuses a body that is compressed: what it would become has no bound.
pub(in crate::api) fn not_encoded(headers: &HeaderMap) -> Result<(), Problem> {
    let plain = |value: &HeaderValue| {
        let value = value.as_bytes().trim_ascii();
        value.is_empty() || value.eq_ignore_ascii_case(b"identity")
    };
    if headers.get_all(CONTENT_ENCODING).iter().all(plain) {
        return Ok(());
    }
    Err(Problem::new(Code::UnsupportedMediaType)
        .detail("The body has a `Content-Encoding`, and none is taken.")
        .hint("Send the body as it is, without `Content-Encoding`.")
        .header(ACCEPT_ENCODING, HeaderValue::from_static("identity")))
}

/// Why the body could not be read to its end.
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

/// Reads a whole body as one JSON value.
pub(super) fn parse<T: DeserializeOwned + ToSchema>(body: &[u8]) -> Result<T, Problem> {
    let mut deserializer = serde_json::Deserializer::from_slice(body);
    let value = serde_path_to_error::deserialize(&mut deserializer)
        .map_err(|error| mismatch(&error, body, &T::name()))?;
    deserializer.end().map_err(|error| syntax(&error))?;
    Ok(value)
}

fn syntax(error: &serde_json::Error) -> Problem {
    // The position is all that can be said: the text of the error may quote the body.
    let place = format!("line {} column {}", error.line(), error.column());
    let message = if error.is_eof() {
        "the JSON ends too early".to_owned()
    } else {
        format!("this is not JSON: {place}")
    };
    Problem::invalid(FieldError::new("", "not_json", message.clone()))
        .detail(format!("The body is not valid: {message}."))
}

/// Everything that can be said of a body that does not fit: what serde stumbled over, and every field
/// that the schema of this name wants and that is missing.
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

/// RFC 6901. A segment that does not look like a name of ours is a key the caller made up; the
/// pointer then ends before it.
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
