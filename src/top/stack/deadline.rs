//! A time limit for one attempt, from the first byte sent to the last byte received. For a write the limit starts when
//! the body is released, because the connection is opened before that.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tower::{Layer, Service};

use crate::top::call::{Call, CallError, Lost, NotSent, Received};

/// Adds the time limit.
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
        let departure = call.departure.clone();
        let attempt = self.inner.call(call);
        Box::pin(async move {
            let over = async {
                if let Some(departure) = &departure {
                    departure.released().await;
                }
                tokio::time::sleep(limit).await;
            };
            tokio::select! {
                biased;
                ended = attempt => ended,
                () = over => Err(match departure.and_then(|d| d.withhold(NotSent::TooLate)) {
                    Some(why) => CallError::NotSent(why),
                    None => CallError::Lost(Lost::Deadline),
                }),
            }
        })
    }
}
