//! How callers hear of events.

pub mod feed;
