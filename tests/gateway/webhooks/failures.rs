//! Endpoints that are down, refuse events, or do not want them any more.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use serde_json::{Value, json};

use super::receiver::{Closed, Message, Receiver};
use super::{assert_consistent, create, feed, hook_of, order, until_delivered};
use crate::world::World;

/// Longer than the longest pause of an endpoint that is down.
const STEP: SignedDuration = SignedDuration::from_mins(7);

#[tokio::test]
async fn an_endpoint_that_was_down_for_an_hour_gets_everything_in_order() {
    let world = World::start().await;
    let receiver = Receiver::answering(|_| 503.into());
    let hook = hook_of(&world, &receiver).await;
    for number in 0..3 {
        order(&world, &format!("DOWN-{number}")).await;
    }
    for step in 0..10 {
        hook.tried_later(&world, STEP).await;
        if step == 5 {
            order(&world, "DOWN-MEANWHILE").await;
        }
    }
    let state = hook.get(&world).await;
    assert_eq!(state["state"], "active");
    assert!(!state["failing_since"].is_null() && !state["oldest_undelivered_at"].is_null());
    let failed = receiver.messages();
    // One message at a time is tried while the endpoint is down: not every event with every step.
    assert!(failed.len() < 60, "{} attempts", failed.len());

    receiver.answer(|_| 204.into());
    hook.later(&world, STEP).await;
    until_delivered(&world, &hook, &receiver).await;
    hook.until_idle(&world).await;
    assert!(hook.get(&world).await["failing_since"].is_null());
    let attempts = hook.list(&world, "/attempts?limit=200").await;
    assert_eq!(attempts.len(), receiver.messages().len());
    let statuses: Vec<_> = attempts
        .iter()
        .map(|attempt| {
            (
                attempt["outcome"].as_str().unwrap(),
                attempt["status"].as_i64(),
            )
        })
        .collect();
    let refused = statuses.iter().filter(|s| **s == ("refused", Some(503)));
    assert_eq!(refused.count(), failed.len());
    let delivered = statuses.iter().filter(|s| **s == ("delivered", Some(204)));
    assert_eq!(delivered.count(), feed(&world, &hook).await.len());
}

#[tokio::test]
async fn an_endpoint_that_refused_connections_for_an_hour_gets_everything_in_order() {
    let world = World::start().await;
    let closed = Closed::new();
    let hook = create(&world, &[], &closed.url("/"), &json!({})).await;
    for number in 0..2 {
        order(&world, &format!("REFUSED-{number}")).await;
    }
    for _ in 0..10 {
        hook.tried_later(&world, STEP).await;
    }
    for attempt in hook.list(&world, "/attempts?limit=200").await {
        assert_eq!(attempt["outcome"], "not_connected", "{attempt}");
    }
    let receiver = closed.open(|_| 200.into());
    hook.later(&world, STEP).await;
    let messages = until_delivered(&world, &hook, &receiver).await;
    assert!(messages.iter().all(|m| m.is_signed_with(&hook.secret)));
}

#[tokio::test]
async fn a_refused_event_delays_its_own_subject_only() {
    let world = World::start().await;
    let refuses = Arc::new(AtomicBool::new(true));
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let poisoned = world.booked("POISON").await;
    let poison = poisoned["order_id"].clone();
    let booked = world.until_event("order.booked", &poison).await;
    receiver.until_accepted(&[booked]).await;
    let (flag, subject) = (refuses.clone(), poison.clone());
    receiver.answer(move |message| {
        let refused = flag.load(Ordering::SeqCst) && message.is_about(&subject);
        if refused { 500.into() } else { 200.into() }
    });

    let total = json!({"total_price": poisoned["total_price"]});
    let path = format!("/v1/orders/{}/payment", poison.as_str().unwrap());
    world.done(&path, "pay-poison", &total).await;
    let order_path = format!("orders/{}", poison.as_str().unwrap());
    crate::ticket::advance(&world, &order_path, "ticketed").await;
    world
        .get(&format!("/v1/orders/{}", poison.as_str().unwrap()))
        .await;
    world.until_event("order.ticketed", &poison).await;
    for number in 0..2 {
        order(&world, &format!("HEALTHY-{number}")).await;
    }
    let others: Vec<Value> = feed(&world, &hook)
        .await
        .into_iter()
        .filter(|event| event["subject"] != poison)
        .collect();
    receiver.until_accepted(&others).await;
    // Again and again.
    for _ in 0..3 {
        hook.tried_later(&world, SignedDuration::from_mins(10))
            .await;
    }
    let seen: Vec<_> = receiver
        .messages()
        .into_iter()
        .filter(|message| message.is_about(&poison))
        .collect();
    let is_later = |message: &&Message| message.kind() == "order.ticketed";
    assert_eq!(seen.iter().filter(is_later).count(), 0, "{seen:#?}");
    let pending = hook.list(&world, "/deliveries?state=pending").await;
    assert_eq!(pending.len(), 2, "{pending:#?}");
    // The newest first: it has no time, because the one before it is pending.
    assert!(pending[0]["next_attempt_at"].is_null(), "{pending:#?}");
    assert!(!pending[1]["next_attempt_at"].is_null(), "{pending:#?}");

    refuses.store(false, Ordering::SeqCst);
    hook.later(&world, SignedDuration::from_hours(2)).await;
    until_delivered(&world, &hook, &receiver).await;
}

