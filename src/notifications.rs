//! TOP's messages, and how callers hear of events.

pub mod feed;
pub mod inbox;
pub mod receiver;
