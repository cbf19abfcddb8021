//! Webhooks in memory: every table is a list, and the first pending delivery about each subject is found anew after each
//! change.

use std::collections::BTreeSet;
use std::time::Duration;

use fliggy_gateway::domain::ids::WebhookId;
use fliggy_gateway::domain::operation::OrderNumbers;
use fliggy_gateway::domain::webhook::{
    Attempt, Delivery, DeliveryState, Outcome, Webhook, WebhookState, after_attempt,
};
use fliggy_gateway::store::{
    AttemptFilter, Attempted, Creation, DeliveryFilter, DueDelivery, DueOrder, Enqueue, Event,
    JournalError, Progress, SavedWebhook, StoredAttempt, WebhookFilter, Webhooks,
};
use futures::future::BoxFuture;
use jiff::Timestamp;

use super::{ModelStore, Tables, at_once, ms};

/// The webhooks, with their deliveries and attempts.
#[derive(Debug, Default)]
pub(super) struct WebhookTables {
    webhooks: Vec<Webhook>,
    /// Webhooks whose deliveries are still to be deleted.
    deleted: BTreeSet<WebhookId>,
    deliveries: Vec<Delivery>,
    attempts: Vec<(WebhookId, StoredAttempt)>,
    last_attempt: i64,
}

impl WebhookTables {
    fn find(&self, id: WebhookId) -> Option<&Webhook> {
        self.webhooks.iter().find(|webhook| webhook.id == id)
    }

    fn find_mut(&mut self, id: WebhookId) -> Option<&mut Webhook> {
        self.webhooks.iter_mut().find(|webhook| webhook.id == id)
    }

    /// Another webhook of the owner with this address.
    fn other_with_url(&self, owner: &str, webhook: &Webhook) -> Option<WebhookId> {
        let mut others = self.webhooks.iter().filter(|other| other.id != webhook.id);
        let found = others.find(|other| other.owner == owner && other.url == webhook.url);
        found.map(|other| other.id)
    }

    fn create(&mut self, webhook: Webhook, most: u32) -> Creation {
        if let Some(other) = self.other_with_url(&webhook.owner, &webhook) {
            return Creation::Exists(other);
        }
        let of_owner = |other: &&Webhook| other.owner == webhook.owner;
        if self.webhooks.iter().filter(of_owner).count() >= usize::try_from(most).unwrap() {
            return Creation::TooMany;
        }
        self.webhooks.push(webhook);
        self.webhooks.sort_by_key(|webhook| webhook.id);
        Creation::Created
    }

    fn save(&mut self, webhook: Webhook) -> SavedWebhook {
        let Some(stored) = self.find(webhook.id).cloned() else {
            return SavedWebhook::Gone;
        };
        if stored.revision != webhook.revision {
            return SavedWebhook::Stale(Box::new(stored));
        }
        if let Some(other) = self.other_with_url(&stored.owner, &webhook) {
            return SavedWebhook::Exists(other);
        }
        let saved = Webhook {
            revision: stored.revision + 1,
            version: stored.version + 1,
            owner: stored.owner,
            all_callers: stored.all_callers,
            position: stored.position,
            created_at: stored.created_at,
            ..webhook
        };
        *self.find_mut(saved.id).unwrap() = saved.clone();
        if let Some(at) = saved.resumed_at.filter(|at| stored.resumed_at != Some(*at)) {
            self.due_at_once(saved.id, at, |_| true);
        }
        SavedWebhook::Done(Box::new(saved))
    }

    /// Makes deliveries due that have a later time.
    fn due_at_once(&mut self, id: WebhookId, now: Timestamp, which: impl Fn(&Delivery) -> bool) {
        for delivery in &mut self.deliveries {
            if delivery.webhook == id && which(delivery) {
                delivery.next_attempt_at = delivery.next_attempt_at.map(|at| at.min(now));
            }
        }
    }

    /// Gives the first pending delivery about each subject a time, and no other one.
    fn settle_heads(&mut self, now: Timestamp) {
        self.deliveries
            .sort_by_key(|delivery| (delivery.webhook, delivery.sequence));
        let mut seen = BTreeSet::new();
        for delivery in &mut self.deliveries {
            let subject = (delivery.webhook, delivery.subject.clone());
            let is_head = delivery.state == DeliveryState::Pending && seen.insert(subject);
            let next = delivery.next_attempt_at.unwrap_or(now);
            delivery.next_attempt_at = is_head.then_some(next);
        }
    }

