//! `alitrip.flight.service.search`: searches for offers. The request is partly documented; the response is inferred,
//! except for the member fields (seed).

use serde::{Deserialize, Serialize};

use super::itinerary::{FlightRoute, FlightSegmentItem};
use crate::domain::money::Money;
use crate::domain::time::LocalDate;
use crate::domain::trip::{AirportCode, CityCode};
use crate::top::lenient::{Element, Field, List, NumberItem, Object};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.search`.
#[derive(Debug, Clone, Copy)]
pub struct Search;

impl Method for Search {
    const NAME: &'static str = "alitrip.flight.service.search";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "search_flight_info_req";
    type Request = SearchFlightInfoReq;
    type Answer = SearchResponse;
}

/// `SearchFlightInfoReq`.
#[derive(Debug, Serialize)]
pub struct SearchFlightInfoReq {
    /// Channel name (渠道名称).
    pub external_agent_name: String,
    /// 0 a list of offers, 2 offers of chosen flights.
    pub search_mode: u8,
    /// 1 one way, 2 round trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trip_type: Option<u8>,
    /// `ALL_CABIN`, `Y`, `FC`, `F`, `C`.
    pub cabin_class: &'static str,
    /// Whether child fares are requested.
    pub has_child: bool,
    /// Whether infant fares are requested; offers without infant fares are then filtered out.
    pub has_infant: bool,
    /// Origin and destination per journey.
    pub search_od_info_list: Vec<SearchOdInfo>,
}

/// `SearchOdInfo`.
#[derive(Debug, Serialize)]
pub struct SearchOdInfo {
    /// City of departure.
    pub dep_city_code: CityCode,
    /// City of arrival.
    pub arr_city_code: CityCode,
    /// `yyyy-MM-dd`.
    pub dep_date: LocalDate,
    /// Chosen flights.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub search_selected_flight_list: Vec<SearchSelectedFlight>,
}

/// `SearchSelectedFlight`.
#[derive(Debug, Serialize)]
pub struct SearchSelectedFlight {
    /// Marketing flight number.
    pub market_flight_no: String,
    /// Operating flight number; codeshare only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator_flight_no: Option<String>,
    /// Departure, `yyyy-MM-dd HH:mm:ss` +08:00.
    pub flight_time: String,
    /// City of departure.
    pub dep_city_code: CityCode,
    /// City of arrival.
    pub arr_city_code: CityCode,
    /// Airport of departure.
    pub dep_airport_code: AirportCode,
    /// Airport of arrival.
    pub arr_airport_code: AirportCode,
    /// Booking class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cabin_code: Option<String>,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct SearchResponse {
    /// Offers; absent or empty if there are none.
    pub flight_item_list: List<FlightItem>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(SearchResponse);

/// `FlightItem`: one offer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightItem {
    /// Opaque key, to be passed to airbook.
    pub solution_id: Field<String>,
    /// Shop.
    pub seller_nick: Field<String>,
    /// 1 own, 2 agent, 3 flagship store.
    pub supply_source_type: Field<String>,
    /// Itinerary.
    pub flight_route: Object<FlightRoute>,
    /// Cabin per segment.
    pub flight_segment_cabin_relation: List<FlightSegmentItem>,
    /// Per adult: ticket.
    pub adt_flight_item_price: Field<Money>,
    /// Per adult: airport fee.
    pub adt_build_fee: Field<Money>,
    /// Per adult: fuel fee.
    pub adt_oil_fee: Field<Money>,
    /// Per adult: total of taxes and fees.
    pub adt_total_fee: Field<Money>,
    /// Per child: ticket.
    pub chd_flight_item_price: Field<Money>,
    /// Per child: airport fee.
    pub chd_build_fee: Field<Money>,
    /// Per child: fuel fee.
    pub chd_oil_fee: Field<Money>,
    /// Per child: total of taxes and fees.
    pub chd_total_fee: Field<Money>,
    /// Per infant: ticket.
    pub inf_flight_item_price: Field<Money>,
    /// Per infant: airport fee.
    pub inf_build_fee: Field<Money>,
    /// Per infant: fuel fee.
    pub inf_oil_fee: Field<Money>,
    /// Per infant: total of taxes and fees.
    pub inf_total_fee: Field<Money>,
    /// Refund rule text.
    pub refund_rule: Field<String>,
    /// Change rule text.
    pub change_rule: Field<String>,
    /// Baggage text.
    pub baggage_rule: Field<String>,
    /// Member-fare rule (seed).
    pub member_restrict: Field<String>,
    /// Who must be a member: 0 the passenger, 1 the buyer (seed).
    pub member_type: Field<i64>,
    /// 0 new members only, 1 any member (seed).
    pub member_sub_type_list: List<NumberItem>,
}

impl Element for FlightItem {
    const WRAPPER: &'static str = "flight_item";
}
