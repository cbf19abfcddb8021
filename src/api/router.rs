//! All routes, and the layers around them.

use std::any::Any;
use std::sync::Arc;

use axum::Router;
use axum::extract::{DefaultBodyLimit, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::RequestBodyDeadlineLayer;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::problem::{Code, Problem};
use super::{
    ApiState, accounts, attachments, changes, events, flights, keys, notifications, openapi,
    operations, orders, refunds, request_log, scopes, swagger_ui, system, webhooks,
};

/// The allowance for the rest of an upload: the other part and the multipart framing.
const AROUND_A_FILE: usize = 16 * 1024;

/// The operations that require an API key. `max_attachment` is the longest attachment, in bytes.
pub(super) fn v1(max_attachment: usize) -> OpenApiRouter<ApiState> {
    let attachments = OpenApiRouter::new()
        .routes(routes!(attachments::upload::upload_attachment))
        .layer(DefaultBodyLimit::max(
            max_attachment.saturating_add(AROUND_A_FILE),
        ));
    OpenApiRouter::new()
        .routes(routes!(flights::search::search_flights))
        .routes(routes!(orders::book::book_order, orders::list::list_orders))
        .routes(routes!(orders::get::get_order))
        .routes(routes!(orders::get::get_order_by_reference))
        .routes(routes!(orders::pay::pay_order))
        .routes(routes!(orders::close::close_order))
        .routes(routes!(orders::flight_changes::list_flight_changes))
        .routes(routes!(orders::refund_quote::quote_refund))
        .routes(routes!(
            orders::refund::create_refund,
            orders::refunds::list_refunds
        ))
        .routes(routes!(refunds::get::get_refund))
        .routes(routes!(
            orders::change::create_change,
            orders::changes::list_changes
        ))
        .routes(routes!(changes::get::get_change))
        .routes(routes!(changes::pay::pay_change))
        .routes(routes!(changes::cancel::cancel_change))
        .routes(routes!(operations::list::list_operations))
        .routes(routes!(operations::get::get_operation))
        .routes(routes!(operations::reconcile::reconcile_operation))
        .routes(routes!(operations::resolve::resolve_operation))
        .routes(routes!(notifications::list::list_notifications))
        .routes(routes!(keys::create::create_key, keys::list::list_keys))
        .routes(routes!(keys::get::get_key, keys::update::update_key))
        .routes(routes!(keys::rotate_secret::rotate_key_secret))
        .routes(routes!(keys::revoke::revoke_key))
        .routes(routes!(accounts::list::list_accounts))
        .routes(routes!(accounts::get::get_account))
        .routes(routes!(accounts::authorize::authorize_account))
        .routes(routes!(accounts::enter_session::enter_session))
        .routes(routes!(accounts::refresh_session::refresh_session))
        .routes(routes!(
            accounts::get_topics::get_topics,
            accounts::permit_topics::permit_topics
        ))
        .routes(routes!(
            webhooks::create::create_webhook,
            webhooks::list::list_webhooks
        ))
        .routes(routes!(
            webhooks::get::get_webhook,
            webhooks::update::update_webhook,
            webhooks::delete::delete_webhook
        ))
        .routes(routes!(webhooks::rotate_secret::rotate_webhook_secret))
        .routes(routes!(webhooks::pause::pause_webhook))
        .routes(routes!(webhooks::resume::resume_webhook))
        .routes(routes!(webhooks::ping::ping_webhook))
        .routes(routes!(webhooks::redeliver::redeliver_events))
        .routes(routes!(webhooks::deliveries::list_deliveries))
        .routes(routes!(webhooks::attempts::list_attempts))
        .merge(attachments)
}

/// The feed of events. Its handlers limit themselves: listeners that wait must not take the places of other requests.
pub(super) fn feed() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(events::list::list_events))
        .routes(routes!(events::stream::stream_events))
}

/// The complete API as a router.
pub fn router(state: ApiState) -> Router {
    assemble(v1(state.limits.max_attachment), state)
}

/// Puts the layers around the routes; tests pass their own routes.
pub(super) fn assemble(v1: OpenApiRouter<ApiState>, state: ApiState) -> Router {
    let scopes = from_fn_with_state(state.clone(), scopes::check);
    // Health and metrics must respond while the gateway is full, so the limit covers only the operations.
    let v1 = v1
        .layer(scopes.clone())
        .layer(from_fn_with_state(state.clone(), limit_in_flight));
    let (routes, _) = OpenApiRouter::with_openapi(openapi::head())
        .merge(v1)
        .merge(feed().layer(scopes))
        .merge(system::routes())
        .split_for_parts();

    routes
        .merge(swagger_ui::routes())
        .merge(accounts::callback::routes())
        .fallback(|| async { Problem::new(Code::NotFound) })
        .layer(
            // Outermost first.
            ServiceBuilder::new()
                // Outside all others, so that it logs their responses too.
                .layer(from_fn_with_state(state.clone(), request_log::record))
                // Inside the log, so that a panic becomes a problem and is logged.
                .layer(CatchPanicLayer::custom(panicked))
                // A client that sends its body slowly must not hold resources for long.
                .layer(RequestBodyDeadlineLayer::new(state.limits.body_timeout))
                // Enforced by the extractors while they buffer.
                .layer(DefaultBodyLimit::max(state.limits.max_body)),
        )
        .with_state(state)
}

/// Refuses a request at once when the gateway is full, so that the caller can try another replica.
async fn limit_in_flight(State(state): State<ApiState>, request: Request, next: Next) -> Response {
    match Arc::clone(&state.limits.in_flight).try_acquire_owned() {
        Ok(permit) => {
            let response = next.run(request).await;
            drop(permit);
            response
        }
        Err(_) => Problem::new(Code::Overloaded).into_response(),
    }
}

fn panicked(_: Box<dyn Any + Send>) -> Response {
    // The panic hook has logged the place. The payload is dropped, because it may quote a value.
    Problem::new(Code::Internal).into_response()
}
