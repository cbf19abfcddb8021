//! `POST /v1/orders/{order_id}/close`

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::extract::{Json, Path};
use crate::api::include::Include;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, BODY, Code, Problem, READ, RESTRICTED, WRITE};
use crate::api::write::{WriteContext, canonical};
use crate::domain::ids::{OperationId, OrderId};
use crate::operations::writes::kinds::close::Close;
use crate::problem_answers;

/// A request to close an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({}))]
pub struct CloseRequest {
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
    CloseProblems = API,
    RESTRICTED,
    BODY,
    WRITE,
    READ,
    &[Code::OrderNotFound, Code::OrderNotClosable]
);

/// Close an unpaid order
///
/// Releases the seats. The order is read first: only an unpaid order can be closed; refund a paid one
/// instead.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/close",
    operation_id = "close_order",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::WriteHeaders),
    request_body = CloseRequest,
    responses(
        (status = 200, description = "The order is closed.", body = OperationView, example = json!(super::super::examples::done("close"))),
        (status = 202, description = "The outcome is not known yet, or a person must decide. `state` says which.", body = OperationView, example = json!(super::super::examples::open("close"))),
        CloseProblems,
    ),
)]
pub async fn close_order(
    context: WriteContext,
    Path(order_id): Path<OrderId>,
    Json(request): Json<CloseRequest>,
) -> Result<Response, Problem> {
    let canonical = canonical(&request)?;
    let write = Close {
        order_id,
        extra: request.extra,
    };
    context
        .perform(write, canonical, Vec::new(), request.retry_of, false)
        .await
}
