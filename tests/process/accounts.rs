//! Sessions that are authorised at run time outlive the process: it is killed (-9), restarted with other seal keys, and stopped
//! during an exchange.

use std::time::{Duration, Instant};

use reqwest::header::{CONTENT_TYPE, LOCATION};
use reqwest::{Client, Url, redirect};
use rustix::process::Signal;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::ask::Ask;
use crate::world::{Answer, Gateway, MAX_WAIT, World, binary, read};

mod killed;

const SEAL_KEY: &str = "GATEWAY__STORE__SEAL_KEY";
const PREVIOUS_SEAL_KEY: &str = "GATEWAY__STORE__PREVIOUS_SEAL_KEY";
const FIRST: &str = "a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5";
const SECOND: &str = "b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6b6";
const JOURNAL: &str = "accounts.db";
/// The session of [`World`]'s gateways, in the simulator too.
const CONFIGURED: &str = "sandbox-session";
/// The configured session of an account.
const SESSION: &str = "GATEWAY__ACCOUNTS__DEFAULT__SESSION";

/// The simulator, and a browser that does not follow redirects.
struct Desk {
    world: World,
    browser: Client,
    /// Taobao's page, played by the simulator.
    page: String,
}

impl Desk {
    async fn start(env: &[(&str, &str)]) -> Self {
        let world = World::start_with(env).await;
        let browser = Client::builder()
            .timeout(MAX_WAIT)
            .redirect(redirect::Policy::none())
            .no_proxy()
            .build()
            .unwrap();
        let page = format!("{}/authorize", world.top);
        Self {
            world,
            browser,
            page,
        }
    }

    /// The settings of a gateway that can authorise accounts, followed by these.
    fn settings<'a>(&'a self, seal_key: &'a str, more: &[(&'a str, &'a str)]) -> Vec<Setting<'a>> {
        let mut settings = vec![
            ("GATEWAY__NOTIFICATIONS__MODE", "off"),
            ("GATEWAY__TOP__OAUTH__AUTHORIZE_URL", &*self.page),
            (SEAL_KEY, seal_key),
        ];
        settings.extend_from_slice(more);
        settings
    }

    async fn gateway(&self, seal_key: &str, more: &[(&str, &str)]) -> Gateway {
        let settings = self.settings(seal_key, more);
        self.world.gateway(JOURNAL, &settings).await
    }

    /// A gateway without this setting.
    async fn gateway_without(&self, setting: &str) -> Gateway {
        let mut command = binary();
        command.arg("serve");
        let settings = self.settings(FIRST, &[]);
        self.world.on_journal(&mut command, JOURNAL, &settings);
        command.env_remove(setting);
        Gateway::serving(self.world.run(JOURNAL, command)).await
    }

    /// The account, without the topics, which the gateway does not remember across a restart.
    async fn account(&self, gateway: &Gateway, account: &str) -> Value {
        let path = format!("/v1/accounts/{account}");
        let mut answer = self.world.get(&gateway.address, &path).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body["missing_topics"].take();
        answer.body
    }

    /// Gets a link, lets the user of the account authorise the app, and returns where Taobao sends the browser.
    async fn consent(&self, gateway: &Gateway, account: &str) -> Url {
        let path = format!("/v1/accounts/{account}/authorization");
        let link = self.world.post(&gateway.address, &path, &json!({})).await;
        assert_eq!(link.status, 200, "{link:?}");
        let link = Url::parse(link.body["url"].as_str().unwrap()).unwrap();
        assert!(link.as_str().starts_with(&self.page), "{link}");
        let mut form: Vec<_> = link.query_pairs().into_owned().collect();
        form.push(("user".to_owned(), account.to_owned()));
        form.push(("decision".to_owned(), "authorise".to_owned()));
        let decided = self.browser.post(&self.page).form(&form).send();
        let decided = decided.await.unwrap();
        assert_eq!(decided.status(), 302);
        Url::parse(decided.headers()[LOCATION].to_str().unwrap()).unwrap()
    }

    /// A code with which an operator authorises the account.
    async fn code(&self, gateway: &Gateway, account: &str) -> String {
        let callback = self.consent(gateway, account).await;
        let mut pairs = callback.query_pairs();
        let (_, code) = pairs.find(|(name, _)| name == "code").unwrap();
        code.into_owned()
    }

