//! What a fault does to a call: replaces the method, or bends what it did and says.

use std::time::Duration;

use serde_json::{Value, json};

use super::SimulatorConfig;
use super::faults::{Fault, Op};
use super::gate::PlatformError;
use super::ledger::Ledger;
use super::methods::{Done, Refusal, nothing_found};
use super::order::{Cents, Order, Progress};
use super::script::Strike;

/// Ten yuan.
pub(super) const JUMP: i64 = 1_000;

/// What happens instead of the method, for faults without an effect.
pub(super) fn instead(
    fault: Fault,
    op: Op,
    strike: &Option<Strike>,
    config: &SimulatorConfig,
) -> Option<Result<Done, Refusal>> {
    let refusal = match fault {
        Fault::SuccessWithoutEffect => return None, // it is made, shown and undone
        _ if fault.has_effect() => return None,
        Fault::LookupNotFound | Fault::LookupNotFoundOnce => return Some(nothing_found(op)),
        Fault::TimeoutNothing => PlatformError::remote_timeout().into(),
        Fault::BusinessTimeoutNothing => business(strike, None, "远程调用服务超时"),
        Fault::SystemErrorNothing | Fault::LookupSystemError => {
            business(strike, Some("isv.SYSTEM_ERROR"), "系统错误")
        }
        Fault::LookupError => business(strike, Some("isv.INVALID_PARAMETER"), "请求参数错误"),
        Fault::AppCallLimited => {
            let seconds = strike.as_ref().and_then(|strike| strike.seconds);
            PlatformError::call_limited(seconds.unwrap_or(1)).into()
        }
        Fault::Refuse => {
            let (code, text) = match op {
                Op::Book => ("isv.SEAT_NOT_ENOUGH", "余位不足,预定失败"),
                Op::Pay => ("isv.BALANCE_NOT_ENOUGH", "账户余额不足,支付失败"),
                Op::Close => ("isv.ORDER_STATUS_NOT_ALLOWED", "当前订单状态不允许关闭"),
                Op::Search | Op::List | Op::Detail => ("isv.REFUSED", "请求被拒绝"),
            };
            business(strike, Some(code), text)
        }
        Fault::RefuseUnlisted => business(strike, None, "当前业务不支持该操作"),
        Fault::ClockSkew => PlatformError::clock_skew().into(),
        Fault::InvalidSession => PlatformError::invalid_session().into(),
        Fault::IpNotAllowed => PlatformError::address_not_allowed(&config.app_key).into(),
        // The answer is replaced as a whole; what stands in it does not matter.
        _ => Refusal::text("no effect"),
    };
    Some(Err(refusal))
}

pub(super) fn business(strike: &Option<Strike>, code: Option<&str>, text: &str) -> Refusal {
    let asked =
        |pick: fn(&Strike) -> &Option<String>| strike.as_ref().and_then(|s| pick(s).clone());
    Refusal::Business {
        code: asked(|strike| &strike.code).or_else(|| code.map(ToOwned::to_owned)),
        text: asked(|strike| &strike.text).unwrap_or_else(|| text.to_owned()),
    }
}

/// Bends what the method did and says.
pub(super) fn distort(
    strike: &Strike,
    op: Op,
    done: &mut Done,
    ledger: &mut Ledger,
    before: Option<Order>,
) {
    let lookup = done.changed.is_none();
    match strike.fault {
        Fault::SuccessWithoutEffect => {
            if let Some(id) = done.changed {
                ledger.restore(id, before);
            }
        }
        Fault::LateVisibility => {
            if let Some(id) = done.changed {
                let progress: Option<Progress> = before.map(|order| order.progress);
                let delay = strike.delay_ms.map(Duration::from_millis);
                ledger.hide(id, progress, delay, strike.lookups);
            }
        }
        Fault::WrongReference => {
            let shown = done.answer.get("out_order_no").and_then(Value::as_str);
            let other = format!("{}-OTHER", shown.unwrap_or_default());
            done.answer.insert("out_order_no".to_owned(), json!(other));
        }
        Fault::PriceJump if lookup || op == Op::Book => {
            let order = done.changed.and_then(|id| ledger.by_id(id));
            let total = match order {
                Some(order) => {
                    order.total.0 += JUMP;
                    Some(order.total)
                }
                None => done
                    .answer
                    .get("total_price")
                    .and_then(Cents::of)
                    .map(|total| Cents(total.0 + JUMP)),
            };
            if let Some(total) = total {
                done.answer.insert("total_price".to_owned(), total.json());
            }
        }
        Fault::UnknownStatus => {
            let phrase = "人工处理中";
            if let Some(order) = done.changed.and_then(|id| ledger.by_id(id)) {
                order.progress.phrase = Some(phrase.to_owned());
            }
            if done.answer.contains_key("order_status") {
                done.answer.insert("order_status".to_owned(), json!(phrase));
            }
        }
        _ => {}
    }
}