#[tokio::test]
async fn an_event_that_fails_for_72_hours_is_given_up_reported_and_can_be_delivered_again() {
    let world = World::start().await;
    let refuses = Arc::new(AtomicBool::new(true));
    let flag = refuses.clone();
    let receiver = Receiver::answering(move |message| {
        let refused = flag.load(Ordering::SeqCst) && message.kind() == "order.booked";
        if refused { 422.into() } else { 200.into() }
    });
    let hook = hook_of(&world, &receiver).await;
    let other = Receiver::accepting();
    let watching = json!({"types": ["webhook.undelivered", "webhook.paused"]});
    create(&world, &[], &other.url("/"), &watching).await;
    let id = order(&world, "DEAD-1").await;
    let first = receiver
        .until(|all| all.iter().any(|m| m.is_about(&id)))
        .await;
    let refused = first.iter().find(|m| m.is_about(&id)).unwrap().clone();
    assert_eq!(refused.kind(), "order.booked");
    hook.until_list(&world, "/deliveries?state=pending", |pending| {
        pending.iter().any(|delivery| delivery["attempts"] != 0)
    })
    .await;

    // Just before the end of the time it is still pending.
    hook.later(&world, SignedDuration::from_hours(71)).await;
    receiver
        .until(|all| all.iter().filter(|m| m.is_about(&id)).count() > 1)
        .await;
    assert!(hook.list(&world, "/deliveries?state=dead").await.is_empty());
    hook.later(&world, SignedDuration::from_hours(2)).await;
    let dead = hook
        .until_list(&world, "/deliveries?state=dead", |dead| !dead.is_empty())
        .await;
    assert_eq!(dead.len(), 1, "{dead:#?}");
    assert_eq!(dead[0]["sequence"], refused.event()["sequence"]);
    assert_eq!(dead[0]["subject"], id);
    assert!(dead[0]["next_attempt_at"].is_null() && !dead[0]["ended_at"].is_null());

    // The owner gets an event, also at the other endpoint.
    let told = world
        .until_event("webhook.undelivered", &json!(hook.id))
        .await;
    let fact = format!("{}/{}", refused.sequence(), dead[0]["attempts"]);
    assert_eq!(told["fact"], fact);
    other.until_accepted(&[told]).await;
    // Later events about the order are delivered.
    let events = feed(&world, &hook).await;
    let later: Vec<Value> = events
        .into_iter()
        .filter(|event| event["sequence"] != refused.event()["sequence"])
        .collect();
    receiver.until_accepted(&later).await;
    hook.until_idle(&world).await;
    assert_eq!(hook.get(&world).await["state"], "active");

    refuses.store(false, Ordering::SeqCst);
    let before = receiver.accepted().len();
    let again = json!({"from": 1, "dead_only": true});
    hook.post(&world, "/redeliver", 202, &again).await;
    let messages = receiver.until_accepted(&[refused.event().clone()]).await;
    let redelivered = messages.last().unwrap();
    assert_eq!(redelivered.id(), refused.id());
    assert_eq!(redelivered.body, refused.body);
    hook.until_idle(&world).await;
    assert_eq!(receiver.accepted().len(), before + 1);
    assert!(hook.list(&world, "/deliveries?state=dead").await.is_empty());
}

#[tokio::test]
async fn after_5_days_of_failures_a_webhook_is_paused_and_when_resumed_gets_everything() {
    let world = World::start().await;
    let receiver = Receiver::answering(|_| 500.into());
    let hook = hook_of(&world, &receiver).await;
    for number in 0..2 {
        order(&world, &format!("PAUSED-{number}")).await;
    }
    receiver.until_count(1).await;
    let mut hours = 0;
    while hook.get(&world).await["state"] == "active" {
        hook.tried_later(&world, SignedDuration::from_hours(4))
            .await;
        hours += 4;
        assert!(hours <= 132, "it is not paused");
    }
    assert!(hours >= 120, "paused after {hours} h");
    let paused = hook.get(&world).await;
    assert_eq!(paused["state"], "auto_paused");
    world.until_event("webhook.paused", &json!(hook.id)).await;
    let dead = hook.list(&world, "/deliveries?state=dead").await;
    assert!(!dead.is_empty());

    // Events accumulate while it is paused, and nothing is sent.
    let attempted = receiver.messages().len();
    order(&world, "PAUSED-MEANWHILE").await;
    receiver.answer(|_| 200.into());
    hook.later(&world, SignedDuration::from_hours(24)).await;
    let marker = Receiver::accepting();
    let marking = create(&world, &[], &marker.url("/"), &json!({"after": 0})).await;
    until_delivered(&world, &marking, &marker).await;
    assert_eq!(receiver.messages().len(), attempted);

    // Its owner may pause it, too.
    let paused = hook.post(&world, "/pause", 200, &json!({})).await;
    assert_eq!(paused["state"], "paused");
    let resumed = hook.post(&world, "/resume", 200, &json!({})).await;
    assert_eq!(resumed["state"], "active");
    assert!(resumed["failing_since"].is_null());
    until_delivered(&world, &hook, &receiver).await;
    hook.until_idle(&world).await;
    assert!(hook.list(&world, "/deliveries?state=dead").await.is_empty());
    let accepted = receiver.accepted();
    assert_eq!(accepted.len(), feed(&world, &hook).await.len());
}

