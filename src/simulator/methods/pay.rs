//! alitrip.flight.service.pay

use serde_json::json;

use super::{Context, Done, JUMP, Refusal, named, object};
use crate::simulator::faults::Fault;
use crate::simulator::ledger::Changed;
use crate::simulator::order::{Cents, Status, wire_time};

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let subject = named(context.input)?;
    let Some(order) = context.ledger.get(context.account, &subject) else {
        return Err(Refusal::not_found());
    };
    if context.fault == Some(Fault::PriceJump) {
        order.total = order.total + JUMP;
    }
    match order.progress.status {
        Status::Booked => {}
        Status::Paid | Status::Ticketed => {
            return Err(Refusal::business("isv.ORDER_ALREADY_PAID", "订单已支付"));
        }
        Status::Failed => {
            let text = "订单状态不允许支付";
            return Err(Refusal::business("isv.ORDER_STATUS_NOT_ALLOWED", text));
        }
        Status::Closed => return Err(Refusal::business("isv.ORDER_CLOSED", "订单已关闭")),
    }
    let agreed = &context.input["total_price"];
    if !agreed.is_null() && Cents::of(agreed) != Some(order.total) {
        return Err(Refusal::business("isv.PRICE_CHANGED", "订单价格发生变化"));
    }
    let id = order.order_id;
    let Some(order) = context.ledger.pay(id) else {
        return Err(Refusal::not_found());
    };
    let payment = order.progress.payment.as_ref();
    Ok(Done {
        answer: object(json!({
            "order_id": order.order_id,
            "out_order_no": order.out_order_no,
            "order_status": order.progress.phrase(),
            "real_pay_price": payment.map(|p| p.paid.json()),
            "pay_time": payment.map(|p| wire_time(p.at)),
            "trade_no": payment.map(|p| &p.trade_no),
            "alipay_trade_no": payment.map(|p| &p.alipay_trade_no),
        })),
        changed: Some(Changed::Order(id)),
    })
}
