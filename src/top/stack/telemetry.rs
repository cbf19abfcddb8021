//! One metric and one log line per call, without the content of the call.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use metrics::{Counter, Histogram, counter, histogram};
use tower::{Layer, Service};

use crate::clock::SharedClock;
use crate::telemetry::handles::Handles;
use crate::telemetry::metrics::{TOP_CALL_SECONDS, TOP_CALLS};
use crate::top::call::{Call, CallError, Delivery, Received};

/// A counter and a histogram per method and delivery.
type CallHandles = Handles<(Arc<str>, Delivery), (Counter, Histogram)>;

/// Counts and measures every call.
#[derive(Clone, Debug)]
pub(super) struct TelemetryLayer {
    clock: SharedClock,
    handles: Arc<CallHandles>,
}

impl TelemetryLayer {
    pub(super) fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            handles: Arc::default(),
        }
    }
}

/// See [`TelemetryLayer`].
#[derive(Clone, Debug)]
pub(super) struct Telemetry<S> {
    inner: S,
    clock: SharedClock,
    handles: Arc<CallHandles>,
}

fn handles(method: &Arc<str>, delivery: Delivery) -> (Counter, Histogram) {
    (
        counter!(TOP_CALLS, "method" => method.clone(), "delivery" => delivery.as_str()),
        histogram!(TOP_CALL_SECONDS, "method" => method.clone()),
    )
}

// === impl Telemetry ===

impl<S> Layer<S> for TelemetryLayer {
    type Service = Telemetry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Telemetry {
            inner,
            clock: self.clock.clone(),
            handles: self.handles.clone(),
        }
    }
}

impl<S> Service<Call> for Telemetry<S>
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
        let method = call.method.clone();
        let (clock, known) = (self.clock.clone(), self.handles.clone());
        let started = clock.steady();
        let attempt = self.inner.call(call);
        Box::pin(async move {
            let ended = attempt.await;
            let took = clock.steady().saturating_sub(started);
            let delivery = match &ended {
                Ok(_) => Delivery::Answered,
                Err(error) => error.delivery(),
            };
            let (calls, seconds) = known.get((method.clone(), delivery), |(method, delivery)| {
                handles(method, *delivery)
            });
            calls.increment(1);
            seconds.record(took.as_secs_f64());
            match &ended {
                Ok(received) => tracing::debug!(
                    %method, delivery = delivery.as_str(), ms = took.as_millis(),
                    bytes = received.body.len(), "TOP responded"
                ),
                Err(error) => tracing::warn!(
                    %method, delivery = delivery.as_str(), ms = took.as_millis(), %error,
                    "a call to TOP failed"
                ),
            }
            ended
        })
    }
}
