//! Every fault of the stand-in, against every write: what becomes of the operation, what the caller
//! is told at once and in the end, and how often upstream was called.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::simulator::Fault;
use futures::StreamExt;
use serde_json::{Value, json};

use crate::world::{Answer, World, booking};

/// Where an operation ends.
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
    Person,
}

/// Whether the caller, who waits some seconds at most, learns the end in the first answer.
#[derive(Clone, Copy, Debug, PartialEq)]
enum First {
    Known,
    Open,
}

/// In which world a fault is played.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Stage {
    /// Together with all others.
    Shared,
    /// Alone: it holds up every other call (a ban of the app, or much work for the stand-in).
    Alone,
}

use End::{Absent, Done, Gateway, Person, Rejected};
use First::{Known, Open};
use Stage::{Alone, Shared};

const NO: End = Rejected(422, "upstream_rejected");
const CHANNEL: End = Rejected(502, "channel_not_assigned");

/// The matrix: fault, where, the first answer, and the ends of book, pay and close.
const ROWS: &[(Fault, Stage, First, [End; 3])] = &[
    (Fault::HangThenSucceed, Shared, Open, [Done; 3]),
    (Fault::HangThenNothing, Shared, Open, [Absent; 3]),
    (Fault::TimeoutDone, Shared, Known, [Done; 3]),
    (Fault::TimeoutNothing, Shared, Open, [Absent; 3]),
    (Fault::BusinessTimeoutDone, Shared, Known, [Done; 3]),
    (Fault::BusinessTimeoutNothing, Shared, Open, [Absent; 3]),
    (Fault::ErrorAfterSuccess, Shared, Known, [Done; 3]),
    (Fault::SystemErrorNothing, Shared, Open, [Absent; 3]),
    (Fault::LateVisibility, Shared, Open, [Done; 3]),
    (Fault::LookupError, Shared, Known, [CHANNEL; 3]),
    (Fault::LookupSystemError, Shared, Open, [Absent; 3]),
    (Fault::LookupNotFoundOnce, Shared, Known, [NO; 3]),
    (Fault::LookupNotFound, Shared, Known, [NO; 3]),
    (
        Fault::AppCallLimited,
        Alone,
        Known,
        [Gateway(429, "rate_limited"); 3],
    ),
    (Fault::Html502, Shared, Known, [Done; 3]),
    (Fault::Html502Nothing, Shared, Open, [Absent; 3]),
    (Fault::Http500Empty, Shared, Open, [Absent; 3]),
    (Fault::Redirect307, Shared, Open, [Absent; 3]),
    (Fault::CutJson, Shared, Known, [Done; 3]),
    (Fault::CutBody, Shared, Known, [Done; 3]),
    (Fault::Empty200, Shared, Known, [Done; 3]),
    (Fault::ResetBefore, Shared, Open, [Absent; 3]),
    (Fault::ResetAfter, Shared, Known, [Done; 3]),
    (Fault::Refuse, Shared, Known, [NO; 3]),
    (Fault::RefuseUnlisted, Shared, Known, [NO; 3]),
    // A plain yes to a booking or a closing is believed; where money moves it must be seen.
    (
        Fault::SuccessWithoutEffect,
        Shared,
        Open,
        [Done, Person, Done],
    ),
    (Fault::WrongReference, Shared, Known, [Done; 3]),
    (Fault::Slow, Shared, Open, [Done; 3]),
    (Fault::HugeAnswer, Alone, Known, [Done; 3]),
    (Fault::GzipBomb, Alone, Known, [Done; 3]),
    (Fault::DeepJson, Shared, Known, [Done; 3]),
    (
        Fault::ClockSkew,
        Shared,
        Known,
        [Gateway(502, "clock_skew"); 3],
    ),
    (
        Fault::InvalidSession,
        Shared,
        Known,
        [Gateway(502, "session_invalid"); 3],
    ),
    (
        Fault::IpNotAllowed,
        Shared,
        Known,
        [Gateway(502, "ip_not_allowed"); 3],
    ),
    (Fault::MissingIsSuccess, Shared, Known, [Done; 3]),
    // A payment of another total is refused.
    (Fault::PriceJump, Shared, Known, [Done, NO, Done]),
    (Fault::UnknownStatus, Shared, Known, [Done; 3]),
    // Faults of other methods: the usual answer.
    (Fault::CalculateFailed, Shared, Known, [Done; 3]),
    (Fault::FeesLater, Shared, Known, [Done; 3]),
];

/// A second to answer, three to know nothing: a busy test machine must not turn one into the other.
const PACE: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "3s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "3s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "3s"),
];

const KINDS: [&str; 3] = ["book", "pay", "close"];

fn word(fault: Fault) -> String {
    serde_json::to_value(fault)
        .unwrap()
        .as_str()
        .unwrap()
        .to_owned()
}

/// One cell of the matrix.
struct Cell {
    kind: usize,
    number: String,
    first: First,
    end: End,
    effect: bool,
    wait: u32,
}

