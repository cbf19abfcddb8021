//! Finds missing fields and examples of a request body in the OpenAPI document.

use std::sync::OnceLock;

use serde_json::Value;

/// The maximum number of missing fields that are reported.
const MOST: usize = 100;

fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    // The document consists of strings and maps, which always serialise.
    DOCUMENT
        .get_or_init(|| serde_json::to_value(super::super::openapi::document()).unwrap_or_default())
}

fn named(name: &str) -> &'static Value {
    &document()["components"]["schemas"][name]
}

/// The places of the required fields of this schema that the body lacks.
pub(super) fn missing(name: &str, body: &Value) -> Vec<String> {
    let mut found = Vec::new();
    collect(named(name), body, "", &mut found);
    found.truncate(MOST);
    found
}

fn collect(schema: &'static Value, value: &Value, at: &str, found: &mut Vec<String>) {
    // The document does not describe this place.
    if schema.is_null() || found.len() >= MOST {
        return;
    }
    for part in parts(schema) {
        match value {
            Value::Object(members) => {
                let required = part["required"].as_array().into_iter().flatten();
                for field in required.filter_map(Value::as_str) {
                    let place = format!("{at}/{field}");
                    if !members.contains_key(field) && !found.contains(&place) {
                        found.push(place);
                    }
                }
                for (field, member) in members {
                    collect(
                        &part["properties"][field],
                        member,
                        &format!("{at}/{field}"),
                        found,
                    );
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    collect(&part["items"], item, &format!("{at}/{index}"), found);
                }
            }
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
}

/// The example of the value at a place of a body, as JSON.
pub(super) fn example(name: &str, pointer: &str) -> Option<String> {
    let mut schemas = parts(named(name));
    for segment in pointer.split('/').skip(1) {
        schemas = schemas
            .into_iter()
            .map(|schema| match &schema["properties"][segment] {
                Value::Null => &schema["items"],
                property => property,
            })
            .flat_map(parts)
            .collect();
    }
    let examples = schemas.iter().map(|schema| &schema["example"]);
    examples
        .filter(|example| !example.is_null() && !example.is_object() && !example.is_array())
        .map(Value::to_string)
        .next()
}

/// The schemas that a schema consists of, with references resolved. None for a choice among several
/// schemas, because it is not known which one the caller meant.
fn parts(schema: &'static Value) -> Vec<&'static Value> {
    if let Some(reference) = schema["$ref"].as_str() {
        let target = reference
            .strip_prefix('#')
            .and_then(|to| document().pointer(to));
        return target.map(parts).unwrap_or_default();
    }
    if let Some(all) = schema["allOf"].as_array() {
        return all.iter().flat_map(parts).collect();
    }
    if let Some(choices) = schema["oneOf"].as_array() {
        let mut choices = choices.iter().filter(|choice| choice["type"] != "null");
        return match (choices.next(), choices.next()) {
            // The keywords beside `oneOf` describe the same place.
            (Some(only), None) => [vec![schema], parts(only)].concat(),
            _ => Vec::new(),
        };
    }
    vec![schema]
}
