//! What an endpoint gets.

use serde_json::{Value, json};
use tokio::sync::watch;

use super::receiver::{Message, Receiver, Reply};
use super::{create, feed, hook_of, order, until_delivered};
use crate::world::World;

fn kinds(messages: &[Message]) -> Vec<&str> {
    messages.iter().map(Message::kind).collect()
}

#[tokio::test]
async fn booking_payment_and_tickets_arrive_signed_in_order_and_once() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let id = order(&world, "HOOK-1").await;
    let messages = until_delivered(&world, &hook, &receiver).await;
    let about: Vec<_> = messages
        .iter()
        .filter(|m| m.is_about(&id))
        .cloned()
        .collect();
    assert_eq!(
        kinds(&about),
        ["order.booked", "order.paid", "order.ticketed"]
    );
    for message in &messages {
        message.verify(&hook.secret);
        assert_eq!(message.path, "/hook");
        assert_eq!(message.header("content-type"), "application/json");
        assert_eq!(message.signatures().len(), 1);
        assert!(message.id().starts_with("evt_"), "{message:?}");
        let body = message.json.as_object().unwrap();
        let members: Vec<_> = body.keys().collect();
        assert_eq!(members, ["type", "timestamp", "data"]);
        assert_eq!(body["type"], message.event()["type"]);
        assert_eq!(body["timestamp"], message.event()["at"]);
    }
    // Nothing arrives twice without a failure.
    hook.until_idle(&world).await;
    let delivered = hook.list(&world, "/deliveries?state=delivered").await;
    let messages = receiver.messages();
    assert_eq!(messages.len(), delivered.len());
    assert_eq!(messages.len(), feed(&world, &hook).await.len());
    assert!(delivered.iter().all(|delivery| delivery["attempts"] == 1));
}

#[tokio::test]
async fn a_webhook_that_begins_at_0_gets_all_kept_events_and_others_new_ones_only() {
    let world = World::start().await;
    let earlier = order(&world, "HOOK-2").await;
    let all = Receiver::accepting();
    let new = Receiver::accepting();
    let from_middle = Receiver::accepting();
    let of_all = create(&world, &[], &all.url("/"), &json!({"after": 0})).await;
    hook_of(&world, &new).await;
    let events = feed(&world, &of_all).await;
    let middle = events[1]["sequence"].as_i64().unwrap();
    create(
        &world,
        &[],
        &from_middle.url("/"),
        &json!({"after": middle}),
    )
    .await;
    // A position beyond the end counts as the end.
    let beyond = Receiver::accepting();
    create(&world, &[], &beyond.url("/"), &json!({"after": 1_000_000})).await;

    let later = order(&world, "HOOK-3").await;
    until_delivered(&world, &of_all, &all).await;
    let newer = feed(&world, &of_all).await.split_off(events.len());
    for receiver in [&new, &beyond] {
        let messages = receiver.until_accepted(&newer).await;
        assert!(messages.iter().any(|message| message.is_about(&later)));
        assert!(!messages.iter().any(|message| message.is_about(&earlier)));
        assert_eq!(messages.len(), newer.len());
    }
    let messages = from_middle.until_accepted(&newer).await;
    assert!(messages.iter().all(|message| message.sequence() > middle));
    from_middle.until_accepted(&events[2..]).await;
}

#[tokio::test]
async fn a_webhook_gets_the_types_that_it_wants() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let wanted = json!({"types": ["order.ticketed", "order.booked", "order.booked"]});
    let hook = create(&world, &[], &receiver.url("/"), &wanted).await;
    let shown = hook.get(&world).await;
    assert_eq!(shown["types"], json!(["order.ticketed", "order.booked"]));
    let everything = Receiver::accepting();
    let of_everything = create(&world, &[], &everything.url("/"), &json!({})).await;
    let first = order(&world, "HOOK-4").await;
    until_delivered(&world, &of_everything, &everything).await;
    receiver.until_count(2).await;

    // Other types count from the next event on.
    let settings = json!({"url": receiver.url("/"), "types": ["order.paid"]});
    hook.until_idle(&world).await;
    let put = hook.put(&world, &shown["version"], &settings).await;
    assert_eq!(put.status, 200, "{put:?}");
    let second = order(&world, "HOOK-5").await;
    until_delivered(&world, &of_everything, &everything).await;
    let messages = receiver.until_count(3).await;
    hook.until_idle(&world).await;
    assert_eq!(
        kinds(&messages),
        ["order.booked", "order.ticketed", "order.paid"]
    );
    let subjects: Vec<&Value> = messages.iter().map(|m| &m.event()["subject"]).collect();
    assert_eq!(subjects, [&first, &first, &second]);
    assert_eq!(receiver.messages().len(), 3);
}

