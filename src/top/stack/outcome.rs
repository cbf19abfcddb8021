//! Distinguishes TOP's responses from everything else that HTTP may return.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use serde::de::IgnoredAny;
use tower::{Layer, Service};

use crate::top::call::{Call, CallError, Lost, Received};
use crate::top::envelope::{self, Envelope};

/// Passes responses on; converts an `error_response` and everything else to a [`CallError`].
#[derive(Clone, Copy, Debug)]
pub(super) struct OutcomeLayer;

/// See [`OutcomeLayer`].
#[derive(Clone, Debug)]
pub(super) struct Outcome<S> {
    inner: S,
}

// === impl Outcome ===

impl<S> Layer<S> for OutcomeLayer {
    type Service = Outcome<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Outcome { inner }
    }
}

impl<S> Service<Call> for Outcome<S>
where
    S: Service<Call, Response = Received, Error = CallError>,
    S::Future: Send + 'static,
{
    type Response = Received;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Received, CallError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let attempt = self.inner.call(call);
        Box::pin(async move { judge(attempt.await?) })
    }
}

/// A TOP response has status 200, or 400 with an `error_response` (newer gateways).
fn judge(received: Received) -> Result<Received, CallError> {
    match received.status {
        200 | 400 if leads_with_error(&received.body) => {
            match envelope::decode::<IgnoredAny>("", &received.body) {
                Ok(Envelope::Error(error)) => Err(CallError::Refused(Box::new(error))),
                Ok(Envelope::Answer(_)) => {
                    Err(CallError::Lost(Lost::Unreadable("it contains no error")))
                }
                Err(unreadable) => Err(CallError::Lost(Lost::Unreadable(unreadable.reason))),
            }
        }
        200 if envelope::trimmed(&received.body).first() == Some(&b'{') => Ok(received),
        200 => Err(CallError::Lost(Lost::Unreadable("not a JSON object"))),
        other => Err(CallError::Lost(Lost::Status(other))),
    }
}

/// Whether the first key is `error_response`. The other keys are not checked, because a response may be large and the
/// client decodes it anyway.
fn leads_with_error(body: &[u8]) -> bool {
    let content = envelope::trimmed(body)
        .strip_prefix(b"{")
        .map(<[u8]>::trim_ascii_start);
    content.is_some_and(|rest| rest.starts_with(b"\"error_response\""))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::call::Delivery;

    fn judged(status: u16, body: &'static str) -> Result<(), Delivery> {
        judge(Received {
            status,
            body: body.into(),
        })
        .map(drop)
        .map_err(|e| e.delivery())
    }

    #[test]
    fn only_a_json_object_with_status_200_is_a_response() {
        let refused = r#"{"error_response":{"code":25,"msg":"Invalid signature"}}"#;
        assert_eq!(judged(200, r#"{"x_response":{"is_success":true}}"#), Ok(()));
        assert_eq!(judged(200, refused), Err(Delivery::Answered));
        assert_eq!(judged(400, refused), Err(Delivery::Answered));
        let marked = "\u{feff}{\"error_response\":{\"code\":25}}";
        assert_eq!(judged(200, marked), Err(Delivery::Answered));
        let marked = "\u{feff} {\"x_response\":{\"is_success\":true}}";
        assert_eq!(judged(200, marked), Ok(()));
        for (status, body) in [
            (200, ""),
            (200, "<html>bad gateway</html>"),
            (200, r#"{"error_response":{"co"#),
            (307, ""),
            (400, "{}"),
            (500, ""),
            (502, refused),
        ] {
            assert_eq!(
                judged(status, body),
                Err(Delivery::MaybeSent),
                "{status} {body}"
            );
        }
    }
}
