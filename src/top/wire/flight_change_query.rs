//! `alitrip.flight.flightchange.order.query`: schedule changes of an order. Documented, except for the error code and
//! the formats of the times, which are texts here and are parsed leniently.

use serde::{Deserialize, Serialize};

use crate::domain::ids::OrderId;
use crate::top::lenient::{Element, Field, List, Object};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.flightchange.order.query`.
#[derive(Debug, Clone, Copy)]
pub struct FlightChangeQuery;

impl Method for FlightChangeQuery {
    const NAME: &'static str = "alitrip.flight.flightchange.order.query";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "query_flight_change_order_req";
    type Request = QueryFlightChangeOrderReq;
    type Answer = FlightChangeQueryResponse;
}

/// `QueryFlightChangeOrderReq`.
#[derive(Debug, Serialize)]
pub struct QueryFlightChangeOrderReq {
    /// Fliggy's order id.
    pub order_id: u64,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightChangeQueryResponse {
    /// Schedule changes found.
    pub result: List<FlightChangeOrder>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(FlightChangeQueryResponse);

/// `FlightChangeOrderDTO`: a schedule change and its order.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightChangeOrder {
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The schedule change.
    pub flight_change: Object<FlightChange>,
}

impl Element for FlightChangeOrder {
    // TOP's rule splits a run of capitals letter by letter, whereas a public client does not.
    const WRAPPER: &'static str = "flight_change_order_d_t_o";
    const OTHER_WRAPPERS: &'static [&'static str] = &["flight_change_order_dto"];
}

/// `FlightChangeDTO`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightChange {
    /// 1 cancelled, 2 changed.
    pub change_type: Field<i64>,
    /// A more specific kind, whose codes are not documented.
    pub sub_type: Field<i64>,
    /// The airline's reason.
    pub change_reason: Field<String>,
    /// When the airline announced the change.
    pub change_time: Field<String>,
    /// Flight number before the change.
    pub old_flight_no: Field<String>,
    /// Day of the flight before the change.
    pub old_flight_date: Field<String>,
    /// Departure airport before the change.
    pub old_depart_code: Field<String>,
    /// Arrival airport before the change.
    pub old_arrive_code: Field<String>,
    /// Departure before the change, +08:00.
    pub old_depart_time: Field<String>,
    /// Arrival before the change, +08:00.
    pub old_arrive_time: Field<String>,
    /// Flight number after the change.
    pub new_flight_no: Field<String>,
    /// Day of the flight after the change.
    pub new_flight_date: Field<String>,
    /// Departure airport after the change.
    pub new_depart_code: Field<String>,
    /// Arrival airport after the change.
    pub new_arrive_code: Field<String>,
    /// Departure after the change, +08:00.
    pub new_depart_time: Field<String>,
    /// Arrival after the change, +08:00.
    pub new_arrive_time: Field<String>,
}
