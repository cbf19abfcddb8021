//! The journal's contract. One trait, so that a second database serves by the same law.

use futures::future::BoxFuture;
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::attachment::KeptAttachment;
use crate::domain::ids::{AccountName, HashKey, OperationId, OrderId};
use crate::domain::operation::{
    EventKind, Intent, Kind, Lookup, NewEvent, Operation, Proof, State, Subject, TimelineEntry,
};

/// The store did not do what it was asked, or did not say so.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal is not available: {what}")]
pub struct JournalError {
    /// What kind of trouble it is.
    pub fault: Fault,
    /// What happened, for the log.
    pub what: String,
}

/// Why the journal is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may pass: a full disk, a lock, a queue that is full.
    Unavailable,
    /// The journal is closed: the process stops.
    Closed,
    /// The data was deleted, renamed or replaced while the journal was open. Nothing new is taken until
    /// it is back in its place.
    Moved,
    /// The data is corrupt. Nothing new is taken until the next start.
    Damaged,
}

impl JournalError {
    /// An error of this kind.
    #[must_use]
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
        }
    }

    /// An error that may pass.
    #[must_use]
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(Fault::Unavailable, what)
    }
}

/// What the journal knows of its data beside whether it can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JournalCondition)]
pub struct Condition {
    /// The check of the whole database that begins with the process.
    pub check: Check,
    /// What an operator should look into; writes are taken all the same. `hard_link`: the database file has
    /// more than one name. `wal_missing`: the journal was not closed cleanly before this start, and its
    /// write-ahead log was missing, so it may be a copy that lacks what was done since.
    pub warnings: Vec<Warning>,
}

/// How far the check of the whole database has come. Damage makes the gateway not ready; `unfinished`
/// means that the check took too long or failed for another reason, which the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalCheck)]
pub enum Check {
    /// It is under way.
    Running,
    /// It found no damage.
    Passed,
    /// It took too long, or failed for another reason than damage.
    Unfinished,
}

/// Something about the journal that an operator should look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalWarning)]
pub enum Warning {
    /// The database file has more than one name.
    HardLink,
    /// The journal was not closed cleanly before this start, and its write-ahead log was missing: it may
    /// be a copy that lacks what was done since.
    WalMissing,
}

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

/// The journal. Every method that changes something answers after the commit is on disk.
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

    /// Operations to look at: unknown ones before all others, the most overdue first.
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// When the next one is due that is not due yet.
    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>>;

    /// Sends that were begun by a process that is gone, or too long ago in store time.
    fn stale(
        &self,
        boot: &str,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// After a start: everything open is due now, because downtime says nothing.
    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Deletes some of the operations that sent nothing and whose time is over; answers how many.
    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>>;

    /// The later operations on this one's subject that could repeat its effect by their kind, and that may
    /// have been sent or were done, the youngest first. One that is only accepted explains nothing that is there already.
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>>;

    /// The earlier operations on this one's subject whose effect it could repeat by its kind, and that were
    /// sent and ended without effect, the youngest first.
    fn earlier_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// Whether a refund or change of the order was sent.
    fn has_after_sales(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Which operations of this kind, on this account, made what bears one of these numbers.
    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>>;

    /// What a lookup of this kind has found last on this account, or is known to be there.
    fn proof(
        &self,
        account: &AccountName,
        lookup: Lookup,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>>;

    /// Facts after this place in the feed.
    fn events(&self, after: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Event>, JournalError>>;

    /// The attachment with this key, if one was uploaded.
    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>>;

    /// Whether an attachment was uploaded for this order.
    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Keeps an attachment. One that is kept already stays as it is.
    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Writes something that means nothing: whether the journal can be written now.
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>>;

    /// The state of the data, apart from whether it can be written.
    fn condition(&self) -> Condition;

    /// How many operations are in each open state.
    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>>;

    /// The key of all keyed hashes: the given one, or one that the store made and keeps.
    fn hash_key(&self) -> &HashKey;

    /// Closes the journal after everything that was asked for is on disk. Later reads fail with
    /// [`Fault::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