#[tokio::test]
async fn a_slow_endpoint_gets_so_many_messages_at_a_time_and_one_per_subject() {
    let world = World::start_with(&[("GATEWAY__WEBHOOKS__CONCURRENCY", "2")], |_| {}).await;
    for number in 0..3 {
        order(&world, &format!("HOOK-SLOW-{number}")).await;
    }
    let (open, gate) = watch::channel(false);
    let receiver = Receiver::answering(move |_| Reply {
        gate: Some(gate.clone()),
        ..200.into()
    });
    let hook = create(&world, &[], &receiver.url("/"), &json!({"after": 0})).await;
    let messages = receiver.until_count(2).await;
    assert_ne!(
        messages[0].event()["subject"],
        messages[1].event()["subject"]
    );
    open.send_replace(true);
    until_delivered(&world, &hook, &receiver).await;
    assert_eq!(receiver.most_in_progress(), 2);
}

#[tokio::test]
async fn an_endpoint_that_does_not_respond_is_timed_out_and_delays_no_other_webhook() {
    let more = [
        ("GATEWAY__WEBHOOKS__TIMEOUT", "400ms"),
        ("GATEWAY__WEBHOOKS__CONNECT_TIMEOUT", "300ms"),
    ];
    let world = World::start_with(&more, |_| {}).await;
    let (open, gate) = watch::channel(false);
    let silent = Receiver::answering(move |_| Reply {
        gate: Some(gate.clone()),
        ..200.into()
    });
    let stuck = create(&world, &[], &silent.url("/"), &json!({})).await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    order(&world, "HOOK-6").await;
    until_delivered(&world, &hook, &receiver).await;
    let failed = stuck
        .until_list(&world, "/attempts", |attempts| attempts.len() >= 3)
        .await;
    for attempt in &failed {
        assert_eq!(attempt["outcome"], "timed_out", "{attempt}");
        assert!(attempt["status"].is_null(), "{attempt}");
    }
    assert!(!stuck.get(&world).await["failing_since"].is_null());
    let ping = stuck.post(&world, "/ping", 200, &json!({})).await;
    assert_eq!(ping["outcome"], "timed_out");
    open.send_replace(true);
    // What the endpoint got, but did not acknowledge, arrives again under the same id.
    stuck
        .later(&world, jiff::SignedDuration::from_hours(2))
        .await;
    let events = feed(&world, &stuck).await;
    stuck.until_idle(&world).await;
    let mut messages = silent.until_accepted(&events).await;
    messages.retain(|message| message.kind() != "webhook.ping");
    super::assert_consistent(&messages);
    assert!(messages.len() > events.len());
}

#[tokio::test]
async fn an_event_that_is_delivered_again_overtakes_a_later_one_that_waits() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let wanted = json!({"types": ["order.booked", "order.paid", "order.ticketed"]});
    let hook = create(&world, &[], &receiver.url("/"), &wanted).await;
    let (open, gate) = watch::channel(false);
    // The payment is refused, but not before the test says so.
    receiver.answer(move |message| match message.kind() {
        "order.paid" => Reply {
            gate: Some(gate.clone()),
            ..500.into()
        },
        _ => 200.into(),
    });
    let id = order(&world, "OVERTAKE-1").await;
    let messages = receiver.until_count(2).await;
    assert_eq!(kinds(&messages), ["order.booked", "order.paid"]);
    // While the attempt is in progress, the event before it is due again.
    let booked = messages[0].clone();
    let again = json!({"from": booked.sequence(), "to": booked.sequence()});
    hook.post(&world, "/redeliver", 202, &again).await;
    let messages = receiver.until_count(3).await;
    assert_eq!(messages[2].id(), booked.id());
    hook.until_list(&world, "/deliveries", |all| {
        all.last().unwrap()["attempts"] == 2 && all.last().unwrap()["state"] == "delivered"
    })
    .await;
    open.send_replace(true);
    let path = format!("/deliveries?state=pending&cursor={}", i64::MAX / 10);
    hook.until_list(&world, &path, |pending| pending[1]["attempts"] == 1)
        .await;
    receiver.answer(|_| 200.into());
    hook.later(&world, jiff::SignedDuration::from_hours(1))
        .await;
    let events = feed(&world, &hook).await;
    let events: Vec<_> = events
        .into_iter()
        .filter(|event| event["subject"] == id)
        .collect();
    let messages = receiver.until_accepted(&events).await;
    super::assert_consistent(&messages);
    hook.until_idle(&world).await;
}
