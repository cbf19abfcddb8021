//! API keys that are created, rotated and revoked while the gateway runs.

use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::access::keys::Keys;
use fliggy_gateway::access::service::{KeyService, KeySettings};
use fliggy_gateway::clock::ManualClock;
use fliggy_gateway::config::{Config, Profile};
use fliggy_gateway::domain::access::{Rights, Scope, Scopes};
use fliggy_gateway::gateway::open_journal;
use futures::FutureExt as _;
use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};
use sqlx::Connection as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::watch;

use crate::ticket::{advance, problem};
use crate::world::{Answer, CHIEF, KEYS, TRIPS, World, booking, poll};

/// An operator of one account.
const LOCAL: (&str, &str) = ("X-Api-Key", "local-0123456789abcdef");
const WITH_LOCAL: &[(&str, &str)] = &[
    ("GATEWAY__AUTH__KEYS__LOCAL__KEY", LOCAL.1),
    ("GATEWAY__AUTH__KEYS__LOCAL__ROLE", "operator"),
    ("GATEWAY__AUTH__KEYS__LOCAL__ACCOUNTS", "default"),
];

/// Shorter than a poll waits, and than the pause between two signs of life of a stream.
const AT_ONCE: Duration = Duration::from_secs(12);

/// What an app that books may do.
const APP: [&str; 6] = [
    "search",
    "orders:read",
    "orders:write",
    "pay",
    "after_sales",
    "events",
];

/// A key as the gateway created it.
struct Created {
    id: String,
    key: String,
    view: Value,
}

impl Created {
    fn from(answer: &Answer) -> Self {
        let view = answer.body["key"].clone();
        let version = format!("\"{}\"", view["version"]);
        assert_eq!(answer.header("etag"), Some(version.as_str()));
        Self {
            id: view["id"].as_str().unwrap().to_owned(),
            key: answer.body["api_key"].as_str().unwrap().to_owned(),
            view,
        }
    }

    /// `fgk_` with the digits of the id, and the secret.
    fn parts(&self) -> (&str, &str) {
        (&self.key[..36], &self.key[37..])
    }

    fn path(&self, rest: &str) -> String {
        format!("/v1/keys/{}{rest}", self.id)
    }
}

async fn world() -> World {
    World::start_with(&[KEYS, WITH_LOCAL].concat(), |_| {}).await
}

async fn try_create(world: &World, caller: &str, more: &Value) -> Answer {
    let mut body = json!({"caller": caller, "scopes": APP});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    world.post_with("/v1/keys", &[CHIEF], &body).await
}

async fn create(world: &World, caller: &str, more: &Value) -> Created {
    let answer = try_create(world, caller, more).await;
    assert_eq!(answer.status, 201, "{answer:?}");
    let created = Created::from(&answer);
    assert_eq!(answer.header("location"), Some(created.path("").as_str()));
    created
}

async fn post(world: &World, key: &Created, rest: &str, body: &Value) -> Answer {
    world.post_with(&key.path(rest), &[CHIEF], body).await
}

