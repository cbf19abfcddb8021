//! Types for judging lookups. Each kind of write judges its own lookups in pure functions; the module `lookup` makes
//! the reads.

use crate::domain::change::{Change, ChangeList};
use crate::domain::ids::{ChangeOrderNo, OrderId, RefundOrderNo};
use crate::domain::operation::{Baseline, Cause, Difference, Intent, Receipt};
use crate::domain::order::Order;
use crate::domain::refund::RefundList;
use crate::domain::time::LocalTime;
use crate::operations::reads::orders::OrderKey;

/// What is known about an operation and about others when a lookup is judged.
#[derive(Clone, Copy, Debug)]
pub struct Known<'a> {
    /// The state of the order before a refund or change was sent.
    pub baseline: &'a Baseline,
    /// Fliggy's numbers of the objects that other operations created. This operation did not create them.
    pub created_by_others: &'a [u64],
    /// Fliggy's number of the object that this operation created, as reported in the response to the send.
    pub made: Option<u64>,
    /// Whether only an object with the caller's number of this operation counts: a later operation may have created
    /// any other.
    pub by_number_only: bool,
    /// Whether a message of TOP reports the payment. It counts if the read shows neither the payment nor its absence.
    pub paid_by_message: bool,
    /// The earliest time at which the operation can have had an effect.
    pub not_before: Option<LocalTime>,
}

/// Why a read that shows no payment allows no conclusion if a message of TOP reports one.
pub const TOLD_OTHERWISE: &str = "a message of TOP reports a payment, which the read does not show";

/// The parts of a lookup that depend on the kind of write. Each kind implements this trait for its intent.
pub trait Effect {
    /// What a lookup reads.
    fn target(&self) -> Target;

    /// Judges what was read. A missing decisive field, an unlisted status, or an object that is not ours is
    /// inconclusive.
    fn judge(&self, known: &Known<'_>, observed: &Observed<'_>) -> Finding;

    /// The result that is recorded if a person resolves the operation as succeeded and no lookup finds it.
    ///
    /// # Errors
    /// The name of the missing field that must identify the created object.
    fn unread(&self, made: CreatedNumbers) -> Result<Receipt, &'static str>;
}

/// What a lookup reads.
#[derive(Clone, Debug)]
pub enum Target {
    /// One order.
    Order(OrderKey),
    /// The refunds of an order.
    Refunds(OrderId),
    /// The changes of an order.
    Changes(OrderId),
    /// One change.
    Change(ChangeOrderNo),
}

/// Fliggy's number of the object that a write created, as reported by a person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CreatedNumbers {
    /// Of a booking.
    pub order_id: Option<OrderId>,
    /// Of a refund.
    pub refund_order_no: Option<RefundOrderNo>,
    /// Of a change.
    pub change_order_no: Option<ChangeOrderNo>,
}

/// What was read.
#[derive(Debug)]
pub enum Observed<'a> {
    /// An order.
    Order(&'a Order),
    /// The refunds of the order.
    Refunds(&'a RefundList),
    /// The changes of the order.
    Changes(&'a ChangeList),
    /// One change.
    Change(&'a Change),
    /// A listed not-found response, or a complete list without the object. Counts as absence.
    Absent,
    /// Nothing conclusive: an error, an unreadable response, or an unlisted not-found text.
    Nothing(&'static str),
}

/// What a lookup means for the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Finding {
    /// The write was executed; this is its result.
    Happened(Box<Receipt>),
    /// The write was executed, and some fields differ from the request.
    Differs(Box<Receipt>, Vec<Difference>),
    /// The effect is absent. Counts towards absence.
    NotHappened(&'static str),
    /// The write cannot have been executed and cannot be any more.
    Refuted(Cause, &'static str),
    /// The lookup does not count.
    Inconclusive(&'static str),
}

impl Known<'_> {
    /// Whether the refund or change with this number existed before or belongs to another operation.
    pub(in crate::operations) fn excludes(&self, number: u64) -> bool {
        self.baseline.numbers.contains(&number) || self.created_by_others.contains(&number)
    }
}

impl Finding {
    /// The effect of the write was found.
    #[must_use]
    pub fn happened(receipt: Receipt) -> Self {
        Self::Happened(Box::new(receipt))
    }

    /// The finding if the read shows nothing about this kind of write.
    #[must_use]
    pub fn of_other(observed: &Observed<'_>) -> Self {
        match observed {
            Observed::Nothing(why) => Self::Inconclusive(why),
            Observed::Order(_)
            | Observed::Refunds(_)
            | Observed::Changes(_)
            | Observed::Change(_)
            | Observed::Absent => Self::Inconclusive("the lookup read the wrong kind of object"),
        }
    }

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

    /// The state of the order, refund or change, if it was found.
    pub(in crate::operations) fn receipt(&self) -> Option<Receipt> {
        match self {
            Self::Happened(receipt) | Self::Differs(receipt, _) => Some((**receipt).clone()),
            Self::NotHappened(_) | Self::Refuted(..) | Self::Inconclusive(_) => None,
        }
    }

    /// Adds the passengers of the request to the result, unless another trip was found.
    pub(in crate::operations) fn with_travellers_of(self, intent: &Intent) -> Self {
        let completed = |receipt: Receipt| Box::new(receipt.with_travellers_of(intent));
        match self {
            Self::Happened(receipt) => Self::Happened(completed(*receipt)),
            Self::Differs(receipt, found)
                if !found.iter().any(|d| d.field.makes_another_trip()) =>
            {
                Self::Differs(completed(*receipt), found)
            }
            Self::Differs(..)
            | Self::NotHappened(_)
            | Self::Refuted(..)
            | Self::Inconclusive(_) => self,
        }
    }

    /// The fields that differ from the request.
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
            Self::Happened(receipt) => format!("found: {}", receipt.status_text()),
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
                format!(
                    "found: {}, with {}",
                    receipt.status_text(),
                    parts.join(", ")
                )
            }
            Self::NotHappened(why) | Self::Refuted(_, why) | Self::Inconclusive(why) => {
                (*why).to_owned()
            }
        }
    }
}
