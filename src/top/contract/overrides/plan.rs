//! Plans: the changes to each object, and their application.

use std::collections::BTreeMap;

use serde_json::{Map, Number, Value};

use super::super::registry::Kind;
use super::{Side, WireType};

pub(super) type Object = Map<String, Value>;

/// The direction of a conversion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Direction {
    ToWire,
    FromWire,
}

/// The fields of one object that need a change.
#[derive(Debug, Clone, Default)]
pub(super) struct Plan {
    pub(super) fields: Vec<Field>,
    /// Fields that are at another path on the wire. Filled only at the root and for list elements, because a field
    /// cannot leave its list.
    pub(super) moves: Vec<Move>,
}

/// Our path and the wire path, both relative to the nearest list element or the root.
#[derive(Debug, Clone)]
pub(super) struct Move {
    pub(super) ours: Vec<String>,
    pub(super) wire: Vec<String>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Place {
    Same,
    Renamed(String),
    Moved,
    Dropped,
    Constant(Value),
}

/// The changes to one field.
#[derive(Debug, Clone)]
pub(super) struct Field {
    pub(super) ours: String,
    /// `None` for a constant that is not in the contract.
    pub(super) kind: Option<Kind>,
    pub(super) list: bool,
    /// The wrapper in the contract.
    pub(super) wrapper: Option<String>,
    pub(super) place: Place,
    pub(super) wire_type: Option<WireType>,
    pub(super) values: BTreeMap<String, Value>,
    /// `Some(None)`: a plain array.
    pub(super) wire_wrapper: Option<Option<String>>,
    pub(super) inner: Plan,
}

impl Plan {
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// Converts the root or one list element.
    pub(super) fn apply(&self, side: Side, direction: Direction, mut map: Object) -> Object {
        match direction {
            Direction::ToWire => {
                let mut moved = Vec::new();
                let mut wire = self.write_object(side, map, &mut Vec::new(), &mut moved);
                for (ours, value) in moved {
                    if let Some(to) = self.moves.iter().find(|m| m.ours == ours) {
                        put(&mut wire, &to.wire, value);
                    }
                }
                wire
            }
            Direction::FromWire => {
                let mut moved = Vec::new();
                for step in &self.moves {
                    if let Some(value) = take(&mut map, &step.wire) {
                        moved.push((step, value));
                    }
                }
                let mut ours = self.read_object(side, map);
                for (step, value) in moved {
                    let value = match self.field(&step.ours) {
                        Some(field) => field.value(side, Direction::FromWire, value),
                        None => value,
                    };
                    put(&mut ours, &step.ours, value);
                }
                ours
            }
        }
    }

    fn field(&self, path: &[String]) -> Option<&Field> {
        let (first, rest) = path.split_first()?;
        let field = self.fields.iter().find(|field| field.ours == *first)?;
        match rest {
            [] => Some(field),
            rest => field.inner.field(rest),
        }
    }

    fn write_object(
        &self,
        side: Side,
        map: Object,
        path: &mut Vec<String>,
        moved: &mut Vec<(Vec<String>, Value)>,
    ) -> Object {
        let mut wire = Object::new();
        for (name, value) in map {
            let Some(field) = self.fields.iter().find(|field| field.ours == name) else {
                wire.insert(name, value);
                continue;
            };
            path.push(name);
            // An object that is not a list belongs to the same list element, so its fields may move out of it.
            let value = match value {
                Value::Object(inner) if field.is_plain_object() => {
                    Value::Object(field.inner.write_object(side, inner, path, moved))
                }
                value => field.value(side, Direction::ToWire, value),
            };
            let name = path.pop().unwrap_or_default();
            match &field.place {
                Place::Same => {
                    wire.insert(name, value);
                }
                Place::Renamed(theirs) => {
                    wire.insert(theirs.clone(), value);
                }
                Place::Moved => {
                    path.push(name);
                    moved.push((path.clone(), value));
                    path.pop();
                }
                Place::Dropped | Place::Constant(_) => {}
            }
        }
        if side == Side::Request {
            self.insert_constants(&mut wire);
        }
        wire
    }

    fn read_object(&self, side: Side, map: Object) -> Object {
        let mut ours = Object::new();
        let mut others = Vec::new();
        for (name, value) in map {
            match self.fields.iter().find(|field| field.is_wire_name(&name)) {
                Some(field) => {
                    if let Some(value) = field.read(side, value) {
                        ours.insert(field.ours.clone(), value);
                    }
                }
                None => others.push((name, value)),
            }
        }
        for (name, value) in others {
            // If our field has another place on the wire, a wire field under our name is a different field and must
            // not be mistaken for ours.
            let is_ours = |field: &Field| field.ours == name;
            if !self.fields.iter().any(is_ours) {
                ours.insert(name, value);
            }
        }
        if side == Side::Answer {
            self.insert_constants(&mut ours);
        }
        ours
    }

    fn insert_constants(&self, map: &mut Object) {
        for field in &self.fields {
            if let Place::Constant(value) = &field.place {
                map.insert(field.ours.clone(), value.clone());
            }
        }
    }
}

impl Field {
    fn is_plain_object(&self) -> bool {
        !self.list && matches!(self.kind, Some(Kind::Object))
    }

    fn is_wire_name(&self, name: &str) -> bool {
        match &self.place {
            Place::Same | Place::Constant(_) => self.ours == name,
            Place::Renamed(theirs) => theirs == name,
            Place::Moved | Place::Dropped => false,
        }
    }

