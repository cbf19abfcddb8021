//! One log line and one metric update for each request, and the id that links response, problem and log.
//!
//! Never logged: the raw path and query (they carry order references), headers (they carry keys),
//! bodies (they carry passengers).

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use axum::extract::{MatchedPath, Request, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use metrics::{Counter, Histogram, counter, histogram};
use tracing::Instrument as _;

use super::problem::{self, Code, MEDIA_TYPE, OPERATION_ID, Problem};
use super::{ApiState, NO_STORE};
use crate::telemetry::handles::Handles;
use crate::telemetry::metrics::{HTTP_REQUEST_SECONDS, HTTP_REQUESTS};

/// The header with the id of a request, in requests and responses.
pub const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

tokio::task_local! {
    static CONTEXT: Arc<RequestContext>;
}

/// What is known of the current request.
#[derive(Debug)]
struct RequestContext {
    request_id: String,
    is_write: bool,
    caller: OnceLock<Arc<str>>,
    operation_id: OnceLock<String>,
}

/// The id of the request that this task handles; empty outside a request.
#[must_use]
pub fn current_request_id() -> String {
    CONTEXT
        .try_with(|context| context.request_id.clone())
        .unwrap_or_default()
}

/// Whether the current request is of a kind without an `Idempotency-Key`; false outside a request.
#[must_use]
pub(super) fn has_no_key() -> bool {
    CONTEXT
        .try_with(|context| !context.is_write)
        .unwrap_or_default()
}

/// Records the caller for the log line.
pub(super) fn record_caller(name: &Arc<str>) {
    let _ = CONTEXT.try_with(|context| context.caller.set(Arc::clone(name)));
}

/// The outermost layer: assigns the request id, turns every failure into a problem, and writes the log
/// line when the response is ready or the client has disconnected.
pub(super) async fn record(
    State(state): State<ApiState>,
    mut request: Request,
    next: Next,
) -> Response {
    let request_id = accepted_id(&request).unwrap_or_else(|| state.clock.new_uuid().to_string());
    let context = Arc::new(RequestContext {
        request_id,
        is_write: is_write(&request),
        caller: OnceLock::new(),
        operation_id: OnceLock::new(),
    });
    let mut line = Line {
        method: request.method().clone(),
        route: request.extensions_mut().remove::<MatchedPath>(),
        start: state.clock.steady(),
        state: state.clone(),
        context: Arc::clone(&context),
        status: None,
    };
    if let Some(route) = &line.route {
        request.extensions_mut().insert(route.clone());
    }
    let personal = request.uri().path().starts_with("/v1/");
    let span = tracing::info_span!("request", request_id = %context.request_id);
    let work = async move {
        let response = next.run(request).await;
        as_problem(response)
    };
    let mut response = CONTEXT
        .scope(Arc::clone(&context), work.instrument(span))
        .await;
    if let Some(operation) = response.headers().get(OPERATION_ID) {
        let operation = operation.to_str().unwrap_or_default().to_owned();
        let _ = context.operation_id.set(operation);
    }
    if let Ok(id) = HeaderValue::from_str(&context.request_id) {
        response.headers_mut().insert(REQUEST_ID, id);
    }
    if personal {
        response.headers_mut().insert(CACHE_CONTROL, NO_STORE);
    }
    line.status = Some(response.status());
    response
}

/// The paths of the writes: the only requests with an `Idempotency-Key`.
pub(super) const WRITES: [&str; 7] = [
    "/v1/orders",
    "/v1/orders/{order_id}/payment",
    "/v1/orders/{order_id}/close",
    "/v1/orders/{order_id}/refunds",
    "/v1/orders/{order_id}/changes",
    "/v1/changes/{change_order_no}/payment",
    "/v1/changes/{change_order_no}/cancel",
];

fn is_write(request: &Request) -> bool {
    let route = request.extensions().get::<MatchedPath>();
    request.method() == Method::POST && route.is_some_and(|route| WRITES.contains(&route.as_str()))
}

/// Logs and counts a request that did not reach the router.
pub(super) fn refused(state: &ApiState, status: StatusCode, request_id: &str) {
    count(state, "-".to_owned(), status.as_u16(), Duration::ZERO);
    tracing::info!(
        target: "fliggy_gateway::request",
        method = "-", route = "-", status = status.as_u16(), request_id, "request"
    );
}

/// The id that the caller sent, if it is 1 to 128 visible ASCII characters.
fn accepted_id(request: &Request) -> Option<String> {
    let id = request.headers().get(REQUEST_ID)?.as_bytes();
    let fine = (1..=128).contains(&id.len()) && id.iter().all(u8::is_ascii_graphic);
    fine.then(|| String::from_utf8_lossy(id).into_owned())
}

/// Turns failures that the router and its layers return themselves into problems.
fn as_problem(response: Response) -> Response {
    let status = response.status();
    let failed = status.is_client_error() || status.is_server_error();
    if !failed || response.extensions().get::<Code>().is_some() {
        return response;
    }
    let code = match status {
        StatusCode::NOT_FOUND => Code::NotFound,
        StatusCode::METHOD_NOT_ALLOWED => {
            return problem::method_not_allowed(&response).into_response();
        }
        StatusCode::NOT_ACCEPTABLE => Code::NotAcceptable,
        StatusCode::REQUEST_TIMEOUT => Code::RequestTimeout,
        StatusCode::PAYLOAD_TOO_LARGE => Code::PayloadTooLarge,
        StatusCode::UNSUPPORTED_MEDIA_TYPE => Code::UnsupportedMediaType,
        status if status.is_client_error() => Code::InvalidRequest,
        _ => Code::Internal,
    };
    tracing::debug!(%status, media_type = MEDIA_TYPE, "turned a response of the router into a problem");
    Problem::new(code).into_response()
}

/// The log line. It is written on drop, so that a request of a disconnected client is logged too.
struct Line {
    method: Method,
    route: Option<MatchedPath>,
    state: ApiState,
    start: Duration,
    context: Arc<RequestContext>,
    status: Option<StatusCode>,
}

impl Drop for Line {
    fn drop(&mut self) {
        // 499 is the convention of web servers for a disconnected client; it is never sent.
        let status = self.status.map_or(499, |status| status.as_u16());
        let took = self.state.clock.steady().saturating_sub(self.start);
        // The template, never the path itself; `-` if no route matched.
        let route = self.route.as_ref().map_or("-", MatchedPath::as_str);
        let operation = format!("{} {route}", known_method(&self.method));
        count(&self.state, operation, status, took);
        tracing::info!(
            target: "fliggy_gateway::request",
            method = known_method(&self.method),
            route,
            status,
            ms = u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            request_id = self.context.request_id,
            caller = self.context.caller.get().map(|name| &**name),
            operation_id = self.context.operation_id.get().map(String::as_str),
            "request"
        );
    }
}

/// A counter and a histogram for each operation and status.
pub(super) type RequestHandles = Handles<(String, u16), (Counter, Histogram)>;

fn count(state: &ApiState, operation: String, status: u16, took: Duration) {
    let known = &state.request_handles;
    let (requests, seconds) = known.get((operation, status), |(operation, status)| {
        handles(operation, *status)
    });
    requests.increment(1);
    seconds.record(took);
}

fn handles(operation: &str, status: u16) -> (Counter, Histogram) {
    let operation = operation.to_owned();
    (
        counter!(HTTP_REQUESTS, "operation" => operation.clone(), "status" => status.to_string()),
        histogram!(HTTP_REQUEST_SECONDS, "operation" => operation),
    )
}

/// Limits the methods to known ones: each invented method would create a new metric series.
fn known_method(method: &Method) -> &'static str {
    match *method {
        Method::GET => "GET",
        Method::POST => "POST",
        Method::PUT => "PUT",
        Method::PATCH => "PATCH",
        Method::DELETE => "DELETE",
        Method::HEAD => "HEAD",
        Method::OPTIONS => "OPTIONS",
        _ => "OTHER",
    }
}