    /// Enters a code; the gateway may die during the request.
    async fn enter(
        &self,
        gateway: &Gateway,
        account: &str,
        code: &str,
    ) -> Result<Answer, reqwest::Error> {
        let path = format!("{}/v1/accounts/{account}/session", gateway.address);
        let request = self.browser.post(path);
        let request = request.header(CONTENT_TYPE, "application/json");
        read(request.body(json!({"code": code}).to_string())).await
    }

    /// Authorises the account of the gateway with a code, and returns the account.
    async fn authorise(&self, gateway: &Gateway) -> Value {
        let code = self.code(gateway, "default").await;
        let mut entered = self.enter(gateway, "default", &code).await.unwrap();
        assert_eq!(entered.status, 200, "{entered:?}");
        assert_eq!(entered.body["session"]["origin"], "authorization");
        entered.body["missing_topics"].take();
        entered.body
    }

    /// Revokes sessions: `{"account": …}` or `{"session": …}`.
    async fn revoke(&self, which: Value) {
        let path = "/_simulator/sessions/revoke";
        let revoked = self.world.post(&self.world.top, path, &which).await;
        assert_eq!(revoked.status, 200, "{revoked:?}");
    }

    /// Reads an order of this account through the gateway: only a valid session of the right user finds it.
    async fn order(&self, gateway: &Gateway, account: &str, order: &Value) -> Answer {
        let id = order["order_id"].as_str().unwrap();
        let path = format!("{}/v1/orders/{id}", gateway.address);
        let request = self.browser.get(path).header("Gateway-Account", account);
        read(request).await.unwrap()
    }

    /// How many calls the simulator has received, in total and of the method that exchanges codes.
    async fn received(&self) -> (u64, u64) {
        let calls = self.world.get(&self.world.top, "/_simulator/calls").await;
        let counts = calls.body["counts"].as_object().unwrap();
        let of = |counts: &Value| counts["received"].as_u64().unwrap();
        let exchanges = counts.get("token_create").map_or(0, of);
        (counts.values().map(of).sum(), exchanges)
    }

