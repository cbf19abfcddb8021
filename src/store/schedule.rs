//! What is to be done with operations, and when.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::operation::{Operation, State};

/// Which operations the reconciler has to work on.
pub trait Schedule: Send + Sync + std::fmt::Debug {
    /// Operations to look at: unknown ones before all others, the most overdue first.
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// When the next one is due that is not due yet.
    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>>;

    /// Operations that are not sent, or are being sent, and that nobody works on any more ([`super::accept::is_stale`]).
    fn stale(
        &self,
        instance: &str,
        now_ms: i64,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// Renews the lease of an instance until this store time. While it holds, no other instance takes over what
    /// the instance is sending.
    fn renew(&self, instance: &str, until_ms: i64) -> BoxFuture<'_, Result<(), JournalError>>;

    /// After a start: everything open is due now, because downtime says nothing.
    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Deletes some of the operations that sent nothing and whose time is over; answers how many.
    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>>;

    /// How many operations are in each open state.
    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>>;
}
