//! The contents of TOP's messages, one type per topic (all documented). Texts and numbers are read in either form.

use serde::Deserialize;

use crate::domain::ids::{ChangeOrderNo, RefundOrderNo};
use crate::top::lenient::Field;

/// `alitrip_flight_TradeNotify`: an order was paid, closed or ticketed.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TradeNotify {
    /// Message id.
    pub id: Field<String>,
    /// Order number.
    pub order_no: Field<String>,
    /// 1 paid, 2 closed, 3 ticketed.
    #[serde(rename = "type")]
    pub kind: Field<i64>,
}

/// `alitrip_flight_RefundNotify`: a refund was created, closed or paid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundNotify {
    /// Message id.
    pub id: Field<String>,
    /// `REFUND_CREATE_MSG`, `REFUND_CLOSE_MSG` or `REFUND_SUCCESS_MSG`.
    pub message_type: Field<String>,
    /// Order number.
    pub order_no: Field<String>,
    /// Refund order number.
    pub refund_order_no: Field<RefundOrderNo>,
    /// Whether it is a supplementary refund (补退).
    pub multi_refund_flag: Field<bool>,
}

/// `alitrip_flight_ChangeStatusNotify`: a change has a new status.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeStatusNotify {
    /// Message id.
    pub id: Field<String>,
    /// Order number.
    pub order_no: Field<String>,
    /// Change order number.
    pub change_order_no: Field<ChangeOrderNo>,
    /// 1 submitted, 2 awaiting payment, 3 awaiting ticketing, 4 closed, 5 ticketed.
    pub status: Field<i64>,
}

/// `alitrip_flight_FlightChange`: the airline changed a schedule. The gateway reads the changes of the order, so only
/// the identity is read here. Until 2024-04-08 the names were in camel case.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct FlightChangeMessage {
    /// Message id.
    pub message_id: Field<String>,
    /// Message id until 2024-04-08.
    #[serde(rename = "messageId")]
    pub old_message_id: Field<String>,
    /// Order number.
    pub order_id: Field<String>,
    /// Order number until 2024-04-08.
    #[serde(rename = "orderId")]
    pub old_order_id: Field<String>,
}

/// `alitrip_flight_PayNotification`: an order was paid.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PayNotification {
    /// Message id.
    pub id: Field<String>,
    /// Order number.
    pub order_no: Field<String>,
}