    /// Reads one wire value under this field's wire name; `None` if it is not in the contract.
    fn read(&self, side: Side, value: Value) -> Option<Value> {
        match (&self.place, value) {
            (Place::Constant(_), _) if self.kind.is_none() => None,
            (_, Value::Object(map)) if self.is_plain_object() => {
                Some(Value::Object(self.inner.read_object(side, map)))
            }
            (_, value) => Some(self.value(side, Direction::FromWire, value)),
        }
    }

    /// Converts the value itself: the elements of a list, or one scalar or object.
    fn value(&self, side: Side, direction: Direction, value: Value) -> Value {
        if !self.list {
            return self.element(side, direction, value);
        }
        let contract = self.wrapper.as_deref();
        let wire = match &self.wire_wrapper {
            Some(changed) => changed.as_deref(),
            None => contract,
        };
        let (from, to) = match direction {
            Direction::ToWire => (contract, wire),
            Direction::FromWire => (wire, contract),
        };
        let corrected = each(value, from, &mut |item| self.element(side, direction, item));
        if from == to {
            corrected
        } else {
            rewrap(corrected, from, to)
        }
    }

    fn element(&self, side: Side, direction: Direction, value: Value) -> Value {
        match value {
            Value::Object(map) => Value::Object(self.inner.apply(side, direction, map)),
            Value::Null | Value::Array(_) => value,
            scalar => match direction {
                Direction::ToWire => self.scalar_to_wire(scalar),
                Direction::FromWire => self.scalar_from_wire(scalar),
            },
        }
    }

    fn scalar_to_wire(&self, value: Value) -> Value {
        let value = match self.values.get(&text(&value)) {
            Some(theirs) => theirs.clone(),
            None => value,
        };
        match self.wire_type {
            Some(wire_type) => convert(value, wire_type),
            None => value,
        }
    }

    fn scalar_from_wire(&self, value: Value) -> Value {
        let theirs = text(&value);
        let listed = self.values.iter().find(|(_, v)| text(v) == theirs);
        let value = match listed {
            Some((ours, _)) => Value::String(ours.clone()),
            None if self.wire_type.is_none() => return value,
            None => value,
        };
        match &self.kind {
            Some(Kind::Number) => convert(value, WireType::Number),
            Some(Kind::Boolean) => convert(value, WireType::Boolean),
            Some(Kind::String | Kind::Date | Kind::Bytes) => convert(value, WireType::String),
            Some(Kind::Object) | None => value,
        }
    }
}

/// Applies `edit` to each element, in any form of the list: wrapped, plain, or a single element.
fn each(value: Value, wrapper: Option<&str>, edit: &mut impl FnMut(Value) -> Value) -> Value {
    match value {
        Value::Array(items) => Value::Array(items.into_iter().map(edit).collect()),
        Value::Object(map) if map.is_empty() => Value::Object(map),
        Value::Object(mut map) => match wrapper.and_then(|name| map.get_mut(name)) {
            Some(inside) => {
                *inside = each(inside.take(), None, edit);
                Value::Object(map)
            }
            None => edit(Value::Object(map)),
        },
        Value::Null => Value::Null,
        scalar => edit(scalar),
    }
}

fn rewrap(value: Value, from: Option<&str>, to: Option<&str>) -> Value {
    let items = match value {
        Value::Null => return Value::Null,
        Value::Array(items) => items,
        Value::Object(map) if map.is_empty() && to.is_some() => return Value::Object(map),
        Value::Object(map) if map.is_empty() => Vec::new(),
        Value::Object(mut map) => match from.and_then(|name| map.shift_remove(name)) {
            Some(Value::Array(items)) => items,
            Some(one) => vec![one],
            None => vec![Value::Object(map)],
        },
        scalar => vec![scalar],
    };
    match to {
        Some(name) => Value::Object(Object::from_iter([(name.to_owned(), Value::Array(items))])),
        None => Value::Array(items),
    }
}

fn put(map: &mut Object, path: &[String], value: Value) {
    let Some((first, rest)) = path.split_first() else {
        return;
    };
    if rest.is_empty() {
        map.insert(first.clone(), value);
        return;
    }
    let next = map
        .entry(first.clone())
        .or_insert_with(|| Value::Object(Object::new()));
    if let Value::Object(next) = next {
        put(next, rest, value);
    }
}

fn take(map: &mut Object, path: &[String]) -> Option<Value> {
    let (first, rest) = path.split_first()?;
    if rest.is_empty() {
        return map.shift_remove(first);
    }
    let inner = map.get_mut(first)?.as_object_mut()?;
    let value = take(inner, rest)?;
    if inner.is_empty() {
        map.shift_remove(first);
    }
    Some(value)
}

pub(super) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Converts a scalar. A value that cannot be converted is kept, so that the decoder of the field reports the problem.
fn convert(value: Value, to: WireType) -> Value {
    let converted = match (to, &value) {
        (WireType::String, Value::Number(_) | Value::Bool(_)) => Some(Value::String(text(&value))),
        (WireType::Number, Value::String(text)) => number(text.trim()).map(Value::Number),
        (WireType::Number, Value::Bool(yes)) => Some(Value::Number(u8::from(*yes).into())),
        (WireType::Boolean, Value::String(_) | Value::Number(_)) => match text(&value).trim() {
            "true" | "1" => Some(Value::Bool(true)),
            "false" | "0" => Some(Value::Bool(false)),
            _ => None,
        },
        _ => None,
    };
    converted.unwrap_or(value)
}

/// Parses a number. Whole numbers stay whole, because a 64-bit id must not pass through a float.
fn number(text: &str) -> Option<Number> {
    if let Ok(whole) = text.parse::<u64>() {
        return Some(whole.into());
    }
    if let Ok(whole) = text.parse::<i64>() {
        return Some(whole.into());
    }
    Number::from_f64(text.parse().ok()?)
}
