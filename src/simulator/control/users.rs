//! Taobao users and the topics that they permit.

use std::collections::BTreeSet;

use axum::Json;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::json;

use super::{Body, refuse};
use crate::simulator::Simulator;
use crate::simulator::users::{Row, User};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Permitted {
    /// None: all.
    #[serde(deserialize_with = "Option::deserialize")]
    topics: Option<BTreeSet<String>>,
}

/// `GET /_simulator/users`
pub(in crate::simulator) async fn list_users(State(simulator): State<Simulator>) -> Response {
    let state = simulator.state();
    let items: Vec<Row<'_>> = state.users.all().iter().map(User::row).collect();
    Json(json!({"items": items})).into_response()
}

/// `PUT /_simulator/users/{account}/topics`
pub(in crate::simulator) async fn permit_topics(
    State(simulator): State<Simulator>,
    Path(account): Path<String>,
    Body(Permitted { topics }): Body<Permitted>,
) -> Response {
    match simulator.state().users.permit(&account, topics) {
        Some(user) => Json(user.row()).into_response(),
        None => refuse(StatusCode::NOT_FOUND, "no such user"),
    }
}
