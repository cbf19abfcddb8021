//! Refunds: applications and their status.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Timing;
use super::facts::{self, Fact};
use super::hidden::Hidden;
use super::order::{Cents, day};
use super::register::{Entry, Register};

/// The application type that is reviewed by its attachments (seed).
pub(super) const REVIEWED: u64 = 2;

/// Status of a refund; it can be advanced to any status except the first. The numbers are inferred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum RefundStatus {
    #[serde(skip_deserializing)]
    Applied,
    InProgress,
    Failed,
    Refunded,
}

impl RefundStatus {
    fn number(self) -> u64 {
        match self {
            Self::Applied => 0,
            Self::InProgress => 1,
            Self::Failed => 2,
            Self::Refunded => 3,
        }
    }
}

/// The mutable part of a refund.
#[derive(Debug, Clone)]
pub(super) struct RefundProgress {
    pub(super) status: RefundStatus,
    /// Replaces the number of the status (`unknown_status`).
    odd_number: Option<u64>,
    /// When the refund entered the status; None while the refund waits for an attachment.
    since: Option<Duration>,
    pub(super) files: Vec<String>,
    pub(super) refunded: Option<Refunded>,
    pub(super) refuse_reason: Option<&'static str>,
}

/// The repayment of the money.
#[derive(Debug, Clone)]
pub(super) struct Refunded {
    pub(super) at: Timestamp,
    pub(super) trade_no: String,
}

impl RefundProgress {
    pub(super) fn number(&self) -> u64 {
        self.odd_number.unwrap_or(self.status.number())
    }

    fn turn(&mut self, status: RefundStatus, since: Duration) {
        self.status = status;
        self.odd_number = None;
        self.since = Some(since);
    }
}

/// One passenger's share. `passenger` is personal data and is never logged.
#[derive(Clone)]
pub(super) struct Share {
    /// The passenger's place in the order.
    pub(super) index: usize,
    pub(super) passenger: Value,
    /// Ticket and taxes of the refunded segments.
    pub(super) paid: Cents,
    pub(super) fee: Cents,
}

impl Share {
    pub(super) fn back(&self) -> Cents {
        Cents(self.paid.0 - self.fee.0)
    }
}

/// The data of an application.
#[derive(Clone)]
pub(super) struct NewRefund {
    pub(super) account: String,
    pub(super) order_id: u64,
    pub(super) out_refund_no: String,
    pub(super) apply_type: u64,
    pub(super) reason: Option<String>,
    pub(super) shares: Vec<Share>,
    /// False: the fee could not be computed; it is shown once the money is refunded.
    pub(super) fee_known: bool,
    /// Places of the segments in the order, and their ids.
    pub(super) places: Vec<usize>,
    pub(super) segment_ids: Vec<String>,
    pub(super) files: Vec<String>,
}

/// One refund.
#[derive(Clone)]
pub(super) struct Refund {
    pub(super) refund_order_no: u64,
    pub(super) account: String,
    pub(super) order_id: u64,
    pub(super) out_refund_no: String,
    pub(super) apply_type: u64,
    pub(super) reason: Option<String>,
    pub(super) shares: Vec<Share>,
    fee_known: bool,
    places: Vec<usize>,
    pub(super) segment_ids: Vec<String>,
    pub(super) applied_at: Timestamp,
    /// 补退: supplements an earlier refund.
    pub(super) multi_refund_flag: bool,
    pub(super) progress: RefundProgress,
    hidden: Option<Hidden<RefundProgress>>,
}

impl std::fmt::Debug for Refund {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Refund")
            .field("refund_order_no", &self.refund_order_no)
            .field("status", &self.progress.status)
            .finish_non_exhaustive()
    }
}

impl Entry for Refund {
    type Progress = RefundProgress;

    fn number(&self) -> u64 {
        self.refund_order_no
    }

    fn order_id(&self) -> u64 {
        self.order_id
    }

    fn reference(&self) -> Option<(String, String)> {
        // A supplementary refund has the number of the first.
        (!self.multi_refund_flag).then(|| (self.account.clone(), self.out_refund_no.clone()))
    }

    fn life(&mut self) -> (&mut RefundProgress, &mut Option<Hidden<RefundProgress>>) {
        (&mut self.progress, &mut self.hidden)
    }

    /// Half of the time passes until it is in progress, half until the money is refunded.
    fn due(&self, timing: &Timing) -> Option<Duration> {
        match self.progress.status {
            RefundStatus::Applied | RefundStatus::InProgress => {
                let since = self.progress.since?;
                Some(since.saturating_add(timing.refund_after / 2))
            }
            RefundStatus::Failed | RefundStatus::Refunded => None,
        }
    }

