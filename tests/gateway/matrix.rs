//! Every fault of the simulator for every write: how the operation ends, the first and the final
//! response to the caller, and how often Fliggy is called.

mod cell;
mod lookups;

use std::collections::HashMap;
use std::time::Duration;

use fliggy_gateway::domain::operation::Kind;
use fliggy_gateway::simulator::Fault;
use serde_json::Value;

use self::cell::{Cell, run_all};
pub(crate) use self::cell::{method, prepared};
use crate::world::World;

/// How an operation ends.
#[derive(Clone, Copy, Debug, PartialEq)]
enum End {
    /// `succeeded`.
    Done,
    /// `not_executed`, basis `absent`.
    Absent,
    /// `not_executed`, basis `refused_by_gateway`; HTTP status and problem code.
    Gateway(u16, &'static str),
    /// `rejected`; HTTP status and problem code.
    Rejected(u16, &'static str),
    /// `needs_attention`, because upstream contradicts itself.
    Attention,
}

/// Whether the first response, after a wait of a few seconds, reports the end of the operation.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Known,
    Open,
}

/// The world in which a fault is injected.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Together with all other faults.
    Shared,
    /// Alone, because it delays every other call (a ban of the app, or much work for the simulator).
    Alone,
}

use End::{Absent, Attention, Done, Gateway, Rejected};
use First::{Known, Open};
use Stage::{Alone, Shared};

const NO: End = Rejected(422, "upstream_rejected");
const CHANNEL: End = Rejected(502, "channel_not_assigned");
const FEE: End = Rejected(409, "refund_fee_changed");

/// A fault, its world, the first response, and the ends of the writes in the order of [`Kind::ALL`]:
/// book, pay, close, refund, change, change_pay, change_cancel.
type Row = (Fault, Stage, First, [End; Kind::ALL.len()]);

/// The matrix.
const ROWS: &[Row] = &[
    (Fault::HangThenSucceed, Shared, Open, [Done; 7]),
    (Fault::HangThenNothing, Shared, Open, [Absent; 7]),
    (Fault::TimeoutDone, Shared, Known, [Done; 7]),
    (Fault::TimeoutNothing, Shared, Open, [Absent; 7]),
    (Fault::BusinessTimeoutDone, Shared, Known, [Done; 7]),
    (Fault::BusinessTimeoutNothing, Shared, Open, [Absent; 7]),
    (Fault::ErrorAfterSuccess, Shared, Known, [Done; 7]),
    (Fault::SystemErrorNothing, Shared, Open, [Absent; 7]),
    (Fault::LateVisibility, Shared, Open, [Done; 7]),
    (Fault::LookupError, Shared, Known, [CHANNEL; 7]),
    (Fault::LookupSystemError, Shared, Open, [Absent; 7]),
    (Fault::LookupNotFoundOnce, Shared, Known, [NO; 7]),
    (Fault::LookupNotFound, Shared, Known, [NO; 7]),
    (
        Fault::AppCallLimited,
        Alone,
        Known,
        [Gateway(429, "rate_limited"); 7],
    ),
    (Fault::Html502, Shared, Known, [Done; 7]),
    (Fault::Html502Nothing, Shared, Open, [Absent; 7]),
    (Fault::Http500Empty, Shared, Open, [Absent; 7]),
    (Fault::Redirect307, Shared, Open, [Absent; 7]),
    (Fault::CutJson, Shared, Known, [Done; 7]),
    (Fault::CutBody, Shared, Known, [Done; 7]),
    (Fault::Empty200, Shared, Known, [Done; 7]),
    (Fault::ResetBefore, Shared, Open, [Absent; 7]),
    (Fault::ResetAfter, Shared, Known, [Done; 7]),
    (Fault::Refuse, Shared, Known, [NO; 7]),
    (Fault::RefuseUnlisted, Shared, Known, [NO; 7]),
    // A reported success is accepted, except for payments, which a lookup must confirm.
    (
        Fault::SuccessWithoutEffect,
        Shared,
        Open,
        [Done, Attention, Done, Done, Done, Attention, Done],
    ),
    (Fault::WrongReference, Shared, Known, [Done; 7]),
    // A fault of lookups: the usual response.
    (Fault::AnotherOrder, Shared, Known, [Done; 7]),
    (Fault::Slow, Shared, Open, [Done; 7]),
    (Fault::HugeAnswer, Alone, Known, [Done; 7]),
    (Fault::GzipBomb, Alone, Known, [Done; 7]),
    (Fault::DeepJson, Shared, Known, [Done; 7]),
    (
        Fault::ClockSkew,
        Shared,
        Known,
        [Gateway(502, "clock_skew"); 7],
    ),
    (
        Fault::InvalidSession,
        Shared,
        Known,
        [Gateway(502, "session_invalid"); 7],
    ),
    (
        Fault::IpNotAllowed,
        Shared,
        Known,
        [Gateway(502, "ip_not_allowed"); 7],
    ),
    (Fault::MissingIsSuccess, Shared, Known, [Done; 7]),
    // A payment of another total is refused, and so is an application with another fee.
    (
        Fault::PriceJump,
        Shared,
        Known,
        [Done, NO, Done, FEE, Done, NO, Done],
    ),
    (Fault::UnknownStatus, Shared, Known, [Done; 7]),
    // A fault of render: the usual response.
    (Fault::CalculateFailed, Shared, Known, [Done; 7]),
    // A change without fees is created nevertheless. For other writes: the usual response.
    (Fault::FeesLater, Shared, Known, [Done; 7]),
];