#[tokio::test]
async fn an_endpoint_that_is_gone_is_paused_at_once() {
    let world = World::start().await;
    let receiver = Receiver::answering(|_| 410.into());
    let wanted = json!({"types": ["order.booked", "order.paid", "order.ticketed"]});
    let hook = create(&world, &[], &receiver.url("/"), &wanted).await;
    order(&world, "GONE-1").await;
    let paused = hook.until(&world, |hook| hook["state"] != "active").await;
    assert_eq!(paused["state"], "auto_paused");
    let told = world.until_event("webhook.paused", &json!(hook.id)).await;
    assert_eq!(told["owner"], Value::Null, "events do not show owners");
    assert_eq!(receiver.messages().len(), 1);
    let attempts = hook.list(&world, "/attempts").await;
    assert_eq!(attempts.len(), 1);
    assert_eq!(
        (&attempts[0]["outcome"], &attempts[0]["status"]),
        (&json!("gone"), &json!(410))
    );
    receiver.answer(|_| 200.into());
    hook.post(&world, "/resume", 200, &json!({})).await;
    let mut events = feed(&world, &hook).await;
    events.retain(|event| event["type"].as_str().unwrap().starts_with("order."));
    let messages = receiver.until_accepted(&events).await;
    assert_consistent(&messages);
    assert_eq!(messages.len(), 4);
}

#[tokio::test]
async fn an_endpoint_can_ask_for_a_longer_pause() {
    let world = World::start().await;
    let receiver = Receiver::answering(|_| super::receiver::Reply {
        headers: vec![("retry-after", "1800".to_owned())],
        ..429.into()
    });
    let wanted = json!({"types": ["order.booked"]});
    let hook = create(&world, &[], &receiver.url("/"), &wanted).await;
    order(&world, "BUSY-1").await;
    let pending = hook
        .until_list(&world, "/deliveries", |all| {
            all.iter().any(|delivery| delivery["attempts"] == 1)
        })
        .await;
    let next: jiff::Timestamp = pending[0]["next_attempt_at"]
        .as_str()
        .unwrap()
        .parse()
        .unwrap();
    let pause = next.duration_since(fliggy_gateway::clock::Clock::wall(&*world.clock));
    assert!(pause > SignedDuration::from_mins(28), "{pause}");
    receiver.answer(|_| 200.into());
    hook.later(&world, SignedDuration::from_mins(40)).await;
    receiver.until_count(2).await;
    hook.until_idle(&world).await;
}

#[tokio::test]
async fn an_endpoint_that_was_down_gets_new_events_after_the_time_of_day_was_set_back() {
    let world = World::start().await;
    let receiver = Receiver::answering(|_| 500.into());
    let hook = hook_of(&world, &receiver).await;
    for number in 0..2 {
        order(&world, &format!("BACK-{number}")).await;
    }
    hook.until_list(&world, "/attempts", |attempts| attempts.len() >= 5)
        .await;
    world.clock.jump_wall(SignedDuration::from_hours(-2));
    receiver.answer(|_| 200.into());
    let id = order(&world, "BACK-NEW").await;
    hook.wake(&world).await;
    let mut events = feed(&world, &hook).await;
    events.retain(|event| event["subject"] == id);
    assert_eq!(events.len(), 3);
    assert_consistent(&receiver.until_accepted(&events).await);
}

#[tokio::test]
async fn events_that_are_refused_again_and_again_do_not_hold_a_new_one() {
    let world = World::start().await;
    let receiver = Receiver::answering(|message| {
        let number = message.event()["out_order_no"].as_str().unwrap();
        if number.starts_with("BAD") { 500 } else { 200 }.into()
    });
    let wanted = json!({"types": ["order.booked"]});
    let hook = create(&world, &[], &receiver.url("/"), &wanted).await;
    for number in 0..8 {
        world.booked(&format!("BAD-{number}")).await;
    }
    // Then the endpoint is taken to be down.
    receiver.until_count(5).await;
    hook.until_list(&world, "/attempts", |attempts| attempts.len() >= 5)
        .await;
    let good = world.booked("GOOD-1").await;
    hook.later(&world, STEP).await;
    let id = &good["order_id"];
    receiver
        .until(|all| all.iter().any(|m| m.is_about(id) && m.is_accepted()))
        .await;
}
