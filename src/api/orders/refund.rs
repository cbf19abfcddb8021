//! `POST /v1/orders/{order_id}/refunds`

use axum::response::Response;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::extract::{Json, Path};
use crate::api::include::Include;
use crate::api::operations::view::OperationView;
use crate::api::problem::{API, BODY, Code, FieldError, Problem, READ, RESTRICTED, WRITE};
use crate::api::write::{WriteContext, canonical};
use crate::domain::ids::{OperationId, OrderId, OutRefundNo, PassengerId};
use crate::domain::money::Money;
use crate::domain::operation::Cause;
use crate::domain::personal::Personal;
use crate::domain::refund::check::{check_application, check_selection};
use crate::domain::refund::{QuoteId, RefundFee, RefundKind, RefundSelection};
use crate::operations::writes::kinds::refund::{Agreed, Refund};
use crate::problem_answers;
use crate::top::client::ReadOptions;

/// An application for a refund, either by `quote_id` or by the content of a quote.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::refund_request()))]
pub struct RefundRequest {
    /// The caller's own number of the application, a new one for every application.
    out_refund_no: OutRefundNo,
    /// The accepted quote. With it, leave out `kind`, `passengers`, `segments` and `fee`.
    #[serde(default)]
    #[schema(required = false, value_type = Option<QuoteId>)]
    quote_id: Option<QuoteId>,
    /// Why the tickets are refunded; only without a quote.
    #[serde(default)]
    #[schema(required = false, value_type = Option<RefundKind>)]
    kind: Option<RefundKind>,
    /// The passengers whose tickets are refunded, by the order's `passenger_id`; only without a quote.
    #[serde(default)]
    #[schema(required = false, max_items = 9)]
    passengers: Vec<PassengerId>,
    /// Ids of the order's segments, only without a quote; all segments if left out.
    #[serde(default)]
    #[schema(required = false, max_items = 16)]
    segments: Vec<String>,
    /// The accepted fee (yuan); only without a quote. If Fliggy computes another fee, no refund is
    /// applied for.
    #[serde(default)]
    #[schema(required = false, value_type = Option<Money>)]
    fee: Option<Money>,
    /// Accepts an unknown fee, for the case that Fliggy could not compute it.
    #[serde(default)]
    #[schema(required = false)]
    accept_unknown_fee: bool,
    /// The reason, for the reviewer.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 500, example = "航班延误")]
    reason: Option<Personal<String>>,
    /// Ids of uploaded attachments.
    #[serde(default)]
    #[schema(required = false, max_items = 20)]
    attachments: Vec<String>,
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
    RefundProblems = API,
    RESTRICTED,
    BODY,
    WRITE,
    READ,
    &[
        Code::OrderNotFound,
        Code::OrderNotRefundable,
        Code::RefundFeeChanged,
        Code::RefundFeeUnknown,
        Code::QuoteExpired,
        Code::RefundKindRefused,
        Code::KindNotMapped,
        Code::PassengerNotInOrder,
        Code::SegmentNotInOrder,
    ]
);

