//! `alitrip.flight.refund.create`.

use super::{Context, Unnamed, Unreadable, parts, required};
use crate::domain::ids::{OrderId, OutRefundNo};
use crate::domain::operation::intent;
use crate::domain::order::OrderPassenger;
use crate::domain::personal::Personal;
use crate::domain::refund::{EmptyFee, RefundFee, RefundReceipt, RefundStatus};
use crate::top::wire::{self, AllRefundFee, Yuan};

/// A refund application.
#[derive(Debug, Clone)]
pub struct Application<'a> {
    /// The order.
    pub order_id: OrderId,
    /// The caller's number for the application.
    pub out_refund_no: &'a OutRefundNo,
    /// Fliggy's code for the ground.
    pub kind_code: i64,
    /// The fee from the render call.
    pub fee: RefundFee,
    /// How an unknown fee is sent.
    pub empty_fee: EmptyFee,
    /// Reason in the caller's words.
    pub reason: Option<&'a Personal<String>>,
    /// The passengers whose tickets are refunded.
    pub passengers: &'a [&'a OrderPassenger],
    /// Ids of the segments; none means all.
    pub segments: &'a [String],
    /// Ids of the attachments.
    pub attachments: &'a [String],
}

/// The request that applies for a refund. The fee repeats the fee from the render call to the fen.
///
/// # Errors
/// A passenger cannot be named.
pub fn request(application: &Application<'_>) -> Result<wire::CreateRefundRequest, Unnamed> {
    Ok(wire::CreateRefundRequest {
        order_id: application.order_id.get(),
        out_refund_no: application.out_refund_no.as_str().to_owned(),
        refund_apply_type: application.kind_code,
        all_refund_fee: match (application.fee, application.empty_fee) {
            (RefundFee::Known(fee), _) => AllRefundFee::Amount(Yuan(fee)),
            (RefundFee::Unknown, EmptyFee::Absent) => AllRefundFee::Absent,
            (RefundFee::Unknown, EmptyFee::Null) => AllRefundFee::Null,
            (RefundFee::Unknown, EmptyFee::Empty) => AllRefundFee::Empty,
        },
        refund_reason: application.reason.cloned(),
        passenger_list: parts::travellers(application.passengers)?,
        flight_segment_id_list: application.segments.to_vec(),
        file_id_list: application.attachments.to_vec(),
    })
}

/// The application that was created. Fliggy reports only its number.
///
/// # Errors
/// The response has no application number, or is about another order or application.
pub fn answer(
    answer: wire::RefundCreateResponse,
    requested: &intent::Refund,
    _context: &Context<'_>,
) -> Result<RefundReceipt, Unreadable> {
    let out_refund_no = requested.out_refund_no.as_str();
    parts::agrees(answer.order_id, &requested.order_id, "order_id")?;
    parts::agrees(answer.out_refund_no, out_refund_no, "out_refund_no")?;
    let refund_order_no = required(answer.refund_order_no, "refund_order_no")?;
    Ok(requested.receipt(refund_order_no, RefundStatus::Applied))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::money::Money;
    use crate::translate::samples;

    fn order() -> OrderId {
        OrderId::new(1_234_125_412).unwrap()
    }

    fn number() -> OutRefundNo {
        "TESTR20300502000001".parse().unwrap()
    }

    fn read(wire: wire::RefundCreateResponse) -> Result<RefundReceipt, Unreadable> {
        answer(wire, &samples::refund(), &samples::context())
    }

    fn sent(fee: RefundFee, empty_fee: EmptyFee) -> Value {
        let request = request(&Application {
            order_id: order(),
            out_refund_no: &number(),
            kind_code: 100,
            fee,
            empty_fee,
            reason: None,
            passengers: &[],
            segments: &[],
            attachments: &[],
        });
        serde_json::to_value(request.unwrap()).unwrap()
    }

    #[test]
    fn the_request_equals_the_sample() {
        let request = request(&Application {
            order_id: order(),
            out_refund_no: &number(),
            kind_code: 2,
            fee: RefundFee::Known(Money::parse("72").unwrap()),
            empty_fee: EmptyFee::Empty,
            reason: Some(&Personal::new("测试:航班时刻变更".to_owned())),
            passengers: &[&samples::traveller()],
            segments: &["CZ8957PKXXMN0520".to_owned()],
            attachments: &["FILE-TEST-0001".to_owned()],
        })
        .unwrap();
        samples::same_request::<wire::RefundCreate>(&request);
        let printed = format!("{request:?}");
        for secret in ["测试", "110101"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn a_known_fee_is_sent_exactly_and_an_unknown_one_empty() {
        let known = |text| RefundFee::Known(Money::parse(text).unwrap());
        for (fee, empty, json) in [
            (known("72.05"), EmptyFee::Absent, Some(json!(72.05))),
            (known("0"), EmptyFee::Null, Some(json!(0))),
            (RefundFee::Unknown, EmptyFee::default(), None),
            (RefundFee::Unknown, EmptyFee::Absent, None),
            (RefundFee::Unknown, EmptyFee::Null, Some(Value::Null)),
            (RefundFee::Unknown, EmptyFee::Empty, Some(json!(""))),
        ] {
            assert_eq!(
                sent(fee, empty).get("all_refund_fee"),
                json.as_ref(),
                "{fee:?} {empty:?}"
            );
        }
    }

    #[test]
    fn empty_lists_and_no_reason_are_left_out() {
        let json = sent(RefundFee::Unknown, EmptyFee::Absent);
        for absent in ["flight_segment_id_list", "file_id_list", "refund_reason"] {
            assert!(json.get(absent).is_none(), "{absent}");
        }
    }

    #[test]
    fn the_application_number_is_read_from_the_sample() {
        let receipt = read(samples::answer::<wire::RefundCreate>()).unwrap();
        assert_eq!(receipt.refund_order_no.get(), 4_966_000_000_001);
        assert_eq!(receipt.status, RefundStatus::Applied);
        // The other fields come from the caller's request.
        assert_eq!(receipt.out_refund_no, number());
        assert_eq!(receipt.fee, samples::refund().fee.amount());
        assert!(!receipt.attachment_awaited);
    }

    #[test]
    fn a_response_without_a_number_or_about_another_application_proves_nothing() {
        for (wire_fields, field) in [
            (json!({}), "refund_order_no"),
            (json!({"refund_order_no": "x"}), "refund_order_no"),
            (json!({"refund_order_no": 1, "order_id": 5}), "order_id"),
            (json!({"refund_order_no": 1, "order_id": "x"}), "order_id"),
            (
                json!({"refund_order_no": 1, "out_refund_no": "OTHER"}),
                "out_refund_no",
            ),
            (
                json!({"refund_order_no": 1, "out_refund_no": {"a": 1}}),
                "out_refund_no",
            ),
        ] {
            let wire = serde_json::from_value(wire_fields.clone()).unwrap();
            let error = read(wire).unwrap_err();
            assert_eq!(error.field, field, "{wire_fields}");
        }
        let number_only = serde_json::from_value(json!({"refund_order_no": "7"})).unwrap();
        assert_eq!(read(number_only).unwrap().refund_order_no.get(), 7);
    }
}
