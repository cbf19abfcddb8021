//! alitrip.flight.service.close

use serde_json::json;

use super::{Context, Done, Refusal, named, object};
use crate::simulator::ledger::Changed;
use crate::simulator::order::Status;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let subject = named(context.input)?;
    let Some(order) = context.ledger.get(context.account, &subject) else {
        return Err(Refusal::not_found());
    };
    match order.progress.status {
        Status::Booked => {}
        Status::Paid | Status::Ticketed | Status::Failed => {
            let text = "订单已支付,不能关闭";
            return Err(Refusal::business("isv.ORDER_STATUS_NOT_ALLOWED", text));
        }
        Status::Closed => {
            return Err(Refusal::business("isv.ORDER_ALREADY_CLOSED", "订单已关闭"));
        }
    }
    let id = order.order_id;
    let Some(order) = context.ledger.close(id) else {
        return Err(Refusal::not_found());
    };
    Ok(Done {
        answer: object(json!({
            "order_id": order.order_id,
            "out_order_no": order.out_order_no,
            "order_status": order.progress.phrase(),
        })),
        changed: Some(Changed::Order(id)),
    })
}
