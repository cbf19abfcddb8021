//! The gateway is killed (-9) while it delivers events to webhooks.

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::process::ExitStatusExt as _;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use rustix::process::Signal;
use serde_json::{Value, json};
use standardwebhooks::Webhook;
use tokio::net::TcpListener;
use tokio::sync::{Mutex, watch};
use tokio::time::{sleep, timeout};

use crate::ask::Ask;
use crate::kill::Chance;
use crate::world::{Gateway, MAX_WAIT, World};

/// Where the gateway is killed: around an attempt, and around commits of writes, which may contain those of deliveries.
const POINTS: [&str; 6] = [
    "delivery_due",
    "delivery_sent",
    "accept_commit",
    "accept_committed",
    "save_commit",
    "save_committed",
];
const ROUNDS: u64 = 36;
const WANTED: [&str; 3] = ["order.booked", "order.paid", "order.ticketed"];
const SETTINGS: &[(&str, &str)] = &[
    ("GATEWAY__NOTIFICATIONS__MODE", "off"),
    ("GATEWAY__WATCHER__FIRST", "20ms"),
    ("GATEWAY__WATCHER__LONGEST", "100ms"),
    ("GATEWAY__WATCHER__REQUESTS_PER_SECOND", "300"),
    ("GATEWAY__WEBHOOKS__ALLOW", "127.0.0.0/8"),
    (
        "GATEWAY__STORE__SEAL_KEY",
        "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5",
    ),
    ("GATEWAY__WEBHOOKS__RETRY__FIRST", "20ms"),
    ("GATEWAY__WEBHOOKS__RETRY__LONGEST", "200ms"),
];

/// A message as it arrived.
#[derive(Clone, Debug)]
struct Message {
    headers: HeaderMap,
    body: String,
    event: Value,
    is_accepted: bool,
}

impl Message {
    fn id(&self) -> &str {
        self.headers["webhook-id"].to_str().unwrap()
    }

    /// The fact that it reports.
    fn fact(&self) -> (&str, &str, &str) {
        let text = |member: &str| self.event[member].as_str().unwrap();
        (text("type"), text("subject"), text("fact"))
    }
}

/// An endpoint in this process, which outlives the gateway.
struct Receiver {
    url: String,
    messages: watch::Receiver<Vec<Message>>,
    shared: Arc<Shared>,
}

struct Shared {
    /// Refuses some messages; accepts all if there is none.
    chance: Mutex<Option<Chance>>,
    /// Responses are sent while this is true.
    gate: watch::Sender<bool>,
    messages: watch::Sender<Vec<Message>>,
}

async fn receive(
    State(shared): State<Arc<Shared>>,
    headers: HeaderMap,
    body: String,
) -> StatusCode {
    let mut chance = shared.chance.lock().await;
    let is_accepted = chance.as_mut().is_none_or(|chance| chance.below(6) > 0);
    drop(chance);
    let json: Value = serde_json::from_str(&body).unwrap();
    let message = Message {
        headers,
        event: json["data"].clone(),
        body,
        is_accepted,
    };
    shared
        .messages
        .send_modify(|messages| messages.push(message));
    let mut gate = shared.gate.subscribe();
    // The sender is in `shared`.
    let _ = gate.wait_for(|open| *open).await;
    if is_accepted {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    }
}

impl Receiver {
    async fn start(chance: Option<Chance>) -> Self {
        let (messages, received) = watch::channel(Vec::new());
        let shared = Arc::new(Shared {
            chance: Mutex::new(chance),
            gate: watch::Sender::new(true),
            messages,
        });
        let router = Router::new().fallback(receive).with_state(shared.clone());
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/hook", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await });
        Self {
            url,
            messages: received,
            shared,
        }
    }

    /// Waits until there are this many messages, and returns them.
    async fn until_count(&self, count: usize) -> Vec<Message> {
        let mut messages = self.messages.clone();
        let found = timeout(MAX_WAIT, messages.wait_for(|all| all.len() >= count)).await;
        let found = found.unwrap_or_else(|_| panic!("{} messages", self.messages.borrow().len()));
        found.unwrap().clone()
    }
}

