//! `alitrip.flight.service.pay`.

use super::{Context, Unreadable, optional, parts};
use crate::domain::ids::OrderId;
use crate::domain::money::Money;
use crate::domain::operation::intent;
use crate::domain::order::OrderReceipt;
use crate::domain::payment_time::PaymentTime;
use crate::top::wire::{self, Yuan};

/// The request that pays an order, with the total that the caller agreed to.
#[must_use]
pub fn request(
    order_id: OrderId,
    out_order_no: Option<&str>,
    total_price: Money,
) -> wire::PayOrderRequest {
    wire::PayOrderRequest {
        order_id: order_id.get(),
        out_order_no: out_order_no.map(str::to_owned),
        total_price: Yuan(total_price),
    }
}

/// The result reported for the paid order. It is not yet proof of payment.
///
/// # Errors
/// The response is about another order, or its order number or payment amount is garbled.
pub fn answer(
    answer: wire::PayResponse,
    requested: &intent::Pay,
    context: &Context<'_>,
) -> Result<OrderReceipt, Unreadable> {
    parts::agrees(answer.order_id, &requested.order_id, "order_id")?;
    let (status, status_text) = parts::status(answer.order_status, &context.vocabulary.statuses);
    let alipay_trade_no = answer.alipay_trade_no.lossy();
    Ok(OrderReceipt {
        out_order_no: optional(answer.out_order_no, "out_order_no")?,
        status,
        status_text,
        paid_price: optional(answer.real_pay_price, "real_pay_price")?,
        paid_at: PaymentTime::assess(answer.pay_time.lossy(), None, context.now).known(),
        trade_no: answer.trade_no.lossy().or_else(|| alipay_trade_no.clone()),
        alipay_trade_no,
        ..OrderReceipt::unread(requested.order_id)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::order::OrderStatus;
    use crate::translate::samples;

    const NO: &str = "TEST20300501000001";

    fn requested() -> intent::Pay {
        intent::Pay {
            order_id: OrderId::new(1_234_125_412).unwrap(),
            total: Money::parse("1160.00").unwrap(),
        }
    }

    #[test]
    fn the_request_equals_the_sample() {
        let intent::Pay { order_id, total } = requested();
        samples::same_request::<wire::Pay>(&request(order_id, Some(NO), total));
    }

    #[test]
    fn the_sample_is_read_as_paid() {
        let sample = samples::answer::<wire::Pay>();
        let receipt = answer(sample, &requested(), &samples::context()).unwrap();
        assert_eq!(receipt.status, OrderStatus::Paid);
        assert_eq!(receipt.paid_price, Money::parse("1160").ok());
        assert_eq!(
            receipt.paid_at.unwrap().to_string(),
            "2030-05-01T10:05:00+08:00"
        );
        assert_eq!(receipt.trade_no.as_deref(), Some("2030050100000000000001"));
    }

    #[test]
    fn an_implausible_payment_time_counts_as_absent() {
        for pay_time in ["soon", "1970-01-01 08:00:00"] {
            let wire = serde_json::from_value(json!({"is_success": true, "pay_time": pay_time}));
            let receipt = answer(wire.unwrap(), &requested(), &samples::context());
            assert_eq!(receipt.unwrap().paid_at, None, "{pay_time}");
        }
    }
}
