//! Relations between operations.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId, OrderId};
use crate::domain::operation::{Intent, Kind, LookupKind, Operation, Proof, State};

/// Operations related to one operation, and the controls for its lookups.
pub trait Relations: Send + Sync + std::fmt::Debug {
    /// Later operations on the same subject whose kind could repeat this one's effect and that may have been sent,
    /// newest first. One that is only accepted is left out: it cannot explain what already exists.
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>>;

    /// Earlier operations on the same subject whose effect this one's kind could repeat and that were sent and
    /// ended without effect, newest first.
    fn earlier_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>>;

    /// Whether a refund or change of the order was sent.
    fn has_after_sales(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// The operations of this kind, on this account, that created the orders, refunds or changes with these numbers.
    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>>;

    /// What a lookup of this kind last found on this account, or what is known to exist there.
    fn proof(
        &self,
        account: &AccountName,
        lookup: LookupKind,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>>;
}
