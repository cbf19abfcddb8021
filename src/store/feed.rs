//! The feed of events.

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::error::JournalError;
use crate::domain::ids::OperationId;
use crate::domain::operation::EventKind;

/// A fact in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the feed. An event with a smaller number never appears later.
    pub sequence: i64,
    /// What kind of fact.
    pub kind: EventKind,
    /// What it is about.
    pub subject: String,
    /// The fact.
    pub fact: String,
    /// The operation that brought it about.
    pub operation_id: OperationId,
    /// Whose operation it is.
    pub caller: String,
    /// When it was committed.
    pub at: Timestamp,
}

/// The feed of events, in the order in which they were committed.
pub trait Feed: Send + Sync + std::fmt::Debug {
    /// Facts after this place in the feed.
    fn events(&self, after: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Event>, JournalError>>;
}
