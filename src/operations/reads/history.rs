//! The operations that this gateway has made on an order.

use std::collections::BTreeSet;

use crate::domain::ids::{AccountName, OutOrderNo};
use crate::domain::operation::{Operation, Receipt, Subject};
use crate::domain::order::Order;
use crate::operations::service::Operations;
use crate::store::journal::{Filter, JournalError};

/// The operations on one subject that are shown, and the changes of an order.
const MOST: u32 = 50;

impl Operations {
    /// The operations on the order: its booking, payments, closes, refunds and changes, and the payments and
    /// cancellations of the changes that were made here. Newest first; at most the last 50 on each subject.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn history(
        &self,
        account: &AccountName,
        order: &Order,
    ) -> Result<Vec<Operation>, JournalError> {
        let mut found = self.on(account, &Subject::Order(order.order_id)).await?;
        let reference = order.out_order_no.as_deref();
        if let Some(reference) = reference.and_then(|text| text.parse::<OutOrderNo>().ok()) {
            found.extend(self.on(account, &Subject::Reference(reference)).await?);
        }
        let made: BTreeSet<_> = found
            .iter()
            .filter_map(|operation| match &operation.result {
                Some(Receipt::Change(change)) => Some(change.change_order_no),
                Some(Receipt::Order(_) | Receipt::Refund(_)) | None => None,
            })
            .take(MOST as usize)
            .collect();
        for change in made {
            found.extend(self.on(account, &Subject::Change(change)).await?);
        }
        found.sort_unstable_by_key(|operation| std::cmp::Reverse(operation.id));
        Ok(found)
    }

    async fn on(
        &self,
        account: &AccountName,
        subject: &Subject,
    ) -> Result<Vec<Operation>, JournalError> {
        let filter = Filter {
            subject: Some(subject.text()),
            limit: MOST,
            ..Filter::default()
        };
        let mut found = self.journal().list(filter).await?;
        // Another account may use the same number, and a number of the caller may look like one of Fliggy's.
        found.retain(|operation| {
            operation.account == *account && operation.intent.subject() == *subject
        });
        Ok(found)
    }
}
