//! Sessions and the settings of OAuth.

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::{Body, refuse};
use crate::simulator::Simulator;
use crate::simulator::sessions::{OauthSettings, Session, SessionState, Sessions, Which};
use crate::simulator::users::Users;

/// A session. Its value is shown, because the simulator is only for tests.
#[derive(Serialize)]
struct Row<'a> {
    account: &'a str,
    user_id: Option<i64>,
    session: &'a str,
    expires_at: Option<String>,
    state: SessionState,
}

impl<'a> Row<'a> {
    fn new(session: &'a Session, users: &Users, now: Timestamp) -> Self {
        Self {
            account: &session.account,
            user_id: users.get(&session.account).map(|user| user.user_id),
            session: session.value.expose_secret(),
            expires_at: session.expires_at.map(|at| at.to_string()),
            state: session.state(now),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct NewSession {
    account: String,
    session: Option<String>,
    /// Seconds.
    expires_in: Option<u32>,
}

/// The sessions to change: those of an account, or one.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(in crate::simulator) struct Concerned {
    account: Option<String>,
    session: Option<String>,
}

impl Concerned {
    fn which(&self) -> Option<Which<'_>> {
        match (&self.account, &self.session) {
            (Some(account), None) => Some(Which::Account(account)),
            (None, Some(session)) => Some(Which::Session(session)),
            (Some(_), Some(_)) | (None, None) => None,
        }
    }
}

/// `GET /_simulator/sessions`
pub(in crate::simulator) async fn list_sessions(State(simulator): State<Simulator>) -> Response {
    let now = simulator.config().clock.wall();
    let state = simulator.state();
    let all = state.sessions.all().iter();
    let items: Vec<Row<'_>> = all
        .map(|session| Row::new(session, &state.users, now))
        .collect();
    Json(json!({"items": items})).into_response()
}

/// `POST /_simulator/sessions`
pub(in crate::simulator) async fn add_session(
    State(simulator): State<Simulator>,
    Body(new): Body<NewSession>,
) -> Response {
    let now = simulator.config().clock.wall();
    let mut state = simulator.state();
    let state = &mut *state;
    if state.users.get(&new.account).is_none() {
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, "no such account");
    }
    if let Some(value) = new.session.as_deref() {
        if value.trim().is_empty() {
            return refuse(StatusCode::UNPROCESSABLE_ENTITY, "the session is blank");
        }
        if state.sessions.get(value).is_some() {
            return refuse(StatusCode::CONFLICT, "there is such a session");
        }
    }
    let added = state.sessions.add(
        &new.account,
        new.session.map(SecretString::from),
        new.expires_in,
    );
    match added {
        Some(session) => {
            let row = Row::new(session, &state.users, now);
            (StatusCode::CREATED, Json(row)).into_response()
        }
        None => refuse(StatusCode::CONFLICT, "too many sessions; reset"),
    }
}

/// `POST /_simulator/sessions/expire`
pub(in crate::simulator) async fn expire_sessions(
    State(simulator): State<Simulator>,
    Body(concerned): Body<Concerned>,
) -> Response {
    change(&simulator, &concerned, Sessions::expire)
}

/// `POST /_simulator/sessions/revoke`
pub(in crate::simulator) async fn revoke_sessions(
    State(simulator): State<Simulator>,
    Body(concerned): Body<Concerned>,
) -> Response {
    change(&simulator, &concerned, Sessions::revoke)
}

fn change(
    simulator: &Simulator,
    concerned: &Concerned,
    change: for<'a> fn(&'a mut Sessions, Which<'_>) -> Vec<&'a Session>,
) -> Response {
    let Some(which) = concerned.which() else {
        let why = "expected either account or session";
        return refuse(StatusCode::UNPROCESSABLE_ENTITY, why);
    };
    let mut state = simulator.state();
    let state = &mut *state;
    let changed = change(&mut state.sessions, which);
    if changed.is_empty() {
        return refuse(StatusCode::NOT_FOUND, "no such session");
    }
    // Read after the change, so that sessions that expired now are shown as expired.
    let now = simulator.config().clock.wall();
    let items: Vec<Row<'_>> = changed
        .into_iter()
        .map(|session| Row::new(session, &state.users, now))
        .collect();
    Json(json!({"items": items})).into_response()
}

/// `GET /_simulator/oauth`
pub(in crate::simulator) async fn show_oauth(State(simulator): State<Simulator>) -> Response {
    Json(&simulator.state().sessions.settings).into_response()
}

/// `PUT /_simulator/oauth`
pub(in crate::simulator) async fn set_oauth(
    State(simulator): State<Simulator>,
    Body(settings): Body<OauthSettings>,
) -> Response {
    simulator.state().sessions.settings = settings.clone();
    Json(settings).into_response()
}
