//! The task of one webhook: creates deliveries of new events, attempts those that are due, and records the results.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::task::{Id, JoinError, JoinSet};
use tokio::time::{Instant, sleep, sleep_until};

use super::attempt::{Sender, Sent, chance};
use super::dispatcher::Parts;
use super::recipients::Scope;
use crate::domain::ids::WebhookId;
use crate::domain::webhook::{DeliveryState, Replay, Webhook, WebhookState};
use crate::notifications::feed::Page;
use crate::store::{DeliveryFilter, DueOrder, Enqueue, EventFilter, JournalError, Progress};

/// The number of events for which deliveries are created at once.
const BATCH: u32 = 200;
/// The pause after each of several such commits, so that writes of callers do not wait behind them.
const BETWEEN_BATCHES: Duration = Duration::from_millis(50);
/// How long to wait before something is tried again after an error.
const RETRY: Duration = Duration::from_secs(1);
/// How long to wait for an event at most. Then the position is stored, although no event was for the webhook.
const LONGEST_READ: Duration = Duration::from_secs(10);
/// How long to wait for anything at most.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

/// See the module documentation.
pub(super) struct Endpoint {
    parts: Arc<Parts>,
    id: WebhookId,
    sending: JoinSet<Sent>,
    /// The subjects of the attempts in progress.
    in_progress: BTreeMap<Id, String>,
    /// The end of the last failed attempt, and a random number that spreads the pause after it.
    failed: Option<(Timestamp, u32)>,
    /// Why nothing is delivered, if that was logged.
    parked: Option<String>,
}

/// What the task does next.
enum Next {
    /// Look again at once.
    Again,
    /// The webhook was deleted.
    End,
    /// Wait for a change of the webhook. It may be missed if the request that made it was cancelled, so the wait ends.
    Change,
    /// Wait for events, until this time.
    Events(Wanted, Instant),
}

/// The events that a webhook of this version wants next.
struct Wanted {
    version: i64,
    filter: EventFilter,
}

// === impl Endpoint ===

impl Endpoint {
    pub(super) fn new(parts: Arc<Parts>, id: WebhookId) -> Self {
        Self {
            parts,
            id,
            sending: JoinSet::new(),
            in_progress: BTreeMap::new(),
            failed: None,
            parked: None,
        }
    }

    /// Delivers events until the webhook is deleted or the process stops.
    pub(super) async fn run(mut self) {
        let mut changed = self.parts.changed.subscribe();
        while !self.parts.stopping.is_cancelled() {
            changed.mark_unchanged();
            let next = match self.step().await {
                Ok(next) => next,
                Err(error) => {
                    tracing::error!(%error, webhook = %self.id, "events are not delivered");
                    self.pause(RETRY).await;
                    continue;
                }
            };
            let parts = self.parts.clone();
            let (page, until) = match next {
                Next::Again => continue,
                Next::End => return,
                Next::Change => (None, Instant::now() + LONGEST_WAIT),
                Next::Events(wanted, until) => (Some(next_page(&parts, wanted)), until),
            };
            tokio::select! {
                () = parts.stopping.cancelled() => {}
                _ = changed.changed() => {}
                Some(ended) = self.sending.join_next_with_id() => self.ended(ended).await,
                page = optional(page) => self.add(page).await,
                () = sleep_until(until) => {}
            }
        }
        // Attempts in progress end, so that they need not be repeated after the restart.
        while self.sending.join_next().await.is_some() {}
    }

