//! `POST /v1/orders/{order_id}/refund-quote`

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::Include;
use crate::api::outcome::{problem_of, violations};
use crate::api::problem::{API, BODY, Code, Problem, READ, RESTRICTED};
use crate::domain::ids::{OrderId, PassengerId};
use crate::domain::refund::check::check_selection;
use crate::domain::refund::{RefundKind, RefundQuote, RefundSelection};
use crate::domain::violation::both;
use crate::problem_answers;
use crate::top::client::ReadOptions;
use crate::top::wire::RefundRender;

/// The selection to be refunded.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(super::super::examples::refund_quote_request()))]
pub struct RefundQuoteRequest {
    /// Why the tickets are refunded.
    kind: RefundKind,
    /// The passengers whose tickets are refunded, by the order's `passenger_id`.
    #[schema(min_items = 1, max_items = 9)]
    passengers: Vec<PassengerId>,
    /// Ids of the order's segments; all segments if left out.
    #[serde(default)]
    #[schema(required = false, max_items = 16)]
    segments: Vec<String>,
    /// Fields that the gateway does not know, added unchanged to upstream's request object. The name of a
    /// field that the gateway knows, in upper or lower case and with or without underscores, is refused (400).
    #[serde(default)]
    #[schema(required = false, value_type = Option<Object>)]
    extra: Option<Map<String, Value>>,
}

/// A quote, with upstream's own object if requested.
#[derive(Debug, Serialize, ToSchema)]
pub struct RefundQuoteAnswer {
    /// The quote.
    #[serde(flatten)]
    quote: RefundQuote,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(
    QuoteProblems = API,
    RESTRICTED,
    BODY,
    READ,
    &[
        Code::OrderNotFound,
        Code::OrderNotRefundable,
        Code::RefundKindRefused,
        Code::KindNotMapped,
        Code::PassengerNotInOrder,
        Code::SegmentNotInOrder,
    ]
);

/// Quote a refund
///
/// Asks Fliggy whether the tickets can be refunded and for which fee. No refund is applied for. Send
/// the `quote_id` with the application: Fliggy accepts an application only with exactly the computed fee.
#[utoipa::path(
    post,
    path = "/v1/orders/{order_id}/refund-quote",
    operation_id = "quote_refund",
    tag = "refunds",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), Include, super::super::params::AccountHeader),
    request_body = RefundQuoteRequest,
    responses((status = 200, description = "The quote.", body = RefundQuoteAnswer, example = json!(super::super::examples::refund_quote())), QuoteProblems),
)]
pub async fn quote_refund(
    context: AccountContext,
    Path(order_id): Path<OrderId>,
    Query(include): Query<Include>,
    Json(request): Json<RefundQuoteRequest>,
) -> Result<Json<RefundQuoteAnswer>, Problem> {
    let selection = RefundSelection {
        kind: request.kind,
        passengers: request.passengers,
        segments: request.segments,
    };
    let extra = request.extra.as_ref();
    let refused = context.upstream().refused_extra::<RefundRender>(extra);
    both(check_selection(&selection), refused).map_err(violations)?;
    let options = ReadOptions {
        extra,
        ..include.options()
    };
    let found = context
        .upstream()
        .quote_refund(&context.account, order_id, selection, options)
        .await
        .map_err(|failure| problem_of(&failure, None))?;
    Ok(Json(RefundQuoteAnswer {
        quote: found.answer,
        upstream: found.upstream,
    }))
}
