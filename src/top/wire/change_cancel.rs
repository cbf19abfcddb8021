//! `alitrip.flight.change.order.cancel`: cancels a change that awaits payment. The number and the status are those of
//! the documented topic; all other fields are inferred.

use serde::{Deserialize, Serialize};

use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.change.order.cancel`.
#[derive(Debug, Clone, Copy)]
pub struct ChangeCancel;

impl Method for ChangeCancel {
    const NAME: &'static str = "alitrip.flight.change.order.cancel";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "cancel_change_order_request";
    type Request = CancelChangeOrderRequest;
    type Answer = ChangeCancelResponse;
}

/// `CancelChangeOrderRequest`.
#[derive(Debug, Serialize)]
pub struct CancelChangeOrderRequest {
    /// Fliggy's change number.
    pub change_order_no: u64,
    /// Fliggy's order id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ChangeCancelResponse {
    /// Fliggy's change number.
    pub change_order_no: Field<ChangeOrderNo>,
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// 1 to 5, as in the documented topic.
    pub status: Field<i64>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(ChangeCancelResponse);
