//! `alitrip.flight.change.order.pay`.

use super::{Context, Unreadable, optional, parts};
use crate::domain::change::{ChangeReceipt, ChangeStatus};
use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::domain::money::Money;
use crate::domain::operation::intent;
use crate::domain::payment_time::PaymentTime;
use crate::top::wire::{self, Yuan};

/// The request that pays a change, with the total that the caller agreed to.
#[must_use]
pub fn request(
    change_order_no: ChangeOrderNo,
    order_id: Option<OrderId>,
    total: Money,
) -> wire::PayChangeOrderRequest {
    wire::PayChangeOrderRequest {
        change_order_no: change_order_no.get(),
        order_id: order_id.map(OrderId::get),
        total_amount: Yuan(total),
    }
}

/// The result reported for the paid change. It is not yet proof of payment.
///
/// # Errors
/// The response is about another change, or its order, status or payment amount is garbled.
pub fn answer(
    answer: wire::ChangePayResponse,
    requested: &intent::ChangePay,
    context: &Context<'_>,
) -> Result<ChangeReceipt, Unreadable> {
    parts::agrees(
        answer.change_order_no,
        &requested.change_order_no,
        "change_order_no",
    )?;
    Ok(ChangeReceipt {
        status: parts::change_status(answer.status, ChangeStatus::Other)?,
        // The amount debited is the total price of the change: there are no partial payments.
        total_price: optional(answer.pay_amount, "pay_amount")?,
        paid_at: PaymentTime::assess(answer.pay_time.lossy(), None, context.now).known(),
        trade_no: answer.trade_no.lossy(),
        ..ChangeReceipt::unread(
            requested.change_order_no,
            optional(answer.order_id, "order_id")?,
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::translate::samples;

    fn order() -> Option<OrderId> {
        OrderId::new(1_234_125_412)
    }

    fn read(json: Value) -> Result<ChangeReceipt, Unreadable> {
        let answered = serde_json::from_value(json).unwrap();
        answer(answered, &samples::change_pay(), &samples::context())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let intent::ChangePay {
            change_order_no,
            total,
        } = samples::change_pay();
        let request = request(change_order_no, order(), total);
        samples::same_request::<wire::ChangePay>(&request);
    }

    #[test]
    fn the_sample_is_read_as_paid_and_awaiting_ticketing() {
        let sample = samples::answer::<wire::ChangePay>();
        let receipt = answer(sample, &samples::change_pay(), &samples::context()).unwrap();
        assert_eq!(receipt.status, ChangeStatus::AwaitingTicketing);
        assert_eq!(receipt.order_id, order());
        assert_eq!(receipt.total_price, Money::parse("40").ok());
        let paid_at = receipt.paid_at.unwrap().to_string();
        assert_eq!(paid_at, "2030-05-02T10:05:00+08:00");
        assert_eq!(receipt.trade_no.as_deref(), Some("2030050200000000000001"));
    }

    #[test]
    fn an_empty_response_is_not_a_payment() {
        let receipt = read(json!({"is_success": true})).unwrap();
        assert_eq!((receipt.paid_at, receipt.total_price), (None, None));
        assert_eq!(
            (receipt.status, receipt.order_id),
            (ChangeStatus::Other, None)
        );
    }

    #[test]
    fn garbled_decisive_fields_prove_nothing() {
        for (field, value) in [
            ("change_order_no", json!(5)),
            ("order_id", json!("x")),
            ("status", json!("paid")),
            ("pay_amount", json!("much")),
        ] {
            let mut json = json!({"is_success": true});
            json[field] = value;
            assert_eq!(read(json).unwrap_err().field, field);
        }
    }
}
