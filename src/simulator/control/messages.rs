//! Messages: published, listed, with faults; and the state of their channel.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Body, Filtered, fits, refuse};
use crate::simulator::Simulator;
use crate::simulator::messages::{NewMessageRule, Row, RowState};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct NewMessage {
    topic: String,
    /// Text, or an object that becomes its JSON text.
    content: Value,
    account: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Filter {
    id: Option<String>,
    topic: Option<String>,
    group: Option<String>,
    state: Option<RowState>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum ChannelState {
    Open,
    Closed,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Channel {
    state: ChannelState,
}

/// `POST /_simulator/messages`
pub(in crate::simulator) async fn publish_message(
    State(simulator): State<Simulator>,
    Body(message): Body<NewMessage>,
) -> Response {
    let content = match message.content {
        Value::String(text) => text,
        other => other.to_string(),
    };
    let mut state = simulator.state();
    let state = &mut *state;
    let user = match &message.account {
        Some(account) => state.users.get(account),
        None => state.users.first_configured(),
    };
    let Some(user) = user else {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "no such account");
    };
    let ids = state.messages.publish(user, &message.topic, content);
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    (StatusCode::CREATED, Json(json!({"ids": ids}))).into_response()
}

/// `GET /_simulator/messages`
pub(in crate::simulator) async fn list_messages(
    State(simulator): State<Simulator>,
    Filtered(filter): Filtered<Filter>,
) -> Response {
    let state = simulator.state();
    let messages = &state.messages;
    let mut items: Vec<Row> = messages.rows();
    items.retain(|row| {
        fits(&filter.id, &row.id)
            && fits(&filter.topic, &row.topic)
            && fits(&filter.group, &row.group)
            && filter.state.is_none_or(|state| row.state == state)
    });
    Json(json!({
        "items": items,
        "channel": if messages.is_open() { "open" } else { "closed" },
        "connections": messages.connections(),
    }))
    .into_response()
}

/// `POST /_simulator/messages/channel`
pub(in crate::simulator) async fn set_channel(
    State(simulator): State<Simulator>,
    Body(channel): Body<Channel>,
) -> StatusCode {
    let open = match channel.state {
        ChannelState::Open => true,
        ChannelState::Closed => false,
    };
    simulator.state().messages.set_open(open);
    StatusCode::NO_CONTENT
}

/// `POST /_simulator/messages/faults`
pub(in crate::simulator) async fn add_message_fault(
    State(simulator): State<Simulator>,
    Body(rule): Body<NewMessageRule>,
) -> Response {
    match simulator.state().messages.rules.add(rule) {
        Some(rule) => (StatusCode::CREATED, Json(rule)).into_response(),
        None => refuse(StatusCode::CONFLICT, "too many rules; delete some"),
    }
}

/// `GET /_simulator/messages/faults`
pub(in crate::simulator) async fn list_message_faults(
    State(simulator): State<Simulator>,
) -> Response {
    let state = simulator.state();
    Json(json!({"items": state.messages.rules.all()})).into_response()
}

/// `DELETE /_simulator/messages/faults`
pub(in crate::simulator) async fn clear_message_faults(
    State(simulator): State<Simulator>,
) -> StatusCode {
    simulator.state().messages.rules.clear();
    StatusCode::NO_CONTENT
}
