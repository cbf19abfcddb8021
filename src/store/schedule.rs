//! The schedule of the reconciler.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::operation::{Operation, State};

/// The operations on which the reconciler has to work.
pub trait Schedule: Send + Sync + std::fmt::Debug {
    /// Operations that are due for a lookup: first those in state `unknown`, then all others, each group ordered by due
    /// time.
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// When the next operation that is not due yet becomes due.
    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>>;

    /// Accepted or sending operations that no process is working on any more ([`super::accept::is_stale`]).
    fn stale(
        &self,
        instance: &str,
        now_ms: i64,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// Renews the lease of an instance until this store time. While the lease holds, no other instance takes over
    /// the instance's operations.
    fn renew(&self, instance: &str, until_ms: i64) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Makes all open operations due now. Called after a start, because nothing is known about the downtime.
    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Deletes some of the operations that sent nothing and have expired. Returns the number of deleted operations.
    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>>;

    /// The number of operations in each open state.
    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>>;
}
