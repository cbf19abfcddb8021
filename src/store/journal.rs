//! Operations as rows: how they are accepted, changed and read.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{Kind, NewEvent, Operation, Proof, State, Subject, TimelineEntry};

/// An operation that a caller asks for, before the journal has it.
#[derive(Clone, Debug)]
pub struct NewOperation {
    /// The operation, revision and version 1, state `accepted`.
    pub operation: Operation,
    /// The caller's key, hashed with the caller's name.
    pub idempotency: [u8; 32],
    /// What the key was used for.
    pub fingerprint: [u8; 32],
    /// A booking of the same passengers on the same segments has the same.
    pub duplicate: Option<[u8; 32]>,
    /// The caller knows of the duplicate and wants it.
    pub allow_duplicate: bool,
    /// The first line of its story.
    pub timeline: TimelineEntry,
}

/// An operation that an idempotency key was used for.
#[derive(Clone, Debug)]
pub struct Known {
    /// The operation.
    pub operation: Operation,
    /// What the key was used for.
    pub fingerprint: [u8; 32],
}

/// What became of an acceptance.
#[derive(Debug)]
pub enum Acceptance {
    /// It is in the journal, durably.
    Accepted,
    /// The key was used for the same request before.
    Replay(Box<Operation>),
    /// The key was used for another request.
    KeyReused,
    /// The subject has an open operation.
    Locked(Box<Operation>),
    /// The same was done before.
    AlreadyDone(Box<Operation>),
    /// The same passengers are being booked on the same segments.
    Duplicate(Box<Operation>),
    /// An earlier one ended `absent` and is not named.
    RetryOfRequired(Box<Operation>),
    /// What it names is no earlier one that ended `absent` and that it repeats.
    NothingToRetry,
}

/// A change of an operation: the whole row as it is to be, if it still has this revision.
#[derive(Clone, Debug)]
pub struct Save {
    /// The row to be; its revision is that on which the change was decided.
    pub operation: Operation,
    /// New lines of its story.
    pub timeline: Vec<TimelineEntry>,
    /// Facts to tell, committed together with the change.
    pub events: Vec<NewEvent>,
    /// What a lookup has found on the operation's account, or an answer has told where nothing is known.
    pub proves: Option<Proof>,
}

/// What became of a change.
#[derive(Debug)]
pub enum Saved {
    /// Committed; the row's new revision.
    Done(i64),
    /// Somebody else changed the row first; this is how it stands.
    Stale(Box<Operation>),
    /// The row sent nothing and has been deleted.
    Gone,
}

/// An operation with its timeline, oldest first.
pub type WithTimeline = (Operation, Vec<TimelineEntry>);

/// Which operations a list shows, newest first.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only this caller's.
    pub caller: Option<String>,
    /// Only in this state.
    pub state: Option<State>,
    /// Only of this kind.
    pub kind: Option<Kind>,
    /// Only about this subject.
    pub subject: Option<String>,
    /// Only about this order, number or change of this account.
    pub about: Option<(AccountName, Subject)>,
    /// Only older than this one.
    pub before: Option<OperationId>,
    /// At most as many.
    pub limit: u32,
}

/// Operations. Every method that changes something answers after the commit is on disk.
pub trait Journal: Send + Sync + std::fmt::Debug {
    /// Takes an operation in, or says why not.
    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>>;

    /// The operation that was taken under this key.
    fn known(&self, idempotency: [u8; 32]) -> BoxFuture<'_, Result<Option<Known>, JournalError>>;

    /// Changes an operation, if it still has the revision on which the change was decided. A change to
    /// `sending` is stale, too, where the operation that it repeats (`retry_of`), or another one on its
    /// subject, needs attention.
    fn save(&self, save: Save) -> BoxFuture<'_, Result<Saved, JournalError>>;

    /// One operation.
    fn get(&self, id: OperationId) -> BoxFuture<'_, Result<Option<Operation>, JournalError>>;

    /// One operation with its timeline: both from one read, so that they agree.
    fn with_timeline(
        &self,
        id: OperationId,
    ) -> BoxFuture<'_, Result<Option<WithTimeline>, JournalError>>;

    /// Operations, newest first.
    fn list(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;
}
