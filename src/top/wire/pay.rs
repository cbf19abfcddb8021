//! `alitrip.flight.service.pay`: debits the signed Alipay agreement. All fields are inferred.

use serde::{Deserialize, Serialize};

use super::Yuan;
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::time::LocalTime;
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.pay`.
#[derive(Debug, Clone, Copy)]
pub struct Pay;

impl Method for Pay {
    const NAME: &'static str = "alitrip.flight.service.pay";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "pay_order_request";
    type Request = PayOrderRequest;
    type Answer = PayResponse;
}

/// `PayOrderRequest`.
#[derive(Debug, Serialize)]
pub struct PayOrderRequest {
    /// Fliggy's order id.
    pub order_id: u64,
    /// The caller's order number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub out_order_no: Option<String>,
    /// Amount expected to be debited.
    pub total_price: Yuan,
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct PayResponse {
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's order number.
    pub out_order_no: Field<String>,
    /// Status, a Chinese phrase.
    pub order_status: Field<String>,
    /// Amount debited.
    pub real_pay_price: Field<Money>,
    /// When it was paid.
    pub pay_time: Field<LocalTime>,
    /// Trade number.
    pub trade_no: Field<String>,
    /// Alipay's trade number.
    pub alipay_trade_no: Field<String>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(PayResponse);
