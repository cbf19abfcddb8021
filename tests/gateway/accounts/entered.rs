//! Codes and sessions that an operator enters, and the exchange of codes with TOP.

use fliggy_gateway::simulator::Fault;
use jiff::SignedDuration;
use serde_json::{Value, json};

use super::{
    CONFIGURED, DEFAULT_USER, LINKED, add, assert_works, authorise, calls, code, enter, entered,
    read, revoke, time,
};
use crate::ticket::{field_errors, problem};
use crate::world::{Answer, World, poll};

/// What the operator entered is refused, and the session in force is the same.
async fn refuses(world: &World, body: &Value) -> Answer {
    let before = read(world, "default").await;
    let refused = enter(world, "default", body).await;
    assert!(refused.status >= 400, "{refused:?}");
    assert_eq!(read(world, "default").await, before);
    refused
}

#[tokio::test]
async fn a_code_that_is_entered_authorises_the_account_once() {
    let world = World::start_with(LINKED, |_| {}).await;
    revoke(&world, CONFIGURED).await;
    let code = json!({"code": code(&world, "default").await});
    let account = entered(&world, "default", &code).await;
    assert_eq!(account["session"]["origin"], "authorization");
    assert_eq!(account["session"]["expiry"], "stated");
    assert_eq!(account["user_id"], DEFAULT_USER);
    assert_eq!(account, read(&world, "default").await);
    assert_works(&world, "default").await;

    for bad in [code, json!({"code": "wrong"})] {
        let refused = refuses(&world, &bad).await;
        assert_eq!(problem(&refused), (422, "authorization_failed"));
        let upstream = &refused.body["upstream"];
        assert_eq!(upstream["method"], "taobao.top.auth.token.create");
        assert_eq!(upstream["code"], "41", "{refused:?}");
    }
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn either_a_code_or_a_session_is_entered() {
    let world = World::start().await;
    let sent = calls(&world).await;
    let at = "2030-01-01T00:00:00+08:00";
    for (body, pointer) in [
        (json!({}), "/code"),
        (json!({"expires_at": at}), "/code"),
        (json!({"code": "a", "session": "b"}), "/session"),
        (json!({"code": null, "session": null}), "/code"),
        (
            json!({"session": "a", "expires_at": "2020-01-01T00:00:00+08:00"}),
            "/expires_at",
        ),
        (json!({"code": "a", "expires_at": at}), "/expires_at"),
        (json!({"code": ""}), "/code"),
        (json!({"code": "a b"}), "/code"),
        (json!({"session": "a".repeat(1025)}), "/session"),
        (json!({"session": 7}), "/session"),
        (json!({"session": "a", "expires_at": "soon"}), "/expires_at"),
        (json!({"session": "a", "user": "b"}), "/user"),
    ] {
        let refused = refuses(&world, &body).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
        let pointers: Vec<_> = field_errors(&refused).iter().map(|e| e.0).collect();
        assert_eq!(pointers, [pointer], "{body}");
    }
    assert_eq!(calls(&world).await, sent);
    let refused = enter(&world, "nobody", &json!({"code": "a"})).await;
    assert_eq!(problem(&refused), (404, "account_not_found"));
}

#[tokio::test]
async fn a_session_is_tried_before_it_is_used() {
    let world = World::start().await;
    let refused = refuses(&world, &json!({"session": "unknown"})).await;
    assert_eq!(problem(&refused), (422, "authorization_failed"));
    add(&world, "default", "revoked").await;
    revoke(&world, "revoked").await;
    let refused = refuses(&world, &json!({"session": "revoked"})).await;
    assert_eq!(problem(&refused), (422, "authorization_failed"));
    assert_works(&world, "default").await;

    add(&world, "default", "good").await;
    let account = entered(&world, "default", &json!({"session": " good\n"})).await;
    let session = &account["session"];
    assert_eq!(session["origin"], "authorization");
    assert_eq!(session["expiry"], "estimated");
    let life = time(&session["expires_at"]).duration_since(time(&session["authorised_at"]));
    assert_eq!(life, SignedDuration::from_hours(90 * 24));
    revoke(&world, CONFIGURED).await;
    assert_works(&world, "default").await;

    add(&world, "default", "better").await;
    let at = "2030-01-01T00:00:00.000+08:00";
    let body = json!({"session": "better", "expires_at": at});
    let account = entered(&world, "default", &body).await;
    assert_eq!(account["session"]["expiry"], "stated");
    assert_eq!(account["session"]["expires_at"], at);
    revoke(&world, "good").await;
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn a_session_that_cannot_be_tried_is_not_used() {
    let world = World::start().await;
    add(&world, "default", "good").await;
    let good = json!({"session": "good"});
    for fault in [
        "reset_before",
        "hang_then_nothing",
        "html_502_nothing",
        "app_call_limited",
    ] {
        let rule = json!({"method": "list", "fault": fault});
        let refused = world.under_fault(rule, refuses(&world, &good)).await;
        let expected = (503, "upstream_unavailable");
        assert_eq!(problem(&refused), expected, "{fault}: {refused:?}");
    }
    assert_works(&world, "default").await;
}

#[tokio::test]
async fn a_failed_exchange_of_a_code_changes_nothing() {
    // A deliberately slow response must not exceed the deadline.
    let patient = [
        LINKED[0],
        ("GATEWAY__TOP__DEADLINE", "3s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "3s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "3s"),
    ];
    let world = World::start_with(&patient, |_| {}).await;
    let mut works = Vec::new();
    for fault in Fault::ALL {
        let before = read(&world, "default").await;
        let word = serde_json::to_value(fault).unwrap();
        let code = json!({"code": code(&world, "default").await});
        let rule = json!({"method": "token_create", "fault": word, "delay_ms": 100});
        let answer = world
            .under_fault(rule, enter(&world, "default", &code))
            .await;
        if answer.status == 200 {
            works.push(word.as_str().unwrap().to_owned());
            continue;
        }
        assert!(answer.body["title"].is_string(), "{word}: {answer:?}");
        // Without a usable response, TOP may have issued a session.
        let hint = answer.body["hint"].as_str().unwrap_or_default();
        let is_lost = hint.starts_with("TOP may have done it");
        let side_effects = if is_lost { "unknown" } else { "none" };
        assert_eq!(
            answer.body["side_effects"], side_effects,
            "{word}: {answer:?}"
        );
        assert!(![500, 501].contains(&answer.status), "{word}: {answer:?}");
        assert_eq!(read(&world, "default").await, before, "{word}");
        assert_works(&world, "default").await;
        if fault == Fault::AppCallLimited {
            // The ban lasts for a second.
            let try_again = || authorise(&world, "default", "default");
            poll("banned", try_again, |page| page.status != 429).await;
        }
        // A new link works.
        let page = authorise(&world, "default", "default").await;
        assert_eq!(page.status, 200, "{word}: {page:?}");
    }
    // The faults that concern orders, or only delay or pad a response.
    for harmless in ["slow", "price_jump", "unknown_status", "another_order"] {
        assert!(works.iter().any(|word| word == harmless), "{works:?}");
    }
    assert!(works.len() < 20, "{works:?}");
}
