//! `PUT /v1/webhooks/{id}`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Description, Target, Types, WebhookView, refused, view_of_changed};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{IfMatch, Json, Path};
use crate::api::operations::own_only;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::ids::WebhookId;
use crate::domain::operation::EventKind;
use crate::notifications::webhooks::service::WebhookSettings;
use crate::problem_answers;

/// The new settings. They replace all of the present ones.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(crate::api::examples::new_webhook()))]
pub struct UpdateWebhookRequest {
    /// The address of the endpoint. See `POST /v1/webhooks`.
    #[schema(value_type = String, format = "uri", min_length = 1, max_length = 2048)]
    url: Target,
    /// The types of events to deliver; all types if left out or empty. Deliveries that wait already are not affected.
    #[serde(default)]
    #[schema(required = false, value_type = Vec<EventKind>, max_items = 64)]
    types: Types,
    /// What the endpoint is for.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200)]
    description: Option<Description>,
}

problem_answers!(
    UpdateWebhookProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::WebhookNotFound,
        Code::WebhookExists,
        Code::VersionMismatch,
        Code::IfMatchMissing,
        Code::TargetNotAllowed,
        Code::JournalUnavailable,
    ]
);

/// Update a webhook
///
/// Replaces address, types and description. Events that wait are delivered to the new address.
#[utoipa::path(
    put,
    path = "/v1/webhooks/{id}",
    operation_id = "update_webhook",
    tag = "webhooks",
    params(
        ("id" = WebhookId, Path, description = "The webhook."),
        ("If-Match" = String, Header, description = "The version that the update is based on, as in `ETag`; the quotes may be left out.", pattern = "^(\"[0-9]{1,18}\"|[0-9]{1,18})$", example = "\"1\""),
    ),
    request_body = UpdateWebhookRequest,
    responses(
        (status = 200, description = "The webhook.", body = WebhookView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook())),
        UpdateWebhookProblems,
    ),
)]
pub async fn update_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    IfMatch(version): IfMatch,
    Json(request): Json<UpdateWebhookRequest>,
) -> Result<Response, Problem> {
    let settings = WebhookSettings {
        url: request.url.0,
        types: request.types.0,
        description: request.description.map(|text| text.0),
    };
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    let webhooks = state.webhooks()?;
    let updated = webhooks.update(id, own_only(&caller), version, settings);
    let webhook = updated.await.map_err(refused)?;
    Ok(view_of_changed(&state, webhook).await?.shown())
}
