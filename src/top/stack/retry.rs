//! Retries reads: few attempts with jitter, limited by a budget when upstream fails often.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use backon::{BackoffBuilder, ExponentialBuilder};
use tower::retry::budget::{Budget, TpsBudget};
use tower::{Layer, Service};

use crate::top::call::{Call, CallError, Lane, Lost, NotSent, Received};
use crate::top::method::Effect;

/// How reads are retried.
#[derive(Clone, Copy, Debug)]
pub struct RetrySettings {
    /// The maximum number of attempts, including the first.
    pub attempts: usize,
    /// The first pause.
    pub base: Duration,
    /// The longest pause.
    pub max: Duration,
}

/// Retries reads. A write that was sent through this layer by mistake would not be retried.
#[derive(Clone, Debug)]
pub(super) struct RetryLayer {
    settings: RetrySettings,
    budget: Arc<TpsBudget>,
}

impl RetryLayer {
    pub(super) fn new(settings: RetrySettings) -> Self {
        // At most one retry per five first attempts, plus a few per second while there are few calls.
        let budget = TpsBudget::new(Duration::from_secs(10), 5, 0.2);
        Self {
            settings,
            budget: Arc::new(budget),
        }
    }
}

/// See [`RetryLayer`].
#[derive(Clone, Debug)]
pub(super) struct Retry<S> {
    inner: S,
    settings: RetrySettings,
    budget: Arc<TpsBudget>,
}

// === impl Retry ===

impl<S> Layer<S> for RetryLayer {
    type Service = Retry<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Retry {
            inner,
            settings: self.settings,
            budget: self.budget.clone(),
        }
    }
}

impl<S> Service<Call> for Retry<S>
where
    S: Service<Call, Response = Received, Error = CallError> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Received;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Received, CallError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, call: Call) -> Self::Future {
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let (settings, budget) = (self.settings, self.budget.clone());
        Box::pin(async move {
            let may_repeat = call.effect == Effect::Read && call.lane == Lane::Caller;
            let mut pauses = ExponentialBuilder::default()
                .with_min_delay(settings.base)
                .with_max_delay(settings.max)
                .with_max_times(settings.attempts.saturating_sub(1))
                .with_jitter()
                .build();
            loop {
                let ended = inner.call(call.clone()).await;
                let error = match ended {
                    Ok(received) => {
                        budget.deposit();
                        return Ok(received);
                    }
                    Err(error) => error,
                };
                if !(may_repeat && is_transient(&error)) {
                    return Err(error);
                }
                match pauses.next() {
                    Some(pause) if budget.withdraw() => tokio::time::sleep(pause).await,
                    Some(_) | None => return Err(error),
                }
                std::future::poll_fn(|cx| inner.poll_ready(cx)).await?;
            }
        })
    }
}

/// Whether a retry may succeed. A read that timed out is not retried: it has used up the caller's time, and a slow
/// search stays slow.
fn is_transient(error: &CallError) -> bool {
    match error {
        CallError::NotSent(NotSent::Connect(_) | NotSent::Broken) => true,
        CallError::NotSent(
            NotSent::Quota { .. } | NotSent::Encode | NotSent::TooLate | NotSent::Stopping,
        ) => false,
        CallError::Refused(refused) => {
            refused.code == Some(10)
                || refused
                    .sub_code
                    .as_deref()
                    .is_some_and(|s| s.starts_with("isp.") && !s.contains("timeout"))
        }
        CallError::Lost(Lost::Connection) => true,
        CallError::Lost(Lost::Status(status)) => (500..600).contains(status),
        CallError::Lost(Lost::Deadline | Lost::TooLarge | Lost::Unreadable(_)) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use tower::ServiceExt;

    async fn attempts(effect: Effect, lane: Lane, error: CallError) -> usize {
        let seen = Arc::new(AtomicUsize::new(0));
        let count = seen.clone();
        let service = RetryLayer::new(RetrySettings {
            attempts: 3,
            base: Duration::from_millis(1),
            max: Duration::from_millis(1),
        })
        .layer(tower::service_fn(move |_: Call| {
            count.fetch_add(1, Ordering::Relaxed);
            let error = error.clone();
            async move { Err::<Received, _>(error) }
        }));
        let call = Call {
            method: "m".into(),
            effect,
            lane,
            session: None,
            params: [].into(),
            file: None,
            departure: None,
        };
        assert!(service.oneshot(call).await.is_err());
        seen.load(Ordering::Relaxed)
    }

    #[tokio::test]
    async fn a_read_is_retried_and_a_write_is_not() {
        let reset = || CallError::Lost(Lost::Connection);
        assert_eq!(attempts(Effect::Read, Lane::Caller, reset()).await, 3);
        assert_eq!(attempts(Effect::Read, Lane::Lookup, reset()).await, 1);
        for effect in [Effect::Write, Effect::Upload] {
            assert_eq!(attempts(effect, Lane::Caller, reset()).await, 1);
        }
        let slow = CallError::Lost(Lost::Deadline);
        assert_eq!(attempts(Effect::Read, Lane::Caller, slow).await, 1);
    }
}
