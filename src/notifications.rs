//! TOP's messages, and how callers hear of events.

pub mod event_view;
pub mod feed;
pub mod housekeeping;
pub mod inbox;
pub mod receiver;
pub mod webhooks;
