//! What the journal contains about an order: the operations on it, and the rules of the offer that was booked.

use std::collections::BTreeSet;

use crate::domain::ids::{AccountName, ChangeOrderNo, OperationId, OrderId, OutOrderNo};
use crate::domain::offer::OfferRules;
use crate::domain::operation::{Kind, Operation, Receipt, Subject};
use crate::domain::order::Order;
use crate::operations::service::Operations;
use crate::store::{Filter, JournalError};

/// The most operations that are returned.
const MOST: u32 = 50;

/// The newest operations on an order.
#[derive(Debug)]
pub struct History {
    /// The operations, newest first.
    pub operations: Vec<Operation>,
    /// The oldest one that was considered, if there are older ones.
    pub cut_at: Option<OperationId>,
}

impl Operations {
    /// The operations on the order: its booking, payments, closes, refunds and changes, and the payments and
    /// cancellations of its changes. Changes that this gateway created are included; others only if listed in
    /// `changes`. Newest first, at most 50, and only those of `caller` if one is given.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn history(
        &self,
        account: &AccountName,
        order: &Order,
        changes: impl IntoIterator<Item = ChangeOrderNo>,
        caller: Option<&str>,
    ) -> Result<History, JournalError> {
        let on_order = Subject::Order(order.order_id);
        let mut changes: BTreeSet<_> = changes.into_iter().collect();
        let created_here = self.journal().list(Filter {
            about: Some((account.clone(), on_order.clone())),
            kind: Some(Kind::Change),
            limit: MOST,
            ..Filter::default()
        });
        changes.extend(created_here.await?.iter().filter_map(change_of));
        let reference = order.out_order_no.as_deref();
        let reference = reference.and_then(|text| text.parse::<OutOrderNo>().ok());
        let subjects = std::iter::once(on_order)
            .chain(reference.map(Subject::Reference))
            .chain(changes.into_iter().map(Subject::Change));
        let mut found = Vec::new();
        for subject in subjects {
            let on_subject = self.journal().list(Filter {
                about: Some((account.clone(), subject)),
                caller: caller.map(str::to_owned),
                // One more than is returned, to detect that there are older operations.
                limit: MOST + 1,
                ..Filter::default()
            });
            found.extend(on_subject.await?);
        }
        found.sort_unstable_by_key(|operation| std::cmp::Reverse(operation.id));
        let is_cut = found.len() > MOST as usize;
        found.truncate(MOST as usize);
        let cut_at = found.last().filter(|_| is_cut).map(|oldest| oldest.id);
        // The caller may have used the same number for an earlier order: drop bookings of other orders.
        found.retain(|operation| {
            let booked = operation.made().filter(|_| operation.kind() == Kind::Book);
            booked.is_none_or(|order_id| order_id == order.order_id.get())
        });
        Ok(History {
            operations: found,
            cut_at,
        })
    }

    /// The rules of the offer from which this order was booked, if it was booked through this gateway.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn booked_rules(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> Result<Option<OfferRules>, JournalError> {
        let numbers = [order_id.get()];
        let makers = self.journal().makers(account, Kind::Book, &numbers).await?;
        for (_, maker) in makers {
            let booking = self.journal().get(maker).await?;
            if let Some(rules) = booking.and_then(|booking| booking.intent.rules().cloned()) {
                return Ok(Some(rules));
            }
        }
        Ok(None)
    }
}

/// The change that an operation created.
fn change_of(operation: &Operation) -> Option<ChangeOrderNo> {
    match operation.last_receipt()? {
        Receipt::Change(change) => Some(change.change_order_no),
        Receipt::Order(_) | Receipt::Refund(_) => None,
    }
}
