//! The gateway is stopped (SIGSTOP) for longer than a send may wait, then continued.

use std::time::Duration;

use rustix::process::Signal;
use serde_json::json;
use tokio::time::sleep;

use crate::ask::{Ask, Kind, method};
use crate::world::{Gateway, World, states};

/// Lets the gateway stop itself at a point and continues it after this time. Asserts that nothing
/// is sent afterwards, and that the key is free for another attempt.
async fn is_not_sent_after(point: &str, stopped: Duration) {
    let world = World::start().await;
    let before = world.gateway("before.db", &[]).await;
    let ticket = world.ticket(&before).await;
    let mut asks = Vec::new();
    for kind in Kind::ALL {
        let number = format!("STOP-{}", kind.as_str());
        asks.push(world.prepared(&before, kind, &ticket, &number).await);
    }
    let each = |ask| one_is_not_sent_after(&world, ask, point, stopped);
    futures::future::join_all(asks.iter().map(each)).await;
}

async fn one_is_not_sent_after(world: &World, ask: &Ask, point: &str, stopped: Duration) {
    let journal = format!("{}.db", ask.kind.as_str());
    let pause = [("GATEWAY_PAUSE_POINT", point)];
    let Gateway {
        mut process,
        address,
    } = world.gateway(&journal, &pause).await;
    let continued = async {
        process.paused().await;
        sleep(stopped).await;
        process.signal(Signal::CONT);
    };
    let (answer, ()) = tokio::join!(world.ask(&address, ask, Some(20)), continued);
    let answer = answer.unwrap();
    assert_eq!(answer.status, 503, "{ask:?} {answer:?}");
    assert_eq!(answer.code(), "not_sent", "{answer:?}");
    assert_eq!(answer.body["side_effects"], "none");
    assert_eq!(answer.body["retry"], "same_key");
    let gateway = Gateway { process, address };
    let id = answer.header("operation-id").unwrap();
    let operation = world.settled(&gateway, id).await;
    assert_eq!(operation["state"], "not_executed");
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(world.received(ask.kind, &ask.subject).await, 0);

    let again = world.ask(&gateway.address, ask, Some(20)).await.unwrap();
    assert!(again.status < 202, "{again:?}");
    assert_eq!(world.received(ask.kind, &ask.subject).await, 1);
    assert_eq!(world.effects(ask.kind, &ask.subject).await, 1);
}

#[tokio::test]
async fn a_write_stopped_before_its_send_is_not_sent_late() {
    is_not_sent_after("sending", Duration::from_millis(1500)).await;
}

/// The stop is longer than three deadlines, so a sweep may record the operation as unknown before
/// the sender records that nothing was sent.
#[tokio::test]
async fn a_write_stopped_until_a_sweep_finds_it_is_not_sent_late() {
    is_not_sent_after("sending", Duration::from_millis(3500)).await;
}

/// A stale `accepted` operation is abandoned, even if its own task continues before the sweep.
#[tokio::test]
async fn a_write_stopped_before_its_sending_state_is_saved_is_not_sent_late() {
    is_not_sent_after("ready", Duration::from_millis(3500)).await;
}

#[tokio::test]
async fn a_write_stopped_during_its_send_is_settled_by_evidence() {
    let world = World::start().await;
    let before = world.gateway("before.db", &[]).await;
    let ticket = world.ticket(&before).await;
    // The response to `STOP-HANG` never arrives, so only a lookup can settle the operation.
    let example = world.example(&before).await;
    let mut asks = vec![(Ask::book(&example, "STOP-HANG"), "hang_then_succeed")];
    for kind in Kind::ALL {
        let number = format!("STOP-{}", kind.as_str());
        asks.push((
            world.prepared(&before, kind, &ticket, &number).await,
            "slow",
        ));
    }
    for (ask, fault) in &asks {
        world
            .fault(json!({
                "method": method(ask.kind), "fault": fault, "delay_ms": 800,
                "match": world.only(ask).await,
            }))
            .await;
    }
    let each = |(ask, fault): &(Ask, &str)| {
        let (world, ask, journal) = (&world, ask.clone(), format!("{fault}-{}.db", ask.subject));
        async move { one_is_settled_by_evidence(world, &ask, &journal).await }
    };
    futures::future::join_all(asks.iter().map(each)).await;
}

async fn one_is_settled_by_evidence(world: &World, ask: &Ask, journal: &str) {
    let gateway = world.gateway(journal, &[]).await;
    let stopped = async {
        world.until_received(ask).await;
        gateway.process.signal(Signal::STOP);
        sleep(Duration::from_millis(2500)).await;
        gateway.process.signal(Signal::CONT);
    };
    let (answer, ()) = tokio::join!(world.ask(&gateway.address, ask, Some(20)), stopped);
    let answer = answer.unwrap();
    assert!(answer.status < 202, "{answer:?}");
    let id = answer.header("operation-id").unwrap();
    let operation = world.settled(&gateway, id).await;
    assert_eq!(states(&operation).last(), Some(&"succeeded"));
    assert_eq!(world.received(ask.kind, &ask.subject).await, 1);
    assert_eq!(world.effects(ask.kind, &ask.subject).await, 1);
}
