//! When a delivery is attempted again, when it is given up, and when its webhook is paused.

use std::time::Duration;

use jiff::Timestamp;

use super::{Attempt, Delivery, DeliveryState, Outcome, Webhook, WebhookState};
use crate::domain::operation::{EventKind, NewEvent};

/// The schedule of attempts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retries {
    /// The pause after the first failed attempt. Each further pause is three times as long.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
    /// A delivery is given up when its attempts have failed for so long.
    pub give_up_after: Duration,
    /// A webhook is paused when all of its attempts have failed for so long.
    pub pause_after: Duration,
}

/// If so many deliveries fail at their first attempt without a success in between, the endpoint is taken to be down: one
/// delivery at a time is attempted, until one succeeds. Further attempts do not count, because a single event may be refused
/// again and again.
const DOWN_AFTER: i64 = 5;
/// The pause between two attempts at an endpoint that is down grows from `first` to this.
const LONGEST_PROBE: Duration = Duration::from_mins(5);
/// The longest `Retry-After` that counts.
const LONGEST_RETRY_AFTER: Duration = Duration::from_hours(1);
/// A pause is longer by up to this part of itself, so that deliveries that failed together are spread.
const SPREAD: u32 = 4;

/// What an attempt changes.
#[derive(Clone, Debug, PartialEq)]
pub struct AfterAttempt {
    /// The new row of the delivery.
    pub delivery: Delivery,
    /// The new row of the webhook, if it changes.
    pub webhook: Option<Webhook>,
    /// The endpoint works again: the deliveries that were first attempted at this time or later are due now.
    pub recovered_since: Option<Timestamp>,
    /// Events for the owner.
    pub events: Vec<NewEvent>,
}

/// Decides what an attempt changes. `None` if the attempt is outdated: the delivery has ended, or another attempt was
/// recorded. `chance` is a random number that spreads the pauses. `kind` is the type of the event.
#[must_use]
pub fn after_attempt(
    webhook: &Webhook,
    delivery: &Delivery,
    attempt: &Attempt,
    kind: EventKind,
    retries: &Retries,
    chance: u32,
) -> Option<AfterAttempt> {
    if delivery.state != DeliveryState::Pending || attempt.number != delivery.attempts + 1 {
        return None;
    }
    let end = attempt.end();
    let is_first = delivery.first_attempt_at.is_none();
    let mut delivery = Delivery {
        attempts: attempt.number,
        first_attempt_at: delivery.first_attempt_at.or(Some(attempt.at)),
        last_attempt_at: Some(attempt.at),
        ..delivery.clone()
    };
    // An attempt that began before the webhook was resumed or got another address says nothing about its endpoint now.
    let counts = webhook.resumed_at.is_none_or(|since| since <= attempt.at);
    if attempt.result.outcome == Outcome::Delivered {
        end_as(&mut delivery, DeliveryState::Delivered, end);
        let failing_since = webhook.failing_since.filter(|_| counts);
        return Some(AfterAttempt {
            // A delivery that keeps failing began earlier than the next series of failures, so it is due early only once.
            recovered_since: failing_since,
            webhook: failing_since.map(|_| Webhook {
                revision: webhook.revision + 1,
                failures: 0,
                failing_since: None,
                ..webhook.clone()
            }),
            delivery,
            events: Vec::new(),
        });
    }
    let has_failed_for = |since: Option<Timestamp>, long: Duration| {
        since.is_some_and(|since| after(since, long) <= end)
    };
    let is_gone = attempt.result.outcome == Outcome::Gone;
    let mut events = Vec::new();
    let mut changed = None;
    if counts {
        let is_down = webhook.is_down();
        let mut webhook = Webhook {
            revision: webhook.revision + 1,
            failures: webhook.failures + i64::from(is_first || is_down),
            failing_since: webhook.failing_since.or(Some(attempt.at)),
            ..webhook.clone()
        };
        // There may have been no attempt for long, so the first one of a delivery alone does not decide.
        let has_failed = has_failed_for(webhook.failing_since, retries.pause_after);
        let is_failing = has_failed && (!is_first || is_down);
        if webhook.state == WebhookState::Active && (is_gone || is_failing) {
            webhook.state = WebhookState::AutoPaused;
            webhook.version += 1;
            events.push(webhook.paused(end));
        }
        changed = Some(webhook);
    }
    // After a pause the webhook gets the whole time again.
    let since = delivery.first_attempt_at.max(webhook.resumed_at);
    if has_failed_for(since, retries.give_up_after) && !is_gone {
        end_as(&mut delivery, DeliveryState::Dead, end);
        // An event about a webhook that is undeliverable is not reported, because the report could be undeliverable, too.
        if !matches!(
            kind,
            EventKind::WebhookUndelivered | EventKind::WebhookPaused
        ) {
            events.push(undelivered(&delivery));
        }
    } else {
        let in_this_round = retries.pause(delivery.attempts, attempt.result.retry_after, chance);
        let last = since.map(|since| after(since, retries.give_up_after));
        let next = after(end, in_this_round);
        // The last attempt is at the end of the time.
        let next = last
            .filter(|last| *last > end)
            .map_or(next, |last| next.min(last));
        // Without a time it waits for an earlier delivery, which became pending again during the attempt.
        delivery.next_attempt_at = delivery.next_attempt_at.map(|_| next);
    }
    Some(AfterAttempt {
        delivery,
        webhook: changed,
        recovered_since: None,
        events,
    })
}

