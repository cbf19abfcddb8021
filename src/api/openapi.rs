//! The OpenAPI document.

use axum::http::Method;
use bytes::Bytes;
use serde_json::json;
use sha2::{Digest, Sha256};
use utoipa::openapi::link::LinkBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterBuilder, PathItem};
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::tag::TagBuilder;
use utoipa::openapi::{
    ComponentsBuilder, Header, HeaderBuilder, InfoBuilder, LicenseBuilder, OpenApi, OpenApiBuilder,
    RefOr, ServerBuilder,
};
use utoipa::{PartialSchema, ToSchema};
use utoipa_axum::router::OpenApiRouter;

use super::problem::{ProblemBody, text_header};
use super::{router, scopes, system};
use crate::config::AuthMode;
use crate::notifications::webhooks::message::WebhookMessage;

mod callbacks;
mod describe;

const DESCRIPTION: &str = "\
Search, book, pay, close, refund and change domestic flights of Fliggy (飞猪新京杭) through the Taobao \
Open Platform (TOP). Money is a decimal string in yuan (`\"950.00\"`). Times are RFC 3339 at +08:00. Ids are strings. \
Enums are closed and in lower case.

**Unknown outcomes.** TOP limits a call to five seconds. A booking or payment without a response in \
that time has most probably been executed, so neither success nor failure may be reported. The gateway \
does not guess: it journals the intent before it sends anything, sends a write at most once, and reports \
such an outcome as `unknown`. It then looks the outcome up until it is known. Your request waits a few \
seconds for the outcome (`Prefer: wait=N`); if the outcome is still open, you get **202** with the operation, \
its `Location` and a `Retry-After`. Long-poll `GET /v1/operations/{id}?wait=20s` until it is settled \
or needs attention.

**What you do.** Send an `Idempotency-Key` with every write and store it with your own record. Whatever \
happens to a request (a timeout, a lost connection, a 202, a crash of your own), send the same request \
with the same key again: it is never executed twice, and you get the outcome as far as it is known. \
Never use a new key to get rid of an open operation. Every problem says whether something may have \
been executed (`side_effects`) and what to do next (`retry`). `needs_attention` means that a person must \
decide; lookups continue meanwhile.";

const TAGS: [(&str, &str); 10] = [
    ("flights", "Search offers."),
    ("orders", "Book, read, pay and close orders."),
    (
        "refunds",
        "Quote and apply for refunds, with attachments if proof is required.",
    ),
    (
        "changes",
        "Change tickets to other flights; pay or cancel a change.",
    ),
    (
        "operations",
        "The journal of writes: each request, its outcome, and how the outcome became known.",
    ),
    (
        "events",
        "Facts, in the order in which they were committed.",
    ),
    (
        "webhooks",
        "Endpoints of yours to which the gateway delivers events, signed as in Standard Webhooks.",
    ),
    (
        "accounts",
        "The purchasing accounts and their sessions. For operators.",
    ),
    (
        "keys",
        "The API keys of callers. For operators that may use all purchasing accounts.",
    ),
    (
        "system",
        "Health, metrics and this document. No key is required.",
    ),
];

/// The document of the whole API, as checked in.
#[must_use]
pub fn document() -> OpenApi {
    let mut document = OpenApiRouter::with_openapi(head())
        .merge(router::v1(0))
        .merge(router::feed())
        .merge(system::routes())
        .into_openapi();
    document.webhooks = Some(callbacks::webhooks());
    let schemas = &mut document.components.get_or_insert_default().schemas;
    schemas.values_mut().for_each(describe::nullable_references);
    for (method, path, required) in scopes::REQUIRED {
        let item = document.paths.paths.get_mut(*path);
        let operation = item.and_then(|item| match *method {
            Method::GET => item.get.as_mut(),
            Method::POST => item.post.as_mut(),
            Method::PUT => item.put.as_mut(),
            Method::DELETE => item.delete.as_mut(),
            _ => None,
        });
        if let Some(operation) = operation {
            describe::scopes(operation, required);
        }
    }
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            // Only operations with `security(())` need no key.
            operation.security.get_or_insert_with(keys);
            describe::request_body(operation, schemas);
            document_request_id(operation);
            if is_write(operation) {
                document_write(operation);
            }
        }
    }
    document
}

/// The document that a running gateway serves: without security schemes if it requires no keys.
pub(super) fn served(mode: AuthMode) -> Bytes {
    let mut document = document();
    if mode == AuthMode::None {
        document.security = None;
        if let Some(components) = &mut document.components {
            components.security_schemes.clear();
        }
        for item in document.paths.paths.values_mut() {
            for operation in operations(item) {
                operation.security = None;
            }
        }
    }
    // The document consists of strings and maps, which always serialise.
    serde_json::to_vec(&document).unwrap_or_default().into()
}