/// Rotates the secret; returns the new API key.
async fn rotate(world: &World, key: &Created, seconds: u32) -> String {
    let body = json!({"overlap_seconds": seconds});
    let answer = post(world, key, "/rotate-secret", &body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    Created::from(&answer).key
}

async fn read(world: &World, key: &Created) -> Value {
    let answer = world.get_with(&key.path(""), &[CHIEF]).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// The status of a read with this API key, and the detail of its problem.
async fn tried(world: &World, key: &str) -> (u16, Value) {
    let answer = world
        .get_with("/v1/operations", &[("X-Api-Key", key)])
        .await;
    (answer.status, answer.body["detail"].clone())
}

async fn assert_accepted(world: &World, key: &str) {
    assert_eq!(tried(world, key).await, (200, Value::Null));
}

/// The key is refused, for a reason that contains this text.
async fn assert_refused(world: &World, key: &str, reason: &str) {
    let (status, detail) = tried(world, key).await;
    let detail = detail.as_str().unwrap_or_default();
    assert!(
        status == 401 && detail.contains(reason),
        "{status} {detail}"
    );
}

/// Books with this API key.
async fn book(world: &World, key: &str, number: &str) -> Answer {
    let body = booking(&world.offer().await, number);
    let headers = [("X-Api-Key", key), ("Idempotency-Key", number)];
    world.post_with("/v1/orders", &headers, &body).await
}

#[tokio::test]
async fn a_created_key_is_in_force_at_once_and_its_secret_is_shown_once() {
    let world = world().await;
    let more = json!({"description": "Team travel", "default_account": "default"});
    let created = create(&world, "team-travel", &more).await;
    let digits = created.id.replace('-', "");
    assert!(
        created.key.starts_with(&format!("fgk_{digits}_")),
        "{}",
        created.key
    );
    let view = &created.view;
    assert_eq!(view["caller"], "team-travel");
    assert_eq!(view["description"], "Team travel");
    assert_eq!(view["scopes"], json!(APP));
    assert_eq!(
        (&view["accounts"], &view["default_account"]),
        (&Value::Null, &json!("default"))
    );
    assert_eq!(
        (&view["state"], &view["version"]),
        (&json!("active"), &json!(1))
    );
    assert_eq!(view["created_by"], "chief");
    assert_eq!(view["secrets"].as_array().unwrap().len(), 1);

    let booked = book(&world, &created.key, "KEYS-1").await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let refused = world
        .get_with("/v1/keys", &[("X-Api-Key", &created.key)])
        .await;
    assert_eq!(problem(&refused), (403, "scope_missing"), "{refused:?}");
    // The other header works, too.
    let bearer = format!("Bearer {}", created.key);
    let listed = world
        .get_with("/v1/operations", &[("Authorization", &bearer)])
        .await;
    assert_eq!(listed.body["items"].as_array().unwrap().len(), 1);

    let secret = created.parts().1;
    let listed = world.get_with("/v1/keys", &[CHIEF]).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    for shown in [read(&world, &created).await, listed.body.clone()] {
        assert!(!shown.to_string().contains(secret), "{shown:#}");
    }
    for file in ["journal.db", "journal.db-wal"] {
        let bytes = std::fs::read(world.journal().with_file_name(file)).unwrap_or_default();
        let holds = bytes
            .windows(secret.len())
            .any(|part| part == secret.as_bytes());
        assert!(!holds, "{file}");
    }
    // Its use is known at once.
    assert_ne!(
        listed.body["items"][0]["secrets"][0]["last_used_at"],
        Value::Null
    );
    let configured = listed.body["configured"].as_array().unwrap();
    let names: Vec<_> = configured.iter().map(|key| &key["caller"]).collect();
    assert_eq!(names, ["chief", "costs", "local", "trips"]);
    assert_ne!(configured[0]["last_used_at"], Value::Null);
    assert_eq!(configured[3]["last_used_at"], Value::Null);
}

#[tokio::test]
async fn keys_that_do_not_exist_are_refused_without_a_reason() {
    let world = world().await;
    let created = create(&world, "app", &json!({})).await;
    let (id, secret) = created.parts();
    let other = create(&world, "other", &json!({})).await;
    let of_other = other.parts().1;
    for wrong in [
        id.to_owned(),
        format!("{id}_"),
        format!("{id}_{}", secret.to_lowercase()),
        format!("{id}_{of_other}"),
        format!("{}x", created.key),
        created.id.clone(),
        secret.to_owned(),
        format!("fgk_{}_{secret}", "0".repeat(32)),
    ] {
        assert_refused(&world, &wrong, "that the gateway does not know").await;
    }
    assert_accepted(&world, &created.key).await;
}

#[tokio::test]
async fn two_secrets_work_during_an_overlap() {
    let world = world().await;
    let created = create(&world, "app", &json!({})).await;
    let first = created.key.clone();
    let second = rotate(&world, &created, 3600).await;
    assert_accepted(&world, &first).await;
    assert_accepted(&world, &second).await;
    let shown = read(&world, &created).await;
    assert_eq!(shown["version"], 2);
    let secrets = shown["secrets"].as_array().unwrap();
    assert_eq!(secrets.len(), 2);
    assert_eq!(secrets[0]["expires_at"], Value::Null);
    assert_ne!(secrets[1]["expires_at"], Value::Null);
    // A third one must wait.
    let refused = post(&world, &created, "/rotate-secret", &json!({})).await;
    assert_eq!(problem(&refused), (409, "key_limit"), "{refused:?}");
    let until = secrets[1]["expires_at"].as_str().unwrap();
    assert!(
        refused.body["detail"].as_str().unwrap().contains(until),
        "{refused:?}"
    );

    world.clock.jump_wall(SignedDuration::from_mins(61));
    assert_refused(&world, &first, "Another secret replaced").await;
    assert_accepted(&world, &second).await;
    let third = rotate(&world, &created, 3600).await;
    assert_accepted(&world, &second).await;
    // In an emergency all others end at once. They are not remembered.
    let fourth = rotate(&world, &created, 0).await;
    for ended in [&first, &second, &third] {
        assert_refused(&world, ended, "that the gateway does not know").await;
    }
    assert_accepted(&world, &fourth).await;
}

#[tokio::test]
async fn a_secret_that_was_lost_is_replaced_within_the_overlap() {
    let world = world().await;
    let created = create(&world, "app", &json!({"expires_at": china(&world, 9)})).await;
    let lost = rotate(&world, &created, 3600).await;
    let instead = json!({"overlap_seconds": 3600, "replace_newest": true});
    let answer = post(&world, &created, "/rotate-secret", &instead).await;
    let second = Created::from(&answer).key;
    assert_accepted(&world, &created.key).await;
    assert_accepted(&world, &second).await;
    assert_refused(&world, &lost, "that the gateway does not know").await;
    world.clock.jump_wall(SignedDuration::from_hours(10));
    let refused = post(&world, &created, "/rotate-secret", &instead).await;
    assert_eq!(problem(&refused), (409, "key_expired"), "{refused:?}");
    // Whatever has ended can still be described, and prolonged.
    for settings in [
        json!({"scopes": APP, "expires_at": created.view["expires_at"], "description": "old"}),
        json!({"scopes": APP}),
    ] {
        let version = read(&world, &created).await["version"].to_string();
        let headers = [CHIEF, ("If-Match", &*version)];
        let updated = world
            .send(Method::PUT, &created.path(""), &headers, Some(&settings))
            .await;
        assert_eq!(updated.status, 200, "{updated:?}");
    }
    assert_accepted(&world, &second).await;
}

/// The last byte of a request comes after its key was revoked.
#[tokio::test]
async fn a_request_that_is_complete_after_its_key_ended_has_no_effect() {
    let world = world().await;
    let created = create(&world, "app", &json!({})).await;
    let order = book(&world, &created.key, "KEYS-SLOW").await;
    let order = order.created().clone();
    let body = json!({"total_price": order["total_price"]}).to_string();
    let address = world.gateway.strip_prefix("http://").unwrap();
    let head = format!(
        "POST /v1/orders/{}/payment HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nx-api-key: {}\r\n\
         content-type: application/json\r\nidempotency-key: slow\r\nexpect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        order["order_id"].as_str().unwrap(),
        created.key,
        body.len(),
    );
    let mut socket = TcpStream::connect(address).await.unwrap();
    socket.write_all(head.as_bytes()).await.unwrap();
    // The gateway asks for the body after it has accepted the key.
    let mut asked = [0; 25];
    socket.read_exact(&mut asked).await.unwrap();
    assert_eq!(&asked, b"HTTP/1.1 100 Continue\r\n\r\n");
    let revoked = post(&world, &created, "/revoke", &json!({})).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    socket.write_all(body.as_bytes()).await.unwrap();
    let mut answer = String::new();
    socket.read_to_string(&mut answer).await.unwrap();
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    assert_eq!(world.received("pay").await, 0);
    let operations = world.get_with("/v1/operations?kind=pay", &[CHIEF]).await;
    assert_eq!(operations.body["items"], json!([]), "{operations:?}");
}

#[tokio::test]
async fn a_change_that_nobody_waits_for_comes_into_force() {
    let dir = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", dir.path().join("journal.db").display());
    let env = [KEYS, &[("GATEWAY__STORE__URL", &*url)]].concat();
    let env = env
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value.to_owned()));
    let config = Config::load(None, env, Profile::Sandbox).unwrap();
    let store = Arc::new(open_journal(&config).await.unwrap());
    let clock = Arc::new(ManualClock::new());
    let keys = Arc::new(Keys::new(&config, clock.clone()));
    let service = KeyService::load(keys.clone(), store, clock, watch::Sender::new(()));
    let service = Arc::new(service.await.unwrap());
    let settings = KeySettings {
        description: None,
        rights: Rights {
            scopes: Scopes::of(&[Scope::Pay]),
            ..Rights::default()
        },
        expires_at: None,
    };
    let created = service.create("app".parse().unwrap(), settings, "chief");
    let (key, secret) = created.await.unwrap();
    let secret = serde_json::to_value(&secret).unwrap();
    let secret = secret.as_str().unwrap();
    assert!(keys.caller(Some(secret.as_bytes())).is_ok());
    // The client disconnects while the change is being stored.
    assert!(service.revoke(key.id).now_or_never().is_none());
    let ask = async || keys.caller(Some(secret.as_bytes())).is_err();
    poll("revoked", ask, |is_refused| *is_refused).await;
}

