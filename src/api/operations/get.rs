//! `GET /v1/operations/{id}`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::IntoParams;

use super::{shown, unreadable, visible};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Path, Query};
use crate::api::limit::WaitSeconds;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, Code, Problem};
use crate::domain::ids::OperationId;
use crate::problem_answers;

/// How long to wait for the operation.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Wait {
    /// Long poll: seconds to wait until the operation settles or needs attention, such as `20s`; 60 at
    /// most.
    #[serde(default)]
    #[param(
        required = false,
        value_type = String,
        pattern = "^([1-9]|[1-5][0-9]|60)s$",
        example = "20s"
    )]
    wait: Option<WaitSeconds>,
}

problem_answers!(
    GetOperationProblems = API,
    &[Code::OperationNotFound, Code::JournalUnavailable]
);

/// Read an operation
///
/// Returns the state of a write and how it became known. With `wait`, the response is returned when the
/// operation has settled or needs attention, or when the time is over. An operation that ended before its send began
/// is deleted after 24 hours.
#[utoipa::path(
    get,
    path = "/v1/operations/{id}",
    operation_id = "get_operation",
    tag = "operations",
    params(("id" = OperationId, Path, description = "The operation."), Wait),
    responses(
        (status = 200, description = "The operation.", body = OperationView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")),
         links(
            ("reconcile" = (operation_id = "reconcile_operation", description = "Look the operation up now.",
                parameters(("id" = "$response.body#/id")))),
            ("resolution" = (operation_id = "resolve_operation", description = "Settle the operation by hand.",
                parameters(("id" = "$response.body#/id"), ("If-Match" = "$response.header.ETag")))),
         ), example = json!(super::super::examples::settled())),
        GetOperationProblems,
    ),
)]
pub async fn get_operation(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<OperationId>,
    Query(wait): Query<Wait>,
) -> Result<Response, Problem> {
    if let Some(WaitSeconds(at_most)) = wait.wait {
        let operations = state.operations()?;
        let found = operations.journal().get(id).await.map_err(unreadable)?;
        visible(found, &caller)?;
        let wait = operations.wait(id, at_most);
        let waited = state.auth.during(&caller, wait).await?;
        waited.map_err(unreadable)?;
    }
    shown(&state, &caller, id).await
}
