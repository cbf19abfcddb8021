//! Sessions in files, which are replaced while the gateway runs.

use std::time::Duration;

use serde_json::{Value, json};

use super::{
    CONFIGURED, MARKER, Marker, SECOND, SessionFile, add, assert_works, check_now, entered, read,
    revoke, until,
};
use crate::world::World;

/// The account `second` has this file.
async fn world(file: &SessionFile, marker: &Marker) -> World {
    let path = file.text();
    let settings = settings(&path);
    marker.world(&settings, &[("second", SECOND)]).await
}

fn settings(path: &str) -> [(&str, &str); 2] {
    [
        ("GATEWAY__ACCOUNTS__SECOND__SESSION_FILE", path),
        ("GATEWAY__ACCOUNTS__SECOND__CHANNEL", "SANDBOX"),
    ]
}

/// Waits until another session is in force than the one that was authorised then.
async fn until_replaced(world: &World, before: &Value) -> Value {
    check_now(world, MARKER).await;
    let then = &before["session"]["authorised_at"];
    until(world, "second", |session| session["authorised_at"] != *then).await
}

#[tokio::test]
async fn the_session_of_a_replaced_file_is_used_without_a_restart() {
    let (file, marker) = (SessionFile::new(SECOND), Marker::new());
    let world = world(&file, &marker).await;
    let before = read(&world, "second").await;
    assert_eq!(before["session"]["origin"], "file");
    assert_eq!(before["session"]["state"], "valid");
    assert_works(&world, "second").await;

    add(&world, "second", "replaced").await;
    file.write("  replaced\n");
    let after = until_replaced(&world, &before).await;
    assert_eq!(after["session"]["origin"], "file");
    assert_eq!(after["session"]["expiry"], "estimated");
    revoke(&world, SECOND).await;
    assert_works(&world, "second").await;
    // Writing the same again changes nothing.
    file.write("replaced");
    marker.check(&world).await;
    assert_eq!(read(&world, "second").await, after);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_shown_and_the_session_stays() {
    let (file, marker) = (SessionFile::new(SECOND), Marker::new());
    let world = world(&file, &marker).await;
    let before = read(&world, "second").await;
    let problems: [(&[u8], &str); 5] = [
        (b"", "is empty"),
        (b" \n\n", "is empty"),
        (b"two-sessions\nin-lines", "more than one line"),
        (b"\xff\xfe\x00", "cannot read"),
        (b"", "is empty"),
    ];
    let shows = async |problem: &str| {
        check_now(&world, MARKER).await;
        until(&world, "second", |session| {
            let shown = session["problem"].as_str();
            shown.is_some_and(|shown| shown.contains(problem))
        })
        .await
    };
    for (content, problem) in problems {
        file.write(content);
        let mut found = shows(problem).await;
        let text = found["session"]["problem"].take().to_string();
        for part in ["two-sessions", "in-lines"] {
            assert!(!text.contains(part), "{text}");
        }
        assert_eq!(found, before);
        assert_works(&world, "second").await;
    }
    file.remove();
    let found = shows("cannot read").await;
    assert_eq!(found["session"]["state"], "valid");
    assert_works(&world, "second").await;

    file.write(SECOND);
    check_now(&world, MARKER).await;
    until(&world, "second", |session| session["problem"].is_null()).await;
    assert_eq!(read(&world, "second").await, before);
    assert_works(&world, "second").await;
}

#[tokio::test]
async fn a_file_with_the_session_of_another_account_is_not_used() {
    let (file, marker) = (SessionFile::new(SECOND), Marker::new());
    let world = world(&file, &marker).await;
    let before = read(&world, "second").await;
    file.write(CONFIGURED);
    marker.check(&world).await;
    let mut found = read(&world, "second").await;
    let problem = found["session"]["problem"].take();
    assert!(
        problem
            .as_str()
            .is_some_and(|text| text.contains("`default`")),
        "{problem}"
    );
    assert_eq!(found, before);
    revoke(&world, CONFIGURED).await;
    assert_works(&world, "second").await;
    file.write(SECOND);
    check_now(&world, MARKER).await;
    until(&world, "second", |session| session["problem"].is_null()).await;
    assert_eq!(read(&world, "second").await, before);
}

#[tokio::test]
async fn an_authorised_session_stays_in_force_until_the_file_changes() {
    let (file, marker) = (SessionFile::new(SECOND), Marker::new());
    let mut world = world(&file, &marker).await;
    for session in ["by-hand", "newer"] {
        add(&world, "second", session).await;
    }
    let authorised = entered(&world, "second", &json!({"session": "by-hand"})).await;
    assert_eq!(authorised["session"]["origin"], "authorization");
    marker.check(&world).await;
    assert_eq!(read(&world, "second").await, authorised);
    let (path, marker_path) = (file.text(), marker.file.text());
    let mut all = settings(&path).to_vec();
    all.extend(marker.settings(&marker_path));
    world.restart(&all).await;
    assert_eq!(read(&world, "second").await, authorised);
    marker.check(&world).await;
    assert_eq!(read(&world, "second").await, authorised);
    revoke(&world, SECOND).await;
    assert_works(&world, "second").await;

    world.clock.jump_wall(jiff::SignedDuration::from_secs(1));
    file.write("newer");
    let replaced = until_replaced(&world, &authorised).await;
    assert_eq!(replaced["session"]["origin"], "file");
    revoke(&world, "by-hand").await;
    assert_works(&world, "second").await;
}

#[tokio::test]
async fn a_refused_session_is_replaced_by_its_file() {
    let (file, marker) = (SessionFile::new(SECOND), Marker::new());
    let world = world(&file, &marker).await;
    revoke(&world, SECOND).await;
    super::search_under(&world, "second").await;
    super::until_state(&world, "second", "invalid").await;
    add(&world, "second", "repaired").await;
    file.write("repaired");
    check_now(&world, MARKER).await;
    super::until_state(&world, "second", "valid").await;
    assert_works(&world, "second").await;
    world.clock.advance_steady(Duration::from_mins(1));
    marker.check(&world).await;
    assert_works(&world, "second").await;
}
