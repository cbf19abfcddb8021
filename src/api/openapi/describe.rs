//! Moves descriptions to where readers and generated clients expect them.

use std::collections::BTreeMap;

use utoipa::openapi::path::Operation;
use utoipa::openapi::{RefOr, Schema};

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
