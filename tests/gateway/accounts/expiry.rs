//! When a session expires, and who learns of it.

use fliggy_gateway::clock::Clock;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    CONFIGURED, LINKED, MARKER, Marker, add, assert_works, authorise, check_now, days, entered,
    events_of, read, time, until_events, until_metric,
};
use crate::world::World;

fn assert_days(event: &Value, days: &str) {
    let fact = event["fact"].as_str().unwrap();
    assert!(fact.starts_with(days), "{event:#}");
}

#[tokio::test]
async fn a_session_that_expires_is_reported_14_and_3_days_ahead() {
    let marker = Marker::new();
    let mut world = marker.world(&[], &[]).await;
    add(&world, "default", "short").await;
    let in_10_days = world.clock.wall() + days(10);
    let body = json!({"session": "short", "expires_at": in_10_days.to_string()});
    let account = entered(&world, "default", &body).await;
    assert_eq!(account["session"]["state"], "expiring", "{account:#}");
    let ready = world.get("/readyz").await;
    assert_eq!(ready.status, 200);
    assert_eq!(ready.body["accounts"][0]["session"], "expiring");
    check_now(&world, MARKER).await;
    let events = until_events(&world, "session.expiring", "default", 1).await;
    assert_days(&events[0], "14 days");
    assert_eq!(events[0]["account"], "default");
    marker.check(&world).await;
    marker.check(&world).await;
    until_events(&world, "session.expiring", "default", 1).await;
    let file = marker.file.text();
    world.restart(&marker.settings(&file)).await;
    marker.check(&world).await;
    until_events(&world, "session.expiring", "default", 1).await;

    world.clock.jump_wall(days(8));
    check_now(&world, MARKER).await;
    let events = until_events(&world, "session.expiring", "default", 2).await;
    assert_days(&events[1], "3 days");
    marker.check(&world).await;
    until_events(&world, "session.expiring", "default", 2).await;
    // The gateway does not stop before TOP refuses the session.
    world.clock.jump_wall(days(3));
    assert_eq!(
        read(&world, "default").await["session"]["state"],
        "expiring"
    );
    assert_works(&world, "default").await;
    marker.check(&world).await;
    until_events(&world, "session.expiring", "default", 2).await;
}

#[tokio::test]
async fn the_expiry_of_a_configured_session_is_estimated_once() {
    let mut world = World::start().await;
    let first = read(&world, "default").await;
    let session = &first["session"];
    assert_eq!(session["expiry"], "estimated");
    let seen = time(&session["authorised_at"]);
    assert!(world.clock.wall().duration_since(seen) < SignedDuration::from_mins(5));
    assert_eq!(time(&session["expires_at"]).duration_since(seen), days(90));

    world.clock.jump_wall(days(10));
    world.restart(&[]).await;
    assert_eq!(read(&world, "default").await, first);
    world.clock.jump_wall(days(67));
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["state"], "expiring", "{found:#}");
    check_now(&world, "default").await;
    let events = until_events(&world, "session.expiring", "default", 1).await;
    assert_days(&events[0], "14 days");

    // Another session in the configuration begins a new time.
    add(&world, "default", "configured-later").await;
    let session = ("GATEWAY__ACCOUNTS__DEFAULT__SESSION", "configured-later");
    world.restart(&[session]).await;
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["state"], "valid", "{found:#}");
    assert_eq!(found["session"]["origin"], "configuration");
    super::revoke(&world, CONFIGURED).await;
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn an_expiry_that_top_does_not_state_is_estimated() {
    let world = World::start_with(LINKED, |simulator| {
        simulator.oauth.states_expiry = false;
    })
    .await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["expiry"], "estimated", "{found:#}");
    assert_eq!(found["session"]["state"], "valid");
    let events = events_of(&world, "session.expiring", "default").await;
    assert_eq!(events, Vec::<Value>::new());
}

#[tokio::test]
async fn the_expiry_is_a_metric() {
    let world = super::world_of(
        &[
            ("GATEWAY__ACCOUNTS__TIMED__SESSION", "timed"),
            ("GATEWAY__ACCOUNTS__TIMED__CHANNEL", "SANDBOX"),
        ],
        &[("timed", "timed")],
    )
    .await;
    let found = read(&world, "timed").await;
    let seconds = time(&found["session"]["expires_at"])
        .as_second()
        .to_string();
    let name = "gateway_session_expires_timestamp_seconds";
    until_metric(&world, name, "timed", &seconds).await;
}