#[tokio::test]
async fn an_operator_of_some_accounts_sees_no_operation_of_another() {
    let second = [
        ("GATEWAY__ACCOUNTS__SECOND__SESSION", "second-session"),
        ("GATEWAY__ACCOUNTS__SECOND__CHANNEL", "SANDBOX"),
    ];
    let world = World::start_with(&[KEYS, WITH_LOCAL, &second].concat(), |simulator| {
        let session = ("second-session".to_owned(), "second".to_owned());
        simulator.sessions.extend([session]);
    })
    .await;
    for (account, status) in [("second", 404), ("default", 200)] {
        let body = booking(&world.offer().await, &format!("OF-{account}"));
        let headers = [
            TRIPS,
            ("Idempotency-Key", account),
            ("Gateway-Account", account),
        ];
        let booked = world.post_with("/v1/orders", &headers, &body).await;
        assert_eq!(booked.status, 201, "{booked:?}");
        let path = format!("/v1/operations/{}", booked.operation());
        let shown = world.get_with(&path, &[LOCAL]).await;
        assert_eq!(shown.status, status, "{shown:?}");
        let reconciled = world
            .post_with(&format!("{path}/reconcile"), &[LOCAL], &json!({}))
            .await;
        assert_eq!(reconciled.status, status, "{reconciled:?}");
        let resolution = json!({"outcome": "not_executed", "reason": "test"});
        let resolved = world
            .post_with(
                &format!("{path}/resolve"),
                &[LOCAL, ("If-Match", "1")],
                &resolution,
            )
            .await;
        assert_eq!(resolved.status == 404, status == 404, "{resolved:?}");
        // An operator of all accounts sees both.
        assert_eq!(world.get_with(&path, &[CHIEF]).await.status, 200);
    }
}

