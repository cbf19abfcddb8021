//! The sessions of purchasing accounts: how they are authorised, and how they are replaced while the gateway runs.

mod access;
mod entered;
mod expiry;
mod file;
mod leaks;
mod link;
mod load;
mod refreshing;
mod refused;
mod replaced;
mod topics;
mod users;

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, Url, redirect};
use serde_json::{Value, json};

use crate::world::{Answer, World, poll, search};

/// With a callback address. The tests open the gateway's own page with its parameters, as a browser would.
const LINKED: &[(&str, &str)] = &[(
    "GATEWAY__TOP__OAUTH__CALLBACK_URL",
    "http://127.0.0.1:9/oauth/callback",
)];

/// The session of the account `default` in the configuration, and that of `second` where there is one.
const CONFIGURED: &str = "sandbox-session";
const SECOND: &str = "second-session";

/// The ids of the simulator's users.
const DEFAULT_USER: &str = "2200000000001";
const SECOND_USER: &str = "2200000000002";
const ANOTHER_USER: &str = "2209999999999";

/// A second account of the gateway and of the simulator.
const TWO: &[(&str, &str)] = &[
    LINKED[0],
    ("GATEWAY__ACCOUNTS__SECOND__SESSION", SECOND),
    ("GATEWAY__ACCOUNTS__SECOND__CHANNEL", "SANDBOX"),
];

/// A world with these accounts in addition to `default`, each with a session at the simulator.
async fn world_of(more: &[(&str, &str)], accounts: &[(&str, &str)]) -> World {
    World::start_with(more, |simulator| {
        for (account, session) in accounts {
            let session = (*session).to_owned();
            simulator.sessions.insert(session, (*account).to_owned());
        }
    })
    .await
}

/// A world with the accounts `default` and `second`.
async fn two(more: &[(&str, &str)]) -> World {
    let more: Vec<_> = TWO.iter().chain(more).copied().collect();
    world_of(&more, &[("second", SECOND)]).await
}

fn path(account: &str, rest: &str) -> String {
    format!("/v1/accounts/{account}{rest}")
}

async fn read(world: &World, account: &str) -> Value {
    let found = world.get(&path(account, "")).await;
    assert_eq!(found.status, 200, "{found:?}");
    found.body
}

/// Waits until the account satisfies this condition.
async fn until(world: &World, account: &str, what: impl Fn(&Value) -> bool) -> Value {
    let is_it = |found: &Value| what(&found["session"]);
    poll(account, || read(world, account), is_it).await
}

async fn until_state(world: &World, account: &str, state: &str) -> Value {
    until(world, account, |session| session["state"] == state).await
}

fn days(days: i64) -> SignedDuration {
    SignedDuration::from_hours(24 * days)
}

fn time(value: &Value) -> Timestamp {
    value.as_str().unwrap().parse().unwrap()
}

// --- authorisation

/// A link to Taobao's page for this account.
async fn link(world: &World, account: &str) -> Url {
    let begun = world
        .post_with(&path(account, "/authorization"), &[], &json!({}))
        .await;
    assert_eq!(begun.status, 200, "{begun:?}");
    begun.body["url"].as_str().unwrap().parse().unwrap()
}

/// Opens a link as a browser does, and submits the form with this user and this button. Returns where Taobao's page sends the
/// browser.
async fn decide(link: &Url, user: &str, decision: &str) -> Url {
    let browser = reqwest::Client::builder()
        .redirect(redirect::Policy::none())
        .build()
        .unwrap();
    let page = browser.get(link.clone()).send().await.unwrap();
    assert_eq!(page.status(), 200);
    let page = page.text().await.unwrap();
    let mut form: Vec<(String, String)> = Vec::new();
    for (name, value) in link.query_pairs() {
        if page.contains(&format!("name=\"{name}\"")) {
            form.push((name.into_owned(), value.into_owned()));
        }
    }
    form.push(("user".to_owned(), user.to_owned()));
    form.push(("decision".to_owned(), decision.to_owned()));
    let mut action = link.clone();
    action.set_query(None);
    let sent = browser.post(action).form(&form).send().await.unwrap();
    assert_eq!(sent.status(), 302);
    let location = sent.headers()["location"].to_str().unwrap();
    location.parse().unwrap()
}