    fn step(&mut self, timing: &Timing, steady: Duration, wall: Timestamp) {
        let due = self.due(timing).unwrap_or(steady);
        match self.progress.status {
            RefundStatus::Applied => self.progress.turn(RefundStatus::InProgress, due),
            RefundStatus::InProgress => {
                self.progress.turn(RefundStatus::Refunded, due);
                self.pay_back(wall);
            }
            RefundStatus::Failed | RefundStatus::Refunded => {}
        }
    }

    fn fact(&self, before: Option<&RefundProgress>) -> Option<Fact> {
        facts::of_refund(self, before)
    }
}

impl Refund {
    /// The fee and the refunded amount, if known.
    pub(super) fn money(&self) -> Option<(Cents, Cents)> {
        let known = self.fee_known || self.progress.status == RefundStatus::Refunded;
        known.then(|| {
            let fees = self.shares.iter().map(|share| share.fee);
            let back = self.shares.iter().map(Share::back);
            (fees.sum(), back.sum())
        })
    }

    fn pay_back(&mut self, at: Timestamp) {
        let trade_no = format!("{}02{}", day(at), self.refund_order_no);
        self.progress.refunded = Some(Refunded { at, trade_no });
    }

    /// Whether it prevents another refund or a change of this ticket.
    fn holds(&self, index: usize, places: &[usize]) -> bool {
        let alive = match self.progress.status {
            RefundStatus::Applied | RefundStatus::InProgress | RefundStatus::Refunded => true,
            RefundStatus::Failed => false,
        };
        alive
            && !self.multi_refund_flag
            && self.shares.iter().any(|share| share.index == index)
            && self.places.iter().any(|place| places.contains(place))
    }
}

/// All refunds.
pub(super) type Refunds = Register<Refund>;

impl Register<Refund> {
    /// Whether a refund of this passenger and any of these segments is open or done.
    pub(super) fn holds(&mut self, order_id: u64, index: usize, places: &[usize]) -> bool {
        let refunds = self.of_order(order_id);
        refunds.iter().any(|refund| refund.holds(index, places))
    }

    pub(super) fn apply(&mut self, new: NewRefund) -> u64 {
        let waits = new.apply_type == REVIEWED && new.files.is_empty();
        self.add(new, !waits, false)
    }

    fn add(&mut self, new: NewRefund, goes: bool, multi_refund_flag: bool) -> u64 {
        let refund_order_no = self.next_number();
        let (applied_at, steady) = (self.clock.wall(), self.clock.steady());
        self.create(Refund {
            refund_order_no,
            account: new.account,
            order_id: new.order_id,
            out_refund_no: new.out_refund_no,
            apply_type: new.apply_type,
            reason: new.reason,
            shares: new.shares,
            fee_known: new.fee_known,
            places: new.places,
            segment_ids: new.segment_ids,
            applied_at,
            multi_refund_flag,
            progress: RefundProgress {
                status: RefundStatus::Applied,
                odd_number: None,
                since: goes.then_some(steady),
                files: new.files,
                refunded: None,
                refuse_reason: None,
            },
            hidden: None,
        });
        refund_order_no
    }

    /// Refunds the fee of the first refund, as a separate refund.
    pub(super) fn supplement(&mut self, number: u64) -> Option<Refund> {
        let first = self.by_number(number)?.clone();
        let shares = first.shares.into_iter().map(|share| Share {
            paid: share.fee,
            fee: Cents(0),
            ..share
        });
        let new = NewRefund {
            account: first.account,
            order_id: first.order_id,
            out_refund_no: first.out_refund_no,
            apply_type: first.apply_type,
            reason: first.reason,
            shares: shares.collect(),
            fee_known: true,
            places: first.places,
            segment_ids: first.segment_ids,
            files: Vec::new(),
        };
        let number = self.add(new, true, true);
        self.get(number).cloned()
    }

    /// Starts the review of the applications of this order that wait for an attachment.
    pub(super) fn attach(&mut self, order_id: u64, file_id: &str) {
        let steady = self.clock.steady();
        for number in self.numbers_of(order_id) {
            self.update(number, |refund| {
                if refund.progress.since.is_none() {
                    refund.progress.files.push(file_id.to_owned());
                    refund.progress.since = Some(steady);
                }
            });
        }
    }

    /// Advances a refund, as airline staff would.
    pub(super) fn advance(&mut self, number: u64, to: RefundStatus) -> Option<&Refund> {
        let (steady, wall) = (self.clock.steady(), self.clock.wall());
        self.update(number, |refund| {
            refund.progress.turn(to, steady);
            refund.progress.refunded = None;
            refund.progress.refuse_reason = None;
            match to {
                RefundStatus::Refunded => refund.pay_back(wall),
                RefundStatus::Failed => refund.progress.refuse_reason = Some("材料不符"),
                RefundStatus::Applied | RefundStatus::InProgress => {}
            }
        })
    }

    pub(super) fn force_status(&mut self, number: u64, status: u64) {
        if let Some(refund) = self.by_number(number) {
            refund.progress.odd_number = Some(status);
        }
    }
}
