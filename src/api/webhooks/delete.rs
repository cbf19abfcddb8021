//! `DELETE /v1/webhooks/{id}`

use axum::extract::State;
use axum::http::StatusCode;

use super::refused;
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::Path;
use crate::api::operations::own_only;
use crate::api::problem::{API, Code, Problem};
use crate::domain::ids::WebhookId;
use crate::problem_answers;

problem_answers!(
    DeleteWebhookProblems = API,
    &[Code::WebhookNotFound, Code::JournalUnavailable]
);

/// Delete a webhook
///
/// Deliveries end, and the record of earlier ones is deleted. Events remain in the feed.
#[utoipa::path(
    delete,
    path = "/v1/webhooks/{id}",
    operation_id = "delete_webhook",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses((status = 204, description = "The webhook was deleted."), DeleteWebhookProblems),
)]
pub async fn delete_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<StatusCode, Problem> {
    let deleted = state.webhooks()?.delete(id, own_only(&caller)).await;
    deleted.map_err(refused)?;
    Ok(StatusCode::NO_CONTENT)
}
