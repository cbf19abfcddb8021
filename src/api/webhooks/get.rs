//! `GET /v1/webhooks/{id}`

use axum::extract::State;
use axum::response::Response;

use super::{WebhookView, refused, view};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::Path;
use crate::api::operations::own_only;
use crate::api::problem::{API, Code, Problem};
use crate::domain::ids::WebhookId;
use crate::problem_answers;

problem_answers!(
    GetWebhookProblems = API,
    &[Code::WebhookNotFound, Code::JournalUnavailable]
);

/// Read a webhook
///
/// Its settings, whether its endpoint works, and since when events wait for it. The secret is not shown.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}",
    operation_id = "get_webhook",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses(
        (status = 200, description = "The webhook.", body = WebhookView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook())),
        GetWebhookProblems,
    ),
)]
pub async fn get_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Response, Problem> {
    let webhook = state.webhooks()?.get(id, own_only(&caller)).await;
    let webhook = view(&state, webhook.map_err(refused)?).await?;
    Ok(webhook.shown())
}
