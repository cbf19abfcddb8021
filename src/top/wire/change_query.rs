//! `alitrip.flight.change.order.query`: the changes of an order, or one change (seed). The number and the status are
//! those of the documented topic; a segment before the change has the fields of an order's segment; all other fields
//! are inferred.

use serde::{Deserialize, Serialize};

use super::itinerary::FlightSegment;
use super::traveller::ChangeFeeDetail;
use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::domain::time::LocalTime;
use crate::domain::trip::{AirportCode, CityCode, FlightNo};
use crate::top::lenient::{Element, Field, List, TextItem};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.change.order.query`.
#[derive(Debug, Clone, Copy)]
pub struct ChangeQuery;

impl Method for ChangeQuery {
    const NAME: &'static str = "alitrip.flight.change.order.query";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "query_change_order_request";
    type Request = QueryChangeOrderRequest;
    type Answer = ChangeQueryResponse;
}

/// `QueryChangeOrderRequest`: one of the two, or both.
#[derive(Debug, Serialize)]
pub struct QueryChangeOrderRequest {
    /// All changes of this order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// This change only.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub change_order_no: Option<u64>,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeQueryResponse {
    /// Changes found.
    pub change_order_list: Option<List<ChangeOrder>>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(ChangeQueryResponse);

/// `ChangeOrder`: a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeOrder {
    /// Fliggy's change number.
    pub change_order_no: Field<ChangeOrderNo>,
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's change number.
    pub out_change_no: Field<String>,
    /// 1 to 5, as in the documented topic: 4 is closed, 5 is ticketed.
    pub status: Field<i64>,
    /// Fliggy's number for the kind of change.
    pub change_reason_type: Field<i64>,
    /// Total price.
    pub total_amount: Field<Money>,
    /// Fees per passenger.
    pub change_fee_details: List<ChangeFeeDetail>,
    /// Passengers and their tickets.
    pub passenger_list: List<ChangedPassenger>,
    /// Segments before the change.
    pub original_flight_segment_list: List<FlightSegment>,
    /// Segments after the change.
    pub changed_flight_segment_list: List<ChangedFlightSegment>,
    /// When it was created.
    pub create_time: Field<LocalTime>,
    /// Payment deadline.
    pub last_pay_time: Field<LocalTime>,
    /// When it was paid.
    pub pay_time: Field<LocalTime>,
    /// Trade number.
    pub trade_no: Field<String>,
    /// Why it was closed.
    pub close_reason: Field<Personal<String>>,
}

impl Element for ChangeOrder {
    const WRAPPER: &'static str = "change_order";
}

/// `ChangedPassenger`: a passenger with tickets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangedPassenger {
    /// Name as on the document.
    pub name: Field<Personal<String>>,
    /// 0 adult, 1 child, 8 infant.
    #[serde(rename = "type")]
    pub kind: Field<i64>,
    /// Document type.
    pub credential_type: Field<i64>,
    /// Document number.
    pub credential_no: Field<Personal<String>>,
    /// New ticket numbers.
    pub ticket_nos: List<TextItem>,
    /// Ticket numbers before the change.
    pub original_ticket_nos: List<TextItem>,
}

impl Element for ChangedPassenger {
    const WRAPPER: &'static str = "changed_passenger";
}

/// `ChangedFlightSegment` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangedFlightSegment {
    /// Id of the replaced segment.
    pub flight_segment_id: Field<String>,
    /// Marketing flight number.
    pub marketing_flight_no: Field<FlightNo>,
    /// Operating flight number.
    pub operating_flight_no: Field<String>,
    /// City of departure.
    pub dep_city_code: Field<CityCode>,
    /// City of arrival.
    pub arr_city_code: Field<CityCode>,
    /// Departure airport.
    pub dep_airport: Field<AirportCode>,
    /// Arrival airport.
    pub arr_airport: Field<AirportCode>,
    /// Departure, +08:00.
    pub dep_time: Field<LocalTime>,
    /// Arrival, +08:00.
    pub arr_time: Field<LocalTime>,
    /// Booking class.
    pub cabin: Field<String>,
    /// Cabin class.
    pub cabin_class: Field<String>,
}

impl Element for ChangedFlightSegment {
    const WRAPPER: &'static str = "changed_flight_segment";
}
