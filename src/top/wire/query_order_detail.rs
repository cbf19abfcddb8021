//! `alitrip.flight.service.queryorderdetail`: one order. The response is mostly documented; the request, the payment
//! deadline, the ticketing time and the ticket numbers are inferred.

use serde::{Deserialize, Serialize};

use super::itinerary::{FlightRoute, FlightSegmentItem, PassengerAnswer};
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::time::LocalTime;
use crate::top::lenient::{Element, Field, List, Object, TextItem};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.queryorderdetail`.
#[derive(Debug, Clone, Copy)]
pub struct QueryOrderDetail;

impl Method for QueryOrderDetail {
    const NAME: &'static str = "alitrip.flight.service.queryorderdetail";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "query_order_detail_request";
    type Request = QueryOrderDetailRequest;
    type Answer = QueryOrderDetailResponse;
}

/// `QueryOrderDetailRequest`: one of the two, or both.
#[derive(Debug, Serialize)]
pub struct QueryOrderDetailRequest {
    /// Fliggy's order id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// The caller's order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_order_no: Option<String>,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueryOrderDetailResponse {
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's order number.
    pub out_order_no: Field<String>,
    /// Status, a Chinese phrase.
    pub order_status: Field<String>,
    /// Shop.
    pub seller_nick: Field<String>,
    /// When it was booked.
    pub book_time: Field<LocalTime>,
    /// When it was paid.
    pub pay_time: Field<LocalTime>,
    /// When the tickets were issued.
    pub succeed_time: Field<LocalTime>,
    /// Payment deadline.
    pub last_pay_time: Field<LocalTime>,
    /// Order total.
    pub total_price: Field<Money>,
    /// Amount paid.
    pub real_pay_price: Field<Money>,
    /// Alipay's trade number.
    pub alipay_trade_no: Field<String>,
    /// Trade number.
    pub trade_no: Field<String>,
    /// One entry per passenger.
    pub flight_book_order_detail_list: List<FlightBookOrderDetail>,
    /// Itinerary.
    pub flight_route: Object<FlightRoute>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(QueryOrderDetailResponse);

/// `FlightBookOrderDetail`: a passenger with price, cabins and tickets.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightBookOrderDetail {
    /// The passenger.
    pub passenger: Object<PassengerAnswer>,
    /// The price.
    pub flight_price: Object<FlightPrice>,
    /// Cabin per segment.
    pub flight_segment_cabin_relation: List<FlightSegmentItem>,
    /// Ticket numbers.
    pub ticket_nos: List<TextItem>,
}

impl Element for FlightBookOrderDetail {
    const WRAPPER: &'static str = "flight_book_order_detail";
}

/// `FlightPrice`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightPrice {
    /// Ticket.
    pub sell_price: Field<Money>,
    /// Total of taxes and fees.
    pub tax: Field<Money>,
    /// Airport fee.
    pub build_price: Field<Money>,
    /// Fuel fee.
    pub oil_price: Field<Money>,
}
