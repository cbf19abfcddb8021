//! `alitrip.flight.change.order.pay`: debits the signed Alipay agreement for a change. The number and the status are
//! those of the documented topic; all other fields are inferred.

use serde::{Deserialize, Serialize};

use super::Yuan;
use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::domain::money::Money;
use crate::domain::time::LocalTime;
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.change.order.pay`.
#[derive(Debug, Clone, Copy)]
pub struct ChangePay;

impl Method for ChangePay {
    const NAME: &'static str = "alitrip.flight.change.order.pay";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "pay_change_order_request";
    type Request = PayChangeOrderRequest;
    type Answer = ChangePayResponse;
}

/// `PayChangeOrderRequest`.
#[derive(Debug, Serialize)]
pub struct PayChangeOrderRequest {
    /// Fliggy's change number.
    pub change_order_no: u64,
    /// Fliggy's order id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub order_id: Option<u64>,
    /// Amount expected to be debited.
    pub total_amount: Yuan,
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct ChangePayResponse {
    /// Fliggy's change number.
    pub change_order_no: Field<ChangeOrderNo>,
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// 1 to 5, as in the documented topic.
    pub status: Field<i64>,
    /// Amount debited.
    pub pay_amount: Field<Money>,
    /// When it was paid.
    pub pay_time: Field<LocalTime>,
    /// Trade number.
    pub trade_no: Field<String>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(ChangePayResponse);
