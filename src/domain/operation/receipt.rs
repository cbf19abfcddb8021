//! The result of an operation.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::intent::{self, Intent};
use super::kind::Kind;
use super::proof::LookupKind;
use crate::domain::change::ChangeReceipt;
use crate::domain::ids::PassengerId;
use crate::domain::order::OrderReceipt;
use crate::domain::refund::RefundReceipt;

/// The result of a write: the order, refund or change that it created or acted on. No personal data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OperationResult)]
#[serde(untagged)]
pub enum Receipt {
    // The most specific variants come first: reading from the store tries them in this order.
    /// A refund application.
    Refund(RefundReceipt),
    /// A change.
    Change(ChangeReceipt),
    /// An order.
    Order(OrderReceipt),
}

impl Receipt {
    /// Fliggy's number of the order, refund or change, if operations of this kind create one.
    #[must_use]
    pub fn made_by(&self, kind: Kind) -> Option<u64> {
        match (kind.creates()?, self) {
            (LookupKind::OrderByReference, Self::Order(order)) => Some(order.order_id.get()),
            (LookupKind::RefundsOfOrder, Self::Refund(refund)) => {
                Some(refund.refund_order_no.get())
            }
            (LookupKind::ChangesOfOrder, Self::Change(change)) => {
                Some(change.change_order_no.get())
            }
            (
                LookupKind::OrderByReference
                | LookupKind::RefundsOfOrder
                | LookupKind::ChangesOfOrder,
                Self::Order(_) | Self::Refund(_) | Self::Change(_),
            ) => None,
        }
    }

    /// Whether the total matches the request. A receipt without a total matches.
    #[must_use]
    pub fn total_fits(&self, intent: &Intent) -> bool {
        match (self, intent) {
            (Self::Order(order), Intent::Book(intent::Book { total, .. })) => {
                order.total_price.is_none_or(|reported| reported == *total)
            }
            // The limit of a change is reported beside its total; lookups check payments.
            (Self::Order(_) | Self::Refund(_) | Self::Change(_), _) => true,
        }
    }

    /// Fills in what the response to a write omits, from the request or from an earlier read. Status and payment come
    /// only from the response.
    #[must_use]
    pub fn completed(self, before: Option<&Self>, intent: &Intent) -> Self {
        self.completed_by_read(before).with_travellers_of(intent)
    }

    /// Replaces the passengers with those of the request, if the request names any. Fliggy may mask the documents in an
    /// order, refund or change, so that a passenger there has no id or a different id.
    #[must_use]
    pub fn with_travellers_of(mut self, intent: &Intent) -> Self {
        let named = intent.travellers();
        if !named.is_empty() {
            *self.passenger_ids_mut() = named.to_vec();
        }
        self
    }

    fn passenger_ids_mut(&mut self) -> &mut Vec<PassengerId> {
        match self {
            Self::Order(order) => &mut order.passenger_ids,
            Self::Refund(refund) => &mut refund.passenger_ids,
            Self::Change(change) => &mut change.passenger_ids,
        }
    }

    fn completed_by_read(self, before: Option<&Self>) -> Self {
        match (self, before) {
            (Self::Order(now), Some(Self::Order(then))) => Self::Order(OrderReceipt {
                out_order_no: now.out_order_no.or_else(|| then.out_order_no.clone()),
                total_price: now.total_price.or(then.total_price),
                booked_at: now.booked_at.or(then.booked_at),
                pay_before: now.pay_before.or(then.pay_before),
                passenger_ids: then.passenger_ids.clone(),
                ..now
            }),
            (Self::Change(now), Some(Self::Change(then))) => Self::Change(ChangeReceipt {
                order_id: now.order_id.or(then.order_id),
                out_change_no: now.out_change_no.or_else(|| then.out_change_no.clone()),
                total_price: now.total_price.or(then.total_price),
                pay_before: now.pay_before.or(then.pay_before),
                passenger_ids: then.passenger_ids.clone(),
                ..now
            }),
            (now, _) => now,
        }
    }

    /// The status in a few words.
    #[must_use]
    pub fn status_text(&self) -> String {
        match self {
            Self::Order(order) => format!("the order is {}", order.status.as_str()),
            Self::Refund(refund) => format!("the refund is {}", refund.status.as_str()),
            Self::Change(change) => format!("the change is {}", change.status.as_str()),
        }
    }
}