    /// Does everything that can be done now.
    async fn step(&mut self) -> Result<Next, JournalError> {
        let Some(webhook) = self.parts.store.webhook(self.id).await? else {
            return Ok(Next::End);
        };
        match webhook.state {
            WebhookState::Active => {}
            WebhookState::Paused => return Ok(Next::Change),
            WebhookState::AutoPaused => {
                return Ok(self.park("it is paused because its endpoint fails"));
            }
        }
        let Some(scope) = self.parts.recipients.scope(&webhook) else {
            return Ok(self.park("its owner may not receive its events any more"));
        };
        if let Some(replay) = webhook.replays.first() {
            self.replay(&webhook, *replay, scope).await?;
            return Ok(Next::Again);
        }
        let sender = match Sender::new(self.parts.clone(), &webhook) {
            Ok(sender) => sender,
            Err(why) => return Ok(self.park(&why)),
        };
        self.parked = None;
        let until = self.send(&webhook, &sender).await?;
        let wanted = Wanted {
            version: webhook.version,
            filter: scope.events(&webhook, webhook.position, BATCH),
        };
        Ok(Next::Events(wanted, until))
    }

    /// Waits for a change of the webhook. The reason is logged once.
    fn park(&mut self, why: &str) -> Next {
        if self.parked.as_deref() != Some(why) {
            tracing::warn!(webhook = %self.id, why, "nothing is delivered to a webhook");
            self.parked = Some(why.to_owned());
        }
        Next::Change
    }

    /// Starts the attempts that are due. Returns when to look again, unless an attempt ends before.
    async fn send(&mut self, webhook: &Webhook, sender: &Sender) -> Result<Instant, JournalError> {
        let now = self.parts.clock.wall();
        let parts = &self.parts;
        let concurrency = if webhook.is_down() {
            1
        } else {
            parts.concurrency
        };
        let room = concurrency.saturating_sub(self.in_progress.len());
        let probe_at = self
            .failed
            // A later time shows that the clock was set back.
            .filter(|(failed_at, _)| webhook.is_down() && *failed_at <= now)
            .and_then(|(failed_at, chance)| {
                let pause = parts.retries.probe_pause(webhook, chance);
                failed_at.checked_add(pause).ok()
            });
        if let Some(probe_at) = probe_at.filter(|probe_at| *probe_at > now) {
            return Ok(instant(now, Some(probe_at)));
        }
        if room > 0 {
            // If only some events are refused, another one shows that the endpoint works.
            let order = if webhook.is_down() {
                DueOrder::Untried
            } else {
                DueOrder::Longest
            };
            let limit = room + self.in_progress.len();
            let limit = u32::try_from(limit).unwrap_or(u32::MAX);
            let due = parts
                .store
                .due_deliveries(self.id, now, order, limit)
                .await?;
            let in_progress: Vec<String> = self.in_progress.values().cloned().collect();
            let waiting = due
                .into_iter()
                .filter(|due| !in_progress.contains(&due.delivery.subject));
            for due in waiting.take(room) {
                let subject = due.delivery.subject.clone();
                let attempt = self.sending.spawn(sender.clone().attempt(due));
                self.in_progress.insert(attempt.id(), subject);
            }
        }
        let next = parts.store.next_delivery(self.id, now).await?;
        Ok(instant(now, next))
    }

    async fn ended(&mut self, ended: Result<(Id, Sent), JoinError>) {
        match ended {
            Ok((id, sent)) => {
                self.in_progress.remove(&id);
                if let Some(failed_at) = sent.failed_at {
                    self.failed = Some((failed_at, chance()));
                }
            }
            Err(error) => {
                self.in_progress.remove(&error.id());
                tracing::error!(%error, webhook = %self.id, "a delivery panicked");
                self.pause(RETRY).await;
            }
        }
    }

    /// Creates deliveries of the events of a page.
    async fn add(&self, page: Result<(Wanted, Page), JournalError>) {
        let added = match page {
            Ok((wanted, page)) => self.enqueue_page(&wanted, &page).await,
            Err(error) => Err(error),
        };
        if let Err(error) = added {
            tracing::error!(%error, webhook = %self.id, "events are not delivered");
            self.pause(RETRY).await;
        }
    }

