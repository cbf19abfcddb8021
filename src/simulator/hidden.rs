//! Effects that lookups do not show yet (`late_visibility`).

use std::time::Duration;

/// Hides the current progress `P` of an order, refund or change from lookups.
#[derive(Debug, Clone)]
pub(super) struct Hidden<P> {
    /// What lookups see instead; None: the object does not exist for them.
    before: Option<P>,
    until: Duration,
    /// If set, hiding ends after this number of lookups instead of at `until`.
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

/// Hides an effect, unless one is already hidden.
pub(super) fn hide_early<P>(hidden: &mut Option<Hidden<P>>, new: Hidden<P>, steady: Duration) {
    let hiding = hidden
        .as_ref()
        .is_some_and(|hiding| !hiding.is_over(steady));
    if !hiding {
        *hidden = Some(new);
    }
}

/// What a lookup sees. Counts one lookup, and clears `hidden` once hiding has ended.
pub(super) fn look_up<P: Clone>(
    hidden: &mut Option<Hidden<P>>,
    now: &P,
    steady: Duration,
) -> Option<P> {
    match hidden {
        Some(hiding) if !hiding.is_over(steady) => {
            hiding.lookups = hiding.lookups.map(|left| left - 1);
            hiding.before.clone()
        }
        Some(_) | None => {
            *hidden = None;
            Some(now.clone())
        }
    }
}

/// What a lookup of another object sees. Does not count a lookup.
pub(super) fn peek<'a, P>(
    hidden: &'a Option<Hidden<P>>,
    now: &'a P,
    steady: Duration,
) -> Option<&'a P> {
    match hidden {
        Some(hiding) if !hiding.is_over(steady) => hiding.before.as_ref(),
        Some(_) | None => Some(now),
    }
}
