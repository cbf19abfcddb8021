//! Applies a fault to a call: replaces the method, or alters its effect and response.

use std::time::Duration;

use serde_json::{Map, Value, json};

use super::SimulatorConfig;
use super::faults::Fault;
use super::gate::PlatformError;
use super::ledger::{Changed, Ledger, Snapshot};
use super::methods::{Done, JUMP, Refusal, nothing_found, usual_refusal};
use super::op::Op;
use super::order::{Cents, Order, Status};
use super::script::Strike;

/// An unlisted status.
const ODD_PHRASE: &str = "人工处理中";
const ODD_NUMBER: u64 = 9;

/// Response lists whose elements have their own reference, status or total.
const LISTS: [&str; 3] = ["refund_order_list", "change_order_list", "result"];

/// The result that replaces the method, for faults without an effect.
pub(super) fn preempt(
    fault: Fault,
    op: Op,
    strike: &Option<Strike>,
    config: &SimulatorConfig,
) -> Option<Result<Done, Refusal>> {
    let refusal = match fault {
        Fault::SuccessWithoutEffect => return None, // the method runs and is undone
        _ if fault.has_effect() => return None,
        Fault::LookupNotFound | Fault::LookupNotFoundOnce => return Some(nothing_found(op)),
        Fault::BusinessTimeoutNothing => business(strike, None, "远程调用服务超时"),
        Fault::SystemErrorNothing | Fault::LookupSystemError => {
            business(strike, Some("isv.SYSTEM_ERROR"), "系统错误")
        }
        Fault::LookupError => business(strike, Some("isv.INVALID_PARAMETER"), "请求参数错误"),
        Fault::Refuse => {
            let (code, text) = usual_refusal(op);
            business(strike, Some(code), text)
        }
        Fault::RefuseUnlisted => business(strike, None, "当前业务不支持该操作"),
        _ => match strike
            .as_ref()
            .and_then(|strike| gateway_error(strike, config))
        {
            Some(error) => error.into(),
            // The whole response is replaced later, so its content does not matter.
            None => Refusal::text("no effect"),
        },
    };
    Some(Err(refusal))
}

/// The error of a fault in which the gateway of TOP refuses the call or gives up, whatever its method.
pub(super) fn gateway_error(strike: &Strike, config: &SimulatorConfig) -> Option<PlatformError> {
    Some(match strike.fault {
        Fault::TimeoutNothing => PlatformError::remote_timeout(),
        Fault::AppCallLimited => PlatformError::call_limited(strike.seconds.unwrap_or(1)),
        Fault::ClockSkew => PlatformError::clock_skew(),
        Fault::InvalidSession => PlatformError::invalid_session(),
        Fault::IpNotAllowed => PlatformError::address_not_allowed(&config.app_key),
        _ => return None,
    })
}

pub(super) fn business(strike: &Option<Strike>, code: Option<&str>, text: &str) -> Refusal {
    let asked =
        |pick: fn(&Strike) -> &Option<String>| strike.as_ref().and_then(|s| pick(s).clone());
    Refusal::Business {
        code: asked(|strike| &strike.code).or_else(|| code.map(ToOwned::to_owned)),
        text: asked(|strike| &strike.text).unwrap_or_else(|| text.to_owned()),
    }
}

/// The input of a lookup, redirected to another order, refund or change of the account, if it has one.
pub(super) fn another(
    op: Op,
    input: &Value,
    account: &str,
    asked: Option<u64>,
    ledger: &mut Ledger,
) -> Option<Value> {
    let other = |owner: &str, order_id: u64| owner == account && Some(order_id) != asked;
    let order = |ledger: &mut Ledger, fits: fn(&Order) -> bool| {
        let mut orders = ledger.all().into_iter();
        orders.find(|order| other(&order.account, order.order_id) && fits(order))
    };
    match op {
        Op::Detail => order(ledger, |_| true).map(|order| json!({"order_id": order.order_id})),
        Op::FlightChanges => order(ledger, |order| !order.schedule_changes.is_empty())
            .map(|order| json!({"order_id": order.order_id})),
        Op::RefundRender => {
            let order = order(ledger, |order| order.progress.status == Status::Ticketed)?;
            Some(json!({
                "order_id": order.order_id,
                "passenger_list": order.passengers,
                "refund_apply_type": input["refund_apply_type"],
            }))
        }
        Op::RefundDetail | Op::RefundList => {
            let mut refunds = ledger.refunds.all().into_iter();
            let refund = refunds.find(|refund| other(&refund.account, refund.order_id))?;
            Some(match op {
                Op::RefundDetail => json!({"refund_order_no": refund.refund_order_no}),
                _ => json!({"order_id": refund.order_id}),
            })
        }
        Op::ChangeQuery => {
            let mut changes = ledger.changes.all().into_iter();
            let change = changes.find(|change| other(&change.account, change.order_id))?;
            Some(match input["change_order_no"].is_null() {
                true => json!({"order_id": change.order_id}),
                false => json!({"change_order_no": change.change_order_no}),
            })
        }
        Op::Search
        | Op::List
        | Op::Book
        | Op::Pay
        | Op::Close
        | Op::RefundCreate
        | Op::Upload
        | Op::ChangeCreate
        | Op::ChangePay
        | Op::ChangeCancel => None,
    }
}

