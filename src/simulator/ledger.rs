//! All orders and their visibility. In memory only.

mod after_sales;
mod progress;
mod snapshot;

use std::collections::{HashMap, VecDeque};

use jiff::Timestamp;
use serde_json::Value;

use super::Timing;
use super::agenda::Agenda;
use super::change::Changes;
use super::facts::{self, Fact};
use super::files::Files;
use super::hidden::look_up;
use super::itinerary::Itinerary;
use super::order::{Cents, Effects, Order, Progress, RefundTerms, Status};
use super::refund::Refunds;
use super::script::Subject;
use super::timetable::Flight;
use crate::clock::SharedClock;

pub(super) use snapshot::Snapshot;

/// The data of a new order.
pub(super) struct NewOrder {
    pub(super) out_order_no: String,
    pub(super) account: String,
    pub(super) seller: String,
    pub(super) total: Cents,
    pub(super) details: Vec<Value>,
    pub(super) passengers: Vec<Value>,
    pub(super) route: Value,
    pub(super) flights: Vec<Flight>,
}

/// What a call created or changed.
#[derive(Debug, Clone)]
pub(super) enum Changed {
    Order(u64),
    Refund(u64),
    Change(u64),
    File(String),
}

/// All orders with their refunds, changes and files.
#[derive(Debug)]
pub(super) struct Ledger {
    clock: SharedClock,
    timing: Timing,
    max_orders: usize,
    last_id: u64,
    orders: HashMap<u64, Order>,
    by_reference: HashMap<(String, String), u64>,
    by_age: VecDeque<u64>,
    agenda: Agenda,
    facts: Vec<Fact>,
    pub(super) refunds: Refunds,
    pub(super) changes: Changes,
    pub(super) files: Files,
}

/// The first id. Ids depend on the clock, so that a restart reuses none. They are odd and far above 2^53, so
/// that a client that reads them as doubles is detected.
pub(super) fn ids_from(base: u64, clock: &SharedClock) -> u64 {
    let ms = u64::try_from(clock.wall().as_millisecond()).unwrap_or(0);
    base + 1 + ms * 200_000
}

impl Ledger {
    pub(super) fn new(clock: SharedClock, timing: Timing, max_orders: usize) -> Self {
        let refunds = ids_from(4_000_000_000_000_000_000, &clock);
        let changes = ids_from(5_000_000_000_000_000_000, &clock);
        Self {
            last_id: ids_from(7_000_000_000_000_000_000, &clock),
            refunds: Refunds::new(clock.clone(), timing.clone(), refunds, max_orders),
            changes: Changes::new(clock.clone(), timing.clone(), changes, max_orders),
            files: Files::new(max_orders),
            clock,
            timing,
            max_orders: max_orders.max(1),
            orders: HashMap::new(),
            by_reference: HashMap::new(),
            by_age: VecDeque::new(),
            agenda: Agenda::default(),
            facts: Vec::new(),
        }
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.wall()
    }

    /// Completes the references of a call to its order, if the order belongs to the account. A call about a
    /// refund or change refers to the order of that refund or change.
    pub(super) fn complete(&self, account: &str, mut subject: Subject) -> Subject {
        if subject.order_id.is_none() && subject.out_order_no.is_none() {
            let refund = subject.refund_order_no.and_then(|no| self.refunds.get(no));
            let change = subject.change_order_no.and_then(|no| self.changes.get(no));
            let of_refund = refund.filter(|r| r.account == account).map(|r| r.order_id);
            let of_change = change.filter(|c| c.account == account).map(|c| c.order_id);
            subject.order_id = of_refund.or(of_change);
        }
        if let Some(id) = self.find(account, &subject) {
            subject.order_id = Some(id);
            subject.out_order_no = self.orders.get(&id).map(|o| o.out_order_no.clone());
        }
        subject
    }

    /// The order that all given references name.
    fn find(&self, account: &str, subject: &Subject) -> Option<u64> {
        let by_number = subject.out_order_no.as_ref().map(|number| {
            let key = (account.to_owned(), number.clone());
            self.by_reference.get(&key).copied()
        });
        let by_id = subject.order_id.map(|id| {
            let mine = self.orders.get(&id).is_some_and(|o| o.account == account);
            mine.then_some(id)
        });
        match (by_id, by_number) {
            (Some(id), Some(same)) if id == same => id,
            (Some(_), Some(_)) | (None, None) => None,
            (Some(id), None) | (None, Some(id)) => id,
        }
    }

    /// The actual order, including hidden effects.
    pub(super) fn get(&mut self, account: &str, subject: &Subject) -> Option<&mut Order> {
        let id = self.find(account, subject)?;
        self.by_id(id)
    }

