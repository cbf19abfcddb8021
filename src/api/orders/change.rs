//! `POST /v1/orders/{order_id}/changes`

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::extract::{Json, Path};
use crate::api::include::Include;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, BODY, Code, Problem, READ, RESTRICTED, WRITE};
use crate::api::write::{WriteContext, canonical};
use crate::domain::change::{ChangeContact, ChangeKind, ChangeTarget, RequestedChange, check};
use crate::domain::ids::{OperationId, OrderId, OutChangeNo, PassengerId};
use crate::domain::money::Money;
use crate::domain::personal::Personal;
use crate::operations::writes::kinds::change::MakeChange;
use crate::problem_answers;

/// A change: the passengers and their new flights.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::change_request()))]
pub struct ChangeRequest {
    /// The caller's own number of the change, a new one for every change.
    out_change_no: OutChangeNo,
    /// Why the tickets are changed; `voluntary` if left out.
    #[serde(default)]
    #[schema(required = false)]
    kind: ChangeKind,
    /// The passengers whose tickets are changed, by the order's `passenger_id`.
    #[schema(min_items = 1, max_items = 9)]
    passengers: Vec<PassengerId>,
    /// The new flights, one for each segment that is replaced. Use a search to find them.
    #[schema(min_items = 1, max_items = 16)]
    segments: Vec<ChangeTarget>,
    /// The `solution_id` of the offer that contains the new flights; may be left out.
    #[serde(default)]
    #[schema(required = false, min_length = 1, max_length = 512)]
    solution_id: Option<String>,
    /// The highest acceptable total (yuan). A more expensive change is created nevertheless, because only its
    /// creation confirms the fees; such a change is marked `fee_above_limit`. A change costs nothing until it is paid.
    #[serde(default)]
    #[schema(required = false, value_type = Option<Money>)]
    max_total: Option<Money>,
    /// The contact for the change; the order's contact if left out.
    #[serde(default)]
    #[schema(required = false, value_type = Option<ChangeContact>)]
    contact: Option<ChangeContact>,
    /// A remark for the airline.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 500)]
    remark: Option<Personal<String>>,
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
    ChangeProblems = API,
    RESTRICTED,
    BODY,
    WRITE,
    READ,
    &[
        Code::OrderNotFound,
        Code::OrderNotChangeable,
        Code::KindNotMapped,
        Code::PassengerNotInOrder,
        Code::SegmentNotInOrder,
    ]
);

/// Change tickets
///
/// Checks that the tickets can be changed, confirms the fees and holds the seats, in one call. The
/// fees and the time to pay are in the response, or follow later: a change that is `submitted` has none
/// yet, so read it again. You agree to the total when you pay the change. An unpaid change can be
/// cancelled, and closes by itself when its time to pay is over.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/changes",
    operation_id = "create_change",
    tag = "changes",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::WriteHeaders),
    request_body = ChangeRequest,
    responses(
        (status = 201, description = "The change exists; it is not paid.", body = OperationView,
         headers(("Location" = String, description = "The change.")),
         links(
            ("change" = (operation_id = "get_change", description = "Read the change.",
                parameters(("change_order_no" = "$response.body#/change/change_order_no")))),
            ("payment" = (operation_id = "pay_change", description = "Pay the change.",
                parameters(("change_order_no" = "$response.body#/change/change_order_no")))),
            ("cancellation" = (operation_id = "cancel_change", description = "Cancel the change.",
                parameters(("change_order_no" = "$response.body#/change/change_order_no")))),
         ), example = json!(super::super::examples::done("change"))),
        (status = 202, description = "The outcome is not known yet, or a person must decide. `state` says which.", body = OperationView, example = json!(super::super::examples::open("change"))),
        ChangeProblems,
    ),
)]
pub async fn create_change(
    context: WriteContext,
    Path(order_id): Path<OrderId>,
    Json(request): Json<ChangeRequest>,
) -> Result<Response, Problem> {
    let canonical = canonical(&request)?;
    let requested = RequestedChange {
        order_id,
        out_change_no: request.out_change_no,
        kind: request.kind,
        passengers: request.passengers,
        targets: request.segments,
        solution_id: request.solution_id,
        contact: request.contact,
        remark: request.remark,
    };
    let found = check(&requested).err().unwrap_or_default();
    let write = MakeChange {
        requested,
        max_total: request.max_total,
        extra: request.extra,
    };
    context
        .perform(write, canonical, found, request.retry_of, false)
        .await
}
