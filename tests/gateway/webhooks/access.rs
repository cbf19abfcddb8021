//! Which callers see a webhook, and whose events it gets.

use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::{Message, Receiver};
use super::{Headers, assert_consistent, create, feed, try_create};
use crate::ticket::{advance, problem};
use crate::world::{self, KEYS, World, booking, search};

const TRIPS: Headers = &[world::TRIPS];
const COSTS: Headers = &[world::COSTS];
const CHIEF: Headers = &[world::CHIEF];

/// Books an order as this caller; returns its id.
async fn booked(world: &World, number: &str, caller: Headers) -> Value {
    let found = world
        .post_with("/v1/flights/search", caller, &search("BJS", "XMN"))
        .await;
    let body = booking(&found.body["items"][0], number);
    let headers = [
        caller[0],
        ("Idempotency-Key", number),
        ("Prefer", "wait=20"),
    ];
    loop {
        let booked = world.post_with("/v1/orders", &headers, &body).await;
        // A busy machine may miss the second in which a write may be sent.
        if booked.body["code"] != "not_sent" {
            assert_eq!(booked.status, 201, "{booked:?}");
            return booked.created()["order_id"].clone();
        }
    }
}

#[tokio::test]
async fn another_caller_does_not_find_a_webhook_and_an_operator_does() {
    let world = World::start_with(KEYS, |_| {}).await;
    let receiver = Receiver::accepting();
    let hook = create(&world, TRIPS, &receiver.url("/"), &json!({})).await;
    let settings = json!({"url": receiver.url("/other")});
    let requests: Vec<(Method, &str, Option<Value>)> = vec![
        (Method::GET, "", None),
        (Method::PUT, "", Some(settings)),
        (Method::POST, "/pause", Some(json!({}))),
        (Method::POST, "/resume", Some(json!({}))),
        (Method::POST, "/ping", Some(json!({}))),
        (Method::POST, "/rotate-secret", Some(json!({}))),
        (Method::POST, "/redeliver", Some(json!({"from": 1}))),
        (Method::GET, "/deliveries", None),
        (Method::GET, "/attempts", None),
        (Method::DELETE, "", None),
    ];
    let before = hook.get(&world).await;
    for (method, rest, body) in &requests {
        let headers = [COSTS[0], ("If-Match", "1")];
        let answer = world
            .send(method.clone(), &hook.path(rest), &headers, body.as_ref())
            .await;
        assert_eq!(
            problem(&answer),
            (404, "webhook_not_found"),
            "{method} {rest}: {answer:?}"
        );
    }
    assert_eq!(hook.get(&world).await, before);
    assert!(receiver.messages().is_empty());
    let listed = world.get_with("/v1/webhooks", COSTS).await;
    assert_eq!(listed.body["items"], json!([]));

    let listed = world.get_with("/v1/webhooks", CHIEF).await;
    assert_eq!(listed.body["items"], json!([before]));
    for (method, rest, body) in requests {
        let version = world.get_with(&hook.path(""), CHIEF).await.body["version"].to_string();
        let headers = [CHIEF[0], ("If-Match", &*version)];
        let answer = world
            .send(method.clone(), &hook.path(rest), &headers, body.as_ref())
            .await;
        assert!(answer.status < 300, "{method} {rest}: {answer:?}");
        if method == Method::PUT {
            // The owner remains the same.
            assert_eq!(answer.body["owner"], "trips");
        }
    }
    let without_key = world.get("/v1/webhooks").await;
    assert_eq!(without_key.status, 401, "{without_key:?}");
}

#[tokio::test]
async fn a_webhook_gets_the_events_of_its_owner_and_one_of_an_operator_those_of_all() {
    let world = World::start_with(KEYS, |_| {}).await;
    let wanted = json!({"types": ["order.booked"]});
    let mut all_wanted = wanted.clone();
    all_wanted["all_callers"] = json!(true);
    let [of_trips, of_costs, of_chief, of_all] = [(); 4].map(|()| Receiver::accepting());
    let trips_hook = create(&world, TRIPS, &of_trips.url("/"), &wanted).await;
    create(&world, COSTS, &of_costs.url("/"), &wanted).await;
    create(&world, CHIEF, &of_chief.url("/"), &wanted).await;
    let all_hook = create(&world, CHIEF, &of_all.url("/"), &all_wanted).await;
    let refused = try_create(&world, TRIPS, &of_trips.url("/all"), &all_wanted).await;
    assert_eq!(problem(&refused), (403, "forbidden"), "{refused:?}");
    let stored = world.get_with("/v1/webhooks", CHIEF).await;
    assert_eq!(stored.body["items"].as_array().unwrap().len(), 4);
    assert_eq!(all_hook.get(&world).await["all_callers"], true);

    let mut orders = Vec::new();
    for (number, caller) in [
        ("A-1", TRIPS),
        ("A-2", COSTS),
        ("A-3", CHIEF),
        ("A-4", TRIPS),
    ] {
        orders.push(booked(&world, number, caller).await);
    }
    let all = of_all.until_count(4).await;
    let subjects = |messages: &[Message]| -> Vec<Value> {
        let mut subjects: Vec<_> = messages
            .iter()
            .map(|message| message.event()["subject"].clone())
            .collect();
        subjects.sort_by_key(|subject| orders.iter().position(|order| order == subject));
        subjects
    };
    assert_eq!(subjects(&all), orders);
    assert_consistent(&all);
    let messages = of_trips.until_count(2).await;
    assert_eq!(subjects(&messages), [orders[0].clone(), orders[3].clone()]);
    assert_eq!(subjects(&of_costs.until_count(1).await), orders[1..2]);
    // An operator without `all_callers` gets its own.
    assert_eq!(subjects(&of_chief.until_count(1).await), orders[2..3]);
    trips_hook.until_idle(&world).await;
    all_hook.until_idle(&world).await;
    assert_eq!(of_trips.messages().len(), 2);
    assert_eq!(of_costs.messages().len(), 1);
    assert_eq!(of_chief.messages().len(), 1);
    // The same fact has the same id at every endpoint.
    let of_first = |messages: &[Message]| {
        let first = messages.iter().find(|m| m.is_about(&orders[0]));
        first.unwrap().id().to_owned()
    };
    assert_eq!(of_first(&of_trips.messages()), of_first(&all));
    let seen = feed(&world, &trips_hook).await;
    let message = &of_trips.messages()[0];
    assert!(seen.contains(message.event()), "{message:?}");
}

