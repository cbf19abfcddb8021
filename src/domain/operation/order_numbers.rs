//! The order that an operation or an event concerns.

use super::Operation;
use super::intent::Intent;
use super::receipt::Receipt;
use crate::domain::ids::{OrderId, OutOrderNo};

/// The numbers of an order, as far as known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OrderNumbers {
    /// Fliggy's number.
    pub order_id: Option<OrderId>,
    /// The caller's number.
    pub out_order_no: Option<OutOrderNo>,
}

impl OrderNumbers {
    /// The numbers in the row of the operation. A payment or cancellation of a change does not name the order before its
    /// result is known.
    #[must_use]
    pub fn of(operation: &Operation) -> Self {
        let receipt = operation.last_receipt();
        let found = receipt.and_then(|receipt| match receipt {
            Receipt::Order(order) => Some(order.order_id),
            Receipt::Refund(refund) => Some(refund.order_id),
            Receipt::Change(change) => change.order_id,
        });
        let requested = match &operation.intent {
            Intent::Pay(pay) => Some(pay.order_id),
            Intent::Close(close) => Some(close.order_id),
            Intent::Refund(refund) => Some(refund.order_id),
            Intent::Change(change) => Some(change.order_id),
            Intent::Book(_) | Intent::ChangePay(_) | Intent::ChangeCancel(_) => None,
        };
        let reference = match (&operation.intent, receipt) {
            (Intent::Book(book), _) => Some(book.out_order_no.clone()),
            (_, Some(Receipt::Order(order))) => {
                let reported = order.out_order_no.as_deref();
                reported.and_then(|number| number.parse().ok())
            }
            (_, _) => None,
        };
        Self {
            order_id: requested.or(found),
            out_order_no: reference,
        }
    }
}
