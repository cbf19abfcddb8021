//! Schedule changes by the airline: a flight is moved or cancelled.

use std::time::Duration;

use jiff::civil::DateTime;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::order::wire_time;
use super::timetable::wire;

/// Maximum number of schedule changes of one order.
pub(super) const MOST: usize = 100;

/// One flight before or after a schedule change.
#[derive(Debug, Clone)]
pub(super) struct Plan {
    number: String,
    from: String,
    to: String,
    departure: DateTime,
    arrival: DateTime,
}

/// A schedule change of an order's first segment.
#[derive(Debug, Clone)]
pub(super) struct ScheduleChange {
    at: Timestamp,
    old: Plan,
    /// None: cancelled.
    new: Option<Plan>,
    /// Lookups do not show it before this steady time.
    hidden_until: Option<Duration>,
}

impl Plan {
    /// The plan of a segment in the shape of an order.
    pub(super) fn of_segment(segment: &Value) -> Option<Self> {
        let text = |name: &str| segment[name].as_str();
        let time = |name: &str| DateTime::strptime("%Y-%m-%d %H:%M:%S", text(name)?).ok();
        Some(Self {
            number: text("marketing_flight_no")?.to_owned(),
            from: text("dep_airport")?.to_owned(),
            to: text("arr_airport")?.to_owned(),
            departure: time("dep_time")?,
            arrival: time("arr_time")?,
        })
    }

    fn moved(&self, minutes: i64) -> Self {
        let by = SignedDuration::from_mins(minutes);
        Self {
            departure: self.departure.saturating_add(by),
            arrival: self.arrival.saturating_add(by),
            ..self.clone()
        }
    }
}

impl ScheduleChange {
    /// The next schedule change of an order. `minutes` moves the flight; None cancels it.
    pub(super) fn next(
        earlier: &[ScheduleChange],
        booked: Plan,
        minutes: Option<i64>,
        at: Timestamp,
    ) -> Self {
        let planned = earlier.iter().rev().find_map(|change| change.new.clone());
        let old = planned.unwrap_or(booked);
        let new = minutes.map(|minutes| old.moved(minutes));
        Self {
            at,
            old,
            new,
            hidden_until: None,
        }
    }

    /// Hides it from lookups until a steady time.
    pub(super) fn hide(&mut self, until: Duration) {
        self.hidden_until = Some(until);
    }

    /// Whether lookups show it.
    pub(super) fn is_visible(&self, steady: Duration) -> bool {
        self.hidden_until.is_none_or(|until| until <= steady)
    }

    /// `flight_change` of the response, with null for absent fields.
    pub(super) fn json(&self) -> Value {
        let mut change = json!({
            "change_type": if self.new.is_some() { 2 } else { 1 },
            "change_reason": if self.new.is_some() { "计划变更" } else { "航班取消" },
            "change_time": wire_time(self.at),
            // The values are not published; the sample has 1 for a delay.
            "sub_type": self.new.as_ref().map(|_| 1),
        });
        let plans = [("old", Some(&self.old)), ("new", self.new.as_ref())];
        for (prefix, plan) in plans {
            let Some(plan) = plan else { continue };
            let midnight = plan.departure.date().at(0, 0, 0, 0);
            for (name, value) in [
                ("flight_no", plan.number.clone()),
                ("flight_date", wire(midnight)),
                ("depart_code", plan.from.clone()),
                ("arrive_code", plan.to.clone()),
                ("depart_time", wire(plan.departure)),
                ("arrive_time", wire(plan.arrival)),
            ] {
                change[format!("{prefix}_{name}")] = json!(value);
            }
        }
        change
    }
}
