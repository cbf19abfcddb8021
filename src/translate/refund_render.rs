//! `alitrip.flight.refund.render`.

use super::{Context, Unnamed, Unreadable, optional, parts, refund_passenger, required};
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::order::OrderPassenger;
use crate::domain::personal::Personal;
use crate::domain::refund::{RefundFee, RefundPassenger};
use crate::top::lenient::{Field, Object};
use crate::top::wire;

/// Fliggy's quote for a refund.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rendered {
    /// The fee, to be repeated in the application.
    pub fee: RefundFee,
    /// Total amount given back; `None` if the fee was not computed.
    pub refund_amount: Option<Money>,
    /// Whether the selection can be refunded, if reported.
    pub refundable: Option<bool>,
    /// Why the selection cannot be refunded, if reported.
    pub not_refundable_reason: Option<Personal<String>>,
    /// The amounts per passenger.
    pub passengers: Vec<RefundPassenger>,
}

/// The request for the fee of a refund with Fliggy's ground code `kind_code`. No segments means
/// all.
///
/// # Errors
/// A passenger cannot be named.
pub fn request(
    order_id: OrderId,
    kind_code: i64,
    passengers: &[&OrderPassenger],
    segments: &[String],
) -> Result<wire::RenderRefundRequest, Unnamed> {
    Ok(wire::RenderRefundRequest {
        order_id: order_id.get(),
        passenger_list: parts::travellers(passengers)?,
        flight_segment_id_list: segments.to_vec(),
        refund_apply_type: kind_code,
    })
}

/// The quote.
///
/// # Errors
/// The response does not report whether the fee was computed, or the order or a computed amount is
/// garbled.
pub fn answer(
    answer: wire::RefundRenderResponse,
    context: &Context<'_>,
) -> Result<Rendered, Unreadable> {
    optional(answer.order_id, "order_id")?;
    let refundable = answer.can_apply_refund.lossy();
    let fee = fee(answer.calculate_success, answer.all_refund_fee, refundable)?;
    let refund_amount = match fee {
        RefundFee::Known(_) => optional(answer.refund_to_buyer_money, "refund_to_buyer_money")?,
        RefundFee::Unknown => None,
    };
    let details = answer
        .passenger_refund_details
        .into_iter()
        .map(|mut detail| {
            // If the computation failed, the amounts were not computed either: a zero there is not
            // a price.
            if fee == RefundFee::Unknown {
                detail.refund_fee = Object::default();
            }
            detail
        });
    let passengers = refund_passenger::passengers(details, context)?;
    Ok(Rendered {
        fee,
        refund_amount,
        refundable,
        not_refundable_reason: answer.refuse_reason.lossy(),
        passengers,
    })
}

/// The fee. The application must repeat it to the fen, so an unclear fee is never guessed.
fn fee(
    calculated: Field<bool>,
    fee: Field<Money>,
    refundable: Option<bool>,
) -> Result<RefundFee, Unreadable> {
    const CALCULATED: &str = "calculate_success";
    const FEE: &str = "all_refund_fee";
    match optional(calculated, CALCULATED)? {
        Some(true) => required(fee, FEE).map(RefundFee::Known),
        Some(false) => Ok(RefundFee::Unknown),
        None => match optional(fee, FEE)? {
            Some(fee) => Ok(RefundFee::Known(fee)),
            // If the selection cannot be refunded, there is no fee to compute.
            None if refundable == Some(false) => Ok(RefundFee::Unknown),
            None => Err(Unreadable { field: CALCULATED }),
        },
    }
}

#[cfg(test)]
mod tests;