    /// Deletes these deliveries and their attempts.
    fn remove(&mut self, which: impl Fn(&Delivery) -> bool) {
        let (gone, kept): (Vec<_>, Vec<_>) = self.deliveries.drain(..).partition(|d| which(d));
        self.deliveries = kept;
        self.attempts.retain(|(webhook, (_, attempt))| {
            let is_of = |d: &Delivery| (d.webhook, d.sequence) == (*webhook, attempt.sequence);
            !gone.iter().any(is_of)
        });
    }

    /// Deletes the deliveries of an event that moves to another position.
    pub(super) fn forget_event(&mut self, sequence: i64, now: Timestamp) {
        self.remove(|delivery| delivery.sequence == sequence);
        self.settle_heads(ms(now));
    }

    /// Deletes the deliveries of events in this range that succeeded.
    pub(super) fn forget_trimmed(&mut self, after: i64, to: i64) {
        self.remove(|delivery| {
            delivery.state == DeliveryState::Delivered
                && (after + 1..=to).contains(&delivery.sequence)
        });
    }

    /// Whether a delivery of this event was given up.
    pub(super) fn is_kept(&self, event: &Event) -> bool {
        let mut deliveries = self.deliveries.iter();
        deliveries.any(|d| d.sequence == event.sequence && d.state == DeliveryState::Dead)
    }

    /// Whether a webhook still needs this event, which is after the deleted ones.
    pub(super) fn needs(&self, event: &Event) -> bool {
        self.webhooks.iter().any(|webhook| {
            let is_replayed = webhook
                .replays
                .iter()
                .any(|replay| !replay.dead_only && replay.after < event.sequence);
            webhook.position < event.sequence || is_replayed || {
                let mut deliveries = self.deliveries.iter();
                deliveries.any(|d| {
                    (d.webhook, d.sequence, d.state)
                        == (webhook.id, event.sequence, DeliveryState::Pending)
                })
            }
        })
    }

    fn insert_attempt(&mut self, webhook: WebhookId, attempt: Attempt) {
        let mut stored = attempt;
        stored.at = ms(stored.at);
        stored.took = Duration::from_millis(stored.took.as_millis().try_into().unwrap());
        let retry_after = &mut stored.result.retry_after;
        *retry_after = retry_after.map(|pause| Duration::from_secs(pause.as_secs()));
        self.last_attempt += 1;
        self.attempts.push((webhook, (self.last_attempt, stored)));
    }
}

impl Tables {
    fn event(&self, sequence: i64) -> Option<&Event> {
        self.events.iter().find(|event| event.sequence == sequence)
    }

    fn enqueue(&mut self, enqueue: Enqueue) -> bool {
        let Some(webhook) = self.hooks.find_mut(enqueue.webhook) else {
            return false;
        };
        if webhook.state != WebhookState::Active || webhook.version != enqueue.version {
            return false;
        }
        match enqueue.progress {
            Progress::Feed(from, to) if webhook.position == from => webhook.position = to,
            Progress::Replay(from, left) if webhook.replays.first() == Some(&from) => {
                webhook.replays.splice(..1, left);
                webhook.revision += 1;
            }
            Progress::Feed(..) | Progress::Replay(..) => return false,
        }
        for (sequence, subject) in enqueue.events {
            if self.event(sequence).is_none() {
                continue;
            }
            let deliveries = &mut self.hooks.deliveries;
            let known = deliveries
                .iter_mut()
                .find(|d| (d.webhook, d.sequence) == (enqueue.webhook, sequence));
            match known {
                Some(known) => {
                    if known.state != DeliveryState::Pending {
                        known.state = DeliveryState::Pending;
                        known.first_attempt_at = None;
                        known.ended_at = None;
                    }
                }
                None => deliveries.push(Delivery {
                    webhook: enqueue.webhook,
                    sequence,
                    subject,
                    state: DeliveryState::Pending,
                    attempts: 0,
                    first_attempt_at: None,
                    last_attempt_at: None,
                    next_attempt_at: None,
                    ended_at: None,
                }),
            }
        }
        self.hooks.settle_heads(ms(enqueue.now));
        true
    }

