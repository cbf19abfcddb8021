//! Webhooks as resources: create, update, pause, resume, delete, and what was delivered.

use reqwest::Method;
use serde_json::{Value, json};

use super::receiver::Receiver;
use super::{Hook, create, feed, hook_of, order, try_create, until_delivered};
use crate::ticket::{field_errors, problem};
use crate::world::World;

#[tokio::test]
async fn an_owner_has_one_webhook_per_address_and_a_limited_number() {
    let world = World::start_with(&[("GATEWAY__WEBHOOKS__MAX_PER_CALLER", "2")], |_| {}).await;
    let receiver = Receiver::accepting();
    let first = create(&world, &[], &receiver.url("/a"), &json!({})).await;
    let same = try_create(&world, &[], &receiver.url("/a"), &json!({})).await;
    assert_eq!(problem(&same), (409, "webhook_exists"), "{same:?}");
    assert!(same.body["detail"].as_str().unwrap().contains(&first.id));
    // Another spelling of the same address.
    let url = receiver.url("/a").replace("http://", "HTTP://");
    let same = try_create(&world, &[], &url, &json!({})).await;
    assert_eq!(problem(&same), (409, "webhook_exists"), "{same:?}");
    let second = create(&world, &[], &receiver.url("/b"), &json!({})).await;
    let more = try_create(&world, &[], &receiver.url("/c"), &json!({})).await;
    assert_eq!(problem(&more), (409, "webhook_limit"), "{more:?}");
    let settings = json!({"url": receiver.url("/a")});
    let taken = second.put(&world, &json!(1), &settings).await;
    assert_eq!(problem(&taken), (409, "webhook_exists"), "{taken:?}");

    // A deleted webhook leaves its place and its address.
    let path = first.path("");
    assert_eq!(
        world.send(Method::DELETE, &path, &[], None).await.status,
        204
    );
    create(&world, &[], &receiver.url("/a"), &json!({})).await;
}

#[tokio::test]
async fn an_update_needs_the_present_version() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let settings = json!({
        "url": receiver.url("/new"), "types": ["order.paid"], "description": "the new one",
    });
    let path = hook.path("");
    let without = world.send(Method::PUT, &path, &[], Some(&settings)).await;
    assert_eq!(problem(&without), (428, "if_match_missing"), "{without:?}");
    let stale = hook.put(&world, &json!(7), &settings).await;
    assert_eq!(problem(&stale), (412, "version_mismatch"), "{stale:?}");
    let updated = hook.put(&world, &json!(1), &settings).await;
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_eq!(updated.header("etag"), Some("\"2\""));
    let shown = hook.get(&world).await;
    assert_eq!(shown, updated.body);
    for member in ["url", "types", "description"] {
        assert_eq!(shown[member], settings[member]);
    }
    let again = hook.put(&world, &json!(1), &settings).await;
    assert_eq!(problem(&again), (412, "version_mismatch"), "{again:?}");

    // Events go to the new address.
    let ping = hook.post(&world, "/ping", 200, &json!({})).await;
    assert_eq!(
        (&ping["outcome"], &ping["status"]),
        (&json!("delivered"), &json!(200))
    );
    assert_eq!(receiver.messages()[0].path, "/new");
}

#[tokio::test]
async fn events_that_wait_go_to_the_new_address() {
    let world = World::start().await;
    let old = Receiver::answering(|_| 500.into());
    let new = Receiver::accepting();
    let hook = create(&world, &[], &old.url("/"), &json!({})).await;
    order(&world, "MOVED-1").await;
    old.until_count(2).await;
    let version = hook.get(&world).await["version"].clone();
    let settings = json!({"url": new.url("/")});
    assert_eq!(hook.put(&world, &version, &settings).await.status, 200);
    hook.later(&world, jiff::SignedDuration::from_hours(2))
        .await;
    until_delivered(&world, &hook, &new).await;
}

/// Waits until another webhook has got everything, so that the first one would have got it, too.
async fn until_others_have_it(world: &World) {
    let marker = Receiver::accepting();
    let hook = create(world, &[], &marker.url("/"), &json!({"after": 0})).await;
    until_delivered(world, &hook, &marker).await;
}

