//! What is kept: the contract of a store, one trait for each concern, and the databases that fulfil it.
//!
//! Decisions are pure functions over rows ([`accept`]). A database only reads, locks and writes, and each passes
//! the same suite (`tests/journal.rs`).

pub mod accept;
mod attachments;
mod condition;
mod error;
mod feed;
mod journal;
mod owners;
mod relations;
mod schedule;
pub mod sqlite;

use futures::future::BoxFuture;

use crate::domain::ids::HashKey;

pub use attachments::Attachments;
pub use condition::{Check, Condition, Warning};
pub use error::{Fault, JournalError};
pub use feed::{Event, EventFilter, Feed, Publication};
pub use journal::{Acceptance, Filter, Journal, Known, NewOperation, Save, Saved, WithTimeline};
pub use owners::Owners;
pub use relations::Relations;
pub use schedule::Schedule;

/// Everything that is kept.
pub trait Store: Journal + Schedule + Relations + Feed + Attachments + Owners {
    /// Writes something that means nothing: whether the journal can be written now.
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>>;

    /// The state of the data, apart from whether it can be written.
    fn condition(&self) -> Condition;

    /// The key of all keyed hashes: the given one, or one that the store made and keeps.
    fn hash_key(&self) -> &HashKey;

    /// Closes the journal after everything that was asked for is on disk. Later reads fail with
    /// [`Fault::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
