//! The quota and concurrency of one app key, and TOP's own bans.

use std::collections::HashMap;
use std::future::Future;
use std::num::NonZeroU32;
use std::pin::Pin;
use std::sync::{Arc, PoisonError, RwLock};
use std::task::{Context, Poll};
use std::time::Duration;

use governor::clock::{Clock as _, DefaultClock};
use governor::{DefaultDirectRateLimiter, Quota};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tower::{Layer, Service};

use crate::clock::SharedClock;
use crate::top::call::{Call, CallError, Lane, NotSent, Received};
use crate::top::envelope::ErrorResponse;

/// The limits on this gateway's use of TOP.
#[derive(Clone, Debug)]
pub struct QuotaSettings {
    /// Calls per second for callers.
    pub per_second: NonZeroU32,
    /// The maximum number of calls at once after a pause.
    pub burst: NonZeroU32,
    /// Calls per second for the reconciler's lookups, in addition to the calls for callers.
    pub looks_per_second: NonZeroU32,
    /// The maximum number of concurrent calls for callers.
    pub max_concurrent: usize,
    /// The maximum time for which a call waits for its permit.
    pub max_wait: Duration,
}

/// Issues the permits for all calls to TOP.
#[derive(Debug)]
pub struct Gate {
    callers: Share,
    lookups: Share,
    /// The part of `lookups` that lookups of settled operations may use.
    watch: Share,
    max_wait: Duration,
    bans: RwLock<Bans>,
    clock: SharedClock,
}

/// The steady time until which TOP refuses calls.
#[derive(Debug, Default)]
struct Bans {
    app: Duration,
    methods: HashMap<String, Duration>,
}

#[derive(Debug)]
struct Share {
    rate: DefaultDirectRateLimiter,
    in_flight: Arc<Semaphore>,
}

/// The permit for one call. It is held until the call ends.
#[derive(Debug)]
pub struct Permit {
    _in_flight: [Option<OwnedSemaphorePermit>; 2],
}

/// The longest time for which a ban holds calls back before one is tried again. The text of a ban may announce a day,
/// but the ban may end earlier. A refused call costs nothing, whereas a call that is held back may delay the outcome of
/// a payment.
const MAX_BAN: Duration = Duration::from_mins(1);

/// The maximum number of concurrent lookups. It is low, because a lost write is looked up repeatedly while upstream is
/// slow.
const LOOKUPS_IN_FLIGHT: usize = 16;

// === impl Gate ===

impl Gate {
    /// A gate with these limits.
    #[must_use]
    pub fn new(settings: &QuotaSettings, clock: SharedClock) -> Self {
        let share = |quota: Quota, burst, in_flight| Share {
            rate: DefaultDirectRateLimiter::direct(quota.allow_burst(burst)),
            in_flight: Arc::new(Semaphore::new(in_flight)),
        };
        let looks = settings.looks_per_second;
        let half = NonZeroU32::new(looks.get() / 2).unwrap_or(NonZeroU32::MIN);
        // Half of one call per second is one call in two seconds.
        let half_rate = Quota::with_period(Duration::from_secs(2) / looks.get())
            .unwrap_or(Quota::per_second(half));
        Self {
            callers: share(
                Quota::per_second(settings.per_second),
                settings.burst,
                settings.max_concurrent,
            ),
            lookups: share(Quota::per_second(looks), looks, LOOKUPS_IN_FLIGHT),
            watch: share(half_rate, half, LOOKUPS_IN_FLIGHT / 2),
            max_wait: settings.max_wait,
            bans: RwLock::default(),
            clock,
        }
    }

