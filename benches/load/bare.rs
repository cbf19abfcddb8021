//! The baseline for the gateway: an axum handler that signs, calls with reqwest, parses into plain
//! serde types and serialises them again. It has no journal, quota, deadline, metrics, log line or
//! check, and accepts no loosely typed fields. A developer could write it in an hour.

use std::error::Error;
use std::io::Read as _;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use fliggy_gateway::top::method::Method;
use fliggy_gateway::top::wire::{AirBook, QueryOrderDetail, Search};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::answers;

struct Top {
    http: reqwest::Client,
    endpoint: String,
    secret: SecretString,
}

type Failed = (StatusCode, String);

impl Top {
    async fn call<M: Method, A: DeserializeOwned>(&self, request: &Value) -> Result<A, Failed> {
        let failed = |e: reqwest::Error| (StatusCode::BAD_GATEWAY, e.to_string());
        let form = answers::signed(
            "12345678",
            &self.secret,
            M::NAME,
            M::PARAM,
            &request.to_string(),
        );
        let response = self
            .http
            .post(&self.endpoint)
            .header(
                "content-type",
                "application/x-www-form-urlencoded;charset=UTF-8",
            )
            .body(form)
            .send()
            .await
            .map_err(failed)?;
        let body = response.bytes().await.map_err(failed)?;
        serde_json::from_slice(&body).map_err(|e| (StatusCode::BAD_GATEWAY, e.to_string()))
    }
}

/// Serves until the parent exits.
pub(crate) async fn run(endpoint: String) -> Result<(), Box<dyn Error>> {
    std::thread::spawn(|| {
        let mut nothing = Vec::new();
        // Standard input ends when the parent exits.
        drop(std::io::stdin().read_to_end(&mut nothing));
        std::process::exit(0);
    });
    let top = Top {
        http: reqwest::Client::builder().http1_only().no_proxy().build()?,
        endpoint,
        secret: SecretString::from("sandbox-secret"),
    };
    let router = Router::new()
        .route("/v1/orders/{order_id}", get(detail))
        .route("/v1/flights/search", post(search))
        .route("/v1/orders", post(book))
        .with_state(Arc::new(top));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    axum::serve(listener, router).await?;
    Ok(())
}

async fn detail(
    State(top): State<Arc<Top>>,
    Path(order_id): Path<u64>,
) -> Result<Json<Detail>, Failed> {
    let request = json!({"order_id": order_id});
    let answer: DetailRoot = top.call::<QueryOrderDetail, _>(&request).await?;
    Ok(Json(answer.root))
}

async fn search(
    State(top): State<Arc<Top>>,
    Json(asked): Json<SearchRequest>,
) -> Result<Json<Listing>, Failed> {
    let request = json!({
        "external_agent_name": "SANDBOX", "search_mode": 0, "trip_type": 1,
        "cabin_class": "ALL_CABIN", "has_child": asked.party.children > 0, "has_infant": false,
        "search_od_info_list": asked.journeys.iter().map(|way| json!({
            "dep_city_code": way.from, "arr_city_code": way.to, "dep_date": way.date,
        })).collect::<Vec<_>>(),
    });
    let answer: ListingRoot = top.call::<Search, _>(&request).await?;
    Ok(Json(answer.root))
}

/// Forwards the request unchanged. TOP requires more fields, but the bench's upstream does not.
async fn book(
    State(top): State<Arc<Top>>,
    Json(asked): Json<Booking>,
) -> Result<(StatusCode, Json<Booked>), Failed> {
    let request = serde_json::to_value(&asked).map_err(|e| (StatusCode::OK, e.to_string()))?;
    let answer: BookedRoot = top.call::<AirBook, _>(&request).await?;
    Ok((StatusCode::CREATED, Json(answer.root)))
}

#[derive(Deserialize)]
struct SearchRequest {
    journeys: Vec<Way>,
    party: Party,
}

#[derive(Deserialize)]
struct Party {
    children: u8,
}

#[derive(Deserialize)]
struct Way {
    from: String,
    to: String,
    date: String,
}

#[derive(Serialize, Deserialize)]
struct Booking {
    out_order_no: String,
    offer: Value,
    passengers: Vec<Value>,
    contact: Value,
    total_price: String,
}

#[derive(Deserialize)]
struct BookedRoot {
    #[serde(rename = "alitrip_flight_service_airbook_response")]
    root: Booked,
}

#[derive(Serialize, Deserialize)]
struct Booked {
    order_id: u64,
    out_order_no: String,
    order_status: String,
    total_price: Option<f64>,
    book_time: Option<String>,
    last_pay_time: Option<String>,
    is_success: bool,
    request_id: Option<String>,
}

