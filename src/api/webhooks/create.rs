//! `POST /v1/webhooks`

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Description, Target, Types, WebhookWithSecret, etag, refused, view_of_changed};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::events::After;
use crate::api::extract::Json;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::operation::EventKind;
use crate::notifications::webhooks::service::{NewWebhook, WebhookSettings};
use crate::problem_answers;

/// The endpoint, and the events that it wants.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(crate::api::examples::new_webhook()))]
pub struct CreateWebhookRequest {
    /// The address of the endpoint: `https`, or `http` if the gateway allows its host (`webhooks.allow`). It is shown to you
    /// and to operators, so it must not contain a secret.
    #[schema(value_type = String, format = "uri", min_length = 1, max_length = 2048)]
    url: Target,
    /// The types of events to deliver; all types if left out or empty.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<EventKind>, max_items = 64)]
    types: Types,
    /// What the endpoint is for.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    description: Option<Description>,
    /// Whether to deliver the events of all callers. For operators only.
    #[serde(default)]
    #[schema(required = false, default = false)]
    all_callers: bool,
    /// Deliver the events after this position in the feed, 0 for all that are kept. If left out, only events that are committed
    /// from now on.
    #[serde(default)]
    #[schema(required = false, value_type = Option<i64>, minimum = 0, maximum = 9_007_199_254_740_991_i64)]
    after: Option<After>,
}

problem_answers!(
    CreateWebhookProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::FeedTrimmed,
        Code::TargetNotAllowed,
        Code::WebhookExists,
        Code::WebhookLimit,
        Code::WebhooksDisabled,
        Code::JournalUnavailable,
    ]
);

/// Create a webhook
///
/// From now on, events are sent to the endpoint with `POST`, signed as in Standard Webhooks (headers `webhook-id`,
/// `webhook-timestamp` and `webhook-signature`). Any status 2xx acknowledges an event; other responses are not followed or
/// read. Events about one subject are delivered in order: the next one waits until the one before is acknowledged or given up.
/// An event may be delivered more than once, always with the same `webhook-id`. It is attempted for 72 hours with growing
/// pauses; then it is given up, kept, and reported by a `webhook.undelivered` event. If all attempts fail for 5 days, or the
/// endpoint returns 410, the webhook is paused and a `webhook.paused` event is published; no event is lost.
#[utoipa::path(
    post,
    path = "/v1/webhooks",
    operation_id = "create_webhook",
    tag = "webhooks",
    request_body = CreateWebhookRequest,
    responses(
        (status = 201, description = "The webhook and its secret.", body = WebhookWithSecret,
         headers(
            ("Location" = String, description = "The path of the webhook."),
            ("ETag" = String, description = "The version, for `If-Match`."),
         ),
         links(("webhook" = (operation_id = "get_webhook", description = "Read the webhook.", parameters(("id" = "$response.body#/webhook/id"))))),
         example = json!(crate::api::examples::webhook_with_secret())),
        CreateWebhookProblems,
    ),
)]
pub async fn create_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Json(request): Json<CreateWebhookRequest>,
) -> Result<Response, Problem> {
    if request.all_callers && !caller.is_operator() {
        return Err(Problem::new(Code::Forbidden)
            .detail("Only an operator may get the events of all callers.")
            .hint("Leave out `all_callers`, or use the API key of an operator."));
    }
    let new = NewWebhook {
        owner: caller.name.to_string(),
        all_callers: request.all_callers,
        settings: WebhookSettings {
            url: request.url.0,
            types: request.types.0,
            description: request.description.map(|text| text.0),
        },
        after: request.after.map(After::get),
    };
    let (webhook, secret) = state.webhooks()?.create(new).await.map_err(refused)?;
    let location = HeaderValue::from_str(&format!("/v1/webhooks/{}", webhook.id));
    let webhook = view_of_changed(&state, webhook).await?;
    let headers = (location.ok().map(|path| [(LOCATION, path)]), etag(&webhook));
    let body = Json(WebhookWithSecret { webhook, secret });
    Ok((StatusCode::CREATED, headers.0, headers.1, body).into_response())
}
