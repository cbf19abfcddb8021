//! Time and new ids, handed in. The ambient sources are banned by lint, so that a test can say what
//! time it is and repeat a run exactly.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use uuid::Uuid;

/// Where the gateway takes its time from.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time of day. May jump; used for what people and TOP read, never to settle anything.
    fn wall(&self) -> Timestamp;
    /// Time since an arbitrary start. Never jumps; windows, waits and ages are measured with it.
    fn steady(&self) -> Duration;
    /// A new UUID of version 7 with this clock's time of day. The rest of it is random; a test that
    /// must be repeatable derives it from a seed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the ambient randomness for ids"
    )]
    fn new_uuid(&self) -> Uuid {
        let now = self.wall();
        let seconds = u64::try_from(now.as_second()).unwrap_or(0);
        let nanoseconds = u32::try_from(now.subsec_nanosecond()).unwrap_or(0);
        Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            seconds,
            nanoseconds,
        ))
    }
}

/// A clock that is shared by all parts of a process.
pub type SharedClock = Arc<dyn Clock>;

/// The machine's own clocks.
#[derive(Debug)]
pub struct SystemClock {
    start: Instant,
}

impl SystemClock {
    /// A clock whose steady time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// The same, ready to be handed around.
    #[must_use]
    pub fn shared() -> SharedClock {
        Arc::new(Self::new())
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the ambient clock"
    )]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> Duration {
        self.start.elapsed()
    }
}

/// A clock that a test moves: the time of day as an operator's `date -s` or a leap of NTP does, the
/// steady time as waiting does.
#[derive(Debug)]
pub struct ManualClock {
    inner: Option<SystemClock>,
    start: Timestamp,
    offset_ms: std::sync::atomic::AtomicI64,
    steady_extra_ms: std::sync::atomic::AtomicU64,
}

impl ManualClock {
    /// A clock that agrees with the machine until it is moved.
    #[must_use]
    pub fn new() -> Self {
        let inner = SystemClock::new();
        Self {
            start: inner.wall(),
            inner: Some(inner),
            offset_ms: 0.into(),
            steady_extra_ms: 0.into(),
        }
    }

    /// A clock that does not advance until a test moves it.
    #[must_use]
    pub fn frozen() -> Self {
        Self {
            inner: None,
            ..Self::new()
        }
    }

    /// Moves the time of day; the steady time does not notice.
    pub fn jump_wall(&self, by: jiff::SignedDuration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(0);
        self.offset_ms
            .fetch_add(ms, std::sync::atomic::Ordering::Relaxed);
    }

    /// Lets steady time pass at once.
    pub fn advance_steady(&self, by: Duration) {
        let ms = u64::try_from(by.as_millis()).unwrap_or(u64::MAX);
        self.steady_extra_ms
            .fetch_add(ms, std::sync::atomic::Ordering::Relaxed);
    }
}

impl Default for ManualClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for ManualClock {
    fn wall(&self) -> Timestamp {
        let offset = self.offset_ms.load(std::sync::atomic::Ordering::Relaxed);
        self.inner
            .as_ref()
            .map_or(self.start, Clock::wall)
            .checked_add(jiff::SignedDuration::from_millis(offset))
            .unwrap_or(Timestamp::MAX)
    }

    fn steady(&self) -> Duration {
        let extra = self
            .steady_extra_ms
            .load(std::sync::atomic::Ordering::Relaxed);
        let running = self.inner.as_ref().map_or(Duration::ZERO, Clock::steady);
        running + Duration::from_millis(extra)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_jump_of_the_wall_clock_leaves_steady_time_alone() {
        let clock = ManualClock::new();
        let (wall, steady) = (clock.wall(), clock.steady());
        clock.jump_wall(jiff::SignedDuration::from_hours(1));
        assert!(clock.wall().duration_since(wall) >= jiff::SignedDuration::from_mins(60));
        assert!(clock.steady() - steady < Duration::from_secs(60));
    }
}
