//! The gateway is killed (-9) while orders change, without messages of TOP.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::kill::Chance;
use crate::world::{Gateway, MAX_WAIT, World};

const OFTEN: &[(&str, &str)] = &[
    ("GATEWAY__NOTIFICATIONS__MODE", "off"),
    ("GATEWAY__WATCHER__FIRST", "20ms"),
    ("GATEWAY__WATCHER__LONGEST", "100ms"),
    ("GATEWAY__WATCHER__REQUESTS_PER_SECOND", "300"),
];
const ROUNDS: u64 = 12;

async fn advance(world: &World, order_id: &str, to: &str) {
    let path = format!("/_simulator/orders/{order_id}/advance");
    let moved = world.post(&world.top, &path, &json!({"to": to})).await;
    assert_eq!(moved.status, 200, "{moved:?}");
}

/// How often each fact about an order is in the feed.
async fn told(world: &World, gateway: &Gateway) -> BTreeMap<(String, String), u32> {
    let page = world.get(&gateway.address, "/v1/events?limit=200").await;
    let mut told = BTreeMap::new();
    let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
    for event in page.body["items"].as_array().unwrap() {
        let kind = text(event, "type");
        if kind.starts_with("order.") {
            *told.entry((text(event, "subject"), kind)).or_default() += 1;
        }
    }
    told
}

#[tokio::test]
async fn what_happens_while_the_gateway_is_killed_again_and_again_is_told_once() {
    let mut chance = Chance::seeded();
    let world = World::start().await;
    let mut orders: Vec<String> = Vec::new();
    for round in 0..ROUNDS {
        let mut gateway = world.gateway("watcher.db", OFTEN).await;
        let booked = world.booked(&gateway, &format!("WATCH-{round}")).await;
        let order_id = booked["order_id"].as_str().unwrap().to_owned();
        // The last order changes while it runs, the one before while it does not.
        advance(&world, &order_id, "paid").await;
        sleep(Duration::from_millis(chance.below(80))).await;
        gateway.process.kill().await;
        if let Some(earlier) = orders.last() {
            advance(&world, earlier, "ticketed").await;
        }
        orders.push(order_id);
    }
    if let Some(last) = orders.last() {
        advance(&world, last, "ticketed").await;
    }
    let gateway = world.gateway("watcher.db", OFTEN).await;
    let kinds = ["order.booked", "order.paid", "order.ticketed"];
    let facts = orders
        .iter()
        .flat_map(|order| kinds.map(|kind| ((order.clone(), kind.to_owned()), 1)));
    let expected: BTreeMap<_, _> = facts.collect();
    let all = async {
        while told(&world, &gateway).await.len() < expected.len() {
            sleep(Duration::from_millis(20)).await;
        }
    };
    if timeout(MAX_WAIT, all).await.is_err() {
        println!("not all facts are told");
    }
    assert_eq!(told(&world, &gateway).await, expected);
}
