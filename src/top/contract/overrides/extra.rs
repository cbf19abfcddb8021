//! Adds a caller's raw fields (`extra`) to a request. An extra field can only be added: it can neither overwrite nor
//! shadow one of the gateway's fields, under any of that field's names.
//!
//! A field has a name in the contract and, with overrides, another name or place on the wire, so `extra` is checked
//! twice. Before the overrides are applied, `extra` is compared with the contract, and its fields are parked in the
//! object to which they belong, under a key that no override uses. The overrides move that key along with its object.
//! On the wire, the fields are unparked and compared with the resulting object.

use std::collections::HashMap;

use serde_json::Value;

use super::super::registry::{Kind, MethodContract, Node, find};
use super::Overrides;
use super::plan::Object;
use crate::domain::violation::Violation;

const NO_PLACE: &str = "has no place in the request: `top.contract.overrides` drops the object to which it \
    belongs. Leave it out";

/// The prefix of the key of parked fields; the JSON pointer of their object follows.
const PARKED: char = '\0';

impl Overrides {
    /// Converts the parameters of a request to the wire format, with `extra` added to the object in the parameter
    /// `param`.
    ///
    /// # Errors
    /// All fields of `extra` that are the gateway's own or have no place on the wire.
    pub fn request_to_wire_with(
        &self,
        contract: &MethodContract,
        param: &str,
        mut object: Object,
        extra: &Object,
    ) -> Result<Value, Vec<Violation>> {
        let mut merge = Merge::default();
        let nodes = find(&contract.request, param).map_or(&[][..], |node| &node.children);
        merge.park(nodes, &mut object, extra, "/extra");
        let params = Object::from_iter([(param.to_owned(), Value::Object(object))]);
        let mut params = self.request_to_wire(&contract.name, Value::Object(params));
        if let Value::Object(wire) = &mut params {
            merge.unpark(wire);
        }
        merge.finish(params)
    }

    /// The fields of `extra` that no request of this method accepts, whichever contract fields the request contains.
    #[must_use]
    pub fn refused_extra(
        &self,
        contract: &MethodContract,
        param: &str,
        extra: &Object,
    ) -> Vec<Violation> {
        let nodes = find(&contract.request, param).map_or(&[][..], |node| &node.children);
        self.request_to_wire_with(contract, param, all_fields(nodes), extra)
            .err()
            .unwrap_or_default()
    }
}

/// An object with every field of the contract. The values do not matter.
fn all_fields(nodes: &[Node]) -> Object {
    let value = |node: &Node| match node.kind {
        Kind::Object if !node.list => Value::Object(all_fields(&node.children)),
        _ => Value::Null,
    };
    nodes
        .iter()
        .map(|node| (node.name.clone(), value(node)))
        .collect()
}

#[derive(Default)]
struct Merge {
    refused: Vec<Violation>,
    /// The JSON pointers of the objects that contain parked fields.
    parked: Vec<String>,
}

impl Merge {
    fn park(&mut self, nodes: &[Node], object: &mut Object, extra: &Object, at: &str) {
        let contract = nodes.iter().map(|node| &node.name);
        let own = by_folded_name(contract.chain(object.keys()));
        let mut added = Object::new();
        for (name, value) in extra {
            let Some(field) = own.get(&folded(name)) else {
                added.insert(name.clone(), value.clone());
                continue;
            };
            let pointer = format!("{at}/{}", escaped(name));
            // Only an object that is always sent accepts additional fields.
            let node = find(nodes, name).filter(|node| node.required && !node.list);
            match (node, object.get_mut(name), value) {
                (Some(node), Some(Value::Object(inner)), Value::Object(more)) => {
                    self.park(&node.children, inner, more, &pointer);
                }
                _ => self.refuse(pointer, field),
            }
        }
        if !added.is_empty() {
            object.insert(format!("{PARKED}{at}"), Value::Object(added));
            self.parked.push(at.to_owned());
        }
    }

    fn unpark(&mut self, wire: &mut Object) {
        let key = wire.keys().find(|key| key.starts_with(PARKED)).cloned();
        let parked = key.and_then(|key| wire.shift_remove_entry(&key));
        for value in wire.values_mut() {
            if let Value::Object(inner) = value {
                self.unpark(inner);
            }
        }
        let Some((key, Value::Object(added))) = parked else {
            return;
        };
        let at = key.trim_start_matches(PARKED);
        self.parked.retain(|parked| parked != at);
        let own = by_folded_name(wire.keys());
        for (name, value) in added {
            match own.get(&folded(&name)) {
                Some(field) => self.refuse(format!("{at}/{}", escaped(&name)), field),
                None => {
                    wire.insert(name, value);
                }
            }
        }
    }

    fn refuse(&mut self, pointer: String, field: &str) {
        self.refused.push(Violation::new(
            pointer,
            "reserved",
            format!(
                "is the field `{field}` of the gateway's contract with TOP, which `extra` cannot \
                 set (case and underscores are ignored). Leave it out and use the other \
                 fields of this request; if Fliggy expects `{field}` in another form, ask the gateway's \
                 operator to configure `top.contract.overrides`"
            ),
        ));
    }

    fn finish<T>(mut self, merged: T) -> Result<T, Vec<Violation>> {
        let lost = self
            .parked
            .into_iter()
            .map(|pointer| Violation::new(pointer, "no_place", NO_PLACE));
        self.refused.extend(lost);
        if self.refused.is_empty() {
            Ok(merged)
        } else {
            Err(self.refused)
        }
    }
}

fn by_folded_name<'a>(names: impl Iterator<Item = &'a String>) -> HashMap<String, String> {
    names.map(|name| (folded(name), name.clone())).collect()
}

/// The name without the differences that lenient JSON parsers ignore: case, underscores and other marks.
fn folded(name: &str) -> String {
    name.chars()
        .filter(|c| c.is_alphanumeric())
        // First to upper and then to lower case, as in Java's case-insensitive comparison: `ſ` equals `S`, and `ı`
        // equals `I`.
        .flat_map(char::to_uppercase)
        .flat_map(char::to_lowercase)
        .collect()
}

/// A name escaped for a JSON pointer.
fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

#[cfg(test)]
mod tests;
