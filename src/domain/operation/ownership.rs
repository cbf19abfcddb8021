//! The owner of an order.

use jiff::Timestamp;

use super::Operation;
use super::intent::Intent;
use super::receipt::Receipt;
use super::state::State;
use crate::domain::change::departure_of;
use crate::domain::ids::{AccountName, OperationId, OrderId, OutOrderNo};
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
    /// The last departure of its flights (+08:00), including flights that the order was changed to. None if unknown.
    pub last_departure: Option<LocalTime>,
    /// When the booking was accepted.
    pub booked_at: Timestamp,
    /// The booking.
    pub operation_id: OperationId,
}

/// What an operation in its current state implies for the ownership of orders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnershipFact {
    /// The booking created no order other than this one, whatever was recorded before.
    NoOther(OperationId, Option<OrderId>),
    /// The order was booked.
    Booked(Ownership),
    /// The order was changed to other flights.
    Changed {
        /// The purchasing account.
        account: AccountName,
        /// Fliggy's number of the order.
        order_id: OrderId,
        /// The last departure of the new flights.
        last_departure: LocalTime,
    },
}

impl OwnershipFact {
    /// The facts of the operation, to be applied in this order. While a person must decide on a booking, the
    /// recorded owner stays.
    #[must_use]
    pub fn of(operation: &Operation) -> Vec<Self> {
        let last = |flights: &[String]| {
            flights
                .iter()
                .filter_map(|flight| departure_of(flight))
                .max()
        };
        let succeeded = operation.state() == State::Succeeded;
        match (&operation.intent, &operation.result) {
            (Intent::Book(book), Some(Receipt::Order(order))) if succeeded => vec![
                Self::NoOther(operation.id, Some(order.order_id)),
                Self::Booked(Ownership {
                    account: operation.account.clone(),
                    order_id: order.order_id,
                    out_order_no: book.out_order_no.clone(),
                    owner: operation.caller.clone(),
                    last_departure: last(&book.segments),
                    booked_at: operation.created_at,
                    operation_id: operation.id,
                }),
            ],
            (Intent::Book(_), _) if operation.state().is_settled() => {
                vec![Self::NoOther(operation.id, None)]
            }
            (Intent::Change(change), _) if succeeded => last(&change.targets)
                .map(|last_departure| Self::Changed {
                    account: operation.account.clone(),
                    order_id: change.order_id,
                    last_departure,
                })
                .into_iter()
                .collect(),
            (
                Intent::Book(_)
                | Intent::Pay(_)
                | Intent::Close(_)
                | Intent::Refund(_)
                | Intent::Change(_)
                | Intent::ChangePay(_)
                | Intent::ChangeCancel(_),
                _,
            ) => Vec::new(),
        }
    }
}
