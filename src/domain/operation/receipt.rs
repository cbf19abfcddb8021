//! What an operation achieved.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::intent::{self, Intent};
use super::kind::Kind;
use super::proof::Lookup;
use crate::domain::change::ChangeReceipt;
use crate::domain::ids::PassengerId;
use crate::domain::order::OrderReceipt;
use crate::domain::refund::RefundReceipt;

/// What a write achieved: how the thing that it made or moved stands. Nothing personal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[schema(as = OperationResult)]
#[serde(untagged)]
pub enum Receipt {
    /// Of a refund application. (The most particular come first: the store reads them in this order.)
    Refund(RefundReceipt),
    /// Of a change.
    Change(ChangeReceipt),
    /// Of an order.
    Order(OrderReceipt),
}

impl Receipt {
    /// Fliggy's number of the thing, where an operation of this kind makes such a thing.
    #[must_use]
    pub fn made_by(&self, kind: Kind) -> Option<u64> {
        match (kind.creates()?, self) {
            (Lookup::OrderByReference, Self::Order(order)) => Some(order.order_id.get()),
            (Lookup::RefundsOfOrder, Self::Refund(refund)) => Some(refund.refund_order_no.get()),
            (Lookup::ChangesOfOrder, Self::Change(change)) => Some(change.change_order_no.get()),
            (
                Lookup::OrderByReference | Lookup::RefundsOfOrder | Lookup::ChangesOfOrder,
                Self::Order(_) | Self::Refund(_) | Self::Change(_),
            ) => None,
        }
    }

    /// Whether the total is the requested one. A receipt without a total fits.
    #[must_use]
    pub fn total_fits(&self, intent: &Intent) -> bool {
        match (self, intent) {
            (Self::Order(order), Intent::Book(intent::Book { total, .. })) => {
                order.total_price.is_none_or(|told| told == *total)
            }
            // What a change may cost at most is shown beside it; payments are looked at.
            (Self::Order(_) | Self::Refund(_) | Self::Change(_), _) => true,
        }
    }

    /// The same with what an answer to a write leaves out and the request, or an earlier read, told. How it
    /// stands, and whether it is paid, is only what the answer says.
    #[must_use]
    pub fn completed(self, before: Option<&Self>, intent: &Intent) -> Self {
        self.completed_by_read(before).with_travellers_of(intent)
    }

    /// The same with the travellers of the request, where it names any: what is read of an order, refund or change
    /// may mask their documents, and knows some of them by no id then or by another.
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

    /// How it stands, in a few words.
    #[must_use]
    pub fn stands(&self) -> String {
        match self {
            Self::Order(order) => format!("the order is {}", order.status.as_str()),
            Self::Refund(refund) => format!("the refund is {}", refund.status.as_str()),
            Self::Change(change) => format!("the change is {}", change.status.as_str()),
        }
    }
}