#[tokio::test]
async fn a_revoked_key_ends_at_once_with_its_stream_and_polls() {
    let settings = [&[("GATEWAY__SERVER__MAX_LISTENERS", "2")], KEYS].concat();
    let world = World::start_with(&settings, |_| {}).await;
    let created = create(&world, "app", &json!({})).await;
    let key = ("X-Api-Key", created.key.as_str());
    let order = book(&world, &created.key, "KEYS-2").await;
    let order = order.created()["order_id"].as_str().unwrap().to_owned();
    let stream = reqwest::Client::new()
        .get(format!(
            "{}/v1/events/stream?types=order.paid",
            world.gateway
        ))
        .header(key.0, key.1)
        .send()
        .await
        .unwrap();
    assert_eq!(stream.status(), 200);
    let poll = async {
        let path = "/v1/events?wait=60s&types=order.closed";
        tokio::time::timeout(AT_ONCE, world.get_with(path, &[key])).await
    };
    let revoked = async {
        // The poll waits: stream and poll take both places.
        let limit = tokio::time::Instant::now() + Duration::from_secs(60);
        while world.get_with("/v1/events?wait=1s", &[CHIEF]).await.status != 503 {
            assert!(
                tokio::time::Instant::now() < limit,
                "the poll does not wait"
            );
        }
        let revoked = post(&world, &created, "/revoke", &json!({})).await;
        assert_eq!(revoked.status, 200, "{revoked:?}");
        assert_eq!(revoked.body["state"], "revoked");
        // What happens from now on is not for the holder of the key.
        advance(&world, &format!("orders/{order}"), "paid").await;
        world
            .get_with(&format!("/v1/orders/{order}"), &[CHIEF])
            .await;
        revoked
    };
    let (polled, revoked) = tokio::join!(poll, revoked);
    let polled = polled.expect("the poll ends");
    assert_eq!(problem(&polled), (401, "unauthorized"), "{polled:?}");
    let ended = tokio::time::timeout(AT_ONCE, stream.text()).await;
    let text = ended.expect("the stream ends").unwrap();
    assert!(!text.contains("order.paid"), "{text}");
    assert_refused(&world, &created.key, "The API key was revoked").await;

    let again = post(&world, &created, "/revoke", &json!({})).await;
    assert_eq!((again.status, &again.body), (200, &revoked.body));
    let refused = post(&world, &created, "/rotate-secret", &json!({})).await;
    assert_eq!(problem(&refused), (409, "key_revoked"), "{refused:?}");
    let update = json!({"scopes": APP});
    let headers = [CHIEF, ("If-Match", "2")];
    let refused = world
        .send(Method::PUT, &created.path(""), &headers, Some(&update))
        .await;
    assert_eq!(problem(&refused), (409, "key_revoked"), "{refused:?}");
}

