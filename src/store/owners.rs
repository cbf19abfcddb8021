//! The owners of orders.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::operation::Ownership;

/// The owners of orders that were booked through this gateway. A row is committed together with the success of the
/// booking, and is kept after the booking is deleted.
pub trait Owners: Send + Sync + std::fmt::Debug {
    /// The owner of the order with this Fliggy number.
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>>;

    /// The owner of the order with this caller's number. If there are several such orders, the owner of the order that
    /// was booked last.
    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>>;
}
