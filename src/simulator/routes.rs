//! The routes: TOP's own, Taobao's OAuth, and the control API.

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post, put};

use super::{MAX_BODY, Simulator, channel, control, oauth, rest};

impl Simulator {
    /// `/router/rest` and the message channel as in TOP, `/authorize` and `/token` as in Taobao's OAuth, and the
    /// control API under `/_simulator`. Without [`super::serve`], orders progress only when they are read, and
    /// messages come only then.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/router/rest", any(rest::handle))
            .route("/authorize", get(oauth::show).post(oauth::decide))
            .route("/token", post(oauth::token))
            .route("/", any(channel::upgrade))
            .route("/tmc", any(channel::upgrade))
            .nest("/_simulator", control_api())
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }
}

/// Paths under `/_simulator`.
fn control_api() -> Router<Simulator> {
    Router::new()
        .route(
            "/messages",
            post(control::publish_message).get(control::list_messages),
        )
        .route(
            "/messages/faults",
            post(control::add_message_fault)
                .get(control::list_message_faults)
                .delete(control::clear_message_faults),
        )
        .route("/messages/channel", post(control::set_channel))
        .route(
            "/faults",
            post(control::add_fault)
                .get(control::list_faults)
                .delete(control::clear_faults),
        )
        .route("/faults/{id}", delete(control::remove_fault))
        .route(
            "/sessions",
            post(control::add_session).get(control::list_sessions),
        )
        .route("/sessions/expire", post(control::expire_sessions))
        .route("/sessions/revoke", post(control::revoke_sessions))
        .route("/oauth", put(control::set_oauth).get(control::show_oauth))
        .route("/users", get(control::list_users))
        .route("/users/{account}/topics", put(control::permit_topics))
        .route("/orders", get(control::list_orders))
        .route("/orders/{order_id}/advance", post(control::advance))
        .route(
            "/orders/{order_id}/schedule-change",
            post(control::change_schedule),
        )
        .route("/refunds", get(control::list_refunds))
        .route(
            "/refunds/{refund_order_no}/advance",
            post(control::advance_refund),
        )
        .route(
            "/refunds/{refund_order_no}/supplement",
            post(control::supplement_refund),
        )
        .route("/changes", get(control::list_changes))
        .route(
            "/changes/{change_order_no}/advance",
            post(control::advance_change),
        )
        .route("/files", get(control::list_files))
        .route("/calls", get(control::list_calls))
        .route("/reset", post(control::reset))
}
