//! What happened and is not seen by lookups yet (`late_visibility`).

use std::time::Duration;

/// A veil over what became of something. `P` is what changes in its life.
#[derive(Debug, Clone)]
pub(super) struct Hidden<P> {
    /// What lookups see instead; none: that there is nothing at all.
    before: Option<P>,
    until: Duration,
    /// Lifted after so many lookups, whatever the time.
    lookups: Option<u32>,
}

impl<P> Hidden<P> {
    pub(super) fn new(before: Option<P>, until: Duration, lookups: Option<u32>) -> Self {
        Self {
            before,
            until,
            lookups,
        }
    }

    fn is_over(&self, steady: Duration) -> bool {
        match self.lookups {
            Some(left) => left == 0,
            None => self.until <= steady,
        }
    }
}

/// What a lookup sees; uses up one lookup of the veil, and takes it away once it is over.
pub(super) fn look<P: Clone>(
    hidden: &mut Option<Hidden<P>>,
    now: &P,
    steady: Duration,
) -> Option<P> {
    match hidden {
        Some(veil) if !veil.is_over(steady) => {
            veil.lookups = veil.lookups.map(|left| left - 1);
            veil.before.clone()
        }
        Some(_) | None => {
            *hidden = None;
            Some(now.clone())
        }
    }
}

/// What can be seen in passing, by a lookup of something else.
pub(super) fn glance<'a, P>(
    hidden: &'a Option<Hidden<P>>,
    now: &'a P,
    steady: Duration,
) -> Option<&'a P> {
    match hidden {
        Some(veil) if !veil.is_over(steady) => veil.before.as_ref(),
        Some(_) | None => Some(now),
    }
}
