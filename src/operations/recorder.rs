//! Records the states of orders, refunds and changes that reads show.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::observer::Seen;
use super::service::Operations;
use crate::store::{JournalError, Observed};

/// The number of reads that are recorded at once. A list shows many states, and callers' writes wait behind them.
const BATCH: usize = 8;

// === impl Operations ===

impl Operations {
    /// Records what reads show until the process stops, and then what is left in the queue.
    pub async fn record_reads(self: Arc<Self>, mut queue: mpsc::Receiver<Seen>) {
        let mut batch = Vec::with_capacity(BATCH);
        loop {
            let received = queue.recv_many(&mut batch, BATCH);
            match self.stopping.run_until_cancelled(received).await {
                Some(0) => return,
                Some(_) => {}
                None => {
                    while let Ok(seen) = queue.try_recv() {
                        batch.push(seen);
                    }
                    if batch.is_empty() {
                        return;
                    }
                }
            }
            let seen: Arc<[Seen]> = batch.drain(..).collect();
            let (this, batch) = (self.clone(), seen.clone());
            let recorded = tokio::spawn(async move { this.record_batch(&batch).await }).await;
            let error = match recorded {
                Ok(Ok(())) => continue,
                Ok(Err(error)) => error.to_string(),
                Err(panicked) => panicked.to_string(),
            };
            tracing::warn!(%error, "what reads show was not recorded; the next read records it");
            for seen in &*seen {
                self.upstream
                    .observer
                    .forget(&seen.account, &seen.snapshots);
            }
        }
    }

    async fn record_batch(&self, batch: &[Seen]) -> Result<(), JournalError> {
        let observed = batch.iter().map(|seen| Observed {
            account: seen.account.clone(),
            snapshots: seen.snapshots.clone(),
            reread: None,
            at: self.clock.wall(),
            now_ms: self.store_ms(),
        });
        self.journal.observe(observed.collect()).await
    }
}
