//! The feed of events.

use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{EventKind, NewEvent, OrderNumbers};

/// An event in the feed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// The position in the feed. An event with a smaller number never appears later.
    pub sequence: i64,
    /// The kind of the fact.
    pub kind: EventKind,
    /// The order, refund, change or operation that the fact is about.
    pub subject: String,
    /// The fact.
    pub fact: String,
    /// The purchasing account.
    pub account: AccountName,
    /// The caller that the event concerns. Only operators see an event without an owner.
    pub owner: Option<String>,
    /// The order that the event concerns.
    pub order: OrderNumbers,
    /// The operation that caused the event, if any.
    pub operation_id: Option<OperationId>,
    /// When the event was committed.
    pub at: Timestamp,
}

/// An event that no operation caused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// The event.
    pub event: NewEvent,
    /// The purchasing account.
    pub account: AccountName,
    /// The caller that the event concerns. Only operators see an event without an owner.
    pub owner: Option<String>,
    /// The order that the event concerns.
    pub order: OrderNumbers,
    /// The time of the event.
    pub at: Timestamp,
}

/// Which events to read, oldest first.
#[derive(Clone, Debug, Default)]
pub struct EventFilter {
    /// Only events after this position.
    pub after: i64,
    /// Only events of this caller.
    pub owner: Option<String>,
    /// Only events of these types; of all types if empty.
    pub kinds: Vec<EventKind>,
    /// Only events about this subject.
    pub subject: Option<String>,
    /// At most this many.
    pub limit: u32,
}

// === impl EventFilter ===

impl EventFilter {
    /// Whether the filter selects the event.
    #[must_use]
    pub fn selects(&self, event: &Event) -> bool {
        event.sequence > self.after
            && self
                .owner
                .as_ref()
                .is_none_or(|owner| event.owner.as_ref() == Some(owner))
            && (self.kinds.is_empty() || self.kinds.contains(&event.kind))
            && self
                .subject
                .as_ref()
                .is_none_or(|subject| event.subject == *subject)
    }
}

/// The feed of events in commit order. Events of operations are committed with the change that they report
/// ([`super::Save`]).
pub trait Feed: Send + Sync + std::fmt::Debug {
    /// Events, oldest first.
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>>;

    /// The position of the newest event; 0 if there is none.
    fn last_event(&self) -> BoxFuture<'_, Result<i64, JournalError>>;

    /// The number of commits that may have added events, since the store was opened. It increases before the caller of
    /// such a commit gets its reply.
    fn committed(&self) -> watch::Receiver<u64>;

    /// The position up to which events were deleted; 0 if none were. Earlier events are only kept for deliveries that were
    /// given up.
    fn trimmed_events(&self) -> BoxFuture<'_, Result<i64, JournalError>>;

    /// Deletes some of the oldest events, committed before this time (ms), with their deliveries. Events that a webhook
    /// still needs are not deleted, and those whose delivery was given up are passed over. Returns the number of events that
    /// were deleted or passed over; 0 if there is nothing left to do.
    fn trim_events(&self, before_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>>;

    /// Whether a message of TOP reported this fact of the account.
    fn is_reported_by_message(
        &self,
        account: &AccountName,
        event: NewEvent,
    ) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Adds events that no operation caused. A fact that is already in the feed is not added again.
    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>>;
}
