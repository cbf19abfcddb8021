//! Refunds: listed, advanced and supplemented.

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Body, Filtered, fits, refuse};
use crate::simulator::Simulator;
use crate::simulator::refund::{Refund, RefundStatus};

/// A refund without its passengers.
#[derive(Serialize)]
struct Row {
    refund_order_no: String,
    order_id: String,
    out_refund_no: String,
    refund_apply_type: u64,
    status: RefundStatus,
    /// Yuan; null while it is unknown.
    all_refund_fee: Option<String>,
    passengers: usize,
    files: usize,
    multi_refund_flag: bool,
}

impl From<&Refund> for Row {
    fn from(refund: &Refund) -> Self {
        Self {
            refund_order_no: refund.refund_order_no.to_string(),
            order_id: refund.order_id.to_string(),
            out_refund_no: refund.out_refund_no.clone(),
            refund_apply_type: refund.apply_type,
            status: refund.progress.status,
            all_refund_fee: refund.money().map(|(fee, _)| fee.to_string()),
            passengers: refund.shares.len(),
            files: refund.progress.files.len(),
            multi_refund_flag: refund.multi_refund_flag,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Filter {
    order_id: Option<String>,
    out_refund_no: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Advance {
    to: RefundStatus,
}

fn row(refund: Option<&Refund>, status: StatusCode) -> Response {
    match refund {
        Some(refund) => (status, Json(Row::from(refund))).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such refund"),
    }
}

/// `GET /_simulator/refunds`
pub(in crate::simulator) async fn list_refunds(
    State(simulator): State<Simulator>,
    Filtered(filter): Filtered<Filter>,
) -> Response {
    let refunds = simulator.state().ledger.refunds.all();
    let rows = refunds.iter().map(Row::from).filter(|row| {
        fits(&filter.order_id, &row.order_id) && fits(&filter.out_refund_no, &row.out_refund_no)
    });
    let items: Vec<Row> = rows.collect();
    Json(json!({"items": items})).into_response()
}

/// `POST /_simulator/refunds/{refund_order_no}/advance`
pub(in crate::simulator) async fn advance_refund(
    State(simulator): State<Simulator>,
    Path(number): Path<u64>,
    Body(Advance { to }): Body<Advance>,
) -> Response {
    let mut state = simulator.state();
    row(state.ledger.refunds.advance(number, to), StatusCode::OK)
}

/// `POST /_simulator/refunds/{refund_order_no}/supplement`
pub(in crate::simulator) async fn supplement_refund(
    State(simulator): State<Simulator>,
    Path(number): Path<u64>,
) -> Response {
    let more = simulator.state().ledger.refunds.supplement(number);
    row(more.as_ref(), StatusCode::CREATED)
}
