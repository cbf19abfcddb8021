//! `GET /v1/refunds/{refund_order_no}`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::ids::RefundOrderNo;
use crate::domain::refund::Refund;
use crate::problem_answers;

/// A refund, with upstream's own object if requested.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundAnswer {
    /// The refund.
    #[serde(flatten)]
    refund: Refund,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(
    RefundReadProblems = API,
    RESTRICTED,
    READ,
    &[Code::RefundNotFound]
);

/// Read a refund
///
/// `status` is the state of the application; `refunded` means that the money is on its way back.
#[utoipa::path(
    get,
    path = "/v1/refunds/{refund_order_no}",
    operation_id = "get_refund",
    tag = "refunds",
    params(("refund_order_no" = RefundOrderNo, Path, description = "Fliggy's number of the refund."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The refund.", body = RefundAnswer, example = json!(super::super::examples::refund())), RefundReadProblems),
)]
pub async fn get_refund(
    context: AccountContext,
    Path(refund_order_no): Path<RefundOrderNo>,
    Query(include): Query<Include>,
) -> Result<Json<RefundAnswer>, Problem> {
    let found = context
        .services
        .operations
        .read_refund(&context.account, refund_order_no, None, include.options())
        .await
        .map_err(|error| problem_of(&error.into_failure(), None))?;
    Ok(Json(RefundAnswer {
        refund: found.answer,
        upstream: found.upstream,
    }))
}
