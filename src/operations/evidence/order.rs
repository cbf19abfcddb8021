//! What an order says: booked, paid, closed.

use super::{DOUBTFUL, Finding, Payment};
use crate::domain::booking::segments_fingerprint;
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::money::Money;
use crate::domain::order::{Order, OrderReceipt, OrderStatus};
use crate::operations::cause::Cause;
use crate::operations::record::Receipt;

fn happened(order: &Order) -> Finding {
    Finding::Happened(Box::new(Receipt::Order(OrderReceipt::from(order))))
}

/// Whether it is the order that was booked: by reference, total, segments and number of passengers.
pub(super) fn booked(
    order: &Order,
    out_order_no: &OutOrderNo,
    total: Money,
    segments: &[String],
    passengers: usize,
) -> Finding {
    let found = segments_fingerprint(&order.journeys);
    if !order.is_for(out_order_no) {
        Finding::Inconclusive("the order found has another reference")
    } else if order.total_price != Some(total) {
        Finding::Inconclusive("the order found has another total, or none")
    } else if found != *segments {
        Finding::Inconclusive("the order found has other segments, or none")
    } else if order.passengers.len() != passengers {
        Finding::Inconclusive("the order found has another number of passengers")
    } else if order.status == OrderStatus::Failed {
        Finding::Inconclusive("the order found is marked as failed")
    } else {
        happened(order)
    }
}

/// Whether the order is paid.
pub(super) fn paid(order: &Order, order_id: OrderId) -> Finding {
    if order.order_id != order_id {
        return Finding::Inconclusive("the answer is about another order");
    }
    match payment(order) {
        Payment::Made => happened(order),
        Payment::NotMade => Finding::NotHappened("the order is not paid"),
        Payment::Impossible => {
            Finding::Refuted(Cause::OrderNotPayable, "the order is closed and not paid")
        }
        Payment::Unclear => Finding::Inconclusive("the order's status is not listed"),
        Payment::Doubtful => Finding::Inconclusive(DOUBTFUL),
    }
}

/// Whether the order is closed.
pub(super) fn closed(order: &Order, order_id: OrderId) -> Finding {
    if order.order_id != order_id {
        return Finding::Inconclusive("the answer is about another order");
    }
    match (payment(order), order.status) {
        (Payment::Made, _) => Finding::Refuted(Cause::OrderNotClosable, "the order is paid"),
        (Payment::Doubtful, _) => Finding::Inconclusive(DOUBTFUL),
        (_, OrderStatus::Closed) => happened(order),
        (_, OrderStatus::Booked) => Finding::NotHappened("the order is open"),
        (
            _,
            OrderStatus::Creating
            | OrderStatus::Paid
            | OrderStatus::Ticketing
            | OrderStatus::Ticketed
            | OrderStatus::Failed
            | OrderStatus::Other,
        ) => Finding::Inconclusive("the order's status decides nothing"),
    }
}

/// Reads the payment. Fields beat the status, which is a Chinese phrase; a trade number alone is
/// not payment, because it exists before the money moves.
#[must_use]
pub fn payment(order: &Order) -> Payment {
    let paid_amount = order.paid_price.is_some_and(|p| p > Money::ZERO);
    if order.paid_at.is_some() || paid_amount {
        return Payment::Made;
    }
    match order.status {
        OrderStatus::Paid | OrderStatus::Ticketing | OrderStatus::Ticketed => Payment::Made,
        OrderStatus::Booked
        | OrderStatus::Closed
        | OrderStatus::Creating
        | OrderStatus::Failed
        | OrderStatus::Other
            if order.payment_unclear =>
        {
            Payment::Doubtful
        }
        OrderStatus::Booked => Payment::NotMade,
        OrderStatus::Closed => Payment::Impossible,
        // A failed order may have failed before its payment or, at ticketing, after it.
        OrderStatus::Creating | OrderStatus::Failed | OrderStatus::Other => Payment::Unclear,
    }
}
