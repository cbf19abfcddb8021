//! Webhooks and their deliveries. The decision about an attempt is a pure function ([`after_attempt`]) over rows that a
//! backend has fetched.

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::error::JournalError;
use super::feed::Event;
use crate::domain::ids::WebhookId;
use crate::domain::webhook::{Attempt, Delivery, DeliveryState, Replay, Retries, Webhook};

/// Which webhooks to read, oldest first.
#[derive(Clone, Debug, Default)]
pub struct WebhookFilter {
    /// Only webhooks of this caller.
    pub owner: Option<String>,
    /// Only webhooks created after this one.
    pub after: Option<WebhookId>,
    /// At most this many.
    pub limit: u32,
}

/// The result of [`Webhooks::create_webhook`].
#[derive(Debug, PartialEq)]
pub enum Creation {
    /// It was created.
    Created,
    /// The owner has a webhook with this address already.
    Exists(WebhookId),
    /// The owner has as many webhooks as allowed.
    TooMany,
}

/// The result of [`Webhooks::save_webhook`].
#[derive(Debug, PartialEq)]
pub enum SavedWebhook {
    /// Committed; contains the new row.
    Done(Box<Webhook>),
    /// Not committed, because it was changed meanwhile; contains the stored row.
    Stale(Box<Webhook>),
    /// The owner has another webhook with this address.
    Exists(WebhookId),
    /// It was deleted.
    Gone,
}

/// Events for a webhook, and how far it has come with them.
#[derive(Clone, Debug)]
pub struct Enqueue {
    /// The webhook.
    pub webhook: WebhookId,
    /// The version of the webhook for which the events were selected.
    pub version: i64,
    /// The progress. It is compared and set.
    pub progress: Progress,
    /// The positions and subjects of the events, oldest first.
    pub events: Vec<(i64, String)>,
    /// Now.
    pub now: Timestamp,
}

/// How far a webhook has come: from, to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// In the feed.
    Feed(i64, i64),
    /// With the first replay, and what is left of it.
    Replay(Replay, Option<Replay>),
}

/// The order of deliveries that are due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DueOrder {
    /// Those that are due longest first.
    Longest,
    /// Only those that were not attempted yet, if there are any, those that became due last first.
    Untried,
}

/// A delivery that is due, with its event.
#[derive(Clone, Debug, PartialEq)]
pub struct DueDelivery {
    /// The delivery.
    pub delivery: Delivery,
    /// The event.
    pub event: Event,
}

/// An attempt to record.
#[derive(Clone, Debug)]
pub struct Attempted {
    /// The webhook.
    pub webhook: WebhookId,
    /// The attempt.
    pub attempt: Attempt,
    /// The schedule of further attempts.
    pub retries: Retries,
    /// A random number that spreads them.
    pub chance: u32,
}

/// Which deliveries of a webhook to read, newest event first.
#[derive(Clone, Copy, Debug)]
pub struct DeliveryFilter {
    /// The webhook.
    pub webhook: WebhookId,
    /// Only deliveries in this state.
    pub state: Option<DeliveryState>,
    /// Only deliveries of events before this position.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// Which attempts of a webhook to read, newest first.
#[derive(Clone, Copy, Debug)]
pub struct AttemptFilter {
    /// The webhook.
    pub webhook: WebhookId,
    /// Only attempts to deliver this event.
    pub sequence: Option<i64>,
    /// Only attempts before this number.
    pub before: Option<i64>,
    /// At most this many.
    pub limit: u32,
}

/// An attempt, with its place among the attempts of all webhooks.
pub type StoredAttempt = (i64, Attempt);

/// The webhooks, and the deliveries of events to them. Deliveries about one subject are attempted in the order of their
/// events: only the first pending one has a time of its next attempt. Events are not trimmed before they are delivered or given
/// up, and those that were given up are kept with their deliveries.
pub trait Webhooks: Send + Sync + std::fmt::Debug {
    /// Creates a webhook, unless its owner has `most` already.
    fn create_webhook(
        &self,
        webhook: Webhook,
        most: u32,
    ) -> BoxFuture<'_, Result<Creation, JournalError>>;

    /// One webhook.
    fn webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<Option<Webhook>, JournalError>>;

    /// Webhooks, oldest first.
    fn webhooks(&self, filter: WebhookFilter) -> BoxFuture<'_, Result<Vec<Webhook>, JournalError>>;

    /// Changes the address, types, description, state, secrets, replays and the record of failures of a webhook if it still has
    /// this revision. The revision and the version increase. If `resumed_at` changes, its waiting
    /// deliveries are due then.
    fn save_webhook(&self, webhook: Webhook) -> BoxFuture<'_, Result<SavedWebhook, JournalError>>;

    /// Deletes a webhook. Its deliveries are deleted later, in parts ([`Self::forget_deliveries`]). Returns whether there
    /// was one.
    fn delete_webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Adds pending deliveries of these events. A delivery that has ended becomes pending again. Returns false, and changes
    /// nothing, if the webhook is not active, has another version, or is at another place.
    fn enqueue(&self, enqueue: Enqueue) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Deliveries that are due.
    fn due_deliveries(
        &self,
        id: WebhookId,
        now: Timestamp,
        order: DueOrder,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<DueDelivery>, JournalError>>;

    /// When the next delivery that is not due yet becomes due.
    fn next_delivery(
        &self,
        id: WebhookId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>>;

    /// Records an attempt with everything that follows from it
    /// ([`after_attempt`](crate::domain::webhook::after_attempt)): the new rows, the next delivery about the
    /// subject, and events for the owner on the account of the event. Returns false, and changes nothing, if the attempt is
    /// outdated.
    fn record_attempt(&self, attempted: Attempted) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Deliveries, newest event first.
    fn deliveries(
        &self,
        filter: DeliveryFilter,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, JournalError>>;

    /// Attempts, newest first.
    fn attempts(
        &self,
        filter: AttemptFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredAttempt>, JournalError>>;

    /// The time of the oldest event whose delivery is pending.
    fn oldest_pending(
        &self,
        id: WebhookId,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>>;

    /// Deletes some of the deliveries of deleted webhooks, and some of those that were given up before this time. Returns the
    /// number of deleted deliveries.
    fn forget_deliveries(&self, dead_before: Timestamp)
    -> BoxFuture<'_, Result<u64, JournalError>>;
}
