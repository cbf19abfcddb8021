//! A journal whose commits a test can delay, refuse, or leave unacknowledged.

use std::sync::{Arc, Mutex};

use fliggy_gateway::domain::api_key::{ApiKey, KeyDigest};
use fliggy_gateway::domain::attachment::KeptAttachment;
use fliggy_gateway::domain::ids::{
    AccountName, HashKey, OperationId, OrderId, OutOrderNo, WebhookId,
};
use fliggy_gateway::domain::operation::{
    Basis, Intent, Kind, LookupKind, NewEvent, Operation, Ownership, Proof, Standing, State,
};
use fliggy_gateway::domain::session::StoredSession;
use fliggy_gateway::domain::webhook::{Delivery, Webhook};
use fliggy_gateway::store::sqlite::SqliteJournal;
use fliggy_gateway::store::{
    Acceptance, ApiKeys, Attachments, AttemptFilter, Attempted, Condition, Creation,
    DeliveryFilter, Due, DueDelivery, DueOrder, Enqueue, Event, EventFilter, Feed, Filter, Inbox,
    Journal, JournalError, Known, MessageFilter, NewMessage, NewOperation, Observed, Owners,
    Publication, Reception, Relations, Resources, Save, Saved, SavedApiKey, SavedSession,
    SavedWebhook, Schedule, Sessions, Store, StoredAttempt, StoredMessage, Waking, WebhookFilter,
    Webhooks, WithTimeline,
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::{oneshot, watch};

/// What happens to a commit.
#[derive(Debug)]
enum How {
    /// The test is notified of the commit, and releases it.
    Held(oneshot::Sender<()>, oneshot::Receiver<()>),
    /// The commit fails.
    Refused,
    /// The commit succeeds, but is reported as failed.
    Unacknowledged,
}

/// A trap for the next such access. Each trap catches one.
#[derive(Debug)]
struct Trap {
    access: Access,
    how: How,
}

/// An access to the journal.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Access {
    /// The commit of an operation in this state.
    Save(Standing),
    /// The commit of what a read shows.
    Observe,
    /// A query of one operation.
    Get,
}

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct HeldJournal {
    inner: SqliteJournal,
    traps: Traps,
}

/// The traps of a journal, controlled by the test.
#[derive(Clone, Debug, Default)]
pub(crate) struct Traps(Arc<Mutex<Vec<Trap>>>);

/// A commit that is held back.
pub(crate) struct Held {
    requested: oneshot::Receiver<()>,
    go_on: oneshot::Sender<()>,
}

pub(crate) const SENDING: Standing = Standing::of(State::Sending);
pub(crate) const SUCCEEDED: Standing = Standing::of(State::Succeeded);
pub(crate) const NOT_SENT: Standing = Standing::not_executed(Basis::NotSent);

impl Traps {
    /// A journal with these traps.
    pub(crate) fn around(&self, inner: SqliteJournal) -> Arc<dyn Store> {
        Arc::new(HeldJournal {
            inner,
            traps: self.clone(),
        })
    }

    /// Holds back the next save into this state.
    pub(crate) fn hold(&self, into: Standing) -> Held {
        self.hold_access(Access::Save(into))
    }

    /// Holds back the next record of what a read shows.
    pub(crate) fn hold_read(&self) -> Held {
        self.hold_access(Access::Observe)
    }

    /// Holds back the result of the next query of one operation, which may be outdated when it is released.
    pub(crate) fn hold_get(&self) -> Held {
        self.hold_access(Access::Get)
    }

    fn hold_access(&self, access: Access) -> Held {
        let (notify, requested) = oneshot::channel();
        let (go_on, may_go_on) = oneshot::channel();
        self.set(access, How::Held(notify, may_go_on));
        Held { requested, go_on }
    }

    /// Makes the next save into this state fail.
    pub(crate) fn refuse(&self, into: Standing) {
        self.set(Access::Save(into), How::Refused);
    }

    /// Executes the next save into this state, but reports it as failed.
    pub(crate) fn leave_unacknowledged(&self, into: Standing) {
        self.set(Access::Save(into), How::Unacknowledged);
    }

