//! alitrip.flight.change.order.pay

use serde_json::json;

use super::change_query::{named, not_found};
use super::{Context, Done, JUMP, Refusal, object};
use crate::simulator::change::ChangeStatus;
use crate::simulator::faults::Fault;
use crate::simulator::ledger::Changed;
use crate::simulator::order::{Cents, wire_time};

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let mut change = named(context)?;
    let number = change.change_order_no;
    if context.fault == Some(Fault::PriceJump) {
        context.ledger.changes.raise(number, JUMP);
        change = named(context)?;
    }
    let refuse = |code, text| Err(Refusal::business(code, text));
    match change.progress.status {
        ChangeStatus::AwaitingPayment => {}
        ChangeStatus::Submitted => {
            return refuse("isv.CHANGE_STATUS_NOT_ALLOWED", "当前改签单状态不可支付");
        }
        ChangeStatus::AwaitingTicketing | ChangeStatus::Ticketed => {
            return refuse("isv.CHANGE_ALREADY_PAID", "改签单已支付");
        }
        ChangeStatus::Closed => return refuse("isv.CHANGE_CLOSED", "改签单已关闭"),
    }
    let agreed = &context.input["total_amount"];
    if !agreed.is_null() && Cents::of(agreed) != Some(change.total()) {
        return Err(Refusal::change_fee_changed());
    }
    let Some(change) = context.ledger.changes.pay(number) else {
        return Err(not_found());
    };
    let payment = change.progress.payment.as_ref();
    Ok(Done {
        answer: object(json!({
            "change_order_no": number,
            "order_id": change.order_id,
            "status": change.progress.number(),
            "pay_amount": payment.map(|payment| payment.paid.json()),
            "pay_time": payment.map(|payment| wire_time(payment.at)),
            "trade_no": payment.map(|payment| &payment.trade_no),
        })),
        changed: Some(Changed::Change(number)),
    })
}
