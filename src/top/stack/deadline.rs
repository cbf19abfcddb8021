//! A limit on the time of one attempt, from the first byte out to the last byte in.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower::{Layer, Service};

use crate::top::call::{Call, CallError, Lost, Received};

/// Adds the limit.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeadlineLayer {
    limit: Duration,
}

impl DeadlineLayer {
    pub(super) fn new(limit: Duration) -> Self {
        Self { limit }
    }
}

/// See [`DeadlineLayer`].
#[derive(Clone, Debug)]
pub(super) struct Deadline<S> {
    inner: S,
    limit: Duration,
}

// === impl Deadline ===

impl<S> Layer<S> for DeadlineLayer {
    type Service = Deadline<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Deadline {
            inner,
            limit: self.limit,
        }
    }
}

impl<S> Service<Call> for Deadline<S>
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
        let limit = self.limit;
        let attempt = self.inner.call(call);
        Box::pin(async move {
            match tokio::time::timeout(limit, attempt).await {
                Ok(ended) => ended,
                // Whether the connection stood by then is not known here, so it may have been sent.
                Err(_elapsed) => Err(CallError::Lost(Lost::Deadline)),
            }
        })
    }
}
