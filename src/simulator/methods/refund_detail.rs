//! alitrip.flight.refund.detail

use serde_json::{Value, json};

use super::refund_render::share_json;
use super::{Context, Done, Refusal, object};
use crate::simulator::order::wire_time;

pub(super) fn not_found() -> Refusal {
    Refusal::business("isv.REFUND_NOT_EXIST", "退票单不存在")
}

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let number = context.input["refund_order_no"].as_u64();
    let order_id = context.input["order_id"].as_u64();
    let refunds = &mut context.ledger.refunds;
    let mine = number
        .and_then(|number| refunds.get(number))
        .is_some_and(|refund| {
            refund.account == context.account && order_id.is_none_or(|id| id == refund.order_id)
        });
    let refund = number
        .filter(|_| mine)
        .and_then(|number| refunds.look_up(number))
        .ok_or_else(not_found)?;
    let money = refund.money();
    let progress = &refund.progress;
    let refunded = progress.refunded.as_ref();
    let shares = refund.shares.iter();
    let details: Vec<Value> = shares
        .map(|share| Value::Object(share_json(share, money.is_some())))
        .collect();
    Ok(Done {
        answer: object(json!({
            "refund_order_no": refund.refund_order_no,
            "order_id": refund.order_id,
            "out_refund_no": refund.out_refund_no,
            "refund_apply_type": refund.apply_type,
            "refund_order_status": progress.number(),
            "multi_refund_flag": refund.multi_refund_flag,
            "all_refund_fee": money.map(|(fee, _)| fee.json()),
            "refund_to_buyer_money": money.map(|(_, back)| back.json()),
            "apply_time": wire_time(refund.applied_at),
            "refund_time": refunded.map(|refunded| wire_time(refunded.at)),
            "refund_reason": refund.reason,
            "refuse_reason": progress.refuse_reason,
            "trade_no": refunded.map(|refunded| &refunded.trade_no),
            "passenger_refund_details": details,
            "flight_segment_id_list": refund.segment_ids,
            "file_id_list": progress.files,
        })),
        changed: None,
    })
}