impl Cell {
    fn new(row: &(Fault, Stage, First, [End; 3]), kind: usize) -> Self {
        let (fault, stage, first, ends) = *row;
        // The documented exception: the stand-in raises the price instead.
        let effect = fault.has_effect() && !(fault == Fault::PriceJump && KINDS[kind] == "pay");
        // Who believed a plain yes knows at once.
        let first = match (fault, ends[kind]) {
            (Fault::SuccessWithoutEffect, Done) => Known,
            _ => first,
        };
        Self {
            kind,
            number: format!("sim.{}.{}.1", KINDS[kind], word(fault)),
            first,
            end: ends[kind],
            effect,
            // Nothing that is looked for ends within either; what is known has time to be told.
            wait: match (stage, first) {
                (Alone, _) => 5,
                (Shared, Known) => 5,
                (Shared, Open) => 1,
            },
        }
    }

    fn method(&self) -> &'static str {
        ["airbook", "pay", "close"][self.kind]
    }

    /// Status of the answer when the end is known, and the code of its problem.
    fn answer(&self) -> (u16, Option<&'static str>) {
        match self.end {
            Done => (if self.kind == 0 { 201 } else { 200 }, None),
            Absent => (504, Some("not_executed")),
            Gateway(status, code) | Rejected(status, code) => (status, Some(code)),
            Person => (202, None),
        }
    }

    fn standing(&self) -> (&'static str, Value) {
        match self.end {
            Done => ("succeeded", Value::Null),
            Absent => ("not_executed", json!("absent")),
            Gateway(..) => ("not_executed", json!("refused_by_gateway")),
            Rejected(..) => ("rejected", Value::Null),
            Person => ("needs_attention", Value::Null),
        }
    }

    async fn play(&self, world: &World, offer: &Value) -> Result<(), String> {
        let (path, body) = if self.kind == 0 {
            ("/v1/orders".to_owned(), booking(offer, &self.number))
        } else {
            let order = world.booked(&self.number).await;
            let id = order["order_id"].as_str().unwrap();
            match self.kind {
                1 => (
                    format!("/v1/orders/{id}/payment"),
                    json!({"total_price": order["total_price"]}),
                ),
                _ => (format!("/v1/orders/{id}/close"), json!({})),
            }
        };
        let wait = format!("wait={}", self.wait);
        let headers = [("Idempotency-Key", self.number.as_str()), ("Prefer", &wait)];
        let first = world.post_with(&path, &headers, &body).await;
        let (state, basis) = self.standing();
        let operation = world.until_state(first.operation(), state).await;
        let told = |answer: &Answer| {
            (
                answer.status,
                answer.body["code"].as_str().map(str::to_owned),
            )
        };
        let (status, code) = self.answer();
        let known = (status, code.map(str::to_owned));
        let first_wanted = match self.first {
            Known => known.clone(),
            Open => (202, None),
        };
        let calls = world.received_for(self.method(), &self.number).await;
        let effects = world.effects(&self.number, KINDS[self.kind]).await;
        let mut wrong = Vec::new();
        let mut check = |what: &str, found: String, wanted: String| {
            if found != wanted {
                wrong.push(format!("{}: {what} is {found}, not {wanted}", self.number));
            }
        };
        check("basis", operation["basis"].to_string(), basis.to_string());
        check(
            "first answer",
            format!("{:?}", told(&first)),
            format!("{first_wanted:?}"),
        );
        check("calls", calls.to_string(), "1".to_owned());
        check(
            "effects",
            effects.to_string(),
            u64::from(self.effect).to_string(),
        );
        // The same key tells the end, without another call; a key that is free again would send.
        if !matches!(self.end, Gateway(..)) {
            let again = world.post_with(&path, &headers, &body).await;
            check(
                "answer",
                format!("{:?}", told(&again)),
                format!("{known:?}"),
            );
            check(
                "replay",
                format!("{:?}", again.header("idempotency-replayed")),
                "Some(\"true\")".into(),
            );
            let calls = world.received_for(self.method(), &self.number).await;
            check("calls in the end", calls.to_string(), "1".to_owned());
        }
        // What the gateway says is what is true, except where upstream lied.
        let lied = self.number.contains("success_without_effect");
        if !lied {
            check(
                "truth",
                (state == "succeeded").to_string(),
                self.effect.to_string(),
            );
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n") + &format!("\n{operation:#}"))
        }
    }
}

