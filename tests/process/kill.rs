//! The gateway is killed (-9) at every named point of a write, and at random moments under load.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::{sleep, timeout};

use crate::ask::{About, Ask, Kind, Ticket, effect, method};
use crate::world::{Answer, Gateway, MAX_WAIT, World, states};

/// The outcome of the same request under the same key after the restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Then {
    /// Nothing was sent before the kill: the write is executed now.
    ExecutedNow,
    /// The write may have been sent, but was not executed: it is found absent, and that is replayed.
    Absent,
    /// The write was executed before the process died: the success is found, and replayed.
    ExecutedBefore,
}

/// One or two runs of the gateway, each killed at a point.
struct Round {
    points: &'static [&'static str],
    fault: Option<&'static str>,
    then: Then,
}

fn rounds(kind: Kind) -> Vec<Round> {
    use Then::{Absent, ExecutedBefore, ExecutedNow};
    let round = |points, then| Round {
        points,
        fault: None,
        then,
    };
    let unanswered = |points| Round {
        points,
        fault: Some("timeout_done"),
        then: ExecutedBefore,
    };
    vec![
        round(&["before_accept"], ExecutedNow),
        round(&["accept_commit"], ExecutedNow),
        round(&["accept_committed"], ExecutedNow),
        round(&["accepted"], ExecutedNow),
        round(&["ready"], ExecutedNow),
        round(&["save_commit"], ExecutedNow),
        round(&["save_committed"], Absent),
        round(&["sending"], Absent),
        round(&["answered"], ExecutedBefore),
        round(&["concluded"], ExecutedBefore),
        match kind {
            // A payment is looked up even after a success, other writes only after an unlisted
            // refusal.
            Kind::Pay | Kind::ChangePay => round(&["checked"], ExecutedBefore),
            Kind::Book | Kind::Close | Kind::Refund | Kind::Change | Kind::ChangeCancel => Round {
                points: &["checked"],
                fault: Some("refuse_unlisted"),
                then: Absent,
            },
        },
        round(&["save_commit#2"], ExecutedBefore),
        round(&["save_committed#2"], ExecutedBefore),
        round(&["settled"], ExecutedBefore),
        unanswered(&["unknown"]),
        unanswered(&["lookup_done"]),
        unanswered(&["lookup_saved"]),
        round(&["ready", "sweeping"], ExecutedNow),
        round(&["sending", "sweeping"], Absent),
        round(&["answered", "sweeping"], ExecutedBefore),
        round(&["answered", "lookup_done"], ExecutedBefore),
    ]
}

#[tokio::test]
async fn killed_at_every_point_of_a_write_nothing_is_lost_or_done_twice() {
    let world = World::start().await;
    let before = world.gateway("before.db", &[]).await;
    let ticket = world.ticket(&before).await;
    let mut all = Vec::new();
    for kind in Kind::ALL {
        for round in rounds(kind) {
            let number = format!("KILL-{}", all.len());
            let ask = world.prepared(&before, kind, &ticket, &number).await;
            if let Some(fault) = round.fault {
                world
                    .fault(json!({
                        "method": method(kind), "fault": fault,
                        "match": {"out_order_no": number},
                    }))
                    .await;
            }
            all.push((number, ask, round));
        }
    }
    assert!(all.len() >= 50);
    println!("{} rounds", all.len());
    futures::stream::iter(all)
        .for_each_concurrent(4, |(number, ask, round)| {
            let (world, ticket) = (&world, &ticket);
            async move { killed(world, ticket, &number, &ask, &round).await }
        })
        .await;
}

