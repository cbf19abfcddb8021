//! Finds the refund or change of an order that an operation created.
//!
//! One that existed before the send is excluded. Of the others, the caller's number decides; if Fliggy does
//! not return it, the travellers decide.

use std::collections::HashSet;

use super::evidence::Finding;
use crate::domain::ids::PassengerId;
use crate::domain::operation::Receipt;

/// Whether a refund or change belongs to this operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operations) enum Owner {
    /// This operation's, by the caller's number.
    Named,
    /// This operation's, by the same travellers, unless another candidate is left.
    Likely,
    /// Not this operation's.
    Foreign,
    /// It could be either.
    Unclear,
}

/// Decides by the number that Fliggy reports and by the travellers.
pub(in crate::operations) fn owner<'a>(
    told: Option<&str>,
    ours: &str,
    travellers: impl Iterator<Item = Option<&'a PassengerId>>,
    wanted: &[PassengerId],
    everybody: &[PassengerId],
) -> Owner {
    if told == Some(ours) {
        return Owner::Named;
    }
    let Some(found) = travellers.collect::<Option<HashSet<_>>>() else {
        return Owner::Unclear;
    };
    let wanted: HashSet<_> = wanted.iter().collect();
    // A traveller who is not among those of the order is reported in another form, and cannot be matched.
    if found.is_empty() || !found.iter().all(|id| everybody.contains(id)) {
        Owner::Unclear
    } else if found.is_disjoint(&wanted) {
        Owner::Foreign
    } else if told.is_none() && found == wanted {
        Owner::Likely
    } else {
        // The same travellers under another number: the field is inferred, and may contain Fliggy's own
        // number.
        Owner::Unclear
    }
}

/// The one that is ours, if there is exactly one. If only its travellers match, no unclear one may be left.
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
                    "several new refunds or changes could be this operation's",
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