/// Apply for a refund
///
/// Sends exactly the fee that Fliggy computed, or no fee if Fliggy could not compute it. 201 means that
/// the application exists; `status` of the refund shows later when the money is returned
/// (`refunded`). If the fee has changed, the gateway returns 409 `refund_fee_changed` with the new quote in
/// the problem. An application whose `kind` requires a proof is accepted without the proof; `attachment_awaited` is
/// then true.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/refunds",
    operation_id = "create_refund",
    tag = "refunds",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::WriteHeaders),
    request_body = RefundRequest,
    responses(
        (status = 201, description = "The application exists.", body = OperationView,
         headers(("Location" = String, description = "The refund.")),
         links(("refund" = (operation_id = "get_refund", description = "Read the refund.",
            parameters(("refund_order_no" = "$response.body#/refund/refund_order_no"))))),
         example = json!(super::super::examples::done("refund"))),
        (status = 202, description = "The outcome is not known yet, or a person must decide. `state` says which.", body = OperationView, example = json!(super::super::examples::open("refund"))),
        RefundProblems,
    ),
)]
pub async fn create_refund(
    context: WriteContext,
    Path(order_id): Path<OrderId>,
    Json(request): Json<RefundRequest>,
) -> Result<Response, Problem> {
    let canonical = canonical(&request)?;
    let (selection, agreed) = accepted(&context, order_id, &request)?;
    let found = check_selection(&selection)
        .and_then(|()| check_application(request.reason.as_ref(), &request.attachments))
        .err()
        .unwrap_or_default();
    let write = Refund {
        order_id,
        out_refund_no: request.out_refund_no,
        selection: selection.clone(),
        agreed,
        reason: request.reason,
        attachments: request.attachments,
        extra: request.extra,
    };
    let ended = context
        .run(write, canonical, found, request.retry_of, false)
        .await?;
    let quote = match ended.cause() {
        Some(
            Cause::RefundFeeChanged
            | Cause::RefundFeeUnknown
            | Cause::OrderNotRefundable
            | Cause::QuoteExpired,
        ) => {
            let options = ReadOptions::CALLER;
            let quoted = ended.services.upstream().quote_refund(
                &ended.account,
                order_id,
                selection,
                options,
            );
            // The problem is useful without the quote, so a failed read is ignored.
            let deadline = ended.services.operations.deadline();
            let quoted = tokio::time::timeout(deadline, quoted).await;
            quoted.ok().and_then(Result::ok).map(|found| found.answer)
        }
        Some(_) | None => None,
    };
    Ok(ended.answer(quote))
}

/// The selection to be refunded, and the accepted fee.
fn accepted(
    context: &WriteContext,
    order_id: OrderId,
    request: &RefundRequest,
) -> Result<(RefundSelection, Agreed), Problem> {
    let wrong = |pointer: &str, code: &'static str, message: &str| {
        Problem::invalid(FieldError::new(pointer, code, message))
    };
    if let Some(quote_id) = &request.quote_id {
        let repeated = request.kind.is_some()
            || !request.passengers.is_empty()
            || !request.segments.is_empty()
            || request.fee.is_some();
        if repeated {
            let message = "contains kind, passengers, segments and fee: leave these out";
            return Err(wrong("/quote_id", "repeated", message));
        }
        let quoted = context
            .open_quote(quote_id)?
            .filter(|quoted| quoted.order_id == order_id)
            .ok_or_else(|| {
                let message = "is not a quote of this order, account and gateway";
                wrong("/quote_id", "unknown_quote", message)
            })?;
        if quoted.fee == RefundFee::Unknown && !request.accept_unknown_fee {
            return Err(Problem::new(Code::RefundFeeUnknown));
        }
        let agreed = Agreed::Quoted {
            fee: quoted.fee,
            refundable: quoted.refundable,
            at: quoted.quoted_at,
        };
        return Ok((quoted.selection, agreed));
    }
    let Some(kind) = request.kind else {
        return Err(wrong(
            "/quote_id",
            "missing",
            "is missing: either quote_id or kind is required",
        ));
    };
    let fee = match (request.fee, request.accept_unknown_fee) {
        (Some(fee), false) => RefundFee::Known(fee),
        (None, true) => RefundFee::Unknown,
        (Some(_), true) => {
            let message = "contradicts fee: send only one of the two";
            return Err(wrong("/accept_unknown_fee", "contradiction", message));
        }
        (None, false) => {
            let message = "is missing: send the accepted fee, or a quote_id";
            return Err(wrong("/fee", "missing", message));
        }
    };
    let selection = RefundSelection {
        kind,
        passengers: request.passengers.clone(),
        segments: request.segments.clone(),
    };
    Ok((selection, Agreed::Stated(fee)))
}
