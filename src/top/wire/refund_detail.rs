//! `alitrip.flight.refund.detail`: one application in full. `refund_apply_type` and `all_refund_fee` are the seed's
//! names; the number and the flag of the refund are those of the documented topic; all other fields are inferred.

use serde::{Deserialize, Serialize};

use super::traveller::PassengerRefundDetail;
use crate::domain::ids::{OrderId, RefundOrderNo};
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::domain::time::LocalTime;
use crate::top::lenient::{Field, List, TextItem};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.refund.detail`.
#[derive(Debug, Clone, Copy)]
pub struct RefundDetail;

impl Method for RefundDetail {
    const NAME: &'static str = "alitrip.flight.refund.detail";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "query_refund_detail_request";
    type Request = QueryRefundDetailRequest;
    type Answer = RefundDetailResponse;
}

/// `QueryRefundDetailRequest`.
#[derive(Debug, Serialize)]
pub struct QueryRefundDetailRequest {
    /// Fliggy's number for the application.
    pub refund_order_no: u64,
    /// Fliggy's order id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundDetailResponse {
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
    /// The reason in the application.
    pub refund_reason: Field<Personal<String>>,
    /// Why the application was refused.
    pub refuse_reason: Field<Personal<String>>,
    /// Trade number of the refund payment.
    pub trade_no: Field<String>,
    /// Amounts per passenger.
    pub passenger_refund_details: List<PassengerRefundDetail>,
    /// Ids of the refunded segments.
    pub flight_segment_id_list: List<TextItem>,
    /// Ids of the attachments.
    pub file_id_list: List<TextItem>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(RefundDetailResponse);
