//! Attachments that were uploaded to Fliggy.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::attachment::KeptAttachment;
use crate::domain::ids::{AccountName, OrderId};

/// Attachments that were uploaded.
pub trait Attachments: Send + Sync + std::fmt::Debug {
    /// The attachment with this key, if one was uploaded.
    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>>;

    /// Whether an attachment was uploaded for this order.
    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>>;

    /// Stores an attachment. An attachment that is already stored is not changed.
    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>>;
}
