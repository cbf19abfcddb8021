//! Authorisation by link: a browser, Taobao's page, and the gateway's page.

use fliggy_gateway::clock::Clock;
use jiff::SignedDuration;
use serde_json::json;

use super::{
    CONFIGURED, DEFAULT_USER, LINKED, assert_not_authorised, assert_works, authorise, callback,
    calls, come_back, decide, enter, link, parameter, path, read, revoke, time,
};
use crate::ticket::problem;
use crate::world::World;

async fn world() -> World {
    World::start_with(LINKED, |_| {}).await
}

#[tokio::test]
async fn the_next_call_after_an_authorisation_uses_the_new_session() {
    let world = world().await;
    let before = read(&world, "default").await;
    assert_eq!(before["session"]["origin"], "configuration");
    assert_eq!(before["session"]["expiry"], "estimated");
    assert_eq!(before["user_id"], json!(null));
    // Without the new session, every call fails.
    revoke(&world, CONFIGURED).await;

    let begun = world
        .post_with(&path("default", "/authorization"), &[], &json!({}))
        .await;
    assert_eq!(begun.status, 200, "{begun:?}");
    assert_eq!(begun.header("cache-control"), Some("no-store"));
    assert_eq!(begun.body["callback_url"], LINKED[0].1);
    let life = time(&begun.body["expires_at"]).duration_since(world.clock.wall());
    let half_an_hour = SignedDuration::from_mins(30);
    assert!(life <= half_an_hour && life > half_an_hour - SignedDuration::from_mins(1));

    let link = begun.body["url"].as_str().unwrap().parse().unwrap();
    let location = decide(&link, "default", "authorise").await;
    assert!(location.as_str().starts_with(LINKED[0].1), "{location}");
    let page = come_back(&world, &location).await;
    assert_eq!(page.status, 200, "{page:?}");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("<b id=\"account\">default</b>"), "{text}");
    assert!(text.contains("Authorised"), "{text}");
    for (name, value) in [
        ("content-type", "text/html; charset=utf-8"),
        ("cache-control", "no-store"),
        ("referrer-policy", "no-referrer"),
        ("x-content-type-options", "nosniff"),
    ] {
        assert_eq!(page.header(name), Some(value), "{name}");
    }
    let policy = page.header("content-security-policy").unwrap();
    for part in [
        "default-src 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
    ] {
        assert!(policy.contains(part), "{policy}");
    }
    for secret in ["code", "state"].map(|name| parameter(&location, name).unwrap()) {
        assert!(!text.contains(&secret), "{text}");
    }

    let after = read(&world, "default").await;
    let session = &after["session"];
    assert_eq!(session["state"], "valid", "{after:#}");
    assert_eq!(session["origin"], "authorization");
    assert_eq!(session["expiry"], "stated");
    assert_eq!(session["refreshable_until"], json!(null));
    assert_eq!(after["user_id"], DEFAULT_USER);
    let expires = session["expires_at"].as_str().unwrap();
    assert!(text.contains(expires), "{expires}: {text}");
    assert_works(&world, "default").await;
    let listed = world.get("/v1/accounts").await;
    assert_eq!(listed.body["items"], json!([after]));
}

