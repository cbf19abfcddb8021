//! What a handler takes out of a request. Everything that does not fit becomes a [`Problem`]; no
//! message repeats a value of the request, since it may be a name or a document number.

use super::problem::{Code, FieldError, Problem};

mod headers;
mod json;
mod params;
mod reason;
mod schema;

pub use headers::{IdempotencyKey, IfMatch, PreferWait};
pub use json::Json;
pub(super) use json::{not_encoded, sized, unread};
pub use params::{Path, Query};

/// A problem with one thing wrong in a header.
fn header_problem(name: &str, code: &'static str, message: &str) -> Problem {
    Problem::invalid(FieldError::new(format!("header/{name}"), code, message))
}

/// The error of an extractor whose header must be there.
fn missing(code: Code) -> Problem {
    Problem::new(code)
}

#[cfg(test)]
mod tests;