/// Leaves enough time for the read before a write, even on a busy machine.
const PATIENT: [(&str, &str); 3] = [
    ("GATEWAY__TOP__DEADLINE", "5s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
];

fn until(point: &str) -> Vec<(&str, &str)> {
    let mut env = PATIENT.to_vec();
    env.push(("GATEWAY_KILL_POINT", point));
    env
}

async fn killed(world: &World, ticket: &Ticket, number: &str, ask: &Ask, round: &Round) {
    let what = format!("{number}: {:?} killed at {:?}", ask.kind, round.points);
    let journal = format!("{number}.db");
    let (first, more) = round.points.split_first().unwrap();
    let mut gateway = world.gateway(&journal, &until(first)).await;
    let answer = world.ask(&gateway.address, ask, Some(20)).await;
    let end = gateway.process.end().await;
    assert_eq!(end.signal(), Some(Signal::KILL.as_raw()), "{what}: {end}");
    // At these two points the operation is settled, and the response may arrive before the kill.
    if !["settled", "lookup_saved"].contains(first) {
        assert!(answer.is_err(), "{what}: answered {answer:?}");
    }
    for point in more {
        let mut process = world.spawn(&journal, &until(point));
        let end = process.end().await;
        assert_eq!(end.signal(), Some(Signal::KILL.as_raw()), "{what}: {end}");
    }

    // A write that was not executed is found absent only after the settle window, so keep that
    // window short.
    let pace = match round.then {
        Then::ExecutedNow | Then::ExecutedBefore => &PATIENT[..],
        Then::Absent => &[],
    };
    let gateway = world.gateway(&journal, pace).await;
    if matches!(round.then, Then::Absent) && matches!(ask.kind, Kind::Refund | Kind::Change) {
        // Absence needs another resource that the same lookup finds, and the journal must know it.
        let number = format!("{number}-OTHER");
        let other = world.prepared(&gateway, ask.kind, ticket, &number).await;
        let other = world.ask(&gateway.address, &other, Some(20)).await.unwrap();
        assert_eq!(other.status, 201, "{what}: {other:?}");
    }
    world.drained(&gateway).await;
    let again = world
        .ask(&gateway.address, ask, Some(20))
        .await
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    let replayed = again.header("idempotency-replayed").is_some();
    let done = match round.then {
        Then::ExecutedNow => {
            assert!(again.status < 202 && !replayed, "{what}: {again:?}");
            1
        }
        Then::ExecutedBefore => {
            assert!(again.status < 202 && replayed, "{what}: {again:?}");
            1
        }
        Then::Absent => {
            assert_eq!(again.code(), "not_executed", "{what}: {again:?}");
            assert!(replayed, "{what}: {again:?}");
            0
        }
    };
    assert_eq!(world.effects(ask.kind, &ask.subject).await, done, "{what}");
    let received = world.received(ask.kind, &ask.subject).await;
    let refused = usize::from(round.fault == Some("refuse_unlisted"));
    assert_eq!(received as u64, done + refused as u64, "{what}");
    // An outcome that was reported before the kill is still known after it.
    if let Ok(answer) = answer {
        let id = answer.header("operation-id").expect(&what);
        assert_eq!(world.operation(&gateway, id).await["state"], "succeeded");
    }
    world.drained(&gateway).await;
    agree(world, &gateway, Some(ask)).await;
}

/// A commit at these points of the writer takes a large part of the time in which a write may be
/// sent.
const SLOW_POINTS: [&str; 4] = [
    "accept_commit",
    "accept_committed",
    "save_commit",
    "save_committed",
];

#[tokio::test]
async fn with_slow_commits_at_every_step_nothing_is_lost_or_done_twice() {
    let world = World::start().await;
    let before = world.gateway("before.db", &[]).await;
    let ticket = world.ticket(&before).await;
    for point in SLOW_POINTS {
        let mut asks = Vec::new();
        for kind in Kind::ALL {
            let number = format!("SLOW-{point}-{}", kind.as_str());
            asks.push(world.prepared(&before, kind, &ticket, &number).await);
        }
        let slow = [("GATEWAY_SLOW_POINT", point)];
        let gateway = world.gateway(&format!("{point}.db"), &slow).await;
        let done = asks.iter().map(|ask| succeeds_once(&world, &gateway, ask));
        futures::future::join_all(done).await;
        world.drained(&gateway).await;
        for ask in &asks {
            agree(&world, &gateway, Some(ask)).await;
        }
    }
}

/// Repeats the request under its key until the write succeeds. Every earlier response must report
/// that nothing was sent.
async fn succeeds_once(world: &World, gateway: &Gateway, ask: &Ask) {
    let what = format!("{:?} {}", ask.kind, ask.subject);
    let repeated = async {
        loop {
            let answer = world.ask(&gateway.address, ask, Some(20)).await.unwrap();
            if answer.status < 202 {
                return;
            }
            assert_eq!(answer.body["retry"], "same_key", "{what}: {answer:?}");
            let sent = world.received(ask.kind, &ask.subject).await;
            assert_eq!(sent, 0, "{what}: {answer:?}");
        }
    };
    timeout(2 * MAX_WAIT, repeated).await.expect(&what);
    assert_eq!(world.received(ask.kind, &ask.subject).await, 1, "{what}");
    assert_eq!(world.effects(ask.kind, &ask.subject).await, 1, "{what}");
}

/// Asserts that journal and ledger agree about everything, or about one subject.
async fn agree(world: &World, gateway: &Gateway, only: Option<&Ask>) -> usize {
    let subject = only.map(|ask| format!("subject={}&", ask.subject));
    let mut sends: BTreeMap<(String, String), usize> = BTreeMap::new();
    let mut done: BTreeMap<(String, String), u64> = BTreeMap::new();
    let operations = world.all(gateway, &subject.unwrap_or_default()).await;
    for operation in &operations {
        let operation = world
            .operation(gateway, operation["id"].as_str().unwrap())
            .await;
        let text = |field: &str| operation[field].as_str().unwrap().to_owned();
        let of = (text("kind"), text("subject"));
        assert!(!operation["settled_at"].is_null(), "open: {operation}");
        assert_eq!(operation["contradicted"], false, "{operation}");
        // A write that was stopped before its send is never sent later.
        let sent = states(&operation).contains(&"sending");
        *sends.entry(of.clone()).or_default() += usize::from(sent);
        *done.entry(of).or_default() += u64::from(operation["state"] == "succeeded");
    }
    for ((kind, subject), times) in &done {
        assert!(*times <= 1, "{kind} of {subject} executed {times} times");
    }

    let skipped = |kind: Kind, subject: &str| {
        only.is_some_and(|ask| ask.kind != kind || ask.subject != subject)
    };
    let mut checked = 0;
    for kind in Kind::ALL {
        for row in world.ledger(About::of(kind), None).await {
            let subject = subject_of(kind, &row);
            if skipped(kind, subject) {
                continue;
            }
            let effects = row["effects"][effect(kind)].as_u64().unwrap();
            let of = (kind.as_str().to_owned(), subject.to_owned());
            let journal = done.remove(&of).unwrap_or(0);
            assert_eq!(
                effects, journal,
                "{} of {subject}: ledger and journal",
                of.0
            );
            checked += 1;
        }
    }
    done.retain(|_, times| *times > 0);
    assert!(
        done.is_empty(),
        "in the journal, not in the ledger: {done:?}"
    );

    let calls = world.get(&world.top, "/_simulator/calls").await.body;
    let calls = calls["items"].as_array().unwrap();
    assert!(calls.len() < 10_000, "the simulator has dropped calls");
    // A call about a change is listed under its order, and no order here has two changes.
    let mut changes: BTreeMap<String, String> = BTreeMap::new();
    for row in world.ledger(About::Change, None).await {
        let text = |field: &str| row[field].as_str().unwrap().to_owned();
        let other = changes.insert(text("order_id"), text("change_order_no"));
        assert_eq!(other, None, "an order was changed twice: {row}");
    }
    for kind in Kind::ALL {
        let mut received: BTreeMap<&str, usize> = BTreeMap::new();
        for call in calls.iter().filter(|c| c["method"] == method(kind)) {
            let subject = match About::of(kind) {
                About::Number | About::Order => subject_of(kind, call),
                About::Change => changes[call["order_id"].as_str().unwrap()].as_str(),
            };
            *received.entry(subject).or_default() += 1;
        }
        for (subject, times) in received {
            if skipped(kind, subject) {
                continue;
            }
            let of = (kind.as_str().to_owned(), subject.to_owned());
            let sends = sends.get(&of).copied().unwrap_or(0);
            assert!(
                times <= sends,
                "{} of {subject}: upstream received {times}, the journal has {sends}",
                of.0
            );
        }
    }
    checked
}

/// The subject of a write of this kind, read from an order, a change or a call of the simulator.
fn subject_of(kind: Kind, row: &Value) -> &str {
    let field = match About::of(kind) {
        About::Number => "out_order_no",
        About::Order => "order_id",
        About::Change => "change_order_no",
    };
    row[field].as_str().unwrap()
}

/// Pseudorandom numbers, the same for the same seed (SplitMix64).
#[derive(Clone)]
pub(crate) struct Chance(u64);

impl Chance {
    /// From the seed in `GATEWAY_TEST_SEED`, or from a new one, which is printed.
    pub(crate) fn seeded() -> Self {
        let seed = match std::env::var("GATEWAY_TEST_SEED") {
            Ok(seed) => seed.parse().unwrap(),
            Err(_) => u64::from(uuid::Uuid::new_v4().as_fields().0),
        };
        println!("GATEWAY_TEST_SEED={seed}");
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (z ^ (z >> 31)) % limit
    }
}

const KILLS: u32 = 32;
const CLIENTS: u64 = 6;

#[tokio::test]
async fn killed_at_random_moments_under_load_nothing_is_lost_or_done_twice() {
    let mut chance = Chance::seeded();
    let Chance(seed) = chance;
    let world = World::start().await;
    let mut gateway = world.gateway("journal.db", &[]).await;
    let example = world.example(&gateway).await;
    let ticket = world.ticket(&gateway).await;
    let (publish, address) = watch::channel(gateway.address.clone());
    let enough = AtomicBool::new(false);
    let clients = futures::future::join_all((0..CLIENTS).map(|number| {
        let client = Client {
            world: &world,
            address: address.clone(),
            chance: Chance(seed ^ (number + 1)),
            example: &example,
            ticket: &ticket,
            operations: Vec::new(),
            cut_off: 0,
        };
        client.work(number, &enough)
    }));
    let killer = async {
        for kill in 0..KILLS {
            sleep(Duration::from_millis(30 + chance.below(700))).await;
            gateway.process.kill().await;
            // Every fourth time, the next process is killed while it starts.
            if kill % 4 == 3 {
                let mut process = world.spawn("journal.db", &[]);
                sleep(Duration::from_millis(chance.below(150))).await;
                process.kill().await;
            }
            gateway = world.gateway("journal.db", &[]).await;
            publish.send_replace(gateway.address.clone());
        }
        enough.store(true, Ordering::Relaxed);
    };
    let (results, ()) = tokio::join!(clients, killer);

    world.drained(&gateway).await;
    let cut_off: usize = results.iter().map(|(_, cut_off)| cut_off).sum();
    let acknowledged: BTreeSet<String> = results.into_iter().flat_map(|(ids, _)| ids).collect();
    for id in &acknowledged {
        // Fails if the operation is lost.
        world.operation(&gateway, id).await;
    }
    let checked = agree(&world, &gateway, None).await;
    let operations = acknowledged.len();
    println!("{operations} operations, {cut_off} requests cut off, {checked} effects compared");
    assert!(operations > 30 && cut_off > 30, "there was too little load");
    for kind in Kind::ALL {
        let rows = world.ledger(About::of(kind), None).await;
        let done = rows.iter().any(|row| row["effects"][effect(kind)] == 1);
        assert!(done, "no {} was executed", kind.as_str());
    }
}

/// An app that books, pays or closes, refunds or changes its ticketed orders, and repeats each
/// request under the same key until it gets a final response.
struct Client<'a> {
    world: &'a World,
    address: watch::Receiver<String>,
    chance: Chance,
    example: &'a Value,
    ticket: &'a Ticket,
    /// The acknowledged operations, once for each acknowledgement.
    operations: Vec<String>,
    /// The number of requests that a kill interrupted.
    cut_off: usize,
}

