//! The schema `Operation`: the response to every write and to every read of an operation.

use std::borrow::Cow;

use axum::http::header::{ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{ObjectBuilder, Schema, Type};
use utoipa::{PartialSchema, ToSchema};

use crate::api::extract::Json;
use crate::api::outcome::problem_of_operation;
use crate::api::problem::{OPERATION_ID, ProblemBody};
use crate::domain::change::ChangeReceipt;
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{
    Attention, Basis, Difference, Kind, Operation, Receipt, State, TimelineEntry,
};
use crate::domain::order::OrderReceipt;
use crate::domain::refund::{RefundQuote, RefundReceipt};
use crate::domain::time::Rfc3339;
use crate::operations::writes::perform::Performed;

/// The header of a response that shows the operation of an earlier request with the same key.
pub(in crate::api) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

/// An operation: one requested write, and what is known of its outcome.
///
/// Exactly one of `order`, `refund`, `change` and `raw` is not null if, and only if, `state` is `succeeded`.
/// In every other state all four are null, so that an unknown outcome cannot be taken for a result.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub(in crate::api) struct OperationView {
    /// The id of the operation.
    id: OperationId,
    /// The kind of the write.
    #[schema(value_type = OperationKind)]
    kind: Kind,
    /// The state of the operation.
    state: State,
    /// How it is known that nothing was executed; null in every state but `not_executed`.
    #[schema(required = true, value_type = Option<Basis>)]
    basis: Option<Basis>,
    /// What the operation is about: Fliggy's order id; for a booking the caller's order number; for the
    /// payment or cancellation of a change the number of the change.
    #[schema(example = "1234125412")]
    subject: String,
    /// The purchasing account.
    account: AccountName,
    /// Grows when the state, the basis, the result or `differs` changes, and not with every lookup. It is the
    /// `ETag`, and `If-Match` of a resolution names it.
    #[schema(minimum = 1)]
    version: i64,
    /// When the operation was accepted (+08:00).
    created_at: Rfc3339,
    /// When the operation settled (+08:00); null while it is open.
    #[schema(required = true, value_type = Option<Rfc3339>)]
    settled_at: Option<Rfc3339>,
    /// When a lookup confirmed the settled state (+08:00). Null while a success rests on Fliggy's response
    /// alone, which is normal for some seconds, and while a refusal or an absence is watched.
    #[schema(required = true, value_type = Option<Rfc3339>)]
    confirmed_at: Option<Rfc3339>,
    /// Whether evidence has contradicted the settled state. A person must then decide.
    contradicted: bool,
    /// Why a person must decide; null in every state but `needs_attention`.
    #[schema(required = true, value_type = Option<Attention>)]
    attention: Option<Attention>,
    /// The fields in which the order, refund or change that was found differs from the request, as two lookups at
    /// least two seconds apart have shown. If only amounts and times differ, the operation has succeeded. If the
    /// trip is another one, a person must decide.
    differs: Vec<Difference>,
    /// The operation that this one repeats, as the request named it; null if it named none.
    #[schema(required = true, value_type = Option<OperationId>)]
    retry_of: Option<OperationId>,
    /// The order that was booked, paid or closed. Null unless `state` is `succeeded`.
    #[schema(required = true, value_type = Option<OrderReceipt>)]
    order: Option<OrderReceipt>,
    /// The refund that was applied for. Null unless `state` is `succeeded`.
    #[schema(required = true, value_type = Option<RefundReceipt>)]
    refund: Option<RefundReceipt>,
    /// The change that was created, paid or cancelled. Null unless `state` is `succeeded`.
    #[schema(required = true, value_type = Option<ChangeReceipt>)]
    change: Option<ChangeReceipt>,
    /// Fliggy's response to a raw call. Null unless `state` is `succeeded`.
    #[schema(required = true, value_type = Option<Object>)]
    raw: Option<Map<String, Value>>,
    /// What lookups, or a late response, have shown although the operation has not succeeded: for the person who
    /// decides. Null if nothing was found, and if `state` is `succeeded`.
    #[schema(required = true, value_type = Option<Found>)]
    found: Option<Found>,
    /// The result that was recorded before Fliggy showed another outcome (`contradicted`), for the person who
    /// decides; `found` may lack it. Null if no result was recorded, and once the operation is settled.
    #[schema(required = true, value_type = Option<Found>)]
    recorded: Option<Found>,
    /// The problem that was returned for the write. Null unless `state` is `rejected` or `not_executed`.
    #[schema(required = true, value_type = Option<ProblemBody>)]
    problem: Option<ProblemBody>,
    /// The history of the operation, oldest first. Left out in lists, and in the response to a write that has
    /// succeeded; `GET /v1/operations/{id}` returns it. The middle of a very long timeline is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, nullable = false)]
    timeline: Option<Vec<TimelineEntry>>,
    /// Upstream's own object of the order, refund or change, read after a write with `?include=upstream`; left out
    /// if it could not be read within `top.deadline`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

/// What was found or recorded. Exactly one member is not null.
#[derive(Debug, Default, Serialize, ToSchema)]
pub(in crate::api) struct Found {
    /// The order.
    #[schema(required = true, value_type = Option<OrderReceipt>)]
    order: Option<OrderReceipt>,
    /// The refund.
    #[schema(required = true, value_type = Option<RefundReceipt>)]
    refund: Option<RefundReceipt>,
    /// The change.
    #[schema(required = true, value_type = Option<ChangeReceipt>)]
    change: Option<ChangeReceipt>,
}

impl From<Receipt> for Found {
    fn from(receipt: Receipt) -> Self {
        let nothing = Self::default();
        match receipt {
            Receipt::Order(order) => Self {
                order: Some(order),
                ..nothing
            },
            Receipt::Refund(refund) => Self {
                refund: Some(refund),
                ..nothing
            },
            Receipt::Change(change) => Self {
                change: Some(change),
                ..nothing
            },
        }
    }
}

/// The words for the kinds of writes. `raw` is reserved for calls by `POST /v1/top/{method}`: the schema lists the
/// word before the API has such calls, so that clients need no change later.
pub(in crate::api) struct OperationKind;

impl PartialSchema for OperationKind {
    fn schema() -> RefOr<Schema> {
        let words = Kind::ALL.iter().map(|kind| kind.as_str()).chain(["raw"]);
        let schema = ObjectBuilder::new()
            .schema_type(Type::String)
            .enum_values(Some(words))
            .description(Some(
                "The kind of a write. `raw` is reserved for raw calls.",
            ))
            .build();
        schema.into()
    }
}

impl ToSchema for OperationKind {
    fn name() -> Cow<'static, str> {
        "OperationKind".into()
    }
}

