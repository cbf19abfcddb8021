//! Types that refunds and changes share: passengers, and the amounts per passenger. All fields are inferred: a
//! passenger is identified as in the order, by name and document, and the fees are those of a sibling API.

use serde::{Deserialize, Serialize};

use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::top::lenient::{Element, Field, Object};

/// `RefundPassenger` and `ChangePassenger` of a request.
#[derive(Debug, Serialize)]
pub struct TravellerRequest {
    /// Name as on the document.
    pub name: Personal<String>,
    /// 0 adult, 1 child, 8 infant.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub kind: Option<u8>,
    /// Document type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<u8>,
    /// Document number; distinguishes passengers with the same name.
    pub credential_no: Personal<String>,
}

/// `RefundPassenger` and `ChangePassenger` of a response.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TravellerAnswer {
    /// Name as on the document.
    pub name: Field<Personal<String>>,
    /// 0 adult, 1 child, 8 infant.
    #[serde(rename = "type")]
    pub kind: Field<i64>,
    /// Document type.
    pub credential_type: Field<i64>,
    /// Document number.
    pub credential_no: Field<Personal<String>>,
}

impl Element for TravellerAnswer {
    // In changes, lists contain passengers only as `ChangedPassenger` and within the fees.
    const WRAPPER: &'static str = "refund_passenger";
}

/// `PassengerRefundDetail`: the refund amounts of one passenger.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PassengerRefundDetail {
    /// The passenger.
    pub passenger: Object<TravellerAnswer>,
    /// The amounts.
    pub refund_fee: Object<RefundFee>,
    /// Whether this passenger can be refunded (render only).
    pub can_apply_refund: Field<bool>,
    /// Why this passenger cannot be refunded (render only).
    pub refuse_reason: Field<Personal<String>>,
}

impl Element for PassengerRefundDetail {
    const WRAPPER: &'static str = "passenger_refund_detail";
}

/// `RefundFee`: the five parts that are kept, and the amount that is refunded.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundFee {
    /// Kept part of the ticket.
    pub non_refundable_ticket_fee: Field<Money>,
    /// Kept part of the taxes.
    pub non_refundable_tax_fee: Field<Money>,
    /// Value of the segments already flown.
    pub already_used_total_fee: Field<Money>,
    /// Kept fee of an earlier change.
    pub non_refundable_change_service_fee: Field<Money>,
    /// Kept fare difference of an earlier change.
    pub non_refundable_change_upgrade_fee: Field<Money>,
    /// Amount refunded.
    pub refund_to_buyer_money: Field<Money>,
}

/// `ChangeFeeDetail`: the change fees of one passenger.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeFeeDetail {
    /// The passenger.
    pub passenger: Object<TravellerAnswer>,
    /// The amounts.
    pub change_fee: Object<ChangeFee>,
}

impl Element for ChangeFeeDetail {
    const WRAPPER: &'static str = "change_fee_detail";
}

/// `ChangeFee`.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeFee {
    /// Fee of the change itself.
    pub service_fee: Field<Money>,
    /// Difference of fare and cabin.
    pub upgrade_fee: Field<Money>,
    /// Difference of taxes.
    pub tax_fee: Field<Money>,
}
