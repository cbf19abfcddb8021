//! `alitrip.flight.refund.list`: the refunds of an order (seed). The number and the flag of a refund are those of the
//! documented topic; all other fields are inferred.

use serde::{Deserialize, Serialize};

use super::traveller::TravellerAnswer;
use crate::domain::ids::{OrderId, RefundOrderNo};
use crate::domain::money::Money;
use crate::domain::time::LocalTime;
use crate::top::lenient::{Element, Field, List};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.refund.list`.
#[derive(Debug, Clone, Copy)]
pub struct RefundList;

impl Method for RefundList {
    const NAME: &'static str = "alitrip.flight.refund.list";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "query_refund_list_request";
    type Request = QueryRefundListRequest;
    type Answer = RefundListResponse;
}

/// `QueryRefundListRequest`.
#[derive(Debug, Serialize)]
pub struct QueryRefundListRequest {
    /// Fliggy's order id.
    pub order_id: u64,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundListResponse {
    /// Refunds of the order.
    pub refund_order_list: Option<List<RefundOrder>>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(RefundListResponse);

/// `RefundOrder`: a row.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundOrder {
    /// Fliggy's number for the application.
    pub refund_order_no: Field<RefundOrderNo>,
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's number for the application.
    pub out_refund_no: Field<String>,
    /// Fliggy's number for the kind of refund (seed).
    pub refund_apply_type: Field<i64>,
    /// 0 applied, 1 in progress, 2 failed, 3 refunded (inferred).
    pub refund_order_status: Field<i64>,
    /// Whether this is a supplementary refund (补退).
    pub multi_refund_flag: Field<bool>,
    /// Total fee.
    pub all_refund_fee: Field<Money>,
    /// Total amount refunded.
    pub refund_to_buyer_money: Field<Money>,
    /// When the application was made.
    pub apply_time: Field<LocalTime>,
    /// When the money was refunded.
    pub refund_time: Field<LocalTime>,
    /// Passengers.
    pub passenger_list: List<TravellerAnswer>,
}

impl Element for RefundOrder {
    const WRAPPER: &'static str = "refund_order";
}
