//! The journal of one process: reads go to the store directly, changes stop at a gate.

use fliggy_gateway::domain::api_key::{ApiKey, KeyDigest};
use fliggy_gateway::domain::attachment::KeptAttachment;
use fliggy_gateway::domain::ids::{
    AccountName, HashKey, OperationId, OrderId, OutOrderNo, WebhookId,
};
use fliggy_gateway::domain::operation::{
    Intent, Kind, LookupKind, NewEvent, Operation, Ownership, Proof, State,
};
use fliggy_gateway::domain::session::StoredSession;
use fliggy_gateway::domain::webhook::{Delivery, Webhook};
use fliggy_gateway::store::{
    Acceptance, ApiKeys, Attachments, AttemptFilter, Attempted, Condition, Creation,
    DeliveryFilter, Due, DueDelivery, DueOrder, Enqueue, Event, EventFilter, Feed, Filter, Inbox,
    Journal, JournalError, Known, MessageFilter, NewMessage, NewOperation, Observed, Owners,
    Publication, Reception, Relations, Resources, Save, Saved, SavedApiKey, SavedSession,
    SavedWebhook, Schedule, Sessions, Store, StoredAttempt, StoredMessage, Waking, WebhookFilter,
    Webhooks, WithTimeline,
};
use futures::FutureExt as _;
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{oneshot, watch};
use tokio::time::Instant;

use crate::store::ModelStore;
use crate::world::{Change, Outcome, Shared, answered};

#[derive(Debug)]
pub(crate) struct GatedJournal {
    world: Shared,
    boot: u32,
    hash_key: HashKey,
}

// === impl GatedJournal ===

impl GatedJournal {
    pub(crate) fn new(world: Shared, boot: u32) -> Self {
        let hash_key = world.lock().store.hash_key().clone();
        Self {
            world,
            boot,
            hash_key,
        }
    }

    async fn change(&self, change: Change) -> Result<Outcome, JournalError> {
        self.world.alive(self.boot).await;
        let (answer, outcome) = oneshot::channel();
        self.world.lock().ask_store(change, answer);
        answered(outcome).await
    }

    /// Reads the store at once.
    fn read<'a, T: Send + 'a>(
        &'a self,
        read: impl FnOnce(&ModelStore) -> BoxFuture<'_, Result<T, JournalError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, JournalError>> {
        Box::pin(async move {
            self.world.alive(self.boot).await;
            let world = self.world.lock();
            if world.unreadable {
                return Err(JournalError::unavailable("it cannot be read"));
            }
            read(&world.store).now_or_never().unwrap()
        })
    }
}

impl Journal for GatedJournal {
    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>> {
        Box::pin(async move {
            match self.change(Change::Accept(Box::new(new))).await? {
                Outcome::Accepted(taken) => Ok(taken),
                Outcome::Saved(_) => unreachable!("an acceptance was requested"),
            }
        })
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Saved, JournalError>> {
        Box::pin(async move {
            match self.change(Change::Save(Box::new(save))).await? {
                Outcome::Saved(saved) => Ok(saved),
                Outcome::Accepted(_) => unreachable!("a save was requested"),
            }
        })
    }

    fn known(&self, idempotency: [u8; 32]) -> BoxFuture<'_, Result<Option<Known>, JournalError>> {
        self.read(move |store| store.known(idempotency))
    }

    fn get(&self, id: OperationId) -> BoxFuture<'_, Result<Option<Operation>, JournalError>> {
        self.read(move |store| store.get(id))
    }

    fn with_timeline(
        &self,
        id: OperationId,
    ) -> BoxFuture<'_, Result<Option<WithTimeline>, JournalError>> {
        self.read(move |store| store.with_timeline(id))
    }

    fn list(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.read(move |store| store.list(filter))
    }
}

impl Schedule for GatedJournal {
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.read(move |store| store.due(now_ms, limit))
    }

    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>> {
        self.read(move |store| store.next_due(now_ms))
    }

    fn stale(
        &self,
        instance: &str,
        now_ms: i64,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        let instance = instance.to_owned();
        let world = self.world.clone();
        self.read(move |store| store.stale(&instance, now_ms, touched_before_ms))
            .inspect(move |_| world.lock().pass = Instant::now())
            .boxed()
    }

    fn renew(&self, instance: &str, until_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        let instance = instance.to_owned();
        self.read(move |store| store.renew(&instance, until_ms))
    }

    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read(move |store| store.wake_all(now_ms))
    }

    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.read(move |store| store.prune(now_ms))
    }

    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>> {
        self.read(|store| store.open_counts())
    }
}

impl Relations for GatedJournal {
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>> {
        let operation = operation.clone();
        self.read(move |store| store.later_ones(&operation))
    }

    fn earlier_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        let operation = operation.clone();
        self.read(move |store| store.earlier_ones(&operation))
    }

    fn has_after_sales(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let account = account.clone();
        self.read(move |store| store.has_after_sales(&account, order_id))
    }

    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>> {
        let (account, numbers) = (account.clone(), numbers.to_vec());
        self.read(move |store| store.makers(&account, kind, &numbers))
    }

    fn proof(
        &self,
        account: &AccountName,
        lookup: LookupKind,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>> {
        let account = account.clone();
        self.read(move |store| store.proof(&account, lookup))
    }
}