    async fn enqueue_page(&self, wanted: &Wanted, page: &Page) -> Result<(), JournalError> {
        let after = wanted.filter.after;
        if page.next_after <= after {
            return Ok(());
        }
        let own = self.id.to_string();
        let events = page.events.iter().filter(|event| event.subject != own);
        let events = events.map(|event| (event.sequence, event.subject.clone()));
        let progress = Progress::Feed(after, page.next_after);
        self.enqueue(wanted.version, progress, events.collect())
            .await?;
        if page.events.len() >= BATCH as usize {
            self.pause(BETWEEN_BATCHES).await;
        }
        Ok(())
    }

    /// Makes a part of the replay pending. No attempt starts before its end, so that deliveries about a subject are in order.
    async fn replay(
        &self,
        webhook: &Webhook,
        replay: Replay,
        scope: Scope,
    ) -> Result<(), JournalError> {
        let (events, next) = if replay.dead_only {
            let filter = DeliveryFilter {
                webhook: self.id,
                state: Some(DeliveryState::Dead),
                before: replay.to.checked_add(1),
                limit: BATCH,
            };
            let dead = self.parts.store.deliveries(filter).await?;
            let last = dead.last().filter(|_| dead.len() >= BATCH as usize);
            let next = last.map(|last| Replay {
                to: last.sequence - 1,
                ..replay
            });
            let dead = dead.into_iter().map(|dead| (dead.sequence, dead.subject));
            (dead.collect::<Vec<_>>(), next)
        } else {
            let events = self
                .parts
                .store
                .events(scope.events(webhook, replay.after, BATCH))
                .await?;
            let last = events.last().filter(|_| events.len() >= BATCH as usize);
            let next = last.map(|last| Replay {
                after: last.sequence,
                ..replay
            });
            let events = events.into_iter();
            let wanted = events.filter(|event| webhook.wants(event.kind, &event.subject));
            let wanted = wanted.map(|event| (event.sequence, event.subject));
            (wanted.collect(), next)
        };
        let is_in = |sequence: i64| replay.after < sequence && sequence <= replay.to;
        let events = events.into_iter().filter(|(sequence, _)| is_in(*sequence));
        let next = next.filter(|next| next.after < next.to);
        let progress = Progress::Replay(replay, next);
        self.enqueue(webhook.version, progress, events.collect())
            .await?;
        if next.is_some() {
            self.pause(BETWEEN_BATCHES).await;
        }
        Ok(())
    }

    async fn enqueue(
        &self,
        version: i64,
        progress: Progress,
        events: Vec<(i64, String)>,
    ) -> Result<(), JournalError> {
        let enqueue = Enqueue {
            webhook: self.id,
            version,
            progress,
            events,
            now: self.parts.clock.wall(),
        };
        // If the webhook has changed meanwhile, the next step sees it.
        self.parts.store.enqueue(enqueue).await.map(drop)
    }

    async fn pause(&self, pause: Duration) {
        let pause = sleep(pause);
        // The caller checks whether the process stops.
        let _ = self.parts.stopping.run_until_cancelled(pause).await;
    }
}

/// The next page of these events, with what was wanted.
async fn next_page(parts: &Parts, wanted: Wanted) -> Result<(Wanted, Page), JournalError> {
    let page = parts
        .reader
        .next(wanted.filter.clone(), LONGEST_READ)
        .await?;
    Ok((wanted, page))
}

/// Waits for this; forever if there is nothing.
async fn optional<F: Future>(future: Option<F>) -> F::Output {
    match future {
        Some(future) => future.await,
        None => std::future::pending().await,
    }
}

/// The instant of a time of day. It is never far away, because the time of day may be set.
fn instant(now: Timestamp, time: Option<Timestamp>) -> Instant {
    let pause = time.map(|time| time.duration_since(now).max(SignedDuration::ZERO));
    let pause = pause.and_then(|pause| Duration::try_from(pause).ok());
    Instant::now() + pause.unwrap_or(LONGEST_WAIT).min(LONGEST_WAIT)
}
