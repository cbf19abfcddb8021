//! A gateway and a simulator of TOP in this process, each on its own socket.

use std::fmt::{Debug, Display};
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use fliggy_gateway::api;
use fliggy_gateway::clock::{Clock, ManualClock};
use fliggy_gateway::config::{Config, Profile};
use fliggy_gateway::gateway::{self, Gateway};
use fliggy_gateway::simulator::{self, Simulator, SimulatorConfig};
use fliggy_gateway::store::Store;
use fliggy_gateway::store::sqlite::SqliteJournal;
use metrics_exporter_prometheus::PrometheusHandle;
use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::OnceCell;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::documented;
use crate::ticket::PATIENT;

/// The gateway, the simulator and their clock. Dropping the world stops both.
pub(crate) struct World {
    /// Base address of the gateway.
    pub(crate) gateway: String,
    /// Base address of the simulator.
    pub(crate) top: String,
    /// The clock of the gateway.
    pub(crate) clock: Arc<ManualClock>,
    http: reqwest::Client,
    stop: CancellationToken,
    /// Stops the gateway only.
    stop_gateway: CancellationToken,
    served: JoinHandle<()>,
    dir: tempfile::TempDir,
}

impl Drop for World {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// The limit for every wait, even on a busy machine.
pub(crate) const LIMIT: Duration = Duration::from_secs(60);

/// Reads again and again until the result satisfies this condition, and returns it.
pub(crate) async fn poll<T: Debug>(
    what: impl Display,
    read: impl AsyncFn() -> T,
    is_it: impl Fn(&T) -> bool,
) -> T {
    let limit = tokio::time::Instant::now() + LIMIT;
    loop {
        let found = read().await;
        if is_it(&found) {
            return found;
        }
        assert!(tokio::time::Instant::now() < limit, "{what}: {found:#?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// The metrics of this process, which all worlds share.
pub(crate) fn metrics() -> PrometheusHandle {
    static METRICS: OnceLock<PrometheusHandle> = OnceLock::new();
    METRICS
        .get_or_init(|| fliggy_gateway::telemetry::metrics::install().unwrap())
        .clone()
}

/// An HTTP response, read to its end.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: reqwest::header::HeaderMap,
    pub(crate) body: Value,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    /// The resource that the write created: the order, refund or change of a succeeded operation.
    pub(crate) fn created(&self) -> &Value {
        created(&self.body)
    }

    /// The operation id of the response.
    pub(crate) fn operation(&self) -> &str {
        self.header("operation-id")
            .unwrap_or_else(|| panic!("no Operation-Id: {self:?}"))
    }
}

/// Configuration with short times; later pairs take precedence. The deadline leaves a busy test
/// machine time to respond, because only tests of timeouts expect no response.
pub(crate) const FAST: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "1s"),
    ("GATEWAY__TOP__CONNECT_TIMEOUT", "900ms"),
    ("GATEWAY__TOP__QUOTA__REQUESTS_PER_SECOND", "5000"),
    ("GATEWAY__TOP__QUOTA__BURST", "5000"),
    ("GATEWAY__TOP__QUOTA__LOOKS_PER_SECOND", "2000"),
    ("GATEWAY__TOP__RETRY__BASE", "10ms"),
    ("GATEWAY__TOP__RETRY__MAX", "20ms"),
    ("GATEWAY__RECONCILE__FIRST_LOOK", "50ms"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "1s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "1200ms"),
    ("GATEWAY__RECONCILE__MAX_INTERVAL", "100ms"),
    ("GATEWAY__RECONCILE__INLINE_WAIT", "3s"),
    ("GATEWAY__RECONCILE__ATTENTION_AFTER", "30s"),
    ("GATEWAY__NOTIFICATIONS__MODE", "off"),
    // Tests count the reads.
    ("GATEWAY__WATCHER__REQUESTS_PER_SECOND", "0"),
];

/// Access with keys: of two callers, and of an operator.
pub(crate) const KEYS: &[(&str, &str)] = &[
    ("GATEWAY__AUTH__MODE", "keys"),
    ("GATEWAY__AUTH__KEYS__TRIPS__KEY", "trips-0123456789abcdef"),
    ("GATEWAY__AUTH__KEYS__COSTS__KEY", "costs-0123456789abcdef"),
    ("GATEWAY__AUTH__KEYS__CHIEF__KEY", "chief-0123456789abcdef"),
    ("GATEWAY__AUTH__KEYS__CHIEF__ROLE", "operator"),
];
pub(crate) const TRIPS: (&str, &str) = ("X-Api-Key", "trips-0123456789abcdef");
pub(crate) const COSTS: (&str, &str) = ("X-Api-Key", "costs-0123456789abcdef");
pub(crate) const CHIEF: (&str, &str) = ("X-Api-Key", "chief-0123456789abcdef");

impl World {
    pub(crate) async fn start() -> Self {
        Self::start_with(&[], |_| {}).await
    }

    /// Starts both, with more configuration for the gateway and a modified simulator.
    pub(crate) async fn start_with(
        more: &[(&str, &str)],
        change: impl FnOnce(&mut SimulatorConfig),
    ) -> Self {
        // One clock for both; a test that needs separate clocks gives the simulator another clock.
        let clock = Arc::new(ManualClock::new());
        let mut simulator = SimulatorConfig::sandbox(clock.clone());
        simulator.timing.ticket_after = Duration::from_secs(3600);
        simulator.timing.hang_limit = Duration::from_secs(5);
        change(&mut simulator);
        let stop = CancellationToken::new();
        let top = Self::start_simulator(simulator, &stop).await;
        Self::on_clock(clock, top, more, stop).await
    }

    /// Starts a gateway whose upstream is another server.
    pub(crate) async fn on(top: String, more: &[(&str, &str)], stop: CancellationToken) -> Self {
        Self::on_clock(Arc::new(ManualClock::new()), top, more, stop).await
    }

    /// Like [`World::on`], with a frozen clock.
    pub(crate) async fn frozen_on(
        top: String,
        more: &[(&str, &str)],
        stop: CancellationToken,
    ) -> Self {
        Self::on_clock(Arc::new(ManualClock::frozen()), top, more, stop).await
    }

    /// Starts both with a frozen clock, and the gateway on a wrapped journal.
    pub(crate) async fn frozen(
        more: &[(&str, &str)],
        journal: impl FnOnce(SqliteJournal) -> Arc<dyn Store>,
    ) -> Self {
        let clock = Arc::new(ManualClock::frozen());
        let stop = CancellationToken::new();
        let top = Self::start_simulator(SimulatorConfig::sandbox(clock.clone()), &stop).await;
        Self::on_journal(clock, top, more, stop, journal).await
    }

    async fn start_simulator(config: SimulatorConfig, stop: &CancellationToken) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let top = format!("http://{}", listener.local_addr().unwrap());
        let simulator = Simulator::new(config);
        tokio::spawn(simulator::serve(listener, simulator, stop.clone()));
        top
    }

    async fn on_clock(
        clock: Arc<ManualClock>,
        top: String,
        more: &[(&str, &str)],
        stop: CancellationToken,
    ) -> Self {
        let as_it_is = |journal| -> Arc<dyn Store> { Arc::new(journal) };
        Self::on_journal(clock, top, more, stop, as_it_is).await
    }

    async fn on_journal(
        clock: Arc<ManualClock>,
        top: String,
        more: &[(&str, &str)],
        stop: CancellationToken,
        journal: impl FnOnce(SqliteJournal) -> Arc<dyn Store>,
    ) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let config = Self::config(&dir, &top, more);
        let journal = journal(gateway::open_journal(&config).await.unwrap());
        let stop_gateway = stop.child_token();
        let (gateway, served) = Self::serve(&config, &clock, journal, &stop_gateway).await;
        Self {
            gateway,
            top,
            clock,
            http: reqwest::Client::new(),
            stop,
            stop_gateway,
            served,
            dir,
        }
    }

