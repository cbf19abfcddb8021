//! Sessions that TOP refuses.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    CONFIGURED, LINKED, MARKER, Marker, add, assert_works, authorise, calls, calls_except,
    check_now, entered, events_of, read, revoke, search_under, until_events, until_metric,
    until_state,
};
use crate::ticket::problem;
use crate::world::{CHIEF, KEYS, TRIPS, World, booking, poll, states};

/// The simulator accepts the configured sessions again.
async fn restore(world: &World) {
    let reset = world.post_with("/_simulator/reset", &[], &json!({})).await;
    assert!(reset.status < 300, "{reset:?}");
}

#[tokio::test]
async fn nothing_is_sent_under_a_refused_session_until_top_accepts_it_again() {
    let marker = Marker::new();
    let world = marker.world(&[], &[]).await;
    let offer = world.offer().await;
    revoke(&world, CONFIGURED).await;

    // The first refusal is TOP's own.
    let first = search_under(&world, "default").await;
    assert_eq!(problem(&first), (502, "session_invalid"), "{first:?}");
    assert_eq!(first.body["upstream"]["code"], "27");
    let found = until_state(&world, "default", "invalid").await;
    assert!(found["session"]["refused_since"].is_string(), "{found:#}");
    assert_eq!(found["session"]["origin"], "configuration");
    let sent = calls_except(&world, &["queryorderlist"]).await;

    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"));
    assert_eq!(refused.body["upstream"], Value::Null);
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(detail.contains("Nothing was sent"), "{detail}");
    let body = booking(&offer, "REFUSED-1");
    let write = world.write("/v1/orders", "key", &body).await;
    assert_eq!(problem(&write), (502, "session_invalid"), "{write:?}");
    assert_eq!(write.body["side_effects"], "none");
    let operation = world.operation(write.operation()).await;
    assert_eq!(operation["state"], "not_executed");
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(states(&operation), ["accepted", "not_executed"]);
    assert_eq!(calls_except(&world, &["queryorderlist"]).await, sent);

    let ready = world.get("/readyz").await;
    assert_eq!(ready.status, 200);
    let expected = json!([
        {"account": "default", "session": "invalid"},
        {"account": MARKER, "session": "valid"},
    ]);
    assert_eq!(ready.body["accounts"], expected);
    // One account does not stop the others.
    assert_works(&world, MARKER).await;

    // It is tried once a minute.
    marker.wait_for_check(&world).await;
    let tries = world.received("queryorderlist").await;
    marker.wait_for_check(&world).await;
    assert_eq!(world.received("queryorderlist").await, tries);
    world.clock.advance_steady(Duration::from_mins(1));
    world.until_received("queryorderlist", tries + 1).await;
    assert_eq!(world.received("queryorderlist").await, tries + 1);
    assert_eq!(read(&world, "default").await["session"], found["session"]);
    until_events(&world, "session.invalid", "default", 1).await;

    restore(&world).await;
    world.clock.advance_steady(Duration::from_mins(1));
    check_now(&world, MARKER).await;
    let recovered = until_state(&world, "default", "valid").await;
    assert_eq!(recovered["session"]["refused_since"], Value::Null);
    assert_works(&world, "default").await;
    // The key is free again.
    let booked = world.sent("/v1/orders", "key", &body, 20).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(world.effects("REFUSED-1", "book").await, 1);
}

#[tokio::test]
async fn a_repetition_of_a_booking_that_top_refused_waits_for_a_session() {
    let world = World::start_with(LINKED, |_| {}).await;
    let body = booking(&world.offer().await, "REFUSED-2");
    revoke(&world, CONFIGURED).await;
    let first = world.sent("/v1/orders", "key", &body, 20).await;
    assert_eq!(problem(&first), (502, "session_invalid"), "{first:?}");
    assert_eq!(first.body["upstream"]["code"], "27");
    let operation = world.operation(first.operation()).await;
    assert_eq!(operation["basis"], "refused_by_gateway", "{operation:#}");
    until_state(&world, "default", "invalid").await;
    let sent = calls_except(&world, &["queryorderlist"]).await;
    let again = world.write("/v1/orders", "key", &body).await;
    assert_eq!(problem(&again), (502, "session_invalid"), "{again:?}");
    assert_eq!(again.body["side_effects"], "none");
    let operation = world.operation(again.operation()).await;
    assert_eq!(operation["basis"], "not_sent", "{operation:#}");
    assert_eq!(calls_except(&world, &["queryorderlist"]).await, sent);
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let booked = world.sent("/v1/orders", "key", &body, 20).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(world.effects("REFUSED-2", "book").await, 1);
}

