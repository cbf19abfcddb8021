//! What one read of upstream says about an operation. Pure: the reads are made elsewhere.

mod change;
mod newcomer;
mod order;
mod refund;

use crate::domain::change::{Change, ChangeList};
use crate::domain::operation::{Baseline, Cause, Difference, Intent, Receipt};
use crate::domain::order::Order;
use crate::domain::refund::RefundList;
use crate::domain::time::LocalTime;
use order::Booked;

/// What is known of an operation and of others when a lookup is judged.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// How the order stood before a refund or change of it.
    pub baseline: &'a Baseline,
    /// Fliggy's numbers of what other operations made: it is never this one's.
    pub made_by_others: &'a [u64],
    /// Fliggy's number of what this operation made, as the answer to it said.
    pub made: Option<u64>,
    /// A later operation may have made what does not bear this one's number.
    pub by_number_only: bool,
    /// The earliest time at which the operation may have made something.
    pub not_before: Option<LocalTime>,
}

/// What was read.
#[derive(Debug)]
pub enum Sight<'a> {
    /// An order.
    Order(&'a Order),
    /// The refunds of the order.
    Refunds(&'a RefundList),
    /// The changes of the order.
    Changes(&'a ChangeList),
    /// One change.
    Change(&'a Change),
    /// A listed not-found answer, or a list read to its end without it, by which absence counts.
    Absent,
    /// Nothing that says anything: an error, an answer that cannot be read, an unproven not-found.
    Nothing(&'static str),
}

/// What it means for the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// It was done; this is how it stands.
    Happened(Box<Receipt>),
    /// It was done, and some parts differ from the request.
    Differs(Box<Receipt>, Vec<Difference>),
    /// It is not there. Counts towards absence.
    NotHappened(&'static str),
    /// It cannot have been done any more.
    Refuted(Cause, &'static str),
    /// The look does not count.
    Inconclusive(&'static str),
}

impl Known<'_> {
    /// Whether the refund or change with this number was there before, or is another operation's.
    fn excludes(&self, number: u64) -> bool {
        self.baseline.numbers.contains(&number) || self.made_by_others.contains(&number)
    }
}

impl Finding {
    /// The word for metrics and the timeline.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Self::Happened(_) => "happened",
            Self::Differs(..) => "differs",
            Self::NotHappened(_) => "not_happened",
            Self::Refuted(..) => "refuted",
            Self::Inconclusive(_) => "inconclusive",
        }
    }

    /// How the order, refund or change stands, where it was found.
    pub(in crate::operations) fn receipt(&self) -> Option<Receipt> {
        match self {
            Self::Happened(receipt) | Self::Differs(receipt, _) => Some((**receipt).clone()),
            Self::NotHappened(_) | Self::Refuted(..) | Self::Inconclusive(_) => None,
        }
    }

    /// The parts that differ from the request.
    pub(in crate::operations) fn differences(&self) -> &[Difference] {
        match self {
            Self::Differs(_, differences) => differences,
            Self::Happened(_)
            | Self::NotHappened(_)
            | Self::Refuted(..)
            | Self::Inconclusive(_) => &[],
        }
    }

    /// A sentence for the timeline.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Happened(receipt) => format!("found: {}", receipt.stands()),
            Self::Differs(receipt, differences) => {
                let parts = differences.iter().map(|difference| {
                    format!(
                        "{} {} instead of {}",
                        difference.field.words(),
                        difference.found,
                        difference.expected
                    )
                });
                let parts: Vec<_> = parts.collect();
                format!("found: {}, with {}", receipt.stands(), parts.join(", "))
            }
            Self::NotHappened(why) | Self::Refuted(_, why) | Self::Inconclusive(why) => {
                (*why).to_owned()
            }
        }
    }
}

/// Judges one lookup. A missing decisive field, an unlisted status, a thing that is not ours: none of them
/// counts.
#[must_use]
pub fn judge(intent: &Intent, known: &Known<'_>, sight: &Sight<'_>) -> Finding {
    const OTHER: Finding = Finding::Inconclusive("upstream was asked about something else");
    match (intent, sight) {
        (_, Sight::Nothing(why)) => Finding::Inconclusive(why),
        (Intent::Book { .. }, Sight::Absent) => Finding::NotHappened("upstream has no such order"),
        // It was there when the operation began; its absence now is no evidence.
        (
            Intent::Pay { .. }
            | Intent::Close { .. }
            | Intent::Refund { .. }
            | Intent::Change { .. },
            Sight::Absent,
        ) => Finding::Inconclusive("upstream does not find the order at all"),
        (Intent::ChangePay { .. } | Intent::ChangeCancel { .. }, Sight::Absent) => {
            Finding::Inconclusive("upstream does not find the change at all")
        }
        (Intent::Book { .. }, Sight::Order(order))
            if known.made_by_others.contains(&order.order_id.get()) =>
        {
            Finding::Inconclusive("the order found was made by another operation")
        }
        (Intent::Book { .. }, Sight::Order(order))
            if known.made.is_some_and(|made| made != order.order_id.get()) =>
        {
            Finding::Inconclusive("the order found is not the one that the answer named")
        }
        (
            Intent::Book {
                out_order_no,
                total,
                segments,
                passengers,
                rules: _,
            },
            Sight::Order(order),
        ) => order::booked(
            order,
            &Booked {
                out_order_no,
                total: *total,
                segments,
                passengers: passengers.len(),
                not_before: known.not_before,
            },
        ),
        (Intent::Pay { order_id, total }, Sight::Order(order)) => {
            order::paid(order, *order_id, *total)
        }
        (Intent::Close { order_id }, Sight::Order(order)) => order::closed(order, *order_id),
        (Intent::Refund { .. }, Sight::Refunds(list)) => refund::applied(intent, known, list),
        (Intent::Change { .. }, Sight::Changes(list)) => change::created(intent, known, list),
        (
            Intent::ChangePay {
                change_order_no, ..
            },
            Sight::Change(change),
        ) => change::paid(change, *change_order_no),
        (Intent::ChangeCancel { change_order_no }, Sight::Change(change)) => {
            change::cancelled(change, *change_order_no)
        }
        (
            Intent::Book { .. } | Intent::Pay { .. } | Intent::Close { .. },
            Sight::Refunds(_) | Sight::Changes(_) | Sight::Change(_),
        )
        | (Intent::Refund { .. }, Sight::Order(_) | Sight::Changes(_) | Sight::Change(_))
        | (Intent::Change { .. }, Sight::Order(_) | Sight::Refunds(_) | Sight::Change(_))
        | (
            Intent::ChangePay { .. } | Intent::ChangeCancel { .. },
            Sight::Order(_) | Sight::Refunds(_) | Sight::Changes(_),
        ) => OTHER,
    }
}

#[cfg(test)]
mod tests;
