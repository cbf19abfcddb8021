//! Events about what happens to orders, refunds and changes without a message of TOP.

use std::time::Duration;

use serde_json::{Value, json};

use crate::held::Traps;
use crate::ticket::{advance, ticketed};
use crate::world::{CHIEF, KEYS, TRIPS, World, booking, search};

/// The watcher reads often.
const WATCHER: &[(&str, &str)] = &[
    ("GATEWAY__WATCHER__FIRST", "50ms"),
    ("GATEWAY__WATCHER__LONGEST", "200ms"),
    ("GATEWAY__WATCHER__REQUESTS_PER_SECOND", "200"),
];

async fn with_watcher() -> World {
    World::start_with(WATCHER, |_| {}).await
}

/// The types of the events about a subject, oldest first.
async fn about(world: &World, subject: &Value) -> Vec<String> {
    let events = world.events().await;
    let about = events.iter().filter(|event| event["subject"] == *subject);
    let kinds = about.map(|event| event["type"].as_str().unwrap().to_owned());
    kinds.collect()
}

#[tokio::test]
async fn an_order_that_nobody_reads_is_told_until_it_is_ticketed() {
    let world = with_watcher().await;
    let order = world.booked("WATCH-1").await;
    let (id, path) = (
        &order["order_id"],
        format!("orders/{}", order["order_id"].as_str().unwrap()),
    );
    // Fliggy's own application.
    advance(&world, &path, "paid").await;
    let paid = world.until_event("order.paid", id).await;
    assert_eq!(paid["out_order_no"], "WATCH-1");
    assert_eq!(paid["operation_id"], Value::Null);
    advance(&world, &path, "failed").await;
    world.until_event("order.failed", id).await;
    advance(&world, &path, "ticketed").await;
    world.until_event("order.ticketed", id).await;
    let told = [
        "order.booked",
        "order.paid",
        "order.failed",
        "order.ticketed",
    ];
    assert_eq!(about(&world, id).await, told);

    let closed = world.booked("WATCH-2").await;
    let path = format!("orders/{}", closed["order_id"].as_str().unwrap());
    advance(&world, &path, "closed").await;
    world.until_event("order.closed", &closed["order_id"]).await;
}

#[tokio::test]
async fn refunds_are_told_until_they_are_finished_and_then_daily() {
    let world = with_watcher().await;
    let ticket = ticketed(&world, "WATCH-3").await;
    let refund = ticket.refunded(&world, "WATCH-R-1", "voluntary").await;
    let number = &refund["refund_order_no"];
    let path = format!("refunds/{}", number.as_str().unwrap());
    advance(&world, &path, "refunded").await;
    world.until_event("refund.refunded", number).await;
    let told = ["refund.created", "refund.refunded"];
    assert_eq!(about(&world, number).await, told);

    // Fliggy pays more back. The list of the order's refunds shows it the next day.
    let more = format!("/_simulator/{path}/supplement");
    let more = world
        .post_with(&more, &[], &json!({"amount": "10.00"}))
        .await;
    assert_eq!(more.status, 201, "{more:?}");
    let supplement = &more.body["refund_order_no"];
    assert_ne!(supplement, number);
    world.clock.advance_steady(Duration::from_hours(24));
    let told = world.until_event("refund.refunded", supplement).await;
    assert_eq!(told["fact"], "supplementary");
    assert_eq!(told["out_order_no"], "WATCH-3");
}

#[tokio::test]
async fn changes_are_told_until_they_are_finished() {
    let world = with_watcher().await;
    let ticket = ticketed(&world, "WATCH-9").await;
    let change = ticket.changed(&world, "WATCH-C-1").await;
    let number = &change["change_order_no"];
    world.until_event("change.awaiting_payment", number).await;
    let path = format!("changes/{}", number.as_str().unwrap());
    advance(&world, &path, "awaiting_ticketing").await;
    world.until_event("change.awaiting_ticketing", number).await;
    // The airline refuses it after the payment.
    advance(&world, &path, "closed").await;
    world.until_event("change.rejected", number).await;
    let told = [
        "created",
        "awaiting_payment",
        "awaiting_ticketing",
        "rejected",
    ];
    assert_eq!(
        about(&world, number).await,
        told.map(|fact| format!("change.{fact}"))
    );
}