#[tokio::test]
async fn a_refused_session_is_reported_to_operators() {
    let metered = [
        ("GATEWAY__ACCOUNTS__METERED__SESSION", "metered"),
        ("GATEWAY__ACCOUNTS__METERED__CHANNEL", "SANDBOX"),
    ];
    let more = [KEYS, &metered].concat();
    let world = super::world_of(&more, &[("metered", "metered")]).await;
    until_metric(&world, "gateway_session_usable", "metered", "1").await;
    revoke(&world, "metered").await;
    let search = crate::world::search("BJS", "XMN");
    let headers = [TRIPS, ("Gateway-Account", "metered")];
    let refused = world
        .post_with("/v1/flights/search", &headers, &search)
        .await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    until_metric(&world, "gateway_session_usable", "metered", "0").await;

    let feed = async |key| {
        let page = world.get_with("/v1/events?limit=200", &[key]).await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body["items"].as_array().unwrap().clone()
    };
    let reported = poll("an event", || feed(CHIEF), |events| !events.is_empty()).await;
    assert_eq!(reported.len(), 1, "{reported:#?}");
    assert_eq!(reported[0]["type"], "session.invalid");
    assert_eq!(reported[0]["subject"], "metered");
    assert_eq!(reported[0]["account"], "metered");
    assert_eq!(feed(TRIPS).await, Vec::<Value>::new());

    restore(&world).await;
    world.clock.advance_steady(Duration::from_mins(1));
    until_metric(&world, "gateway_session_usable", "metered", "1").await;
}

#[tokio::test]
async fn a_new_session_ends_a_refusal_at_once() {
    let world = World::start_with(LINKED, |_| {}).await;
    revoke(&world, CONFIGURED).await;
    search_under(&world, "default").await;
    until_state(&world, "default", "invalid").await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["state"], "valid", "{found:#}");
    assert_works(&world, "default").await;
    // It may be refused in turn, which is another event.
    super::end(&world, "revoke", json!({"account": "default"})).await;
    search_under(&world, "default").await;
    until_state(&world, "default", "invalid").await;
    until_events(&world, "session.invalid", "default", 2).await;
}

#[tokio::test]
async fn an_expired_session_is_refused_like_a_revoked_one() {
    let world = World::start().await;
    super::end(&world, "expire", json!({"session": CONFIGURED})).await;
    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    assert_eq!(refused.body["upstream"]["sub_code"], "session-expired");
    until_state(&world, "default", "invalid").await;
}

#[tokio::test]
async fn one_mistaken_refusal_stops_nothing() {
    let world = World::start().await;
    for (round, method) in ["search", "airbook"].into_iter().enumerate() {
        let tried = u64::try_from(round).unwrap() + 1;
        world
            .fault(json!({"method": method, "fault": "invalid_session"}))
            .await;
        if method == "search" {
            let refused = search_under(&world, "default").await;
            assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
        } else {
            let body = booking(&world.offer().await, "MISTAKE-1");
            let refused = world.sent("/v1/orders", "key", &body, 20).await;
            assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
            assert_eq!(refused.body["side_effects"], "none");
            let booked = world.sent("/v1/orders", "key", &body, 20).await;
            assert_eq!(booked.status, 201, "{booked:?}");
            assert_eq!(world.effects("MISTAKE-1", "book").await, 1);
        }
        world.until_received("queryorderlist", tried).await;
        assert_works(&world, "default").await;
        let found = read(&world, "default").await;
        assert_eq!(found["session"]["state"], "valid", "{found:#}");
        assert_eq!(found["session"]["refused_since"], Value::Null);
    }
    let events = events_of(&world, "session.invalid", "default").await;
    assert_eq!(events, Vec::<Value>::new());
}

#[tokio::test]
async fn a_refusal_is_not_confirmed_while_top_cannot_be_reached() {
    let marker = Marker::new();
    let world = marker.world(&[], &[]).await;
    let unreachable = json!({"method": "list", "fault": "reset_before", "times": null});
    world.fault(unreachable).await;
    world
        .fault(json!({"method": "search", "fault": "invalid_session"}))
        .await;
    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    marker.check(&world).await;
    assert_eq!(read(&world, "default").await["session"]["state"], "valid");
    assert_works(&world, "default").await;
    // Once it can be reached, it confirms the refusal.
    revoke(&world, CONFIGURED).await;
    world.end_faults().await;
    until_state(&world, "default", "invalid").await;
    let sent = calls(&world).await;
    let refused = search_under(&world, "default").await;
    assert_eq!(refused.body["upstream"], Value::Null, "{refused:?}");
    assert!(calls(&world).await <= sent + 1);
}

#[tokio::test]
async fn a_refused_session_is_refused_again_after_a_restart() {
    let mut world = World::start_with(LINKED, |_| {}).await;
    add(&world, "default", "once").await;
    entered(&world, "default", &json!({"session": "once"})).await;
    revoke(&world, "once").await;
    search_under(&world, "default").await;
    until_state(&world, "default", "invalid").await;
    until_events(&world, "session.invalid", "default", 1).await;
    world.restart(LINKED).await;
    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    until_state(&world, "default", "invalid").await;
    // Operators know already; a refusal of another session is news.
    add(&world, "default", "twice").await;
    entered(&world, "default", &json!({"session": "twice"})).await;
    revoke(&world, "twice").await;
    search_under(&world, "default").await;
    until_events(&world, "session.invalid", "default", 2).await;
}
