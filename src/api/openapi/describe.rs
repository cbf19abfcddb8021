//! Adds and moves descriptions to where readers and generated clients expect them.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::extensions::Extensions;
use utoipa::openapi::path::Operation;
use utoipa::openapi::{RefOr, Schema};

use crate::domain::access::Scope;

type Schemas = BTreeMap<String, RefOr<Schema>>;

/// Gives a request body the description of its schema.
pub(super) fn request_body(operation: &mut Operation, schemas: &Schemas) {
    let Some(RefOr::T(body)) = &mut operation.request_body else {
        return;
    };
    let Some(RefOr::T(content)) = body.content.values().next() else {
        return;
    };
    if let Some(RefOr::Ref(reference)) = &content.schema
        && let Some(name) = reference.ref_location.rsplit('/').next()
        && let Some(RefOr::T(Schema::Object(schema))) = schemas.get(name)
    {
        body.description.clone_from(&schema.description);
    }
}

/// Adds the scopes of which a key must have one: as a sentence, and as `x-scopes` for programs.
pub(super) fn scopes(operation: &mut Operation, required: &[Scope]) {
    let words: Vec<String> = required.iter().map(|scope| format!("`{scope}`")).collect();
    let sentence = match required {
        [_] => format!("Requires the scope {}.", words.concat()),
        _ => format!("Requires one of the scopes {}.", words.join(", ")),
    };
    let description = operation.description.get_or_insert_default();
    if !description.is_empty() {
        description.push_str("\n\n");
    }
    description.push_str(&sentence);
    let extension = Extensions::builder().add("x-scopes", json!(required));
    operation
        .extensions
        .get_or_insert_default()
        .merge(extension.build());
}

/// Moves the description of a nullable reference to the property. utoipa puts it beside the `$ref`
/// inside `oneOf`, where Swagger UI does not show it.
pub(super) fn nullable_references(schema: &mut RefOr<Schema>) {
    let RefOr::T(schema) = schema else {
        return;
    };
    match schema {
        Schema::Object(object) => object.properties.values_mut().for_each(nullable_references),
        Schema::AllOf(parts) => parts.items.iter_mut().for_each(nullable_references),
        Schema::OneOf(choice) => {
            if let Some(RefOr::Ref(reference)) = choice.items.first_mut()
                && !reference.description.is_empty()
            {
                choice.description = Some(std::mem::take(&mut reference.description));
            }
        }
        _ => {}
    }
}
