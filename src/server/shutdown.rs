//! The two stages of an end: the first signal asks, the second insists.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two stages of an end. Clones share them.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Take no new work and end what is under way.
    pub soft: CancellationToken,
    /// Stop at once.
    pub hard: CancellationToken,
}

impl Shutdown {
    /// A shutdown that nobody has asked for.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// SIGTERM or SIGINT cancels `soft`, the next of either cancels `hard`.
    ///
    /// # Errors
    /// When the process cannot listen to signals.
    pub fn on_signals() -> io::Result<Self> {
        let shutdown = Self::new();
        let mut terminate = signal(SignalKind::terminate())?;
        let mut interrupt = signal(SignalKind::interrupt())?;
        let Self { soft, hard } = shutdown.clone();
        tokio::spawn(async move {
            for (token, what) in [
                (soft, "asked to stop; a second signal stops at once"),
                (hard, "asked again; stopping at once"),
            ] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("{what}");
                token.cancel();
            }
        });
        Ok(shutdown)
    }
}
