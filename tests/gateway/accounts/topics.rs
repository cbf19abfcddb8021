//! The topics whose messages TOP sends for an account.

use reqwest::Method;
use serde_json::{Value, json};

use super::{CONFIGURED, authorise, path, revoke, search_under, two, until_state};
use crate::ticket::problem;
use crate::world::{Answer, World};

const ALL: [&str; 5] = [
    "alitrip_flight_ChangeStatusNotify",
    "alitrip_flight_FlightChange",
    "alitrip_flight_PayNotification",
    "alitrip_flight_RefundNotify",
    "alitrip_flight_TradeNotify",
];

/// Sets the topics that the user permits.
async fn set(world: &World, topics: &Value) {
    let path = "/_simulator/users/default/topics";
    let body = json!({"topics": topics});
    let set = world.send(Method::PUT, path, &[], Some(&body)).await;
    assert_eq!(set.status, 200, "{set:?}");
}

async fn get(world: &World, account: &str) -> Answer {
    world.get(&path(account, "/topics")).await
}

async fn permit(world: &World, account: &str) -> Answer {
    world
        .post_with(&path(account, "/topics"), &[], &json!({}))
        .await
}

fn sorted(list: &Value) -> Vec<&str> {
    let items = list.as_array().unwrap().iter();
    let mut items: Vec<_> = items.map(|item| item.as_str().unwrap()).collect();
    items.sort_unstable();
    items
}

#[tokio::test]
async fn missing_topics_are_permitted_in_addition_to_the_present_ones() {
    let world = World::start().await;
    set(&world, &json!([ALL[4], "another_app_topic"])).await;
    let shown = get(&world, "default").await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(
        sorted(&shown.body["permitted"]),
        [ALL[4], "another_app_topic"]
    );
    assert_eq!(sorted(&shown.body["missing"]), ALL[..4]);

    let permitted = permit(&world, "default").await;
    assert_eq!(permitted.status, 200, "{permitted:?}");
    assert_eq!(permitted.body["missing"], json!([]));
    let expected = [&ALL[..], &["another_app_topic"]].concat();
    assert_eq!(sorted(&permitted.body["permitted"]), expected);
    assert_eq!(world.received("user_permit").await, 1);
    let users = world.get("/_simulator/users").await.body;
    assert_eq!(users["items"][0]["account"], "default");
    assert_eq!(sorted(&users["items"][0]["topics"]), expected);

    // Nothing is missing any more.
    assert_eq!(permit(&world, "default").await.body, permitted.body);
    assert_eq!(world.received("user_permit").await, 1);
}

#[tokio::test]
async fn topics_that_cannot_be_read_are_not_replaced() {
    let world = World::start().await;
    set(&world, &json!(["another_app_topic"])).await;
    for fault in [
        "html_502_nothing",
        "cut_json",
        "empty_200",
        "system_error_nothing",
        "reset_before",
        "refuse",
    ] {
        let rule = json!({"method": "user_get", "fault": fault});
        let failed = world.under_fault(rule, permit(&world, "default")).await;
        assert!(failed.status > 400, "{fault}: {failed:?}");
    }
    assert_eq!(world.received("user_permit").await, 0);
    let rule = json!({"method": "user_permit", "fault": "system_error_nothing"});
    let failed = world.under_fault(rule, permit(&world, "default")).await;
    assert!(failed.status > 400, "{failed:?}");
    let shown = get(&world, "default").await;
    assert_eq!(shown.body["permitted"], json!(["another_app_topic"]));
}

#[tokio::test]
async fn more_topics_than_top_allows_are_not_permitted() {
    let world = World::start().await;
    let many: Vec<_> = (0..96).map(|index| format!("topic_{index}")).collect();
    set(&world, &json!(many)).await;
    let refused = permit(&world, "default").await;
    assert_eq!(problem(&refused), (409, "topics_unknown"), "{refused:?}");
    assert_eq!(world.received("user_permit").await, 0);
    set(&world, &json!(many[1..])).await;
    let permitted = permit(&world, "default").await;
    assert_eq!(permitted.status, 200, "{permitted:?}");
    assert_eq!(sorted(&permitted.body["permitted"]).len(), 100);
}

#[tokio::test]
async fn the_name_of_a_user_is_known_after_the_authorisation() {
    let mut world = two(&[]).await;
    let sent = super::calls(&world).await;
    for answer in [get(&world, "second").await, permit(&world, "second").await] {
        assert_eq!(problem(&answer), (409, "topics_unknown"), "{answer:?}");
    }
    assert_eq!(super::calls(&world).await, sent);
    assert_eq!(authorise(&world, "second", "second").await.status, 200);
    let shown = get(&world, "second").await;
    assert_eq!(shown.status, 200, "{shown:?}");
    assert_eq!(sorted(&shown.body["permitted"]), ALL);
    assert_eq!(shown.body["missing"], json!([]));
    world.restart(super::TWO).await;
    assert_eq!(get(&world, "second").await.body, shown.body);
    let unknown = get(&world, "nobody").await;
    assert_eq!(problem(&unknown), (404, "account_not_found"));
}

#[tokio::test]
async fn permitting_needs_a_session_and_reading_does_not() {
    let world = World::start().await;
    set(&world, &json!([])).await;
    revoke(&world, CONFIGURED).await;
    let refused = permit(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    search_under(&world, "default").await;
    until_state(&world, "default", "invalid").await;
    let shown = get(&world, "default").await;
    assert_eq!(sorted(&shown.body["missing"]), ALL);
    let sent = world.received("user_permit").await;
    let refused = permit(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    assert_eq!(world.received("user_permit").await, sent);
}
