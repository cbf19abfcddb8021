//! TOP's messages, as hints for the reconciler.

use crate::operations::service::{Operations, millis};
use crate::store::{JournalError, NewMessage, Reception, Waking};

// === impl Operations ===

impl Operations {
    /// Stores messages with their effects, and looks up the operations that they concern.
    ///
    /// # Errors
    /// When the journal did not acknowledge the messages. They may have been committed nevertheless; if they are
    /// received again, they have no further effect.
    pub async fn receive(&self, messages: Vec<NewMessage>) -> Result<Vec<Reception>, JournalError> {
        let waking = Waking {
            now_ms: self.store_ms(),
            watch_ms: millis(self.settings.watch),
            anchor: self.anchor(),
        };
        let receptions = self.journal.receive(messages, waking).await?;
        let wakes = |reception: &Reception| matches!(reception, Reception::Processed { woken } if *woken > 0);
        if receptions.iter().any(wakes) {
            self.wake.notify_one();
        }
        Ok(receptions)
    }
}