    /// The number of traps that have caught nothing yet.
    pub(crate) fn left(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn set(&self, access: Access, how: How) {
        self.0.lock().unwrap().push(Trap { access, how });
    }

    fn take(&self, access: Access) -> Option<How> {
        let mut traps = self.0.lock().unwrap();
        let index = traps.iter().position(|trap| trap.access == access)?;
        Some(traps.remove(index).how)
    }
}

impl Held {
    /// Waits until the commit is requested.
    pub(crate) async fn requested(&mut self) {
        let limit = std::time::Duration::from_secs(20);
        let requested = tokio::time::timeout(limit, &mut self.requested).await;
        requested.expect("a commit to hold back").unwrap();
    }

    /// Lets the commit proceed.
    pub(crate) fn release(self) {
        self.go_on.send(()).unwrap();
    }
}

fn refused() -> JournalError {
    JournalError::unavailable("refused by the test")
}

impl Journal for HeldJournal {
    fn save(&self, save: Save) -> BoxFuture<'_, Result<Saved, JournalError>> {
        Box::pin(async move {
            match self.traps.take(Access::Save(save.operation.standing)) {
                None => self.inner.save(save).await,
                Some(How::Refused) => Err(refused()),
                Some(How::Unacknowledged) => {
                    self.inner.save(save).await.unwrap();
                    Err(refused())
                }
                Some(How::Held(requested, go_on)) => {
                    requested.send(()).unwrap();
                    go_on.await.unwrap();
                    self.inner.save(save).await
                }
            }
        })
    }

    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>> {
        self.inner.accept(new)
    }

    fn known(&self, idempotency: [u8; 32]) -> BoxFuture<'_, Result<Option<Known>, JournalError>> {
        self.inner.known(idempotency)
    }

    fn get(&self, id: OperationId) -> BoxFuture<'_, Result<Option<Operation>, JournalError>> {
        Box::pin(async move {
            let found = self.inner.get(id).await;
            if let Some(How::Held(requested, go_on)) = self.traps.take(Access::Get) {
                requested.send(()).unwrap();
                go_on.await.unwrap();
            }
            found
        })
    }

    fn with_timeline(
        &self,
        id: OperationId,
    ) -> BoxFuture<'_, Result<Option<WithTimeline>, JournalError>> {
        self.inner.with_timeline(id)
    }

    fn list(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.inner.list(filter)
    }
}

impl Schedule for HeldJournal {
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.inner.due(now_ms, limit)
    }

    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>> {
        self.inner.next_due(now_ms)
    }

    fn stale(
        &self,
        instance: &str,
        now_ms: i64,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.inner.stale(instance, now_ms, touched_before_ms)
    }

    fn renew(&self, instance: &str, until_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.renew(instance, until_ms)
    }

    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.wake_all(now_ms)
    }

    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.inner.prune(now_ms)
    }

    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>> {
        self.inner.open_counts()
    }
}

impl Relations for HeldJournal {
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>> {
        self.inner.later_ones(operation)
    }

    fn earlier_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.inner.earlier_ones(operation)
    }

    fn has_after_sales(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.inner.has_after_sales(account, order_id)
    }

    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>> {
        self.inner.makers(account, kind, numbers)
    }

    fn proof(
        &self,
        account: &AccountName,
        lookup: LookupKind,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>> {
        self.inner.proof(account, lookup)
    }
}

impl Feed for HeldJournal {
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.inner.events(filter)
    }

    fn last_event(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.inner.last_event()
    }

    fn trimmed_events(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.inner.trimmed_events()
    }

    fn trim_events(&self, before_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.inner.trim_events(before_ms)
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.inner.committed()
    }

    fn is_reported_by_message(
        &self,
        account: &AccountName,
        event: NewEvent,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.inner.is_reported_by_message(account, event)
    }

    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.publish(events)
    }
}

impl Inbox for HeldJournal {
    fn receive(
        &self,
        messages: Vec<NewMessage>,
        waking: Waking,
    ) -> BoxFuture<'_, Result<Vec<Reception>, JournalError>> {
        self.inner.receive(messages, waking)
    }

    fn messages(
        &self,
        filter: MessageFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredMessage>, JournalError>> {
        self.inner.messages(filter)
    }

    fn quarantined(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.inner.quarantined()
    }

    fn forget_messages(
        &self,
        processed_before_ms: i64,
        quarantined_before_ms: i64,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.inner
            .forget_messages(processed_before_ms, quarantined_before_ms)
    }
}

