//! `GET /v1/orders`

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use utoipa::{IntoParams, ToSchema};

use crate::api::context::AccountContext;
use crate::api::extract::{Json, Query};
use crate::api::include::{Include, Included};
use crate::api::limit::Limit;
use crate::api::outcome::problem_of;
use crate::api::problem::{API, FieldError, Problem, READ, RESTRICTED};
use crate::domain::order::{OrderStatus, OrderSummary, OrderWindow};
use crate::domain::time::LocalTime;
use crate::problem_answers;

/// The selection of orders.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct OrderFilter {
    /// Booked at this time or later; write `+` as `%2B`.
    #[param(example = "2026-01-01T00:00:00+08:00")]
    booked_from: LocalTime,
    /// Booked at this time or earlier.
    #[param(example = "2030-12-31T23:59:59+08:00")]
    booked_until: LocalTime,
    /// Only orders in this status. The gateway filters each page of Fliggy's list, so a page may be
    /// empty and still have a next one: continue until `next_cursor` is null.
    #[serde(default)]
    #[param(required = false, value_type = OrderStatus, inline)]
    status: Option<OrderStatus>,
    /// The maximum number of orders; 50 if left out. A page may have fewer and still have a next one.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// The `next_cursor` of the previous page, with all other parameters unchanged.
    #[serde(default)]
    #[param(required = false, value_type = String, pattern = "^p[1-9][0-9]{0,5}$")]
    cursor: Option<PageCursor>,
    /// `upstream` adds upstream's own object of the page, with upstream's field names and regardless of `status`.
    #[serde(default)]
    #[param(required = false, inline, nullable = false)]
    include: Option<Included>,
}

/// The most rows requested from Fliggy at once, because Fliggy's own maximum is not known.
const LARGEST_PAGE: u32 = 50;

/// `p` and the number of a page.
#[derive(Debug, Clone, Copy)]
pub struct PageCursor(u32);

impl<'de> Deserialize<'de> for PageCursor {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.strip_prefix('p')
            .filter(|n| n.len() <= 6 && !n.starts_with(['0', '+']))
            .and_then(|n| n.parse().ok())
            .map(Self)
            .ok_or_else(|| {
                serde::de::Error::custom("expected the next_cursor of a page, such as p2")
            })
    }
}

/// A page of orders.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrderList {
    /// The orders.
    items: Vec<OrderSummary>,
    /// Pass it as `cursor` to get the next page; null on the last page.
    #[schema(required = true)]
    next_cursor: Option<String>,
    /// The number of rows of this page that could not be read and are left out.
    #[schema(minimum = 0)]
    dropped: usize,
    /// Upstream's own object of the page, with `?include=upstream`. It has every row, including those
    /// that `status` leaves out.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>, nullable = false)]
    upstream: Option<Box<RawValue>>,
}

problem_answers!(ListOrdersProblems = API, RESTRICTED, READ);

/// List orders
///
/// The orders of the account that were booked in a window of time (+08:00).
#[utoipa::path(
    get,
    path = "/v1/orders",
    operation_id = "list_orders",
    tag = "orders",
    params(OrderFilter, super::super::params::AccountHeader),
    responses((status = 200, description = "A page of orders.", body = OrderList, example = json!(super::super::examples::orders())), ListOrdersProblems),
)]
pub async fn list_orders(
    context: AccountContext,
    Query(filter): Query<OrderFilter>,
) -> Result<Json<OrderList>, Problem> {
    let invalid = |field: &str, message: &str| {
        Problem::invalid(FieldError::new(
            format!("query/{field}"),
            "window_reversed",
            message,
        ))
    };
    if filter.booked_from > filter.booked_until {
        return Err(invalid("booked_until", "is before booked_from"));
    }
    let limit = filter.limit.unwrap_or_default().get().min(LARGEST_PAGE);
    let page = filter.cursor.map_or(1, |cursor| cursor.0);
    let window = OrderWindow {
        booked_from: filter.booked_from,
        booked_until: filter.booked_until,
        status: filter.status,
        page,
        page_size: limit,
    };
    let options = Include::from(filter.include).options();
    let found = context
        .upstream()
        .list_page(&context.account, &window, options)
        .await
        .map_err(|failure| problem_of(&failure, None))?;
    let (list, upstream) = (found.answer, found.upstream);
    let rows = list.orders.len() + list.dropped + list.in_other_status;
    let more = match list.total_pages {
        Some(pages) => page < pages,
        // Without a number of pages, a full page may have a next one.
        None => rows >= limit as usize,
    };
    Ok(Json(OrderList {
        items: list.orders,
        next_cursor: more.then(|| format!("p{}", page + 1)),
        dropped: list.dropped,
        upstream,
    }))
}
