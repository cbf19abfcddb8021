//! A simulator on its own socket, and a client that signs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::clock::{Clock, ManualClock, SystemClock};
use fliggy_gateway::simulator::{Simulator, SimulatorConfig, serve};
use fliggy_gateway::top::contract::{Registry, validate_answer};
use fliggy_gateway::top::sign::{SignMethod, base_string, sign};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

pub(crate) struct Top {
    pub(crate) base: String,
    pub(crate) http: reqwest::Client,
    pub(crate) secret: SecretString,
    shutdown: CancellationToken,
}

impl Drop for Top {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

pub(crate) async fn start_with(change: impl FnOnce(&mut SimulatorConfig)) -> Top {
    let mut config = SimulatorConfig::sandbox(SystemClock::shared());
    config.timing.ticket_after = Duration::from_millis(200);
    config.timing.hang_limit = Duration::from_millis(300);
    change(&mut config);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let shutdown = CancellationToken::new();
    let secret = config.app_secret.clone();
    let simulator = Simulator::new(config);
    tokio::spawn(serve(listener, simulator, shutdown.clone()));
    Top {
        base,
        http: reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap(),
        secret,
        shutdown,
    }
}

/// A simulator whose steady time only the test advances, so that nothing progresses by itself.
pub(crate) async fn start_on_clock() -> (Top, Arc<ManualClock>) {
    start_on_clock_with(|_| {}).await
}

pub(crate) async fn start_on_clock_with(
    change: impl FnOnce(&mut SimulatorConfig),
) -> (Top, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::new());
    let handed_in = clock.clone();
    let top = start_with(|config| {
        config.clock = handed_in;
        config.timing.ticket_after = Duration::from_secs(600);
        config.timing.refund_after = Duration::from_secs(600);
        config.timing.fees_after = Duration::from_secs(600);
        config.timing.hidden_for = Duration::from_secs(600);
        change(config);
    })
    .await;
    (top, clock)
}

pub(crate) async fn start() -> Top {
    start_with(|_| {}).await
}

pub(crate) fn now_wire(skew_minutes: i64) -> String {
    let now = SystemClock::new().wall() + jiff::SignedDuration::from_mins(skew_minutes);
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(8));
    now.to_zoned(zone).strftime("%Y-%m-%d %H:%M:%S").to_string()
}

pub(crate) async fn json_of(response: reqwest::Response) -> Value {
    serde_json::from_str(&response.text().await.unwrap()).unwrap()
}

pub(crate) type Params = BTreeMap<String, String>;

/// The full name of a method; order methods are given by their last word.
pub(crate) fn full(method: &str) -> String {
    if method.contains('.') {
        format!("alitrip.flight.{method}")
    } else {
        format!("alitrip.flight.service.{method}")
    }
}

