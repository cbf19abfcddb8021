//! `POST /v1/operations/{id}/reconcile`

use axum::extract::State;
use axum::response::Response;

use super::{shown, unreadable, visible};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::Path;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, Code, Problem};
use crate::domain::ids::OperationId;
use crate::problem_answers;

problem_answers!(
    ReconcileProblems = API,
    &[Code::OperationNotFound, Code::JournalUnavailable]
);

/// Look up an operation now
///
/// The gateway looks up open operations by itself, with growing pauses; this call starts a lookup at
/// once. It changes nothing upstream. An operation that needs no lookup is returned unchanged.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/reconcile",
    operation_id = "reconcile_operation",
    tag = "operations",
    params(("id" = OperationId, Path, description = "The operation.")),
    responses(
        (status = 200, description = "The operation after the lookup.", body = OperationView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(super::super::examples::settled())),
        ReconcileProblems,
    ),
)]
pub async fn reconcile_operation(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<OperationId>,
) -> Result<Response, Problem> {
    let operations = state.operations()?;
    let found = operations.journal().get(id).await.map_err(unreadable)?;
    visible(found, &caller)?;
    operations
        .look_up_now(id)
        .await
        .map_err(super::resolve::not_resolved)?;
    shown(&state, &caller, id).await
}
