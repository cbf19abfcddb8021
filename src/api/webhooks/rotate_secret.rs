//! `POST /v1/webhooks/{id}/rotate-secret`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{WebhookWithSecret, etag, refused, view_of_changed};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path};
use crate::api::limit::Overlap;
use crate::api::operations::own_only;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::ids::WebhookId;
use crate::problem_answers;

/// How long the present secret remains in use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 86_400}))]
pub struct RotateSecretRequest {
    /// The seconds for which deliveries are signed with the present secret too: 0 to 604800 (7 days); 86400 (a day) if left
    /// out. With 0 the present secret ends at once, as is needed if it is known to others.
    #[serde(default)]
    #[schema(required = false, value_type = u32, minimum = 0, maximum = 604_800, default = 86_400)]
    overlap_seconds: Overlap,
}

problem_answers!(
    RotateSecretProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::WebhookNotFound,
        Code::WebhookLimit,
        Code::WebhooksDisabled,
        Code::JournalUnavailable,
    ]
);

/// Rotate the secret of a webhook
///
/// Adds a secret and returns it. During the overlap `webhook-signature` contains a signature for each secret in force, so the
/// receiver can change over at any time. At most 4 secrets may be in force.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate-secret",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    request_body = RotateSecretRequest,
    responses(
        (status = 200, description = "The webhook and its new secret.", body = WebhookWithSecret,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook_with_secret())),
        RotateSecretProblems,
    ),
)]
pub async fn rotate_webhook_secret(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(request): Json<RotateSecretRequest>,
) -> Result<Response, Problem> {
    let overlap = request.overlap_seconds.get();
    let rotated = state.webhooks()?.rotate(id, own_only(&caller), overlap);
    let (webhook, secret) = rotated.await.map_err(refused)?;
    let webhook = view_of_changed(&state, webhook).await?;
    let etag = etag(&webhook);
    Ok((etag, Json(WebhookWithSecret { webhook, secret })).into_response())
}
