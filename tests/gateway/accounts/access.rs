//! Who may see and change accounts, and which account a call uses.

use reqwest::Method;
use serde_json::{Value, json};

use super::{calls, code, revoke, two};
use crate::ticket::problem;
use crate::world::{CHIEF, COSTS, KEYS, TRIPS, World, search};

/// A world with two accounts; one caller uses `second` by default, and one may use only `default`.
async fn world() -> World {
    let accounts = [
        ("GATEWAY__AUTH__KEYS__TRIPS__DEFAULT_ACCOUNT", "second"),
        ("GATEWAY__AUTH__KEYS__COSTS__ACCOUNTS", "default"),
    ];
    two(&[KEYS, &accounts].concat()).await
}

#[tokio::test]
async fn only_operators_see_and_change_accounts() {
    let world = world().await;
    let code = json!({"code": code(&world, "default").await});
    let empty = Some(json!({}));
    let requests: [(Method, &str, Option<Value>, u16); 8] = [
        (Method::GET, "", None, 200),
        (Method::GET, "/default", None, 200),
        (Method::POST, "/default/authorization", empty.clone(), 200),
        (Method::POST, "/default/session", Some(code), 200),
        (Method::POST, "/default/session", empty.clone(), 400),
        (Method::POST, "/default/session/refresh", empty.clone(), 409),
        (Method::GET, "/default/topics", None, 200),
        (Method::POST, "/default/topics", empty, 200),
    ];
    let send = async |headers: &[(&str, &str)], request: &(Method, &str, Option<Value>, u16)| {
        let path = format!("/v1/accounts{}", request.1);
        let method = request.0.clone();
        world.send(method, &path, headers, request.2.as_ref()).await
    };
    let sent = calls(&world).await;
    for request in &requests {
        for (headers, expected) in [
            (&[TRIPS][..], (403, "scope_missing")),
            (&[COSTS][..], (403, "scope_missing")),
            (&[][..], (401, "unauthorized")),
            (&[("X-Api-Key", "wrong")][..], (401, "unauthorized")),
        ] {
            let refused = send(headers, request).await;
            assert_eq!(problem(&refused), expected, "{request:?}: {refused:?}");
        }
    }
    assert_eq!(calls(&world).await, sent);
    for request in &requests {
        let answer = send(&[CHIEF], request).await;
        assert_eq!(answer.status, request.3, "{request:?}: {answer:?}");
    }
    let listed = send(&[CHIEF], &requests[0]).await.body;
    let names: Vec<_> = listed["items"].as_array().unwrap().iter().collect();
    assert_eq!(
        (&names[0]["name"], &names[1]["name"]),
        (&json!("default"), &json!("second"))
    );
}

/// A search by this caller, under this account or the default one.
async fn search_by(world: &World, key: (&str, &str), account: Option<&str>) -> (u16, String) {
    let mut headers = vec![key];
    headers.extend(account.map(|account| ("Gateway-Account", account)));
    let body = search("BJS", "XMN");
    let found = world.post_with("/v1/flights/search", &headers, &body).await;
    let (status, code) = problem(&found);
    (status, code.to_owned())
}

#[tokio::test]
async fn a_call_uses_the_default_account_of_its_key_or_the_named_one() {
    let world = world().await;
    revoke(&world, super::SECOND).await;
    let works = (200, "-".to_owned());
    let refused = (502, "session_invalid".to_owned());
    for (key, account, expected) in [
        (TRIPS, None, &refused),
        (TRIPS, Some("second"), &refused),
        (TRIPS, Some("default"), &works),
        (COSTS, None, &works),
        (COSTS, Some("second"), &(403, "forbidden".to_owned())),
        (CHIEF, None, &works),
        (CHIEF, Some("second"), &refused),
    ] {
        let found = search_by(&world, key, account).await;
        assert_eq!(found, *expected, "{key:?} {account:?}");
    }
}
