//! Finds the refund or change of an order that an operation created.
//!
//! Refunds and changes that existed before the send are excluded. Among the others, the caller's number decides; if
//! Fliggy does not return this number, the passengers decide.

use std::collections::HashSet;

use super::evidence::Finding;
use crate::domain::ids::PassengerId;
use crate::domain::operation::Receipt;

/// Whether a refund or change belongs to this operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operations) enum Owner {
    /// It belongs to this operation, by the caller's number.
    Named,
    /// It belongs to this operation, by the passengers, unless there is another candidate.
    Likely,
    /// It does not belong to this operation.
    Foreign,
    /// It may or may not belong to this operation.
    Unclear,
}

/// Decides by the number that Fliggy reports (`reported`) and by the passengers. `requested` are the passengers of
/// the operation, `on_order` all passengers of the order.
pub(in crate::operations) fn owner<'a>(
    reported: Option<&str>,
    ours: &str,
    travellers: impl Iterator<Item = Option<&'a PassengerId>>,
    requested: &[PassengerId],
    on_order: &[PassengerId],
) -> Owner {
    if reported == Some(ours) {
        return Owner::Named;
    }
    let Some(found) = travellers.collect::<Option<HashSet<_>>>() else {
        return Owner::Unclear;
    };
    let requested: HashSet<_> = requested.iter().collect();
    // The order does not list this passenger: Fliggy reports the document in another form, so it cannot be matched.
    if found.is_empty() || !found.iter().all(|id| on_order.contains(id)) {
        Owner::Unclear
    } else if found.is_disjoint(&requested) {
        Owner::Foreign
    } else if reported.is_none() && found == requested {
        Owner::Likely
    } else {
        // Either only some of the passengers match, or all of them match under another number. That the field
        // contains the caller's number is inferred; it may contain Fliggy's own number.
        Owner::Unclear
    }
}

/// The finding if exactly one refund or change is ours. If it is ours only by its passengers, no other may be unclear.
pub(in crate::operations) fn only(
    owned: impl Iterator<Item = (Owner, Receipt)>,
    unreadable: usize,
    absent: &'static str,
) -> Finding {
    let (mut ours, mut unclear) = (None, unreadable > 0);
    for (owner, receipt) in owned {
        match owner {
            Owner::Foreign => {}
            Owner::Unclear => unclear = true,
            Owner::Named | Owner::Likely if ours.is_none() => ours = Some((owner, receipt)),
            Owner::Named | Owner::Likely => {
                return Finding::Inconclusive(
                    "several new refunds or changes may belong to this operation",
                );
            }
        }
    }
    match ours {
        Some((Owner::Named, receipt)) => Finding::happened(receipt),
        Some((_, receipt)) if !unclear => Finding::happened(receipt),
        Some(_) => Finding::Inconclusive("some new refunds or changes cannot be attributed"),
        None if unclear => {
            Finding::Inconclusive("some new refunds or changes cannot be attributed")
        }
        None => Finding::NotHappened(absent),
    }
}