    fn config(dir: &tempfile::TempDir, top: &str, more: &[(&str, &str)]) -> Config {
        let store = format!("sqlite://{}", dir.path().join("journal.db").display());
        let endpoint = format!("{top}/router/rest");
        let channel = format!("{}/", top.replace("http://", "ws://"));
        let authorize = format!("{top}/authorize");
        let env = FAST
            .iter()
            .copied()
            .chain([
                ("GATEWAY__STORE__URL", store.as_str()),
                ("GATEWAY__TOP__ENDPOINT", endpoint.as_str()),
                ("GATEWAY__NOTIFICATIONS__URL", channel.as_str()),
                ("GATEWAY__TOP__OAUTH__AUTHORIZE_URL", authorize.as_str()),
            ])
            .chain(more.iter().copied())
            .map(|(name, value)| (name.to_owned(), value.to_owned()));
        Config::load(None, env, Profile::Sandbox).unwrap()
    }

    /// Starts a gateway; returns its base address, and the task that ends once it has stopped.
    async fn serve(
        config: &Config,
        clock: &Arc<ManualClock>,
        journal: Arc<dyn Store>,
        stop: &CancellationToken,
    ) -> (String, JoinHandle<()>) {
        let gateway = Gateway::start_on(config, clock.clone(), Some(metrics()), journal)
            .await
            .unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = api::router(gateway.state());
        let shutdown = stop.clone().cancelled_owned();
        let served = tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(shutdown)
                .await
                .unwrap();
            gateway.stop().await;
        });
        (address, served)
    }

    /// Stops the gateway, and starts it again on the same journal, against the same simulator.
    pub(crate) async fn restart(&mut self, more: &[(&str, &str)]) {
        self.stop_gateway.cancel();
        (&mut self.served).await.unwrap();
        let config = Self::config(&self.dir, &self.top, more);
        let journal = Arc::new(gateway::open_journal(&config).await.unwrap());
        self.stop_gateway = self.stop.child_token();
        (self.gateway, self.served) =
            Self::serve(&config, &self.clock, journal, &self.stop_gateway).await;
    }

    fn address(&self, path: &str) -> String {
        let base = if path.starts_with("/_simulator") {
            &self.top
        } else {
            &self.gateway
        };
        format!("{base}{path}")
    }

    /// The gateway's time of day this many hours from now, for a query.
    pub(crate) fn clock_wire(&self, hours: i64) -> String {
        let at = self.clock.wall() + jiff::SignedDuration::from_hours(hours);
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }

    /// The journal's file.
    pub(crate) fn journal(&self) -> PathBuf {
        self.dir.path().join("journal.db")
    }

    /// The paths and contents of the journal's files, including the latest writes.
    pub(crate) fn journal_files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        let paths = std::fs::read_dir(self.dir.path()).unwrap();
        let paths = paths.map(|entry| entry.unwrap().path());
        paths
            .map(|path| (path.clone(), std::fs::read(path).unwrap()))
            .collect()
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        answer(self.http.get(self.address(path))).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        let mut request = self.http.get(format!("{}{path}", self.gateway));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    /// A POST with a JSON body and these headers.
    pub(crate) async fn post_with(
        &self,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let mut request = self
            .http
            .post(self.address(path))
            .header(CONTENT_TYPE, "application/json")
            .body(body.to_string());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    /// A request with any method.
    pub(crate) async fn send(
        &self,
        method: reqwest::Method,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Answer {
        let mut request = self.http.request(method, self.address(path));
        if let Some(body) = body {
            request = request
                .header(CONTENT_TYPE, "application/json")
                .body(body.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    /// A write under this key.
    pub(crate) async fn write(&self, path: &str, key: &str, body: &Value) -> Answer {
        self.post_with(path, &[("Idempotency-Key", key)], body)
            .await
    }

    /// A write under this key whose caller waits this many seconds.
    pub(crate) async fn write_within(
        &self,
        path: &str,
        key: &str,
        body: &Value,
        wait: u32,
    ) -> Answer {
        let wait = format!("wait={wait}");
        let headers = [("Idempotency-Key", key), ("Prefer", wait.as_str())];
        self.post_with(path, &headers, body).await
    }

    /// Uploads an attachment.
    pub(crate) async fn upload(&self, form: reqwest::multipart::Form) -> Answer {
        self.upload_with(form, &[]).await
    }

    pub(crate) async fn upload_with(
        &self,
        form: reqwest::multipart::Form,
        headers: &[(&str, &str)],
    ) -> Answer {
        let path = format!("{}/v1/attachments", self.gateway);
        let mut request = self.http.post(path).multipart(form);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        answer(request).await
    }

    /// Adds a fault to the simulator.
    pub(crate) async fn fault(&self, rule: Value) {
        self.rule(&rule).await;
    }

    /// Adds a fault to the simulator while the work runs. The fault also applies to background lookups
    /// of the same order, which do not use it up.
    pub(crate) async fn under_fault<T>(&self, mut rule: Value, work: impl Future<Output = T>) -> T {
        rule["times"] = Value::Null;
        let path = format!("/_simulator/faults/{}", self.rule(&rule).await["id"]);
        let done = work.await;
        let removed = self.http.delete(format!("{}{path}", self.top)).send().await;
        assert_eq!(removed.unwrap().status(), 204);
        done
    }

    async fn rule(&self, rule: &Value) -> Value {
        let answer = self.post_with("/_simulator/faults", &[], rule).await;
        assert!(answer.status < 300, "{answer:?}");
        answer.body
    }

    /// Removes all faults.
    pub(crate) async fn end_faults(&self) {
        let path = format!("{}/_simulator/faults", self.top);
        let ended = self.http.delete(path).send().await.unwrap();
        assert!(ended.status().is_success());
    }

    /// The number of calls of this method about this order that Fliggy received.
    pub(crate) async fn received_for(&self, method: &str, out_order_no: &str) -> u64 {
        let path = format!("/_simulator/calls?out_order_no={out_order_no}&method={method}");
        let calls = self.get(&path).await.body;
        calls["counts"][method]["received"].as_u64().unwrap_or(0)
    }

    /// How often this write was executed, according to Fliggy's ledger (`book`, `pay`, `close`, `refund`,
    /// `change`).
    pub(crate) async fn effects(&self, out_order_no: &str, what: &str) -> u64 {
        let orders = self.ledger(out_order_no).await;
        let counts = orders.iter().map(|o| o["effects"][what].as_u64().unwrap());
        counts.sum()
    }

    /// The current state of one operation.
    pub(crate) async fn operation(&self, id: &str) -> Value {
        let found = self.get(&format!("/v1/operations/{id}")).await;
        assert_eq!(found.status, 200, "{found:?}");
        found.body
    }

    /// Waits until the operation satisfies this condition.
    pub(crate) async fn until(&self, id: &str, what: impl Fn(&Value) -> bool) -> Value {
        poll(id, || self.operation(id), what).await
    }

    /// Waits until the operation is in this state.
    pub(crate) async fn until_state(&self, id: &str, state: &str) -> Value {
        self.until(id, |operation| operation["state"] == state)
            .await
    }

    /// Lets time pass between the lookups of an operation, but not during one, until this is true of the operation.
    pub(crate) async fn looked_up_until(&self, id: &str, what: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/v1/operations/{id}/reconcile");
        for _ in 0..100 {
            let operation = self.operation(id).await;
            if what(&operation) {
                return operation;
            }
            self.clock.advance_steady(Duration::from_millis(400));
            let reconciled = self.post_with(&path, &[], &json!({})).await;
            assert_eq!(reconciled.status, 200, "{reconciled:?}");
            self.until(id, |now| now["timeline"] != operation["timeline"])
                .await;
        }
        panic!("{:#}", self.operation(id).await);
    }

    /// Waits until Fliggy has received this many calls of the method.
    pub(crate) async fn until_received(&self, method: &str, count: u64) {
        poll(method, || self.received(method), |found| *found >= count).await;
    }

    /// Waits until Fliggy has received this many calls of the method about this order.
    pub(crate) async fn until_received_for(&self, method: &str, out_order_no: &str, count: u64) {
        let received = || self.received_for(method, out_order_no);
        poll(method, received, |found| *found >= count).await;
    }

    /// Waits until the feed has an event of this type about this subject. What a read shows is recorded after its response.
    pub(crate) async fn until_event(&self, kind: &str, subject: &Value) -> Value {
        let is_it = |event: &Value| event["type"] == kind && event["subject"] == *subject;
        let what = format!("{kind} of {subject}");
        let events = poll(what, || self.events(), |events| events.iter().any(is_it)).await;
        events.into_iter().find(is_it).unwrap()
    }

    /// The events so far.
    pub(crate) async fn events(&self) -> Vec<Value> {
        let page = self.get("/v1/events?limit=200").await;
        assert_eq!(page.status, 200, "{page:?}");
        page.body["items"].as_array().unwrap().clone()
    }

    /// Pays a booked order.
    pub(crate) async fn pay(&self, order: &Value, key: &str, wait: u32) -> Answer {
        let id = order["order_id"].as_str().unwrap();
        self.post_with(
            &format!("/v1/orders/{id}/payment"),
            &[
                ("Idempotency-Key", key),
                ("Prefer", &format!("wait={wait}")),
            ],
            &json!({"total_price": order["total_price"]}),
        )
        .await
    }

    /// The number of calls of this method that Fliggy received (`airbook`, `pay`, …).
    pub(crate) async fn received(&self, method: &str) -> u64 {
        let calls = self.get("/_simulator/calls").await.body;
        calls["counts"][method]["received"].as_u64().unwrap_or(0)
    }

    /// The orders in Fliggy's ledger under this number.
    pub(crate) async fn ledger(&self, out_order_no: &str) -> Vec<Value> {
        let path = format!("/_simulator/orders?out_order_no={out_order_no}");
        self.get(&path).await.body["items"]
            .as_array()
            .unwrap()
            .clone()
    }

    /// The operation once it has settled, or after 20 s.
    pub(crate) async fn settled(&self, id: &str) -> Value {
        let path = format!("/v1/operations/{id}?wait=20s");
        self.get(&path).await.body
    }

    /// The first offer that anybody may book, of the fixed flight CZ8957 on a far-off day. It is
    /// the same in every world, so one world with enough time searches for it once.
    pub(crate) async fn offer(&self) -> Value {
        static OFFER: OnceCell<Value> = OnceCell::const_new();
        let search = async || {
            let patient = Self::start_with(PATIENT, |_| {}).await;
            patient.offer_of_now().await
        };
        OFFER.get_or_init(search).await.clone()
    }

    /// The same offer, searched for in this world.
    pub(crate) async fn offer_of_now(&self) -> Value {
        self.offer_on(search("BJS", "XMN")).await
    }

    /// The first offer of a search that anybody may book.
    pub(crate) async fn offer_on(&self, search: Value) -> Value {
        let found = self.post_with("/v1/flights/search", &[], &search).await;
        assert_eq!(found.status, 200, "{found:?}");
        let items = found.body["items"].as_array().unwrap();
        items
            .iter()
            .find(|o| o["bookable"] == json!(true) && o["member_fare"].is_null())
            .expect("a plain offer")
            .clone()
    }

    /// Books under this number; the test fails unless the response has status 201.
    pub(crate) async fn booked(&self, out_order_no: &str) -> Value {
        let booking = booking(&self.offer().await, out_order_no);
        self.done("/v1/orders", &format!("book-{out_order_no}"), &booking)
            .await
    }

    /// A write that reaches Fliggy. A busy machine may miss the second in which a write may be sent; this
    /// function then repeats the request under the same key, as the problem advises.
    pub(crate) async fn sent(&self, path: &str, key: &str, body: &Value, wait: u32) -> Answer {
        let limit = tokio::time::Instant::now() + LIMIT;
        loop {
            let answer = self.write_within(path, key, body, wait).await;
            if answer.body["code"] != "not_sent" || answer.body["retry"] != "same_key" {
                return answer;
            }
            assert!(tokio::time::Instant::now() < limit, "{answer:?}");
        }
    }

    /// A write that must succeed, however long that takes; returns the created resource. A slow write is
    /// looked up.
    pub(crate) async fn done(&self, path: &str, key: &str, body: &Value) -> Value {
        let answer = self.sent(path, key, body, 20).await;
        match answer.status {
            200 | 201 => answer.created().clone(),
            202 => created(&self.until_state(answer.operation(), "succeeded").await).clone(),
            _ => panic!("{answer:?}"),
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> Answer {
    let (http, request) = request.build_split();
    let request = request.unwrap();
    let (method, path) = (request.method().clone(), request.url().path().to_owned());
    let response = http.execute(request).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    let text = response.text().await.unwrap();
    let answer = Answer {
        status,
        headers,
        body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
    };
    documented::check(&method, &path, &answer);
    answer
}

/// The order, refund or change of a succeeded operation.
pub(crate) fn created(operation: &Value) -> &Value {
    let members = ["order", "refund", "change"].map(|member| &operation[member]);
    let mut created = members.into_iter().filter(|member| member.is_object());
    created
        .next()
        .unwrap_or_else(|| panic!("nothing was created: {operation:#}"))
}

/// The states of an operation in order, each once.
pub(crate) fn states(operation: &Value) -> Vec<&str> {
    let timeline = operation["timeline"].as_array().unwrap();
    let mut states: Vec<_> = timeline
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    states.dedup();
    states
}

/// A search for the fixed flight from Beijing to Xiamen.
pub(crate) fn search(from: &str, to: &str) -> Value {
    search_on(from, to, "2030-05-20")
}

/// A search for the fixed flight on another day.
pub(crate) fn search_on(from: &str, to: &str, day: &str) -> Value {
    json!({
        "journeys": [{
            "from": from, "to": to, "date": day,
            "flights": [{
                "flight_no": "CZ8957", "departure_time": format!("{day}T08:45:00+08:00"),
                "from_airport": "PKX", "to_airport": "XMN",
                "operating_flight_no": null, "cabin": null,
            }],
        }],
        "party": {"adults": 1, "children": 1},
    })
}

/// A booking of the offer for one adult.
pub(crate) fn booking(offer: &Value, out_order_no: &str) -> Value {
    let adult = &offer["prices"]["adult"];
    let yuan = |field: &str| -> f64 { adult[field].as_str().unwrap().parse().unwrap() };
    json!({
        "out_order_no": out_order_no,
        "offer": offer,
        "passengers": [{
            "name": "测试旅客", "type": "adult",
            "document": {"type": "id_card", "number": "11010119900307002X", "expires_on": null},
            "birth_date": "1990-03-07", "gender": "male", "nationality": null,
            "mobile_country_code": "86", "mobile": "13000000000",
        }],
        "contact": {
            "name": "测试联系人", "mobile_country_code": "86", "mobile": "13000000000",
            "phone": null, "email": "test@example.com", "document": null,
        },
        "total_price": format!("{:.2}", yuan("fare") + yuan("taxes_total")),
        // Every test books the same passenger on the same flight.
        "allow_duplicate": true,
    })
}
