//! Named points of a write at which a test can kill, stop or slow down the process. Debug builds only.
//!
//! `GATEWAY_KILL_POINT=answered` sends SIGKILL to this process at that point;
//! `GATEWAY_PAUSE_POINT=sending` sends SIGSTOP, and the process resumes there on SIGCONT.
//! `save_commit#2` means the second time that the point is reached. Each of the two variables acts once.
//! `GATEWAY_SLOW_POINT=save_commit` delays that point by [`SLOW`] each time.

/// The delay of a slow commit. An update may also wait for the previous commit; two delays still leave time
/// to send the write.
#[cfg(all(debug_assertions, unix))]
const SLOW: std::time::Duration = std::time::Duration::from_millis(400);

/// The points, in the order in which a write passes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Point {
    /// Before the journal accepts an operation.
    BeforeAccept,
    /// In the writer, before the COMMIT of a transaction that accepts an operation.
    AcceptCommit,
    /// In the writer, after that COMMIT and before it is acknowledged.
    AcceptCommitted,
    /// The journal has acknowledged the operation.
    Accepted,
    /// The permit is acquired; the compare-and-set comes next.
    Ready,
    /// In the writer, before the COMMIT of a transaction that updates an operation: the first one of a
    /// write sets it to `sending`.
    SaveCommit,
    /// In the writer, after that COMMIT and before it is acknowledged.
    SaveCommitted,
    /// The compare-and-set is acknowledged; the send comes next.
    Sending,
    /// The send has ended, with or without a response.
    Answered,
    /// The response is classified; the result is not yet saved.
    Concluded,
    /// The lookup that a response may need has finished; its finding is not yet saved.
    Checked,
    /// The response settled the operation, and the new state is saved.
    Settled,
    /// The operation is saved as `unknown`.
    Unknown,
    /// A sweep has found a stale operation.
    Sweeping,
    /// A lookup of the reconciler has finished; its finding is not yet saved.
    LookupDone,
    /// The result of the lookup is saved.
    LookupSaved,
    /// Messages of TOP were received; the inbox comes next.
    MessageReceived,
    /// In the writer, before the COMMIT of a transaction with messages of TOP.
    InboxCommit,
    /// In the writer, after that COMMIT and before it is acknowledged.
    InboxCommitted,
    /// The messages are committed, and not yet confirmed.
    BeforeConfirm,
    /// A message is confirmed.
    Confirmed,
    /// An event is due for a webhook, and not yet sent.
    DeliveryDue,
    /// The event was sent to the webhook; the attempt is not yet recorded.
    DeliverySent,
    /// TOP has issued a session; it is not yet stored.
    SessionIssued,
    /// In the writer, before the COMMIT of a transaction that stores a session.
    SessionCommit,
    /// In the writer, after that COMMIT and before it is acknowledged.
    SessionCommitted,
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
            Self::LookupDone => "lookup_done",
            Self::LookupSaved => "lookup_saved",
            Self::MessageReceived => "message_received",
            Self::InboxCommit => "inbox_commit",
            Self::InboxCommitted => "inbox_committed",
            Self::BeforeConfirm => "before_confirm",
            Self::Confirmed => "confirmed",
            Self::DeliveryDue => "delivery_due",
            Self::DeliverySent => "delivery_sent",
            Self::SessionIssued => "session_issued",
            Self::SessionCommit => "session_commit",
            Self::SessionCommitted => "session_committed",
        }
    }
}

/// Kills, stops or slows down this process at this point if an environment variable names it.
#[cfg(all(debug_assertions, unix))]
pub(crate) async fn reach(point: Point) {
    use std::sync::LazyLock;

    use rustix::process::{Signal, getpid, kill_process};

    static KILL: LazyLock<Option<Trigger>> = LazyLock::new(|| Trigger::read("GATEWAY_KILL_POINT"));
    static SLOWED: LazyLock<Option<String>> =
        LazyLock::new(|| std::env::var("GATEWAY_SLOW_POINT").ok());
    if SLOWED.as_deref() == Some(point.name()) {
        tokio::time::sleep(SLOW).await;
    }
    static PAUSE: LazyLock<Option<Trigger>> =
        LazyLock::new(|| Trigger::read("GATEWAY_PAUSE_POINT"));
    if KILL.as_ref().is_some_and(|trigger| trigger.fires(point)) {
        // Nothing runs after this; if the signal cannot be sent, the test sees the process alive.
        let _ = kill_process(getpid(), Signal::KILL);
    }
    if PAUSE.as_ref().is_some_and(|trigger| trigger.fires(point)) {
        use tokio::signal::unix::{SignalKind, signal};
        // SIGSTOP takes effect a moment after it is sent, so wait for SIGCONT; otherwise this task might
        // continue before the stop.
        if let Ok(mut continued) = signal(SignalKind::from_raw(Signal::CONT.as_raw())) {
            tracing::warn!(point = point.name(), "stopping here until SIGCONT");
            let _ = kill_process(getpid(), Signal::STOP);
            continued.recv().await;
        }
    }
}

/// Does nothing in a release build.
#[cfg(not(all(debug_assertions, unix)))]
#[expect(clippy::unused_async, reason = "a debug build waits here")]
pub(crate) async fn reach(_point: Point) {}

/// The point named in the environment, and how many more times it must be reached before the trigger acts.
#[cfg(all(debug_assertions, unix))]
struct Trigger {
    name: String,
    left: std::sync::atomic::AtomicU32,
}

#[cfg(all(debug_assertions, unix))]
impl Trigger {
    fn read(variable: &str) -> Option<Self> {
        let value = std::env::var(variable).ok()?;
        let (name, time) = value.split_once('#').unwrap_or((&value, "1"));
        Some(Self {
            name: name.to_owned(),
            left: time.parse().unwrap_or(1).into(),
        })
    }

    /// Counts each time the point is reached; true if the trigger must act now.
    fn fires(&self, point: Point) -> bool {
        use std::sync::atomic::Ordering::Relaxed;
        let one_less = |left: u32| left.checked_sub(1);
        point.name() == self.name && self.left.fetch_update(Relaxed, Relaxed, one_less) == Ok(1)
    }
}
