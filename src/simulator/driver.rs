//! Ages what is due, so that messages come although nobody reads an order, and leases end.

use std::time::Duration;

use super::Simulator;

/// Maximum number of orders, refunds and changes that are aged while the state is locked.
const BATCH: usize = 256;
/// The longest sleep while something is due later: an injected clock may advance without a notice.
const MAX_SLEEP: Duration = Duration::from_millis(50);
const MIN_SLEEP: Duration = Duration::from_millis(1);

/// Runs until the simulator closes.
pub(super) async fn run(simulator: &Simulator) {
    loop {
        // Waits only once nothing is due any more; the guard of the state publishes what has happened.
        while simulator.state().ledger.age_due(BATCH) == BATCH {
            tokio::task::yield_now().await;
        }
        let due = simulator.state().next_due();
        let now = simulator.config().clock.steady();
        let pause = async {
            match due {
                Some(due) => {
                    let left = due.saturating_sub(now);
                    tokio::time::sleep(left.clamp(MIN_SLEEP, MAX_SLEEP)).await;
                }
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = pause => {}
            () = simulator.inner.due_changed.notified() => {}
            () = simulator.inner.closing.cancelled() => return,
        }
    }
}
