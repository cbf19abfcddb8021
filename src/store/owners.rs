//! Whose orders are.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::operation::Ownership;

/// Orders that were booked through this gateway. A row is committed with the booking that succeeded, and outlives it.
pub trait Owners: Send + Sync + std::fmt::Debug {
    /// Whose the order with Fliggy's number is.
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>>;

    /// Whose the order with the caller's number is; the one that was booked last, if there are several.
    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>>;
}
