//! One order with its amounts and times. In memory only.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Number, Value};

use super::Timing;
use super::hidden::Hidden;
use super::schedule::ScheduleChange;
use super::timetable::Flight;

/// An amount in hundredths of a yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(super) struct Cents(pub(super) i64);

impl Cents {
    /// A JSON number with at most two decimals.
    pub(super) fn of(value: &Value) -> Option<Self> {
        let hundredths = value.as_f64()? * 100.0;
        let whole = hundredths.round();
        let exact = (hundredths - whole).abs() < 1e-4 && whole.abs() < 1e12;
        exact.then_some(Self(whole as i64))
    }

    /// `part` of `whole` parts, to the nearest hundredth.
    pub(super) fn share(self, part: i64, whole: i64) -> Self {
        Self((self.0 * part * 2 + whole).div_euclid(2 * whole))
    }

    /// A JSON number; an integer if possible.
    pub(super) fn json(self) -> Value {
        if self.0 % 100 == 0 {
            return Value::from(self.0 / 100);
        }
        let yuan = self.0 as f64 / 100.0;
        Number::from_f64(yuan).map_or(Value::Null, Value::Number)
    }
}

impl std::ops::Add for Cents {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}

impl std::iter::Sum for Cents {
    fn sum<I: Iterator<Item = Self>>(all: I) -> Self {
        all.fold(Self(0), |sum, one| sum + one)
    }
}

impl std::fmt::Display for Cents {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

/// Status of an order; it can be advanced to any status except the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    #[serde(skip_deserializing)]
    Booked,
    Paid,
    Ticketed,
    Closed,
    /// The tickets could not be issued.
    Failed,
}

impl Status {
    /// The phrase of `order_status`. The first is documented, the others inferred.
    pub(super) fn phrase(self) -> &'static str {
        match self {
            Self::Booked => "生单预定成功",
            Self::Paid => "支付成功",
            Self::Ticketed => "出票成功",
            Self::Closed => "已关闭",
            Self::Failed => "出票失败",
        }
    }
}

/// The mutable part of an order.
#[derive(Debug, Clone)]
pub(super) struct Progress {
    pub(super) status: Status,
    /// Replaces the phrase of the status (`unknown_status`).
    pub(super) phrase: Option<String>,
    pub(super) payment: Option<Payment>,
    pub(super) ticketed_at: Option<Timestamp>,
}

impl Progress {
    pub(super) fn phrase(&self) -> &str {
        self.phrase.as_deref().unwrap_or(self.status.phrase())
    }

    pub(super) fn turn(&mut self, status: Status) {
        self.status = status;
        self.phrase = None;
    }
}

#[derive(Debug, Clone)]
pub(super) struct Payment {
    pub(super) at: Timestamp,
    pub(super) steady: Duration,
    pub(super) paid: Cents,
    pub(super) trade_no: String,
    pub(super) alipay_trade_no: String,
}

impl Payment {
    /// A payment for the order or change `id`.
    pub(super) fn new(at: Timestamp, steady: Duration, paid: Cents, id: u64) -> Self {
        Self {
            at,
            steady,
            paid,
            trade_no: format!("{}01{id}", day(at)),
            alipay_trade_no: format!("{}22{id}", day(at)),
        }
    }
}

/// `20300520`, for trade numbers.
pub(super) fn day(at: Timestamp) -> String {
    let digits = wire_time(at);
    digits
        .chars()
        .filter(char::is_ascii_digit)
        .take(8)
        .collect()
}

/// Adjustments of the refund calculation of an order, from faults.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RefundTerms {
    /// Added to every fee (`price_jump`).
    pub(super) extra_fee: Cents,
    /// False once a calculation has failed (`calculate_failed`).
    pub(super) calculable: bool,
}

/// How often an order was booked, paid and closed, and how many refunds and changes it has. No count may
/// exceed what was requested.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub(super) struct Effects {
    pub(super) book: u32,
    pub(super) pay: u32,
    pub(super) close: u32,
    /// Applications for a refund.
    pub(super) refund: u32,
    /// Change orders created.
    pub(super) change: u32,
}

/// One order. `details`, `passengers` and `route` contain what the caller sent, in the shape of responses; this
/// is personal data and is never logged.
#[derive(Clone)]
pub(super) struct Order {
    pub(super) order_id: u64,
    pub(super) out_order_no: String,
    pub(super) account: String,
    pub(super) seller: String,
    pub(super) booked_at: Timestamp,
    pub(super) booked_steady: Duration,
    pub(super) pay_before: Timestamp,
    pub(super) total: Cents,
    pub(super) details: Vec<Value>,
    pub(super) passengers: Vec<Value>,
    pub(super) route: Value,
    /// The flights of the route, in travel order.
    pub(super) flights: Vec<Flight>,
    pub(super) refund_terms: RefundTerms,
    pub(super) schedule_changes: Vec<ScheduleChange>,
    pub(super) progress: Progress,
    pub(super) effects: Effects,
    pub(super) hidden: Option<Hidden<Progress>>,
}

impl std::fmt::Debug for Order {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Order")
            .field("order_id", &self.order_id)
            .field("status", &self.progress.status)
            .finish_non_exhaustive()
    }
}

impl Order {
    pub(super) fn is_hidden(&self) -> bool {
        self.hidden.is_some()
    }

    /// When the order changes by itself, in steady time.
    pub(super) fn due(&self, timing: &Timing) -> Option<Duration> {
        match self.progress.status {
            Status::Booked => Some(self.booked_steady.saturating_add(timing.pay_within)),
            Status::Paid => {
                let payment = self.progress.payment.as_ref()?;
                Some(payment.steady.saturating_add(timing.ticket_after))
            }
            Status::Ticketed | Status::Closed | Status::Failed => None,
        }
    }

    /// Applies that change.
    pub(super) fn step(&mut self, wall: Timestamp) {
        match self.progress.status {
            Status::Booked => self.progress.turn(Status::Closed),
            Status::Paid => {
                self.progress.turn(Status::Ticketed);
                self.progress.ticketed_at = Some(wall);
            }
            Status::Ticketed | Status::Closed | Status::Failed => {}
        }
    }
}

/// `yyyy-MM-dd HH:mm:ss` at +08:00 (documented).
pub(super) fn wire_time(at: Timestamp) -> String {
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    at.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

/// Parses the format of [`wire_time`].
pub(super) fn from_wire_time(text: &str) -> Option<Timestamp> {
    let local = jiff::fmt::strtime::parse("%Y-%m-%d %H:%M:%S", text).ok()?;
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    let zoned = local.to_datetime().ok()?.to_zoned(zone).ok()?;
    Some(zoned.timestamp())
}