    /// Waits for the permit, at most as long as configured.
    ///
    /// # Errors
    /// [`NotSent::Quota`] if the permit would come too late. Then no quota that other calls need is used.
    pub async fn permit(&self, lane: Lane, method: &str) -> Result<Permit, NotSent> {
        let started = self.clock.steady();
        let shares: &[&Share] = match lane {
            Lane::Caller => &[&self.callers],
            Lane::Lookup => &[&self.lookups],
            Lane::Watch => &[&self.watch, &self.lookups],
        };
        let refuse = |retry_after| Err(NotSent::Quota { retry_after });
        let left = |clock: &SharedClock| {
            self.max_wait
                .saturating_sub(clock.steady().saturating_sub(started))
        };
        'banned: loop {
            // Wait for the end of a ban before acquiring a slot, so that this call does not block other methods.
            if let Some(ban) = self.ban_left(method) {
                if ban > left(&self.clock) {
                    return refuse(ban);
                }
                tokio::time::sleep(ban).await;
                continue;
            }
            let mut in_flight = [None, None];
            for (slot, share) in in_flight.iter_mut().zip(shares) {
                let acquire = share.in_flight.clone().acquire_owned();
                let acquired = tokio::time::timeout(left(&self.clock), acquire).await;
                let Ok(Ok(acquired)) = acquired else {
                    return refuse(Duration::from_secs(1));
                };
                *slot = Some(acquired);
            }
            for share in shares {
                loop {
                    // A ban may have begun while this call waited.
                    if self.ban_left(method).is_some() {
                        continue 'banned;
                    }
                    let Err(not_yet) = share.rate.check() else {
                        break;
                    };
                    let wait = not_yet.wait_time_from(DefaultClock::default().now());
                    if wait > left(&self.clock) {
                        return refuse(wait);
                    }
                    tokio::time::sleep(wait).await;
                }
            }
            return Ok(Permit {
                _in_flight: in_flight,
            });
        }
    }

    /// Records a ban ("This ban will last for N more seconds") that a call of this method received, for at most one
    /// minute. The banned call was not executed.
    pub fn observe(&self, method: &str, error: &ErrorResponse) {
        let Some(seconds) = error.ban_seconds() else {
            return;
        };
        let now = self.clock.steady();
        let until = now + Duration::from_secs(seconds).min(MAX_BAN);
        let whole_app = is_of_the_app(error);
        let mut bans = self.bans.write().unwrap_or_else(PoisonError::into_inner);
        bans.methods.retain(|_, until| *until > now);
        let ban = if whole_app {
            &mut bans.app
        } else {
            bans.methods.entry(method.to_owned()).or_default()
        };
        *ban = until.max(*ban);
        drop(bans);
        tracing::warn!(
            method,
            whole_app,
            seconds,
            "TOP has banned calls temporarily"
        );
    }

    fn ban_left(&self, method: &str) -> Option<Duration> {
        let bans = self.bans.read().unwrap_or_else(PoisonError::into_inner);
        let of_method = bans.methods.get(method).copied().unwrap_or_default();
        bans.app
            .max(of_method)
            .checked_sub(self.clock.steady())
            .filter(|left| !left.is_zero())
    }
}

/// Whether a ban is about the app's daily quota and so covers all methods. The other bans cover one API
/// (`limited-by-api-…` and `limited-by-app-api-…`, documented) or do not name their scope. They count for this method
/// only: TOP refuses an excess call at no cost, whereas a payment that is held back because of another method may lose
/// its seats.
fn is_of_the_app(error: &ErrorResponse) -> bool {
    let code = error.sub_code.as_deref();
    code.is_some_and(|code| code.ends_with("limited-by-app-access-count"))
}

/// Makes every call wait for its permit.
#[derive(Clone, Debug)]
pub struct GateLayer {
    gate: Arc<Gate>,
}

impl GateLayer {
    /// A layer that uses this gate.
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
        // The service that was polled ready makes the call, and its clone takes its place.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        Box::pin(async move {
            let method = call.method.clone();
            let permit = gate.permit(call.lane, &method).await;
            let _permit = permit.map_err(CallError::NotSent)?;
            let ended = inner.call(call).await;
            if let Err(CallError::Refused(error)) = &ended {
                gate.observe(&method, error);
            }
            ended
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    const PAY: &str = "alitrip.flight.service.pay";
    const SEARCH: &str = "alitrip.flight.service.search";

    fn gate(clock: Arc<ManualClock>, max_wait: Duration, max_concurrent: usize) -> Gate {
        let quota = QuotaSettings {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::new(4).unwrap(),
            looks_per_second: NonZeroU32::MIN,
            max_concurrent,
            max_wait,
        };
        Gate::new(&quota, clock)
    }

    fn ban(sub_code: &str) -> ErrorResponse {
        ErrorResponse {
            code: Some(7),
            sub_code: Some(sub_code.into()),
            sub_msg: Some("This ban will last for 30 more seconds".into()),
            ..ErrorResponse::default()
        }
    }

    async fn refused(gate: &Gate, method: &str) -> bool {
        match gate.permit(Lane::Caller, method).await {
            Ok(_) => false,
            Err(NotSent::Quota { retry_after }) => {
                assert!(retry_after > Duration::from_secs(20), "{retry_after:?}");
                assert!(retry_after <= Duration::from_secs(30), "{retry_after:?}");
                true
            }
            Err(other) => panic!("{other}"),
        }
    }

