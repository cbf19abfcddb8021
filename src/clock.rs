//! Injected sources of time and new ids. Lints ban the ambient sources, so that a test can control the time and repeat
//! a run exactly.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use uuid::Uuid;

/// The source of time for the gateway.
pub trait Clock: Send + Sync + std::fmt::Debug {
    /// The time of day. It may jump, so it is used only for timestamps that people and TOP read, never to settle an
    /// operation.
    fn wall(&self) -> Timestamp;
    /// The time since an arbitrary start. It never jumps, and it advances while the machine is suspended. Used to
    /// measure windows, waits and ages.
    fn steady(&self) -> Duration;
    /// A new UUID of version 7 with this clock's time of day. The remaining bits are random; a repeatable
    /// test derives them from a seed.
    #[expect(
        clippy::disallowed_methods,
        reason = "the only place that reads ambient randomness for ids"
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

/// A clock shared by all parts of the process.
pub type SharedClock = Arc<dyn Clock>;

/// The clocks of the machine.
#[derive(Debug)]
pub struct SystemClock {
    start: Duration,
}

/// Reads `CLOCK_BOOTTIME`. `Instant` reads `CLOCK_MONOTONIC`, which does not count the time in suspend, so that after a
/// suspend a write could be sent although its send window is over.
#[cfg(target_os = "linux")]
fn boot_time() -> Duration {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    Duration::new(
        u64::try_from(now.tv_sec).unwrap_or(0),
        u32::try_from(now.tv_nsec).unwrap_or(0),
    )
}

/// Reads `Instant`, the closest substitute in the standard library.
#[cfg(not(target_os = "linux"))]
fn boot_time() -> Duration {
    static ORIGIN: std::sync::LazyLock<std::time::Instant> =
        std::sync::LazyLock::new(std::time::Instant::now);
    ORIGIN.elapsed()
}

impl SystemClock {
    /// A clock whose steady time starts now.
    #[must_use]
    pub fn new() -> Self {
        Self { start: boot_time() }
    }

    /// A new clock as a [`SharedClock`].
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
        reason = "the only place that reads the ambient clock"
    )]
    fn wall(&self) -> Timestamp {
        Timestamp::now()
    }

    fn steady(&self) -> Duration {
        boot_time().saturating_sub(self.start)
    }
}

/// A clock for tests: the time of day can jump, as with `date -s` or an NTP step, and steady time can be
/// advanced.
#[derive(Debug)]
pub struct ManualClock {
    inner: Option<SystemClock>,
    start: Timestamp,
    offset_ms: std::sync::atomic::AtomicI64,
    steady_extra_ms: std::sync::atomic::AtomicU64,
}

impl ManualClock {
    /// A clock that follows the machine until a test moves it.
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

    /// Moves the time of day; steady time is unaffected.
    pub fn jump_wall(&self, by: jiff::SignedDuration) {
        let ms = i64::try_from(by.as_millis()).unwrap_or(0);
        self.offset_ms
            .fetch_add(ms, std::sync::atomic::Ordering::Relaxed);
    }

    /// Advances steady time.
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

    /// The kernel measures its uptime with the clock that advances in suspend.
    #[cfg(target_os = "linux")]
    #[test]
    fn steady_time_is_the_time_since_boot() {
        let uptime = || -> Duration {
            let text = std::fs::read_to_string("/proc/uptime").unwrap();
            let seconds = text.split(' ').next().unwrap().parse().unwrap();
            Duration::from_secs_f64(seconds)
        };
        let clock = SystemClock::new();
        let (before, now, after) = (uptime(), clock.start + clock.steady(), uptime());
        // `/proc/uptime` has a resolution of 10 ms.
        let rounding = Duration::from_millis(10);
        assert!(
            before <= now && now <= after + rounding,
            "{before:?} {now:?} {after:?}"
        );
    }

    #[test]
    fn a_jump_of_the_wall_clock_does_not_affect_steady_time() {
        let clock = ManualClock::new();
        let (wall, steady) = (clock.wall(), clock.steady());
        clock.jump_wall(jiff::SignedDuration::from_hours(1));
        assert!(clock.wall().duration_since(wall) >= jiff::SignedDuration::from_mins(60));
        assert!(clock.steady() - steady < Duration::from_secs(60));
    }
}
