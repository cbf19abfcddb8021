//! Sessions, codes, refresh tokens, states and names of users never leak into the log, the journal's files, metrics or problems.

use serde_json::{Value, json};

use super::{
    LINKED, SessionFile, add, assert_works, callback, code, come_back, decide, end, enter, entered,
    issued, link, parameter, refresh, revoke, search_under, set_lives, until, until_state,
};
use crate::logged::{Captured, SLOW, assert_absent, holds, passes_in_a_child};
use crate::world::{World, metrics};

const CONFIGURED: &str = "canary-configured-41f0";
const IN_FILE: &str = "canary-file-9d27";
const IN_NEW_FILE: &str = "canary-newfile-0b6e";
const BROKEN_FILE: &str = "canary-broken-7733";
const PASTED: &str = "canary-pasted-c5a8";
const WRONG_SESSION: &str = "canary-wrong-session-15ee";
const WRONG_CODE: &str = "canary-wrong-code-8b12";
const WRONG_STATE: &str = "canary-wrong-state-6a6a";
/// The nick of the simulator's user `another-user`, which belongs to no account.
const NICK: &str = "另一位用户";

/// The tokens of the simulator: these two digits and 64 hexadecimal ones.
fn tokens(bytes: &[u8], prefix: &[u8]) -> usize {
    let is_token = |window: &&[u8]| {
        window.starts_with(prefix)
            && window[2..]
                .iter()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(byte))
    };
    bytes.windows(66).filter(is_token).count()
}

#[test]
fn no_session_code_token_state_or_name_leaks() {
    passes_in_a_child("accounts::leaks::everything_is_logged_in_a_child_process");
}

