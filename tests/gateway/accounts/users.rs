//! An account belongs to one Taobao user, and a Taobao user to one account.

use serde_json::{Value, json};

use super::{
    ANOTHER_USER, CONFIGURED, DEFAULT_USER, LINKED, SECOND_USER, TWO, add, assert_not_authorised,
    assert_works, authorise, calls, code, enter, entered, issued, read, search_under, two,
};
use crate::ticket::problem;
use crate::world::World;

const USER_ID: &str = "GATEWAY__ACCOUNTS__DEFAULT__USER_ID";

/// The account refuses a code of this user, and does not change.
async fn refuses(world: &World, account: &str, user: &str) -> Value {
    let before = read(world, account).await;
    let page = authorise(world, account, user).await;
    assert_not_authorised(&page, 409, "account_mismatch");
    let code = code(world, user).await;
    let refused = enter(world, account, &json!({"code": code})).await;
    assert_eq!(problem(&refused), (409, "account_mismatch"), "{refused:?}");
    assert_eq!(read(world, account).await, before);
    refused.body
}

#[tokio::test]
async fn another_user_cannot_authorise_an_authorised_account() {
    let world = World::start_with(LINKED, |_| {}).await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let refused = refuses(&world, "default", "another-user").await;
    let detail = refused["detail"].as_str().unwrap();
    assert!(
        detail.contains(DEFAULT_USER) && detail.contains(ANOTHER_USER),
        "{detail}"
    );
    assert_works(&world, "default").await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
}

#[tokio::test]
async fn a_session_entered_by_hand_does_not_make_the_user_unknown() {
    let mut world = World::start_with(LINKED, |_| {}).await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    add(&world, "default", "by-hand").await;
    entered(&world, "default", &json!({"session": "by-hand"})).await;
    assert_eq!(read(&world, "default").await["user_id"], DEFAULT_USER);
    refuses(&world, "default", "another-user").await;
    world.restart(LINKED).await;
    assert_eq!(read(&world, "default").await["user_id"], DEFAULT_USER);
    refuses(&world, "default", "another-user").await;
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn a_configured_user_is_the_only_one_who_can_authorise() {
    let world = World::start_with(&[LINKED[0], (USER_ID, DEFAULT_USER)], |_| {}).await;
    assert_eq!(read(&world, "default").await["user_id"], DEFAULT_USER);
    refuses(&world, "default", "another-user").await;
    assert_works(&world, "default").await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
}

#[tokio::test]
async fn a_user_has_one_account() {
    let world = two(&[]).await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let refused = refuses(&world, "second", "default").await;
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("`default`"), "{detail}");
    assert_works(&world, "second").await;
    assert_eq!(authorise(&world, "second", "second").await.status, 200);
    refuses(&world, "default", "second").await;
}

#[tokio::test]
async fn the_configured_user_of_another_account_is_refused() {
    let user_id = ("GATEWAY__ACCOUNTS__SECOND__USER_ID", SECOND_USER);
    let world = two(&[user_id]).await;
    let refused = refuses(&world, "default", "second").await;
    let detail = refused["detail"].as_str().unwrap();
    assert!(detail.contains("`second`"), "{detail}");
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    assert_eq!(authorise(&world, "second", "second").await.status, 200);
}

#[tokio::test]
async fn a_session_has_one_account() {
    let world = two(&[]).await;
    let before = read(&world, "second").await;
    let refused = enter(&world, "second", &json!({"session": CONFIGURED})).await;
    assert_eq!(problem(&refused), (409, "account_mismatch"), "{refused:?}");
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    let authorised = issued(&world).await.pop().unwrap();
    let sent = calls(&world).await;
    let refused = enter(&world, "second", &json!({"session": authorised})).await;
    assert_eq!(problem(&refused), (409, "account_mismatch"), "{refused:?}");
    assert_eq!(calls(&world).await, sent);
    assert_eq!(read(&world, "second").await, before);
}

#[tokio::test]
async fn an_account_whose_configured_user_is_not_the_authorised_one_is_not_used() {
    let mut world = World::start_with(LINKED, |_| {}).await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
    world.restart(&[LINKED[0], (USER_ID, ANOTHER_USER)]).await;
    let found = read(&world, "default").await;
    assert_eq!(found["session"]["state"], "missing", "{found:#}");
    let sent = calls(&world).await;
    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_missing"), "{refused:?}");
    assert_eq!(calls(&world).await, sent);
    // Neither user can authorise it, and a session whose user is not known does not help either.
    for user in ["default", "another-user"] {
        refuses(&world, "default", user).await;
    }
    add(&world, "another-user", "by-hand").await;
    let refused = enter(&world, "default", &json!({"session": "by-hand"})).await;
    assert_eq!(problem(&refused), (409, "account_mismatch"), "{refused:?}");
    assert_eq!(read(&world, "default").await, found);

    world.restart(&[LINKED[0], (USER_ID, DEFAULT_USER)]).await;
    assert_eq!(read(&world, "default").await["session"]["state"], "valid");
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn the_authorised_session_of_another_account_is_not_used_after_a_restart() {
    let mut world = two(&[]).await;
    assert_eq!(authorise(&world, "second", "second").await.status, 200);
    let authorised = issued(&world).await.pop().unwrap();
    let copied = ("GATEWAY__ACCOUNTS__DEFAULT__SESSION", &*authorised);
    world.restart(&[TWO, &[copied]].concat()).await;
    let refused = search_under(&world, "default").await;
    assert_eq!(problem(&refused), (502, "session_missing"), "{refused:?}");
    assert_works(&world, "second").await;
    world.restart(TWO).await;
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn the_configured_user_of_an_account_may_not_be_the_authorised_one_of_another() {
    let mut world = two(&[]).await;
    assert_eq!(authorise(&world, "default", "second").await.status, 200);
    let user_id = ("GATEWAY__ACCOUNTS__SECOND__USER_ID", SECOND_USER);
    world.restart(&[TWO, &[user_id]].concat()).await;
    let refused = search_under(&world, "second").await;
    assert_eq!(problem(&refused), (502, "session_missing"), "{refused:?}");
    assert_works(&world, "default").await;
}