/// Alters the effect and the response of the method.
pub(super) fn distort(
    strike: &Strike,
    op: Op,
    done: &mut Done,
    ledger: &mut Ledger,
    before: Option<Snapshot>,
) {
    match strike.fault {
        Fault::SuccessWithoutEffect => {
            if let Some(changed) = &done.changed {
                ledger.undo(changed, before);
            }
        }
        Fault::LateVisibility => {
            if let Some(changed) = &done.changed {
                let delay = strike.delay_ms.map(Duration::from_millis);
                ledger.hide(changed, before.as_ref(), delay, strike.lookups);
            }
        }
        Fault::WrongReference => wrong_reference(op, &mut done.answer),
        Fault::PriceJump => price_jump(op, done, ledger),
        Fault::UnknownStatus => {
            match &done.changed {
                Some(Changed::Order(id)) => {
                    if let Some(order) = ledger.by_id(*id) {
                        order.progress.phrase = Some(ODD_PHRASE.to_owned());
                    }
                }
                Some(Changed::Refund(number)) => ledger.refunds.force_status(*number, ODD_NUMBER),
                Some(Changed::Change(number)) => ledger.changes.force_status(*number, ODD_NUMBER),
                Some(Changed::File(_)) | None => {}
            }
            each(&mut done.answer, &mut |part| {
                replace(part, "order_status", |_| json!(ODD_PHRASE));
                replace(part, "status", |_| json!(ODD_NUMBER));
                replace(part, "refund_order_status", |_| json!(ODD_NUMBER));
            });
        }
        _ => {}
    }
}

/// Applies `alter` to the root of the response and to the elements of its lists.
fn each(answer: &mut Map<String, Value>, alter: &mut dyn FnMut(&mut Map<String, Value>)) {
    alter(answer);
    for name in LISTS {
        let rows = answer.get_mut(name).and_then(Value::as_array_mut);
        for row in rows.into_iter().flatten() {
            if let Value::Object(row) = row {
                alter(row);
            }
        }
    }
}

fn replace(part: &mut Map<String, Value>, name: &str, new: impl FnOnce(&Value) -> Value) {
    if let Some(value) = part.get_mut(name) {
        *value = new(value);
    }
}

fn wrong_reference(op: Op, answer: &mut Map<String, Value>) {
    let other = |value: &Value| json!(format!("{}-OTHER", value.as_str().unwrap_or_default()));
    // Numbers in use are odd, so the next one is unused.
    let next = |value: &Value| json!(value.as_u64().unwrap_or_default() + 1);
    each(answer, &mut |part| match op {
        Op::Search | Op::Book | Op::Pay | Op::Close | Op::List | Op::Detail => {
            let shown = part.get("out_order_no").cloned().unwrap_or_default();
            part.insert("out_order_no".to_owned(), other(&shown));
        }
        Op::RefundCreate | Op::RefundDetail | Op::RefundList => {
            replace(part, "out_refund_no", other);
        }
        Op::ChangeCreate | Op::ChangeQuery => replace(part, "out_change_no", other),
        Op::ChangePay | Op::ChangeCancel => replace(part, "change_order_no", next),
        Op::RefundRender | Op::FlightChanges => replace(part, "order_id", next),
        Op::Upload => {}
    });
}

fn price_jump(op: Op, done: &mut Done, ledger: &mut Ledger) {
    let raised = |value: &Value| Cents::of(value).map(|total| (total + JUMP).json());
    match op {
        Op::Book => {
            let id = match &done.changed {
                Some(Changed::Order(id)) => *id,
                Some(Changed::Refund(_) | Changed::Change(_) | Changed::File(_)) | None => return,
            };
            if let Some(order) = ledger.by_id(id) {
                order.total = order.total + JUMP;
                let total = order.total.json();
                done.answer.insert("total_price".to_owned(), total);
            }
        }
        Op::Search
        | Op::List
        | Op::Detail
        | Op::RefundDetail
        | Op::RefundList
        | Op::ChangeQuery
        | Op::FlightChanges => each(&mut done.answer, &mut |part| {
            for name in ["total_price", "all_refund_fee", "total_amount"] {
                replace(part, name, |value| raised(value).unwrap_or_default());
            }
        }),
        // These methods implement the price jump themselves, before they check or return a price.
        Op::Pay | Op::RefundRender | Op::RefundCreate | Op::ChangeCreate | Op::ChangePay => {}
        // These methods have no price.
        Op::Close | Op::ChangeCancel | Op::Upload => {}
    }
}
