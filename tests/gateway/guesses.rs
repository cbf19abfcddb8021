//! A wrong assumption about the wire must not make an executed write appear absent.

use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use serde_json::json;

use crate::ticket::{family, ticketed};
use crate::world::{World, booking};

/// A simulator whose list of refunds has another name than the gateway expects.
async fn with_another_name_for_the_list() -> World {
    let row: Override = serde_json::from_value(json!({
        "method": "alitrip.flight.refund.list", "side": "answer", "path": "refund_order_list",
        "rename": "refund_list",
    }))
    .unwrap();
    let overrides = Overrides::build(Registry::embedded(), &[row]).unwrap();
    World::start_with(&[], |simulator| simulator.overrides = overrides).await
}

fn refund(passenger: &serde_json::Value) -> serde_json::Value {
    json!({
        "out_refund_no": "GUESS-R", "kind": "flight_changed", "passengers": [passenger],
        "fee": "0.00",
    })
}

#[tokio::test]
async fn law_5_a_response_without_the_list_proves_no_absence() {
    let world = with_another_name_for_the_list().await;
    let ticket = ticketed(&world, "GUESS-1").await;
    world
        .fault(json!({"method": "refund", "fault": "timeout_done"}))
        .await;
    let path = format!("/v1/orders/{}/refunds", ticket.id);
    let headers = [("Idempotency-Key", "guess"), ("Prefer", "wait=0")];
    let body = refund(&ticket.order["passengers"][0]["passenger_id"]);
    let first = world.post_with(&path, &headers, &body).await;
    assert_eq!(first.status, 202, "{first:?}");
    // Fliggy has the refund, but every list appears empty: an operator must decide, and absence is never
    // reported.
    let operation = world
        .until_state(first.operation(), "needs_attention")
        .await;
    assert_eq!(operation["attention"], "no_control", "{operation:#}");
    // `include=upstream` helps to find the mistake: it shows Fliggy's own fields.
    let shown = world.get(&format!("{path}?include=upstream")).await;
    assert_eq!(shown.body["items"], json!([]), "{shown:?}");
    assert!(
        shown.body["upstream"]["refund_list"].is_object(),
        "{shown:?}"
    );
}

#[tokio::test]
async fn law_5_a_refund_is_absent_once_the_same_lookup_finds_another_refund() {
    let world = World::start().await;
    let ticket = family(&world, "GUESS-2").await;
    world
        .fault(json!({"method": "refund", "fault": "timeout_nothing"}))
        .await;
    let path = format!("/v1/orders/{}/refunds", ticket.id);
    let body = refund(&ticket.order["passengers"][0]["passenger_id"]);
    let first = world.write_within(&path, "guess", &body, 0).await;
    // No refund of the account is known, so nothing proves that a lookup would show one.
    let operation = world
        .until_state(first.operation(), "needs_attention")
        .await;
    assert_eq!(operation["attention"], "no_control", "{operation:#}");

    let other = ticketed(&world, "GUESS-3").await;
    other.refunded(&world, "GUESS-R-3", "voluntary").await;
    let operation = world.until_state(first.operation(), "not_executed").await;
    assert_eq!(operation["basis"], "absent", "{operation:#}");
    assert_eq!(operation["attention"], serde_json::Value::Null);
}

#[tokio::test]
async fn a_success_without_a_usable_order_id_needs_a_lookup_or_an_operator() {
    let row: Override = serde_json::from_value(json!({
        "method": "alitrip.flight.service.airbook", "side": "answer", "path": "order_id",
        "rename": "booking_id",
    }))
    .unwrap();
    let overrides = Overrides::build(Registry::embedded(), &[row]).unwrap();
    let world = World::start_with(&[], |simulator| simulator.overrides = overrides).await;
    let offer = world.offer().await;

    let created = booking(&offer, "NO-ID-1");
    let created = world
        .write_within("/v1/orders", "created", &created, 20)
        .await;
    assert_eq!(created.status, 201, "{created:?}");

    let fault = json!({
        "method": "airbook", "fault": "success_without_effect",
        "match": {"out_order_no": "NO-ID-2"},
    });
    world.fault(fault).await;
    let pretended = booking(&offer, "NO-ID-2");
    let pretended = world
        .write_within("/v1/orders", "pretended", &pretended, 0)
        .await;
    let operation = world
        .until_state(pretended.operation(), "needs_attention")
        .await;
    let timeline = operation["timeline"].to_string();
    assert!(
        timeline.contains("upstream reported the write as executed"),
        "{operation:#}"
    );
}