#[tokio::test]
#[ignore = "takes over the log of its process; the test above runs it in a child process"]
async fn everything_is_logged_in_a_child_process() {
    let Some(log) = Captured::in_the_child() else {
        return;
    };
    let file = SessionFile::new(IN_FILE);
    let path = file.text();
    let accounts = [
        LINKED[0],
        ("GATEWAY__ACCOUNTS__DEFAULT__SESSION", CONFIGURED),
        ("GATEWAY__ACCOUNTS__DEFAULT__NICK", NICK),
        ("GATEWAY__ACCOUNTS__SECOND__SESSION_FILE", &path),
        ("GATEWAY__ACCOUNTS__SECOND__CHANNEL", "SANDBOX"),
    ];
    let world = World::start_with(&[&accounts, SLOW].concat(), |simulator| {
        simulator.sessions = [(CONFIGURED, "default"), (IN_FILE, "second")]
            .map(|(session, account)| (session.to_owned(), account.to_owned()))
            .into();
    })
    .await;
    set_lives(&world, 90, 90).await;
    let mut secrets: Vec<String> = [
        CONFIGURED,
        IN_FILE,
        IN_NEW_FILE,
        BROKEN_FILE,
        PASTED,
        WRONG_SESSION,
        WRONG_CODE,
        WRONG_STATE,
        NICK,
        "%E5%8F%A6%E4%B8%80",
        "\\u{53e6}\\u{4e00}",
        "\\u53e6\\u4e00",
    ]
    .map(ToOwned::to_owned)
    .into();
    let mut shown: Vec<String> = Vec::new();

    // Authorisations by link and by hand. The other user is the one of this account.
    let denied = decide(&link(&world, "default").await, "another-user", "refuse").await;
    let granted = decide(&link(&world, "default").await, "another-user", "authorise").await;
    for location in [&denied, &granted] {
        secrets.push(parameter(location, "state").unwrap());
        shown.push(come_back(&world, location).await.body.to_string());
    }
    let again = come_back(&world, &granted).await;
    assert_eq!(again.status, 200);
    shown.push(again.body.to_string());
    secrets.push(parameter(&granted, "code").unwrap());
    let query = format!("code={WRONG_CODE}&state={WRONG_STATE}");
    shown.push(callback(&world, &query).await.body.to_string());
    let entered_code = code(&world, "another-user").await;
    entered(&world, "default", &json!({"code": entered_code})).await;
    secrets.push(entered_code.clone());
    let other_code = code(&world, "second").await;
    for bad in [
        json!({"code": entered_code}),
        json!({"code": other_code}),
        json!({"code": WRONG_CODE}),
        json!({"session": WRONG_SESSION}),
        json!({"code": WRONG_CODE, "session": WRONG_SESSION}),
        json!({"code": WRONG_CODE, "expires_at": "2030-01-01T00:00:00Z"}),
        json!({"session": format!("{WRONG_SESSION} {WRONG_SESSION}")}),
        json!({"session": [WRONG_SESSION]}),
        json!({"session": {"a": WRONG_SESSION}, "code": WRONG_CODE}),
        json!({"code": WRONG_CODE, "expires_at": 7}),
    ] {
        let refused = enter(&world, "default", &bad).await;
        assert!(refused.status >= 400, "{bad}: {refused:?}");
        shown.push(refused.body.to_string());
    }
    secrets.push(other_code);

    // Refreshing, also without a response and with garbage.
    let refreshed = refresh(&world, "default").await;
    assert_eq!(refreshed.status, 200, "{refreshed:?}");
    for fault in ["cut_json", "cut_body", "deep_json"] {
        let rule = json!({"method": "token_refresh", "fault": fault});
        let refreshed = world.under_fault(rule, refresh(&world, "default")).await;
        shown.push(refreshed.body.to_string());
        let rule = json!({"method": "token_create", "fault": fault});
        let code = code(&world, "another-user").await;
        let body = json!({"code": code});
        let entered = enter(&world, "default", &body);
        shown.push(world.under_fault(rule, entered).await.body.to_string());
        secrets.push(code);
    }
    let topics = world.get("/v1/accounts/default/topics").await;
    shown.push(topics.body.to_string());

    // A pasted session, and refusals.
    add(&world, "another-user", PASTED).await;
    entered(&world, "default", &json!({"session": PASTED})).await;
    assert_works(&world, "default").await;
    revoke(&world, PASTED).await;
    shown.push(search_under(&world, "default").await.body.to_string());
    until_state(&world, "default", "invalid").await;
    shown.push(search_under(&world, "default").await.body.to_string());
    let permit = world
        .post_with("/v1/accounts/default/topics", &[], &json!({}))
        .await;
    shown.push(permit.body.to_string());
    end(&world, "expire", json!({"account": "second"})).await;
    shown.push(search_under(&world, "second").await.body.to_string());

    // Files.
    file.write(format!("{BROKEN_FILE}\n{BROKEN_FILE}"));
    let broken = until(&world, "second", |session| !session["problem"].is_null()).await;
    shown.push(broken.to_string());
    file.write([BROKEN_FILE.as_bytes(), b"\xff"].concat());
    until(&world, "second", |session| {
        session["problem"] != broken["session"]["problem"]
    })
    .await;
    add(&world, "second", IN_NEW_FILE).await;
    file.write(IN_NEW_FILE);
    until(&world, "second", |session| {
        session["state"] == "valid" && session["problem"].is_null()
    })
    .await;
    assert_works(&world, "second").await;

    for path in [
        "/v1/accounts",
        "/v1/events?limit=200",
        "/readyz",
        "/metrics",
    ] {
        shown.push(world.get(path).await.body.to_string());
    }
    let sessions = issued(&world).await;
    assert!(sessions.len() >= 7, "{sessions:?}");
    secrets.extend(sessions);

    let log = log.bytes();
    let text = String::from_utf8_lossy(&log);
    for known in [
        "hyper",
        "reqwest",
        "sqlx",
        "an authorisation was begun",
        "a session is in force",
        "ALARM: TOP refuses the session",
        "the file of a session cannot be used",
    ] {
        assert!(text.contains(known), "{known} was not logged");
    }
    let shown = Value::from(shown).to_string();
    let metrics = metrics().render();
    let files = world.journal_files().into_iter();
    let stored = files.flat_map(|(_, bytes)| bytes).collect::<Vec<_>>();
    assert!(
        holds(&stored, b"session.invalid"),
        "the search must find text that is there"
    );
    for (place, bytes) in [
        ("log", &log[..]),
        ("responses", shown.as_bytes()),
        ("metrics", metrics.as_bytes()),
        ("journal", &stored),
    ] {
        for secret in &secrets {
            assert_absent(place, bytes, secret.as_bytes());
        }
        for prefix in [b"61", b"62"] {
            assert_eq!(
                tokens(bytes, prefix),
                0,
                "{place}: a session or a refresh token"
            );
        }
    }
}
