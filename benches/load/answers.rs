//! Fliggy's responses for the benches. The repository keeps no large files: the simulator generates
//! the listing, and the other responses are the contract's samples.

use std::error::Error;

use axum::body::Body;
use axum::http::Request;
use fliggy_gateway::clock::{Clock as _, SystemClock};
use fliggy_gateway::domain::time::LocalTime;
use fliggy_gateway::simulator::{Simulator, SimulatorConfig};
use fliggy_gateway::top::method::Method as _;
use fliggy_gateway::top::sign::{SignMethod, base_string, sign};
use fliggy_gateway::top::wire::Search;
use http_body_util::BodyExt as _;
use secrecy::SecretString;
use tower::ServiceExt as _;

/// The number of flights at which the response to a search has 200 KB.
const FLIGHTS: usize = 50;

const LISTING: &str = r#"{"external_agent_name":"SANDBOX","search_mode":0,"trip_type":1,"cabin_class":"ALL_CABIN","has_child":true,"has_infant":false,"search_od_info_list":[{"dep_city_code":"BJS","arr_city_code":"SHA","dep_date":"2030-05-20"}]}"#;

/// Order detail, 3 KB: the contract's sample.
pub(crate) const DETAIL: &[u8] = include_bytes!(
    "../../openapi/top/samples/alitrip.flight.service.queryorderdetail.response.json"
);

/// The simulator's response to a search, 200 KB.
pub(crate) async fn listing() -> Result<Vec<u8>, Box<dyn Error>> {
    let mut config = SimulatorConfig::sandbox(SystemClock::shared());
    config.listing_flights = FLIGHTS;
    let (app_key, secret) = (config.app_key.clone(), config.app_secret.clone());
    let form = signed(&app_key, &secret, Search::NAME, Search::PARAM, LISTING);
    let request = Request::post("/router/rest")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from(form))?;
    let response = Simulator::new(config).router().oneshot(request).await?;
    let body = response.into_body().collect().await?.to_bytes();
    let size = body.len();
    if !(150_000..300_000).contains(&size) {
        return Err(format!("the listing has {size} bytes, expected about 200 KB").into());
    }
    Ok(body.to_vec())
}

/// The form body of a signed call, built without the gateway's client.
pub(crate) fn signed(
    app_key: &str,
    secret: &SecretString,
    method: &str,
    param: &str,
    value: &str,
) -> String {
    let timestamp = LocalTime::from_timestamp(SystemClock::new().wall()).to_wire();
    let params = [
        ("app_key", app_key),
        ("format", "json"),
        ("method", method),
        ("session", "sandbox-session"),
        ("sign_method", "hmac-sha256"),
        ("timestamp", &timestamp),
        ("v", "2.0"),
        (param, value),
    ];
    let base = base_string(params.into_iter());
    let signature = sign(SignMethod::HmacSha256, secret, &base);
    form_urlencoded::Serializer::new(String::with_capacity(512))
        .extend_pairs(params)
        .append_pair("sign", &signature)
        .finish()
}
