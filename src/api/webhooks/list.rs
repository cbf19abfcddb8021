//! `GET /v1/webhooks`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{WebhookView, refused, view};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Query};
use crate::api::limit::Limit;
use crate::api::operations::own_only;
use crate::api::problem::{API, Code, Problem};
use crate::domain::ids::WebhookId;
use crate::notifications::webhooks::service::WebhookFilter;
use crate::problem_answers;

/// The page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Selection {
    /// The maximum number of webhooks; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page.
    #[serde(default)]
    #[param(required = false, value_type = WebhookId)]
    cursor: Option<WebhookId>,
}

/// A page of webhooks, oldest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookPage {
    /// The webhooks.
    items: Vec<WebhookView>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

problem_answers!(ListWebhooksProblems = API, &[Code::JournalUnavailable]);

/// List webhooks
///
/// Oldest first. A caller sees its own webhooks, an operator sees all.
#[utoipa::path(
    get,
    path = "/v1/webhooks",
    operation_id = "list_webhooks",
    tag = "webhooks",
    params(Selection),
    responses((status = 200, description = "A page of webhooks.", body = WebhookPage, example = json!(crate::api::examples::webhooks())), ListWebhooksProblems),
)]
pub async fn list_webhooks(
    State(state): State<ApiState>,
    caller: Caller,
    Query(selection): Query<Selection>,
) -> Result<Json<WebhookPage>, Problem> {
    let limit = selection.limit.unwrap_or_default();
    let filter = WebhookFilter {
        owner: own_only(&caller).map(str::to_owned),
        after: selection.cursor,
        limit: limit.and_one(),
    };
    let mut found = state.webhooks()?.list(filter).await.map_err(refused)?;
    let next_cursor = limit.cut(&mut found).map(|webhook| webhook.id.to_string());
    let mut items = Vec::with_capacity(found.len());
    for webhook in found {
        items.push(view(&state, webhook).await?);
    }
    Ok(Json(WebhookPage { items, next_cursor }))
}
