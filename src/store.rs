//! Persistence: the interface of a store, one trait per concern, and the databases that implement it.
//!
//! Decisions are pure functions over rows ([`accept`]). A database only reads, locks and writes. All databases
//! pass the same test suite (`tests/journal`).

pub mod accept;
mod api_keys;
mod attachments;
mod condition;
mod error;
mod feed;
mod inbox;
mod journal;
mod owners;
mod relations;
mod resources;
mod schedule;
pub mod seal;
mod sessions;
pub mod sqlite;
mod webhooks;

use futures::future::BoxFuture;

use crate::domain::ids::HashKey;

pub use api_keys::{ApiKeys, MOST_API_KEYS, MOST_REVOKED_KEYS, SavedApiKey, decide_api_key};
pub use attachments::Attachments;
pub use condition::{Check, Condition, Warning};
pub use error::{Fault, JournalError};
pub use feed::{Event, EventFilter, Feed, Publication};
pub use inbox::{
    Content, Effects, Inbox, MOST_QUARANTINED, MessageFilter, MessageState, NewMessage,
    QuarantineReason, Reception, StoredMessage, Waking, effects, resource_of, subjects,
};
pub use journal::{Acceptance, Filter, Journal, Known, NewOperation, Save, Saved, WithTimeline};
pub use owners::Owners;
pub use relations::Relations;
pub use resources::{
    Around, Changes, Due, Observed, Rereads, Resources, Tracked, after_operation, changes,
    may_change, order_numbers, subjects_of,
};
pub use schedule::Schedule;
pub use sessions::{SavedSession, Sessions, decide_session};
pub use webhooks::{
    AttemptFilter, Attempted, Creation, DeliveryFilter, DueDelivery, DueOrder, Enqueue, Progress,
    SavedWebhook, StoredAttempt, WebhookFilter, Webhooks,
};

/// A store: all concerns together.
pub trait Store:
    Journal
    + Schedule
    + Relations
    + Feed
    + Inbox
    + Resources
    + Attachments
    + Owners
    + Webhooks
    + Sessions
    + ApiKeys
{
    /// Writes a meaningless row to check that the journal can be written.
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>>;

    /// The condition of the data, apart from whether it can be written.
    fn condition(&self) -> Condition;

    /// The key of all keyed hashes: the configured one, or one that the store generated and keeps.
    fn hash_key(&self) -> &HashKey;

    /// Closes the journal once all requested changes are on disk. Later reads fail with [`Fault::Closed`].
    fn close(&self) -> BoxFuture<'_, ()>;
}