/// Books an order, pays it and issues its tickets. Returns its id; `None` if the gateway died before it was booked.
async fn work(world: &World, gateway: &Gateway, example: &Value, number: &str) -> Option<Value> {
    let ask = Ask::book(example, number);
    let booked = world.ask(&gateway.address, &ask, Some(5)).await.ok()?;
    if booked.status != 201 {
        return None;
    }
    let order = booked.created().clone();
    let pay = Ask::pay(&order);
    // The next process continues with the payment if this one dies.
    let _ = world.ask(&gateway.address, &pay, Some(5)).await;
    world.issue(&order).await;
    Some(order["order_id"].clone())
}

/// Adds events of this age about 7 orders, in turn.
async fn fill(world: &World, journal: &str, count: usize, days: u32) {
    let sql = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         INSERT INTO events (kind, subject, fact, account, owner, at) \
         SELECT 'order.flight_changed', i % 7, 'f-' || i, 'default', 'local', \
         (CAST(strftime('%s', 'now') AS INTEGER) - {days} * 86400) * 1000 FROM n"
    );
    world.sql(journal, &sql).await;
}

/// The positions of these messages, which are in order for each subject.
fn in_order(messages: &[Message]) -> BTreeSet<i64> {
    let mut last: BTreeMap<&str, i64> = BTreeMap::new();
    let mut all = BTreeSet::new();
    for message in messages {
        let (_, subject, _) = message.fact();
        let sequence = message.event["sequence"].as_i64().unwrap();
        let before = last.insert(subject, sequence);
        assert!(before < Some(sequence), "{before:?} before {sequence}");
        all.insert(sequence);
    }
    all
}

/// All events about orders.
async fn feed(world: &World, gateway: &Gateway) -> Vec<Value> {
    let types = WANTED.join(",");
    let (mut events, mut after) = (Vec::new(), json!(0));
    loop {
        let path = format!("/v1/events?limit=200&types={types}&after={after}");
        let page = world.get(&gateway.address, &path).await;
        assert_eq!(page.status, 200, "{page:?}");
        let items = page.body["items"].as_array().unwrap();
        if items.is_empty() {
            return events;
        }
        events.extend(items.iter().cloned());
        after = page.body["next_after"].clone();
    }
}

