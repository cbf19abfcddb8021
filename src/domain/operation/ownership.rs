//! Whose an order is.

use jiff::Timestamp;

use super::Operation;
use super::intent::Intent;
use super::receipt::Receipt;
use super::state::State;
use crate::domain::change::departure_of;
use crate::domain::ids::{AccountName, OrderId, OutOrderNo};
use crate::domain::time::LocalTime;

/// An order that was booked through this gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ownership {
    /// The purchasing account.
    pub account: AccountName,
    /// Fliggy's number of the order.
    pub order_id: OrderId,
    /// The caller's number of the order.
    pub out_order_no: OutOrderNo,
    /// The caller that booked it.
    pub owner: String,
    /// The last departure of its flights, also of those that it was changed to (+08:00). None if it is not known.
    pub last_departure: Option<LocalTime>,
    /// When the booking was accepted.
    pub booked_at: Timestamp,
}

/// What an operation says of the ownership of an order, as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnershipFact {
    /// The order was booked.
    Booked(Ownership),
    /// The order was changed to flights of which this is the last departure.
    Changed {
        /// The purchasing account.
        account: AccountName,
        /// Fliggy's number of the order.
        order_id: OrderId,
        /// The last departure.
        last_departure: LocalTime,
    },
}

impl OwnershipFact {
    /// What the operation says; none unless it has succeeded.
    #[must_use]
    pub fn of(operation: &Operation) -> Option<Self> {
        if operation.state() != State::Succeeded {
            return None;
        }
        let last = |flights: &[String]| {
            flights
                .iter()
                .filter_map(|flight| departure_of(flight))
                .max()
        };
        match (&operation.intent, &operation.result) {
            (Intent::Book(book), Some(Receipt::Order(order))) => Some(Self::Booked(Ownership {
                account: operation.account.clone(),
                order_id: order.order_id,
                out_order_no: book.out_order_no.clone(),
                owner: operation.caller.clone(),
                last_departure: last(&book.segments),
                booked_at: operation.created_at,
            })),
            (Intent::Change(change), _) => Some(Self::Changed {
                account: operation.account.clone(),
                order_id: change.order_id,
                last_departure: last(&change.targets)?,
            }),
            (
                Intent::Book(_)
                | Intent::Pay(_)
                | Intent::Close(_)
                | Intent::Refund(_)
                | Intent::ChangePay(_)
                | Intent::ChangeCancel(_),
                _,
            ) => None,
        }
    }
}
