//! The control API: scripts faults, lists orders and calls, advances orders. Served only on the simulator's
//! listener; contains no passenger data.

mod changes;
mod messages;
mod refunds;
mod sessions;
mod users;

use axum::Json;
use axum::extract::{FromRequest, FromRequestParts, Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use http::request::Parts;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::files::File;
use super::op::Method;
use super::order::{Effects, Order, Status, wire_time};
use super::script::NewRule;
use super::{Simulator, State as World};

pub(super) use changes::{advance_change, list_changes};
pub(super) use messages::{
    add_message_fault, clear_message_faults, list_message_faults, list_messages, publish_message,
    set_channel,
};
pub(super) use refunds::{advance_refund, list_refunds, supplement_refund};
pub(super) use sessions::{
    add_session, expire_sessions, list_sessions, revoke_sessions, set_oauth, show_oauth,
};
pub(super) use users::{list_users, permit_topics};

/// Limit of a schedule change; airlines do not move flights further.
const FARTHEST_MINUTES: i64 = 7 * 24 * 60;

/// An order without its passengers. Ids are text, because they are above 2^53.
#[derive(Serialize)]
struct Row {
    order_id: String,
    out_order_no: String,
    account: String,
    status: Status,
    status_text: String,
    /// Yuan.
    total_price: String,
    booked_at: String,
    paid_at: Option<String>,
    /// False while the last effect is hidden from lookups.
    visible: bool,
    effects: Effects,
}

impl From<&Order> for Row {
    fn from(order: &Order) -> Self {
        let payment = order.progress.payment.as_ref();
        Self {
            order_id: order.order_id.to_string(),
            out_order_no: order.out_order_no.clone(),
            account: order.account.clone(),
            status: order.progress.status,
            status_text: order.progress.phrase().to_owned(),
            total_price: order.total.to_string(),
            booked_at: wire_time(order.booked_at),
            paid_at: payment.map(|payment| wire_time(payment.at)),
            visible: !order.is_hidden(),
            effects: order.effects,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Filter {
    method: Option<Method>,
    out_order_no: Option<String>,
    order_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Advance {
    to: Status,
}

/// A change of the first flight: either a new time or a cancellation.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ChangeSchedule {
    minutes: Option<i64>,
    #[serde(default)]
    cancelled: bool,
}

/// Whether a value matches a filter.
fn fits(wanted: &Option<String>, found: &str) -> bool {
    wanted.as_ref().is_none_or(|wanted| wanted == found)
}

fn refuse(status: StatusCode, message: impl Into<String>) -> Response {
    (status, Json(json!({"error": message.into()}))).into_response()
}

/// The JSON body of a request. An invalid body is answered with [`refuse`].
pub(super) struct Body<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequest<S> for Body<T> {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        match Json::from_request(request, state).await {
            Ok(Json(body)) => Ok(Self(body)),
            Err(error) => Err(refuse(error.status(), error.body_text())),
        }
    }
}

/// The filter in a query string. An invalid filter is answered with [`refuse`].
pub(super) struct Filtered<T>(T);

impl<S: Send + Sync, T: DeserializeOwned> FromRequestParts<S> for Filtered<T> {
    type Rejection = Response;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Response> {
        match Query::from_request_parts(parts, state).await {
            Ok(Query(filter)) => Ok(Self(filter)),
            Err(error) => Err(refuse(error.status(), error.body_text())),
        }
    }
}

/// `POST /_simulator/faults`
pub(super) async fn add_fault(
    State(simulator): State<Simulator>,
    Body(rule): Body<NewRule>,
) -> Response {
    match simulator.state().scripts.add(rule) {
        Some(rule) => (StatusCode::CREATED, Json(rule)).into_response(),
        None => refuse(StatusCode::CONFLICT, "too many rules; delete some"),
    }
}

/// `GET /_simulator/faults`
pub(super) async fn list_faults(State(simulator): State<Simulator>) -> Response {
    let state = simulator.state();
    Json(json!({"items": state.scripts.rules()})).into_response()
}

/// `DELETE /_simulator/faults`
pub(super) async fn clear_faults(State(simulator): State<Simulator>) -> StatusCode {
    simulator.state().scripts.clear();
    StatusCode::NO_CONTENT
}

/// `DELETE /_simulator/faults/{id}`
pub(super) async fn remove_fault(
    State(simulator): State<Simulator>,
    Path(id): Path<u64>,
) -> StatusCode {
    if simulator.state().scripts.remove(id) {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    }
}

/// `GET /_simulator/orders`
pub(super) async fn list_orders(
    State(simulator): State<Simulator>,
    Filtered(filter): Filtered<Filter>,
) -> Response {
    let orders = simulator.state().ledger.all();
    let rows = orders.iter().map(Row::from).filter(|row| {
        fits(&filter.out_order_no, &row.out_order_no) && fits(&filter.order_id, &row.order_id)
    });
    let items: Vec<Row> = rows.collect();
    Json(json!({"items": items})).into_response()
}

/// `GET /_simulator/calls`
pub(super) async fn list_calls(
    State(simulator): State<Simulator>,
    Filtered(filter): Filtered<Filter>,
) -> Response {
    let report = simulator.state().calls.report(
        filter.method,
        filter.out_order_no.as_deref(),
        filter.order_id.as_deref(),
    );
    Json(report).into_response()
}

/// `POST /_simulator/orders/{order_id}/advance`
pub(super) async fn advance(
    State(simulator): State<Simulator>,
    Path(order_id): Path<u64>,
    Body(Advance { to }): Body<Advance>,
) -> Response {
    match simulator.state().ledger.advance(order_id, to) {
        Some(order) => Json(Row::from(order)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such order"),
    }
}

/// `POST /_simulator/orders/{order_id}/schedule-change`
pub(super) async fn change_schedule(
    State(simulator): State<Simulator>,
    Path(order_id): Path<u64>,
    Body(change): Body<ChangeSchedule>,
) -> Response {
    let minutes = match (change.minutes, change.cancelled) {
        (None, true) => None,
        (Some(minutes), false) if minutes != 0 && minutes.abs() <= FARTHEST_MINUTES => {
            Some(minutes)
        }
        (Some(_) | None, _) => {
            let why = "expected minutes (not 0, at most a week) or \"cancelled\": true";
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, why);
        }
    };
    let mut state = simulator.state();
    match state.ledger.change_schedule(order_id, minutes) {
        Some(change) => (StatusCode::CREATED, Json(change.json())).into_response(),
        None => refuse(
            StatusCode::NOT_FOUND,
            "no such order, or it has too many schedule changes",
        ),
    }
}

/// `GET /_simulator/files`
pub(super) async fn list_files(State(simulator): State<Simulator>) -> Response {
    let state = simulator.state();
    let items: Vec<&File> = state.ledger.files.all().collect();
    Json(json!({"items": items})).into_response()
}

/// `POST /_simulator/reset`
pub(super) async fn reset(State(simulator): State<Simulator>) -> Json<Value> {
    *simulator.state() = World::new(simulator.config());
    Json(json!({"reset": true}))
}
