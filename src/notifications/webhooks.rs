//! Delivers events to the endpoints of callers: signed as in Standard Webhooks, about one subject in order, at least once.

pub mod address;
pub mod client;
pub mod message;
pub mod seal;
pub mod secret;
