//! `GET /v1/orders/{order_id}/changes`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::changes::get::ChangeView;
use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::change::ChangeList;
use crate::domain::ids::OrderId;
use crate::domain::time::LocalTime;
use crate::problem_answers;
use crate::top::client::Reply;

/// The changes of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangePage {
    /// The changes, sorted as Fliggy returns them.
    items: Vec<ChangeView>,
    /// Always null: Fliggy returns all changes of an order at once.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// The number of rows that could not be read and are left out.
    #[schema(minimum = 0)]
    dropped: usize,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

impl ChangePage {
    pub(super) fn new(found: Reply<ChangeList>, now: LocalTime) -> Self {
        let list = found.answer;
        let changes = list.changes.into_iter();
        Self {
            items: changes.map(|change| ChangeView::new(change, now)).collect(),
            next_cursor: None,
            dropped: list.dropped,
            upstream: found.upstream,
        }
    }
}

problem_answers!(
    ListChangesProblems = API,
    RESTRICTED,
    READ,
    &[Code::OrderNotFound]
);

/// List the changes of an order
///
/// Includes closed changes.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}/changes",
    operation_id = "list_changes",
    tag = "changes",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The changes.", body = ChangePage, example = json!(super::super::examples::changes())), ListChangesProblems),
)]
pub async fn list_changes(
    context: AccountContext,
    Path(order_id): Path<OrderId>,
    Query(include): Query<Include>,
) -> Result<Json<ChangePage>, Problem> {
    let found = context
        .upstream()
        .read_changes(&context.account, order_id, include.options())
        .await
        .map_err(|error| problem_of(&error.into_failure(), None))?;
    Ok(Json(ChangePage::new(found, context.now())))
}