    /// Waits until the simulator has received this many exchanges.
    async fn until_exchanges(&self, count: u64) {
        let received = async {
            while self.received().await.1 < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(MAX_WAIT, received).await.expect("an exchange");
    }

    /// The events about sessions that expire, once the booking of this number is published.
    async fn expiring(&self, gateway: &Gateway, booked: &str) -> Vec<Value> {
        let path = "/v1/events?types=session.expiring,order.booked";
        let published = async {
            loop {
                let events = self.world.get(&gateway.address, path).await;
                let mut items = events.body["items"].as_array().unwrap().clone();
                if items.iter().any(|item| item["out_order_no"] == booked) {
                    items.retain(|item| item["type"] == "session.expiring");
                    return items;
                }
                sleep(Duration::from_millis(10)).await;
            }
        };
        let published = timeout(MAX_WAIT, published).await;
        published.expect("an event")
    }

    /// The state of the account in `/readyz`.
    async fn readiness(&self, gateway: &Gateway) -> Value {
        let ready = self.world.get(&gateway.address, "/readyz").await;
        assert_eq!(ready.status, 200, "{ready:?}");
        assert_eq!(ready.body["accounts"][0]["account"], "default");
        ready.body["accounts"][0]["session"].clone()
    }
}

type Setting<'a> = (&'a str, &'a str);

/// A call of the account is refused, and nothing is sent.
async fn is_missing(desk: &Desk, gateway: &Gateway, order: &Value) {
    assert_eq!(desk.readiness(gateway).await, "missing");
    let account = desk.account(gateway, "default").await;
    assert_eq!(account["session"]["state"], "missing", "{account}");
    assert_eq!(account["session"]["origin"], Value::Null, "{account}");
    let before = desk.received().await;
    let read = desk.order(gateway, "default", order).await;
    assert_eq!((read.status, read.code()), (502, "session_missing"));
    let close = Ask::close(order);
    let write = desk.world.ask(&gateway.address, &close, Some(5)).await;
    let write = write.unwrap();
    assert_eq!((write.status, write.code()), (502, "session_missing"));
    assert_eq!(write.body["side_effects"], "none", "{write:?}");
    assert_eq!(desk.received().await, before);
}

#[tokio::test]
async fn an_authorised_session_survives_a_kill_and_the_end_of_the_configured_one() {
    let desk = Desk::start(&[]).await;
    let mut gateway = desk.gateway(FIRST, &[]).await;
    let order = desk.world.booked(&gateway, "KEPT-1").await;
    let before = desk.account(&gateway, "default").await;
    assert_eq!(before["session"]["origin"], "configuration", "{before}");
    let authorised = desk.authorise(&gateway).await;
    desk.revoke(json!({"session": CONFIGURED})).await;
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    gateway.process.kill().await;

    for round in 0..2 {
        // The revoked session is still configured.
        let mut gateway = desk.gateway(FIRST, &[]).await;
        assert_eq!(desk.account(&gateway, "default").await, authorised);
        assert_eq!(desk.readiness(&gateway).await, "valid");
        assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
        desk.world.booked(&gateway, &format!("LATER-{round}")).await;
        gateway.stop().await;
    }
    // The configured session is removed.
    let gateway = desk.gateway_without(SESSION).await;
    assert_eq!(desk.account(&gateway, "default").await, authorised);
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
}

#[tokio::test]
async fn the_seal_key_of_a_session_can_be_replaced_and_the_previous_one_removed_later() {
    let desk = Desk::start(&[]).await;
    // The session expires soon, which is reported once.
    let oauth = json!({"expires_in": 86_400});
    let request = desk
        .browser
        .put(format!("{}/_simulator/oauth", desk.world.top));
    let request = request.header(CONTENT_TYPE, "application/json");
    let set = read(request.body(oauth.to_string())).await.unwrap();
    assert_eq!(set.status, 200, "{set:?}");
    let mut gateway = desk.gateway(FIRST, &[]).await;
    let order = desk.world.booked(&gateway, "SEALED-0").await;
    let authorised = desk.authorise(&gateway).await;
    assert_eq!(authorised["session"]["state"], "expiring");
    desk.revoke(json!({"session": CONFIGURED})).await;
    gateway.process.line("expires within 3 days").await;
    desk.world.booked(&gateway, "SEALED-1").await;
    let expiring = desk.expiring(&gateway, "SEALED-1").await;
    assert_eq!(expiring.len(), 1, "{expiring:?}");
    gateway.process.kill().await;

    let mut gateway = desk.gateway(SECOND, &[(PREVIOUS_SEAL_KEY, FIRST)]).await;
    let sealed = "the session of an account is sealed with the current key";
    gateway.process.line(sealed).await;
    assert_eq!(desk.account(&gateway, "default").await, authorised);
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    gateway.process.line("expires within 3 days").await;
    gateway.process.kill().await;

    let mut gateway = desk.gateway(SECOND, &[]).await;
    assert_eq!(desk.account(&gateway, "default").await, authorised);
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    gateway.process.line("expires within 3 days").await;
    // The journal commits in order, so a second event about the session would come before that about this order.
    desk.world.booked(&gateway, "SEALED-2").await;
    let expiring = desk.expiring(&gateway, "SEALED-2").await;
    gateway.stop().await;
    let output = gateway.process.whole_output().await;
    assert!(!output.contains(sealed), "sealed twice");
    assert_eq!(expiring.len(), 1, "{expiring:?}");
}

/// The configured session is older than the one that cannot be opened, and the reason to replace it is unknown: it may be the
/// session of the wrong user, under which all orders would look absent. So it is not used.
#[tokio::test]
async fn a_session_that_cannot_be_opened_leaves_the_account_without_one() {
    let desk = Desk::start(&[]).await;
    let mut gateway = desk.gateway(FIRST, &[]).await;
    let order = desk.world.booked(&gateway, "LOCKED-1").await;
    let authorised = desk.authorise(&gateway).await;
    gateway.process.kill().await;

    let mut gateway = desk.gateway(SECOND, &[]).await;
    let line = "the session of an account cannot be used";
    let line = gateway.process.line(line).await;
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!(line["level"], "ERROR", "{line}");
    assert_eq!(line["account"], "default", "{line}");
    assert!(
        line["problem"]
            .as_str()
            .unwrap()
            .contains("previous_seal_key")
    );
    is_missing(&desk, &gateway, &order).await;
    gateway.process.kill().await;

    // Without any key.
    let mut gateway = desk.gateway_without(SEAL_KEY).await;
    gateway.process.line("`store.seal_key` is not set").await;
    is_missing(&desk, &gateway, &order).await;
    gateway.process.kill().await;

    // The session is still in the store for its key.
    let mut gateway = desk.gateway(FIRST, &[]).await;
    assert_eq!(desk.account(&gateway, "default").await, authorised);
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    gateway.process.kill().await;

    // If the key is lost, the account is authorised again.
    let mut gateway = desk.gateway(SECOND, &[]).await;
    is_missing(&desk, &gateway, &order).await;
    let again = desk.authorise(&gateway).await;
    assert_eq!(again["user_id"], authorised["user_id"]);
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    gateway.process.kill().await;
    // So it is by another session in the configuration.
    let gateway = desk.gateway(SECOND, &[]).await;
    assert_eq!(desk.account(&gateway, "default").await, again);
    drop(gateway);
    let session = json!({"account": "default", "session": "newly-configured"});
    let path = "/_simulator/sessions";
    let added = desk.world.post(&desk.world.top, path, &session).await;
    assert_eq!(added.status, 201, "{added:?}");
    let gateway = desk.gateway(FIRST, &[(SESSION, "newly-configured")]).await;
    let account = desk.account(&gateway, "default").await;
    assert_eq!(account["session"]["origin"], "configuration", "{account}");
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
}

#[tokio::test]
async fn an_account_without_a_session_starts_and_works_once_it_is_authorised() {
    let desk = Desk::start(&[]).await;
    let mut gateway = desk.gateway(FIRST, &[]).await;
    let order = desk.world.booked(&gateway, "ORDER-1").await;
    gateway.stop().await;
    std::fs::remove_file(desk.world.path(JOURNAL)).unwrap();

    let mut gateway = desk.gateway_without(SESSION).await;
    gateway.process.line("an account is not authorised").await;
    is_missing(&desk, &gateway, &order).await;
    // A session that TOP does not know is not stored.
    let path = "/v1/accounts/default/session";
    let wrong = json!({"session": "unknown"});
    let wrong = desk.world.post(&gateway.address, path, &wrong).await;
    assert_eq!(wrong.code(), "authorization_failed", "{wrong:?}");
    is_missing(&desk, &gateway, &order).await;

    let authorised = desk.authorise(&gateway).await;
    assert_eq!(desk.readiness(&gateway).await, "valid");
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    // The refused write has left its key free.
    let close = Ask::close(&order);
    let closed = desk.world.ask(&gateway.address, &close, Some(20)).await;
    assert_eq!(closed.unwrap().status, 200);
    gateway.stop().await;
    let gateway = desk.gateway_without(SESSION).await;
    assert_eq!(desk.account(&gateway, "default").await, authorised);
}

/// Stops a gateway during an exchange under this fault. Returns the answer to the request, how long the stop took, and what the
/// gateway logged.
async fn stopped_during_an_exchange(
    desk: &Desk,
    env: &[Setting<'_>],
    rule: Value,
) -> (Result<Answer, reqwest::Error>, Duration, String) {
    let mut gateway = desk.gateway(FIRST, env).await;
    let code = desk.code(&gateway, "default").await;
    let (_, exchanges) = desk.received().await;
    desk.world.fault(rule).await;
    let stop = async {
        desk.until_exchanges(exchanges + 1).await;
        gateway.process.signal(Signal::TERM);
        Instant::now()
    };
    let (answer, asked) = tokio::join!(desk.enter(&gateway, "default", &code), stop);
    assert!(gateway.process.end().await.success());
    let took = asked.elapsed();
    (answer, took, gateway.process.whole_output().await)
}

#[tokio::test]
async fn a_stop_during_an_exchange_waits_for_it_within_the_grace() {
    let desk = Desk::start(&[]).await;
    let gateway = desk.gateway(FIRST, &[]).await;
    let order = desk.world.booked(&gateway, "STOP-1").await;
    drop(gateway);
    let deadline = Duration::from_secs(3);
    let env = [
        ("GATEWAY__TOP__DEADLINE", "3s"),
        ("GATEWAY__SERVER__SHUTDOWN_GRACE", "5s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
    ];

    // TOP responds within the grace: the gateway stores the session and returns 200.
    let slow = json!({"method": "token_create", "fault": "slow", "delay_ms": 500});
    let (answer, took, output) = stopped_during_an_exchange(&desk, &env, slow).await;
    let mut answer = answer.unwrap();
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body["missing_topics"].take();
    assert!(took < deadline, "{took:?}");
    assert!(output.contains(r#""message":"stopped""#));
    let gateway = desk.gateway(FIRST, &env).await;
    assert_eq!(desk.account(&gateway, "default").await, answer.body);
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    drop(gateway);

    // TOP does not respond: the gateway returns 504, and the previous session stays in force.
    for fault in ["hang_then_succeed", "hang_then_nothing"] {
        let hang = json!({"method": "token_create", "fault": fault});
        let (failed, took, output) = stopped_during_an_exchange(&desk, &env, hang).await;
        let failed = failed.unwrap();
        assert_eq!(
            (failed.status, failed.code()),
            (504, "upstream_timeout"),
            "{failed:?}"
        );
        assert!(took < Duration::from_secs(5), "{took:?}");
        assert!(output.contains(r#""message":"stopped""#));
        let gateway = desk.gateway(FIRST, &env).await;
        assert_eq!(desk.account(&gateway, "default").await, answer.body);
        assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
    }
    let gateway = desk.gateway(FIRST, &env).await;
    desk.authorise(&gateway).await;
    assert_eq!(desk.order(&gateway, "default", &order).await.status, 200);
}

/// The values of the inputs of a form.
fn inputs(page: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\"")).unwrap();
        let (value, _) = rest.split_once('"').unwrap();
        value.replace("&amp;", "&")
    };
    let tags = page.split("<input ").skip(1);
    let inputs = tags.map(|tag| (attribute(tag, "name"), attribute(tag, "value")));
    inputs.collect()
}

#[tokio::test]
async fn the_sandbox_authorises_its_account_out_of_the_box() {
    let desk = Desk::start(&[]).await;
    let mut command = binary();
    command
        .args(["sandbox", "--simulator-listen", "127.0.0.1:0"])
        .env("GATEWAY__SERVER__LISTEN", "127.0.0.1:0");
    let mut sandbox = desk.world.run("sandbox", command);
    let swagger = sandbox.line("Swagger UI ").await;
    let simulator = sandbox.line("Simulator ").await;
    sandbox.line("Stop with Ctrl-C").await;
    let base = swagger.split_whitespace().last().unwrap();
    let base = base.strip_suffix("/swagger-ui/").unwrap();
    let simulator = simulator.split_whitespace().nth(1).unwrap();
    let simulator = simulator.strip_suffix("/_simulator/").unwrap();

    let path = "/v1/accounts/default/authorization";
    let link = desk.world.post(base, path, &json!({})).await;
    assert_eq!(link.status, 200, "{link:?}");
    let url = link.body["url"].as_str().unwrap();
    assert!(url.starts_with(&format!("{simulator}/authorize?")), "{url}");
    let callback = format!("{base}/oauth/callback");
    assert_eq!(link.body["callback_url"], callback);
    let page = read(desk.browser.get(url)).await.unwrap();
    assert_eq!(page.status, 200, "{page:?}");
    let page = page.body.as_str().unwrap();
    assert!(page.contains(r#"<form id="authorisation" method="post" action="/authorize">"#));
    assert!(page.contains(r#"<option value="default">"#), "{page}");
    let mut form = inputs(page);
    form.push(("user".to_owned(), "default".to_owned()));
    form.push(("decision".to_owned(), "authorise".to_owned()));
    let decide = desk.browser.post(format!("{simulator}/authorize"));
    let decided = decide.form(&form).send().await.unwrap();
    assert_eq!(decided.status(), 302);
    let target = decided.headers()[LOCATION].to_str().unwrap();
    assert!(target.starts_with(&format!("{callback}?")), "{target}");
    let done = read(desk.browser.get(target)).await.unwrap();
    assert_eq!(done.status, 200, "{done:?}");
    let done = done.body.as_str().unwrap();
    assert!(done.contains("Authorised 授权成功"), "{done}");
    assert!(done.contains(r#"<b id="account">default</b>"#), "{done}");

    let account = desk.world.get(base, "/v1/accounts/default").await.body;
    assert_eq!(account["session"]["origin"], "authorization", "{account}");
    assert_eq!(account["session"]["state"], "valid", "{account}");
    assert!(done.contains(account["session"]["expires_at"].as_str().unwrap()));
    let revoke = json!({"session": CONFIGURED});
    let path = "/_simulator/sessions/revoke";
    let revoked = desk.world.post(simulator, path, &revoke).await;
    assert_eq!(revoked.status, 200, "{revoked:?}");
    let search = json!({"journeys": [{"from": "BJS", "to": "XMN", "date": "2030-05-20"}]});
    let found = desk.world.post(base, "/v1/flights/search", &search).await;
    assert_eq!(found.status, 200, "{found:?}");
    // Reloading the page shows the same.
    let again = read(desk.browser.get(target)).await.unwrap();
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.body.as_str().unwrap(), done);
    sandbox.signal(Signal::INT);
    assert_eq!(sandbox.end().await.code(), Some(0));
}
