//! Whether an order or a change has been paid.

use super::change::{Change, ChangeStatus};
use super::money::Money;
use super::order::{Order, OrderStatus, OrderSummary};
use super::time::LocalTime;

/// Payment status of an order or a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// Paid.
    Made,
    /// Not paid, but still payable.
    NotMade,
    /// Not paid, and no longer payable.
    Impossible,
    /// Unknown.
    Unclear,
    /// The reported payment time is not conclusive.
    Doubtful,
}

/// Explains why [`Payment::Doubtful`] allows no conclusion.
pub const DOUBTFUL: &str =
    "Fliggy reports an implausible payment time, so it is unclear whether the payment was executed";

impl Order {
    /// Determines the payment status. Fields take precedence over the status, which is a Chinese phrase; a trade number
    /// alone does not prove payment, because it exists before the money moves.
    #[must_use]
    pub fn payment(&self) -> Payment {
        payment_of_order(
            self.paid_at,
            self.paid_price,
            self.status,
            self.payment_unclear,
        )
    }
}

impl OrderSummary {
    /// Determines the payment status, like [`Order::payment`]. A row of a list does not tell an implausible payment time from
    /// none.
    #[must_use]
    pub fn payment(&self) -> Payment {
        payment_of_order(self.paid_at, self.paid_price, self.status, false)
    }
}

fn payment_of_order(
    paid_at: Option<LocalTime>,
    paid_price: Option<Money>,
    status: OrderStatus,
    is_unclear: bool,
) -> Payment {
    if paid_at.is_some() || paid_price.is_some_and(|paid| paid > Money::ZERO) {
        return Payment::Made;
    }
    match status {
        OrderStatus::Paid | OrderStatus::Ticketing | OrderStatus::Ticketed => Payment::Made,
        OrderStatus::Booked
        | OrderStatus::Closed
        | OrderStatus::Creating
        | OrderStatus::Failed
        | OrderStatus::Other
            if is_unclear =>
        {
            Payment::Doubtful
        }
        OrderStatus::Booked => Payment::NotMade,
        OrderStatus::Closed => Payment::Impossible,
        // A failed order may have failed before its payment or, during ticketing, after it.
        OrderStatus::Creating | OrderStatus::Failed | OrderStatus::Other => Payment::Unclear,
    }
}

impl Change {
    /// Determines the payment status. The payment time takes precedence over the status. A trade number alone does not
    /// prove payment, but if a closed change has one, it is unknown whether money moved.
    #[must_use]
    pub fn payment(&self) -> Payment {
        if self.paid_at.is_some() {
            return Payment::Made;
        }
        match self.status {
            ChangeStatus::AwaitingTicketing | ChangeStatus::Ticketed => Payment::Made,
            ChangeStatus::AwaitingPayment
            | ChangeStatus::Closed
            | ChangeStatus::Submitted
            | ChangeStatus::Other
                if self.payment_unclear =>
            {
                Payment::Doubtful
            }
            ChangeStatus::AwaitingPayment => Payment::NotMade,
            ChangeStatus::Closed if self.trade_no.is_none() => Payment::Impossible,
            ChangeStatus::Closed | ChangeStatus::Submitted | ChangeStatus::Other => {
                Payment::Unclear
            }
        }
    }
}