impl OperationView {
    /// The view of an operation, with its timeline if that is shown.
    #[must_use]
    pub(in crate::api) fn new(operation: Operation, timeline: Option<Vec<TimelineEntry>>) -> Self {
        let problem = problem_of_operation(&operation).map(|problem| problem.into_body());
        let (state, kind) = (operation.state(), operation.kind());
        let found = operation.result.map(Found::from);
        let (result, found) = if state == State::Succeeded {
            (found.unwrap_or_default(), None)
        } else {
            (Found::default(), found)
        };
        Self {
            id: operation.id,
            kind,
            state,
            basis: operation.standing.basis,
            subject: operation.intent.subject().text(),
            account: operation.account,
            version: operation.version,
            created_at: Rfc3339(operation.created_at),
            settled_at: operation.settled_at.map(Rfc3339),
            confirmed_at: operation.confirmed_at.map(Rfc3339),
            contradicted: operation.contradicted,
            attention: operation.attention,
            differs: operation.differs,
            retry_of: operation.retry_of,
            order: result.order,
            refund: result.refund,
            change: result.change,
            raw: None,
            found,
            recorded: operation.findings.recorded.map(Found::from),
            problem,
            timeline,
            upstream: None,
        }
    }

    /// The response, with the version as entity tag.
    #[must_use]
    pub(in crate::api) fn with_status(self, status: StatusCode) -> Response {
        let tag = HeaderValue::from_str(&format!("\"{}\"", self.version));
        let mut response = (status, Json(self)).into_response();
        if let Ok(tag) = tag {
            response.headers_mut().insert(ETAG, tag);
        }
        response
    }
}

/// The response to a write. A refusal is a problem, with the current `quote` if there is one.
#[must_use]
pub(in crate::api) fn answer(
    performed: Performed,
    timeline: Option<Vec<TimelineEntry>>,
    upstream: Option<Box<RawValue>>,
    quote: Option<RefundQuote>,
) -> Response {
    let Performed {
        operation,
        replayed,
    } = performed;
    let (id, state) = (operation.id, operation.state());
    let mut response = if let Some(mut problem) = problem_of_operation(&operation) {
        if let Some(quote) = quote {
            problem = problem.quote(quote);
        }
        problem.into_response()
    } else {
        let (status, location) = if state == State::Succeeded {
            success(operation.kind(), operation.result.as_ref())
        } else {
            (StatusCode::ACCEPTED, Some(format!("/v1/operations/{id}")))
        };
        let shown = OperationView {
            upstream,
            ..OperationView::new(operation, timeline)
        };
        let mut response = shown.with_status(status);
        let headers = response.headers_mut();
        if let Some(location) = location.and_then(|at| HeaderValue::from_str(&at).ok()) {
            headers.insert(LOCATION, location);
        }
        if status == StatusCode::ACCEPTED {
            let seconds = if state.is_in_progress() { "2" } else { "60" };
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
        }
        response
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(OPERATION_ID, id);
    }
    if replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

/// The status of a success, and the location of the resource that it created.
fn success(kind: Kind, receipt: Option<&Receipt>) -> (StatusCode, Option<String>) {
    if kind.creates().is_none() {
        return (StatusCode::OK, None);
    }
    let location = receipt.map(|receipt| match receipt {
        Receipt::Order(order) => format!("/v1/orders/{}", order.order_id),
        Receipt::Refund(refund) => format!("/v1/refunds/{}", refund.refund_order_no),
        Receipt::Change(change) => format!("/v1/changes/{}", change.change_order_no),
    });
    (StatusCode::CREATED, location)
}
