//! `alitrip.flight.service.airbook`: creates an order. The parameter name, the contact, the price split and the total
//! are documented; the member fields come from the seed; all other fields are inferred.

use serde::{Deserialize, Serialize};

use super::Yuan;
use super::itinerary::{FlightJourneyRequest, FlightSegmentItemRequest};
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::domain::time::LocalTime;
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.airbook`.
#[derive(Debug, Clone, Copy)]
pub struct AirBook;

impl Method for AirBook {
    const NAME: &'static str = "alitrip.flight.service.airbook";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "create_order_request";
    type Request = CreateOrderRequest;
    type Answer = AirBookResponse;
}

/// `CreateOrderRequest`.
#[derive(Debug, Serialize)]
pub struct CreateOrderRequest {
    /// The caller's order number.
    pub out_order_no: String,
    /// Channel name (渠道名称).
    pub external_agent_name: String,
    /// 1 one way, 2 round trip.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trip_type: Option<u8>,
    /// Key of the offer.
    pub solution_id: String,
    /// Journeys in travel order.
    pub flight_journey_list: Vec<FlightJourneyRequest>,
    /// Cabin per segment.
    pub flight_segment_cabin_relation: Vec<FlightSegmentItemRequest>,
    /// Order total.
    pub total_price: Yuan,
    /// Passengers.
    pub passenger_list: Vec<PassengerRequest>,
    /// Contact person.
    pub contact: ContactRequest,
    /// Whether Fliggy may look up or register the membership.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allow_register_or_query_member: Option<bool>,
    /// The buyer, if the buyer must be a member.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member_buyer: Option<MemberBuyerRequest>,
    /// Per adult: ticket.
    pub adt_flight_item_price: Yuan,
    /// Per adult: airport fee.
    pub adt_build_fee: Yuan,
    /// Per adult: fuel fee.
    pub adt_oil_fee: Yuan,
    /// Per adult: total of taxes and fees.
    pub adt_total_fee: Yuan,
    /// Per child: ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chd_flight_item_price: Option<Yuan>,
    /// Per child: airport fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chd_build_fee: Option<Yuan>,
    /// Per child: fuel fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chd_oil_fee: Option<Yuan>,
    /// Per child: total of taxes and fees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chd_total_fee: Option<Yuan>,
    /// Per infant: ticket.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inf_flight_item_price: Option<Yuan>,
    /// Per infant: airport fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inf_build_fee: Option<Yuan>,
    /// Per infant: fuel fee.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inf_oil_fee: Option<Yuan>,
    /// Per infant: total of taxes and fees.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub inf_total_fee: Option<Yuan>,
}

/// `Passenger` of a request.
#[derive(Debug, Serialize)]
pub struct PassengerRequest {
    /// Name as on the document.
    pub name: Personal<String>,
    /// 0 adult, 1 child, 8 infant (inferred).
    #[serde(rename = "type")]
    pub kind: u8,
    /// Document type.
    pub credential_type: u8,
    /// Document number.
    pub credential_no: Personal<String>,
    /// `yyyy-MM-dd 00:00:00`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birthday: Option<Personal<String>>,
    /// Country code of the mobile number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_country_code: Option<String>,
    /// Mobile number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mobile_phone_number: Option<Personal<String>>,
    /// 0 male, 1 female (inferred).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<u8>,
    /// Country code, two letters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nationality: Option<String>,
    /// Expiry of the document, `yyyy-MM-dd`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub expire_date: Option<String>,
}

/// `Contact`.
#[derive(Debug, Serialize)]
pub struct ContactRequest {
    /// Name.
    pub name: Personal<String>,
    /// Country code of the mobile number.
    pub mobile_country_code: String,
    /// Mobile number.
    pub mobile_phone_number: Personal<String>,
    /// Landline.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phone: Option<Personal<String>>,
    /// E-mail.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub email: Option<Personal<String>>,
    /// Document type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<u8>,
    /// Document number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_no: Option<Personal<String>>,
}

/// `MemberBuyer`: the buyer as a member of the airline's programme.
#[derive(Debug, Serialize)]
pub struct MemberBuyerRequest {
    /// Name.
    pub name: Personal<String>,
    /// Document type.
    pub credential_type: u8,
    /// Document number.
    pub credential_no: Personal<String>,
    /// `yyyy-MM-dd 00:00:00`.
    pub birthday: Personal<String>,
    /// Country code of the mobile number.
    pub mobile_country_code: String,
    /// Mobile number.
    pub mobile_phone_number: Personal<String>,
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct AirBookResponse {
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's order number.
    pub out_order_no: Field<String>,
    /// Status, a Chinese phrase.
    pub order_status: Field<String>,
    /// Order total.
    pub total_price: Field<Money>,
    /// When it was booked.
    pub book_time: Field<LocalTime>,
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

super::answer_verdict!(AirBookResponse);
