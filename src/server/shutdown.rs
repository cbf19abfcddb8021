//! The two stages of a shutdown: graceful on the first signal, immediate on the second.

use std::io;

use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// The two stages of a shutdown. Clones share their state.
#[derive(Debug, Clone, Default)]
pub struct Shutdown {
    /// Accept no new work and finish work in progress.
    pub soft: CancellationToken,
    /// Stop at once.
    pub hard: CancellationToken,
}

impl Shutdown {
    /// A shutdown that has not been requested.
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
                (soft, "stopping; a second signal stops at once"),
                (hard, "second signal; stopping at once"),
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
