//! alitrip.flight.refund.list

use serde_json::{Value, json};

use super::{Context, Done, Refusal, object};
use crate::simulator::order::wire_time;
use crate::simulator::refund::Refund;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let id = context.order()?.order_id;
    Ok(done(&context.ledger.refunds.look_up_of_order(id)))
}

/// The response with these refunds.
pub(super) fn done(refunds: &[Refund]) -> Done {
    let rows: Vec<Value> = refunds.iter().map(row).collect();
    Done {
        answer: object(json!({"refund_order_list": rows})),
        changed: None,
    }
}

fn row(refund: &Refund) -> Value {
    let money = refund.money();
    let refunded = refund.progress.refunded.as_ref();
    let passengers: Vec<&Value> = refund.shares.iter().map(|share| &share.passenger).collect();
    Value::Object(object(json!({
        "refund_order_no": refund.refund_order_no,
        "order_id": refund.order_id,
        "out_refund_no": refund.out_refund_no,
        "refund_apply_type": refund.apply_type,
        "refund_order_status": refund.progress.number(),
        "multi_refund_flag": refund.multi_refund_flag,
        "all_refund_fee": money.map(|(fee, _)| fee.json()),
        "refund_to_buyer_money": money.map(|(_, back)| back.json()),
        "apply_time": wire_time(refund.applied_at),
        "refund_time": refunded.map(|refunded| wire_time(refunded.at)),
        "passenger_list": passengers,
    })))
}