impl Top {
    pub(crate) fn params(&self, method: &str, param: &str, input: &Value) -> Params {
        [
            ("method", full(method)),
            ("app_key", "12345678".to_owned()),
            ("session", "sandbox-session".to_owned()),
            ("timestamp", now_wire(0)),
            ("format", "json".to_owned()),
            ("v", "2.0".to_owned()),
            ("sign_method", "hmac-sha256".to_owned()),
            (param, input.to_string()),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    pub(crate) fn signed(&self, mut params: Params) -> Params {
        let method: SignMethod = params["sign_method"].parse().unwrap();
        let base = base_string(params.iter().map(|(n, v)| (n.as_str(), v.as_str())));
        params.insert("sign".to_owned(), sign(method, &self.secret, &base));
        params
    }

    pub(crate) async fn send(&self, params: &Params) -> reqwest::Result<reqwest::Response> {
        let url = format!("{}/router/rest", self.base);
        self.http.post(url).form(params).send().await
    }

    pub(crate) async fn raw(
        &self,
        method: &str,
        param: &str,
        input: &Value,
    ) -> reqwest::Result<reqwest::Response> {
        self.send(&self.signed(self.params(method, param, input)))
            .await
    }

    /// The content of the root. Checks the root's name and, in a success, every field against the
    /// contract.
    pub(crate) async fn call(&self, method: &str, param: &str, input: &Value) -> Value {
        let response = self.raw(method, param, input).await.unwrap();
        assert_eq!(response.status(), 200);
        let content_type = response.headers()["content-type"].to_str().unwrap();
        assert_eq!(content_type, "text/javascript;charset=UTF-8");
        let body: Value = serde_json::from_str(&response.text().await.unwrap()).unwrap();
        if let Some(error) = body.get("error_response") {
            return error.clone();
        }
        let contract = Registry::embedded().method(&full(method)).unwrap();
        let root = body[contract.root()].clone();
        assert!(root.is_object(), "{body}");
        let mut findings = validate_answer(contract, &root);
        // The contract's list of types is declared incomplete.
        findings.retain(|finding| !finding.path.ends_with("refund_apply_type"));
        if root.get("is_success").is_some() {
            assert!(findings.is_empty(), "{findings:?}");
        }
        root
    }

    pub(crate) async fn search(&self, change: impl FnOnce(&mut Value)) -> Value {
        let mut input = json!({
            "external_agent_name": "SANDBOX",
            "search_mode": 0,
            "trip_type": 1,
            "search_od_info_list": [
                {"dep_city_code": "BJS", "arr_city_code": "XMN", "dep_date": "2030-05-20"},
            ],
        });
        change(&mut input);
        self.call("search", "search_flight_info_req", &input).await
    }

    pub(crate) async fn offers(&self) -> Vec<Value> {
        let answer = self.search(|_| {}).await;
        answer["flight_item_list"]["flight_item"]
            .as_array()
            .unwrap()
            .clone()
    }

    pub(crate) async fn book(&self, out_order_no: &str) -> reqwest::Result<reqwest::Response> {
        let input = booking(&self.offers().await[0], out_order_no);
        self.raw("airbook", "create_order_request", &input).await
    }

    /// A booking that must succeed; returns the order id.
    pub(crate) async fn booked(&self, out_order_no: &str) -> u64 {
        let input = booking(&self.offers().await[0], out_order_no);
        let answer = self.call("airbook", "create_order_request", &input).await;
        assert_eq!(answer["is_success"], true, "{answer}");
        answer["order_id"].as_u64().unwrap()
    }

    pub(crate) async fn pay(&self, id: u64) -> Value {
        self.call("pay", "pay_order_request", &json!({"order_id": id}))
            .await
    }

    pub(crate) async fn detail(&self, out_order_no: &str) -> Value {
        let input = json!({"out_order_no": out_order_no});
        self.call("queryorderdetail", "query_order_detail_request", &input)
            .await
    }

    pub(crate) async fn post(&self, url: &str, body: &Value) -> reqwest::Response {
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json");
        request.body(body.to_string()).send().await.unwrap()
    }

    pub(crate) async fn fault(&self, rule: Value) {
        let url = format!("{}/_simulator/faults", self.base);
        let response = self.post(&url, &rule).await;
        assert_eq!(response.status(), 201, "{}", response.text().await.unwrap());
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let url = format!("{}/_simulator/{path}", self.base);
        json_of(self.http.get(url).send().await.unwrap()).await
    }

    pub(crate) async fn effects(&self, out_order_no: &str) -> Value {
        let orders = self
            .get(&format!("orders?out_order_no={out_order_no}"))
            .await;
        orders["items"][0]["effects"].clone()
    }

    pub(crate) async fn counts(&self, out_order_no: &str, method: &str) -> (u64, u64) {
        let calls = self
            .get(&format!("calls?out_order_no={out_order_no}"))
            .await;
        let counts = &calls["counts"][method];
        (
            counts["received"].as_u64().unwrap(),
            counts["effects"].as_u64().unwrap(),
        )
    }
}

/// A booking of one adult for an offer of a search.
pub(crate) fn booking(offer: &Value, out_order_no: &str) -> Value {
    let journey = &offer["flight_route"]["flight_journey_list"]["flight_journey"][0];
    let mut segment = journey["flight_segment_list"]["flight_segment"][0].clone();
    let extra = [
        "dep_city_code",
        "arr_city_code",
        "flight_duration",
        "stop_quantity",
    ];
    segment
        .as_object_mut()
        .unwrap()
        .retain(|name, _| !extra.contains(&name.as_str()));
    let mut cabin = offer["flight_segment_cabin_relation"]["flight_segment_item"][0].clone();
    cabin.as_object_mut().unwrap().remove("cabin_quantity");
    let mut input = json!({
        "out_order_no": out_order_no,
        "external_agent_name": "SANDBOX",
        "trip_type": 1,
        "solution_id": offer["solution_id"],
        "flight_journey_list": [{"flight_segment_list": [segment]}],
        "flight_segment_cabin_relation": [cabin],
        "passenger_list": [{
            "name": "测试旅客", "type": 0, "credential_type": 0,
            "credential_no": "110101199003070000",
        }],
        "contact": {
            "name": "测试联系人", "mobile_country_code": "86", "mobile_phone_number": "13000000000",
        },
    });
    for name in ["flight_item_price", "build_fee", "oil_fee", "total_fee"] {
        input[format!("adt_{name}")] = offer[format!("adt_{name}")].clone();
    }
    let fare = offer["adt_flight_item_price"].as_f64().unwrap();
    let fees = offer["adt_total_fee"].as_f64().unwrap();
    input["total_price"] = json!(fare + fees);
    if offer.get("member_type").is_some() {
        input["allow_register_or_query_member"] = json!(true);
    }
    if offer["member_type"] == 1 {
        input["member_buyer"] = json!({
            "name": "测试旅客", "credential_type": 0, "credential_no": "110101199003070000",
            "birthday": "1990-03-07 00:00:00", "mobile_country_code": "86",
            "mobile_phone_number": "13000000000",
        });
    }
    input
}