#[derive(Deserialize)]
struct DetailRoot {
    #[serde(rename = "alitrip_flight_service_queryorderdetail_response")]
    root: Detail,
}

#[derive(Serialize, Deserialize)]
struct Detail {
    order_id: u64,
    out_order_no: Option<String>,
    order_status: Option<String>,
    seller_nick: Option<String>,
    book_time: Option<String>,
    pay_time: Option<String>,
    succeed_time: Option<String>,
    last_pay_time: Option<String>,
    total_price: Option<f64>,
    real_pay_price: Option<f64>,
    alipay_trade_no: Option<String>,
    trade_no: Option<String>,
    flight_book_order_detail_list: Option<Travellers>,
    flight_route: Option<Route>,
    is_success: bool,
    request_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Travellers {
    flight_book_order_detail: Vec<Traveller>,
}

#[derive(Serialize, Deserialize)]
struct Traveller {
    passenger: Option<Passenger>,
    flight_price: Option<Price>,
    flight_segment_cabin_relation: Option<Cabins>,
    ticket_nos: Option<Texts>,
}

#[derive(Serialize, Deserialize)]
struct Passenger {
    name: Option<String>,
    #[serde(rename = "type")]
    kind: Option<i64>,
    credential_type: Option<i64>,
    credential_no: Option<String>,
    birthday: Option<String>,
    mobile_country_code: Option<String>,
    mobile_phone_number: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Price {
    sell_price: Option<f64>,
    tax: Option<f64>,
    build_price: Option<f64>,
    oil_price: Option<f64>,
}

#[derive(Serialize, Deserialize)]
struct Texts {
    string: Vec<String>,
}

#[derive(Deserialize)]
struct ListingRoot {
    #[serde(rename = "alitrip_flight_service_search_response")]
    root: Listing,
}

#[derive(Serialize, Deserialize)]
struct Listing {
    flight_item_list: Option<Items>,
    is_success: bool,
    request_id: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Items {
    flight_item: Vec<Item>,
}

#[derive(Serialize, Deserialize)]
struct Item {
    solution_id: String,
    seller_nick: Option<String>,
    supply_source_type: Option<String>,
    flight_route: Route,
    flight_segment_cabin_relation: Cabins,
    adt_flight_item_price: Option<f64>,
    adt_build_fee: Option<f64>,
    adt_oil_fee: Option<f64>,
    adt_total_fee: Option<f64>,
    chd_flight_item_price: Option<f64>,
    chd_build_fee: Option<f64>,
    chd_oil_fee: Option<f64>,
    chd_total_fee: Option<f64>,
    inf_flight_item_price: Option<f64>,
    inf_build_fee: Option<f64>,
    inf_oil_fee: Option<f64>,
    inf_total_fee: Option<f64>,
    refund_rule: Option<String>,
    change_rule: Option<String>,
    baggage_rule: Option<String>,
    member_restrict: Option<String>,
    member_type: Option<i64>,
    member_sub_type_list: Option<Value>,
}

#[derive(Serialize, Deserialize)]
struct Route {
    trip_type: Option<i64>,
    flight_journey_list: Journeys,
}

#[derive(Serialize, Deserialize)]
struct Journeys {
    flight_journey: Vec<Journey>,
}

#[derive(Serialize, Deserialize)]
struct Journey {
    flight_segment_list: Segments,
}

#[derive(Serialize, Deserialize)]
struct Segments {
    flight_segment: Vec<Segment>,
}

#[derive(Serialize, Deserialize)]
struct Segment {
    id: Option<String>,
    marketing_airline: Option<String>,
    marketing_flight_no: Option<String>,
    operating_airline: Option<String>,
    operating_flight_no: Option<String>,
    code_share: Option<bool>,
    dep_airport: Option<String>,
    dep_term: Option<String>,
    dep_time: Option<String>,
    arr_airport: Option<String>,
    arr_term: Option<String>,
    arr_time: Option<String>,
    equip_type: Option<String>,
    dep_city_code: Option<String>,
    arr_city_code: Option<String>,
    flight_duration: Option<i64>,
    stop_quantity: Option<i64>,
    stop_city_list: Option<String>,
}

#[derive(Serialize, Deserialize)]
struct Cabins {
    flight_segment_item: Vec<Cabin>,
}

#[derive(Serialize, Deserialize)]
struct Cabin {
    flight_segment_id: Option<String>,
    cabin: Option<String>,
    cabin_class: Option<String>,
    cabin_class_name: Option<String>,
    cabin_quantity: Option<String>,
}
