//! `POST /v1/orders/{order_id}/payment`

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
use crate::domain::money::Money;
use crate::operations::writes::kinds::pay::Pay;
use crate::problem_answers;

/// A payment of an order.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::payment()))]
pub struct PayRequest {
    /// The total that was agreed to (yuan). If the order costs anything else, nothing is paid.
    total_price: Money,
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
    PayProblems = API,
    RESTRICTED,
    BODY,
    WRITE,
    READ,
    &[
        Code::OrderNotFound,
        Code::PriceChanged,
        Code::OrderNotPayable
    ]
);

/// Pay an order
///
/// Debits the purchasing account's signed Alipay agreement, once. The order is read first: if its
/// total is not the agreed one, the gateway returns 409 `price_changed` and sends nothing. Success is
/// reported only on evidence of the payment. Without evidence in time, the gateway returns 202: the outcome
/// is **unknown**, most probably paid, and lookups continue until it is known.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/payment",
    operation_id = "pay_order",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::WriteHeaders),
    request_body = PayRequest,
    responses(
        (status = 200, description = "The order is paid.", body = OperationView, example = json!(super::super::examples::done("pay"))),
        (status = 202, description = "The outcome is not known yet, or a person must decide. `state` says which.", body = OperationView, example = json!(super::super::examples::open("pay"))),
        PayProblems,
    ),
)]
pub async fn pay_order(
    context: WriteContext,
    Path(order_id): Path<OrderId>,
    Json(request): Json<PayRequest>,
) -> Result<Response, Problem> {
    let canonical = canonical(&request)?;
    let write = Pay {
        order_id,
        total: request.total_price,
        extra: request.extra,
    };
    context
        .perform(write, canonical, Vec::new(), request.retry_of, false)
        .await
}
