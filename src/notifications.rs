//! TOP's messages, and how callers hear of events.

pub mod feed;
pub mod housekeeping;
pub mod inbox;
pub mod receiver;