#[tokio::test]
async fn a_key_expires_and_can_be_prolonged() {
    let world = world().await;
    let created = create(&world, "app", &json!({"expires_at": china(&world, 2)})).await;
    assert_accepted(&world, &created.key).await;
    world.clock.jump_wall(SignedDuration::from_hours(3));
    assert_refused(&world, &created.key, "The API key expired").await;
    assert_eq!(read(&world, &created).await["state"], "expired");
    let listed = world.get_with("/v1/keys?state=active", &[CHIEF]).await;
    assert_eq!(listed.body["items"], json!([]));
    let listed = world
        .get_with("/v1/keys?state=expired&caller=app", &[CHIEF])
        .await;
    assert_eq!(listed.body["items"][0]["id"], created.id.as_str());
    let update = json!({"scopes": APP, "expires_at": china(&world, 1)});
    let headers = [CHIEF, ("If-Match", "\"1\"")];
    let updated = world
        .send(Method::PUT, &created.path(""), &headers, Some(&update))
        .await;
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_accepted(&world, &created.key).await;
}

/// This many hours from now, as the API writes it.
fn china(world: &World, hours: i64) -> String {
    let at: jiff::Timestamp = world.clock_wire(hours).parse().unwrap();
    let shifted = at + SignedDuration::from_hours(8);
    shifted.strftime("%Y-%m-%dT%H:%M:%S+08:00").to_string()
}

