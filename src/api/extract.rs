//! The extractors of the handlers. A request that does not fit becomes a [`Problem`]; no message repeats
//! a value of the request, because it may be a name or a document number.

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

/// The problem of an invalid header.
pub(super) fn header_problem(name: &str, code: &'static str, message: &str) -> Problem {
    Problem::invalid(FieldError::new(format!("header/{name}"), code, message))
}

/// The problem of a missing required header.
fn missing(code: Code) -> Problem {
    Problem::new(code)
}

#[cfg(test)]
mod tests;
