//! The reconciler: looks up operations until their outcome is known.
//!
//! The reconciler takes no input. A signal or a timer wakes it; it reads the due operations from the journal, looks
//! them up, lets a pure function decide, and acts. All its state is in the journal, so a restart loses nothing.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;

use metrics::gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::domain::ids::OperationId;
use crate::domain::operation::{Cause, Failure, Operation, State};
use crate::kill_point::{Point, reach};
use crate::operations::service::{Note, Operations, Settlement, millis, unknown};
use crate::store::JournalError;
use crate::telemetry::metrics as names;

/// The longest sleep: sweeps run at least this often.
const MAX_SLEEP: Duration = Duration::from_secs(5);
/// The shortest sleep: a due time that has just passed must not spin the loop.
const MIN_SLEEP: Duration = Duration::from_millis(20);
/// How long an instance holds its lease, in ms: many times the longest sleep.
const LEASE_MS: i64 = 60_000;
/// The maximum number of due operations that one pass reads from the journal.
const BATCH: u32 = 128;

/// A lookup in progress. Dropping the guard, also in a panic, ends the lookup and wakes the reconciler.
pub(in crate::operations) struct LookupGuard {
    operations: Arc<Operations>,
    id: OperationId,
}

impl LookupGuard {
    /// Begins a lookup, unless another lookup of the operation is in progress.
    pub(in crate::operations) fn begin(
        operations: &Arc<Operations>,
        id: OperationId,
    ) -> Option<Self> {
        let mut busy = operations
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        busy.insert(id).then(|| Self {
            operations: operations.clone(),
            id,
        })
    }
}

impl Drop for LookupGuard {
    fn drop(&mut self) {
        self.operations
            .busy
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
        self.operations.wake.notify_one();
    }
}

/// Permits for lookups. Lookups of settled operations get at most half of the permits, because callers wait for the
/// other lookups.
#[derive(Clone)]
struct Slots {
    all: Arc<Semaphore>,
    watch: Arc<Semaphore>,
}

impl Slots {
    fn new(count: usize) -> Self {
        Self {
            all: Arc::new(Semaphore::new(count)),
            watch: Arc::new(Semaphore::new((count / 2).max(1))),
        }
    }

    fn try_acquire(&self, state: State) -> Option<[Option<OwnedSemaphorePermit>; 2]> {
        let watch = if state.is_settled() {
            Some(self.watch.clone().try_acquire_owned().ok()?)
        } else {
            None
        };
        Some([Some(self.all.clone().try_acquire_owned().ok()?), watch])
    }
}

// === impl Operations ===

impl Operations {
    /// Makes all open operations due now: their lookups could not be made, and now they can.
    pub(in crate::operations) async fn make_all_due(&self) {
        match self.journal.wake_all(self.store_ms()).await {
            Ok(()) => self.wake.notify_one(),
            Err(error) => {
                tracing::error!(%error, "open operations were not made due; each waits for its next lookup");
            }
        }
    }

    /// Runs until the process stops. A pass that panics counts as failed.
    pub async fn reconcile(self: Arc<Self>) {
        self.make_all_due().await;
        let slots = Slots::new(self.settings.concurrency);
        loop {
            let (this, slots) = (self.clone(), slots.clone());
            let pause = match tokio::spawn(async move { this.pass(&slots).await }).await {
                Ok(Ok(pause)) => pause,
                Ok(Err(error)) => {
                    tracing::error!(%error, "a pass of the reconciler failed");
                    MAX_SLEEP
                }
                Err(_) => {
                    tracing::error!("a pass of the reconciler panicked");
                    MAX_SLEEP
                }
            };
            tokio::select! {
                biased;
                () = self.stopping.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(pause) => {}
            }
        }
    }

