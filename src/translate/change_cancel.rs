//! `alitrip.flight.change.order.cancel`.

use super::{Context, Unreadable, optional, parts};
use crate::domain::change::{ChangeReceipt, ChangeStatus};
use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::domain::operation::intent;
use crate::top::wire;

/// The request that cancels a change.
#[must_use]
pub fn request(
    change_order_no: ChangeOrderNo,
    order_id: Option<OrderId>,
) -> wire::CancelChangeOrderRequest {
    wire::CancelChangeOrderRequest {
        change_order_no: change_order_no.get(),
        order_id: order_id.map(OrderId::get),
    }
}

/// The result reported for the cancelled change.
///
/// # Errors
/// The response is about another change, or its order or status is garbled.
pub fn answer(
    answer: wire::ChangeCancelResponse,
    requested: &intent::ChangeCancel,
    _context: &Context<'_>,
) -> Result<ChangeReceipt, Unreadable> {
    parts::agrees(
        answer.change_order_no,
        &requested.change_order_no,
        "change_order_no",
    )?;
    Ok(ChangeReceipt {
        status: parts::change_status(answer.status, ChangeStatus::Other)?,
        ..ChangeReceipt::unread(
            requested.change_order_no,
            optional(answer.order_id, "order_id")?,
        )
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::translate::samples;

    fn read(wire: wire::ChangeCancelResponse) -> Result<ChangeReceipt, Unreadable> {
        answer(wire, &samples::change_cancel(), &samples::context())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let request = request(
            samples::change_cancel().change_order_no,
            OrderId::new(1_234_125_412),
        );
        samples::same_request::<wire::ChangeCancel>(&request);
    }

    #[test]
    fn the_sample_is_read_as_closed() {
        let receipt = read(samples::answer::<wire::ChangeCancel>()).unwrap();
        assert_eq!(receipt.status, ChangeStatus::Closed);
        assert_eq!(receipt.order_id, OrderId::new(1_234_125_412));
    }

    #[test]
    fn four_is_closed_and_five_is_ticketed() {
        for (status, found) in [
            (json!(4), ChangeStatus::Closed),
            (json!("5"), ChangeStatus::Ticketed),
            (json!(77), ChangeStatus::Other),
            (json!(null), ChangeStatus::Other),
        ] {
            let wire = serde_json::from_value(json!({"status": status})).unwrap();
            assert_eq!(read(wire).unwrap().status, found, "{status}");
        }
    }

    #[test]
    fn another_change_and_a_garbled_status_prove_nothing() {
        for (field, value) in [
            ("change_order_no", json!(5)),
            ("order_id", json!("x")),
            ("status", json!("closed")),
        ] {
            let mut json = json!({});
            json[field] = value;
            let wire = serde_json::from_value(json).unwrap();
            let error = read(wire).unwrap_err();
            assert_eq!(error.field, field);
        }
    }
}
