//! `POST /v1/webhooks/{id}/pause`

use axum::extract::State;
use axum::response::Response;

use super::{WebhookView, refused, view_of_changed};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::Path;
use crate::api::operations::own_only;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::WebhookId;
use crate::problem_answers;

problem_answers!(
    PauseWebhookProblems = API,
    RESTRICTED,
    &[Code::WebhookNotFound, Code::JournalUnavailable]
);

/// Pause a webhook
///
/// Events are kept until it is resumed, also beyond `feed.retention`. An attempt in progress is completed.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/pause",
    operation_id = "pause_webhook",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses(
        (status = 200, description = "The webhook.", body = WebhookView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook())),
        PauseWebhookProblems,
    ),
)]
pub async fn pause_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Response, Problem> {
    let webhook = state.webhooks()?.pause(id, own_only(&caller)).await;
    let webhook = view_of_changed(&state, webhook.map_err(refused)?).await?;
    Ok(webhook.shown())
}
