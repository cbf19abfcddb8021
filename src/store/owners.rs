//! The owners of orders.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::operation::Ownership;

/// Orders that were booked through this gateway. A row is committed with the booking that succeeded, and outlives it.
pub trait Owners: Send + Sync + std::fmt::Debug {
    /// The owner of the order with this Fliggy number.
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>>;

    /// The owner of the order with this number of a caller. If there are several, of the one booked last.
    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>>;
}