    pub(super) fn by_id(&mut self, id: u64) -> Option<&mut Order> {
        let steady = self.clock.steady();
        let order = self.orders.get_mut(&id)?;
        while order.due(&self.timing).is_some_and(|due| due <= steady) {
            let before = order.progress.clone();
            order.step(self.clock.wall());
            self.facts.extend(facts::of_order(order, &before));
            self.agenda.set(id, order.due(&self.timing));
        }
        Some(order)
    }

    /// The order after its ticketed changes.
    pub(super) fn itinerary(&mut self, order: &Order) -> Itinerary {
        let changes = self.changes.ticketed(order.order_id);
        Itinerary::of(order, &changes)
    }

    /// The order as a lookup sees it; counts one lookup of a hidden effect.
    pub(super) fn look_up(&mut self, account: &str, subject: &Subject) -> Option<Order> {
        let id = self.find(account, subject)?;
        self.look_up_by_id(id)
    }

    fn look_up_by_id(&mut self, id: u64) -> Option<Order> {
        let steady = self.clock.steady();
        let order = self.by_id(id)?;
        let progress = look_up(&mut order.hidden, &order.progress, steady)?;
        Some(Order {
            progress,
            ..order.clone()
        })
    }

    /// All orders of an account booked in this window (whole seconds, inclusive), newest first, as a lookup
    /// sees them.
    pub(super) fn list(&mut self, account: &str, from: Timestamp, to: Timestamp) -> Vec<Order> {
        let within = |order: &Order| {
            let second = order.booked_at.as_second();
            order.account == account && from.as_second() <= second && second <= to.as_second()
        };
        let mine = |id: &u64| self.orders.get(id).is_some_and(within);
        let ids: Vec<u64> = self.by_age.iter().rev().copied().filter(mine).collect();
        ids.into_iter()
            .filter_map(|id| self.look_up_by_id(id))
            .collect()
    }

    /// The magic numbers among the account's newest orders.
    pub(super) fn magic_numbers(&self, account: &str) -> Vec<String> {
        let magic =
            |order: &&Order| order.account == account && order.out_order_no.starts_with("sim.");
        let orders = self
            .by_age
            .iter()
            .rev()
            .filter_map(|id| self.orders.get(id));
        orders
            .filter(magic)
            .take(1_000)
            .map(|order| order.out_order_no.clone())
            .collect()
    }

    /// All orders, newest first.
    pub(super) fn all(&mut self) -> Vec<Order> {
        let ids: Vec<u64> = self.by_age.iter().rev().copied().collect();
        ids.into_iter()
            .filter_map(|id| self.by_id(id).cloned())
            .collect()
    }

    pub(super) fn has_reference(&self, account: &str, out_order_no: &str) -> bool {
        let key = (account.to_owned(), out_order_no.to_owned());
        self.by_reference.contains_key(&key)
    }

    pub(super) fn insert(&mut self, new: NewOrder) -> &Order {
        if self.orders.len() >= self.max_orders
            && let Some(oldest) = self.by_age.front().copied()
        {
            self.forget(oldest);
        }
        self.last_id += 2;
        let id = self.last_id;
        let booked_at = self.clock.wall();
        let window = jiff::SignedDuration::try_from(self.timing.pay_within);
        let pay_before = window
            .ok()
            .and_then(|window| booked_at.checked_add(window).ok())
            .unwrap_or(booked_at);
        self.by_reference
            .insert((new.account.clone(), new.out_order_no.clone()), id);
        self.by_age.push_back(id);
        let order = self
            .orders
            .entry(id)
            .insert_entry(Order {
                order_id: id,
                out_order_no: new.out_order_no,
                account: new.account,
                seller: new.seller,
                booked_at,
                booked_steady: self.clock.steady(),
                pay_before,
                total: new.total,
                details: new.details,
                passengers: new.passengers,
                route: new.route,
                flights: new.flights,
                refund_terms: RefundTerms {
                    extra_fee: Cents(0),
                    calculable: true,
                },
                schedule_changes: Vec::new(),
                progress: Progress {
                    status: Status::Booked,
                    phrase: None,
                    payment: None,
                    ticketed_at: None,
                },
                effects: Effects {
                    book: 1,
                    ..Effects::default()
                },
                hidden: None,
            })
            .into_mut();
        self.agenda.set(id, order.due(&self.timing));
        order
    }

    fn forget(&mut self, id: u64) {
        self.refunds.forget_order(id);
        self.changes.forget_order(id);
        self.agenda.set(id, None);
        if let Some(order) = self.orders.remove(&id) {
            self.by_reference
                .remove(&(order.account, order.out_order_no));
        }
        if self.by_age.front() == Some(&id) {
            self.by_age.pop_front();
        } else {
            self.by_age.retain(|other| *other != id);
        }
    }
}
