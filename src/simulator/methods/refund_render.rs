//! alitrip.flight.refund.render

use serde_json::{Value, json};

use super::refund_request::read;
use super::{Context, Done, JUMP, Refusal, object};
use crate::simulator::faults::Fault;
use crate::simulator::order::Cents;
use crate::simulator::refund::Share;

/// The text of create's refusal of a second refund, and of the warning in render's response.
pub(super) const HELD: &str = "该乘机人已有退票申请";

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let price_rises = context.fault == Some(Fault::PriceJump);
    let extra = if price_rises { JUMP } else { Cents(0) };
    let asked = read(context, extra)?;
    let id = asked.order.order_id;
    // A fee that failed once stays unknown: create must not require a fee that render never returned.
    let fails = context.fault == Some(Fault::CalculateFailed);
    if fails && let Some(order) = context.ledger.by_id(id) {
        order.refund_terms.calculable = false;
    }
    let calculable = asked.order.refund_terms.calculable && !fails;
    let details: Vec<Value> = asked
        .shares
        .iter()
        .map(|share| {
            let held = asked.held.contains(&share.index);
            let mut detail = share_json(share, calculable);
            detail.insert("can_apply_refund".to_owned(), json!(!held));
            if held {
                detail.insert("refuse_reason".to_owned(), json!(HELD));
            }
            Value::Object(detail)
        })
        .collect();
    let possible = asked.held.is_empty();
    Ok(Done {
        answer: object(json!({
            "order_id": id,
            "calculate_success": calculable,
            "all_refund_fee": calculable.then(|| asked.fee().json()),
            "refund_to_buyer_money": calculable.then(|| asked.back().json()),
            "can_apply_refund": possible,
            "refuse_reason": (!possible).then_some(HELD),
            "passenger_refund_details": details,
        })),
        changed: None,
    })
}

/// One element of `passenger_refund_details`. Taxes are refunded in full; change fees are not part of the
/// price.
pub(super) fn share_json(share: &Share, known: bool) -> serde_json::Map<String, Value> {
    object(json!({
        "passenger": share.passenger,
        "refund_fee": known.then(|| json!({
            "non_refundable_ticket_fee": share.fee.json(),
            "non_refundable_tax_fee": 0,
            "already_used_total_fee": 0,
            "non_refundable_change_service_fee": 0,
            "non_refundable_change_upgrade_fee": 0,
            "refund_to_buyer_money": share.back().json(),
        })),
    }))
}
