//! What operations have to do with one another.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OperationId, OrderId};
use crate::domain::operation::{Intent, Kind, Lookup, Operation, Proof, State};

/// Operations around one operation, and controls of its lookups.
pub trait Relations: Send + Sync + std::fmt::Debug {
    /// The later operations on this one's subject that could repeat its effect by their kind, and that may
    /// have been sent or were done, the youngest first. One that is only accepted explains nothing that is there already.
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>>;

    /// The earlier operations on this one's subject whose effect it could repeat by its kind, and that were
    /// sent and ended without effect, the youngest first.
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

    /// Which operations of this kind, on this account, made what bears one of these numbers.
    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>>;

    /// What a lookup of this kind has found last on this account, or is known to be there.
    fn proof(
        &self,
        account: &AccountName,
        lookup: Lookup,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>>;
}
