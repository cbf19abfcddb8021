//! What one read of upstream says about an operation. Pure: the reads are made elsewhere.

use super::cause::Cause;
use super::record::Intent;
use crate::domain::booking::segments_fingerprint;
use crate::domain::money::Money;
use crate::domain::order::{Order, OrderReceipt, OrderStatus};

/// What was read.
#[derive(Debug)]
pub enum Sight<'a> {
    /// An order.
    Order(&'a Order),
    /// A listed not-found answer, or a list read to its end without it, by which absence counts.
    Absent,
    /// Nothing that says anything: an error, an answer that cannot be read, an unproven not-found.
    Nothing(&'static str),
}

/// What it means for the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It was done; this is how it stands.
    Happened(Box<OrderReceipt>),
    /// It is not there. Counts towards absence.
    NotHappened(&'static str),
    /// It cannot have been done any more.
    Refuted(Cause, &'static str),
    /// The look does not count.
    Inconclusive(&'static str),
}

impl Finding {
    /// The word for metrics and the timeline.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Happened(_) => "happened",
            Self::NotHappened(_) => "not_happened",
            Self::Refuted(..) => "refuted",
            Self::Inconclusive(_) => "inconclusive",
        }
    }

    /// How the order stands, where it was found.
    pub(super) fn receipt(&self) -> Option<OrderReceipt> {
        match self {
            Self::Happened(receipt) => Some((**receipt).clone()),
            Self::NotHappened(_) | Self::Refuted(..) | Self::Inconclusive(_) => None,
        }
    }

    /// A sentence for the timeline.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Happened(receipt) => format!("found: the order is {}", receipt.status.as_str()),
            Self::NotHappened(why) | Self::Refuted(_, why) | Self::Inconclusive(why) => {
                (*why).to_owned()
            }
        }
    }
}

/// Judges one look. A missing decisive field, an unlisted status, an order that is not ours: none
/// of them counts.
#[must_use]
pub fn judge(intent: &Intent, sight: &Sight<'_>) -> Finding {
    let order = match sight {
        Sight::Nothing(why) => return Finding::Inconclusive(why),
        Sight::Absent => {
            return match intent {
                Intent::Book { .. } => Finding::NotHappened("upstream has no such order"),
                // The order was there when the operation began; its absence now is no evidence.
                Intent::Pay { .. } | Intent::Close { .. } => {
                    Finding::Inconclusive("upstream does not find the order at all")
                }
            };
        }
        Sight::Order(order) => order,
    };
    match intent {
        Intent::Book {
            out_order_no,
            total,
            segments,
            passengers,
        } => {
            let found = segments_fingerprint(&order.journeys);
            if !order.is_for(out_order_no) {
                Finding::Inconclusive("the order found has another reference")
            } else if order.total_price != Some(*total) {
                Finding::Inconclusive("the order found has another total, or none")
            } else if found != *segments {
                Finding::Inconclusive("the order found has other segments, or none")
            } else if order.passengers.len() != passengers.len() {
                Finding::Inconclusive("the order found has another number of passengers")
            } else if order.status == OrderStatus::Failed {
                Finding::Inconclusive("the order found is marked as failed")
            } else {
                Finding::Happened(Box::new(OrderReceipt::from(*order)))
            }
        }
        Intent::Pay { order_id, .. } => {
            if order.order_id != *order_id {
                return Finding::Inconclusive("the answer is about another order");
            }
            match payment(order) {
                Payment::Made => Finding::Happened(Box::new(OrderReceipt::from(*order))),
                Payment::NotMade => Finding::NotHappened("the order is not paid"),
                Payment::Impossible => {
                    Finding::Refuted(Cause::OrderNotPayable, "the order is closed and not paid")
                }
                Payment::Unclear => Finding::Inconclusive("the order's status is not listed"),
            }
        }
        Intent::Close { order_id } => {
            if order.order_id != *order_id {
                return Finding::Inconclusive("the answer is about another order");
            }
            match (payment(order), order.status) {
                (Payment::Made, _) => {
                    Finding::Refuted(Cause::OrderNotClosable, "the order is paid")
                }
                (_, OrderStatus::Closed) => Finding::Happened(Box::new(OrderReceipt::from(*order))),
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
    }
}

/// What an order says about its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// It was made.
    Made,
    /// It was not, and still can be.
    NotMade,
    /// It was not, and cannot be any more.
    Impossible,
    /// The order does not tell.
    Unclear,
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
        OrderStatus::Booked => Payment::NotMade,
        OrderStatus::Closed => Payment::Impossible,
        // A failed order may have failed before its payment or, at ticketing, after it.
        OrderStatus::Creating | OrderStatus::Failed | OrderStatus::Other => Payment::Unclear,
    }
}

#[cfg(test)]
mod tests;
