//! Named points of a write at which a test can have the process killed, stopped or slowed down. Debug
//! builds only.
//!
//! `GATEWAY_KILL_POINT=answered` sends this process SIGKILL when it gets there;
//! `GATEWAY_PAUSE_POINT=sending` sends it SIGSTOP, and it goes on from there when it is continued.
//! `save_commit#2` means the second time. Each strikes once. `GATEWAY_SLOW_POINT=save_commit` takes
//! [`SLOW`] there each time.

/// A slow commit. A change may wait for the commit before its own: both together leave a write time to
/// be sent.
#[cfg(all(debug_assertions, unix))]
const SLOW: std::time::Duration = std::time::Duration::from_millis(400);

/// A point, in the order in which a write comes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Before the journal is asked to take an operation.
    BeforeAccept,
    /// In the writer, before the COMMIT of a transaction that takes an operation.
    AcceptCommit,
    /// In the writer, after that COMMIT and before it is acknowledged.
    AcceptCommitted,
    /// The journal has acknowledged the operation.
    Accepted,
    /// The permit is there; the compare-and-set comes next.
    Ready,
    /// In the writer, before the COMMIT of a transaction that changes an operation: the first of a
    /// write turns it `sending`.
    SaveCommit,
    /// In the writer, after that COMMIT and before it is acknowledged.
    SaveCommitted,
    /// The compare-and-set is acknowledged; the send comes next.
    Sending,
    /// The send has ended, one way or another.
    Answered,
    /// What the answer means is decided; nothing of it is written down.
    Concluded,
    /// The one look that an answer may need is made; nothing of it is written down.
    Checked,
    /// The answer settled the operation, and that is written down.
    Settled,
    /// The operation is written down as `unknown`.
    Unknown,
    /// A sweep has found an operation that its process left open.
    Sweeping,
    /// The reconciler has looked; nothing of it is written down.
    Looked,
    /// What the look led to is written down.
    Weighed,
}

#[cfg(all(debug_assertions, unix))]
impl Point {
    fn name(self) -> &'static str {
        match self {
            Self::BeforeAccept => "before_accept",
            Self::AcceptCommit => "accept_commit",
            Self::AcceptCommitted => "accept_committed",
            Self::Accepted => "accepted",
            Self::Ready => "ready",
            Self::SaveCommit => "save_commit",
            Self::SaveCommitted => "save_committed",
            Self::Sending => "sending",
            Self::Answered => "answered",
            Self::Concluded => "concluded",
            Self::Checked => "checked",
            Self::Settled => "settled",
            Self::Unknown => "unknown",
            Self::Sweeping => "sweeping",
            Self::Looked => "looked",
            Self::Weighed => "weighed",
        }
    }
}

/// Kills, stops or slows this process down if the environment says so.
#[cfg(all(debug_assertions, unix))]
pub(crate) async fn reach(point: Point) {
    use std::sync::LazyLock;

    use rustix::process::{Signal, getpid, kill_process};

    static KILL: LazyLock<Option<Wanted>> = LazyLock::new(|| Wanted::read("GATEWAY_KILL_POINT"));
    static SLOWED: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::var("GATEWAY_SLOW_POINT").ok());
    if SLOWED.as_deref() == Some(point.name()) {
        tokio::time::sleep(SLOW).await;
    }
    static PAUSE: LazyLock<Option<Wanted>> = LazyLock::new(|| Wanted::read("GATEWAY_PAUSE_POINT"));
    if KILL.as_ref().is_some_and(|wanted| wanted.is(point)) {
        // Nothing after it runs; where it cannot be sent the test sees the process alive.
        let _ = kill_process(getpid(), Signal::KILL);
    }
    if PAUSE.as_ref().is_some_and(|wanted| wanted.is(point)) {
        use tokio::signal::unix::{SignalKind, signal};
        // A stop takes effect a moment after its signal is sent: without waiting for the end of it
        // this task might still run on.
        if let Ok(mut continued) = signal(SignalKind::from_raw(Signal::CONT.as_raw())) {
            tracing::warn!(point = point.name(), "stopping here until continued");
            let _ = kill_process(getpid(), Signal::STOP);
            continued.recv().await;
        }
    }
}

/// Does nothing in a release build.
#[cfg(not(all(debug_assertions, unix)))]
#[expect(clippy::unused_async, reason = "a debug build waits here")]
pub(crate) async fn reach(_point: Point) {}

/// The point that the environment names, and how often it is to be passed before.
#[cfg(all(debug_assertions, unix))]
struct Wanted {
    name: String,
    left: std::sync::atomic::AtomicU32,
}

#[cfg(all(debug_assertions, unix))]
impl Wanted {
    fn read(variable: &str) -> Option<Self> {
        let value = std::env::var(variable).ok()?;
        let (name, time) = value.split_once('#').unwrap_or((&value, "1"));
        Some(Self {
            name: name.to_owned(),
            left: time.parse().unwrap_or(1).into(),
        })
    }

    /// Counts this passing in.
    fn is(&self, point: Point) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        let one_less = |left: u32| left.checked_sub(1);
        point.name() == self.name && self.left.fetch_update(Relaxed, Relaxed, one_less) == Ok(1)
    }
}
