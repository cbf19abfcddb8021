//! The kinds of writes. Each has one file: what is sent, where the effect is looked up, how the lookup is judged, and
//! what is recorded as the result.

pub mod book;
pub mod change;
pub mod change_cancel;
pub mod change_pay;
pub mod close;
pub mod pay;
pub mod refund;

use crate::domain::operation::Intent;
use crate::operations::reconcile::evidence::Effect;

/// The parts of a lookup that depend on the kind of the intent.
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
