//! `alitrip.flight.refund.create`: applies for a refund. `refund_apply_type` and `all_refund_fee`, with their rules,
//! come from the seed; all other fields are inferred.

use serde::{Deserialize, Serialize, Serializer};

use super::Yuan;
use super::traveller::TravellerRequest;
use crate::domain::ids::{OrderId, RefundOrderNo};
use crate::domain::personal::Personal;
use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.refund.create`.
#[derive(Debug, Clone, Copy)]
pub struct RefundCreate;

impl Method for RefundCreate {
    const NAME: &'static str = "alitrip.flight.refund.create";
    const EFFECT: Effect = Effect::Write;
    const PARAM: &'static str = "create_refund_request";
    type Request = CreateRefundRequest;
    type Answer = RefundCreateResponse;
}

/// `CreateRefundRequest`.
#[derive(Debug, Serialize)]
pub struct CreateRefundRequest {
    /// Fliggy's order id.
    pub order_id: u64,
    /// The caller's number for the application.
    pub out_refund_no: String,
    /// Fliggy's number for the kind of refund (seed).
    pub refund_apply_type: i64,
    /// The fee from the render call (seed).
    #[serde(skip_serializing_if = "AllRefundFee::is_absent")]
    pub all_refund_fee: AllRefundFee,
    /// Reason in the caller's words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refund_reason: Option<Personal<String>>,
    /// Passengers.
    pub passenger_list: Vec<TravellerRequest>,
    /// Ids of the segments; absent means all.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub flight_segment_id_list: Vec<String>,
    /// Ids of the attachments.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub file_id_list: Vec<String>,
}

/// `all_refund_fee`: exactly the amount from the render call, or empty if none was computed. How an empty fee must be
/// written on the wire is unknown, so there are three variants for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AllRefundFee {
    /// The amount.
    Amount(Yuan),
    /// The field is left out.
    Absent,
    /// `null`.
    Null,
    /// `""`.
    Empty,
}

impl AllRefundFee {
    const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl Serialize for AllRefundFee {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Amount(amount) => amount.serialize(serializer),
            Self::Absent | Self::Null => serializer.serialize_none(),
            Self::Empty => serializer.serialize_str(""),
        }
    }
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct RefundCreateResponse {
    /// Fliggy's number for the application.
    pub refund_order_no: Field<RefundOrderNo>,
    /// Fliggy's order id.
    pub order_id: Field<OrderId>,
    /// The caller's number for the application.
    pub out_refund_no: Field<String>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(RefundCreateResponse);
