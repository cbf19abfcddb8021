//! The feed of events.

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{EventKind, NewEvent};

/// An event in the feed.
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
    /// The purchasing account.
    pub account: AccountName,
    /// The caller that it concerns; only operators see an event without one.
    pub owner: Option<String>,
    /// The operation that brought it about, if one did.
    pub operation_id: Option<OperationId>,
    /// When it was committed.
    pub at: Timestamp,
}

/// An event that no operation brings about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The event.
    pub event: NewEvent,
    /// The purchasing account.
    pub account: AccountName,
    /// The caller that it concerns; only operators see an event without one.
    pub owner: Option<String>,
    /// The time to be recorded.
    pub at: Timestamp,
}

/// Which events of the feed are read, oldest first.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only after this place.
    pub after: i64,
    /// Only those of this caller.
    pub owner: Option<String>,
    /// At most as many.
    pub limit: u32,
}

/// The feed of events, in the order in which they were committed. Events of operations are committed with the
/// change that they report ([`super::Save`]).
pub trait Feed: Send + Sync + std::fmt::Debug {
    /// Events, oldest first.
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>>;

    /// Adds events that no operation brings about. A fact that is in the feed already is not added again.
    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>>;
}
