//! One write under one fault, executed and compared with the expected outcome.

use fliggy_gateway::domain::operation::Kind;
use fliggy_gateway::simulator::Fault;
use futures::StreamExt;
use serde_json::{Value, json};

use super::End::{self, Absent, Attention, Done, Gateway, Rejected};
use super::First::{self, Known, Open};
use super::Stage::{Alone, Shared};
use super::{Row, word};
use crate::ticket::{change_path, rows, ticketed};
use crate::world::{Answer, World, booking};

/// The method's name in the simulator's list of calls.
pub(crate) fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Book => "airbook",
        Kind::Pay => "pay",
        Kind::Close => "close",
        Kind::Refund => "refund_create",
        Kind::Change => "change_create",
        Kind::ChangePay => "change_pay",
        Kind::ChangeCancel => "change_cancel",
    }
}

/// Creates everything that the write needs; returns its path and body.
pub(crate) async fn prepared(world: &World, kind: Kind, number: &str) -> (String, Value) {
    match kind {
        Kind::Book => (
            "/v1/orders".to_owned(),
            booking(&world.offer().await, number),
        ),
        Kind::Pay | Kind::Close => {
            let order = world.booked(number).await;
            let id = order["order_id"].as_str().unwrap();
            if kind == Kind::Close {
                return (format!("/v1/orders/{id}/close"), json!({}));
            }
            (
                format!("/v1/orders/{id}/payment"),
                json!({"total_price": order["total_price"]}),
            )
        }
        Kind::Refund => {
            let ticket = ticketed(world, number).await;
            let body = ticket.refund_of(world, number, 0).await;
            (ticket.path("/refunds"), body)
        }
        Kind::Change => {
            let ticket = ticketed(world, number).await;
            (ticket.path("/changes"), ticket.later(number))
        }
        Kind::ChangePay => {
            let change = changed(world, number).await;
            let total = json!({"total_price": change["total_price"]});
            (change_path(&change, "/payment"), total)
        }
        Kind::ChangeCancel => {
            let change = changed(world, number).await;
            (change_path(&change, "/cancel"), json!({}))
        }
    }
}

async fn changed(world: &World, number: &str) -> Value {
    let ticket = ticketed(world, number).await;
    ticket.changed(world, &format!("change-{number}")).await
}

/// How often the write was executed, according to Fliggy's ledger.
async fn effects(world: &World, kind: Kind, number: &str) -> u64 {
    let of_the_change = match kind {
        Kind::Book | Kind::Pay | Kind::Close | Kind::Refund | Kind::Change => {
            return world.effects(number, kind.as_str()).await;
        }
        Kind::ChangePay => "pay",
        Kind::ChangeCancel => "cancel",
    };
    let mut times = 0;
    for order in world.ledger(number).await {
        let id = order["order_id"].as_str().unwrap();
        let changes = rows(world, &format!("/_simulator/changes?order_id={id}")).await;
        for change in changes {
            times += change["effects"][of_the_change].as_u64().unwrap();
        }
    }
    times
}

/// The documented exception to [`Fault::has_effect`]: under `price_jump`, a write whose price is
/// checked is refused.
fn has_effect(fault: Fault, kind: Kind) -> bool {
    let checks_price = match kind {
        Kind::Pay | Kind::Refund | Kind::ChangePay => true,
        Kind::Book | Kind::Close | Kind::Change | Kind::ChangeCancel => false,
    };
    fault.has_effect() && !(fault == Fault::PriceJump && checks_price)
}

/// One cell of the matrix.
pub(super) struct Cell {
    kind: Kind,
    fault: Fault,
    number: String,
    first: First,
    end: End,
    effect: bool,
    wait: u32,
}

impl Cell {
    pub(super) fn new(row: &Row, kind: Kind) -> Self {
        let (fault, stage, first, ends) = *row;
        let column = Kind::ALL.iter().position(|one| *one == kind).unwrap();
        let end = ends[column];
        // A reported success that is accepted is known at once.
        let first = match (fault, end) {
            (Fault::SuccessWithoutEffect, Done) => Known,
            _ => first,
        };
        Self {
            kind,
            fault,
            number: format!("sim.{}.{}.1", kind.as_str(), word(fault)),
            first,
            end,
            effect: has_effect(fault, kind),
            // No lookup ends within these times; a known outcome has time to be reported.
            wait: match (stage, first) {
                (_, Known) => 10,
                (Alone, Open) => 5,
                (Shared, Open) => 1,
            },
        }
    }

