//! The WebSocket channel of the message service.
//!
//! It behaves as the server of the official SDK (toplink): it never sends PING or PONG, does not answer CLOSE, and
//! ignores frames that are not final. The official Java client fails on an empty PONG.

mod codec;
mod connect;
mod connection;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, SEC_WEBSOCKET_VERSION,
    UPGRADE,
};
use http::{HeaderMap, Method, StatusCode};
use hyper::upgrade::OnUpgrade;
use hyper_util::rt::TokioIo;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::Simulator;

/// `GET /` and `GET /tmc`.
pub(super) async fn upgrade(State(simulator): State<Simulator>, mut request: Request) -> Response {
    if request.method() != Method::GET {
        return StatusCode::FORBIDDEN.into_response();
    }
    let accept = accept_key(request.headers());
    let upgraded = request.extensions_mut().remove::<OnUpgrade>();
    let (Some(accept), Some(upgraded)) = (accept, upgraded) else {
        return StatusCode::BAD_REQUEST.into_response();
    };
    let id = simulator.next_connection();
    let Some(ended) = simulator.state().messages.register(id) else {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    };
    let registration = Registration { simulator, id };
    tokio::spawn(async move {
        let simulator = &registration.simulator;
        let served = async {
            if let Ok(upgraded) = upgraded.await {
                connection::run(simulator, id, TokioIo::new(upgraded)).await;
            }
        };
        tokio::select! {
            () = served => {}
            () = ended.cancelled() => {}
            () = simulator.inner.closing.cancelled() => {}
        }
    });
    let mut response = StatusCode::SWITCHING_PROTOCOLS.into_response();
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}

/// Ends a connection with its task, also if that is dropped.
struct Registration {
    simulator: Simulator,
    id: u64,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.simulator.state().messages.disconnect(self.id);
    }
}

/// The accept key for a request that asks for a WebSocket.
fn accept_key(headers: &HeaderMap) -> Option<HeaderValue> {
    let has = |name, word: &str| {
        let values = headers.get_all(name).iter();
        values
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let asked =
        has(UPGRADE, "websocket") && has(CONNECTION, "upgrade") && has(SEC_WEBSOCKET_VERSION, "13");
    let key = headers.get(SEC_WEBSOCKET_KEY).filter(|_| asked)?;
    HeaderValue::try_from(derive_accept_key(key.as_bytes())).ok()
}
