//! `POST /v1/changes/{change_order_no}/cancel`

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::extract::{Json, Path};
use crate::api::include::Include;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, BODY, Code, Problem, READ, RESTRICTED, WRITE};
use crate::api::write::{WriteContext, canonical};
use crate::domain::ids::{ChangeOrderNo, OperationId};
use crate::operations::writes::kinds::change_cancel::CancelChange;
use crate::problem_answers;

/// A request to cancel a change.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct CancelChangeRequest {
    /// The operation that this one repeats; it must have ended `not_executed` with basis `absent`.
    #[serde(default)]
    #[schema(required = false, value_type = Option<OperationId>)]
    retry_of: Option<OperationId>,
    /// Fields that the gateway does not know, added unchanged to upstream's request object. The name of a
    /// field that the gateway knows, in upper or lower case and with or without underscores, is refused (400).
    #[serde(default)]
    #[schema(required = false, value_type = Option<Object>)]
    extra: Option<Map<String, Value>>,
}

problem_answers!(
    CancelChangeProblems = API,
    RESTRICTED,
    BODY,
    WRITE,
    READ,
    &[Code::ChangeNotFound, Code::ChangeNotCancellable]
);

/// Cancel an unpaid change
///
/// Releases the seats; the tickets stay as they are. Only an unpaid change can be cancelled.
#[utoipa::path(
    post,
    path = "/v1/changes/{change_order_no}/cancel",
    operation_id = "cancel_change",
    tag = "changes",
    params(("change_order_no" = ChangeOrderNo, Path, description = "Fliggy's number of the change."), Include, super::super::params::WriteHeaders),
    request_body = CancelChangeRequest,
    responses(
        (status = 200, description = "The change is closed.", body = OperationView, example = json!(super::super::examples::done("change_cancel"))),
        (status = 202, description = "The outcome is not known yet, or a person must decide. `state` says which.", body = OperationView, example = json!(super::super::examples::open("change_cancel"))),
        CancelChangeProblems,
    ),
)]
pub async fn cancel_change(
    context: WriteContext,
    Path(change_order_no): Path<ChangeOrderNo>,
    Json(request): Json<CancelChangeRequest>,
) -> Result<Response, Problem> {
    let canonical = canonical(&request)?;
    let write = CancelChange {
        change_order_no,
        extra: request.extra,
    };
    context
        .perform(write, canonical, Vec::new(), request.retry_of, false)
        .await
}
