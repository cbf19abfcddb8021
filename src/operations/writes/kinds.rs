//! The kinds of writes. One file each: what is sent, where its effect is looked up, how that is judged, and what is
//! recorded as the result.

pub mod book;
pub mod change;
pub mod change_cancel;
pub mod change_pay;
pub mod close;
pub mod pay;
pub mod refund;

use crate::domain::operation::Intent;
use crate::operations::reconcile::evidence::Effect;

/// What lookups need to know of an intent.
#[must_use]
pub(in crate::operations) fn effect(intent: &Intent) -> &dyn Effect {
    match intent {
        Intent::Book(book) => book,
        Intent::Pay(pay) => pay,
        Intent::Close(close) => close,
        Intent::Refund(refund) => refund,
        Intent::Change(change) => change,
        Intent::ChangePay(pay) => pay,
        Intent::ChangeCancel(cancel) => cancel,
    }
}

#[cfg(test)]
mod tests;
