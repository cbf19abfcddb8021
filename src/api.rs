//! The REST API. Each operation has one file; a route and its documentation are declared together.

pub mod accounts;
pub mod attachments;
pub mod auth;
pub mod changes;
mod context;
pub mod events;
mod examples;
pub mod extract;
pub mod flights;
pub mod include;
pub mod keys;
mod limit;
mod malformed;
pub mod notifications;
pub mod openapi;
pub mod operations;
pub mod orders;
mod outcome;
mod params;
pub mod problem;
pub mod refunds;
pub mod request_log;
mod router;
mod scopes;
pub mod state;
mod swagger_ui;
mod system;
pub mod webhooks;
mod write;

use axum::http::HeaderValue;

pub use malformed::Malformed;
pub use openapi::document as openapi;
pub use problem::{Code, Problem};
pub use router::router;
pub use state::{ApiState, Readiness, Ready};

/// Forbids caches to store responses, because responses contain personal data and amounts.
const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

#[cfg(test)]
mod tests;
