//! `POST /v1/webhooks/{id}/resume`

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
    ResumeWebhookProblems = API,
    RESTRICTED,
    &[Code::WebhookNotFound, Code::JournalUnavailable]
);

/// Resume a webhook
///
/// Events are delivered from where the webhook stopped. If the gateway paused it, the events that were given up are delivered again first.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/resume",
    operation_id = "resume_webhook",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses(
        (status = 200, description = "The webhook.", body = WebhookView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook())),
        ResumeWebhookProblems,
    ),
)]
pub async fn resume_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Response, Problem> {
    let webhook = state.webhooks()?.resume(id, own_only(&caller)).await;
    let webhook = view_of_changed(&state, webhook.map_err(refused)?).await?;
    Ok(webhook.shown())
}
