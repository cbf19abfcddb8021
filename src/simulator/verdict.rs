//! What a fault makes of a response, and how the response is sent.

use std::time::Duration;

use axum::response::Response;
use http::header::ACCEPT_ENCODING;
use http::{HeaderMap, StatusCode};

use super::Simulator;
use super::answer::{Delivery, platform, respond};
use super::faults::Fault;
use super::gate::PlatformError;
use super::script::Strike;

/// The response to a call, and its delay.
pub(super) struct Verdict {
    pub(super) delivery: Delivery,
    delay: Duration,
}

impl Verdict {
    /// A JSON response at once.
    pub(super) fn json(text: String) -> Self {
        Self {
            delivery: Delivery::Json(text),
            delay: Duration::ZERO,
        }
    }

    /// An `error_response` at once.
    pub(super) fn error(error: &PlatformError, request_id: &str) -> Self {
        Self::json(platform(error, request_id).to_string())
    }

    /// The response `json`, with this name of its root, under a fault.
    pub(super) fn under(strike: Option<&Strike>, json: String, root: impl Into<String>) -> Self {
        let fault = strike.map(|strike| strike.fault);
        let delay_ms = strike.and_then(|strike| strike.delay_ms);
        let delay_ms = match fault {
            Some(Fault::LateVisibility) => 0,
            Some(Fault::Slow) => delay_ms.unwrap_or(2_000),
            _ => delay_ms.unwrap_or(0),
        };
        let hang = strike.is_some_and(|strike| strike.code.as_deref() == Some("hang"));
        let delivery = match fault {
            Some(Fault::HangThenSucceed | Fault::HangThenNothing) => Delivery::Hang,
            Some(Fault::LateVisibility) if hang => Delivery::Hang,
            Some(Fault::LateVisibility | Fault::Html502 | Fault::Html502Nothing) => {
                Delivery::BadGateway
            }
            Some(Fault::Http500Empty) => Delivery::Empty(StatusCode::INTERNAL_SERVER_ERROR),
            Some(Fault::Redirect307) => Delivery::Redirect,
            Some(Fault::CutJson) => Delivery::CutJson(json),
            Some(Fault::CutBody) => Delivery::CutBody(json),
            Some(Fault::Empty200) => Delivery::Empty(StatusCode::OK),
            Some(Fault::ResetBefore | Fault::ResetAfter) => Delivery::Drop,
            Some(Fault::HugeAnswer) => Delivery::Huge(json),
            Some(Fault::GzipBomb) => Delivery::GzipBomb,
            Some(Fault::DeepJson) => Delivery::Deep(root.into()),
            _ => Delivery::Json(json),
        };
        Self {
            delivery,
            delay: Duration::from_millis(delay_ms),
        }
    }
}

impl Simulator {
    /// Waits as the verdict says and builds the response.
    pub(super) async fn send(&self, verdict: Verdict, request: &HeaderMap) -> Response {
        self.wait(verdict.delay).await;
        if matches!(verdict.delivery, Delivery::Hang) {
            self.wait(self.config().timing.hang_limit).await;
        }
        respond(verdict.delivery, takes_gzip(request))
    }

    async fn wait(&self, time: Duration) {
        if !time.is_zero() {
            tokio::select! {
                () = tokio::time::sleep(time) => {}
                () = self.inner.closing.cancelled() => {}
            }
        }
    }
}

fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get_all(ACCEPT_ENCODING).iter();
    accepted
        .filter_map(|value| value.to_str().ok())
        .any(|value| {
            value
                .split(',')
                .any(|coding| coding.trim().starts_with("gzip"))
        })
}