/// A parameter of an address.
fn parameter(url: &Url, name: &str) -> Option<String> {
    let mut pairs = url.query_pairs();
    pairs
        .find(|(found, _)| found == name)
        .map(|(_, value)| value.into_owned())
}

/// The gateway's page with these parameters.
async fn callback(world: &World, query: &str) -> Answer {
    world.get(&format!("/oauth/callback?{query}")).await
}

/// Sends the browser back to the gateway.
async fn come_back(world: &World, location: &Url) -> Answer {
    callback(world, location.query().unwrap()).await
}

/// An authorisation of the account by this user with a new link; returns the page.
async fn authorise(world: &World, account: &str, user: &str) -> Answer {
    let link = link(world, account).await;
    come_back(world, &decide(&link, user, "authorise").await).await
}

/// A code of this user, as an operator copies it from the address bar.
async fn code(world: &World, user: &str) -> String {
    let link = format!(
        "{}/authorize?response_type=code&client_id=12345678&redirect_uri=http%3A%2F%2F127.0.0.1%2F&view=web",
        world.top
    );
    let location = decide(&link.parse().unwrap(), user, "authorise").await;
    parameter(&location, "code").unwrap()
}

/// Enters a code or a session.
async fn enter(world: &World, account: &str, body: &Value) -> Answer {
    world.post_with(&path(account, "/session"), &[], body).await
}

