//! `POST /v1/webhooks/{id}/ping`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::refused;
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path};
use crate::api::operations::own_only;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::WebhookId;
use crate::domain::time::Rfc3339;
use crate::domain::webhook::Outcome;
use crate::notifications::webhooks::service::Exchange;
use crate::problem_answers;

/// What happened to a test message.
#[derive(Debug, Serialize, ToSchema)]
pub struct PingResult {
    /// What happened.
    outcome: Outcome,
    /// The HTTP status of the response; null if there was none.
    #[schema(required = true, minimum = 100, maximum = 999)]
    status: Option<u16>,
    /// When it was sent (+08:00).
    at: Rfc3339,
    /// How long it took, in ms.
    #[schema(minimum = 0)]
    took_ms: u64,
}

impl From<Exchange> for PingResult {
    fn from(exchange: Exchange) -> Self {
        Self {
            outcome: exchange.result.outcome,
            status: exchange.result.status,
            at: Rfc3339(exchange.at),
            took_ms: u64::try_from(exchange.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

problem_answers!(
    PingWebhookProblems = API,
    RESTRICTED,
    &[
        Code::WebhookNotFound,
        Code::WebhooksDisabled,
        Code::JournalUnavailable,
    ]
);

/// Ping a webhook
///
/// Sends a signed message of type `webhook.ping` now, even if the webhook is paused, and returns what happened. It is not
/// repeated, and changes nothing.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/ping",
    operation_id = "ping_webhook",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    responses(
        (status = 200, description = "What happened.", body = PingResult, example = json!(crate::api::examples::ping())),
        PingWebhookProblems,
    ),
)]
pub async fn ping_webhook(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
) -> Result<Json<PingResult>, Problem> {
    let sent = state.webhooks()?.ping(id, own_only(&caller)).await;
    Ok(Json(sent.map_err(refused)?.into()))
}
