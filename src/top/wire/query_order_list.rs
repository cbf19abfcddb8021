//! `alitrip.flight.service.queryorderlist`: orders booked in a window of time. All fields are inferred.

use serde::{Deserialize, Serialize};

use super::itinerary::PassengerAnswer;
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::time::LocalTime;
use crate::top::lenient::{Element, Field, List, Object};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.queryorderlist`.
#[derive(Debug, Clone, Copy)]
pub struct QueryOrderList;

impl Method for QueryOrderList {
    const NAME: &'static str = "alitrip.flight.service.queryorderlist";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "query_order_list_request";
    type Request = QueryOrderListRequest;
    type Answer = QueryOrderListResponse;
}

/// `QueryOrderListRequest`.
#[derive(Debug, Serialize)]
pub struct QueryOrderListRequest {
    /// Window start, `yyyy-MM-dd HH:mm:ss` +08:00.
    pub book_time_start: String,
    /// Window end.
    pub book_time_end: String,
    /// Page number, from 1.
    pub page_index: u32,
    /// Entries per page.
    pub page_size: u32,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct QueryOrderListResponse {
    /// Orders found.
    pub flight_book_order_list: List<FlightBookOrder>,
    /// Paging.
    pub pagination: Object<Pagination>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(QueryOrderListResponse);

/// `FlightBookOrder`: a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightBookOrder {
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
    /// Order total.
    pub total_price: Field<Money>,
    /// Amount paid.
    pub real_pay_price: Field<Money>,
    /// Alipay's trade number.
    pub alipay_trade_no: Field<String>,
    /// Passengers.
    pub passenger_list: List<PassengerAnswer>,
}

impl Element for FlightBookOrder {
    const WRAPPER: &'static str = "flight_book_order";
}

/// `Pagination`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Pagination {
    /// Number of pages.
    pub total_page: Field<i64>,
}
