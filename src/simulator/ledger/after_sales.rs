//! Refunds, changes, files and schedule changes of an order.

use super::Ledger;
use crate::simulator::change::{Change, NewChange};
use crate::simulator::facts;
use crate::simulator::files::File;
use crate::simulator::refund::NewRefund;
use crate::simulator::schedule::{MOST, Plan, ScheduleChange};

impl Ledger {
    /// Creates a refund and returns its number.
    pub(in crate::simulator) fn apply_for_refund(&mut self, new: NewRefund) -> u64 {
        if let Some(order) = self.orders.get_mut(&new.order_id) {
            order.effects.refund += 1;
        }
        self.refunds.apply(new)
    }

    pub(in crate::simulator) fn create_change(&mut self, new: NewChange) -> Change {
        if let Some(order) = self.orders.get_mut(&new.order_id) {
            order.effects.change += 1;
        }
        self.changes.add(new)
    }

    /// Stores a file; refunds of its order that waited for an attachment proceed.
    pub(in crate::simulator) fn upload(&mut self, order_id: Option<u64>, file: File) {
        if let Some(order_id) = order_id {
            self.refunds.attach(order_id, &file.file_id);
        }
        self.files.add(file);
    }

    /// Moves or cancels the order's first segment. None: no such order, or too many schedule changes.
    pub(in crate::simulator) fn change_schedule(
        &mut self,
        id: u64,
        minutes: Option<i64>,
    ) -> Option<ScheduleChange> {
        let now = self.clock.wall();
        let order = self.by_id(id)?.clone();
        let itinerary = self.itinerary(&order);
        let booked = Plan::of_segment(itinerary.segments().first()?)?;
        let order = self.by_id(id)?;
        if order.schedule_changes.len() >= MOST {
            return None;
        }
        let change = ScheduleChange::next(&order.schedule_changes, booked, minutes, now);
        order.schedule_changes.push(change.clone());
        let fact = facts::of_schedule(order, &change);
        self.facts.push(fact);
        Some(change)
    }
}