#[tokio::test]
async fn a_read_that_fails_is_repeated() {
    let world = with_watcher().await;
    let order = world.booked("WATCH-4").await;
    let id = &order["order_id"];
    let rule = json!({"method": "detail", "fault": "refuse"});
    world
        .under_fault(rule, async {
            let read = world.received("queryorderdetail").await;
            advance(
                &world,
                &format!("orders/{}", id.as_str().unwrap()),
                "ticketed",
            )
            .await;
            world.until_received("queryorderdetail", read + 2).await;
            assert_eq!(about(&world, id).await, ["order.booked"]);
        })
        .await;
    world.until_event("order.ticketed", id).await;
}

/// Books an order as the caller `trips`.
async fn booked_by_trips(world: &World, number: &str) -> Value {
    let found = world
        .post_with("/v1/flights/search", &[TRIPS], &search("BJS", "XMN"))
        .await;
    let body = booking(&found.body["items"][0], number);
    let headers = [TRIPS, ("Idempotency-Key", number)];
    let booked = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    booked.created().clone()
}

async fn facts_of_trips(world: &World) -> Vec<String> {
    let page = world.get_with("/v1/events?limit=200", &[TRIPS]).await;
    let items = page.body["items"].as_array().unwrap();
    let kinds = items.iter().map(|event| event["type"].as_str().unwrap());
    kinds
        .filter(|kind| kind.starts_with("order."))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn what_any_caller_reads_is_told_to_the_owner_once() {
    let world = World::start_with(KEYS, |_| {}).await;
    let order = booked_by_trips(&world, "WATCH-5").await;
    let id = order["order_id"].as_str().unwrap();
    advance(&world, &format!("orders/{id}"), "ticketed").await;
    let path = format!("/v1/orders/{id}");
    let read = || world.get_with(&path, &[CHIEF]);
    let until_told = async |count: usize| {
        let limit = tokio::time::Instant::now() + Duration::from_secs(60);
        while facts_of_trips(&world).await.len() < count {
            assert!(
                tokio::time::Instant::now() < limit,
                "{:?}",
                facts_of_trips(&world).await
            );
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert_eq!(read().await.body["status"], "ticketed");
    until_told(3).await;
    assert_eq!(read().await.body["status"], "ticketed");
    let told = ["order.booked", "order.paid", "order.ticketed"];
    assert_eq!(facts_of_trips(&world).await, told);

    // A list shows states too.
    let other = booked_by_trips(&world, "WATCH-6").await;
    let path = format!("orders/{}", other["order_id"].as_str().unwrap());
    advance(&world, &path, "closed").await;
    let (from, until) = (world.clock_wire(-1), world.clock_wire(1));
    let list = format!("/v1/orders?booked_from={from}&booked_until={until}");
    let listed = world.get_with(&list, &[CHIEF]).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    until_told(5).await;
    assert_eq!(
        facts_of_trips(&world).await[3..],
        ["order.booked", "order.closed"]
    );
}

#[tokio::test]
async fn a_read_does_not_wait_for_the_journal() {
    let traps = Traps::default();
    let journal = traps.clone();
    let world = World::frozen(&[], |inner| journal.around(inner)).await;
    let order = world.booked("WATCH-7").await;
    let id = order["order_id"].as_str().unwrap();
    let mut held = traps.hold_read();
    advance(&world, &format!("orders/{id}"), "ticketed").await;
    let path = format!("/v1/orders/{id}");
    assert_eq!(world.get(&path).await.body["status"], "ticketed");
    held.requested().await;
    assert_eq!(world.get(&path).await.body["status"], "ticketed");
    assert_eq!(about(&world, &order["order_id"]).await, ["order.booked"]);
    held.release();
    world
        .until_event("order.ticketed", &order["order_id"])
        .await;
}
