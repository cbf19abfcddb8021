//! Delivers events to the endpoints of callers: signed as in Standard Webhooks, about one subject in order, at least once.

pub mod address;
mod attempt;
pub mod client;
mod dispatcher;
mod endpoint;
pub mod message;
mod recipients;
pub mod secret;
pub mod service;

pub use dispatcher::{Dispatcher, Parts};
pub use recipients::Recipients;
