//! Changes: listed and advanced.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Body, Filtered, fits, refuse};
use crate::simulator::Simulator;
use crate::simulator::change::{Change, ChangeEffects, ChangeStatus};

/// A change without its passengers.
#[derive(Serialize)]
struct Row {
    change_order_no: String,
    order_id: String,
    out_change_no: String,
    status: u64,
    /// Yuan, whether or not it is already known to the caller.
    total: String,
    effects: ChangeEffects,
}

impl From<&Change> for Row {
    fn from(change: &Change) -> Self {
        Self {
            change_order_no: change.change_order_no.to_string(),
            order_id: change.order_id.to_string(),
            out_change_no: change.out_change_no.clone(),
            status: change.progress.status.number(),
            total: change.total().to_string(),
            effects: change.effects,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Filter {
    order_id: Option<String>,
    change_order_no: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Advance {
    to: ChangeStatus,
}

/// `GET /_simulator/changes`
pub(in crate::simulator) async fn list_changes(
    State(simulator): State<Simulator>,
    Filtered(filter): Filtered<Filter>,
) -> Response {
    let changes = simulator.state().ledger.changes.all();
    let rows = changes.iter().map(Row::from).filter(|row| {
        fits(&filter.order_id, &row.order_id) && fits(&filter.change_order_no, &row.change_order_no)
    });
    let items: Vec<Row> = rows.collect();
    Json(json!({"items": items})).into_response()
}

/// `POST /_simulator/changes/{change_order_no}/advance`
pub(in crate::simulator) async fn advance_change(
    State(simulator): State<Simulator>,
    Path(number): Path<u64>,
    Body(Advance { to }): Body<Advance>,
) -> Response {
    match simulator.state().ledger.changes.advance(number, to) {
        Some(change) => Json(Row::from(change)).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such change"),
    }
}
