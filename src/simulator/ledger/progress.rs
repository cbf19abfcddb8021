//! How orders progress: by calls, by staff and by time.

use std::time::Duration;

use jiff::Timestamp;

use super::Ledger;
use crate::simulator::facts::{self, Before, Fact};
use crate::simulator::hidden::{Hidden, hide_early};
use crate::simulator::order::{Order, Payment, Status};

/// The lengths of the lists of facts at one moment.
#[derive(Debug, Clone, Copy)]
pub(in crate::simulator) struct FactMark([usize; 3]);

impl Ledger {
    fn update(&mut self, id: u64, change: impl FnOnce(&mut Order)) -> Option<&Order> {
        let order = self.by_id(id)?;
        let before = order.progress.clone();
        change(order);
        let order = self.orders.get(&id)?;
        self.facts.extend(facts::of_order(order, &before));
        self.agenda.set(id, order.due(&self.timing));
        Some(order)
    }

    pub(in crate::simulator) fn pay(&mut self, id: u64) -> Option<&Order> {
        let (at, steady) = (self.clock.wall(), self.clock.steady());
        self.update(id, |order| {
            order.progress.turn(Status::Paid);
            order.progress.payment = Some(Payment::new(at, steady, order.total, id));
            order.effects.pay += 1;
        })
    }

    pub(in crate::simulator) fn close(&mut self, id: u64) -> Option<&Order> {
        self.update(id, |order| {
            order.progress.turn(Status::Closed);
            order.effects.close += 1;
        })
    }

    /// Advances an order, as time or airline staff would. Does not count as the effect of a call.
    pub(in crate::simulator) fn advance(&mut self, id: u64, to: Status) -> Option<&Order> {
        let (at, steady) = (self.clock.wall(), self.clock.steady());
        self.update(id, |order| {
            order.progress.turn(to);
            match to {
                Status::Paid => {
                    let payment = Payment::new(at, steady, order.total, id);
                    order.progress.payment = Some(payment);
                }
                Status::Ticketed => order.progress.ticketed_at = Some(at),
                Status::Booked | Status::Closed | Status::Failed => {}
            }
        })
    }

    /// Makes an order one that was booked at `booked_at` and has been closed for a while. Nothing is reported.
    pub(in crate::simulator) fn close_silently(&mut self, id: u64, booked_at: Timestamp) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.pay_before = booked_at;
            order.booked_at = booked_at;
            order.progress.turn(Status::Closed);
            self.agenda.set(id, None);
        }
    }

    /// Ages at most `limit` orders, refunds and changes that are due, and returns how many.
    pub(in crate::simulator) fn age_due(&mut self, limit: usize) -> usize {
        let steady = self.clock.steady();
        let mut aged = 0;
        while aged < limit
            && (self.age_next(steady)
                || self.refunds.age_next(steady)
                || self.changes.age_next(steady))
        {
            aged += 1;
        }
        aged
    }

    fn age_next(&mut self, steady: Duration) -> bool {
        let Some(id) = self.agenda.take_due(steady) else {
            return false;
        };
        self.by_id(id);
        let due = self
            .orders
            .get(&id)
            .and_then(|order| order.due(&self.timing));
        self.agenda.set(id, due);
        true
    }

    /// The next time at which something changes by itself.
    pub(in crate::simulator) fn next_due(&self) -> Option<Duration> {
        let all = [
            self.agenda.next(),
            self.refunds.next_due(),
            self.changes.next_due(),
        ];
        all.into_iter().flatten().min()
    }

    pub(in crate::simulator) fn mark_facts(&mut self) -> FactMark {
        FactMark(self.fact_lists().map(|facts| facts.len()))
    }

    /// Forgets the facts after a mark: they did not happen.
    pub(in crate::simulator) fn forget_facts(&mut self, FactMark(lengths): FactMark) {
        for (facts, length) in self.fact_lists().into_iter().zip(lengths) {
            facts.truncate(length);
        }
    }

    /// Removes and returns what happened since the last call.
    pub(in crate::simulator) fn take_facts(&mut self) -> Vec<Fact> {
        let mut all = Vec::new();
        for facts in self.fact_lists() {
            all.append(facts);
        }
        all
    }

    fn fact_lists(&mut self) -> [&mut Vec<Fact>; 3] {
        [&mut self.facts, self.refunds.facts(), self.changes.facts()]
    }

    /// Hides a fact from lookups for a time.
    pub(in crate::simulator) fn hide_fact(&mut self, before: Before, time: Option<Duration>) {
        let steady = self.clock.steady();
        let until = steady.saturating_add(time.unwrap_or(self.timing.hidden_for));
        match before {
            Before::Order(id, progress) => {
                if let Some(order) = self.orders.get_mut(&id) {
                    let hidden = Hidden::new(Some(progress), until, None);
                    hide_early(&mut order.hidden, hidden, steady);
                }
            }
            Before::Refund(number, progress) => {
                self.refunds
                    .hide_early(number, Hidden::new(progress, until, None));
            }
            Before::Change(number, progress) => {
                self.changes
                    .hide_early(number, Hidden::new(progress, until, None));
            }
            Before::Schedule(id) => {
                let order = self.orders.get_mut(&id);
                if let Some(change) = order.and_then(|order| order.schedule_changes.last_mut()) {
                    change.hide(until);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests;
