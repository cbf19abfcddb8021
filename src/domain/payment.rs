//! Whether an order or a change is paid.

use super::change::{Change, ChangeStatus};
use super::money::Money;
use super::order::{Order, OrderStatus};

/// What an order or a change says about its payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payment {
    /// It was made.
    Made,
    /// It was not, and still can be.
    NotMade,
    /// It was not, and cannot be any more.
    Impossible,
    /// It cannot be told.
    Unclear,
    /// A time of payment is told that may be one or not.
    Doubtful,
}

/// Why nothing follows from [`Payment::Doubtful`].
pub const DOUBTFUL: &str =
    "Fliggy reports an implausible time of payment, so it is unclear whether this is paid";

impl Order {
    /// Reads the payment. Fields beat the status, which is a Chinese phrase; a trade number alone is
    /// not payment, because it exists before the money moves.
    #[must_use]
    pub fn payment(&self) -> Payment {
        let paid_amount = self.paid_price.is_some_and(|p| p > Money::ZERO);
        if self.paid_at.is_some() || paid_amount {
            return Payment::Made;
        }
        match self.status {
            OrderStatus::Paid | OrderStatus::Ticketing | OrderStatus::Ticketed => Payment::Made,
            OrderStatus::Booked
            | OrderStatus::Closed
            | OrderStatus::Creating
            | OrderStatus::Failed
            | OrderStatus::Other
                if self.payment_unclear =>
            {
                Payment::Doubtful
            }
            OrderStatus::Booked => Payment::NotMade,
            OrderStatus::Closed => Payment::Impossible,
            // A failed order may have failed before its payment or, at ticketing, after it.
            OrderStatus::Creating | OrderStatus::Failed | OrderStatus::Other => Payment::Unclear,
        }
    }
}

impl Change {
    /// Reads the payment. The time of payment beats the status; a trade number alone is not payment, but
    /// where a closed change has one it cannot be told whether money moved.
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