impl Feed for GatedJournal {
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.read(move |store| store.events(filter))
    }

    fn last_event(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.read(Feed::last_event)
    }

    fn trimmed_events(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.read(Feed::trimmed_events)
    }

    fn trim_events(&self, before_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.read(move |store| store.trim_events(before_ms))
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.world.lock().store.committed()
    }

    fn is_reported_by_message(
        &self,
        account: &AccountName,
        event: NewEvent,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let account = account.clone();
        self.read(move |store| store.is_reported_by_message(&account, event))
    }

    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read(move |store| store.publish(events))
    }
}

/// Messages are committed at once: the explorer chooses when they arrive.
impl Inbox for GatedJournal {
    fn receive(
        &self,
        messages: Vec<NewMessage>,
        waking: Waking,
    ) -> BoxFuture<'_, Result<Vec<Reception>, JournalError>> {
        self.read(move |store| store.receive(messages, waking))
    }

    fn messages(
        &self,
        filter: MessageFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredMessage>, JournalError>> {
        self.read(move |store| store.messages(filter))
    }

    fn quarantined(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.read(Inbox::quarantined)
    }

    fn forget_messages(
        &self,
        processed_before_ms: i64,
        quarantined_before_ms: i64,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.read(move |store| store.forget_messages(processed_before_ms, quarantined_before_ms))
    }
}

impl Resources for GatedJournal {
    fn observe(&self, observed: Vec<Observed>) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read(move |store| store.observe(observed))
    }

    fn due_resources(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Due>, JournalError>> {
        self.read(move |store| store.due_resources(now_ms, limit))
    }
}

impl Attachments for GatedJournal {
    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>> {
        self.read(move |store| store.attachment(key))
    }

    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let account = account.clone();
        self.read(move |store| store.has_attachment(&account, order_id))
    }

    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read(move |store| store.keep_attachment(attachment))
    }
}

impl Owners for GatedJournal {
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        let account = account.clone();
        self.read(move |store| store.owner_of_order(&account, order_id))
    }

    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        let (account, number) = (account.clone(), out_order_no.clone());
        self.read(move |store| store.owner_of_reference(&account, &number))
    }
}

impl Webhooks for GatedJournal {
    fn create_webhook(
        &self,
        webhook: Webhook,
        most: u32,
    ) -> BoxFuture<'_, Result<Creation, JournalError>> {
        self.read(move |store| store.create_webhook(webhook, most))
    }

    fn webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<Option<Webhook>, JournalError>> {
        self.read(move |store| store.webhook(id))
    }

    fn webhooks(&self, filter: WebhookFilter) -> BoxFuture<'_, Result<Vec<Webhook>, JournalError>> {
        self.read(move |store| store.webhooks(filter))
    }

    fn save_webhook(&self, webhook: Webhook) -> BoxFuture<'_, Result<SavedWebhook, JournalError>> {
        self.read(move |store| store.save_webhook(webhook))
    }

    fn delete_webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.read(move |store| store.delete_webhook(id))
    }

    fn enqueue(&self, enqueue: Enqueue) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.read(move |store| store.enqueue(enqueue))
    }

    fn due_deliveries(
        &self,
        id: WebhookId,
        now: Timestamp,
        order: DueOrder,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<DueDelivery>, JournalError>> {
        self.read(move |store| store.due_deliveries(id, now, order, limit))
    }

    fn next_delivery(
        &self,
        id: WebhookId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        self.read(move |store| store.next_delivery(id, now))
    }

    fn record_attempt(&self, attempted: Attempted) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.read(move |store| store.record_attempt(attempted))
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, JournalError>> {
        self.read(move |store| store.deliveries(filter))
    }

    fn attempts(
        &self,
        filter: AttemptFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredAttempt>, JournalError>> {
        self.read(move |store| store.attempts(filter))
    }

    fn oldest_pending(
        &self,
        id: WebhookId,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        self.read(move |store| store.oldest_pending(id))
    }

    fn forget_deliveries(
        &self,
        dead_before: Timestamp,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.read(move |store| store.forget_deliveries(dead_before))
    }
}

impl Sessions for GatedJournal {
    fn sessions(&self) -> BoxFuture<'_, Result<Vec<StoredSession>, JournalError>> {
        self.read(|store| store.sessions())
    }

    fn session(
        &self,
        account: &AccountName,
    ) -> BoxFuture<'_, Result<Option<StoredSession>, JournalError>> {
        let account = account.clone();
        self.read(move |store| store.session(&account))
    }

    fn save_session(
        &self,
        session: StoredSession,
    ) -> BoxFuture<'_, Result<SavedSession, JournalError>> {
        self.read(move |store| store.save_session(session))
    }
}

impl ApiKeys for GatedJournal {
    fn api_keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, JournalError>> {
        self.read(|store| store.api_keys())
    }

    fn save_api_key(
        &self,
        key: ApiKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SavedApiKey, JournalError>> {
        self.read(move |store| store.save_api_key(key, now))
    }

    fn mark_used(
        &self,
        used: Vec<(KeyDigest, Timestamp)>,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read(move |store| store.mark_used(used))
    }
}

impl Store for GatedJournal {
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>> {
        self.read(|store| store.probe())
    }

    fn condition(&self) -> Condition {
        self.world.lock().store.condition()
    }

    fn hash_key(&self) -> &HashKey {
        &self.hash_key
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
