//! What the changes of an order say: made, paid, cancelled.

use std::collections::HashSet;

use super::newcomer::{Owner, only, owner};
use super::{Finding, Known};
use crate::domain::change::{Change, ChangeList, ChangeReceipt, ChangeStatus, flight_at};
use crate::domain::ids::ChangeOrderNo;
use crate::domain::operation::{Cause, Intent, Receipt};
use crate::domain::payment::{DOUBTFUL, Payment};

/// Whether the change exists, whatever became of it since.
pub(super) fn created(intent: &Intent, known: &Known<'_>, list: &ChangeList) -> Finding {
    let Intent::Change {
        order_id,
        out_change_no,
        passengers,
        targets,
        max_total,
        ..
    } = intent
    else {
        return Finding::Inconclusive("no change was asked for");
    };
    let new = list
        .changes
        .iter()
        .filter(|row| !known.excludes(row.change_order_no.get()));
    let owned = new.map(|row| {
        let told = row.out_change_no.as_deref();
        let travellers = row.passengers.iter().map(|p| p.passenger_id.as_ref());
        let owner = match owner(
            told,
            out_change_no.as_str(),
            travellers,
            passengers,
            &known.baseline.travellers,
        ) {
            // Reads refuse a list with a row of another order: it shows neither presence nor absence.
            _ if row.order_id.is_some_and(|told| told != *order_id) => Owner::Unclear,
            _ if known.made == Some(row.change_order_no.get()) => Owner::Named,
            Owner::Likely if known.by_number_only => Owner::Unclear,
            // The travellers are ours, but they are on their way to another flight.
            Owner::Likely if goes_elsewhere(row, targets) => Owner::Unclear,
            owner => owner,
        };
        let receipt = Receipt::Change(ChangeReceipt::of(row, *max_total));
        (owner, receipt)
    });
    only(owned, list.dropped, "the order has no such change")
}

/// Whether the flights of the change are told, and are not those that were asked for.
fn goes_elsewhere(change: &Change, targets: &[String]) -> bool {
    let told: Option<HashSet<String>> = change
        .segments
        .iter()
        .map(|s| {
            let flight = s.marketing_flight_no.as_ref()?;
            Some(flight_at(flight, s.departure_time?))
        })
        .collect();
    let wanted: HashSet<String> = targets.iter().cloned().collect();
    told.is_some_and(|told| !told.is_empty() && told != wanted)
}

/// Whether the change is paid.
pub(super) fn paid(change: &Change, change_order_no: ChangeOrderNo) -> Finding {
    if change.change_order_no != change_order_no {
        return Finding::Inconclusive("the answer is about another change");
    }
    match change.payment() {
        Payment::Made => happened(change),
        Payment::NotMade => Finding::NotHappened("the change is not paid"),
        Payment::Impossible => {
            Finding::Refuted(Cause::ChangeNotPayable, "the change is closed and not paid")
        }
        Payment::Unclear => Finding::Inconclusive("the change does not tell whether it is paid"),
        Payment::Doubtful => Finding::Inconclusive(DOUBTFUL),
    }
}

/// Whether the change is closed.
pub(super) fn cancelled(change: &Change, change_order_no: ChangeOrderNo) -> Finding {
    if change.change_order_no != change_order_no {
        return Finding::Inconclusive("the answer is about another change");
    }
    match (change.payment(), change.status) {
        (Payment::Made, _) => Finding::Refuted(Cause::ChangeNotCancellable, "the change is paid"),
        (Payment::Doubtful, _) => Finding::Inconclusive(DOUBTFUL),
        (_, ChangeStatus::Closed) => happened(change),
        (_, ChangeStatus::Submitted | ChangeStatus::AwaitingPayment) => {
            Finding::NotHappened("the change is open")
        }
        (_, ChangeStatus::AwaitingTicketing | ChangeStatus::Ticketed | ChangeStatus::Other) => {
            Finding::Inconclusive("the change's status decides nothing")
        }
    }
}

fn happened(change: &Change) -> Finding {
    Finding::Happened(Box::new(Receipt::Change(ChangeReceipt::of(change, None))))
}
