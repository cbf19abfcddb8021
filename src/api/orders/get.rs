//! `GET /v1/orders/{order_id}` and `GET /v1/orders/by-reference/{out_order_no}`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::actions::{Action, of_order};
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::order::Order;
use crate::operations::orders::OrderKey;
use crate::problem_answers;

/// An order, and upstream's own object where it was asked for.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderAnswer {
    /// The order.
    #[serde(flatten)]
    order: Order,
    /// What the order itself allows next. A write that is open on it still stands in the way.
    available_actions: Vec<Action>,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(
    OrderProblems = API,
    RESTRICTED,
    READ,
    &[Code::OrderNotFound]
);

/// Read an order
///
/// Asks Fliggy. `status` is our word for Fliggy's phrase in `status_text`; a phrase that is not
/// listed is `other` and no error.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}",
    operation_id = "get_order",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The order.", body = OrderAnswer, example = json!(super::super::examples::order())), OrderProblems),
    security(("bearer" = []), ("api_key" = [])),
)]
pub async fn get_order(
    context: AccountContext,
    Path(order_id): Path<OrderId>,
    Query(include): Query<Include>,
) -> Result<Json<OrderAnswer>, Problem> {
    read(&context, &OrderKey::Id(order_id), include).await
}

/// Read an order by the caller's own number
///
/// The way to find a booking whose answer was lost, by the number it was sent with.
#[utoipa::path(
    get,
    path = "/v1/orders/by-reference/{out_order_no}",
    operation_id = "get_order_by_reference",
    tag = "orders",
    params(("out_order_no" = OutOrderNo, Path, description = "The caller's order number."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The order.", body = OrderAnswer, example = json!(super::super::examples::order())), OrderProblems),
    security(("bearer" = []), ("api_key" = [])),
)]
pub async fn get_order_by_reference(
    context: AccountContext,
    Path(out_order_no): Path<OutOrderNo>,
    Query(include): Query<Include>,
) -> Result<Json<OrderAnswer>, Problem> {
    read(&context, &OrderKey::Reference(out_order_no), include).await
}

async fn read(
    context: &AccountContext,
    key: &OrderKey,
    include: Include,
) -> Result<Json<OrderAnswer>, Problem> {
    let found = context
        .operations
        .read_order(&context.account, key, include.options())
        .await
        .map_err(|error| problem_of(&error.into_failure(), None))?;
    let now = context.now();
    Ok(Json(OrderAnswer {
        available_actions: of_order(&found.order, now),
        order: found.order,
        upstream: found.upstream,
    }))
}