#[tokio::test]
async fn a_paused_webhook_gets_nothing_until_it_is_resumed() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    order(&world, "PAUSE-1").await;
    until_delivered(&world, &hook, &receiver).await;
    hook.until_idle(&world).await;
    let paused = hook.post(&world, "/pause", 200, &json!({})).await;
    assert_eq!(paused["state"], "paused");
    let before = receiver.messages().len();
    order(&world, "PAUSE-2").await;
    until_others_have_it(&world).await;
    assert_eq!(receiver.messages().len(), before);
    let waiting = hook.get(&world).await;
    assert!(!waiting["oldest_undelivered_at"].is_null(), "{waiting}");
    // A test message is sent nevertheless.
    let ping = hook.post(&world, "/ping", 200, &json!({})).await;
    assert_eq!(ping["outcome"], "delivered");

    let resumed = hook.post(&world, "/resume", 200, &json!({})).await;
    assert_eq!(resumed["state"], "active");
    let events = feed(&world, &hook).await;
    receiver.until_accepted(&events).await;
    hook.until_idle(&world).await;
    // Each event once, and the test message.
    assert_eq!(receiver.messages().len(), events.len() + 1);
}

#[tokio::test]
async fn a_deleted_webhook_gets_nothing_any_more() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    order(&world, "DELETE-1").await;
    until_delivered(&world, &hook, &receiver).await;
    hook.until_idle(&world).await;
    let path = hook.path("");
    assert_eq!(
        world.send(Method::DELETE, &path, &[], None).await.status,
        204
    );
    let before = receiver.messages().len();
    order(&world, "DELETE-2").await;
    until_others_have_it(&world).await;
    assert_eq!(receiver.messages().len(), before);
    for rest in ["", "/deliveries", "/attempts"] {
        let gone = world.get(&hook.path(rest)).await;
        assert_eq!(
            problem(&gone),
            (404, "webhook_not_found"),
            "{rest}: {gone:?}"
        );
    }
    let again = world.send(Method::DELETE, &path, &[], None).await;
    assert_eq!(problem(&again), (404, "webhook_not_found"), "{again:?}");
}

/// All items of a list, read in pages of this size.
async fn paged(world: &World, path: &str, limit: usize) -> Vec<Value> {
    let mut items = Vec::new();
    let mut cursor = String::new();
    loop {
        let query = if path.contains('?') { '&' } else { '?' };
        let page = world
            .get(&format!("{path}{query}limit={limit}{cursor}"))
            .await;
        assert_eq!(page.status, 200, "{page:?}");
        let found = page.body["items"].as_array().unwrap();
        assert!(found.len() <= limit);
        items.extend(found.iter().cloned());
        match page.body["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
        assert_eq!(found.len(), limit);
    }
}

#[tokio::test]
async fn webhooks_deliveries_and_attempts_are_listed_in_pages() {
    let world = World::start().await;
    let receiver = Receiver::answering({
        let mut count = 0;
        move |_| {
            count += 1;
            if count == 1 { 500.into() } else { 200.into() }
        }
    });
    let hook = hook_of(&world, &receiver).await;
    order(&world, "PAGES-1").await;
    until_delivered(&world, &hook, &receiver).await;
    hook.until_idle(&world).await;
    let events = feed(&world, &hook).await;
    let deliveries = hook.list(&world, "/deliveries").await;
    assert_eq!(deliveries.len(), events.len());
    assert_eq!(
        paged(&world, &hook.path("/deliveries"), 2).await,
        deliveries
    );
    let sequences: Vec<_> = deliveries.iter().map(|one| &one["sequence"]).collect();
    let mut expected: Vec<_> = events.iter().map(|event| &event["sequence"]).collect();
    expected.reverse();
    assert_eq!(sequences, expected);
    let none = hook.list(&world, "/deliveries?state=pending").await;
    assert_eq!(none, [] as [Value; 0]);

    let attempts = hook.list(&world, "/attempts").await;
    assert_eq!(attempts.len(), events.len() + 1);
    assert_eq!(paged(&world, &hook.path("/attempts"), 2).await, attempts);
    let failed = attempts.iter().find(|a| a["outcome"] == "refused").unwrap();
    let path = format!("/attempts?sequence={}", failed["sequence"]);
    let of_one = hook.list(&world, &path).await;
    let numbers: Vec<_> = of_one.iter().map(|attempt| &attempt["number"]).collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(paged(&world, &hook.path(&path), 1).await, of_one);

    for number in 0..4 {
        create(
            &world,
            &[],
            &receiver.url(&format!("/{number}")),
            &json!({}),
        )
        .await;
    }
    let listed = world.get("/v1/webhooks").await.body["items"].clone();
    assert_eq!(listed.as_array().unwrap().len(), 5);
    assert_eq!(listed[0]["id"], json!(hook.id));
    assert_eq!(json!(paged(&world, "/v1/webhooks", 2).await), listed);
    for query in ["limit=0", "limit=201", "cursor=x", "state=lost", "more=1"] {
        let refused = world.get(&hook.path(&format!("/deliveries?{query}"))).await;
        assert_eq!(refused.status, 400, "{query}: {refused:?}");
    }
}

#[tokio::test]
async fn a_range_of_events_is_delivered_again_with_the_same_ids() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let other = create(
        &world,
        &[],
        &receiver.url("/other"),
        &json!({"types": ["order.paid"]}),
    )
    .await;
    order(&world, "AGAIN-1").await;
    let of = |hook: &Hook| {
        if hook.id == other.id {
            "/other"
        } else {
            "/hook"
        }
    };
    let events = feed(&world, &hook).await;
    receiver
        .until(|all| all.iter().filter(|m| m.path == of(&hook)).count() == events.len())
        .await;
    hook.until_idle(&world).await;
    let (from, to) = (&events[1]["sequence"], &events[3]["sequence"]);
    hook.post(&world, "/redeliver", 202, &json!({"from": from, "to": to}))
        .await;
    let messages = receiver
        .until(|all| all.iter().filter(|m| m.path == of(&hook)).count() == events.len() + 3)
        .await;
    hook.until_idle(&world).await;
    let mut again = messages.clone();
    again.retain(|message| message.path == of(&hook));
    let first = again.drain(..events.len()).collect::<Vec<_>>();
    let mut sequences: Vec<_> = again.iter().map(|message| message.sequence()).collect();
    sequences.sort_unstable();
    let expected: Vec<_> = events[1..=3]
        .iter()
        .map(|e| e["sequence"].as_i64().unwrap())
        .collect();
    assert_eq!(sequences, expected);
    for message in &again {
        let before = first
            .iter()
            .find(|m| m.sequence() == message.sequence())
            .unwrap();
        assert_eq!((before.id(), &before.body), (message.id(), &message.body));
    }
    let numbers: Vec<_> = hook
        .list(&world, "/deliveries")
        .await
        .iter()
        .filter(|delivery| delivery["attempts"] == 2)
        .map(|delivery| delivery["state"].clone())
        .collect();
    assert_eq!(numbers, ["delivered", "delivered", "delivered"]);
    // Only what the webhook wants.
    other
        .post(&world, "/redeliver", 202, &json!({"from": 1}))
        .await;
    receiver
        .until(|all| all.iter().filter(|m| m.path == "/other").count() == 2)
        .await;
    other.until_idle(&world).await;
    for body in [json!({"from": 0}), json!({}), json!({"from": 1, "to": 0})] {
        let refused = world.post_with(&hook.path("/redeliver"), &[], &body).await;
        assert_eq!(refused.status, 400, "{body}: {refused:?}");
    }
}