#[tokio::test]
async fn what_a_key_permits_changes_at_once() {
    let world = world().await;
    let created = create(&world, "app", &json!({})).await;
    let key = ("X-Api-Key", created.key.as_str());
    let stream = reqwest::Client::new()
        .get(format!("{}/v1/events/stream", world.gateway))
        .header(key.0, key.1)
        .send()
        .await
        .unwrap();
    let put = async |version: &str, body: &Value| {
        let headers = [CHIEF, ("If-Match", version)];
        world
            .send(Method::PUT, &created.path(""), &headers, Some(body))
            .await
    };
    let settings =
        json!({"description": "reports", "scopes": ["orders:read"], "accounts": ["default"]});
    let refused = put("2", &settings).await;
    assert_eq!(problem(&refused), (412, "version_mismatch"), "{refused:?}");
    let missing = world
        .send(Method::PUT, &created.path(""), &[CHIEF], Some(&settings))
        .await;
    assert_eq!(problem(&missing), (428, "if_match_missing"), "{missing:?}");
    let updated = put("1", &settings).await;
    assert_eq!(updated.status, 200, "{updated:?}");
    assert_eq!(updated.body["accounts"], json!(["default"]));
    assert_eq!(updated.body["description"], "reports");
    let refused = book(&world, &created.key, "KEYS-3").await;
    assert_eq!(problem(&refused), (403, "scope_missing"), "{refused:?}");
    assert_accepted(&world, &created.key).await;
    let ended = tokio::time::timeout(AT_ONCE, stream.text()).await;
    ended.expect("the stream ends").unwrap();
    let refused = put("1", &settings).await;
    assert_eq!(problem(&refused), (412, "version_mismatch"), "{refused:?}");
}

#[tokio::test]
async fn every_wrong_setting_is_named_and_nothing_is_created() {
    let world = world().await;
    let past = "2020-01-01T00:00:00+08:00";
    let several = json!({"scopes": [], "accounts": ["nobody"], "default_account": "other", "expires_at": past});
    for (caller, more, pointers) in [
        (
            "app",
            several,
            &["/scopes", "/accounts", "/default_account", "/expires_at"][..],
        ),
        ("app", json!({"accounts": []}), &["/accounts"]),
        ("app", json!({"scopes": ["admin"]}), &["/scopes/0"]),
        ("app", json!({"expires_at": "soon"}), &["/expires_at"]),
        ("app", json!({"description": ""}), &["/description"]),
        (
            "app",
            json!({"description": "two\nlines"}),
            &["/description"],
        ),
        ("app", json!({"scopes": vec!["pay"; 9]}), &["/scopes"]),
        ("app", json!({"secret": "mine"}), &["/secret"]),
        ("no caller", json!({}), &["/caller"]),
        ("", json!({}), &["/caller"]),
    ] {
        let refused = try_create(&world, caller, &more).await;
        assert_eq!(
            problem(&refused),
            (400, "invalid_request"),
            "{more}: {refused:?}"
        );
        let errors = refused.body["errors"].as_array().unwrap();
        let found: Vec<_> = errors
            .iter()
            .map(|e| e["pointer"].as_str().unwrap())
            .collect();
        assert_eq!(found, pointers, "{more}: {refused:?}");
    }
    let listed = world.get_with("/v1/keys", &[CHIEF]).await;
    assert_eq!(listed.body["items"], json!([]));
    let unknown = "/v1/keys/0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71";
    for (method, rest, body) in [
        (Method::GET, "", None),
        (Method::PUT, "", Some(json!({"scopes": APP}))),
        (Method::POST, "/revoke", Some(json!({}))),
        (Method::POST, "/rotate-secret", Some(json!({}))),
    ] {
        let headers = [CHIEF, ("If-Match", "1")];
        let path = format!("{unknown}{rest}");
        let refused = world.send(method, &path, &headers, body.as_ref()).await;
        assert_eq!(problem(&refused), (404, "key_not_found"), "{refused:?}");
    }
}