/// The document without the operations.
pub(super) fn head() -> OpenApi {
    let info = InfoBuilder::new()
        .title("Fliggy flight gateway")
        .version(env!("CARGO_PKG_VERSION"))
        .description(Some(DESCRIPTION))
        .license(Some(
            LicenseBuilder::new()
                .name("Apache-2.0")
                .identifier(Some("Apache-2.0"))
                .build(),
        ))
        .build();
    let mut schemas = vec![(
        ProblemBody::name().into_owned(),
        <ProblemBody as PartialSchema>::schema(),
    )];
    ProblemBody::schemas(&mut schemas);
    let message = (
        WebhookMessage::name().into_owned(),
        <WebhookMessage as PartialSchema>::schema(),
    );
    schemas.push(message);
    WebhookMessage::schemas(&mut schemas);
    let bearer = HttpBuilder::new()
        .scheme(HttpAuthScheme::Bearer)
        .description(Some("The API key, as `Authorization: Bearer <key>`."))
        .build();
    let header = ApiKeyValue::with_description("X-Api-Key", "The API key in a header of its own.");
    let components = ComponentsBuilder::new()
        .schemas_from_iter(schemas)
        .security_scheme("bearer", SecurityScheme::Http(bearer))
        .security_scheme("api_key", SecurityScheme::ApiKey(ApiKey::Header(header)))
        .build();
    OpenApiBuilder::new()
        .info(info)
        .servers(Some([ServerBuilder::new().url("/").build()]))
        .components(Some(components))
        .security(Some(keys()))
        .tags(Some(TAGS.map(|(name, description)| {
            TagBuilder::new()
                .name(name)
                .description(Some(description))
                .build()
        })))
        .build()
}

/// The API key, in one of two headers.
fn keys() -> Vec<SecurityRequirement> {
    let none: [&str; 0] = [];
    ["bearer", "api_key"]
        .map(|scheme| SecurityRequirement::new(scheme, none))
        .into()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
        &mut item.trace,
    ]
    .into_iter()
    .flatten()
}

fn is_write(operation: &Operation) -> bool {
    let mut parameters = operation.parameters.iter().flatten();
    parameters.any(|parameter| matches!(parameter, RefOr::T(p) if is_key(p)))
}

fn is_key(parameter: &Parameter) -> bool {
    parameter.name == "Idempotency-Key"
}

/// The example of `Idempotency-Key`. Swagger UI fills it in, so each operation has its own: two
/// operations must not share a key.
fn example_key(operation_id: &str) -> String {
    let digest = Sha256::digest(operation_id);
    format!("0f8fad5b-d9cb-469f-a165-{}", hex::encode(&digest[..6]))
}

/// Documents the headers and links that all writes share.
fn document_write(operation: &mut Operation) {
    let key = operation.operation_id.as_deref().map(example_key);
    for parameter in operation.parameters.iter_mut().flatten() {
        if let RefOr::T(header) = parameter
            && is_key(header)
        {
            let builder = ParameterBuilder::from(std::mem::take(header));
            *header = builder.example(key.as_ref().map(|key| json!(key))).build();
        }
    }
    for (status, response) in &mut operation.responses.responses {
        let RefOr::T(response) = response else {
            continue;
        };
        let mut header = |name: &str, header: Header| {
            response.headers.insert(name.to_owned(), RefOr::T(header));
        };
        header(
            "Operation-Id",
            text_header("The id of the operation in the journal, once there is one."),
        );
        header(
            "Idempotency-Replayed",
            text_header("`true` if an earlier request with the same key was accepted."),
        );
        if status.starts_with('2') {
            header("ETag", text_header("The version of the operation."));
        }
        if status == "202" {
            header("Location", text_header("The path of the operation."));
            let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
            header(
                "Retry-After",
                HeaderBuilder::new()
                    .schema(Some(seconds))
                    .description(Some("Seconds to wait before the next request."))
                    .build(),
            );
        }
        if !status.starts_with('2') {
            continue;
        }
        let link = LinkBuilder::new()
            .operation_id("get_operation")
            .description("The state of the operation, and how it became known.")
            .parameter("id", "$response.body#/id")
            .build();
        response
            .links
            .insert("operation".to_owned(), RefOr::T(link));
    }
}

/// Documents `X-Request-Id` on every response.
fn document_request_id(operation: &mut Operation) {
    for response in operation.responses.responses.values_mut() {
        if let RefOr::T(response) = response {
            response
                .headers
                .entry("X-Request-Id".to_owned())
                .or_insert_with(|| RefOr::T(text_header("The id of the request.")));
        }
    }
}
