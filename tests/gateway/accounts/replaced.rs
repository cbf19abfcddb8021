//! Operations whose session is replaced while their outcome is unknown.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CONFIGURED, LINKED, add, assert_works, authorise, entered, read, revoke, until_state};
use crate::ticket::PATIENT;
use crate::world::{World, booking, created};

/// The session was replaced during this lookup.
pub(super) const REPLACED: &str = "the session of the account was replaced during the lookup";

fn has_entry(operation: &Value, text: &str) -> bool {
    let timeline = operation["timeline"].as_array().unwrap();
    let mut texts = timeline.iter().filter_map(|entry| entry["what"].as_str());
    texts.any(|what| what.contains(text))
}

/// A booking without a response, whose lookups fail until the faults are removed; returns the operation.
async fn hidden(world: &World, number: &str) -> String {
    let lookups = json!({
        "method": "detail", "fault": "lookup_error", "times": null,
        "match": {"out_order_no": number},
    });
    world.fault(lookups).await;
    let id = lost(world, number, "reset_after").await;
    world.until_state(&id, "unknown").await;
    id
}

/// A booking without a response; returns the operation.
async fn lost(world: &World, number: &str, fault: &str) -> String {
    let body = booking(&world.offer().await, number);
    world
        .fault(json!({"method": "book", "fault": fault, "match": {"out_order_no": number}}))
        .await;
    let answer = world.sent("/v1/orders", number, &body, 0).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    answer.operation().to_owned()
}

/// A lookup that began under another session proves nothing.
async fn replaced_during_a_lookup(world: &World, number: &str, fault: &str) -> Value {
    let slow = json!({
        "method": "detail", "fault": "slow", "delay_ms": 1500, "times": null,
        "match": {"out_order_no": number},
    });
    world.fault(slow).await;
    add(world, "default", number).await;
    let id = lost(world, number, fault).await;
    world
        .until_received_for("queryorderdetail", number, 1)
        .await;
    entered(world, "default", &json!({"session": number})).await;
    let operation = world
        .until(&id, |operation| has_entry(operation, REPLACED))
        .await;
    assert_eq!(operation["state"], "unknown", "{operation:#}");
    world.end_faults().await;
    // The deadline of the booking has passed.
    world.clock.advance_steady(Duration::from_secs(10));
    world
        .until(&id, |operation| operation["state"] != "unknown")
        .await
}

#[tokio::test]
async fn law_5_a_lookup_during_which_the_session_is_replaced_is_inconclusive() {
    let world = World::start_with(PATIENT, |_| {}).await;
    let made = replaced_during_a_lookup(&world, "REPLACED-1", "reset_after").await;
    assert_eq!(made["state"], "succeeded", "{made:#}");
    assert_eq!(created(&made)["out_order_no"], "REPLACED-1");
    assert_eq!(world.effects("REPLACED-1", "book").await, 1);

    // A known order is the control of the lookups that find nothing.
    let absent = replaced_during_a_lookup(&world, "REPLACED-2", "reset_before").await;
    assert_eq!(absent["state"], "not_executed", "{absent:#}");
    assert_eq!(absent["basis"], "absent");
    assert_eq!(world.effects("REPLACED-2", "book").await, 0);
}

#[tokio::test]
async fn what_waits_for_a_refused_session_is_looked_up_once_it_is_replaced() {
    // The pauses between lookups soon exceed the limit of this test.
    let rare = [
        LINKED[0],
        ("GATEWAY__RECONCILE__FIRST_LOOK", "2s"),
        ("GATEWAY__RECONCILE__MAX_INTERVAL", "1h"),
    ];
    let world = World::start_with(&rare, |_| {}).await;
    let id = hidden(&world, "WAITS-1").await;
    revoke(&world, CONFIGURED).await;
    world.end_faults().await;
    super::search_under(&world, "default").await;
    until_state(&world, "default", "invalid").await;
    // Lookups are not made, so they do not count.
    let before = world.operation(&id).await;
    assert_eq!(before["state"], "unknown", "{before:#}");
    let path = format!("/v1/operations/{id}/reconcile");
    let asked = world.post_with(&path, &[], &json!({})).await;
    assert!([200, 202].contains(&asked.status), "{asked:?}");
    assert_eq!(world.operation(&id).await["timeline"], before["timeline"]);
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let operation = world.until_state(&id, "succeeded").await;
    assert_eq!(created(&operation)["out_order_no"], "WAITS-1");
    assert_eq!(world.effects("WAITS-1", "book").await, 1);
}

#[tokio::test]
async fn an_unknown_operation_is_not_absent_because_its_session_is_refused() {
    let world = World::start_with(LINKED, |_| {}).await;
    let id = hidden(&world, "REFUSED-3").await;
    revoke(&world, CONFIGURED).await;
    world.end_faults().await;
    super::search_under(&world, "default").await;
    until_state(&world, "default", "invalid").await;
    // Much longer than the time after which an absent order counts as not executed.
    world.clock.advance_steady(Duration::from_secs(20));
    let operation = world.operation(&id).await;
    assert_ne!(operation["state"], "not_executed", "{operation:#}");
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    world.until_state(&id, "succeeded").await;
    assert_eq!(world.effects("REFUSED-3", "book").await, 1);
    assert_eq!(read(&world, "default").await["session"]["state"], "valid");
    assert_works(&world, "default").await;
}
