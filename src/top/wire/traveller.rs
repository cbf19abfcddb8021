//! Parts that refunds and changes share: travellers, and what each one's refund or change costs.
//! All inferred: a traveller is named as in the order, by name and document, and the fees are those
//! of a sibling API. A change and a refund name travellers alike.

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
    /// Kind of document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_type: Option<u8>,
    /// Number of the document; tells namesakes apart.
    pub credential_no: Personal<String>,
}

/// `RefundPassenger` and `ChangePassenger` of an answer.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TravellerAnswer {
    /// Name as on the document.
    pub name: Field<Personal<String>>,
    /// 0 adult, 1 child, 8 infant.
    #[serde(rename = "type")]
    pub kind: Field<i64>,
    /// Kind of document.
    pub credential_type: Field<i64>,
    /// Number of the document.
    pub credential_no: Field<Personal<String>>,
}

impl Element for TravellerAnswer {
    // Changes have travellers in lists only as `ChangedPassenger` and within their fees.
    const WRAPPER: &'static str = "refund_passenger";
}

/// `PassengerRefundDetail`: what one traveller's refund comes to.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct PassengerRefundDetail {
    /// Who.
    pub passenger: Object<TravellerAnswer>,
    /// The money.
    pub refund_fee: Object<RefundFee>,
    /// This traveller can be refunded (render only).
    pub can_apply_refund: Field<bool>,
    /// Why not (render only).
    pub refuse_reason: Field<Personal<String>>,
}

impl Element for PassengerRefundDetail {
    const WRAPPER: &'static str = "passenger_refund_detail";
}

/// `RefundFee`: five parts that are kept, and what is given back.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct RefundFee {
    /// Part of the ticket that is kept.
    pub non_refundable_ticket_fee: Field<Money>,
    /// Part of the taxes that is kept.
    pub non_refundable_tax_fee: Field<Money>,
    /// Value of the segments already flown.
    pub already_used_total_fee: Field<Money>,
    /// Fee of an earlier change that is kept.
    pub non_refundable_change_service_fee: Field<Money>,
    /// Fare difference of an earlier change that is kept.
    pub non_refundable_change_upgrade_fee: Field<Money>,
    /// Given back.
    pub refund_to_buyer_money: Field<Money>,
}

/// `ChangeFeeDetail`: what one traveller's change costs.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ChangeFeeDetail {
    /// Who.
    pub passenger: Object<TravellerAnswer>,
    /// The money.
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