#[tokio::test]
async fn a_caller_has_one_active_key_and_keeps_its_operations() {
    let world = world().await;
    let first = create(&world, "app", &json!({})).await;
    let booked = book(&world, &first.key, "KEYS-4").await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let refused = try_create(&world, "app", &json!({})).await;
    assert_eq!(problem(&refused), (409, "key_exists"), "{refused:?}");
    assert!(
        refused.body["detail"].as_str().unwrap().contains(&first.id),
        "{refused:?}"
    );
    let revoked = post(&world, &first, "/revoke", &json!({})).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let second = create(&world, "app", &json!({})).await;
    let path = format!("/v1/operations/{}", booked.operation());
    let seen = world.get_with(&path, &[("X-Api-Key", &second.key)]).await;
    assert_eq!(seen.status, 200, "{seen:?}");
    // A caller moves from the configuration to a created key while both work.
    let of_trips = create(&world, "trips", &json!({})).await;
    let booked = book(&world, TRIPS.1, "KEYS-5").await;
    let path = format!("/v1/operations/{}", booked.operation());
    let seen = world.get_with(&path, &[("X-Api-Key", &of_trips.key)]).await;
    assert_eq!(seen.status, 200, "{seen:?}");
}

#[tokio::test]
async fn only_operators_of_all_accounts_see_and_change_keys() {
    let world = world().await;
    let created = create(&world, "app", &json!({})).await;
    let body = json!({"caller": "mine", "scopes": ["operator"]});
    for (method, path, body) in [
        (Method::GET, "/v1/keys".to_owned(), None),
        (Method::POST, "/v1/keys".to_owned(), Some(body)),
        (Method::GET, created.path(""), None),
        (Method::PUT, created.path(""), Some(json!({"scopes": APP}))),
        (Method::POST, created.path("/revoke"), Some(json!({}))),
        (
            Method::POST,
            created.path("/rotate-secret"),
            Some(json!({})),
        ),
    ] {
        for (key, expected) in [(LOCAL, "forbidden"), (TRIPS, "scope_missing")] {
            let headers = [key, ("If-Match", "1")];
            let refused = world
                .send(method.clone(), &path, &headers, body.as_ref())
                .await;
            assert_eq!(
                problem(&refused),
                (403, expected),
                "{method} {path} {refused:?}"
            );
        }
    }
    assert_eq!(read(&world, &created).await, created.view);
}

#[tokio::test]
async fn keys_survive_a_restart_with_their_last_use() {
    let mut world = world().await;
    let created = create(&world, "app", &json!({})).await;
    let revoked = create(&world, "gone", &json!({})).await;
    let second = rotate(&world, &created, 3600).await;
    assert_accepted(&world, &created.key).await;
    assert_eq!(
        post(&world, &revoked, "/revoke", &json!({})).await.status,
        200
    );
    let before = read(&world, &created).await;
    world.restart(KEYS).await;
    assert_eq!(read(&world, &created).await, before);
    assert_ne!(before["secrets"][1]["last_used_at"], Value::Null);
    assert_eq!(before["secrets"][0]["last_used_at"], Value::Null);
    for key in [&created.key, &second] {
        assert_accepted(&world, key).await;
    }
    assert_refused(&world, &revoked.key, "The API key was revoked").await;
    let page = world.get_with("/v1/keys?limit=1", &[CHIEF]).await.body;
    assert_eq!(page["items"][0]["id"], created.id.as_str());
    let next = format!(
        "/v1/keys?limit=1&cursor={}",
        page["next_cursor"].as_str().unwrap()
    );
    let page = world.get_with(&next, &[CHIEF]).await.body;
    assert_eq!(page["items"][0]["id"], revoked.id.as_str());
    assert_eq!(page["next_cursor"], Value::Null);
}

#[tokio::test]
async fn a_key_that_another_process_revokes_ends_soon() {
    let world = world().await;
    let created = create(&world, "app", &json!({})).await;
    assert_accepted(&world, &created.key).await;
    let path = format!("sqlite://{}", world.journal().display());
    let mut other = sqlx::SqliteConnection::connect(&path).await.unwrap();
    sqlx::query("UPDATE api_keys SET revision = 2, revoked_at = 1 WHERE caller = 'app'")
        .execute(&mut other)
        .await
        .unwrap();
    let limit = tokio::time::Instant::now() + Duration::from_secs(60);
    while tried(&world, &created.key).await.0 == 200 {
        assert!(
            tokio::time::Instant::now() < limit,
            "the key is still in force"
        );
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_refused(&world, &created.key, "The API key was revoked").await;
}