    /// The status of the final response, and its problem code.
    fn answer(&self) -> (u16, Option<&'static str>) {
        let status = match self.kind {
            Kind::Book | Kind::Refund | Kind::Change => 201,
            Kind::Pay | Kind::Close | Kind::ChangePay | Kind::ChangeCancel => 200,
        };
        match self.end {
            Done => (status, None),
            Absent => (504, Some("not_executed")),
            Gateway(status, code) | Rejected(status, code) => (status, Some(code)),
            Attention => (202, None),
        }
    }

    fn standing(&self) -> (&'static str, Value) {
        match self.end {
            Done => ("succeeded", Value::Null),
            Absent => ("not_executed", json!("absent")),
            Gateway(..) => ("not_executed", json!("refused_by_gateway")),
            Rejected(..) => ("rejected", Value::Null),
            Attention => ("needs_attention", Value::Null),
        }
    }

    async fn calls(&self, world: &World) -> String {
        let calls = world.received_for(method(self.kind), &self.number).await;
        calls.to_string()
    }

    async fn run(&self, world: &World) -> Result<(), String> {
        let (path, body) = prepared(world, self.kind, &self.number).await;
        let ask = || world.sent(&path, &self.number, &body, self.wait);
        let (state, basis) = self.standing();
        // A busy machine may miss the second in which a write may be sent, even after the first
        // response. The same key then sends the write; if it had been sent before, there would be two
        // calls.
        let (first, operation) = loop {
            let first = ask().await;
            let unsent = |operation: &Value| operation["basis"] == "not_sent";
            let operation = world
                .until(first.operation(), |o| o["state"] == state || unsent(o))
                .await;
            if !unsent(&operation) {
                break (first, operation);
            }
        };
        let shown = |answer: &Answer| {
            (
                answer.status,
                answer.body["code"].as_str().map(str::to_owned),
            )
        };
        let (status, code) = self.answer();
        let known = (status, code.map(str::to_owned));
        let first_expected = match self.first {
            Known => known.clone(),
            Open => (202, None),
        };
        let effects = effects(world, self.kind, &self.number).await;
        let mut wrong = Vec::new();
        let mut check = |what: &str, found: String, expected: String| {
            if found != expected {
                wrong.push(format!(
                    "{}: {what} is {found}, not {expected}",
                    self.number
                ));
            }
        };
        check("basis", operation["basis"].to_string(), basis.to_string());
        check(
            "first response",
            format!("{:?}", shown(&first)),
            format!("{first_expected:?}"),
        );
        check("calls", self.calls(world).await, "1".to_owned());
        check(
            "effects",
            effects.to_string(),
            u64::from(self.effect).to_string(),
        );
        // The same key reports the end without another call; a free key would send the write again.
        if !matches!(self.end, Gateway(..)) {
            let again = ask().await;
            check(
                "response",
                format!("{:?}", shown(&again)),
                format!("{known:?}"),
            );
            check(
                "replay",
                format!("{:?}", again.header("idempotency-replayed")),
                "Some(\"true\")".into(),
            );
            check("calls in the end", self.calls(world).await, "1".to_owned());
        }
        // The gateway reports the true outcome, unless Fliggy reported a false success.
        if self.fault != Fault::SuccessWithoutEffect {
            check(
                "truth",
                (state == "succeeded").to_string(),
                self.effect.to_string(),
            );
        }
        if wrong.is_empty() {
            Ok(())
        } else {
            Err(wrong.join("\n") + &format!("\n{operation:#}"))
        }
    }
}

/// Runs all cells, this many at a time.
pub(super) async fn run_all(world: &World, cells: Vec<Cell>, at_once: usize) {
    let ended: Vec<_> = futures::stream::iter(cells)
        .map(|cell| async move { cell.run(world).await })
        .buffer_unordered(at_once)
        .collect()
        .await;
    let wrong: Vec<_> = ended.into_iter().filter_map(Result::err).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
