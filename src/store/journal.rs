//! Operations: accept, save and read.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{Kind, NewEvent, Operation, Proof, State, Subject, TimelineEntry};

/// An operation that a caller requests, before it is in the journal.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// The operation, with revision and version 1, in state `accepted`.
    pub operation: Operation,
    /// The caller's idempotency key, hashed with the caller's name.
    pub idempotency: [u8; 32],
    /// The fingerprint of the request.
    pub fingerprint: [u8; 32],
    /// A hash that is equal for bookings of the same passengers on the same segments.
    pub duplicate: Option<[u8; 32]>,
    /// Whether the caller accepts a possible duplicate.
    pub allow_duplicate: bool,
    /// The first timeline entry.
    pub timeline: TimelineEntry,
}

/// The operation for which an idempotency key was used.
#[derive(Clone, Debug)]
pub struct Known {
    /// The operation.
    pub operation: Operation,
    /// The fingerprint of the request that created the operation.
    pub fingerprint: [u8; 32],
}

/// The result of [`Journal::accept`].
#[derive(Debug)]
pub enum Acceptance {
    /// The operation is durably in the journal.
    Accepted,
    /// The key was already used for the same request.
    Replay(Box<Operation>),
    /// The key was already used for another request.
    KeyReused,
    /// The subject has an open operation.
    Locked(Box<Operation>),
    /// The same write already succeeded.
    AlreadyDone(Box<Operation>),
    /// Another booking of the same passengers on the same segments is open or ended `absent`.
    Duplicate(Box<Operation>),
    /// An earlier operation ended `absent`, and `retry_of` does not name it.
    RetryOfRequired(Box<Operation>),
    /// The operation in `retry_of` did not end `absent`, or the new operation does not repeat it.
    NothingToRetry,
}

/// A change of an operation: the whole new row. The row is written only if the stored row still has this revision.
#[derive(Clone, Debug)]
pub struct Save {
    /// The new row. Its revision is the one on which the change was decided.
    pub operation: Operation,
    /// New timeline entries.
    pub timeline: Vec<TimelineEntry>,
    /// Events to publish, committed together with the change.
    pub events: Vec<NewEvent>,
    /// The object that a lookup found on the operation's account. An object that only a response names is stored too,
    /// but does not replace an earlier one.
    pub proves: Option<Proof>,
    /// Now, in store time (ms).
    pub now_ms: i64,
}

/// The result of [`Journal::save`].
#[derive(Debug)]
pub enum Saved {
    /// Committed; contains the row's new revision.
    Done(i64),
    /// Not committed, usually because the row was changed meanwhile; contains the stored row.
    Stale(Box<Operation>),
    /// The row sent nothing and has been deleted.
    Gone,
}

/// An operation with its timeline, oldest first.
pub type WithTimeline = (Operation, Vec<TimelineEntry>);

/// Which operations a list contains, newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only operations of this caller.
    pub caller: Option<String>,
    /// Only operations in this state.
    pub state: Option<State>,
    /// Only operations of this kind.
    pub kind: Option<Kind>,
    /// Only operations on this subject.
    pub subject: Option<String>,
    /// Only operations on this order, caller's number or change of this account.
    pub about: Option<(AccountName, Subject)>,
    /// Only operations older than this one.
    pub before: Option<OperationId>,
    /// At most this many.
    pub limit: u32,
}

/// Operations. Every method that changes something returns after the commit is on disk.
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Accepts an operation, or returns the reason why it is not accepted.
    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>>;

    /// The operation that was accepted under this key.
    fn known(&self, idempotency: [u8; 32]) -> BoxFuture<'_, Result<Option<Known>, JournalError>>;

    /// Changes an operation if it still has the revision on which the change was decided. A change to
    /// `sending` also returns [`Saved::Stale`] if the operation that it repeats (`retry_of`), or another operation
    /// on its subject, needs attention.
    fn save(&self, save: Save) -> BoxFuture<'_, Result<Saved, JournalError>>;

    /// One operation.
    fn get(&self, id: OperationId) -> BoxFuture<'_, Result<Option<Operation>, JournalError>>;

    /// One operation with its timeline, both from one snapshot, so that they are consistent.
    fn with_timeline(
        &self,
        id: OperationId,
    ) -> BoxFuture<'_, Result<Option<WithTimeline>, JournalError>>;

    /// Operations, newest first.
    fn list(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;
}
