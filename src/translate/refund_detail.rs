//! `alitrip.flight.refund.detail`.

use super::{Context, Unreadable, optional, parts, refund_passenger, required};
use crate::domain::ids::{OrderId, RefundOrderNo};
use crate::domain::refund::{Refund, RefundStatus, attachment_awaited};
use crate::top::wire;

/// The request for one application.
#[must_use]
pub fn request(
    refund_order_no: RefundOrderNo,
    order_id: Option<OrderId>,
) -> wire::QueryRefundDetailRequest {
    wire::QueryRefundDetailRequest {
        refund_order_no: refund_order_no.get(),
        order_id: order_id.map(OrderId::get),
    }
}

/// The refund. Fliggy does not report whether a proof was uploaded for the order: `attachment_awaited` assumes that
/// none was.
///
/// # Errors
/// The response has no application number, or a number, the status, an amount or the refund time is garbled.
pub fn answer(
    answer: wire::RefundDetailResponse,
    context: &Context<'_>,
) -> Result<Refund, Unreadable> {
    let kind_code = answer.refund_apply_type.lossy();
    let kind = kind_code.and_then(|code| context.vocabulary.refund_kinds.kind(code));
    let status_code = optional(answer.refund_order_status, "refund_order_status")?;
    let status = status_code.map_or(RefundStatus::Other, RefundStatus::from_wire);
    let attachments = parts::texts(answer.file_id_list);
    let segments = parts::texts(answer.flight_segment_id_list);
    let mut passengers = refund_passenger::passengers(answer.passenger_refund_details, context)?;
    // An application covers all of its passengers on all of its segments.
    for passenger in &mut passengers {
        passenger.segment_ids = (!segments.is_empty()).then(|| segments.clone());
    }
    Ok(Refund {
        refund_order_no: required(answer.refund_order_no, "refund_order_no")?,
        order_id: optional(answer.order_id, "order_id")?,
        out_refund_no: optional(answer.out_refund_no, "out_refund_no")?,
        kind,
        kind_code,
        status,
        status_code,
        supplementary: answer.multi_refund_flag.lossy(),
        fee: optional(answer.all_refund_fee, "all_refund_fee")?,
        refund_amount: optional(answer.refund_to_buyer_money, "refund_to_buyer_money")?,
        applied_at: answer.apply_time.lossy(),
        refunded_at: optional(answer.refund_time, "refund_time")?,
        reason: answer.refund_reason.lossy(),
        rejected_because: answer.refuse_reason.lossy(),
        trade_no: answer.trade_no.lossy(),
        passengers,
        segments,
        attachment_awaited: Some(attachment_awaited(kind, status, !attachments.is_empty())),
        attachments,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::passenger::OrderPassengerType;
    use crate::domain::refund::RefundKind;
    use crate::translate::samples;

    const NO: u64 = 4_966_000_000_001;

    fn number() -> RefundOrderNo {
        RefundOrderNo::new(NO).unwrap()
    }

    fn translated(wire: wire::RefundDetailResponse) -> Result<Refund, Unreadable> {
        answer(wire, &samples::context())
    }

    /// Fills in the application number if the response has none.
    fn read(mut json: Value) -> Result<Refund, Unreadable> {
        let answer = json.as_object_mut().unwrap();
        answer.entry("refund_order_no").or_insert(json!(NO));
        translated(serde_json::from_value(json).unwrap())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let request = request(number(), OrderId::new(1_234_125_412));
        samples::same_request::<wire::RefundDetail>(&request);
    }

    #[test]
    fn the_sample_is_read_as_refunded() {
        let refund = translated(samples::answer::<wire::RefundDetail>()).unwrap();
        assert_eq!(refund.status, RefundStatus::Refunded);
        assert_eq!(refund.kind, Some(RefundKind::FlightChanged));
        assert_eq!(refund.fee.unwrap().to_string(), "72.00");
        assert_eq!(refund.refund_amount.unwrap().to_string(), "718.00");
        let refunded_at = refund.refunded_at.unwrap().to_string();
        assert_eq!(refunded_at, "2030-05-03T09:00:00+08:00");
        assert_eq!(refund.segments, ["CZ8957PKXXMN0520"]);
        assert_eq!(refund.attachments, ["FILE-TEST-0001"]);
        assert_eq!(refund.supplementary, Some(false));
        assert_eq!(refund.attachment_awaited, Some(false));
        let [one] = refund.passengers.as_slice() else {
            panic!("{:?}", refund.passengers);
        };
        assert_eq!(one.passenger_id, samples::traveller().passenger_id);
        assert_eq!(one.fee, refund.fee);
        assert_eq!(one.name.as_ref().unwrap().expose(), "测试旅客");
        assert_eq!(one.kind, Some(OrderPassengerType::Adult));
        assert_eq!(one.segment_ids.as_ref(), Some(&refund.segments));
        let printed = format!("{refund:?}");
        for secret in ["测试", "110101"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn every_passenger_has_the_segments_of_the_application() {
        let passenger =
            |number| json!({"passenger": {"credential_type": 0, "credential_no": number}});
        for (segments, segment_ids) in [
            (json!(null), None),
            (json!([]), None),
            (json!({"string": ["S1"]}), Some(vec!["S1"])),
            (json!(["S1", "S2"]), Some(vec!["S1", "S2"])),
        ] {
            let refund = read(json!({
                "flight_segment_id_list": segments,
                "passenger_refund_details": [passenger("1"), passenger("2")],
            }));
            let found = refund.unwrap().passengers;
            let segment_ids =
                segment_ids.map(|ids| ids.into_iter().map(str::to_owned).collect::<Vec<_>>());
            let found: Vec<_> = found.into_iter().map(|p| p.segment_ids).collect();
            assert_eq!(found, [segment_ids.clone(), segment_ids], "{segments}");
        }
    }

    #[test]
    fn identically_masked_documents_give_no_ids() {
        let passenger = |name, number| json!({"passenger": {"name": name, "credential_type": 0, "credential_no": number}});
        let refund = read(json!({"passenger_refund_details": [
            passenger("测试甲", "1101****0011"),
            passenger("测试乙", "1101****0011"),
            passenger("测试丙", "1101****0029"),
        ]}));
        let passengers = refund.unwrap().passengers;
        let identified: Vec<_> = passengers
            .iter()
            .map(|p| p.passenger_id.is_some())
            .collect();
        assert_eq!(identified, [false, false, true]);
    }

    #[test]
    fn garbled_decisive_fields_prove_nothing() {
        for (field, value) in [
            ("refund_order_no", json!(null)),
            ("refund_order_no", json!("x")),
            ("order_id", json!("x")),
            ("out_refund_no", json!([1])),
            ("refund_order_status", json!("done")),
            ("all_refund_fee", json!(-5)),
            ("refund_to_buyer_money", json!("much")),
            ("refund_time", json!("soon")),
        ] {
            let mut json = json!({});
            json[field] = value;
            assert_eq!(read(json).unwrap_err().field, field);
        }
    }

    #[test]
    fn missing_fields_are_null_and_an_unlisted_status_is_other() {
        let refund = read(json!({"refund_apply_type": 17, "refund_order_status": 8})).unwrap();
        assert_eq!(
            (refund.status, refund.status_code),
            (RefundStatus::Other, Some(8))
        );
        assert_eq!((refund.kind, refund.kind_code), (None, Some(17)));
        assert_eq!((refund.fee, refund.refunded_at), (None, None));
        let empty = read(json!({})).unwrap();
        assert_eq!(
            (empty.status, empty.status_code),
            (RefundStatus::Other, None)
        );
        assert_eq!(empty.refund_order_no, number());
    }

    #[test]
    fn a_proof_is_awaited_until_the_application_is_decided() {
        for (wire, awaited) in [
            (
                json!({"refund_apply_type": 2, "refund_order_status": 0}),
                true,
            ),
            (
                json!({"refund_apply_type": 2, "file_id_list": {"string": ["F"]}}),
                false,
            ),
            (
                json!({"refund_apply_type": 2, "refund_order_status": 2}),
                false,
            ),
            (
                json!({"refund_apply_type": 100, "refund_order_status": 0}),
                false,
            ),
        ] {
            assert_eq!(
                read(wire.clone()).unwrap().attachment_awaited,
                Some(awaited),
                "{wire}"
            );
        }
    }
}