    fn record(&mut self, attempted: &Attempted) -> bool {
        let attempt = &attempted.attempt;
        let delivery = self
            .hooks
            .deliveries
            .iter()
            .position(|d| (d.webhook, d.sequence) == (attempted.webhook, attempt.sequence));
        let webhook = self.hooks.find(attempted.webhook);
        let event = self.event(attempt.sequence);
        let (Some(delivery), Some(webhook), Some(event)) = (delivery, webhook, event) else {
            return false;
        };
        let Some(after) = after_attempt(
            webhook,
            &self.hooks.deliveries[delivery],
            attempt,
            event.kind,
            &attempted.retries,
            attempted.chance,
        ) else {
            return false;
        };
        let (owner, account) = (webhook.owner.clone(), event.account.clone());
        let end = ms(attempt.end());
        self.hooks.deliveries[delivery] = Delivery {
            first_attempt_at: after.delivery.first_attempt_at.map(ms),
            last_attempt_at: after.delivery.last_attempt_at.map(ms),
            next_attempt_at: after.delivery.next_attempt_at.map(ms),
            ended_at: after.delivery.ended_at.map(ms),
            ..after.delivery
        };
        self.hooks.insert_attempt(attempted.webhook, *attempt);
        self.hooks.settle_heads(end);
        if let Some(changed) = after.webhook {
            *self.hooks.find_mut(changed.id).unwrap() = Webhook {
                failing_since: changed.failing_since.map(ms),
                ..changed
            };
        }
        if let Some(since) = after.recovered_since {
            let failed = |d: &Delivery| d.first_attempt_at.is_some_and(|at| at >= since);
            self.hooks.due_at_once(attempted.webhook, end, failed);
        }
        for event in after.events {
            self.add(Event {
                sequence: 0,
                kind: event.kind,
                subject: event.subject,
                fact: event.fact,
                account: account.clone(),
                owner: Some(owner.clone()),
                order: OrderNumbers::default(),
                operation_id: None,
                at: end,
            });
        }
        true
    }

    fn forget(&mut self, dead_before: Timestamp) -> u64 {
        let trimmed = self.trimmed;
        let gone: Vec<_> = self
            .hooks
            .deliveries
            .iter()
            .filter(|d| match d.state {
                _ if self.hooks.deleted.contains(&d.webhook) => true,
                DeliveryState::Pending => false,
                DeliveryState::Delivered => d.sequence <= trimmed,
                DeliveryState::Dead => {
                    let webhook = self.hooks.find(d.webhook).unwrap();
                    let may_be_repeated =
                        webhook.state != WebhookState::Active || !webhook.replays.is_empty();
                    !may_be_repeated && d.ended_at.is_some_and(|at| at < dead_before)
                }
            })
            .map(|d| (d.webhook, d.sequence))
            .collect();
        self.hooks
            .remove(|d| gone.contains(&(d.webhook, d.sequence)));
        self.hooks.deleted.clear();
        let deliveries = &self.hooks.deliveries;
        self.events.retain(|event| {
            let is_needed = deliveries
                .iter()
                .any(|d| d.sequence == event.sequence && d.state != DeliveryState::Delivered);
            event.sequence > trimmed || is_needed
        });
        gone.len().try_into().unwrap()
    }
}

fn limited<T>(found: impl Iterator<Item = T>, limit: u32) -> Vec<T> {
    found.take(usize::try_from(limit).unwrap()).collect()
}