    #[tokio::test]
    async fn lookups_have_their_own_share() {
        let gate = gate(Arc::new(ManualClock::new()), Duration::ZERO, 1);
        let held = gate.permit(Lane::Caller, PAY).await;
        assert!(held.is_ok());
        assert!(matches!(
            gate.permit(Lane::Caller, PAY).await,
            Err(NotSent::Quota { .. })
        ));
        assert!(gate.permit(Lane::Lookup, PAY).await.is_ok());
    }

    #[tokio::test]
    async fn lookups_of_settled_operations_have_half_of_the_lookup_share() {
        let quota = QuotaSettings {
            per_second: NonZeroU32::MIN,
            burst: NonZeroU32::MIN,
            looks_per_second: NonZeroU32::new(4).unwrap(),
            max_concurrent: 1,
            max_wait: Duration::ZERO,
        };
        let permitted = async |lanes: &[Lane]| {
            // The limiter uses its own clock, but the whole test takes only a fraction of a second.
            let gate = Gate::new(&quota, Arc::new(ManualClock::new()));
            let mut permitted = Vec::new();
            for lane in lanes {
                permitted.push(gate.permit(*lane, PAY).await.is_ok());
            }
            permitted
        };
        use Lane::{Lookup, Watch};
        assert_eq!(permitted(&[Watch, Watch, Watch]).await, [true, true, false]);
        // Unused quota is available to the other lookups.
        let both = permitted(&[Watch, Watch, Watch, Lookup, Lookup]).await;
        assert_eq!(both, [true, true, false, true, true]);
        let none_left = permitted(&[Lookup, Lookup, Lookup, Lookup, Watch]).await;
        assert_eq!(none_left, [true, true, true, true, false]);
    }

    #[tokio::test]
    async fn a_ban_holds_back_the_calls_in_its_scope_until_it_ends() {
        for (sub_code, whole_app) in [
            ("accesscontrol.limited-by-app-access-count", true),
            ("accesscontrol.limited-by-api-access-count", false),
            ("accesscontrol.limited-by-app-api-access-count", false),
            ("accesscontrol.limited-by-dynamic-access-count", false),
            ("", false),
        ] {
            let clock = Arc::new(ManualClock::new());
            let gate = gate(clock.clone(), Duration::ZERO, 4);
            gate.observe(SEARCH, &ban(sub_code));
            assert!(refused(&gate, SEARCH).await, "{sub_code}");
            assert_eq!(refused(&gate, PAY).await, whole_app, "{sub_code}");
            clock.advance_steady(Duration::from_secs(31));
            assert!(!refused(&gate, SEARCH).await, "{sub_code}");
        }
    }

    #[tokio::test]
    async fn a_ban_of_a_day_is_retried_every_minute() {
        let clock = Arc::new(ManualClock::new());
        let gate = gate(clock.clone(), Duration::ZERO, 4);
        let day = ErrorResponse {
            sub_msg: Some("This ban will last for 86400 more seconds".into()),
            ..ban("accesscontrol.limited-by-app-access-count")
        };
        for _ in 0..3 {
            gate.observe(SEARCH, &day);
            for lane in [Lane::Caller, Lane::Lookup] {
                assert!(gate.permit(lane, PAY).await.is_err(), "{lane:?}");
            }
            clock.advance_steady(Duration::from_secs(61));
            assert!(gate.permit(Lane::Caller, PAY).await.is_ok());
        }
    }

    #[tokio::test]
    async fn a_shorter_ban_does_not_end_a_longer_one() {
        let gate = gate(Arc::new(ManualClock::new()), Duration::ZERO, 4);
        let short = ErrorResponse {
            sub_msg: Some("This ban will last for 1 more second".into()),
            ..ban("accesscontrol.limited-by-api-access-count")
        };
        gate.observe(SEARCH, &ban("accesscontrol.limited-by-api-access-count"));
        gate.observe(SEARCH, &short);
        assert!(refused(&gate, SEARCH).await);
    }

    #[tokio::test]
    async fn a_ban_holds_back_calls_that_are_already_waiting() {
        let max_wait = Duration::from_secs(10);
        let gate = gate(Arc::new(ManualClock::new()), max_wait, 1);
        let held = gate.permit(Lane::Caller, SEARCH).await.unwrap();
        let call_limited = async {
            // The waiting call has been polled before, because `join` polls in order.
            gate.observe(SEARCH, &ban("accesscontrol.limited-by-api-access-count"));
            drop(held);
        };
        let (late, ()) = tokio::join!(refused(&gate, SEARCH), call_limited);
        assert!(late);
        // The refused call has released its slot.
        assert!(!refused(&gate, PAY).await);
    }
}
