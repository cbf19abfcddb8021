//! Captures everything that a process logs. A log belongs to a process, so such a test runs in a child process.

use std::io::Write;
use std::sync::{Arc, Mutex};

use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::fmt::format::FmtSpan;

/// Set in the child process.
const CHILD: &str = "GATEWAY_TEST_LOGGED";

/// Configuration of a gateway whose whole log is captured, which takes time.
pub(crate) const SLOW: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "3s"),
    ("GATEWAY__TOP__CONNECT_TIMEOUT", "2500ms"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "3s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "3s"),
];

/// The log lines of all crates.
#[derive(Clone, Default)]
pub(crate) struct Captured(Arc<Mutex<Vec<u8>>>);

impl Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Captured {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Captured {
    /// Captures the log of this process from now on; `None` if it is not the child process of [`passes_in_a_child`].
    pub(crate) fn in_the_child() -> Option<Self> {
        std::env::var_os(CHILD)?;
        let log = Self::default();
        // Without the gateway's cap on third-party crates: every crate, every level, every thread, and the records of the
        // `log` crate.
        tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_span_events(FmtSpan::FULL)
            .with_ansi(false)
            .with_writer(log.clone())
            .init();
        Some(log)
    }

    /// The bytes so far.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().clone()
    }
}

/// Where the part begins.
fn find(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).position(|window| window == part)
}

pub(crate) fn holds(bytes: &[u8], part: &[u8]) -> bool {
    find(bytes, part).is_some()
}

/// The bytes of this place do not contain the secret. A failure shows what surrounds it.
pub(crate) fn assert_absent(place: &str, bytes: &[u8], secret: &[u8]) {
    if let Some(at) = find(bytes, secret) {
        let around = &bytes[at.saturating_sub(400)..(at + 200).min(bytes.len())];
        panic!("{place}: …{}…", String::from_utf8_lossy(around));
    }
}

/// Runs an ignored test of this binary in a child process, where it must pass.
pub(crate) fn passes_in_a_child(test: &str) {
    let own = std::env::current_exe().unwrap();
    let ended = std::process::Command::new(own)
        .args([test, "--exact", "--ignored"])
        .env(CHILD, "1")
        .output()
        .unwrap();
    let stdout = String::from_utf8_lossy(&ended.stdout);
    assert!(
        ended.status.success() && stdout.contains("1 passed"),
        "{stdout}"
    );
}
