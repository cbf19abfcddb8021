//! `alitrip.flight.service.close`: closes an unpaid order. All fields are inferred.

use serde::{Deserialize, Serialize};

use crate::domain::ids::OrderId;
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.close`.
#[derive(Debug, Clone, Copy)]
pub struct Close;

impl Method for Close {
    const NAME: &'static str = "alitrip.flight.service.close";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "close_order_request";
    type Request = CloseOrderRequest;
    type Answer = CloseResponse;
}

/// `CloseOrderRequest`.
#[derive(Debug, Serialize)]
pub struct CloseOrderRequest {
    /// Fliggy's order id.
    pub order_id: u64,
    /// The caller's order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_order_no: Option<String>,
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct CloseResponse {
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's order number.
    pub out_order_no: Field<String>,
    /// Status, a Chinese phrase.
    pub order_status: Field<String>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(CloseResponse);
