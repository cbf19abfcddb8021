//! `alitrip.flight.service.close`.

use super::{Context, Unreadable, optional, parts};
use crate::domain::ids::OrderId;
use crate::domain::operation::intent;
use crate::domain::order::OrderReceipt;
use crate::top::wire;

/// The request that closes an order; the caller's order number is sent if there is one.
#[must_use]
pub fn request(order_id: OrderId, out_order_no: Option<&str>) -> wire::CloseOrderRequest {
    wire::CloseOrderRequest {
        order_id: order_id.get(),
        out_order_no: out_order_no.map(str::to_owned),
    }
}

/// The result reported for the closed order.
///
/// # Errors
/// The response is about another order, or its order number is garbled.
pub fn answer(
    answer: wire::CloseResponse,
    requested: &intent::Close,
    context: &Context<'_>,
) -> Result<OrderReceipt, Unreadable> {
    parts::agrees(answer.order_id, &requested.order_id, "order_id")?;
    let (status, status_text) = parts::status(answer.order_status, &context.vocabulary.statuses);
    Ok(OrderReceipt {
        out_order_no: optional(answer.out_order_no, "out_order_no")?,
        status,
        status_text,
        ..OrderReceipt::unread(requested.order_id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::OrderStatus;
    use crate::translate::samples;

    const NO: &str = "TEST20300501000001";

    #[test]
    fn the_request_equals_the_sample() {
        let id = OrderId::new(1_234_125_412).unwrap();
        samples::same_request::<wire::Close>(&request(id, Some(NO)));
    }

    #[test]
    fn the_sample_is_read_as_closed() {
        let context = samples::context();
        let id = OrderId::new(1_234_125_412).unwrap();
        let requested = intent::Close { order_id: id };
        let wire = || samples::answer::<wire::Close>();
        let receipt = answer(wire(), &requested, &context).unwrap();
        assert_eq!(receipt.out_order_no.as_deref(), Some(NO));
        assert_eq!(receipt.status, OrderStatus::Closed);
        let other = intent::Close {
            order_id: OrderId::new(1).unwrap(),
        };
        let error = answer(wire(), &other, &context).unwrap_err();
        assert_eq!(error.field, "order_id");
        let empty = wire::CloseResponse::default();
        let receipt = answer(empty, &requested, &context).unwrap();
        assert_eq!((receipt.order_id, receipt.out_order_no), (id, None));
        assert_eq!(receipt.status, OrderStatus::Other);
    }
}
