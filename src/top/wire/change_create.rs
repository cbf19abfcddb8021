//! `alitrip.flight.change.order.create`: creates a change. Fliggy checks the change, confirms the fees and holds the
//! seat (seed). The number and the status are those of the documented topic; all other fields are inferred.
//!
//! The optional expected fees of a request (`service_fee` and similar fields) are not sent: the method itself confirms
//! the fees, and nothing is paid before the caller agrees to them.

use serde::{Deserialize, Serialize};

use super::traveller::TravellerRequest;
use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::domain::time::LocalTime;
use crate::domain::trip::AirportCode;
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.change.order.create`.
#[derive(Debug, Clone, Copy)]
pub struct ChangeCreate;

impl Method for ChangeCreate {
    const NAME: &'static str = "alitrip.flight.change.order.create";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "create_change_order_request";
    type Request = CreateChangeOrderRequest;
    type Answer = ChangeCreateResponse;
}

/// `CreateChangeOrderRequest`.
#[derive(Debug, Serialize)]
pub struct CreateChangeOrderRequest {
    /// Fliggy's order id.
    pub order_id: u64,
    /// The caller's change number.
    pub out_change_no: String,
    /// Fliggy's number for the kind of change.
    pub change_reason_type: i64,
    /// Passengers.
    pub passenger_list: Vec<TravellerRequest>,
    /// The new flights, one for each replaced segment.
    pub changed_flight_segment_list: Vec<ChangedFlightSegmentRequest>,
    /// Key of the offer that contains the new flights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub solution_id: Option<String>,
    /// Contact.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub contact: Option<ChangeContactRequest>,
    /// Remark.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remark: Option<Personal<String>>,
}

/// `ChangedFlightSegment` of a request.
#[derive(Debug, Serialize)]
pub struct ChangedFlightSegmentRequest {
    /// Id of the replaced segment.
    pub flight_segment_id: String,
    /// Marketing flight number.
    pub marketing_flight_no: String,
    /// Operating flight number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operating_flight_no: Option<String>,
    /// City of departure.
    pub dep_city_code: String,
    /// City of arrival.
    pub arr_city_code: String,
    /// Departure airport.
    pub dep_airport: AirportCode,
    /// Arrival airport.
    pub arr_airport: AirportCode,
    /// Departure, `yyyy-MM-dd HH:mm:ss` +08:00.
    pub dep_time: String,
    /// Arrival, `yyyy-MM-dd HH:mm:ss` +08:00.
    pub arr_time: String,
    /// Booking class.
    pub cabin: String,
    /// Cabin class.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cabin_class: Option<String>,
}

/// `ChangeContact`.
#[derive(Debug, Serialize)]
pub struct ChangeContactRequest {
    /// Name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<Personal<String>>,
    /// Country code of the mobile number.
    pub mobile_country_code: String,
    /// Mobile number.
    pub mobile_phone_number: Personal<String>,
}

/// The response. The fees per passenger are not read, because the query reports them too.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ChangeCreateResponse {
    /// Fliggy's change number.
    pub change_order_no: Field<ChangeOrderNo>,
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's change number.
    pub out_change_no: Field<String>,
    /// 1 to 5, as in the documented topic.
    pub status: Field<i64>,
    /// Total price.
    pub total_amount: Field<Money>,
    /// Payment deadline.
    pub last_pay_time: Field<LocalTime>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(ChangeCreateResponse);