impl Client<'_> {
    async fn work(mut self, number: u64, enough: &AtomicBool) -> (Vec<String>, usize) {
        let mut count = 0;
        while !enough.load(Ordering::Relaxed) {
            count += 1;
            // In every round each client takes another path, so all paths are covered at once.
            let way = (number + count) % CLIENTS;
            self.order(way, &format!("LOAD-{number}-{count}")).await;
        }
        (self.operations, self.cut_off)
    }

    async fn order(&mut self, way: u64, number: &str) {
        let booked = self
            .with_fault(Ask::book(self.example, number), number)
            .await;
        if booked.status != 201 {
            return;
        }
        let order = booked.created().clone();
        if way == 0 {
            self.with_fault(Ask::close(&order), number).await;
            return;
        }
        let paid = self.with_fault(Ask::pay(&order), number).await;
        if paid.status != 200 {
            return;
        }
        self.world.issue(&order).await;
        if way <= 2 {
            self.with_fault(Ask::refund(&order, self.ticket), number)
                .await;
            return;
        }
        let changed = self
            .with_fault(Ask::change(&order, self.ticket), number)
            .await;
        if changed.status != 201 {
            return;
        }
        let next = if way == 3 {
            Ask::cancel_change(changed.created())
        } else {
            Ask::pay_change(changed.created())
        };
        self.with_fault(next, number).await;
    }

    async fn with_fault(&mut self, ask: Ask, number: &str) -> Answer {
        self.maybe_inject_fault(ask.kind, number).await;
        self.outcome(&ask).await
    }

    /// Injects a fault into half of the writes at the simulator.
    async fn maybe_inject_fault(&mut self, kind: Kind, number: &str) {
        let faults = [
            "hang_then_succeed",
            "timeout_done",
            "reset_after",
            "late_visibility",
        ];
        let which = usize::try_from(self.chance.below(8)).unwrap();
        if let Some(fault) = faults.get(which) {
            let mut rule = json!({
                "method": method(kind), "fault": fault, "match": {"out_order_no": number},
            });
            if *fault == "late_visibility" {
                // Well within the settle window, as the design requires.
                rule["delay_ms"] = json!(400);
            }
            self.world.fault(rule).await;
        }
    }

    /// Follows a write to its outcome. A write that was found absent is retried once, as a new
    /// operation.
    async fn outcome(&mut self, ask: &Ask) -> Answer {
        let answer = self.final_answer(ask).await;
        if answer.code() != "not_executed" {
            return answer;
        }
        let earlier = answer.header("operation-id").unwrap().to_owned();
        self.final_answer(&ask.as_retry(&earlier)).await
    }

    /// Repeats the request under its key until a response is final.
    async fn final_answer(&mut self, ask: &Ask) -> Answer {
        let mut last = None;
        // The limit applies to each gateway process, and the number of processes is fixed.
        let mut began = Instant::now();
        while began.elapsed() < 2 * MAX_WAIT {
            let base = self.address.borrow().clone();
            let Ok(answer) = self.world.ask(&base, ask, Some(2)).await else {
                self.cut_off += 1;
                let moved = self.address.wait_for(|address| *address != base);
                let moved = timeout(MAX_WAIT, moved).await;
                moved.expect("another gateway").unwrap();
                began = Instant::now();
                continue;
            };
            if let Some(id) = answer.header("operation-id") {
                self.operations.push(id.to_owned());
            }
            let retry = answer.body["retry"].as_str().unwrap_or_default();
            if answer.status < 202
                || !(answer.status == 202 || ["same_key", "later"].contains(&retry))
            {
                return answer;
            }
            last = Some(answer);
        }
        panic!("no final response to {ask:?}: {last:?}");
    }
}
