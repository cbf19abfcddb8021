//! The section `webhooks` of the document: the requests that the gateway sends.

use serde_json::json;
use utoipa::openapi::path::{
    HttpMethod, OperationBuilder, ParameterBuilder, ParameterIn, PathItem, Paths, PathsBuilder,
};
use utoipa::openapi::request_body::RequestBodyBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::security::SecurityRequirement;
use utoipa::openapi::{ContentBuilder, Ref, Required, ResponseBuilder, ResponsesBuilder};

use crate::api::examples;
use crate::domain::operation::EventKind;

/// One request for each type of event.
pub(super) fn webhooks() -> Paths {
    let kinds = EventKind::ALL.into_iter();
    kinds
        .fold(PathsBuilder::new(), |paths, kind| {
            paths.path(kind.as_str(), request(kind))
        })
        .build()
}

fn request(kind: EventKind) -> PathItem {
    let word = kind.as_str();
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("WebhookMessage")))
        .example(Some(examples::message(word)))
        .build();
    let body = RequestBodyBuilder::new()
        .description(Some("The event."))
        .content("application/json", content)
        .required(Some(Required::True))
        .build();
    let acknowledged = ResponseBuilder::new()
        .description("Any status 2xx acknowledges the event. The body is not read.")
        .build();
    let header = |name: &str, description: &str, example: serde_json::Value| {
        ParameterBuilder::new()
            .name(name)
            .parameter_in(ParameterIn::Header)
            .required(Required::True)
            .description(Some(description))
            .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
            .example(Some(example))
            .build()
    };
    let operation = OperationBuilder::new()
        .operation_id(Some(format!("on_{}", word.replace('.', "_"))))
        .tag("webhooks")
        .summary(Some(format!("Event `{word}`")))
        .description(Some(
            "Sent to the endpoint of a webhook. Verify the signature, ignore a `webhook-id` that you have processed \
             already, and answer within `webhooks.timeout`.",
        ))
        .parameter(header(
            "webhook-id",
            "Identifies the fact. It is the same when the event is delivered again.",
            json!("evt_0123456789abcdef0123456789abcdef"),
        ))
        .parameter(header(
            "webhook-timestamp",
            "When the attempt was made, in seconds since 1970. Refuse one that is more than a few minutes old.",
            json!("1903831693"),
        ))
        .parameter(header(
            "webhook-signature",
            "`v1,` and the Base64 text of HMAC-SHA256 over `{webhook-id}.{webhook-timestamp}.{body}`, once for each secret in \
             force, separated by spaces.",
            json!("v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw="),
        ))
        .request_body(Some(body))
        .responses(
            ResponsesBuilder::new()
                .response("2XX", acknowledged)
                .build(),
        )
        // The signature takes the place of an API key.
        .securities(Some(Vec::<SecurityRequirement>::new()))
        .build();
    PathItem::new(HttpMethod::Post, operation)
}
