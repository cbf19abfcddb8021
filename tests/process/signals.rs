//! SIGTERM and SIGINT, once and twice, with work in progress.

use std::time::{Duration, Instant};

use rustix::process::Signal;
use serde_json::json;

use crate::ask::{Ask, Kind};
use crate::world::{Answer, Gateway, World, states};

/// How long the calls of a test take: longer than a slow machine needs for the rest of the test.
const UNDER_WAY_MS: u64 = 6_000;
/// Leaves the simulator time to be slow, and keeps the reconciler from finding anything absent during
/// a test.
const LONG_WINDOWS: [(&str, &str); 3] = [
    ("GATEWAY__TOP__DEADLINE", "15s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "20s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "20s"),
];

async fn first_in_state(world: &World, gateway: &Gateway, state: &str) -> String {
    let found = async {
        loop {
            if let Some(operation) = world.in_state(gateway, state).await.first() {
                return operation["id"].as_str().unwrap().to_owned();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    let found = tokio::time::timeout(crate::world::MAX_WAIT, found).await;
    found.unwrap_or_else(|_| panic!("no operation is {state}"))
}

/// Waits until `/readyz` reports that the gateway is stopping.
async fn not_ready(world: &World, gateway: &Gateway) {
    let stopping = async {
        loop {
            let ready = world.get(&gateway.address, "/readyz").await;
            if ready.status != 200 {
                return ready;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let stopping = tokio::time::timeout(crate::world::MAX_WAIT, stopping).await;
    is_stopping(&stopping.expect("a gateway that is not ready"));
}

fn is_stopping(answer: &Answer) {
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.code(), "shutting_down", "{answer:?}");
}

#[tokio::test]
async fn a_gateway_terminated_during_a_payment_stores_the_outcome_before_it_ends() {
    let world = World::start().await;
    let gateway = world.gateway("journal.db", &LONG_WINDOWS).await;
    let sent = world.booked(&gateway, "TERM-SENT").await;
    let waiting = world.booked(&gateway, "TERM-WAITING").await;
    let (sent, waiting) = (Ask::pay(&sent), Ask::pay(&waiting));
    let example = world.example(&gateway).await;
    let booked = Ask::book(&example, "TERM-BOOKED");
    let late = Ask::book(&example, "TERM-LATE");
    for (method, field, ask) in [
        ("pay", "order_id", &sent),
        ("book", "out_order_no", &booked),
    ] {
        world
            .fault(json!({
                "method": method, "fault": "slow", "delay_ms": UNDER_WAY_MS,
                "match": {field: ask.subject},
            }))
            .await;
    }
    // The gateway reads the order before it sends the payment, so a slow read keeps it `accepted`.
    world
        .fault(json!({
            "method": "detail", "fault": "slow", "delay_ms": UNDER_WAY_MS,
            "match": {"order_id": waiting.subject},
        }))
        .await;

    let observer = async {
        world.until_received(&sent).await;
        world.until_received(&booked).await;
        let id_waiting = first_in_state(&world, &gateway, "accepted").await;
        let id_sent = first_in_state(&world, &gateway, "sending").await;
        gateway.process.signal(Signal::TERM);
        not_ready(&world, &gateway).await;
        // A long poll that arrives now returns at once, like those already waiting, with an
        // operation that is still in progress.
        let poll = format!("/v1/operations/{id_sent}?wait=30s");
        let polled = world.get(&gateway.address, &poll).await;
        assert_eq!(polled.body["state"], "sending");
        let live = world.get(&gateway.address, "/livez").await;
        assert_eq!(live.status, 200);
        let refused = world.ask(&gateway.address, &late, None).await.unwrap();
        is_stopping(&refused);
        assert_eq!(refused.body["side_effects"], "none");
        assert_eq!(refused.body["retry"], "same_key");
        id_waiting
    };
    let ask = async |ask| world.ask(&gateway.address, ask, Some(30)).await.unwrap();
    let (first, second, third, id_waiting) =
        tokio::join!(ask(&sent), ask(&booked), ask(&waiting), observer);
    // Every waiting caller gets the current state before the process ends.
    for answer in [&first, &second] {
        assert_eq!(
            (answer.status, &answer.body["state"]),
            (202, &json!("sending"))
        );
    }
    // The operation that was not sent may end before its caller's request notices the stop.
    match third.status {
        202 => assert_eq!(third.body["state"], "accepted"),
        _ => is_stopping(&third),
    }
    assert_eq!(third.header("operation-id"), Some(&*id_waiting));
    let mut process = gateway.process;
    let end = process.end().await;
    assert_eq!(end.code(), Some(0), "{end}");
    assert!(
        process
            .whole_output()
            .await
            .contains(r#""message":"stopped""#)
    );

    let gateway = world.gateway("journal.db", &[]).await;
    // The process that sent the writes received and stored the responses, after the one lookup that a
    // payment needs.
    for answer in [&first, &second] {
        let id = answer.header("operation-id").unwrap();
        let operation = world.operation(&gateway, id).await;
        assert_eq!(
            states(&operation),
            ["accepted", "sending", "succeeded"],
            "{operation}"
        );
    }
    let operation = world.operation(&gateway, &id_waiting).await;
    assert_eq!(
        states(&operation),
        ["accepted", "not_executed"],
        "{operation}"
    );
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(operation["problem"]["code"], "shutting_down");
    assert_eq!(world.received(Kind::Pay, &sent.subject).await, 1);
    assert_eq!(world.effects(Kind::Pay, &sent.subject).await, 1);
    assert_eq!(world.received(Kind::Book, &booked.subject).await, 1);
    assert_eq!(world.received(Kind::Pay, &waiting.subject).await, 0);
    assert_eq!(world.received(Kind::Book, &late.subject).await, 0);
}

#[tokio::test]
async fn a_gateway_terminated_twice_stops_at_once_and_looks_up_after_the_restart() {
    let world = World::start().await;
    let gateway = world.gateway("journal.db", &LONG_WINDOWS).await;
    let order = world.booked(&gateway, "TWICE-1").await;
    let pay = Ask::pay(&order);
    world
        .fault(json!({"method": "pay", "fault": "hang_then_succeed"}))
        .await;
    let once = async {
        world.until_received(&pay).await;
        gateway.process.signal(Signal::INT);
    };
    let (answer, ()) = tokio::join!(world.ask(&gateway.address, &pay, Some(30)), once);
    // The caller gets the current state as soon as the gateway is asked to stop; the payment itself
    // continues. The second signal must come after that, because it drops every pending response.
    let answer = answer.unwrap();
    assert_eq!(answer.status, 202, "{answer:?}");
    let signalled = Instant::now();
    gateway.process.signal(Signal::TERM);
    let mut process = gateway.process;
    let end = process.end().await;
    assert!(
        signalled.elapsed() < Duration::from_secs(8),
        "the gateway waited for the payment"
    );
    assert_eq!(end.code(), Some(0), "{end}");
    assert!(process.whole_output().await.contains("stopped at once"));

    let gateway = world.gateway("journal.db", &[]).await;
    let id = answer.header("operation-id").unwrap();
    let operation = world.settled(&gateway, id).await;
    assert_eq!(
        states(&operation),
        ["accepted", "sending", "unknown", "succeeded"]
    );
    let again = world.ask(&gateway.address, &pay, None).await.unwrap();
    assert_eq!(again.status, 200, "{again:?}");
    // The order may be ticketed by now.
    assert_eq!(
        again.created()["paid_price"],
        order["total_price"],
        "{again:?}"
    );
    assert_eq!(world.received(Kind::Pay, &pay.subject).await, 1);
    assert_eq!(world.effects(Kind::Pay, &pay.subject).await, 1);
}

#[tokio::test]
async fn an_idle_gateway_ends_at_once_on_either_signal() {
    let world = World::start().await;
    for signal in [Signal::TERM, Signal::INT] {
        let mut gateway = world.gateway("journal.db", &[]).await;
        let began = Instant::now();
        gateway.process.signal(signal);
        assert_eq!(gateway.process.end().await.code(), Some(0));
        // The gateway has a grace period of 20 s, but does not need it.
        assert!(began.elapsed() < Duration::from_secs(10));
    }
}

#[tokio::test]
async fn an_address_in_use_is_reported_before_the_journal_is_created() {
    let world = World::start().await;
    let gateway = world.gateway("journal.db", &[]).await;
    let (_, in_use) = gateway.address.split_once("//").unwrap();
    let mut second = world.spawn("second.db", &[("GATEWAY__SERVER__LISTEN", in_use)]);
    assert_eq!(second.end().await.code(), Some(1));
    let output = second.whole_output().await;
    assert!(output.contains(in_use), "{output}");
    assert!(!world.dir.path().join("second.db").exists());
}
