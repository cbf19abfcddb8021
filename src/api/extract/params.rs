//! Typed query and path parameters.

use axum::extract::path::ErrorKind;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{FromRequestParts, Path as AxumPath, Query as AxumQuery};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

use super::super::problem::{FieldError, Problem};
use super::reason::{self, Reason};

/// The query parameters.
#[derive(Debug, Clone, Copy, Default)]
pub struct Query<T>(pub T);

/// The parameters in the path.
#[derive(Debug, Clone, Copy)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        match AxumQuery::from_request_parts(parts, state).await {
            Ok(AxumQuery(query)) => Ok(Self(query)),
            Err(rejection) => Err(query_problem(&rejection, parts.uri.query())),
        }
    }
}

/// The problem of a query. It repeats no unknown name and no value: they may be personal data.
fn query_problem(rejection: &QueryRejection, query: Option<&str>) -> Problem {
    let text = rejection.body_text();
    let text = text
        .strip_prefix("Failed to deserialize query string: ")
        .unwrap_or(&text);
    if let Some((_, rest)) = text.split_once("unknown field `") {
        return problem("query", "", "unknown_field", unknown_parameter(rest));
    }
    // `name: message`, or only the message if no parameter caused it.
    let (name, message) = match text.split_once(": ") {
        Some((name, message)) if is_name(name) => (name, message),
        _ => ("", text),
    };
    let value = form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .find(|(key, _)| key == name)
        .map(|(_, value)| value);
    let reason = reason::of(message, value.as_deref());
    let name = reason.field.as_deref().unwrap_or(name);
    problem("query", name, reason.code, reworded(reason.message))
}

/// The message for an unknown parameter. serde ends its own message with the names that it expects.
fn unknown_parameter(message: &str) -> String {
    let names: Vec<_> = message
        .rsplit_once("`, expected ")
        .map_or("", |(_, names)| names)
        .split('`')
        .skip(1)
        .step_by(2)
        .collect();
    if names.is_empty() {
        return "has a parameter, but this operation accepts none".to_owned();
    }
    format!("has a parameter that is not one of: {}", names.join(", "))
}

/// Replaces the messages of the standard library's parsers with ones that a caller understands.
fn reworded(message: String) -> String {
    let ours = ["expected ", "is ", "must "];
    if ours.iter().any(|start| message.starts_with(start)) {
        message
    } else if message.contains("digit") || message.contains("integer") || message.contains("number")
    {
        "expected a whole number within its limits".to_owned()
    } else {
        "is not valid".to_owned()
    }
}

fn is_name(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

fn problem(place: &str, name: &str, code: &'static str, message: String) -> Problem {
    let pointer = if name.is_empty() {
        place.to_owned()
    } else {
        format!("{place}/{name}")
    };
    Problem::invalid(FieldError::new(pointer, code, message))
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Problem> {
        AxumPath::from_request_parts(parts, state)
            .await
            .map(|AxumPath(path)| Self(path))
            .map_err(path_problem)
    }
}

fn path_problem(rejection: PathRejection) -> Problem {
    let not_valid = |name: &str, Reason { code, message, .. }| problem("path", name, code, message);
    let plain = || Reason {
        code: "invalid",
        message: "is not valid".to_owned(),
        field: None,
    };
    match rejection {
        PathRejection::FailedToDeserializePathParams(error) => match error.into_kind() {
            ErrorKind::DeserializeError {
                key,
                value,
                message,
            } => not_valid(&key, reason::of(&message, Some(&value))),
            ErrorKind::ParseErrorAtKey { key, .. } | ErrorKind::InvalidUtf8InPathParam { key } => {
                not_valid(&key, plain())
            }
            _ => not_valid("", plain()),
        },
        _ => not_valid("", plain()),
    }
}