/// A page that says no; nothing was sent to TOP, and the session is the same.
async fn refuses(world: &World, query: &str) -> String {
    let (before, sent) = (read(world, "default").await, calls(world).await);
    let page = callback(world, query).await;
    assert_not_authorised(&page, 422, "authorization_failed");
    assert_eq!(page.header("cache-control"), Some("no-store"));
    assert_eq!(page.header("referrer-policy"), Some("no-referrer"));
    assert!(page.header("content-security-policy").is_some());
    assert_eq!(read(world, "default").await, before);
    assert_eq!(calls(world).await, sent, "{query}");
    page.body.as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_link_that_led_to_a_session_is_worthless() {
    let world = world().await;
    let used = link(&world, "default").await;
    let unused = link(&world, "default").await;
    let location = decide(&used, "default", "authorise").await;
    assert_eq!(come_back(&world, &location).await.status, 200);
    // Reloading the page shows the same again.
    let before = (read(&world, "default").await, calls(&world).await);
    assert_eq!(come_back(&world, &location).await.status, 200);
    assert_eq!((read(&world, "default").await, calls(&world).await), before);
    // Another code for the same link, and a link from before.
    for link in [&used, &unused] {
        let again = decide(link, "default", "authorise").await;
        refuses(&world, again.query().unwrap()).await;
    }
    assert_works(&world, "default").await;
    assert_eq!(authorise(&world, "default", "default").await.status, 200);
}

#[tokio::test]
async fn a_link_can_be_used_for_30_minutes() {
    let world = world().await;
    let early = link(&world, "default").await;
    world.clock.jump_wall(SignedDuration::from_mins(29));
    let location = decide(&early, "default", "authorise").await;
    assert_eq!(come_back(&world, &location).await.status, 200);

    let late = link(&world, "default").await;
    world.clock.jump_wall(SignedDuration::from_mins(30));
    // The code is fresh; only the link is old.
    let location = decide(&late, "default", "authorise").await;
    refuses(&world, location.query().unwrap()).await;
}

#[tokio::test]
async fn only_a_state_of_this_gateway_leads_to_a_session() {
    let world = world().await;
    let link_here = link(&world, "default").await;
    let location = decide(&link_here, "default", "authorise").await;
    let state = parameter(&location, "state").unwrap();
    let code = parameter(&location, "code").unwrap();
    let other = World::start_with(
        &[
            LINKED[0],
            (
                "GATEWAY__STORE__SEAL_KEY",
                "0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20",
            ),
        ],
        |_| {},
    )
    .await;
    let foreign = parameter(&link(&other, "default").await, "state").unwrap();
    let middle = state.len() / 2;
    let changed = if &state[middle..=middle] == "A" {
        "B"
    } else {
        "A"
    };
    let forged = format!("{}{changed}{}", &state[..middle], &state[middle + 1..]);
    for bad in [
        "",
        "%20",
        "AAAA",
        "%00%ff",
        &state[..state.len() - 1],
        &state[1..],
        &forged,
        &format!("{state}A"),
        &foreign,
    ] {
        refuses(&world, &format!("code={code}&state={bad}")).await;
    }
    refuses(&world, &format!("code={code}")).await;
    refuses(&world, &format!("code={code}&state={state}&state={state}")).await;
    let bare = world.get("/oauth/callback").await;
    assert_not_authorised(&bare, 422, "authorization_failed");
    // The link still works.
    assert_eq!(come_back(&world, &location).await.status, 200);
}

#[tokio::test]
async fn a_user_may_refuse_and_then_authorise() {
    let world = world().await;
    let link = link(&world, "default").await;
    let location = decide(&link, "default", "refuse").await;
    let text = refuses(&world, location.query().unwrap()).await;
    assert!(text.contains("refused on Taobao"), "{text}");
    let location = decide(&link, "default", "authorise").await;
    assert_eq!(come_back(&world, &location).await.status, 200);
}

#[tokio::test]
async fn the_page_shows_nothing_of_its_address() {
    let world = world().await;
    let state = parameter(&link(&world, "default").await, "state").unwrap();
    let html = "%3Cscript%3Ealert%281%29%3C%2Fscript%3E";
    for query in [
        format!("code={html}&state={html}"),
        format!("error={html}&error_description={html}&state={state}"),
        format!("code=a%20{html}&state={state}"),
        format!("{html}={html}"),
    ] {
        let text = refuses(&world, &query).await;
        assert!(
            !text.contains("alert") && !text.contains("<script"),
            "{text}"
        );
    }
}

#[tokio::test]
async fn a_wrong_code_in_the_callback_changes_nothing() {
    let world = world().await;
    let link = link(&world, "default").await;
    let state = parameter(&link, "state").unwrap();
    let before = read(&world, "default").await;
    let page = callback(&world, &format!("code=wrong&state={state}")).await;
    assert_not_authorised(&page, 422, "authorization_failed");
    assert_eq!(read(&world, "default").await, before);
    let location = decide(&link, "default", "authorise").await;
    assert_eq!(come_back(&world, &location).await.status, 200);
}

#[tokio::test]
async fn links_need_a_callback_address_and_codes_by_hand_do_not() {
    let world = World::start().await;
    let refused = world
        .post_with(&path("default", "/authorization"), &[], &json!({}))
        .await;
    assert_eq!(problem(&refused), (503, "authorization_disabled"));
    let code = super::code(&world, "default").await;
    let entered = enter(&world, "default", &json!({"code": code})).await;
    assert_eq!(entered.status, 200, "{entered:?}");
    let unknown = world
        .post_with(&path("nobody", "/authorization"), &[], &json!({}))
        .await;
    assert_eq!(problem(&unknown), (404, "account_not_found"));
}