fn end_as(delivery: &mut Delivery, state: DeliveryState, at: Timestamp) {
    delivery.state = state;
    delivery.next_attempt_at = None;
    delivery.ended_at = Some(at);
}

/// The event for the owner that a delivery was given up.
fn undelivered(delivery: &Delivery) -> NewEvent {
    NewEvent {
        kind: EventKind::WebhookUndelivered,
        subject: delivery.webhook.to_string(),
        fact: format!("{}/{}", delivery.sequence, delivery.attempts),
    }
}

fn after(time: Timestamp, pause: Duration) -> Timestamp {
    time.checked_add(pause).unwrap_or(Timestamp::MAX)
}

// === impl Retries ===

/// As in the built-in configuration.
impl Default for Retries {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(5),
            longest: Duration::from_hours(1),
            give_up_after: Duration::from_hours(72),
            pause_after: Duration::from_hours(5 * 24),
        }
    }
}

impl Retries {
    /// The pause after this many attempts.
    fn pause(&self, attempts: i64, retry_after: Option<Duration>, chance: u32) -> Duration {
        let earlier = u32::try_from(attempts - 1).unwrap_or(u32::MAX);
        let factor = 3_u32.saturating_pow(earlier);
        let planned = self.first.saturating_mul(factor).min(self.longest);
        let asked = retry_after.unwrap_or_default().min(LONGEST_RETRY_AFTER);
        spread(planned.max(asked), chance)
    }

    /// The pause between the last failed attempt at an endpoint that is down and the next attempt.
    #[must_use]
    pub fn probe_pause(&self, webhook: &Webhook, chance: u32) -> Duration {
        let more = u32::try_from(webhook.failures - DOWN_AFTER).unwrap_or(0);
        let factor = 2_u32.saturating_pow(more);
        spread(self.first.saturating_mul(factor).min(LONGEST_PROBE), chance)
    }
}

/// The pause, longer by a random part.
fn spread(pause: Duration, chance: u32) -> Duration {
    pause + (pause / SPREAD).mul_f64(f64::from(chance) / f64::from(u32::MAX))
}

// === impl Attempt ===

impl Attempt {
    /// When it ended.
    #[must_use]
    pub fn end(&self) -> Timestamp {
        after(self.at, self.took)
    }
}

// === impl Webhook ===

impl Webhook {
    /// Whether the endpoint is taken to be down.
    #[must_use]
    pub fn is_down(&self) -> bool {
        self.failures >= DOWN_AFTER
    }
}

#[cfg(test)]
mod tests;
