//! Which of the refunds or changes of an order is the one that was sent.
//!
//! What was there before the send is not. Of the others the caller's number decides; where Fliggy
//! does not give it back, the travellers do.

use std::collections::HashSet;

use super::evidence::Finding;
use crate::domain::ids::PassengerId;
use crate::domain::operation::Receipt;

/// Whose a refund or change is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operations) enum Owner {
    /// This operation's, by the caller's number.
    Named,
    /// This operation's, if no other can be it: its travellers are the very ones.
    Likely,
    /// Somebody else's.
    Foreign,
    /// It could be either.
    Unclear,
}

/// Whose it is, by the number that Fliggy tells and by its travellers.
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
    // Who travels on no ticket of the order is told in another way than the order tells it.
    if found.is_empty() || !found.iter().all(|id| everybody.contains(id)) {
        Owner::Unclear
    } else if found.is_disjoint(&wanted) {
        Owner::Foreign
    } else if told.is_none() && found == wanted {
        Owner::Likely
    } else {
        // The same travellers under another number: the field is a guess, and may hold Fliggy's own.
        Owner::Unclear
    }
}

/// The one that is ours, if there is exactly one. Where only its travellers say so, no other may be left
/// that does not tell.
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
                return Finding::Inconclusive("several that are new could be it");
            }
        }
    }
    match ours {
        Some((Owner::Named, receipt)) => Finding::happened(receipt),
        Some((_, receipt)) if !unclear => Finding::happened(receipt),
        Some(_) => Finding::Inconclusive("some that are new do not tell whose they are"),
        None if unclear => Finding::Inconclusive("some that are new do not tell whose they are"),
        None => Finding::NotHappened(absent),
    }
}
