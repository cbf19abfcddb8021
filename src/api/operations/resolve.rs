//! `POST /v1/operations/{id}/resolve`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{shown, unreadable, visible};
use crate::api::ApiState;
use crate::api::auth::Operator;
use crate::api::extract::{IfMatch, Json, Path};
use crate::api::limit::Text;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::ids::{ChangeOrderNo, OperationId, OrderId, RefundOrderNo};
use crate::operations::reconcile::evidence::CreatedNumbers;
use crate::operations::reconcile::resolve::{NotResolved, Resolution, Resolve};
use crate::problem_answers;

/// The outcome that a person determined, and the reason.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"outcome": "succeeded", "reason": "Fliggy's support confirmed the debit, ticket 4711"}))]
pub struct ResolveRequest {
    /// The outcome.
    outcome: Resolution,
    /// How the outcome is known. Stored in the journal; must not contain personal data.
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    reason: Text<500>,
    /// Fliggy's order id: required if a booking is resolved as succeeded and a lookup does not find
    /// the order.
    #[serde(default)]
    #[schema(required = false, value_type = Option<OrderId>)]
    order_id: Option<OrderId>,
    /// Fliggy's number of the refund: required if a refund is resolved as succeeded and a lookup does not
    /// find it.
    #[serde(default)]
    #[schema(required = false, value_type = Option<RefundOrderNo>)]
    refund_order_no: Option<RefundOrderNo>,
    /// Fliggy's number of the change: required if a change is resolved as succeeded and a lookup does not
    /// find it.
    #[serde(default)]
    #[schema(required = false, value_type = Option<ChangeOrderNo>)]
    change_order_no: Option<ChangeOrderNo>,
}

problem_answers!(
    ResolveProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::OperationNotFound,
        Code::ResolveRefused,
        Code::EvidenceContradicts,
        Code::VersionMismatch,
        Code::IfMatchMissing,
        Code::RateLimited,
        Code::JournalUnavailable,
    ]
);

/// Settle an operation by hand
///
/// For operators, when lookups cannot decide. The gateway looks the operation up once more, and refuses
/// a resolution that the evidence contradicts. An operation cannot be resolved while its send is in progress.
#[utoipa::path(
    post,
    path = "/v1/operations/{id}/resolve",
    operation_id = "resolve_operation",
    tag = "operations",
    params(
        ("id" = OperationId, Path, description = "The operation."),
        ("If-Match" = String, Header, description = "The version that the decision is based on, as in `ETag`; the quotes may be left out.", pattern = "^(\"[0-9]{1,18}\"|[0-9]{1,18})$", example = "\"5\""),
    ),
    request_body = ResolveRequest,
    responses(
        (status = 200, description = "The settled operation.", body = OperationView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(super::super::examples::settled())),
        ResolveProblems,
    ),
)]
pub async fn resolve_operation(
    State(state): State<ApiState>,
    Operator(caller): Operator,
    Path(id): Path<OperationId>,
    IfMatch(version): IfMatch,
    Json(request): Json<ResolveRequest>,
) -> Result<Response, Problem> {
    let resolve = Resolve {
        version: i64::try_from(version).unwrap_or(i64::MAX),
        resolution: request.outcome,
        reason: request.reason.0,
        operator: caller.name.to_string(),
        made: CreatedNumbers {
            order_id: request.order_id,
            refund_order_no: request.refund_order_no,
            change_order_no: request.change_order_no,
        },
    };
    let operations = state.operations()?;
    let found = operations.journal().get(id).await.map_err(unreadable)?;
    visible(found, &caller)?;
    operations
        .resolve(id, &resolve)
        .await
        .map_err(not_resolved)?;
    shown(&state, &caller, id).await
}

pub(super) fn not_resolved(why: NotResolved) -> Problem {
    match why {
        NotResolved::NotFound => Problem::new(Code::OperationNotFound),
        NotResolved::VersionMismatch(operation) => Problem::new(Code::VersionMismatch)
            .detail(format!("The version is {}.", operation.version))
            .operation(operation.id),
        NotResolved::Refused(operation) => Problem::new(Code::ResolveRefused)
            .detail(format!("The operation is {}.", operation.state().as_str()))
            .operation(operation.id),
        NotResolved::Contradicts(operation, seen) => Problem::new(Code::EvidenceContradicts)
            .detail(format!("A lookup shows another outcome: {seen}."))
            .hint("Use the outcome that upstream shows, or clarify the outcome with Fliggy first.")
            .operation(operation.id),
        NotResolved::LookupNotMade(operation, later) => Problem::new(Code::RateLimited)
            .detail("The operation must be looked up first, and there was no quota for that.")
            .retry_after(u32::try_from(later.as_secs()).unwrap_or(u32::MAX).max(1))
            .operation(operation.id),
        NotResolved::NumberNeeded(operation, field) => Problem::new(Code::ResolveRefused)
            .detail(format!(
                "Lookups do not find its effect, so `{field}` is required."
            ))
            .operation(operation.id),
        NotResolved::Journal(error) => unreadable(error),
    }
}
