//! Controls when the body of a write may leave, and records whether the body has left.
//!
//! All parameters of a call are in its body. As long as the HTTP client has not received the body, the call cannot be
//! executed, whatever happens to the connection. So the connection of a write is opened, and the request head may be
//! sent, while the body is still held back.

use std::time::Duration;

use tokio::sync::watch;

use super::call::NotSent;
use crate::clock::SharedClock;

/// The state of one body, shared by all parts of the send: the HTTP client asks for the body, the sender releases it,
/// and any part may withhold it. The first decision, left or withheld, is final.
#[derive(Clone, Debug)]
pub struct Departure {
    clock: SharedClock,
    state: watch::Sender<State>,
}

#[derive(Debug, Default)]
struct State {
    /// The HTTP client has asked for the body: the connection is open.
    asked: bool,
    /// Steady time after which the body may no longer leave; `None` before it is released.
    send_before: Option<Duration>,
    end: Option<End>,
}

#[derive(Clone, Debug)]
enum End {
    Left,
    Withheld(NotSent),
}

// === impl Departure ===

impl Departure {
    /// A body that is held back.
    #[must_use]
    pub fn new(clock: SharedClock) -> Self {
        Self {
            clock,
            state: watch::Sender::default(),
        }
    }

    /// Allows the body to leave, but not after this steady time.
    pub fn release(&self, send_before: Duration) {
        self.state
            .send_modify(|state| state.send_before = Some(send_before));
    }

    /// Withholds the body for good. Returns the reason why it is never sent, or `None` if it may have left.
    #[must_use]
    pub fn withhold(&self, why: NotSent) -> Option<NotSent> {
        match self.end(|_| End::Withheld(why)) {
            End::Left => None,
            End::Withheld(why) => Some(why),
        }
    }

    /// Waits until the HTTP client asks for the body.
    pub(super) async fn asked(&self) {
        self.until(|state| state.asked).await;
    }

    /// Waits until the body is released.
    pub(super) async fn released(&self) {
        self.until(|state| state.send_before.is_some()).await;
    }

    /// Waits until the body may leave, and marks it as left.
    ///
    /// # Errors
    /// The reason why the body must not leave.
    pub(super) async fn leave(self) -> Result<(), NotSent> {
        self.ask().await;
        self.try_leave()
    }

    /// Asks for the body, as a transport with an open connection does, and waits for the decision.
    pub async fn ask(&self) {
        self.state.send_modify(|state| state.asked = true);
        self.until(|state| state.send_before.is_some() || state.end.is_some())
            .await;
    }

    /// Marks the body as left, if it may leave now.
    ///
    /// # Errors
    /// The reason why the body must not leave.
    pub fn try_leave(&self) -> Result<(), NotSent> {
        let now = self.clock.steady();
        match self.end(|state| match state.send_before {
            Some(before) if now <= before => End::Left,
            Some(_) | None => End::Withheld(NotSent::TooLate),
        }) {
            End::Left => Ok(()),
            End::Withheld(why) => Err(why),
        }
    }

    /// Returns the existing decision, or makes this one.
    fn end(&self, otherwise: impl FnOnce(&State) -> End) -> End {
        let mut end = End::Left;
        self.state.send_modify(|state| {
            let decided = state.end.take().unwrap_or_else(|| otherwise(state));
            end = decided.clone();
            state.end = Some(decided);
        });
        end
    }

    async fn until(&self, what: impl FnMut(&State) -> bool) {
        // Cannot fail: this value owns the sender.
        let _ = self.state.subscribe().wait_for(what).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::{Clock, ManualClock};
    use futures::FutureExt;
    use std::sync::Arc;

    const SECOND: Duration = Duration::from_secs(1);

    fn departure() -> (Arc<ManualClock>, Departure) {
        let clock = Arc::new(ManualClock::new());
        (clock.clone(), Departure::new(clock))
    }

    #[test]
    fn a_body_leaves_only_after_its_release() {
        let (clock, departure) = departure();
        let mut leaving = Box::pin(departure.clone().leave());
        assert!((&mut leaving).now_or_never().is_none());
        departure.release(clock.steady() + SECOND);
        assert_eq!(leaving.now_or_never(), Some(Ok(())));
        assert_eq!(departure.withhold(NotSent::Broken), None);
    }

    #[test]
    fn a_body_requested_after_its_time_never_leaves() {
        let (clock, departure) = departure();
        departure.release(clock.steady() + SECOND);
        clock.advance_steady(2 * SECOND);
        let left = departure.clone().leave().now_or_never();
        assert_eq!(left, Some(Err(NotSent::TooLate)));
        departure.release(clock.steady() + SECOND);
        assert_eq!(departure.withhold(NotSent::Broken), Some(NotSent::TooLate));
    }

    #[test]
    fn a_withheld_body_never_leaves() {
        let (clock, departure) = departure();
        let withheld = departure.withhold(NotSent::Broken);
        assert_eq!(withheld, Some(NotSent::Broken));
        departure.release(clock.steady() + SECOND);
        let left = departure.leave().now_or_never();
        assert_eq!(left, Some(Err(NotSent::Broken)));
    }
}
