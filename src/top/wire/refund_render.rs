//! `alitrip.flight.refund.render`: quotes a refund. The seed names the method, the numbers 2 and 100 of
//! `refund_apply_type`, and `calculate_success`; all other fields are inferred.

use serde::{Deserialize, Serialize};

use super::traveller::{PassengerRefundDetail, TravellerRequest};
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::top::lenient::{Field, List};
use crate::top::method::{Effect, Method};

/// `alitrip.flight.refund.render`.
#[derive(Debug, Clone, Copy)]
pub struct RefundRender;

impl Method for RefundRender {
    const NAME: &'static str = "alitrip.flight.refund.render";
    const EFFECT: Effect = Effect::Read;
    const PARAM: &'static str = "render_refund_request";
    type Request = RenderRefundRequest;
    type Answer = RefundRenderResponse;
}

/// `RenderRefundRequest`.
#[derive(Debug, Serialize)]
pub struct RenderRefundRequest {
    /// Fliggy's order id.
    pub order_id: u64,
    /// Passengers.
    pub passenger_list: Vec<TravellerRequest>,
    /// Ids of the segments; absent means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flight_segment_id_list: Vec<String>,
    /// Fliggy's number for the kind of refund.
    pub refund_apply_type: i64,
}

/// The response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundRenderResponse {
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// Whether the fee could be computed (seed).
    pub calculate_success: Field<bool>,
    /// Total fee, to be repeated in the application.
    pub all_refund_fee: Field<Money>,
    /// Total amount refunded.
    pub refund_to_buyer_money: Field<Money>,
    /// Whether the selection can be refunded.
    pub can_apply_refund: Field<bool>,
    /// Why the selection cannot be refunded.
    pub refuse_reason: Field<Personal<String>>,
    /// Amounts per passenger.
    pub passenger_refund_details: List<PassengerRefundDetail>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(RefundRenderResponse);
