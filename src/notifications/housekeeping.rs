//! Deletes old events, deliveries and messages, and counts the messages in quarantine.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::gauge;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::store::{JournalError, Store};
use crate::telemetry::metrics as names;

/// How often it runs; the first time at the start.
const EVERY: Duration = Duration::from_mins(10);
/// The pause between two deletions, so that writes of callers do not wait behind them.
const BETWEEN_DELETIONS: Duration = Duration::from_millis(100);
/// How long a processed message is kept. TOP sends a message again for at most 24 hours.
const KEPT_PROCESSED: Duration = Duration::from_hours(7 * 24);
/// How long a message is kept in quarantine.
const KEPT_QUARANTINED: Duration = Duration::from_hours(30 * 24);

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct Housekeeping {
    /// The store of events and messages.
    pub store: Arc<dyn Store>,
    /// How long events are kept.
    pub retention: Duration,
    /// The clock.
    pub clock: SharedClock,
    /// Cancelled when the process is to stop.
    pub stopping: CancellationToken,
}

impl Housekeeping {
    /// Runs until the process stops. A pass that panics counts as failed.
    pub async fn run(self) {
        let mut ticks = interval(EVERY);
        while self
            .stopping
            .run_until_cancelled(ticks.tick())
            .await
            .is_some()
        {
            let this = self.clone();
            match tokio::spawn(async move { this.pass().await }).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => {
                    tracing::error!(%error, "old events and messages were not deleted")
                }
                Err(_) => tracing::error!("the deletion of old events and messages panicked"),
            }
        }
    }

    async fn pass(&self) -> Result<(), JournalError> {
        let retained_since = self.before(self.retention);
        let events_before = retained_since.as_millisecond();
        while self.store.trim_events(events_before).await? > 0 && self.pause().await {}
        while self.store.forget_deliveries(retained_since).await? > 0 && self.pause().await {}
        let [processed, quarantined] =
            [KEPT_PROCESSED, KEPT_QUARANTINED].map(|kept| self.before(kept).as_millisecond());
        while self.store.forget_messages(processed, quarantined).await? > 0 && self.pause().await {}
        let quarantined = self.store.quarantined().await?;
        gauge!(names::NOTIFICATIONS_QUARANTINED)
            .set(u32::try_from(quarantined).unwrap_or(u32::MAX));
        Ok(())
    }

    /// This long ago.
    fn before(&self, kept: Duration) -> Timestamp {
        let now = self.clock.wall();
        now.checked_sub(kept).unwrap_or(Timestamp::MIN)
    }

    /// Pauses between two deletions. Returns whether to go on.
    async fn pause(&self) -> bool {
        let pause = sleep(BETWEEN_DELETIONS);
        self.stopping.run_until_cancelled(pause).await.is_some()
    }
}
