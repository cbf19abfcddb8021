//! Change orders: passengers, new flights, fees and status.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Timing;
use super::facts::{self, Fact};
use super::hidden::{Hidden, peek};
use super::offer::OfferKind;
use super::order::{Cents, Payment};
use super::register::{Entry, Register};
use super::timetable::Flight;

/// Status of a change. The numbers are documented (ChangeStatusNotify); the agents' API swaps 4 and 5. A
/// change can be advanced to any status except the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ChangeStatus {
    #[serde(skip_deserializing)]
    Submitted,
    AwaitingPayment,
    AwaitingTicketing,
    Closed,
    Ticketed,
}

impl ChangeStatus {
    pub(super) fn number(self) -> u64 {
        match self {
            Self::Submitted => 1,
            Self::AwaitingPayment => 2,
            Self::AwaitingTicketing => 3,
            Self::Closed => 4,
            Self::Ticketed => 5,
        }
    }

    fn is_open(self) -> bool {
        match self {
            Self::Submitted | Self::AwaitingPayment | Self::AwaitingTicketing => true,
            Self::Closed | Self::Ticketed => false,
        }
    }
}

/// The mutable part of a change.
#[derive(Debug, Clone)]
pub(super) struct ChangeProgress {
    pub(super) status: ChangeStatus,
    /// Replaces the number of the status (`unknown_status`).
    odd_number: Option<u64>,
    /// When the change entered the status.
    since: Duration,
    /// None while the fees are unknown.
    pub(super) pay_before: Option<Timestamp>,
    pub(super) payment: Option<Payment>,
    pub(super) close_reason: Option<&'static str>,
}

impl ChangeProgress {
    pub(super) fn number(&self) -> u64 {
        self.odd_number.unwrap_or(self.status.number())
    }

    fn turn(&mut self, status: ChangeStatus, since: Duration) {
        self.status = status;
        self.odd_number = None;
        self.since = since;
    }

    fn await_payment(&mut self, since: Duration, wall: Timestamp, timing: &Timing) {
        self.turn(ChangeStatus::AwaitingPayment, since);
        let window = SignedDuration::try_from(timing.pay_within).ok();
        let end = window.and_then(|window| wall.checked_add(window).ok());
        self.pay_before = Some(end.unwrap_or(wall));
    }

    fn close(&mut self, since: Duration, why: &'static str) {
        self.turn(ChangeStatus::Closed, since);
        self.close_reason = Some(why);
    }
}

/// What one passenger's change costs.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Fees {
    pub(super) service: Cents,
    pub(super) upgrade: Cents,
    pub(super) tax: Cents,
}

impl Fees {
    pub(super) fn total(self) -> Cents {
        self.service + self.upgrade + self.tax
    }
}

/// One passenger of a change. `passenger` is personal data and is never logged.
#[derive(Clone)]
pub(super) struct Traveller {
    /// The passenger's place in the order.
    pub(super) index: usize,
    pub(super) passenger: Value,
    pub(super) fees: Fees,
    /// The value of the ticket after the change, per move.
    pub(super) fares: Vec<Cents>,
    pub(super) original_tickets: Vec<String>,
}

/// One segment and the flight that replaces it.
#[derive(Debug, Clone)]
pub(super) struct Move {
    /// The segment's place in the order.
    pub(super) place: usize,
    /// The segment as the order had it before.
    pub(super) original: Value,
    pub(super) flight: Flight,
    pub(super) kind: OfferKind,
}

/// The data of a new change.
pub(super) struct NewChange {
    pub(super) account: String,
    pub(super) order_id: u64,
    pub(super) out_change_no: String,
    pub(super) reason_type: u64,
    pub(super) travellers: Vec<Traveller>,
    pub(super) moves: Vec<Move>,
    /// The airline has not yet set the fees (`fees_later`).
    pub(super) fees_later: bool,
}

/// One change order.
#[derive(Clone)]
pub(super) struct Change {
    pub(super) change_order_no: u64,
    pub(super) account: String,
    pub(super) order_id: u64,
    pub(super) out_change_no: String,
    pub(super) reason_type: u64,
    pub(super) travellers: Vec<Traveller>,
    pub(super) moves: Vec<Move>,
    pub(super) created_at: Timestamp,
    pub(super) progress: ChangeProgress,
    pub(super) effects: ChangeEffects,
    hidden: Option<Hidden<ChangeProgress>>,
}

/// How often a change was paid and how often cancelled. Neither may exceed one.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct ChangeEffects {
    pub(super) pay: u32,
    pub(super) cancel: u32,
}

impl std::fmt::Debug for Change {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Change")
            .field("change_order_no", &self.change_order_no)
            .field("status", &self.progress.status)
            .finish_non_exhaustive()
    }
}

impl Entry for Change {
    type Progress = ChangeProgress;

    fn number(&self) -> u64 {
        self.change_order_no
    }

    fn order_id(&self) -> u64 {
        self.order_id
    }

    fn reference(&self) -> Option<(String, String)> {
        Some((self.account.clone(), self.out_change_no.clone()))
    }

    fn life(&mut self) -> (&mut ChangeProgress, &mut Option<Hidden<ChangeProgress>>) {
        (&mut self.progress, &mut self.hidden)
    }

    fn due(&self, timing: &Timing) -> Option<Duration> {
        let after = match self.progress.status {
            ChangeStatus::Submitted => timing.fees_after,
            ChangeStatus::AwaitingPayment => timing.pay_within,
            ChangeStatus::AwaitingTicketing => timing.ticket_after,
            ChangeStatus::Closed | ChangeStatus::Ticketed => return None,
        };
        Some(self.progress.since.saturating_add(after))
    }

