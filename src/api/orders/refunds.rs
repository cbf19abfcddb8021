//! `GET /v1/orders/{order_id}/refunds`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::ids::OrderId;
use crate::domain::refund::{Refund, RefundList};
use crate::problem_answers;
use crate::top::client::Reply;

/// The refunds of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundPage {
    /// The refunds, sorted as Fliggy returns them.
    items: Vec<Refund>,
    /// Always null: Fliggy returns all refunds of an order at once.
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

impl RefundPage {
    pub(super) fn new(found: Reply<RefundList>) -> Self {
        Self {
            items: found.answer.refunds,
            next_cursor: None,
            dropped: found.answer.dropped,
            upstream: found.upstream,
        }
    }
}

problem_answers!(
    ListRefundsProblems = API,
    RESTRICTED,
    READ,
    &[Code::OrderNotFound]
);

/// List the refunds of an order
///
/// Includes supplementary refunds (补退: money returned after an earlier refund).
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}/refunds",
    operation_id = "list_refunds",
    tag = "refunds",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The refunds.", body = RefundPage, example = json!(super::super::examples::refunds())), ListRefundsProblems),
)]
pub async fn list_refunds(
    context: AccountContext,
    Path(order_id): Path<OrderId>,
    Query(include): Query<Include>,
) -> Result<Json<RefundPage>, Problem> {
    let found = context
        .upstream()
        .read_refunds(&context.account, order_id, include.options())
        .await
        .map_err(|error| problem_of(&error.into_failure(), None))?;
    Ok(Json(RefundPage::new(found)))
}
