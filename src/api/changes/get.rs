//! `GET /v1/changes/{change_order_no}`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::actions::{Action, of_change};
use crate::domain::change::Change;
use crate::domain::ids::ChangeOrderNo;
use crate::domain::time::LocalTime;
use crate::problem_answers;

/// A change, with the actions that it allows next.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeView {
    /// The change.
    #[serde(flatten)]
    change: Change,
    /// The actions that the change itself allows next. A write that is open on the change still blocks these actions.
    available_actions: Vec<Action>,
}

impl ChangeView {
    pub(in crate::api) fn new(change: Change, now: LocalTime) -> Self {
        Self {
            available_actions: of_change(&change, now),
            change,
        }
    }
}

/// A change, with upstream's own object if requested.
#[derive(Debug, Serialize, ToSchema)]
pub struct ChangeAnswer {
    /// The change.
    #[serde(flatten)]
    change: ChangeView,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(
    ChangeReadProblems = API,
    RESTRICTED,
    READ,
    &[Code::ChangeNotFound]
);

/// Read a change
///
/// Returns the fees, the time to pay and, once the change is paid and issued, the new ticket numbers.
#[utoipa::path(
    get,
    path = "/v1/changes/{change_order_no}",
    operation_id = "get_change",
    tag = "changes",
    params(("change_order_no" = ChangeOrderNo, Path, description = "Fliggy's number of the change."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The change.", body = ChangeAnswer, example = json!(super::super::examples::change())), ChangeReadProblems),
)]
pub async fn get_change(
    context: AccountContext,
    Path(change_order_no): Path<ChangeOrderNo>,
    Query(include): Query<Include>,
) -> Result<Json<ChangeAnswer>, Problem> {
    let found = context
        .upstream()
        .read_change(&context.account, change_order_no, include.options())
        .await
        .map_err(|error| problem_of(&error.into_failure(), None))?;
    let now = context.now();
    Ok(Json(ChangeAnswer {
        change: ChangeView::new(found.answer, now),
        upstream: found.upstream,
    }))
}
