//! alitrip.flight.refund.create

use serde_json::{Value, json};

use super::refund_render::HELD;
use super::refund_request::{RefundRequest, read};
use super::{Context, Done, JUMP, Refusal, list, object};
use crate::simulator::faults::Fault;
use crate::simulator::ledger::Changed;
use crate::simulator::order::Cents;
use crate::simulator::refund::NewRefund;

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let input = context.input;
    if context.fault == Some(Fault::PriceJump) {
        let id = context.order()?.order_id;
        if let Some(order) = context.ledger.by_id(id) {
            let terms = &mut order.refund_terms;
            terms.extra_fee = terms.extra_fee + JUMP;
        }
    }
    let asked = read(context, Cents(0))?;
    let exists = |text: &str| Refusal::business("isv.REFUND_ALREADY_EXIST", text);
    let out_refund_no = input["out_refund_no"].as_str().unwrap_or_default();
    let refunds = &context.ledger.refunds;
    if refunds.has_reference(context.account, out_refund_no) {
        return Err(exists("外部退票单号重复"));
    }
    if !asked.held.is_empty() {
        return Err(exists(HELD));
    }
    check_fee(&input["all_refund_fee"], &asked)?;
    let files = check_files(context)?;
    let order_id = asked.order.order_id;
    let refund_order_no = context.ledger.apply_for_refund(NewRefund {
        account: context.account.to_owned(),
        order_id,
        out_refund_no: out_refund_no.to_owned(),
        apply_type: asked.apply_type,
        reason: input["refund_reason"].as_str().map(ToOwned::to_owned),
        fee_known: asked.order.refund_terms.calculable,
        shares: asked.shares,
        places: asked.places,
        segment_ids: asked.segment_ids,
        files,
    });
    Ok(Done {
        answer: object(json!({
            "refund_order_no": refund_order_no,
            "order_id": order_id,
            "out_refund_no": out_refund_no,
        })),
        changed: Some(Changed::Refund(refund_order_no)),
    })
}

/// The fee must be exactly what render computes now, and absent if render computes none (seed).
fn check_fee(given: &Value, asked: &RefundRequest) -> Result<(), Refusal> {
    let agrees = if asked.order.refund_terms.calculable {
        Cents::of(given) == Some(asked.fee())
    } else {
        given.is_null() || given == ""
    };
    if agrees {
        Ok(())
    } else {
        Err(Refusal::text("退票手续费发生变化,请重试!"))
    }
}

fn check_files(context: &Context<'_>) -> Result<Vec<String>, Refusal> {
    let ids = list(context.input, "file_id_list").iter();
    let ids: Vec<String> = ids
        .filter_map(|id| id.as_str().map(ToOwned::to_owned))
        .collect();
    let files = &context.ledger.files;
    if ids.iter().all(|id| files.has(context.account, id)) {
        Ok(ids)
    } else {
        Err(Refusal::business("isv.FILE_NOT_EXIST", "附件不存在"))
    }
}