impl Webhooks for ModelStore {
    fn create_webhook(
        &self,
        webhook: Webhook,
        most: u32,
    ) -> BoxFuture<'_, Result<Creation, JournalError>> {
        at_once(self.tables().hooks.create(webhook, most))
    }

    fn webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<Option<Webhook>, JournalError>> {
        at_once(self.tables().hooks.find(id).cloned())
    }

    fn webhooks(&self, filter: WebhookFilter) -> BoxFuture<'_, Result<Vec<Webhook>, JournalError>> {
        let tables = self.tables();
        let found = tables.hooks.webhooks.iter().filter(|webhook| {
            filter.after.is_none_or(|after| webhook.id > after)
                && filter
                    .owner
                    .as_ref()
                    .is_none_or(|owner| webhook.owner == *owner)
        });
        at_once(limited(found.cloned(), filter.limit))
    }

    fn save_webhook(&self, webhook: Webhook) -> BoxFuture<'_, Result<SavedWebhook, JournalError>> {
        at_once(self.tables().hooks.save(webhook))
    }

    fn delete_webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<bool, JournalError>> {
        let hooks = &mut self.tables().hooks;
        let is_known = hooks.find(id).is_some();
        if is_known {
            hooks.webhooks.retain(|webhook| webhook.id != id);
            hooks.deleted.insert(id);
        }
        at_once(is_known)
    }

    fn enqueue(&self, enqueue: Enqueue) -> BoxFuture<'_, Result<bool, JournalError>> {
        at_once(self.tables().enqueue(enqueue))
    }

    fn due_deliveries(
        &self,
        id: WebhookId,
        now: Timestamp,
        order: DueOrder,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<DueDelivery>, JournalError>> {
        let tables = self.tables();
        let is_known = tables.hooks.find(id).is_some();
        let deliveries = tables.hooks.deliveries.iter();
        let mut due: Vec<_> = deliveries
            .filter(|d| is_known && d.webhook == id)
            .filter(|d| d.next_attempt_at.is_some_and(|at| at <= now))
            .filter_map(|delivery| {
                Some(DueDelivery {
                    delivery: delivery.clone(),
                    event: tables.event(delivery.sequence)?.clone(),
                })
            })
            .collect();
        due.sort_by_key(|due| (due.delivery.next_attempt_at, due.delivery.sequence));
        let is_untried = |due: &DueDelivery| due.delivery.first_attempt_at.is_none();
        if order == DueOrder::Untried && due.iter().any(is_untried) {
            due.retain(is_untried);
            due.reverse();
        }
        at_once(limited(due.into_iter(), limit))
    }

    fn next_delivery(
        &self,
        id: WebhookId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        let tables = self.tables();
        let is_known = tables.hooks.find(id).is_some();
        let deliveries = tables.hooks.deliveries.iter();
        let of_webhook = deliveries.filter(|d| is_known && d.webhook == id);
        let times = of_webhook.filter_map(|d| d.next_attempt_at);
        at_once(times.filter(|at| *at > now).min())
    }

    fn record_attempt(&self, attempted: Attempted) -> BoxFuture<'_, Result<bool, JournalError>> {
        let recorded = self.tables().record(&attempted);
        if attempted.attempt.result.outcome != Outcome::Delivered {
            self.committed.send_modify(|count| *count += 1);
        }
        at_once(recorded)
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, JournalError>> {
        let tables = self.tables();
        let is_known = tables.hooks.find(filter.webhook).is_some();
        let newest_first = tables.hooks.deliveries.iter().rev();
        let found = newest_first.filter(|d| {
            is_known
                && d.webhook == filter.webhook
                && filter.state.is_none_or(|state| d.state == state)
                && filter.before.is_none_or(|before| d.sequence < before)
        });
        at_once(limited(found.cloned(), filter.limit))
    }

    fn attempts(
        &self,
        filter: AttemptFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredAttempt>, JournalError>> {
        let tables = self.tables();
        let is_known = tables.hooks.find(filter.webhook).is_some();
        let newest_first = tables.hooks.attempts.iter().rev();
        let found = newest_first.filter(|(webhook, (id, attempt))| {
            is_known
                && *webhook == filter.webhook
                && filter.sequence.is_none_or(|of| attempt.sequence == of)
                && filter.before.is_none_or(|before| *id < before)
        });
        at_once(limited(found.map(|(_, stored)| *stored), filter.limit))
    }

    fn oldest_pending(
        &self,
        id: WebhookId,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        let tables = self.tables();
        let is_known = tables.hooks.find(id).is_some();
        let mut deliveries = tables.hooks.deliveries.iter();
        let oldest =
            deliveries.find(|d| is_known && d.webhook == id && d.state == DeliveryState::Pending);
        let event = oldest.and_then(|oldest| tables.event(oldest.sequence));
        at_once(event.map(|event| event.at))
    }

    fn forget_deliveries(
        &self,
        dead_before: Timestamp,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        at_once(self.tables().forget(dead_before))
    }
}
