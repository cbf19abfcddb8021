//! `GET /v1/webhooks/{id}/attempts`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::refused;
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path, Query};
use crate::api::limit::{Limit, Position};
use crate::api::operations::own_only;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::WebhookId;
use crate::domain::time::Rfc3339;
use crate::domain::webhook::{Attempt, Outcome};
use crate::notifications::webhooks::service::AttemptFilter;
use crate::problem_answers;

/// The selection of attempts.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only attempts to deliver the event with this `sequence`.
    #[serde(default)]
    #[param(required = false, value_type = String, pattern = "^[1-9][0-9]{0,17}$", example = "118")]
    sequence: Option<Position>,
    /// The maximum number of attempts; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page.
    #[serde(default)]
    #[param(required = false, value_type = String, pattern = "^[1-9][0-9]{0,17}$", example = "118")]
    cursor: Option<Position>,
}

/// An attempt to deliver an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeliveryAttempt)]
pub struct AttemptView {
    /// The `sequence` of the event.
    #[schema(minimum = 1)]
    sequence: i64,
    /// 1 for the first attempt to deliver the event.
    #[schema(minimum = 1)]
    number: i64,
    /// When it began (+08:00).
    at: Rfc3339,
    /// How long it took, in ms.
    #[schema(minimum = 0)]
    took_ms: u64,
    /// What happened.
    outcome: Outcome,
    /// The HTTP status of the response; null if there was none.
    #[schema(required = true, minimum = 100, maximum = 999)]
    status: Option<u16>,
}

impl From<Attempt> for AttemptView {
    fn from(attempt: Attempt) -> Self {
        Self {
            sequence: attempt.sequence,
            number: attempt.number,
            at: Rfc3339(attempt.at),
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
            outcome: attempt.result.outcome,
            status: attempt.result.status,
        }
    }
}

/// A page of attempts, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttemptPage {
    /// The attempts.
    items: Vec<AttemptView>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

problem_answers!(
    ListAttemptsProblems = API,
    RESTRICTED,
    &[Code::WebhookNotFound, Code::JournalUnavailable]
);

/// List attempts of a webhook
///
/// Newest first. They are kept as long as their events.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/attempts",
    operation_id = "list_attempts",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook."), Selection),
    responses((status = 200, description = "A page of attempts.", body = AttemptPage, example = json!(crate::api::examples::attempts())), ListAttemptsProblems),
)]
pub async fn list_attempts(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Query(selection): Query<Selection>,
) -> Result<Json<AttemptPage>, Problem> {
    let limit = selection.limit.unwrap_or_default();
    let filter = AttemptFilter {
        webhook: id,
        sequence: selection.sequence.map(Position::get),
        before: selection.cursor.map(Position::get),
        limit: limit.and_one(),
    };
    let webhooks = state.webhooks()?;
    let found = webhooks.attempts(own_only(&caller), filter).await;
    let mut found = found.map_err(refused)?;
    let next_cursor = limit.cut(&mut found).map(|(place, _)| place.to_string());
    let items = found.into_iter();
    Ok(Json(AttemptPage {
        items: items.map(|(_, attempt)| attempt.into()).collect(),
        next_cursor,
    }))
}