/// A response takes about one second, and an operation becomes unknown after three, so that a busy
/// machine does not turn a response into a timeout.
const TIMEOUTS: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "3s"),
    ("GATEWAY__TOP__CONNECT_TIMEOUT", "2500ms"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "3s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "3s"),
];

/// Timeouts for a simulator that is busy for seconds.
const LONG_TIMEOUTS: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "5s"),
    ("GATEWAY__TOP__CONNECT_TIMEOUT", "4500ms"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
];

const BEFORE_THE_TICKET: &[Kind] = &[Kind::Book, Kind::Pay, Kind::Close];
const AFTER_THE_TICKET: &[Kind] = &[
    Kind::Refund,
    Kind::Change,
    Kind::ChangePay,
    Kind::ChangeCancel,
];

fn word(fault: Fault) -> String {
    match serde_json::to_value(fault).unwrap() {
        Value::String(word) => word,
        other => panic!("{other} is not a string"),
    }
}

fn cells(stage: Stage, kinds: &[Kind]) -> Vec<Cell> {
    ROWS.iter()
        .filter(|row| row.1 == stage)
        .flat_map(|row| kinds.iter().map(|kind| Cell::new(row, *kind)))
        .collect()
}

#[test]
fn the_matrix_has_a_row_for_every_fault_and_a_column_for_every_write() {
    let mut seen = HashMap::new();
    for (fault, ..) in ROWS {
        *seen.entry(*fault).or_insert(0) += 1;
    }
    for fault in Fault::ALL {
        assert_eq!(seen.get(&fault), Some(&1), "{fault:?}");
    }
    let columns = [BEFORE_THE_TICKET, AFTER_THE_TICKET].concat();
    assert_eq!(columns, Kind::ALL);
}

async fn shared(kinds: &[Kind]) {
    let world = World::start_with(TIMEOUTS, |simulator| {
        simulator.timing.hidden_for = Duration::from_millis(2_500);
        // Applications and changes stay in their first state.
        simulator.timing.refund_after = Duration::from_secs(3_600);
        simulator.timing.fees_after = Duration::from_secs(3_600);
    })
    .await;
    run_all(&world, cells(Shared, kinds), 30).await;
}

async fn alone(kinds: &[Kind]) {
    let world = World::start_with(LONG_TIMEOUTS, |_| {}).await;
    run_all(&world, cells(Alone, kinds), 1).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_every_write_ends_as_the_laws_require() {
    shared(BEFORE_THE_TICKET).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_every_write_after_ticketing_ends_as_the_laws_require() {
    shared(AFTER_THE_TICKET).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_delay_other_calls_end_as_the_laws_require() {
    alone(BEFORE_THE_TICKET).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_delay_other_calls_after_ticketing_end_as_the_laws_require() {
    alone(AFTER_THE_TICKET).await;
}
