//! Corrects the contract by configuration, without a rebuild.
//!
//! An override names a field of the contract and describes its form on the wire. [`Overrides`] is built from all
//! overrides and converts values in both directions: the gateway converts *ours → wire* for requests and *wire → ours*
//! for responses; the simulator does the inverse of both, so that an override can be tried without TOP.
//!
//! Paths start at the top of the request's parameters or of the response's root, in contract names, lists without an
//! index: `pay_order_request.order_id`, `flight_item_list.solution_id`.

mod build;
mod extra;
mod plan;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::registry::Registry;
use plan::{Direction, Plan};

/// The half of a call that an override corrects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The request to TOP.
    Request,
    /// The response from TOP.
    Answer,
}

/// The type of a scalar on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum WireType {
    /// Text: `"950"`.
    String,
    /// A JSON number: `950`.
    Number,
    /// `true` or `false`.
    Boolean,
}

/// One correction. At least one action is required; `rename` or `move` may be combined with `type` and `values`, while
/// `constant` and `drop` stand alone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Override {
    /// Full name of the TOP method.
    pub method: String,
    /// The request or the response.
    pub side: Side,
    /// The field, in contract names. A `constant` may name a field that is not in the contract, within an object that
    /// is.
    pub path: String,
    /// The field's name on the wire, in the same object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rename: Option<String>,
    /// The field's path on the wire. It leads through the same lists as `path`, with the same names up to the last
    /// list; the rest uses wire names.
    #[serde(rename = "move", default, skip_serializing_if = "Option::is_none")]
    pub move_to: Option<String>,
    /// The scalar's type on the wire.
    #[serde(rename = "type", default, skip_serializing_if = "Option::is_none")]
    pub wire_type: Option<WireType>,
    /// The field's fixed value: sent in a request, or read from a response.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub constant: Option<Value>,
    /// Maps our value (as text) to the wire value. An unlisted value is passed unchanged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub values: Option<BTreeMap<String, Value>>,
    /// True: the field does not exist on the wire.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub drop: bool,
    /// Name of the list's wrapper on the wire; empty for a plain array.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrapper: Option<String>,
}

/// All overrides in compiled form. The default has none.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    methods: BTreeMap<String, Sides>,
}

#[derive(Debug, Clone, Default)]
struct Sides {
    request: Plan,
    answer: Plan,
}

impl Overrides {
    /// Checks all overrides against the contract and compiles them.
    ///
    /// # Errors
    /// All problems at once: unknown methods and paths, missing or contradictory actions, names that would collide on
    /// the wire, value maps that cannot be inverted.
    pub fn build(registry: &Registry, overrides: &[Override]) -> Result<Self, Vec<String>> {
        build::build(registry, overrides)
    }

    /// Whether any override applies to this side of the method. If none does, a value need not be parsed into a tree.
    #[must_use]
    pub fn touches(&self, method: &str, side: Side) -> bool {
        self.plan(method, side).is_some()
    }

    /// Converts the parameters of a request to the wire format: `{"pay_order_request": {…}}`.
    #[must_use]
    pub fn request_to_wire(&self, method: &str, params: Value) -> Value {
        self.convert(method, Side::Request, Direction::ToWire, params)
    }

    /// Converts the members of a response's root to the contract's format.
    #[must_use]
    pub fn answer_from_wire(&self, method: &str, answer: Value) -> Value {
        self.convert(method, Side::Answer, Direction::FromWire, answer)
    }

    /// The inverse of [`Overrides::request_to_wire`], for the simulator.
    #[must_use]
    pub fn request_from_wire(&self, method: &str, params: Value) -> Value {
        self.convert(method, Side::Request, Direction::FromWire, params)
    }

    /// The inverse of [`Overrides::answer_from_wire`], for the simulator.
    #[must_use]
    pub fn answer_to_wire(&self, method: &str, answer: Value) -> Value {
        self.convert(method, Side::Answer, Direction::ToWire, answer)
    }

    fn plan(&self, method: &str, side: Side) -> Option<&Plan> {
        let sides = self.methods.get(method)?;
        let plan = match side {
            Side::Request => &sides.request,
            Side::Answer => &sides.answer,
        };
        (!plan.is_empty()).then_some(plan)
    }

    fn convert(&self, method: &str, side: Side, direction: Direction, value: Value) -> Value {
        match (self.plan(method, side), value) {
            (Some(plan), Value::Object(map)) => Value::Object(plan.apply(side, direction, map)),
            (_, value) => value,
        }
    }
}

#[cfg(test)]
mod tests;
