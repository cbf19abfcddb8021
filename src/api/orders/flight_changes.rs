//! `GET /v1/orders/{order_id}/flight-changes`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::flight_change::FlightChange;
use crate::domain::ids::OrderId;
use crate::problem_answers;

/// The schedule changes of an order.
#[derive(Debug, Serialize, ToSchema)]
pub struct FlightChangePage {
    /// The schedule changes, sorted as Fliggy returns them.
    items: Vec<FlightChange>,
    /// Always null: Fliggy returns all schedule changes of an order at once.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(
    FlightChangesProblems = API,
    RESTRICTED,
    READ,
    &[Code::OrderNotFound]
);

/// List the schedule changes of an order
///
/// The flights of the order that the airlines cancelled or rescheduled (航变). Their tickets can be
/// refunded or changed as `flight_changed`.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}/flight-changes",
    operation_id = "list_flight_changes",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::AccountHeader),
    responses((status = 200, description = "The schedule changes.", body = FlightChangePage, example = json!(super::super::examples::flight_changes())), FlightChangesProblems),
)]
pub async fn list_flight_changes(
    context: AccountContext,
    Path(order_id): Path<OrderId>,
    Query(include): Query<Include>,
) -> Result<Json<FlightChangePage>, Problem> {
    let found = context
        .upstream()
        .read_flight_changes(&context.account, order_id, include.options())
        .await
        .map_err(|failure| problem_of(&failure, None))?;
    Ok(Json(FlightChangePage {
        items: found.answer,
        next_cursor: None,
        upstream: found.upstream,
    }))
}