#[tokio::test]
async fn killed_while_it_delivers_every_event_arrives_in_order_under_one_id() {
    let mut chance = Chance::seeded();
    let world = World::start().await;
    let receiver = Receiver::start(Some(chance.clone())).await;
    let gateway = world.gateway("webhooks.db", SETTINGS).await;
    let example = world.example(&gateway).await;
    let body = json!({"url": receiver.url, "types": WANTED});
    let created = world.post(&gateway.address, "/v1/webhooks", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let secret = created.body["secret"].as_str().unwrap().to_owned();
    drop(gateway);

    let mut orders: Vec<Value> = Vec::new();
    let mut at_points = 0;
    for round in 0..ROUNDS {
        // Of 8 rounds, 6 have a point, and in 2 the process is killed at any time.
        let point = POINTS.get(usize::try_from(round % 8).unwrap());
        let point = point.map(|point| format!("{point}#{}", 1 + chance.below(3)));
        let mut env = SETTINGS.to_vec();
        if let Some(point) = &point {
            env.push(("GATEWAY_KILL_POINT", point));
        }
        let mut gateway = match point {
            None => world.gateway("webhooks.db", &env).await,
            // It may die before it serves.
            Some(_) => {
                let process = world.spawn("webhooks.db", &env);
                match Gateway::serving_or_killed(process).await {
                    Some(gateway) => gateway,
                    None => {
                        at_points += 1;
                        continue;
                    }
                }
            }
        };
        let number = format!("HOOK-{round}");
        let working = work(&world, &gateway, &example, &number);
        // In some rounds the process is killed during the work.
        let most = match round % 8 {
            7 => Duration::from_millis(50 + chance.below(300)),
            _ => MAX_WAIT,
        };
        if let Ok(Some(order)) = timeout(most, working).await {
            orders.push(order);
            sleep(Duration::from_millis(chance.below(150))).await;
        }
        // A process that does not reach its point is killed, too.
        let at_point = timeout(Duration::from_millis(200), gateway.process.end());
        let end = match point.is_some().then_some(at_point) {
            Some(at_point) => at_point.await.ok(),
            None => None,
        };
        let end = match end {
            Some(end) => {
                at_points += 1;
                end
            }
            None => {
                gateway.process.signal(Signal::KILL);
                gateway.process.end().await
            }
        };
        assert_eq!(end.signal(), Some(Signal::KILL.as_raw()), "{end}");
    }

    let gateway = world.gateway("webhooks.db", SETTINGS).await;
    world.drained(&gateway).await;
    // The last events come from the watcher.
    let is_told = |events: &[Value], order: &Value| {
        let mut events = events.iter();
        events.any(|event| event["subject"] == *order && event["type"] == "order.ticketed")
    };
    let settled = async {
        loop {
            let events = feed(&world, &gateway).await;
            if orders.iter().all(|order| is_told(&events, order)) {
                return events;
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    let events = timeout(MAX_WAIT, settled).await.expect("all tickets");
    assert!(events.len() >= 15, "{} events", events.len());
    assert!(at_points >= 5, "{at_points} kills at a point");
    // The events are delivered, those that the endpoint refused too.
    let has_all = |messages: &Vec<Message>| {
        let has = |event: &Value| {
            let mut messages = messages.iter();
            messages.any(|message| message.is_accepted && message.event == *event)
        };
        events.iter().all(has)
    };
    let mut messages = receiver.messages.clone();
    let all = timeout(MAX_WAIT, messages.wait_for(has_all)).await;
    let all = all.expect("all delivered").unwrap().clone();

    let accepted: Vec<_> = all.iter().filter(|message| message.is_accepted).collect();
    println!(
        "{at_points} kills at a point, {} events of {} orders, {} messages, {} accepted",
        events.len(),
        orders.len(),
        all.len(),
        accepted.len()
    );
    let verifier = Webhook::new(&secret).unwrap();
    let mut ids: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut facts: BTreeMap<_, BTreeSet<_>> = BTreeMap::new();
    let mut first: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for message in &all {
        verifier
            .verify(message.body.as_bytes(), &message.headers)
            .unwrap();
        ids.entry(message.fact()).or_default().insert(message.id());
        facts
            .entry(message.id())
            .or_default()
            .insert(message.fact());
    }
    for message in &accepted {
        let (_, subject, _) = message.fact();
        let sequence = message.event["sequence"].as_i64().unwrap();
        let arrived = first.entry(subject).or_default();
        if !arrived.contains(&sequence) {
            arrived.push(sequence);
        }
    }
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    assert!(facts.values().all(|facts| facts.len() == 1), "{facts:?}");
    for (subject, arrived) in first {
        assert!(arrived.is_sorted(), "{subject}: {arrived:?}");
    }
}

#[tokio::test]
async fn a_gateway_without_a_seal_key_creates_no_webhooks_and_delivers_nothing() {
    let world = World::start().await;
    let gateway = world.gateway("sealed.db", SETTINGS).await;
    let receiver = Receiver::start(None).await;
    let body = json!({"url": receiver.url, "types": ["order.booked"]});
    let created = world.post(&gateway.address, "/v1/webhooks", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let path = format!(
        "/v1/webhooks/{}",
        created.body["webhook"]["id"].as_str().unwrap()
    );
    drop(gateway);

    let mut without: Vec<_> = SETTINGS.to_vec();
    without.retain(|(name, _)| *name != "GATEWAY__STORE__SEAL_KEY");
    let mut gateway = world.gateway("sealed.db", &without).await;
    let other = json!({"url": format!("{}/other", receiver.url)});
    for (path, body) in [
        ("/v1/webhooks".to_owned(), &other),
        (format!("{path}/rotate-secret"), &json!({})),
        (format!("{path}/ping"), &json!({})),
    ] {
        let refused = world.post(&gateway.address, &path, body).await;
        assert_eq!(
            (refused.status, refused.code()),
            (503, "webhooks_disabled"),
            "{path}: {refused:?}"
        );
    }
    world.booked(&gateway, "SEALED-1").await;
    gateway
        .process
        .line("nothing is delivered to a webhook")
        .await;
    let shown = world.get(&gateway.address, &path).await;
    assert!(!shown.body["oldest_undelivered_at"].is_null(), "{shown:?}");
    assert!(receiver.messages.borrow().is_empty());
    drop(gateway);

    // Events are kept until there is a key.
    let gateway = world.gateway("sealed.db", SETTINGS).await;
    let mut messages = receiver.messages.clone();
    let accepted = messages.wait_for(|all| all.iter().any(|message| message.is_accepted));
    let accepted = timeout(MAX_WAIT, accepted).await.expect("a message");
    assert_eq!(accepted.unwrap()[0].event["out_order_no"], "SEALED-1");
    drop(gateway);
}

#[tokio::test]
async fn the_seal_key_can_be_replaced_and_the_previous_one_removed_later() {
    const NEW: &str = "b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6";
    let world = World::start().await;
    let mut gateway = world.gateway("keys.db", SETTINGS).await;
    let receiver = Receiver::start(None).await;
    let body = json!({"url": receiver.url});
    let created = world.post(&gateway.address, "/v1/webhooks", &body).await;
    let path = format!(
        "/v1/webhooks/{}/ping",
        created.body["webhook"]["id"].as_str().unwrap()
    );
    gateway.process.kill().await;

    let mut both = SETTINGS.to_vec();
    let (key, old) = both[5];
    both.push((key, NEW));
    let only_new = both.clone();
    both.push(("GATEWAY__STORE__PREVIOUS_SEAL_KEY", old));
    let mut gateway = world.gateway("keys.db", &both).await;
    gateway
        .process
        .line("the secrets of a webhook are sealed with the current key")
        .await;
    gateway.process.kill().await;
    let gateway = world.gateway("keys.db", &only_new).await;
    let ping = world.post(&gateway.address, &path, &json!({})).await;
    assert_eq!(ping.status, 200, "{ping:?}");
    let secret = created.body["secret"].as_str().unwrap();
    let message = receiver.messages.borrow()[0].clone();
    let verifier = Webhook::new(secret).unwrap();
    verifier
        .verify(message.body.as_bytes(), &message.headers)
        .unwrap();
}

#[tokio::test]
async fn a_long_backlog_is_delivered_and_delivered_again_in_order() {
    const EVENTS: usize = 1_000;
    const JOURNAL: &str = "backlog.db";
    let world = World::start().await;
    let mut gateway = world.gateway(JOURNAL, SETTINGS).await;
    gateway.stop().await;
    fill(&world, JOURNAL, EVENTS, 0).await;
    let mut gateway = world.gateway(JOURNAL, SETTINGS).await;
    let receiver = Receiver::start(None).await;
    let body = json!({"url": receiver.url, "after": 0});
    let created = world.post(&gateway.address, "/v1/webhooks", &body).await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.body["webhook"]["id"].as_str().unwrap();
    let path = format!("/v1/webhooks/{id}");
    let first = receiver.until_count(EVENTS).await;
    let all: BTreeSet<i64> = (1..=i64::try_from(EVENTS).unwrap()).collect();
    assert_eq!(in_order(&first), all);

    let again = json!({"from": 1});
    let again = world
        .post(&gateway.address, &format!("{path}/redeliver"), &again)
        .await;
    assert_eq!(again.status, 202, "{again:?}");
    let second = receiver.until_count(2 * EVENTS).await.split_off(EVENTS);
    assert_eq!(in_order(&second), all);

    // All are given up, and the webhook is paused, as after 5 days.
    gateway.stop().await;
    let sql = "UPDATE deliveries SET state = 'dead'; UPDATE webhooks SET state = 'auto_paused'";
    world.sql(JOURNAL, sql).await;
    let gateway = world.gateway(JOURNAL, SETTINGS).await;
    let resumed = world
        .post(&gateway.address, &format!("{path}/resume"), &json!({}))
        .await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
    let third = receiver.until_count(3 * EVENTS).await.split_off(2 * EVENTS);
    assert_eq!(in_order(&third), all);
    let ids = |messages: &[Message]| -> BTreeMap<i64, String> {
        let ids = messages.iter().map(|message| {
            let sequence = message.event["sequence"].as_i64().unwrap();
            (sequence, message.id().to_owned())
        });
        ids.collect()
    };
    assert_eq!(ids(&first), ids(&second));
    assert_eq!(ids(&first), ids(&third));
}

#[tokio::test]
async fn a_paused_webhook_keeps_events_beyond_their_retention() {
    const EVENTS: usize = 300;
    const JOURNAL: &str = "retention.db";
    let mut week = SETTINGS.to_vec();
    week.push(("GATEWAY__FEED__RETENTION", "7d"));
    let world = World::start().await;
    let mut gateway = world.gateway(JOURNAL, SETTINGS).await;
    let receiver = Receiver::start(None).await;
    let body = json!({"url": receiver.url, "after": 0});
    let created = world.post(&gateway.address, "/v1/webhooks", &body).await;
    let id = created.body["webhook"]["id"].as_str().unwrap();
    let path = format!("/v1/webhooks/{id}");
    let paused = world
        .post(&gateway.address, &format!("{path}/pause"), &json!({}))
        .await;
    assert_eq!(paused.body["state"], "paused", "{paused:?}");
    gateway.stop().await;
    fill(&world, JOURNAL, EVENTS, 8).await;

    // The process deletes old events when it starts, and again after some time.
    let mut gateway = world.gateway(JOURNAL, &week).await;
    let resumed = world
        .post(&gateway.address, &format!("{path}/resume"), &json!({}))
        .await;
    assert_eq!(resumed.status, 200, "{resumed:?}");
    let messages = receiver.until_count(EVENTS).await;
    assert_eq!(in_order(&messages).len(), EVENTS);
    gateway.stop().await;

    let gateway = world.gateway(JOURNAL, &week).await;
    let trimmed = async {
        let path = "/v1/events?limit=1";
        while world.get(&gateway.address, path).await.body["items"] != json!([]) {
            sleep(Duration::from_millis(20)).await;
        }
    };
    timeout(MAX_WAIT, trimmed).await.expect("no old events");
    let body = json!({"from": 1});
    let gone = world
        .post(&gateway.address, &format!("{path}/redeliver"), &body)
        .await;
    assert_eq!(
        (gone.status, gone.code()),
        (410, "feed_trimmed"),
        "{gone:?}"
    );
    let body = json!({"url": format!("{}/late", receiver.url), "after": 100});
    let late = world.post(&gateway.address, "/v1/webhooks", &body).await;
    assert_eq!(
        (late.status, late.code()),
        (410, "feed_trimmed"),
        "{late:?}"
    );
}

#[tokio::test]
async fn an_attempt_in_progress_is_recorded_before_the_process_stops() {
    let world = World::start().await;
    let mut gateway = world.gateway("stop.db", SETTINGS).await;
    let receiver = Receiver::start(None).await;
    let body = json!({"url": receiver.url, "types": ["order.booked"]});
    let created = world.post(&gateway.address, "/v1/webhooks", &body).await;
    let id = created.body["webhook"]["id"].as_str().unwrap();
    receiver.shared.gate.send_replace(false);
    world.booked(&gateway, "STOP-1").await;
    receiver.until_count(1).await;
    gateway.process.signal(Signal::TERM);
    gateway.process.line("stopping").await;
    receiver.shared.gate.send_replace(true);
    assert!(gateway.process.end().await.success());

    let gateway = world.gateway("stop.db", SETTINGS).await;
    let path = format!("/v1/webhooks/{id}/deliveries");
    let deliveries = world.get(&gateway.address, &path).await;
    assert_eq!(deliveries.body["items"][0]["state"], "delivered");
    world.booked(&gateway, "STOP-2").await;
    let messages = receiver.until_count(2).await;
    assert_ne!(messages[0].id(), messages[1].id());
}