/// A key that the gateway created for the caller `app`, as headers.
async fn key_of_app(world: &World) -> (String, Headers) {
    let new = json!({"caller": "app", "scopes": ["search", "orders:write", "events"]});
    let created = world.post_with("/v1/keys", CHIEF, &new).await;
    assert_eq!(created.status, 201, "{created:?}");
    let key = created.body["api_key"].as_str().unwrap().to_owned();
    let id = created.body["key"]["id"].as_str().unwrap().to_owned();
    // The headers of a test live as long as its process.
    let key: &'static str = key.leak();
    (id, Vec::leak(vec![("X-Api-Key", key)]))
}

#[tokio::test]
async fn a_webhook_rests_while_its_owner_has_no_key_and_misses_nothing() {
    let world = World::start_with(KEYS, |_| {}).await;
    let [of_app, of_all] = [(); 2].map(|()| Receiver::accepting());
    let everything = json!({"all_callers": true});
    create(&world, CHIEF, &of_all.url("/"), &everything).await;
    let (key, app) = key_of_app(&world).await;
    let hook = create(&world, app, &of_app.url("/"), &json!({})).await;
    let order = booked(&world, "KEY-1", app).await;
    of_app
        .until(|all| all.iter().any(|m| m.is_about(&order)))
        .await;
    hook.until_idle(&world).await;
    let before = of_app.messages().len();

    let path = format!("/v1/keys/{key}/revoke");
    let revoked = world.post_with(&path, CHIEF, &json!({})).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    // Another event of the order, which its caller would get.
    let path = order.as_str().unwrap();
    advance(&world, &format!("orders/{path}"), "ticketed").await;
    let read = world.get_with(&format!("/v1/orders/{path}"), CHIEF).await;
    assert_eq!(read.status, 200, "{read:?}");
    let is_ticketed =
        |message: &Message| message.is_about(&order) && message.event()["type"] == "order.ticketed";
    of_all.until(|all| all.iter().any(is_ticketed)).await;
    assert_eq!(of_app.messages().len(), before);

    // The caller's next key continues where the deliveries ended.
    key_of_app(&world).await;
    let messages = of_app.until(|all| all.iter().any(is_ticketed)).await;
    assert_consistent(&messages);
}

#[tokio::test]
async fn only_an_operators_key_changes_a_webhook_with_the_events_of_all() {
    let world = World::start_with(KEYS, |_| {}).await;
    let receiver = Receiver::accepting();
    let everything = json!({"all_callers": true});
    let hook = create(&world, CHIEF, &receiver.url("/"), &everything).await;
    // Another key of the same caller, which is no operator's.
    let new = json!({"caller": "chief", "scopes": ["events"]});
    let created = world.post_with("/v1/keys", CHIEF, &new).await;
    assert_eq!(created.status, 201, "{created:?}");
    let key = ("X-Api-Key", created.body["api_key"].as_str().unwrap());
    let before = hook.get(&world).await;
    let settings = json!({"url": receiver.url("/mine")});
    for (method, rest, body) in [
        (Method::PUT, "", Some(&settings)),
        (Method::POST, "/rotate-secret", Some(&json!({}))),
        (Method::POST, "/pause", None),
        (Method::POST, "/resume", None),
        (Method::POST, "/ping", None),
        (Method::POST, "/redeliver", Some(&json!({"from": 1}))),
        (Method::GET, "/deliveries", None),
        (Method::GET, "/attempts", None),
    ] {
        let headers = [key, ("If-Match", "1")];
        let refused = world.send(method, &hook.path(rest), &headers, body).await;
        assert_eq!(problem(&refused), (403, "forbidden"), "{rest}: {refused:?}");
    }
    assert_eq!(hook.get(&world).await, before);
    assert!(receiver.messages().is_empty());
}

#[tokio::test]
async fn callers_may_use_the_same_address_and_have_limits_of_their_own() {
    let mut env = KEYS.to_vec();
    env.push(("GATEWAY__WEBHOOKS__MAX_PER_CALLER", "2"));
    let world = World::start_with(&env, |_| {}).await;
    let receiver = Receiver::accepting();
    for caller in [TRIPS, COSTS] {
        for path in ["/1", "/2"] {
            create(&world, caller, &receiver.url(path), &json!({})).await;
        }
        let refused = try_create(&world, caller, &receiver.url("/3"), &json!({})).await;
        assert_eq!(problem(&refused), (409, "webhook_limit"), "{refused:?}");
    }
    let listed = world.get_with("/v1/webhooks", TRIPS).await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 2);
}
