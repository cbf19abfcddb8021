//! `GET /v1/webhooks/{id}/deliveries`

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
use crate::domain::webhook::{Delivery, DeliveryState};
use crate::notifications::webhooks::service::DeliveryFilter;
use crate::problem_answers;

/// The selection of deliveries.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// Only deliveries in this state, such as `dead`.
    #[serde(default)]
    #[param(required = false, value_type = DeliveryState, inline)]
    state: Option<DeliveryState>,
    /// The maximum number of deliveries; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page.
    #[serde(default)]
    #[param(required = false, value_type = String, pattern = "^[1-9][0-9]{0,17}$", example = "118")]
    cursor: Option<Position>,
}

/// The delivery of an event.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Delivery)]
pub struct DeliveryView {
    /// The `sequence` of the event.
    #[schema(minimum = 1)]
    sequence: i64,
    /// The subject of the event.
    subject: String,
    /// The state.
    state: DeliveryState,
    /// The number of attempts.
    #[schema(minimum = 0)]
    attempts: i64,
    /// When it is attempted next (+08:00). Null while an earlier delivery about the subject is pending, and after the end.
    #[schema(required = true)]
    next_attempt_at: Option<Rfc3339>,
    /// When it was delivered or given up (+08:00); null while it is pending.
    #[schema(required = true)]
    ended_at: Option<Rfc3339>,
}

impl From<Delivery> for DeliveryView {
    fn from(delivery: Delivery) -> Self {
        Self {
            sequence: delivery.sequence,
            subject: delivery.subject,
            state: delivery.state,
            attempts: delivery.attempts,
            next_attempt_at: delivery.next_attempt_at.map(Rfc3339),
            ended_at: delivery.ended_at.map(Rfc3339),
        }
    }
}

/// A page of deliveries, newest event first.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeliveryPage {
    /// The deliveries.
    items: Vec<DeliveryView>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

problem_answers!(
    ListDeliveriesProblems = API,
    RESTRICTED,
    &[Code::WebhookNotFound, Code::JournalUnavailable]
);

/// List deliveries of a webhook
///
/// Newest event first. `state=dead` lists the events that were given up.
#[utoipa::path(
    get,
    path = "/v1/webhooks/{id}/deliveries",
    operation_id = "list_deliveries",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook."), Selection),
    responses((status = 200, description = "A page of deliveries.", body = DeliveryPage, example = json!(crate::api::examples::deliveries())), ListDeliveriesProblems),
)]
pub async fn list_deliveries(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Query(selection): Query<Selection>,
) -> Result<Json<DeliveryPage>, Problem> {
    let limit = selection.limit.unwrap_or_default();
    let filter = DeliveryFilter {
        webhook: id,
        state: selection.state,
        before: selection.cursor.map(Position::get),
        limit: limit.and_one(),
    };
    let webhooks = state.webhooks()?;
    let found = webhooks.deliveries(own_only(&caller), filter).await;
    let mut found = found.map_err(refused)?;
    let last = limit.cut(&mut found);
    let next_cursor = last.map(|delivery| delivery.sequence.to_string());
    Ok(Json(DeliveryPage {
        items: found.into_iter().map(DeliveryView::from).collect(),
        next_cursor,
    }))
}