impl Resources for HeldJournal {
    fn observe(&self, observed: Vec<Observed>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            if let Some(How::Held(requested, go_on)) = self.traps.take(Access::Observe) {
                requested.send(()).unwrap();
                go_on.await.unwrap();
            }
            self.inner.observe(observed).await
        })
    }

    fn due_resources(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Due>, JournalError>> {
        self.inner.due_resources(now_ms, limit)
    }
}

impl Attachments for HeldJournal {
    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>> {
        self.inner.attachment(key)
    }

    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.inner.has_attachment(account, order_id)
    }

    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.keep_attachment(attachment)
    }
}

impl Owners for HeldJournal {
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        self.inner.owner_of_order(account, order_id)
    }

    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        self.inner.owner_of_reference(account, out_order_no)
    }
}

impl Webhooks for HeldJournal {
    fn create_webhook(
        &self,
        webhook: Webhook,
        most: u32,
    ) -> BoxFuture<'_, Result<Creation, JournalError>> {
        self.inner.create_webhook(webhook, most)
    }

    fn webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<Option<Webhook>, JournalError>> {
        self.inner.webhook(id)
    }

    fn webhooks(&self, filter: WebhookFilter) -> BoxFuture<'_, Result<Vec<Webhook>, JournalError>> {
        self.inner.webhooks(filter)
    }

    fn save_webhook(&self, webhook: Webhook) -> BoxFuture<'_, Result<SavedWebhook, JournalError>> {
        self.inner.save_webhook(webhook)
    }

    fn delete_webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.inner.delete_webhook(id)
    }

    fn enqueue(&self, enqueue: Enqueue) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.inner.enqueue(enqueue)
    }

    fn due_deliveries(
        &self,
        id: WebhookId,
        now: Timestamp,
        order: DueOrder,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<DueDelivery>, JournalError>> {
        self.inner.due_deliveries(id, now, order, limit)
    }

    fn next_delivery(
        &self,
        id: WebhookId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        self.inner.next_delivery(id, now)
    }

    fn record_attempt(&self, attempted: Attempted) -> BoxFuture<'_, Result<bool, JournalError>> {
        self.inner.record_attempt(attempted)
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, JournalError>> {
        self.inner.deliveries(filter)
    }

    fn attempts(
        &self,
        filter: AttemptFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredAttempt>, JournalError>> {
        self.inner.attempts(filter)
    }

    fn oldest_pending(
        &self,
        id: WebhookId,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        self.inner.oldest_pending(id)
    }

    fn forget_deliveries(
        &self,
        dead_before: Timestamp,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        self.inner.forget_deliveries(dead_before)
    }
}

impl Sessions for HeldJournal {
    fn sessions(&self) -> BoxFuture<'_, Result<Vec<StoredSession>, JournalError>> {
        self.inner.sessions()
    }

    fn session(
        &self,
        account: &AccountName,
    ) -> BoxFuture<'_, Result<Option<StoredSession>, JournalError>> {
        self.inner.session(account)
    }

    fn save_session(
        &self,
        session: StoredSession,
    ) -> BoxFuture<'_, Result<SavedSession, JournalError>> {
        self.inner.save_session(session)
    }
}

impl ApiKeys for HeldJournal {
    fn api_keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, JournalError>> {
        self.inner.api_keys()
    }

    fn save_api_key(
        &self,
        key: ApiKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SavedApiKey, JournalError>> {
        self.inner.save_api_key(key, now)
    }

    fn mark_used(
        &self,
        used: Vec<(KeyDigest, Timestamp)>,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.mark_used(used)
    }
}

impl Store for HeldJournal {
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>> {
        self.inner.probe()
    }

    fn condition(&self) -> Condition {
        self.inner.condition()
    }

    fn hash_key(&self) -> &HashKey {
        self.inner.hash_key()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        self.inner.close()
    }
}
