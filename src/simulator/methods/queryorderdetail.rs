//! alitrip.flight.service.queryorderdetail

use serde_json::json;

use super::{Context, Done, Refusal, named, object};
use crate::simulator::order::wire_time;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let subject = named(context.input)?;
    let Some(order) = context.ledger.look_up(context.account, &subject) else {
        return Err(Refusal::not_found());
    };
    let itinerary = context.ledger.itinerary(&order);
    let progress = &order.progress;
    let payment = progress.payment.as_ref();
    Ok(Done {
        answer: object(json!({
            "order_id": order.order_id,
            "out_order_no": order.out_order_no,
            "order_status": progress.phrase(),
            "seller_nick": order.seller,
            "book_time": wire_time(order.booked_at),
            "last_pay_time": wire_time(order.pay_before),
            "pay_time": payment.map(|p| wire_time(p.at)),
            "succeed_time": progress.ticketed_at.map(wire_time),
            "total_price": order.total.json(),
            "real_pay_price": payment.map(|p| p.paid.json()),
            "trade_no": payment.map(|p| &p.trade_no),
            "alipay_trade_no": payment.map(|p| &p.alipay_trade_no),
            "flight_book_order_detail_list": itinerary.details,
            "flight_route": itinerary.route,
        })),
        changed: None,
    })
}
