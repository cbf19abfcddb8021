//! Webhooks: events that are delivered to endpoints of callers.

mod access;
mod deliveries;
mod failures;
mod leaks;
mod receiver;
mod secrets;
mod settings;
mod targets;

use std::collections::{BTreeMap, BTreeSet};

use jiff::SignedDuration;
use reqwest::Method;
use serde_json::{Value, json};

use self::receiver::{Message, Receiver};
use crate::ticket::ticketed;
use crate::world::{Answer, World, poll};

type Headers = &'static [(&'static str, &'static str)];

/// A webhook as its owner knows it.
struct Hook {
    id: String,
    secret: String,
    /// The headers of its owner.
    headers: Headers,
}

/// Creates a webhook with these settings and the address.
async fn create(world: &World, headers: Headers, url: &str, more: &Value) -> Hook {
    let created = try_create(world, headers, url, more).await;
    assert_eq!(created.status, 201, "{created:?}");
    let webhook = &created.body["webhook"];
    let id = webhook["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/webhooks/{id}");
    assert_eq!(created.header("location"), Some(path.as_str()));
    let version = format!("\"{}\"", webhook["version"]);
    assert_eq!(created.header("etag"), Some(version.as_str()));
    Hook {
        id,
        secret: created.body["secret"].as_str().unwrap().to_owned(),
        headers,
    }
}

async fn try_create(world: &World, headers: Headers, url: &str, more: &Value) -> Answer {
    let mut body = json!({"url": url});
    let more = more.as_object().unwrap().clone();
    body.as_object_mut().unwrap().extend(more);
    world.post_with("/v1/webhooks", headers, &body).await
}

/// A webhook of the only caller that gets all of its events.
async fn hook_of(world: &World, receiver: &Receiver) -> Hook {
    create(world, &[], &receiver.url("/hook"), &json!({})).await
}

/// A ticketed order. Its booking, payment and tickets are in the feed.
async fn order(world: &World, number: &str) -> Value {
    let ticket = ticketed(world, number).await;
    let id = json!(ticket.id);
    world.until_event("order.ticketed", &id).await;
    id
}

/// The feed as this caller sees it, without what is about the webhook.
async fn feed(world: &World, hook: &Hook) -> Vec<Value> {
    let page = world.get_with("/v1/events?limit=200", hook.headers).await;
    assert_eq!(page.status, 200, "{page:?}");
    let mut events = page.body["items"].as_array().unwrap().clone();
    assert!(events.len() < 200, "more events than a page has");
    events.retain(|event| event["subject"] != json!(hook.id));
    events
}

/// Waits until everything in the feed was delivered, and checks all messages.
async fn until_delivered(world: &World, hook: &Hook, receiver: &Receiver) -> Vec<Message> {
    let events = feed(world, hook).await;
    let messages = receiver.until_accepted(&events).await;
    assert_consistent(&messages);
    messages
}

/// Checks that each fact has one id, and that events about a subject arrive in order.
fn assert_consistent(messages: &[Message]) {
    let mut facts: BTreeMap<&str, BTreeSet<i64>> = BTreeMap::new();
    let mut ids: BTreeMap<i64, BTreeSet<&str>> = BTreeMap::new();
    let mut first: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for message in messages {
        let sequence = message.sequence();
        facts.entry(message.id()).or_default().insert(sequence);
        ids.entry(sequence).or_default().insert(message.id());
        if message.is_accepted() {
            let subject = message.event()["subject"].as_str().unwrap();
            let arrived = first.entry(subject).or_default();
            if !arrived.contains(&sequence) {
                arrived.push(sequence);
            }
        }
    }
    assert!(facts.values().all(|facts| facts.len() == 1), "{facts:?}");
    assert!(ids.values().all(|ids| ids.len() == 1), "{ids:?}");
    for (subject, arrived) in first {
        assert!(arrived.is_sorted(), "{subject}: {arrived:?}");
    }
}

// === impl Hook ===

impl Hook {
    fn path(&self, rest: &str) -> String {
        format!("/v1/webhooks/{}{rest}", self.id)
    }

    async fn get(&self, world: &World) -> Value {
        let found = world.get_with(&self.path(""), self.headers).await;
        assert_eq!(found.status, 200, "{found:?}");
        found.body
    }

    /// A POST that must have this status.
    async fn post(&self, world: &World, rest: &str, status: u16, body: &Value) -> Value {
        let answer = world.post_with(&self.path(rest), self.headers, body).await;
        assert_eq!(answer.status, status, "{answer:?}");
        answer.body
    }

    /// Replaces the settings of this version.
    async fn put(&self, world: &World, version: &Value, settings: &Value) -> Answer {
        let version = format!("\"{version}\"");
        let mut headers = self.headers.to_vec();
        headers.push(("If-Match", &version));
        let path = self.path("");
        let put = world.send(Method::PUT, &path, &headers, Some(settings));
        put.await
    }

    /// Sets the present settings again, which makes the gateway look for due deliveries at the present time.
    async fn wake(&self, world: &World) {
        loop {
            let webhook = self.get(world).await;
            let settings = json!({
                "url": webhook["url"], "types": webhook["types"],
                "description": webhook["description"],
            });
            let put = self.put(world, &webhook["version"], &settings).await;
            // The gateway may have paused it meanwhile.
            if put.status != 412 {
                assert_eq!(put.status, 200, "{put:?}");
                return;
            }
        }
    }

    /// Lets time pass, and waits until this leads to an attempt.
    async fn tried_later(&self, world: &World, by: SignedDuration) {
        let attempts = "/attempts?limit=200";
        let before = self.list(world, attempts).await.len();
        self.later(world, by).await;
        self.until_list(world, attempts, |all| all.len() > before)
            .await;
    }

    /// Lets time pass. An attempt in progress would end after that time, so tests wait for its record first.
    async fn later(&self, world: &World, by: SignedDuration) {
        world.clock.jump_wall(by);
        self.wake(world).await;
    }

    /// Waits until the webhook satisfies this condition.
    async fn until(&self, world: &World, what: impl Fn(&Value) -> bool) -> Value {
        poll("a webhook", || self.get(world), what).await
    }

    /// Waits until no event waits for its delivery.
    async fn until_idle(&self, world: &World) {
        self.until(world, |hook| hook["oldest_undelivered_at"].is_null())
            .await;
    }

    /// The items of `deliveries` or `attempts` with this query.
    async fn list(&self, world: &World, rest: &str) -> Vec<Value> {
        let page = world.get_with(&self.path(rest), self.headers).await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body["items"].as_array().unwrap().clone()
    }

    /// Waits until the list satisfies this condition.
    async fn until_list(
        &self,
        world: &World,
        rest: &str,
        what: impl Fn(&[Value]) -> bool,
    ) -> Vec<Value> {
        poll(rest, || self.list(world, rest), |items| what(items)).await
    }
}