#[tokio::test]
async fn a_request_that_is_not_understood_names_the_member() {
    let world = World::start().await;
    let receiver = Receiver::accepting();
    let hook = hook_of(&world, &receiver).await;
    let url = receiver.url("/new");
    for (more, pointer) in [
        (json!({"types": vec!["order.paid"; 65]}), "/types"),
        (json!({"types": ["order.lost"]}), "/types/0"),
        (json!({"types": "order.paid"}), "/types"),
        (json!({"description": ""}), "/description"),
        (json!({"description": "字".repeat(201)}), "/description"),
        (json!({"url": ""}), "/url"),
        (
            json!({"url": format!("https://example.com/{}", "a".repeat(2048))}),
            "/url",
        ),
    ] {
        let mut settings = json!({"url": url});
        let members = settings.as_object_mut().unwrap();
        members.extend(more.as_object().unwrap().clone());
        let created = world.post_with("/v1/webhooks", &[], &settings).await;
        let updated = hook.put(&world, &json!(1), &settings).await;
        for refused in [created, updated] {
            assert_eq!(refused.status, 400, "{pointer}: {refused:?}");
            assert_eq!(field_errors(&refused)[0].0, pointer, "{refused:?}");
        }
    }
    for (more, pointer) in [
        (json!({"after": -1}), "/after"),
        (json!({"after": "0"}), "/after"),
        (json!({"all_callers": 1}), "/all_callers"),
        (json!({"secret": "mine"}), "/secret"),
    ] {
        let refused = try_create(&world, &[], &url, &more).await;
        assert_eq!(refused.status, 400, "{pointer}: {refused:?}");
        assert_eq!(field_errors(&refused)[0].0, pointer, "{refused:?}");
    }
    let longest = json!({"types": vec!["order.paid"; 64], "description": "字".repeat(200)});
    create(&world, &[], &url, &longest).await;
}
