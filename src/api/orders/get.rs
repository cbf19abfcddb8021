//! `GET /v1/orders/{order_id}` and `GET /v1/orders/by-reference/{out_order_no}`

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::api::auth::Caller;
use crate::api::context::AccountContext;
use crate::api::extract::{Json, Path, Query};
use crate::api::include::{IncludeWithOrder, OrderPart};
use crate::api::operations::list::OperationPage;
use crate::api::operations::{own_only, unreadable};
use crate::api::orders::changes::ChangePage;
use crate::api::orders::refunds::RefundPage;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::actions::{Action, After, of_order};
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::offer::OfferRules;
use crate::domain::order::Order;
use crate::operations::reads::orders::OrderKey;
use crate::operations::upstream::ReadError;
use crate::problem_answers;
use crate::top::client::Reply;

/// An order, with upstream's own object if requested.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderAnswer {
    /// The order.
    #[serde(flatten)]
    order: Order,
    /// The actions that the order itself allows next. With `?include=refunds,changes`, refunds and changes are taken
    /// into account, and if some of them could not be read (`dropped`), neither `refund` nor `change` is listed. A
    /// write that is open on the order still blocks these actions.
    available_actions: Vec<Action>,
    /// The newest operations of this gateway on the order and its changes that the caller may see, with
    /// `?include=operations`; at most 50. If there are older ones, `GET /v1/operations` lists those on one `subject`
    /// (the order's id, its number or a change's number) with `next_cursor` as `cursor`. Operations on changes that
    /// were created elsewhere are included only with `?include=operations,changes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    operations: Option<OperationPage>,
    /// The refunds of the order, with `?include=refunds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    refunds: Option<RefundPage>,
    /// The changes of the order, with `?include=changes`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    changes: Option<ChangePage>,
    /// The rules of the offer that was booked, with `?include=rules`; null if this gateway did not book it.
    /// The names, numbers, e-mail addresses and birth dates of the booking are masked in the rules, and so are the
    /// e-mail addresses, mobile numbers and passport numbers of everybody else. A rule of more than 2,000 characters
    /// is cut and ends with `…`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(required = false, value_type = Option<OfferRules>)]
    rules: Option<Option<OfferRules>>,
    /// Upstream's own object, with `?include=upstream`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(
    OrderProblems = API,
    RESTRICTED,
    READ,
    &[Code::OrderNotFound, Code::JournalUnavailable]
);

/// Read an order
///
/// Reads the order from Fliggy. `status` is the gateway's word for Fliggy's phrase in `status_text`; a
/// phrase that is not listed becomes `other` and is not an error.
#[utoipa::path(
    get,
    path = "/v1/orders/{order_id}",
    operation_id = "get_order",
    tag = "orders",
    params(("order_id" = OrderId, Path, description = "Fliggy's order id."), IncludeWithOrder, super::super::params::AccountHeader),
    responses((status = 200, description = "The order.", body = OrderAnswer, example = json!(super::super::examples::order())), OrderProblems),
)]
pub async fn get_order(
    context: AccountContext,
    Path(order_id): Path<OrderId>,
    caller: Caller,
    Query(include): Query<IncludeWithOrder>,
) -> Result<Json<OrderAnswer>, Problem> {
    read(&context, &caller, &OrderKey::Id(order_id), &include).await
}

/// Read an order by the caller's own number
///
/// Finds a booking whose response was lost, by the order number of the booking request.
#[utoipa::path(
    get,
    path = "/v1/orders/by-reference/{out_order_no}",
    operation_id = "get_order_by_reference",
    tag = "orders",
    params(("out_order_no" = OutOrderNo, Path, description = "The caller's order number."), IncludeWithOrder, super::super::params::AccountHeader),
    responses((status = 200, description = "The order.", body = OrderAnswer, example = json!(super::super::examples::order())), OrderProblems),
)]
pub async fn get_order_by_reference(
    context: AccountContext,
    Path(out_order_no): Path<OutOrderNo>,
    caller: Caller,
    Query(include): Query<IncludeWithOrder>,
) -> Result<Json<OrderAnswer>, Problem> {
    let key = OrderKey::Reference(out_order_no);
    read(&context, &caller, &key, &include).await
}

/// Awaits a read only if its result was requested.
async fn if_requested<T, E>(
    requested: bool,
    read: impl Future<Output = Result<T, E>>,
) -> Result<Option<T>, E> {
    if requested {
        read.await.map(Some)
    } else {
        Ok(None)
    }
}

async fn read(
    context: &AccountContext,
    caller: &Caller,
    key: &OrderKey,
    include: &IncludeWithOrder,
) -> Result<Json<OrderAnswer>, Problem> {
    let (fliggy, account) = (context.upstream(), &context.account);
    let unread = |error: ReadError| problem_of(&error.into_failure(), None);
    let options = include.options();
    let found = fliggy.read_order(account, key, options).await;
    let Reply {
        answer: order,
        upstream,
    } = found.map_err(unread)?;
    let refunds = fliggy.read_refunds(account, order.order_id, options);
    let changes = fliggy.read_changes(account, order.order_id, options);
    let (refunds, changes) = futures::try_join!(
        if_requested(include.wants(OrderPart::Refunds), refunds),
        if_requested(include.wants(OrderPart::Changes), changes),
    )
    .map_err(unread)?;
    let listed = changes.iter().flat_map(|found| &found.answer.changes);
    let listed = listed.map(|change| change.change_order_no);
    let operations = &context.services.operations;
    let history = operations.history(account, &order, listed, own_only(caller));
    let rules = operations.booked_rules(account, order.order_id);
    let (history, rules) = futures::try_join!(
        if_requested(include.wants(OrderPart::Operations), history),
        if_requested(include.wants(OrderPart::Rules), rules),
    )
    .map_err(unreadable)?;
    let now = context.now();
    let after = After {
        refunds: refunds.as_ref().map_or(&[], |found| &found.answer.refunds),
        changes: changes.as_ref().map_or(&[], |found| &found.answer.changes),
        incomplete: refunds
            .as_ref()
            .is_some_and(|found| found.answer.dropped > 0)
            || changes
                .as_ref()
                .is_some_and(|found| found.answer.dropped > 0),
    };
    Ok(Json(OrderAnswer {
        available_actions: of_order(&order, after, now),
        order,
        operations: history.map(|found| OperationPage::new(found.operations, found.cut_at)),
        refunds: refunds.map(RefundPage::new),
        changes: changes.map(|found| ChangePage::new(found, now)),
        rules,
        upstream,
    }))
}
