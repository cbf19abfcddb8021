//! Quota and concurrency of one app key, and TOP's own bans.

use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service};

use crate::clock::SharedClock;
use crate::top::call::{Call, CallError, Lane, NotSent, Received};
use crate::top::envelope::ErrorResponse;

/// How much of TOP this gateway may use.
#[derive(Clone, Debug)]
pub struct QuotaSettings {
    /// Calls a second for callers.
    pub per_second: NonZeroU32,
    /// How many calls may come at once after a pause.
    pub burst: NonZeroU32,
    /// Calls a second for the reconciler's looks, on top of those.
    pub looks_per_second: NonZeroU32,
    /// Calls in flight for callers.
    pub max_concurrent: usize,
    /// How long a call may wait for its turn.
    pub max_wait: Duration,
}

/// The one door to TOP.
#[derive(Debug)]
pub struct Gate {
    callers: Share,
    looks: Share,
    max_wait: Duration,
    /// Steady time in ms until which TOP has banned the app.
    banned_until: AtomicU64,
    clock: SharedClock,
}

#[derive(Debug)]
struct Share {
    rate: DefaultDirectRateLimiter,
    in_flight: Arc<Semaphore>,
}

/// The right to make one call now. Held until the call has ended.
#[derive(Debug)]
pub struct Permit {
    _in_flight: OwnedSemaphorePermit,
}

/// Looks in flight: few, because a lost write is asked for again and again while upstream is slow.
const LOOKS_IN_FLIGHT: usize = 16;

// === impl Gate ===

impl Gate {
    /// A gate with these limits.
    #[must_use]
    pub fn new(settings: &QuotaSettings, clock: SharedClock) -> Self {
        let share = |rate, burst, in_flight| Share {
            rate: DefaultDirectRateLimiter::direct(Quota::per_second(rate).allow_burst(burst)),
            in_flight: Arc::new(Semaphore::new(in_flight)),
        };
        Self {
            callers: share(settings.per_second, settings.burst, settings.max_concurrent),
            looks: share(
                settings.looks_per_second,
                settings.looks_per_second,
                LOOKS_IN_FLIGHT,
            ),
            max_wait: settings.max_wait,
            banned_until: AtomicU64::new(0),
            clock,
        }
    }

    /// Waits for a turn, at most as long as configured.
    ///
    /// # Errors
    /// [`NotSent::Quota`] when the turn would come too late; nothing was used up then.
    pub async fn permit(&self, lane: Lane) -> Result<Permit, NotSent> {
        let started = self.clock.steady();
        let share = match lane {
            Lane::Caller => &self.callers,
            Lane::Look => &self.looks,
        };
        let refuse = |retry_after| Err(NotSent::Quota { retry_after });
        let left = |clock: &SharedClock| {
            self.max_wait
                .saturating_sub(clock.steady().saturating_sub(started))
        };
        if let Some(ban) = self.ban_left() {
            if ban > self.max_wait {
                return refuse(ban);
            }
            tokio::time::sleep(ban).await;
        }
        let acquire = share.in_flight.clone().acquire_owned();
        let Ok(Ok(in_flight)) = tokio::time::timeout(left(&self.clock), acquire).await else {
            return refuse(Duration::from_secs(1));
        };
        loop {
            match share.rate.check() {
                Ok(()) => {
                    return Ok(Permit {
                        _in_flight: in_flight,
                    });
                }
                Err(not_yet) => {
                    let wait = not_yet.wait_time_from(DefaultClock::default().now());
                    if wait > left(&self.clock) {
                        return refuse(wait);
                    }
                    tokio::time::sleep(wait).await;
                }
            }
        }
    }

    /// Remembers "This ban will last for N more seconds". A limited call was not executed.
    pub fn observe(&self, error: &ErrorResponse) {
        if let Some(seconds) = error.ban_seconds() {
            let until = self.clock.steady() + Duration::from_secs(seconds);
            let until = u64::try_from(until.as_millis()).unwrap_or(u64::MAX);
            self.banned_until.fetch_max(until, Ordering::Relaxed);
            tracing::warn!(seconds, "TOP limits this app");
        }
    }

    fn ban_left(&self) -> Option<Duration> {
        Duration::from_millis(self.banned_until.load(Ordering::Relaxed))
            .checked_sub(self.clock.steady())
            .filter(|left| !left.is_zero())
    }
}

/// Makes every call wait for its permit.
#[derive(Clone, Debug)]
pub struct GateLayer {
    gate: Arc<Gate>,
}

impl GateLayer {
    /// A layer in front of this gate.
    #[must_use]
    pub fn new(gate: Arc<Gate>) -> Self {
        Self { gate }
    }
}

/// See [`GateLayer`].
#[derive(Clone, Debug)]
pub struct Gated<S> {
    inner: S,
    gate: Arc<Gate>,
}

// === impl Gated ===

impl<S> Layer<S> for GateLayer {
    type Service = Gated<S>;

    fn layer(&self, inner: S) -> Self::Service {
        Gated {
            inner,
            gate: self.gate.clone(),
        }
    }
}

impl<S> Service<Call> for Gated<S>
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
        let gate = self.gate.clone();
        // The clone takes the place; the one that was polled ready makes the call.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let _permit = gate.permit(call.lane).await.map_err(CallError::NotSent)?;
            let ended = inner.call(call).await;
            if let Err(CallError::Refused(error)) = &ended {
                gate.observe(error);
            }
            ended
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    fn gate(clock: Arc<ManualClock>) -> Gate {
        let one = NonZeroU32::MIN;
        Gate::new(
            &QuotaSettings {
                per_second: one,
                burst: one,
                looks_per_second: one,
                max_concurrent: 4,
                max_wait: Duration::ZERO,
            },
            clock,
        )
    }

    #[tokio::test]
    async fn looks_have_a_share_of_their_own() {
        let gate = gate(Arc::new(ManualClock::new()));
        assert!(gate.permit(Lane::Caller).await.is_ok());
        assert!(matches!(
            gate.permit(Lane::Caller).await,
            Err(NotSent::Quota { .. })
        ));
        assert!(gate.permit(Lane::Look).await.is_ok());
    }

    #[tokio::test]
    async fn a_ban_of_top_holds_every_call_back_until_it_is_over() {
        let clock = Arc::new(ManualClock::new());
        let gate = gate(clock.clone());
        gate.observe(&ErrorResponse {
            code: Some(7),
            sub_msg: Some("This ban will last for 30 more seconds".into()),
            ..ErrorResponse::default()
        });
        let Err(NotSent::Quota { retry_after }) = gate.permit(Lane::Caller).await else {
            panic!("a banned call was let through");
        };
        assert!(retry_after > Duration::from_secs(28) && retry_after <= Duration::from_secs(30));
        clock.advance_steady(Duration::from_secs(31));
        assert!(gate.permit(Lane::Caller).await.is_ok());
    }
}
