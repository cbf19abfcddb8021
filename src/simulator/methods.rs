//! The methods. Each receives input checked against the contract and returns a response with unwrapped lists.

mod airbook;
mod change_cancel;
mod change_create;
mod change_pay;
mod change_query;
mod close;
mod flight_changes;
mod pay;
mod queryorderdetail;
mod queryorderlist;
mod refund_create;
mod refund_detail;
mod refund_list;
mod refund_render;
mod refund_request;
mod search;
mod upload;

use serde_json::{Map, Value, json};

use super::SimulatorConfig;
use super::faults::Fault;
use super::gate::PlatformError;
use super::ledger::{Changed, Ledger};
use super::op::Op;
use super::order::{Cents, Order};
use super::params::FilePart;
use super::script::Subject;

/// The amount of a price jump: ten yuan.
pub(super) const JUMP: Cents = Cents(1_000);

/// A refusal by a method.
#[derive(Debug)]
pub(super) enum Refusal {
    /// `is_success` false with a text and usually a code.
    Business { code: Option<String>, text: String },
    /// An `error_response`.
    Platform(PlatformError),
}

impl Refusal {
    pub(super) fn business(code: &str, text: &str) -> Self {
        Self::Business {
            code: Some(code.to_owned()),
            text: text.to_owned(),
        }
    }

    pub(super) fn text(text: &str) -> Self {
        Self::Business {
            code: None,
            text: text.to_owned(),
        }
    }

    fn not_found() -> Self {
        Self::business("isv.ORDER_NOT_EXIST", "订单不存在")
    }

    fn other_passengers() -> Self {
        Self::business("isv.PASSENGER_NOT_MATCH", "乘机人与订单不一致")
    }

    fn other_segments() -> Self {
        Self::business("isv.SEGMENT_NOT_MATCH", "航段与订单不一致")
    }

    fn change_fee_changed() -> Self {
        Self::business("isv.CHANGE_FEE_CHANGED", "改签费用发生变化")
    }
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

/// The response of a method: the members of the root, without `is_success` and `request_id`.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) answer: Map<String, Value>,
    /// The effect of a write.
    pub(super) changed: Option<Changed>,
}

/// The input of a method.
pub(super) struct Context<'a> {
    pub(super) config: &'a SimulatorConfig,
    pub(super) ledger: &'a mut Ledger,
    pub(super) account: &'a str,
    /// The object parameter, or all parameters of a method without one, checked against the contract.
    pub(super) input: &'a Value,
    /// The files sent with the call.
    pub(super) files: &'a [FilePart],
    /// The injected fault, for the methods that implement a part of it.
    pub(super) fault: Option<Fault>,
}

impl Context<'_> {
    /// The order that a request names by its id.
    fn order(&mut self) -> Result<Order, Refusal> {
        let order = self.ledger.get(self.account, &subject(self.input));
        order.cloned().ok_or_else(Refusal::not_found)
    }
}

/// The default code and text of the fault `refuse`.
pub(super) fn usual_refusal(op: Op) -> (&'static str, &'static str) {
    match op {
        Op::Book => ("isv.SEAT_NOT_ENOUGH", "余位不足,预定失败"),
        Op::Pay | Op::ChangePay => ("isv.BALANCE_NOT_ENOUGH", "账户余额不足,支付失败"),
        Op::Close => ("isv.ORDER_STATUS_NOT_ALLOWED", "当前订单状态不允许关闭"),
        Op::RefundCreate => ("isv.REFUND_NOT_ALLOWED", "该客票不可退"),
        Op::Upload => ("isv.FILE_NOT_ALLOWED", "附件格式不支持"),
        Op::ChangeCreate => change_create::NOT_ALLOWED,
        Op::ChangeCancel => change_cancel::NOT_NOW,
        Op::Search
        | Op::List
        | Op::Detail
        | Op::RefundRender
        | Op::RefundDetail
        | Op::RefundList
        | Op::ChangeQuery
        | Op::FlightChanges => ("isv.REFUSED", "请求被拒绝"),
    }
}

/// Runs the method.
pub(super) fn run(op: Op, context: &mut Context<'_>) -> Result<Done, Refusal> {
    match op {
        Op::Search => search::run(context),
        Op::Book => airbook::run(context),
        Op::Pay => pay::run(context),
        Op::Close => close::run(context),
        Op::List => queryorderlist::run(context),
        Op::Detail => queryorderdetail::run(context),
        Op::RefundRender => refund_render::run(context),
        Op::RefundCreate => refund_create::run(context),
        Op::RefundDetail => refund_detail::run(context),
        Op::RefundList => refund_list::run(context),
        Op::Upload => upload::run(context),
        Op::ChangeCreate => change_create::run(context),
        Op::ChangePay => change_pay::run(context),
        Op::ChangeCancel => change_cancel::run(context),
        Op::ChangeQuery => change_query::run(context),
        Op::FlightChanges => flight_changes::run(context),
    }
}

/// The response of a lookup that finds nothing.
pub(super) fn nothing_found(op: Op) -> Result<Done, Refusal> {
    match op {
        Op::List => Ok(queryorderlist::empty()),
        Op::Search => Err(search::no_offer()),
        Op::RefundList => Ok(refund_list::done(&[])),
        Op::ChangeQuery => Ok(change_query::done(&[])),
        Op::FlightChanges => Ok(flight_changes::done(Vec::new())),
        Op::RefundDetail => Err(refund_detail::not_found()),
        Op::ChangePay | Op::ChangeCancel => Err(change_query::not_found()),
        Op::Book
        | Op::Pay
        | Op::Close
        | Op::Detail
        | Op::RefundRender
        | Op::RefundCreate
        | Op::Upload
        | Op::ChangeCreate => Err(Refusal::not_found()),
    }
}

/// The order that a request names.
pub(super) fn subject(input: &Value) -> Subject {
    Subject {
        out_order_no: input["out_order_no"].as_str().map(ToOwned::to_owned),
        order_id: input["order_id"].as_u64(),
        refund_order_no: input["refund_order_no"].as_u64(),
        change_order_no: input["change_order_no"].as_u64(),
    }
}

/// Like [`subject`], for methods that require `order_id` or `out_order_no`.
fn named(input: &Value) -> Result<Subject, Refusal> {
    let subject = subject(input);
    if subject.out_order_no.is_none() && subject.order_id.is_none() {
        return Err(PlatformError::missing("order_id").into());
    }
    Ok(subject)
}

fn check_channel(context: &Context<'_>) -> Result<(), Refusal> {
    let channel = context.input["external_agent_name"].as_str();
    if channel.is_some_and(|name| context.config.channels.contains(name)) {
        Ok(())
    } else {
        Err(Refusal::business("isv.PARAMETER_ERROR", "请求参数错误"))
    }
}

fn list<'a>(input: &'a Value, name: &str) -> &'a [Value] {
    input[name].as_array().map_or(&[], Vec::as_slice)
}

/// An object without its nulls.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, v)| !v.is_null()).collect(),
        other => Map::from_iter([("value".to_owned(), json!(other))]),
    }
}