    /// One pass: sweeps, then looks up what is due. Returns how long to sleep.
    async fn pass(self: &Arc<Self>, slots: &Slots) -> Result<Duration, JournalError> {
        if let Err(error) = self.renew_lease().await {
            // Safety does not depend on the lease, and lookups must continue.
            tracing::error!(%error, "the lease of this instance was not renewed");
        }
        self.sweep().await?;
        if let Err(error) = self.journal.prune(self.store_ms()).await {
            // Nothing depends on this, and lookups must continue.
            tracing::error!(%error, "the deletion of operations that sent nothing failed");
        }
        for (state, count) in self.open_by_state().await? {
            gauge!(names::OPERATIONS_UNSETTLED, "state" => state.as_str())
                .set(u32::try_from(count).unwrap_or(u32::MAX));
        }
        let now = self.store_ms();
        for operation in self.journal.due(now, BATCH).await? {
            // If no permit is free, the first lookup that ends wakes the loop.
            let Some(slot) = slots.try_acquire(operation.state()) else {
                continue;
            };
            let Some(guard) = LookupGuard::begin(self, operation.id) else {
                continue;
            };
            self.tasks.spawn(async move {
                let this = guard.operations.clone();
                if !this.look_up_again(operation).await {
                    // The result was not saved and the operation is still due: do not repeat the lookup at once.
                    tokio::select! {
                        () = tokio::time::sleep(MAX_SLEEP) => {}
                        () = this.stopping.cancelled() => {}
                    }
                }
                drop(slot);
                drop(guard);
            });
        }
        // A due operation whose lookup did not begin here waits for a lookup in progress, whose end wakes the loop.
        let next = self.journal.next_due(now).await?;
        let until = next.map_or(MAX_SLEEP, |at| {
            Duration::from_millis(u64::try_from(at - self.store_ms()).unwrap_or(0))
        });
        Ok(until.clamp(MIN_SLEEP, MAX_SLEEP))
    }

    /// Renews the lease of this instance before it ends.
    async fn renew_lease(&self) -> Result<(), JournalError> {
        let now = self.store_ms();
        if self.lease_until.load(Ordering::Relaxed) - now > LEASE_MS / 2 {
            return Ok(());
        }
        let until = now + LEASE_MS;
        self.journal.renew(&self.boot, until).await?;
        self.lease_until.store(until, Ordering::Relaxed);
        Ok(())
    }

    async fn open_by_state(&self) -> Result<Vec<(State, i64)>, JournalError> {
        let counted = self.journal.open_counts().await?;
        let open = State::ALL.into_iter().filter(|s| !s.is_settled());
        Ok(open
            .map(|state| {
                let count = counted.iter().find(|(s, _)| *s == state);
                (state, count.map_or(0, |(_, n)| *n))
            })
            .collect())
    }

    /// After this long without a change, an `accepted` or `sending` operation is stale.
    pub(in crate::operations) fn stale_after_ms(&self) -> i64 {
        millis(self.settings.deadline) * 3
    }

    /// Law 8: nothing hangs. A stale `accepted` row was never sent and never will be; a stale `sending` row
    /// may have been sent.
    async fn sweep(&self) -> Result<(), JournalError> {
        let before = self.store_ms() - self.stale_after_ms();
        let now = self.store_ms();
        let stale = self.journal.stale(&self.boot, now, before).await?;
        for mut operation in stale {
            reach(Point::Sweeping).await;
            // At the revision that was read: if the row has changed since, its sender is alive.
            self.change(&mut operation, |row| self.swept(row)).await?;
        }
        Ok(())
    }

    /// Ends a stale `accepted` row as not sent, and makes a stale `sending` one `unknown`.
    fn swept(&self, row: &mut Operation) -> Option<Note> {
        match row.state() {
            State::Accepted => {
                let failure = Failure::of(Cause::Interrupted);
                let what = "nothing was sent: the gateway stopped or stalled before the send";
                Some(self.settled(row, &Settlement::not_sent(failure, what)))
            }
            State::Sending => {
                let what = "the gateway stopped during the send; lookups follow";
                Some(unknown(row, what, self.store_ms()))
            }
            State::Unknown
            | State::NeedsAttention
            | State::Succeeded
            | State::Rejected
            | State::NotExecuted => None,
        }
    }
}
