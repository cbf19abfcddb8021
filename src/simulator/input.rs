//! Reads the application parameters with the names and types of the contract.

use serde_json::{Map, Value};

use super::gate::PlatformError;
use super::params::Received;
use crate::top::contract::{Kind, MethodContract, Node, Overrides};

/// Protocol parameters.
const PROTOCOL: [&str; 11] = [
    "method",
    "app_key",
    "session",
    "timestamp",
    "v",
    "sign",
    "sign_method",
    "format",
    "simplify",
    "partner_id",
    "target_app_key",
];

/// One member per parameter, with object parameters parsed. The member of a file parameter is the name of its
/// multipart part.
pub(super) fn input(
    overrides: &Overrides,
    contract: &MethodContract,
    received: &Received,
) -> Result<Value, PlatformError> {
    let mut input = Map::new();
    for (name, text) in &received.params {
        if PROTOCOL.contains(&name.as_str()) || text.trim().is_empty() {
            continue;
        }
        let looks_like_object = text.trim_start().starts_with('{');
        let value = match serde_json::from_str::<Value>(text) {
            Ok(value) if looks_like_object => value,
            Err(_) if looks_like_object => {
                return Err(PlatformError::invalid(name, "is not valid JSON"));
            }
            Ok(_) | Err(_) => Value::String(text.clone()),
        };
        input.insert(name.clone(), value);
    }
    if contract.request.iter().any(|node| node.kind == Kind::Bytes) {
        for part in &received.files {
            input.insert(part.name.clone(), Value::String(part.name.clone()));
        }
    }
    let mut input = overrides.request_from_wire(&contract.name, Value::Object(input));
    for node in &contract.request {
        if let Some(value) = input.get_mut(&node.name) {
            type_scalar(node, value);
        }
    }
    Ok(input)
}

/// Converts a parameter, which is text on the wire, to its type. Unreadable text stays text and fails the
/// contract check later.
fn type_scalar(node: &Node, value: &mut Value) {
    let Some(text) = value.as_str() else { return };
    let read = match &node.kind {
        Kind::Number | Kind::Boolean => serde_json::from_str(text.trim()).ok(),
        Kind::String | Kind::Date | Kind::Bytes | Kind::Object => None,
    };
    if let Some(read) = read {
        *value = read;
    }
}

/// The object parameter of a method, or all parameters if it has none.
pub(super) fn asked<'a>(contract: &MethodContract, input: &'a Value) -> &'a Value {
    match contract.object_param() {
        Some(node) => &input[&node.name],
        None => input,
    }
}