/// Enters what must be accepted.
async fn entered(world: &World, account: &str, body: &Value) -> Value {
    let answer = enter(world, account, body).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

async fn refresh(world: &World, account: &str) -> Answer {
    let path = path(account, "/session/refresh");
    world.post_with(&path, &[], &json!({})).await
}

/// The page says this, with this status and code.
fn assert_not_authorised(page: &Answer, status: u16, code: &str) {
    assert_eq!(page.status, status, "{page:?}");
    let text = page.body.as_str().unwrap();
    assert!(text.contains("Not authorised"), "{text}");
    assert!(
        text.contains(&format!("<b id=\"code\">{code}</b>")),
        "{text}"
    );
}

// --- the simulator

/// Adds a session of this account at the simulator.
async fn add(world: &World, account: &str, session: &str) {
    let body = json!({"account": account, "session": session});
    let added = world.post_with("/_simulator/sessions", &[], &body).await;
    assert_eq!(added.status, 201, "{added:?}");
}

/// Revokes or expires (`how`) all sessions of an account, or one (`which`).
async fn end(world: &World, how: &str, which: Value) {
    let path = format!("/_simulator/sessions/{how}");
    let ended = world.post_with(&path, &[], &which).await;
    assert_eq!(ended.status, 200, "{ended:?}");
}

async fn revoke(world: &World, session: &str) {
    end(world, "revoke", json!({"session": session})).await;
}

/// The sessions of all accounts at the simulator, oldest first.
async fn issued(world: &World) -> Vec<String> {
    let sessions = world.get("/_simulator/sessions").await;
    let sessions = sessions.body["items"].as_array().unwrap().clone();
    let value = |row: Value| row["session"].as_str().unwrap().to_owned();
    sessions.into_iter().map(value).collect()
}

/// Sets the lives of what OAuth issues, in days.
async fn set_lives(world: &World, session: u32, refresh_token: u32) {
    const DAY: u32 = 24 * 60 * 60;
    let lives = json!({"expires_in": session * DAY, "refresh_expires_in": refresh_token * DAY});
    let set = world
        .send(Method::PUT, "/_simulator/oauth", &[], Some(&lives))
        .await;
    assert_eq!(set.status, 200, "{set:?}");
}

/// The number of calls that TOP received, except of these methods.
async fn calls_except(world: &World, methods: &[&str]) -> u64 {
    let calls = world.get("/_simulator/calls").await.body;
    let counts = calls["counts"].as_object().unwrap();
    counts
        .iter()
        .filter(|(method, _)| !methods.contains(&method.as_str()))
        .map(|(_, count)| count["received"].as_u64().unwrap())
        .sum()
}

async fn calls(world: &World) -> u64 {
    calls_except(world, &[]).await
}

// --- the gateway

async fn search_under(world: &World, account: &str) -> Answer {
    let headers = [("Gateway-Account", account)];
    let body = search("BJS", "XMN");
    world.post_with("/v1/flights/search", &headers, &body).await
}

/// The account can be used.
async fn assert_works(world: &World, account: &str) {
    let found = search_under(world, account).await;
    assert_eq!(found.status, 200, "{found:?}");
}

/// Makes the gateway check all sessions now instead of after some seconds: a mistaken refusal under this account, whose session
/// must be valid, makes it try that session.
async fn check_now(world: &World, account: &str) {
    let mistake = json!({"method": "search", "fault": "invalid_session"});
    world.fault(mistake).await;
    let refused = search_under(world, account).await;
    assert_eq!(refused.body["code"], "session_invalid", "{refused:?}");
}

/// The events of this type about this account, for operators.
async fn events_of(world: &World, kind: &str, account: &str) -> Vec<Value> {
    let events = world.events().await;
    let is_it = |event: &&Value| event["type"] == kind && event["subject"] == account;
    events.iter().filter(is_it).cloned().collect()
}

/// Waits for this number of events of this type about this account.
async fn until_events(world: &World, kind: &str, account: &str, count: usize) -> Vec<Value> {
    let read = || events_of(world, kind, account);
    let events = poll(kind, read, |events| events.len() >= count).await;
    assert_eq!(events.len(), count, "{events:#?}");
    events
}

/// Waits until a metric of this account has this value. Other worlds in this process have other names of accounts.
async fn until_metric(world: &World, name: &str, account: &str, value: &str) {
    let line = format!("{name}{{account=\"{account}\"}} {value}");
    let read = async || {
        let metrics = world.get("/metrics").await.body;
        let lines = metrics.as_str().unwrap().lines();
        let of_name = lines.filter(|line| line.starts_with(name));
        of_name.map(ToOwned::to_owned).collect::<Vec<_>>()
    };
    poll(&line, read, |lines| lines.contains(&line)).await;
}

/// The file of a session.
struct SessionFile {
    dir: tempfile::TempDir,
}

// === impl SessionFile ===

impl SessionFile {
    fn new(session: &str) -> Self {
        let file = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        file.write(session);
        file
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("session")
    }

    fn text(&self) -> String {
        self.path().to_str().unwrap().to_owned()
    }

    /// Replaces the file as a secret manager does.
    fn write(&self, content: impl AsRef<[u8]>) {
        let new: &Path = &self.dir.path().join("new");
        std::fs::write(new, content).unwrap();
        std::fs::rename(new, self.path()).unwrap();
    }

    fn remove(&self) {
        std::fs::remove_file(self.path()).unwrap();
    }
}

/// An account with a session file that comes after all others in each check of the sessions. What it shows proves that a check
/// has taken place.
struct Marker {
    file: SessionFile,
}

const MARKER: &str = "zz-marker";
const MARKER_SESSION: &str = "marker-session";

// === impl Marker ===

impl Marker {
    fn new() -> Self {
        Self {
            file: SessionFile::new(MARKER_SESSION),
        }
    }

    /// A world with the marker, and with these accounts.
    async fn world(&self, more: &[(&str, &str)], accounts: &[(&str, &str)]) -> World {
        let file = self.file.text();
        let mut all = more.to_vec();
        all.extend(self.settings(&file));
        let mut known = accounts.to_vec();
        known.push((MARKER, MARKER_SESSION));
        world_of(&all, &known).await
    }

    fn settings<'a>(&self, file: &'a str) -> [(&'static str, &'a str); 3] {
        [
            LINKED[0],
            ("GATEWAY__ACCOUNTS__ZZ-MARKER__SESSION_FILE", file),
            ("GATEWAY__ACCOUNTS__ZZ-MARKER__CHANNEL", "SANDBOX"),
        ]
    }

    /// Waits until a check of the sessions that begins after now has ended for all other accounts.
    async fn check(&self, world: &World) {
        // A check in progress may show the first change.
        for content in ["", MARKER_SESSION] {
            self.file.write(content);
            check_now(world, MARKER).await;
            Self::until(world, content).await;
        }
    }

    /// Like [`Marker::check`], without calls to TOP.
    async fn wait_for_check(&self, world: &World) {
        for content in ["", MARKER_SESSION] {
            self.file.write(content);
            Self::until(world, content).await;
        }
    }

    async fn until(world: &World, content: &str) {
        until(world, MARKER, |session| {
            session["problem"].is_null() == (content == MARKER_SESSION)
        })
        .await;
    }
}
