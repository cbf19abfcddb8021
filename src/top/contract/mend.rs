//! Mends the contract by configuration, without a rebuild.
//!
//! An override names a field as the contract knows it and says how the wire has it. A [`Mend`] is
//! made of all overrides at once and turns values both ways: the gateway speaks *ours → wire* for
//! requests and *wire → ours* for answers; the simulator does the inverse of both, so that an
//! override can be tried without TOP.
//!
//! Paths start at the top of the request's parameters or of the answer's root, in contract names,
//! lists without an index: `pay_order_request.order_id`, `flight_item_list.solution_id`.

mod build;
mod extra;
mod plan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::registry::Registry;
use plan::{Direction, Plan};

/// Which half of a call an override is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// What is sent to TOP.
    Request,
    /// What TOP answers.
    Answer,
}

/// The type a scalar has on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WireType {
    /// Text: `"950"`.
    String,
    /// A JSON number: `950`.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One correction. At least one action is given; `rename` or `move` may be combined with `type` and
/// `values`, while `constant` and `drop` stand alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Full name of the TOP method.
    pub method: String,
    /// Request or answer.
    pub side: Side,
    /// The field, in contract names. A `constant` may name a field the contract does not know, in an
    /// object it does.
    pub path: String,
    /// The field's name on the wire, in the same object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rename: Option<String>,
    /// The field's path on the wire. It goes through the same lists as `path`, named alike up to the
    /// last of them; what follows is in the words of the wire.
    #[serde(rename = "move", default, skip_serializing_if = "Option::is_none")]
    pub move_to: Option<String>,
    /// The scalar's type on the wire.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub wire_type: Option<WireType>,
    /// What the field always is: on a request what is sent, on an answer what is read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<Value>,
    /// Our value (as text) to theirs. A value that is not listed passes as it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, Value>>,
    /// True: the field does not exist on the wire.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop: bool,
    /// Name by which the wire wraps the list once more; empty for a plain array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapper: Option<String>,
}

/// All overrides, ready to be applied. The default mends nothing.
#[derive(Debug, Clone, Default)]
pub struct Mend {
    methods: BTreeMap<String, Sides>,
}

#[derive(Debug, Clone, Default)]
struct Sides {
    request: Plan,
    answer: Plan,
}

impl Mend {
    /// Checks all overrides against the contract and makes a mend of them.
    ///
    /// # Errors
    /// Every problem at once: unknown methods and paths, no or contradicting actions, names that
    /// would collide on the wire, value maps that cannot be read backwards.
    pub fn build(registry: &Registry, overrides: &[Override]) -> Result<Self, Vec<String>> {
        build::build(registry, overrides)
    }

    /// Whether anything is to be mended there. Where nothing is, a value need not be taken apart.
    #[must_use]
    pub fn touches(&self, method: &str, side: Side) -> bool {
        self.plan(method, side).is_some()
    }

    /// The parameters of a request as the wire wants them: `{"pay_order_request": {…}}`.
    #[must_use]
    pub fn request_to_wire(&self, method: &str, params: Value) -> Value {
        self.turn(method, Side::Request, Direction::ToWire, params)
    }

    /// The members of an answer's root as the contract has them.
    #[must_use]
    pub fn answer_from_wire(&self, method: &str, answer: Value) -> Value {
        self.turn(method, Side::Answer, Direction::FromWire, answer)
    }

    /// The inverse of [`Mend::request_to_wire`], for the simulator.
    #[must_use]
    pub fn request_from_wire(&self, method: &str, params: Value) -> Value {
        self.turn(method, Side::Request, Direction::FromWire, params)
    }

    /// The inverse of [`Mend::answer_from_wire`], for the simulator.
    #[must_use]
    pub fn answer_to_wire(&self, method: &str, answer: Value) -> Value {
        self.turn(method, Side::Answer, Direction::ToWire, answer)
    }

    fn plan(&self, method: &str, side: Side) -> Option<&Plan> {
        let sides = self.methods.get(method)?;
        let plan = match side {
            Side::Request => &sides.request,
            Side::Answer => &sides.answer,
        };
        (!plan.is_empty()).then_some(plan)
    }

    fn turn(&self, method: &str, side: Side, direction: Direction, value: Value) -> Value {
        match (self.plan(method, side), value) {
            (Some(plan), Value::Object(map)) => Value::Object(plan.turn(side, direction, map)),
            (_, value) => value,
        }
    }
}

#[cfg(test)]
mod tests;
