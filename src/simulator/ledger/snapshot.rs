//! The state of an order before a call, so that the effect can be hidden from lookups or undone.

use std::time::Duration;

use super::progress::FactMark;
use super::{Changed, Ledger};
use crate::simulator::change::Change;
use crate::simulator::hidden::Hidden;
use crate::simulator::order::Order;
use crate::simulator::refund::Refund;

/// An order with its refunds and changes at one moment.
pub(in crate::simulator) struct Snapshot {
    order: Order,
    refunds: Vec<Refund>,
    changes: Vec<Change>,
    facts: FactMark,
}

impl Snapshot {
    pub(in crate::simulator) fn order(&self) -> &Order {
        &self.order
    }

    pub(in crate::simulator) fn refund(&self, number: u64) -> Option<&Refund> {
        self.refunds.iter().find(|r| r.refund_order_no == number)
    }

    pub(in crate::simulator) fn change(&self, number: u64) -> Option<&Change> {
        self.changes.iter().find(|c| c.change_order_no == number)
    }
}

impl Ledger {
    /// Takes a snapshot of an order, to undo or hide an effect.
    pub(in crate::simulator) fn snapshot(&mut self, id: u64) -> Option<Snapshot> {
        Some(Snapshot {
            order: self.by_id(id)?.clone(),
            refunds: self.refunds.of_order(id),
            changes: self.changes.of_order(id),
            // After the objects, because reading them may add facts.
            facts: self.mark_facts(),
        })
    }

    /// Hides the latest effect from lookups.
    pub(in crate::simulator) fn hide(
        &mut self,
        changed: &Changed,
        before: Option<&Snapshot>,
        delay: Option<Duration>,
        lookups: Option<u32>,
    ) {
        let until = self.clock.steady() + delay.unwrap_or(self.timing.hidden_for);
        match changed {
            Changed::Order(id) => {
                if let Some(order) = self.orders.get_mut(id) {
                    let before = before.map(|snapshot| snapshot.order().progress.clone());
                    order.hidden = Some(Hidden::new(before, until, lookups));
                }
            }
            Changed::Refund(number) => {
                let before = before.and_then(|snapshot| snapshot.refund(*number));
                let before = before.map(|refund| refund.progress.clone());
                let hidden = Hidden::new(before, until, lookups);
                self.refunds.hide(*number, hidden);
            }
            Changed::Change(number) => {
                let before = before.and_then(|snapshot| snapshot.change(*number));
                let before = before.map(|change| change.progress.clone());
                let hidden = Hidden::new(before, until, lookups);
                self.changes.hide(*number, hidden);
            }
            // No lookup returns files.
            Changed::File(_) => {}
        }
    }

    /// Undoes an effect.
    pub(in crate::simulator) fn undo(&mut self, changed: &Changed, before: Option<Snapshot>) {
        match (changed, before) {
            (Changed::Order(id), None) => self.forget(*id),
            (Changed::File(id), None) => self.files.remove(id),
            // Refunds and changes always belong to an order, so they have a snapshot.
            (Changed::Refund(_) | Changed::Change(_), None) => {}
            (changed, Some(snapshot)) => {
                if let Changed::File(id) = changed {
                    self.files.remove(id);
                }
                self.forget_facts(snapshot.facts);
                let id = snapshot.order.order_id;
                self.agenda.set(id, snapshot.order.due(&self.timing));
                self.refunds.restore(id, snapshot.refunds);
                self.changes.restore(id, snapshot.changes);
                self.orders.insert(id, snapshot.order);
            }
        }
    }
}