async fn play_all(world: Arc<World>, cells: Vec<Cell>, at_once: usize) {
    let offer = world.offer().await;
    let ended: Vec<_> = futures::stream::iter(cells)
        .map(|cell| {
            let (world, offer) = (world.clone(), offer.clone());
            async move { cell.play(&world, &offer).await }
        })
        .buffer_unordered(at_once)
        .collect()
        .await;
    let wrong: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn cells(stage: Stage) -> Vec<Cell> {
    ROWS.iter()
        .filter(|row| row.1 == stage)
        .flat_map(|row| (0..KINDS.len()).map(|kind| Cell::new(row, kind)))
        .collect()
}

#[test]
fn the_matrix_has_a_row_for_every_fault() {
    let mut seen = HashMap::new();
    for (fault, ..) in ROWS {
        *seen.entry(*fault).or_insert(0) += 1;
    }
    for fault in Fault::ALL {
        assert_eq!(seen.get(&fault), Some(&1), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_fault_of_every_write_ends_as_the_law_says() {
    let world = World::start_with(PACE, |simulator| {
        simulator.timing.hidden_for = Duration::from_millis(2_500);
    })
    .await;
    play_all(Arc::new(world), cells(Shared), 30).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn faults_that_hold_up_other_calls_end_as_the_law_says() {
    let world = World::start_with(
        &[
            ("GATEWAY__TOP__DEADLINE", "5s"),
            ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
            ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
        ],
        |_| {},
    )
    .await;
    play_all(Arc::new(world), cells(Alone), 1).await;
}

/// Faults under which a lookup says nothing about any order.
fn says_nothing(fault: Fault) -> bool {
    match fault {
        Fault::HangThenSucceed
        | Fault::HangThenNothing
        | Fault::TimeoutDone
        | Fault::TimeoutNothing
        | Fault::BusinessTimeoutDone
        | Fault::BusinessTimeoutNothing
        | Fault::ErrorAfterSuccess
        | Fault::SystemErrorNothing
        | Fault::LateVisibility
        | Fault::LookupError
        | Fault::LookupSystemError
        | Fault::Html502
        | Fault::Html502Nothing
        | Fault::Http500Empty
        | Fault::Redirect307
        | Fault::CutJson
        | Fault::CutBody
        | Fault::Empty200
        | Fault::ResetBefore
        | Fault::ResetAfter
        | Fault::Refuse
        | Fault::RefuseUnlisted
        | Fault::HugeAnswer
        | Fault::GzipBomb
        | Fault::DeepJson
        | Fault::ClockSkew
        | Fault::InvalidSession
        | Fault::IpNotAllowed
        | Fault::AppCallLimited => true,
        Fault::LookupNotFoundOnce
        | Fault::LookupNotFound
        | Fault::SuccessWithoutEffect
        | Fault::WrongReference
        | Fault::Slow
        | Fault::MissingIsSuccess
        | Fault::PriceJump
        | Fault::UnknownStatus
        | Fault::CalculateFailed
        | Fault::FeesLater => false,
    }
}

/// Faults that would hold up the lookups of all other operations in the world.
fn holds_up_others(fault: Fault) -> bool {
    matches!(
        fault,
        Fault::AppCallLimited | Fault::GzipBomb | Fault::HugeAnswer
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_booking_that_was_made_is_found_whatever_happens_to_the_lookups() {
    // The proof of the lookups comes first, so that a false "not found" counts as one look.
    let world = World::start_with(&[], |_| {}).await;
    world.booked("PROOF").await;
    let offer = world.offer().await;
    let ended: Vec<_> = futures::stream::iter(Fault::ALL.into_iter())
        .map(|fault| {
            let (world, offer) = (&world, &offer);
            async move {
                let number = format!("sim.book.timeout_done.detail.{}.1", word(fault));
                let headers = [("Idempotency-Key", number.as_str()), ("Prefer", "wait=0")];
                let first = world
                    .post_with("/v1/orders", &headers, &booking(offer, &number))
                    .await;
                let operation = world.settled(first.operation()).await;
                let calls = world.received_for("airbook", &number).await;
                (fault, operation["state"].clone(), calls)
            }
        })
        .buffer_unordered(12)
        .collect()
        .await;
    for (fault, state, calls) in ended {
        assert_eq!((state, calls), (json!("succeeded"), 1), "{fault:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn lookups_that_say_nothing_never_show_that_nothing_happened() {
    let patience = ("GATEWAY__RECONCILE__ATTENTION_AFTER", "2s");
    let world = World::start_with(&[patience], |simulator| {
        simulator.timing.hang_limit = Duration::from_millis(600);
    })
    .await;
    world.booked("PROOF").await;
    let offer = world.offer().await;
    let faults = Fault::ALL
        .into_iter()
        .filter(|fault| says_nothing(*fault) && !holds_up_others(*fault));
    let ended: Vec<_> = futures::stream::iter(faults)
        .map(|fault| {
            let (world, offer) = (&world, &offer);
            async move {
                let number = format!("sim.book.timeout_nothing.{}", word(fault));
                // A lookup of a missing order is struck by its number all the same.
                world
                    .fault(json!({"method": "detail", "fault": fault, "times": null,
                                  "match": {"out_order_no": number}}))
                    .await;
                let headers = [("Idempotency-Key", number.as_str()), ("Prefer", "wait=0")];
                let first = world
                    .post_with("/v1/orders", &headers, &booking(offer, &number))
                    .await;
                let operation = world
                    .until(first.operation(), |o| {
                        o["state"] == "needs_attention" || !o["settled_at"].is_null()
                    })
                    .await;
                let calls = world.received_for("airbook", &number).await;
                (fault, operation["state"].clone(), calls)
            }
        })
        .buffer_unordered(12)
        .collect()
        .await;
    for (fault, state, calls) in ended {
        assert_eq!((state, calls), (json!("needs_attention"), 1), "{fault:?}");
    }
}
