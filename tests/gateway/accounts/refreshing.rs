//! Sessions that TOP allows the gateway to refresh.

use serde_json::{Value, json};

use super::{
    CONFIGURED, LINKED, assert_works, authorise, check_now, days, end, events_of, issued, read,
    refresh, revoke, search_under, set_lives, until, until_events,
};
use crate::ticket::problem;
use crate::world::World;

/// An authorised account whose session and refresh token live this many days.
async fn refreshable(session: u32, refresh_token: u32) -> World {
    let world = World::start_with(LINKED, |_| {}).await;
    set_lives(&world, session, refresh_token).await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    revoke(&world, CONFIGURED).await;
    world
}

/// Only the newest session still works.
async fn assert_newest_in_force(world: &World) {
    let mut issued = issued(world).await;
    issued.pop();
    for old in issued {
        revoke(world, &old).await;
    }
    assert_works(world, "default").await;
}

#[tokio::test]
async fn a_session_is_refreshed_on_request() {
    let world = refreshable(90, 90).await;
    let before = read(&world, "default").await;
    assert!(before["session"]["refreshable_until"].is_string());
    world.clock.jump_wall(days(1));
    for _ in 0..3 {
        let before = read(&world, "default").await;
        let refreshed = refresh(&world, "default").await;
        assert_eq!(refreshed.status, 200, "{refreshed:?}");
        let after = read(&world, "default").await;
        assert_eq!(refreshed.body, after);
        assert_eq!(after["user_id"], before["user_id"]);
        for time in ["authorised_at", "expires_at", "refreshable_until"] {
            let (before, after) = (&before["session"][time], &after["session"][time]);
            assert!(after.as_str() > before.as_str(), "{time}: {after}");
        }
        assert_newest_in_force(&world).await;
    }
    assert_eq!(world.received("token_refresh").await, 3);
}

#[tokio::test]
async fn a_session_is_refreshed_by_itself_before_it_is_reported() {
    let world = refreshable(90, 90).await;
    let before = read(&world, "default").await;
    world.clock.jump_wall(days(76));
    let then = before["session"]["authorised_at"].clone();
    check_now(&world, "default").await;
    let after = until(&world, "default", |session| {
        session["authorised_at"] != then
    })
    .await;
    assert_eq!(after["session"]["state"], "valid", "{after:#}");
    assert_eq!(world.received("token_refresh").await, 1);
    assert_newest_in_force(&world).await;
    let events = events_of(&world, "session.expiring", "default").await;
    assert_eq!(events, Vec::<Value>::new());
}

#[tokio::test]
async fn a_refused_session_that_can_be_refreshed_recovers() {
    let world = refreshable(90, 90).await;
    end(&world, "expire", json!({"account": "default"})).await;
    let then = read(&world, "default").await["session"]["authorised_at"].clone();
    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_invalid"), "{refused:?}");
    let found = until(&world, "default", |session| {
        session["authorised_at"] != then && session["state"] == "valid"
    })
    .await;
    assert_eq!(found["session"]["refused_since"], Value::Null);
    assert_works(&world, "default").await;
    assert_eq!(world.received("token_refresh").await, 1);
    until_events(&world, "session.invalid", "default", 1).await;
}

#[tokio::test]
async fn what_top_does_not_let_refresh_is_a_conflict() {
    let world = World::start_with(LINKED, |_| {}).await;
    let refused = refresh(&world, "default").await;
    assert_eq!(problem(&refused), (409, "session_not_refreshable"));
    // TOP returns a refresh token that cannot be used.
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let refused = refresh(&world, "default").await;
    assert_eq!(problem(&refused), (409, "session_not_refreshable"));
    set_lives(&world, 90, 30).await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    world.clock.jump_wall(days(31));
    let refused = refresh(&world, "default").await;
    assert_eq!(problem(&refused), (409, "session_not_refreshable"));
    assert_eq!(world.received("token_refresh").await, 0);
    assert_works(&world, "default").await;
    let refused = refresh(&world, "nobody").await;
    assert_eq!(problem(&refused), (404, "account_not_found"));
}

#[tokio::test]
async fn a_failed_refresh_leaves_the_session_in_force() {
    let world = refreshable(90, 90).await;
    let before = read(&world, "default").await;
    let rule = json!({"method": "token_refresh", "fault": "hang_then_nothing"});
    let failed = world.under_fault(rule, refresh(&world, "default")).await;
    assert_eq!(problem(&failed), (504, "upstream_timeout"), "{failed:?}");
    let rule = json!({"method": "token_refresh", "fault": "system_error_nothing"});
    let failed = world.under_fault(rule, refresh(&world, "default")).await;
    assert!(failed.status > 400, "{failed:?}");
    assert_eq!(read(&world, "default").await, before);
    assert_works(&world, "default").await;
    // The refresh token is used up, but the gateway does not learn of the new one.
    let rule = json!({"method": "token_refresh", "fault": "reset_after"});
    let failed = world.under_fault(rule, refresh(&world, "default")).await;
    assert_eq!(
        problem(&failed),
        (503, "upstream_unavailable"),
        "{failed:?}"
    );
    let refused = refresh(&world, "default").await;
    assert_eq!(
        problem(&refused),
        (422, "authorization_failed"),
        "{refused:?}"
    );
    assert_eq!(
        refused.body["upstream"]["method"],
        "taobao.top.auth.token.refresh"
    );
    // The session stays in force, and is not refreshed again.
    let mut after = before.clone();
    after["session"]["refreshable_until"] = json!(null);
    assert_eq!(read(&world, "default").await, after);
    let again = refresh(&world, "default").await;
    assert_eq!(
        problem(&again),
        (409, "session_not_refreshable"),
        "{again:?}"
    );
    assert_works(&world, "default").await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    assert_eq!(refresh(&world, "default").await.status, 200);
}

#[tokio::test]
async fn refreshes_at_the_same_time_do_no_harm() {
    let world = refreshable(90, 90).await;
    let all = futures::future::join_all((0..10).map(|_| refresh(&world, "default"))).await;
    let done = all.iter().filter(|answer| answer.status == 200).count();
    assert!(done >= 1, "{all:?}");
    for answer in all.iter().filter(|answer| answer.status != 200) {
        assert_eq!(problem(answer), (422, "authorization_failed"), "{answer:?}");
    }
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["state"], "valid", "{found:#}");
    assert_newest_in_force(&world).await;
    assert_eq!(refresh(&world, "default").await.status, 200);
    assert_newest_in_force(&world).await;
}

#[tokio::test]
async fn a_refresh_token_survives_a_restart() {
    let mut world = refreshable(90, 90).await;
    let before = read(&world, "default").await;
    world.restart(LINKED).await;
    assert_eq!(read(&world, "default").await["session"], before["session"]);
    assert_works(&world, "default").await;
    assert_eq!(refresh(&world, "default").await.status, 200);
    assert_newest_in_force(&world).await;
}

#[tokio::test]
async fn a_session_that_was_sealed_with_another_key_can_be_refreshed() {
    let mut world = refreshable(90, 90).await;
    let (new, old) = ("b6".repeat(32), "a5".repeat(32));
    let mut settings = LINKED.to_vec();
    settings.push(("GATEWAY__STORE__SEAL_KEY", &new));
    settings.push(("GATEWAY__STORE__PREVIOUS_SEAL_KEY", &old));
    world.restart(&settings).await;
    assert_works(&world, "default").await;
    let refreshed = refresh(&world, "default").await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    assert_newest_in_force(&world).await;
}