    fn step(&mut self, timing: &Timing, steady: Duration, wall: Timestamp) {
        let due = self.due(timing).unwrap_or(steady);
        let progress = &mut self.progress;
        match progress.status {
            ChangeStatus::Submitted => progress.await_payment(due, wall, timing),
            ChangeStatus::AwaitingPayment => progress.close(steady, "超时未支付"),
            ChangeStatus::AwaitingTicketing => progress.turn(ChangeStatus::Ticketed, steady),
            ChangeStatus::Closed | ChangeStatus::Ticketed => {}
        }
    }

    fn fact(&self, before: Option<&ChangeProgress>) -> Option<Fact> {
        facts::of_change(self, before)
    }
}

impl Change {
    /// The total of all fees, whether or not they are already known to the caller.
    pub(super) fn total(&self) -> Cents {
        self.travellers.iter().map(|t| t.fees.total()).sum()
    }

    /// Whether responses contain the fees.
    pub(super) fn fees_known(&self) -> bool {
        self.progress.pay_before.is_some()
    }

    /// The new tickets of a passenger, once issued.
    pub(super) fn tickets(&self, index: usize) -> Option<Vec<String>> {
        let moved = self.travellers.iter().any(|t| t.index == index);
        // The last two digits are above 50, so they differ from the order's own tickets: an order has at most
        // nine passengers.
        let number = self.change_order_no % 10_000_000 * 100 + 51 + index as u64;
        let ticketed = self.progress.status == ChangeStatus::Ticketed;
        (moved && ticketed).then(|| vec![format!("999-{number:010}")])
    }

    fn moves_any(&self, index: usize, places: &[usize]) -> bool {
        self.travellers.iter().any(|t| t.index == index)
            && self.moves.iter().any(|m| places.contains(&m.place))
    }
}

/// All changes.
pub(super) type Changes = Register<Change>;

impl Register<Change> {
    /// Whether a change of this passenger and any of these segments is open.
    pub(super) fn is_open(&mut self, order_id: u64, index: usize, places: &[usize]) -> bool {
        let mut changes = self.of_order(order_id).into_iter();
        changes.any(|c| c.progress.status.is_open() && c.moves_any(index, places))
    }

    /// The changes of an order whose new tickets are visible, newest first.
    pub(super) fn ticketed(&mut self, order_id: u64) -> Vec<Change> {
        let steady = self.clock.steady();
        let mut changes = self.of_order(order_id);
        changes.retain(|change| {
            let seen = peek(&change.hidden, &change.progress, steady);
            seen.is_some_and(|progress| progress.status == ChangeStatus::Ticketed)
        });
        changes
    }

    pub(super) fn add(&mut self, new: NewChange) -> Change {
        let change_order_no = self.next_number();
        let (wall, steady) = (self.clock.wall(), self.clock.steady());
        let mut progress = ChangeProgress {
            status: ChangeStatus::Submitted,
            odd_number: None,
            since: steady,
            pay_before: None,
            payment: None,
            close_reason: None,
        };
        if !new.fees_later {
            progress.await_payment(steady, wall, &self.timing);
        }
        let change = Change {
            change_order_no,
            account: new.account,
            order_id: new.order_id,
            out_change_no: new.out_change_no,
            reason_type: new.reason_type,
            travellers: new.travellers,
            moves: new.moves,
            created_at: wall,
            progress,
            effects: ChangeEffects::default(),
            hidden: None,
        };
        self.create(change.clone());
        change
    }

    pub(super) fn pay(&mut self, number: u64) -> Option<&Change> {
        let (wall, steady) = (self.clock.wall(), self.clock.steady());
        self.update(number, |change| {
            let payment = Payment::new(wall, steady, change.total(), number);
            change
                .progress
                .turn(ChangeStatus::AwaitingTicketing, steady);
            change.progress.payment = Some(payment);
            change.effects.pay += 1;
        })
    }

    pub(super) fn cancel(&mut self, number: u64) -> Option<&Change> {
        let steady = self.clock.steady();
        self.update(number, |change| {
            change.progress.close(steady, "用户取消");
            change.effects.cancel += 1;
        })
    }

    /// Advances a change, as time or airline staff would. Does not count as the effect of a call.
    pub(super) fn advance(&mut self, number: u64, to: ChangeStatus) -> Option<&Change> {
        let (wall, steady) = (self.clock.wall(), self.clock.steady());
        let timing = self.timing.clone();
        self.update(number, |change| {
            let total = change.total();
            let progress = &mut change.progress;
            match to {
                ChangeStatus::Submitted => progress.turn(to, steady),
                ChangeStatus::AwaitingPayment => progress.await_payment(steady, wall, &timing),
                ChangeStatus::AwaitingTicketing | ChangeStatus::Ticketed => {
                    progress.turn(to, steady);
                    let payment = || Payment::new(wall, steady, total, number);
                    progress.payment.get_or_insert_with(payment);
                    progress.pay_before.get_or_insert(wall);
                }
                ChangeStatus::Closed => progress.close(steady, "航司拒绝改签"),
            }
        })
    }

    /// Raises the total by raising one passenger's service fee.
    pub(super) fn raise(&mut self, number: u64, by: Cents) {
        let change = self.by_number(number);
        if let Some(first) = change.and_then(|change| change.travellers.first_mut()) {
            first.fees.service = first.fees.service + by;
        }
    }

    pub(super) fn force_status(&mut self, number: u64, status: u64) {
        if let Some(change) = self.by_number(number) {
            change.progress.odd_number = Some(status);
        }
    }
}
