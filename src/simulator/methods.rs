//! The order methods. Each reads what the contract has checked and answers with plain lists.

mod airbook;
mod close;
mod pay;
mod queryorderdetail;
mod queryorderlist;
mod search;

use serde_json::{Map, Value, json};

use super::SimulatorConfig;
use super::faults::Op;
use super::gate::PlatformError;
use super::ledger::Ledger;
use super::script::Subject;

/// What a method says no with.
#[derive(Debug)]
pub(super) enum Refusal {
    /// `is_success` false with a text and mostly a code.
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
}

impl From<PlatformError> for Refusal {
    fn from(error: PlatformError) -> Self {
        Self::Platform(error)
    }
}

/// What a method answers: the members of the root, without `is_success` and `request_id`.
#[derive(Debug, Default)]
pub(super) struct Done {
    pub(super) answer: Map<String, Value>,
    /// The order that was booked, paid or closed.
    pub(super) changed: Option<u64>,
}

/// One call, as a method sees it.
pub(super) struct Context<'a> {
    pub(super) config: &'a SimulatorConfig,
    pub(super) ledger: &'a mut Ledger,
    pub(super) account: &'a str,
    /// The object parameter, checked against the contract.
    pub(super) input: &'a Value,
}

/// Does what the method does.
pub(super) fn run(op: Op, context: &mut Context<'_>) -> Result<Done, Refusal> {
    match op {
        Op::Search => search::run(context),
        Op::Book => airbook::run(context),
        Op::Pay => pay::run(context),
        Op::Close => close::run(context),
        Op::List => queryorderlist::run(context),
        Op::Detail => queryorderdetail::run(context),
    }
}

/// The answer of a lookup that finds nothing.
pub(super) fn nothing_found(op: Op) -> Result<Done, Refusal> {
    match op {
        Op::List => Ok(queryorderlist::empty()),
        Op::Search => Err(search::no_offer()),
        Op::Book | Op::Pay | Op::Close | Op::Detail => Err(Refusal::not_found()),
    }
}

/// The order a request names.
pub(super) fn subject(input: &Value) -> Subject {
    Subject {
        out_order_no: input["out_order_no"].as_str().map(ToOwned::to_owned),
        order_id: input["order_id"].as_u64(),
    }
}

/// The same, where TOP needs at least one of the two.
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

/// An object without its nulls.
fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(map) => map.into_iter().filter(|(_, v)| !v.is_null()).collect(),
        other => Map::from_iter([("value".to_owned(), json!(other))]),
    }
}
