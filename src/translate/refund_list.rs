//! `alitrip.flight.refund.list`.

use super::{Context, Unreadable, optional, refund_passenger, required};
use crate::domain::ids::OrderId;
use crate::domain::refund::{
    Refund, RefundList, RefundPassenger, RefundStatus, attachment_awaited,
};
use crate::top::wire;

/// The request for the refunds of an order.
#[must_use]
pub fn request(order_id: OrderId) -> wire::QueryRefundListRequest {
    wire::QueryRefundListRequest {
        order_id: order_id.get(),
    }
}

/// The refunds of an order. Unreadable rows are counted.
///
/// # Errors
/// None today: a response without readable rows gives an empty list.
pub fn answer(
    answer: wire::RefundListResponse,
    context: &Context<'_>,
) -> Result<RefundList, Unreadable> {
    let rows = answer.refund_order_list.unwrap_or_default().0;
    let mut list = RefundList {
        refunds: Vec::with_capacity(rows.len()),
        dropped: 0,
    };
    for row in rows {
        match refund(row, context) {
            Ok(refund) => list.refunds.push(refund),
            Err(Unreadable { .. }) => list.dropped += 1,
        }
    }
    Ok(list)
}

/// A row. Only the detail reports reasons, amounts per passenger, segments and attachments.
fn refund(row: wire::RefundOrder, context: &Context<'_>) -> Result<Refund, Unreadable> {
    let kind_code = row.refund_apply_type.lossy();
    let kind = kind_code.and_then(|code| context.vocabulary.refund_kinds.kind(code));
    let status_code = optional(row.refund_order_status, "refund_order_status")?;
    let status = status_code.map_or(RefundStatus::Other, RefundStatus::from_wire);
    let mut passengers = row
        .passenger_list
        .into_iter()
        .map(|p| passenger(p, context))
        .collect::<Result<Vec<_>, _>>()?;
    refund_passenger::drop_shared_ids(&mut passengers);
    let wants_attachment = attachment_awaited(kind, status, false);
    Ok(Refund {
        refund_order_no: required(row.refund_order_no, "refund_order_no")?,
        order_id: optional(row.order_id, "order_id")?,
        out_refund_no: optional(row.out_refund_no, "out_refund_no")?,
        kind,
        kind_code,
        status,
        status_code,
        supplementary: row.multi_refund_flag.lossy(),
        fee: optional(row.all_refund_fee, "all_refund_fee")?,
        refund_amount: optional(row.refund_to_buyer_money, "refund_to_buyer_money")?,
        applied_at: row.apply_time.lossy(),
        refunded_at: optional(row.refund_time, "refund_time")?,
        reason: None,
        rejected_because: None,
        trade_no: None,
        passengers,
        segments: Vec::new(),
        attachments: Vec::new(),
        attachment_awaited: (!wants_attachment).then_some(false),
    })
}

/// A passenger of a row. The passengers identify an application whose response was lost, so a garbled field makes the
/// row unreadable: half a document would identify another passenger.
fn passenger(
    p: wire::TravellerAnswer,
    context: &Context<'_>,
) -> Result<RefundPassenger, Unreadable> {
    optional(p.name.as_ref(), "name")?;
    optional(p.credential_type, "credential_type")?;
    optional(p.credential_no.as_ref(), "credential_no")?;
    Ok(refund_passenger::named(p, context))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::domain::refund::RefundKind;
    use crate::translate::samples;

    fn translated(wire: wire::RefundListResponse) -> RefundList {
        answer(wire, &samples::context()).unwrap()
    }

    fn read(list: Value) -> RefundList {
        let wire = json!({"refund_order_list": list, "is_success": true});
        translated(serde_json::from_value(wire).unwrap())
    }

    #[test]
    fn the_request_equals_the_sample() {
        let request = request(OrderId::new(1_234_125_412).unwrap());
        samples::same_request::<wire::RefundList>(&request);
    }

    #[test]
    fn the_sample_is_read_as_one_refund() {
        let list = translated(samples::answer::<wire::RefundList>());
        assert_eq!((list.refunds.len(), list.dropped), (1, 0));
        let refund = &list.refunds[0];
        assert_eq!(refund.out_refund_no.as_deref(), Some("TESTR20300502000001"));
        assert_eq!(refund.status, RefundStatus::Refunded);
        assert_eq!(refund.kind, Some(RefundKind::FlightChanged));
        assert_eq!(refund.fee.unwrap().to_string(), "72.00");
        assert_eq!(refund.refund_amount.unwrap().to_string(), "718.00");
        let [one] = refund.passengers.as_slice() else {
            panic!("{:?}", refund.passengers);
        };
        assert_eq!(one.passenger_id, samples::traveller().passenger_id);
        assert_eq!(one.name.as_ref().unwrap().expose(), "测试旅客");
        // Only the detail reports these.
        assert_eq!(
            (&one.segment_ids, one.fee, one.refund_amount),
            (&None, None, None)
        );
        assert_eq!((&refund.reason, &refund.trade_no), (&None, &None));
        assert!(refund.segments.is_empty() && refund.attachments.is_empty());
        assert!(!format!("{list:?}").contains("测试"));
    }

    #[test]
    fn an_empty_list_in_every_form() {
        for list in [
            json!(null),
            json!({}),
            json!([]),
            json!({"refund_order": []}),
        ] {
            let found = read(list);
            assert_eq!((found.refunds.len(), found.dropped), (0, 0));
        }
    }

    #[test]
    fn unreadable_rows_are_counted() {
        for (field, value) in [
            ("refund_order_no", json!(null)),
            ("refund_order_no", json!("x")),
            ("order_id", json!("x")),
            ("out_refund_no", json!([1])),
            ("refund_order_status", json!("done")),
            ("all_refund_fee", json!(-1)),
            ("refund_to_buyer_money", json!("much")),
            ("refund_time", json!("soon")),
            ("passenger_list", json!([{"credential_no": [1]}])),
            (
                "passenger_list",
                json!([{"credential_no": "1", "credential_type": "card"}]),
            ),
            ("passenger_list", json!([{"name": {"first": "a"}}])),
        ] {
            let mut row = json!({"refund_order_no": 5});
            row[field] = value.clone();
            let found = read(json!([{"refund_order_no": 4}, row]));
            assert_eq!(
                (found.refunds.len(), found.dropped),
                (1, 1),
                "{field} {value}"
            );
        }
    }

    #[test]
    fn attachment_awaited_is_null_if_it_depends_on_attachments() {
        for (kind, status, awaited) in [
            (2, 0, None),
            (2, 1, None),
            (2, 3, Some(false)),
            (1, 0, Some(false)),
        ] {
            let found = read(json!([{
                "refund_order_no": 5, "refund_apply_type": kind, "refund_order_status": status,
            }]));
            assert_eq!(
                found.refunds[0].attachment_awaited, awaited,
                "{kind} {status}"
            );
        }
    }

    #[test]
    fn most_fields_of_a_row_may_be_missing() {
        let found = read(json!({"refund_order": {"refund_order_no": "5", "apply_time": "?"}}));
        let refund = &found.refunds[0];
        assert_eq!(
            (refund.status, refund.status_code),
            (RefundStatus::Other, None)
        );
        assert_eq!(
            (refund.kind, refund.fee, refund.applied_at),
            (None, None, None)
        );
    }
}
