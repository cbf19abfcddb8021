//! Reads unfinished orders, refunds and changes of this gateway again, so that callers hear of what happens to them without
//! a message of TOP, which is kept for 24 hours at most.

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::task::{JoinError, JoinSet};
use tokio::time::{MissedTickBehavior, interval};

use super::reads::orders::OrderKey;
use super::service::Operations;
use super::upstream::ReadError;
use crate::domain::resource::{Resource, Snapshot};
use crate::store::{Due, JournalError, Observed};
use crate::telemetry::metrics as names;
use crate::top::client::ReadOptions;

/// The number of due resources of each kind, finished or not, that are fetched at once.
const BATCH: u32 = 16;
/// The number of concurrent reads.
const CONCURRENT: usize = 4;
/// How often the watcher looks for due resources.
const IDLE: Duration = Duration::from_secs(1);
/// The pause after an error of the journal, or if there is no quota.
const RETRY: Duration = Duration::from_secs(5);

/// How a read of a due resource ended.
enum Ended {
    /// What it showed is recorded, and the next read is planned.
    Recorded,
    /// There was no quota for a read of such a resource.
    NoQuota(&'static str),
}

// === impl Operations ===

impl Operations {
    /// Reads due resources until the process stops, with this pause between two reads; never if there is none. A pass that
    /// panics counts as failed.
    pub async fn watch_resources(self: Arc<Self>, pause: Option<Duration>) {
        let Some(between) = pause else {
            tracing::warn!("the watcher is off: only reads and messages of TOP show changes");
            return;
        };
        loop {
            let this = self.clone();
            let pause = match tokio::spawn(async move { this.read_due(between).await }).await {
                Ok(Ok(pause)) => pause,
                Ok(Err(error)) => {
                    tracing::error!(%error, "orders, refunds and changes were not read again");
                    RETRY
                }
                Err(_) => {
                    tracing::error!("the watcher panicked; it goes on");
                    RETRY
                }
            };
            let pause = tokio::time::sleep(pause);
            if self.stopping.run_until_cancelled(pause).await.is_none() {
                return;
            }
        }
    }

    /// Reads the resources that are due. Returns how long to pause.
    async fn read_due(self: &Arc<Self>, between: Duration) -> Result<Duration, JournalError> {
        let mut ticks = interval(between);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let now = self.store_ms();
        let due = self.journal.due_resources(now, BATCH).await?;
        let oldest = due.iter().map(|due| due.since_ms).min();
        let behind = oldest.map_or(0, |since| (now - since).max(0));
        gauge!(names::WATCHER_BEHIND_SECONDS)
            .set(Duration::from_millis(behind.unsigned_abs()).as_secs_f64());
        if due.is_empty() {
            return Ok(IDLE);
        }
        let (mut without_quota, mut read) = (Vec::new(), Vec::new());
        let mut reads = JoinSet::new();
        for one in due {
            // A list shows several resources.
            let list = (one.account.clone(), one.resource.word(), one.order_id);
            if without_quota.contains(&one.resource.word()) || read.contains(&list) {
                continue;
            }
            if one.order_id.is_some() {
                read.push(list);
            }
            let this = self.clone();
            let next = async {
                ticks.tick().await;
                let ended = match reads.len() {
                    CONCURRENT => reads.join_next().await,
                    _ => None,
                };
                reads.spawn(async move { this.read_and_record(one).await });
                ended
            };
            match self.stopping.run_until_cancelled(next).await {
                Some(ended) => without_quota.extend(refused(ended)?),
                None => return Ok(Duration::ZERO),
            }
        }
        while let Some(ended) = self.stopping.run_until_cancelled(reads.join_next()).await {
            if ended.is_none() {
                break;
            }
            without_quota.extend(refused(ended)?);
        }
        Ok(if without_quota.is_empty() {
            between
        } else {
            RETRY
        })
    }

    /// Reads a resource, records what the read shows, and plans the next one.
    async fn read_and_record(&self, due: Due) -> Result<Ended, JournalError> {
        let Some(snapshots) = self.read_again(&due).await else {
            return Ok(Ended::NoQuota(due.resource.word()));
        };
        let observed = Observed {
            account: due.account,
            snapshots,
            reread: Some(due.resource),
            at: self.clock.wall(),
            now_ms: self.store_ms(),
        };
        self.journal.observe(vec![observed]).await?;
        Ok(Ended::Recorded)
    }

    /// The states that a read of the resource shows. All refunds of an order, and all its changes, are read together, so
    /// that one that was made elsewhere is found. A read that fails shows nothing. None if there was no quota.
    async fn read_again(&self, due: &Due) -> Option<Vec<Snapshot>> {
        let account = &due.account;
        let upstream = &self.upstream;
        let options = ReadOptions::WATCH;
        if !upstream.has_account(account) {
            return Some(Vec::new());
        }
        let read = match (due.resource, due.order_id) {
            (Resource::Order(order_id), _) => {
                let key = OrderKey::Id(order_id);
                let read = upstream.read_order(account, &key, options).await;
                read.map(|reply| vec![Snapshot::from(&reply.answer)])
            }
            (Resource::Refund(_), Some(order_id)) => {
                let read = upstream.read_refunds(account, order_id, options).await;
                read.map(|reply| reply.answer.refunds.iter().map(Snapshot::from).collect())
            }
            (Resource::Refund(refund), None) => {
                let read = upstream.read_refund(account, refund, None, options).await;
                read.map(|reply| vec![Snapshot::from(&reply.answer)])
            }
            (Resource::Change(_), Some(order_id)) => {
                let read = upstream.read_changes(account, order_id, options).await;
                read.map(|reply| reply.answer.changes.iter().map(Snapshot::from).collect())
            }
            (Resource::Change(change), None) => {
                let read = upstream.read_change(account, change, options).await;
                read.map(|reply| vec![Snapshot::from(&reply.answer)])
            }
        };
        let (result, snapshots) = match read {
            Ok(snapshots) => ("read", snapshots),
            Err(ReadError::NotFound { .. }) => ("not_found", Vec::new()),
            Err(ReadError::OtherResource(_)) => ("failed", Vec::new()),
            Err(ReadError::Failed(failure)) => {
                if failure.had_no_quota() {
                    return None;
                }
                tracing::debug!(
                    resource = due.resource.word(), number = due.resource.number(),
                    cause = ?failure.cause, "the watcher could not read"
                );
                ("failed", Vec::new())
            }
        };
        counter!(names::WATCHER_READS, "resource" => due.resource.word(), "result" => result)
            .increment(1);
        Some(snapshots)
    }
}

/// The kind of resource for which there was no quota. The watcher pauses after the pass.
fn refused(
    ended: Option<Result<Result<Ended, JournalError>, JoinError>>,
) -> Result<Option<&'static str>, JournalError> {
    match ended {
        None => Ok(None),
        Some(Ok(Ok(Ended::Recorded))) => Ok(None),
        Some(Ok(Ok(Ended::NoQuota(kind)))) => Ok(Some(kind)),
        Some(Ok(Err(error))) => Err(error),
        Some(Err(_)) => {
            tracing::error!("a read of the watcher panicked");
            // Its resource is still due, so the watcher pauses before it tries again.
            Ok(Some("panicked"))
        }
    }
}
