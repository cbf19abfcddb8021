//! Relations between operations.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId, OrderId};
use crate::domain::operation::{Intent, Kind, LookupKind, Operation, Proof, State};

/// Operations related to one operation, and the controls for its lookups.
pub trait Relations: Send + Sync + std::fmt::Debug {
    /// Later operations on the same subject that may have been sent and whose kind could repeat the effect of this
    /// operation, newest first. An operation that is only accepted is left out: it cannot explain an existing effect.
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>>;

    /// Earlier operations on the same subject that were sent, ended without effect, and whose effect this kind of
    /// operation could repeat, newest first.
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

    /// The object that a lookup of this kind last found on this account, or else an object that is known to exist on
    /// this account.
    fn proof(
        &self,
        account: &AccountName,
        lookup: LookupKind,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>>;
}
