//! Applies a lookup to its operation. The pure function [`decide`] determines the next step.

use std::time::Duration;

use super::decide::{Before, Later, Moment, Step, confirming_pause, decide, waited};
use super::evidence::Finding;
use super::lookup::Lookup;
use crate::domain::operation::{
    Attention, EventKind, Failure, NewEvent, Operation, Standing, State,
};
use crate::kill_point::{Point, reach};
use crate::operations::service::{Changed, Note, Operations, Settlement, millis};
use crate::operations::upstream::NO_ACCOUNT;
use crate::store::JournalError;
use crate::top::client::ReadOptions;

/// The pause between lookups of an operation that waits for a person is this many times the longest usual pause.
const SLOWER: u32 = 12;

// === impl Operations ===

impl Operations {
    /// Looks up an operation and applies the finding. Returns whether the result was saved.
    pub(in crate::operations) async fn look_up_again(&self, mut operation: Operation) -> bool {
        if operation.state().is_settled() {
            // The operation is watched. The effect of a later operation on the subject does not contradict it.
            match self.later(&operation).await {
                Ok(Later::Nothing | Later::HasAnotherNumber) => {}
                Ok(Later::Explains(later)) => {
                    let written = self.yield_to_later(&mut operation, later).await;
                    return was_written(&operation, written);
                }
                Err(_) => return false,
            }
        }
        let options = if operation.state().is_settled() {
            ReadOptions::WATCH
        } else {
            ReadOptions::LOOKUP
        };
        let mut moment = self.moment(&operation);
        let lookup = if self.upstream.has_account(&operation.account) {
            tokio::select! {
                biased;
                lookup = self.controlled_lookup(&operation, options, &mut moment) => lookup,
                // A lookup changes nothing, so a stop need not wait for it.
                () = self.stopping.cancelled() => Lookup::cut_short(),
            }
        } else {
            Lookup::nothing(NO_ACCOUNT)
        };
        reach(Point::LookupDone).await;
        if let Some(pause) = lookup.not_made {
            return self.postpone_lookup(&mut operation, &moment, pause).await;
        }
        let written = self.apply_lookup(&mut operation, lookup, &moment).await;
        reach(Point::LookupSaved).await;
        written
    }

    /// Makes a lookup, and looks up a control if the decision needs one.
    async fn controlled_lookup(
        &self,
        operation: &Operation,
        options: ReadOptions<'static>,
        moment: &mut Moment,
    ) -> Lookup {
        let mut lookup = self.look_up(operation, moment, options).await;
        let patience = &self.settings.patience;
        let (_, step) = decide(&Before::of(operation), &lookup.finding, moment, patience);
        if lookup.not_made.is_none() && step == Step::TryControl {
            self.try_control(operation, options, &mut lookup, moment)
                .await;
        }
        lookup
    }

    /// Counts a lookup and applies the next step. Returns whether the result was saved.
    pub(in crate::operations) async fn apply_lookup(
        &self,
        operation: &mut Operation,
        lookup: Lookup,
        moment: &Moment,
    ) -> bool {
        let written = self.try_apply_lookup(operation, &lookup, moment).await;
        was_written(operation, written)
    }

    async fn try_apply_lookup(
        &self,
        operation: &mut Operation,
        lookup: &Lookup,
        moment: &Moment,
    ) -> Result<(), JournalError> {
        let claim = operation.claim;
        let mut is_woken = false;
        loop {
            // The operation has succeeded since the lookup began. What a message decided confirms nothing.
            if operation.state() == State::Succeeded && lookup.by_message {
                return Ok(());
            }
            let found = matches!(lookup.finding, Finding::Happened(_) | Finding::Differs(..));
            if operation.state().is_settled() && found {
                // Checked after the lookup and again for each revision of the row, because a later
                // operation may have been sent meanwhile.
                match self.later(operation).await? {
                    Later::Explains(later) => return self.yield_to_later(operation, later).await,
                    // The operation is still due, and its next lookup takes the later operation into account.
                    Later::HasAnotherNumber if !lookup.by_number_only => return Ok(()),
                    Later::HasAnotherNumber | Later::Nothing => {}
                }
            }
            let changed = self.change(operation, |row| {
                let note = self.count_in(row, lookup, moment);
                if is_woken {
                    // This lookup may have read what was there before the message.
                    row.next_look_at = row.next_look_at.map(|at| at.min(self.store_ms()));
                }
                Some(note)
            });
            match changed.await? {
                Changed::Done | Changed::Declined => return Ok(()),
                // The response to the send arrived during the lookup. This lookup began earlier, so it can
                // neither confirm nor contradict the response; the next lookup can.
                Changed::Stale if operation.claim != claim => return Ok(()),
                // A message of TOP has made another lookup due.
                Changed::Stale => {
                    let now = self.store_ms();
                    is_woken |= operation.next_look_at.is_some_and(|at| at <= now);
                }
            }
        }
    }

    /// Writes a lookup and the next step into the row.
    fn count_in(&self, row: &mut Operation, lookup: &Lookup, moment: &Moment) -> Note {
        let (findings, step) = decide(
            &Before::of(row),
            &lookup.finding,
            moment,
            &self.settings.patience,
        );
        let differs_from_last = row.findings.last != findings.last;
        let count = findings.lookups;
        row.findings = findings;
        if row.state().is_settled() {
            self.count_watched(row, &moment.anchor);
        }
        if row.state() == State::NeedsAttention {
            if row.findings.differing > 1 {
                record_difference(row, &lookup.finding);
            }
            // An object that earlier lookups did not find is found again. If it differs from the request, it
            // is recorded once two lookups agree.
            if row.contradicted
                && row.result.is_none()
                && let Finding::Happened(receipt) = &lookup.finding
            {
                row.result = Some((**receipt).clone());
            }
        }
        let text = format!("lookup {count}: {}", lookup.finding.sentence());
        let mut note = match step {
            // `TryControl` remains only if the row has changed since the lookup; the next lookup tries the
            // control.
            Step::Wait | Step::TryControl => {
                row.next_look_at = self.next_lookup(row);
                // Skip most entries of a long series of lookups with the same finding.
                let is_shown = differs_from_last || count <= 10 || count.is_multiple_of(50);
                Note::of(if is_shown { text } else { String::new() })
            }
            Step::Settle(standing, cause) => {
                let failure = cause.map(|cause| {
                    let kept = row.failure.clone().filter(|f| f.cause == cause);
                    kept.unwrap_or_else(|| Failure::of(cause))
                });
                let settlement = Settlement::by_lookup(standing, failure, lookup, text);
                self.settled(row, &settlement)
            }
            Step::Attention(why) => {
                record_difference(row, &lookup.finding);
                self.needs_attention(row, &text, why)
            }
            Step::Confirmed => {
                row.confirmed_at = Some(self.clock.wall());
                row.next_look_at = None;
                row.watch_until = None;
                record_difference(row, &lookup.finding);
                Note::of(format!("{text}; confirmed"))
            }
            Step::Explained => {
                row.next_look_at = None;
                row.watch_until = None;
                Note::of(format!(
                    "{text}; Fliggy may have done this by itself; no longer watched"
                ))
            }
            Step::Contradiction => {
                let note = self.contradict(row, &text, lookup.finding.receipt());
                row.differs = lookup.finding.differences().to_vec();
                note
            }
        };
        if lookup.proves.is_some() {
            note.proves.clone_from(&lookup.proves);
        }
        note
    }

    /// Attributes the effect to a later operation on the subject. If that operation succeeded, the watch ends;
    /// otherwise the operation is looked up again. A row that has changed meanwhile is still due.
    async fn yield_to_later(
        &self,
        operation: &mut Operation,
        later: State,
    ) -> Result<(), JournalError> {
        let later_succeeded = later == State::Succeeded;
        self.change(operation, |row| {
            if !later_succeeded {
                // The later operation may still end without effect.
                self.count_watched(row, &self.anchor());
                row.next_look_at = self.next_lookup(row);
                return Some(Note::default());
            }
            row.next_look_at.take()?;
            row.watch_until = None;
            Some(Note::of(
                "a later operation on the subject succeeded; this operation is no longer watched",
            ))
        })
        .await
        .map(drop)
    }

    fn needs_attention(&self, row: &mut Operation, text: &str, why: Attention) -> Note {
        row.standing = Standing::of(State::NeedsAttention);
        row.attention = Some(why);
        row.next_look_at = self.next_lookup(row);
        let mut note = Note::of(format!("{text}; a person must decide: {}", why.words()));
        note.events.push(NewEvent {
            kind: EventKind::OperationNeedsAttention,
            subject: row.id.to_string(),
            fact: format!("needs_attention@{}", row.version + 1),
        });
        note
    }

    /// Postpones a lookup that was not made. The pause is bounded, because a limit that upstream announces may end
    /// earlier than announced.
    async fn postpone_lookup(
        &self,
        operation: &mut Operation,
        moment: &Moment,
        pause: Duration,
    ) -> bool {
        let written = self.change(operation, |row| {
            let (findings, step) = waited(&Before::of(row), moment, &self.settings.patience);
            row.findings = findings;
            if let Step::Attention(why) = step {
                return Some(self.needs_attention(row, "no lookup could be made", why));
            }
            let pause = pause.min(self.settings.max_interval);
            row.next_look_at = Some(self.store_ms() + millis(pause));
            Some(Note::default())
        });
        let written = written.await.map(drop);
        was_written(operation, written)
    }

    /// When to look up the operation next: after growing pauses while it is open, soon if a lookup is needed for
    /// confirmation, by the schedule while it is watched, and rarely while it waits for a person.
    pub(in crate::operations) fn next_lookup(&self, row: &Operation) -> Option<i64> {
        let now = self.store_ms();
        let settings = &self.settings;
        if row.state().is_settled() {
            return self.next_watch(row, now);
        }
        let pause = if row.state() == State::NeedsAttention {
            jittered(settings.max_interval * SLOWER, row)
        } else {
            self.confirming_pause(row)
                .unwrap_or_else(|| self.back_off(row))
        };
        Some(now + millis(pause))
    }

    /// When to look up a settled operation next. A success that lookups doubt is looked up like an unknown operation
    /// until it is confirmed or contradicted. A success whose lookups were inconclusive is looked up again before the
    /// next step of the schedule, but in an outage less and less often.
    fn next_watch(&self, row: &Operation, now: i64) -> Option<i64> {
        let settings = &self.settings;
        row.watch_until?;
        let watched = i64::try_from(row.findings.watched_ms).unwrap_or(i64::MAX);
        let counted = row.findings.watched_anchor.as_ref();
        let since = counted.map_or(0, |anchor| self.steady_ms().saturating_sub(anchor.at_ms));
        let began = now - i64::try_from(since).unwrap_or(0) - watched;
        let by_schedule = next_watch(watched, settings.watch).map(|at| began + at);
        if row.state() != State::Succeeded {
            return by_schedule;
        }
        let doubted = row.findings.absent + row.findings.refuting + row.findings.differing > 0;
        if doubted {
            let pause = self.confirming_pause(row);
            return Some(now + millis(pause.unwrap_or_else(|| self.back_off(row))));
        }
        let again = now + millis(jittered(self.doubled(row), row));
        by_schedule.map(|at| at.min(again))
    }

    /// The next of the growing pauses.
    fn back_off(&self, row: &Operation) -> Duration {
        jittered(self.doubled(row).min(self.settings.max_interval), row)
    }

    /// The first pause, doubled with each lookup.
    fn doubled(&self, row: &Operation) -> Duration {
        let first = self.settings.first_look;
        first.saturating_mul(1 << row.findings.lookups.min(20))
    }

    pub(in crate::operations) fn confirming_pause(&self, row: &Operation) -> Option<Duration> {
        confirming_pause(
            row.kind(),
            row.claim,
            &row.findings,
            self.until_deadline(row),
        )
    }
}

/// Records an object that differs from the request.
fn record_difference(row: &mut Operation, finding: &Finding) {
    if let Finding::Differs(receipt, differences) = finding {
        row.result = Some((**receipt).clone());
        row.differs.clone_from(differences);
    }
}

/// The schedule of a watch, as divisors of its length: a watch of 24 hours has its lookups after 1 min, 10 min, 1 h,
/// 6 h and 24 h.
const WATCH_STEPS: [i64; 5] = [24 * 60, 24 * 6, 24, 4, 1];

/// The next step of a watch, in ms after the watch began; `elapsed` is measured in the same way.
fn next_watch(elapsed: i64, watch: Duration) -> Option<i64> {
    let steps = WATCH_STEPS.map(|part| millis(watch) / part);
    steps.into_iter().find(|at| *at > elapsed)
}

fn was_written(operation: &Operation, written: Result<(), JournalError>) -> bool {
    if let Err(error) = &written {
        tracing::error!(operation_id = %operation.id, %error, "the result of a lookup was not saved");
    }
    written.is_ok()
}

/// Varies a pause by up to a fifth, derived from the id of the operation and its number of lookups, so that lookups are
/// spread out and tests are repeatable.
fn jittered(pause: Duration, row: &Operation) -> Duration {
    let seed = row.id.uuid().as_u128() ^ u128::from(row.findings.lookups).wrapping_mul(0x9E37_79B9);
    let share = u32::try_from(seed % 400).unwrap_or(200);
    pause * (800 + share) / 1000
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn law_6_a_watch_has_five_steps() {
        let hours = |h: u64| Duration::from_hours(h);
        let mut at = 0;
        let mut steps = Vec::new();
        while let Some(next) = next_watch(at, hours(24)) {
            steps.push(next / 1000);
            // A late lookup does not delay the lookups after it.
            at = next + 5_000;
        }
        assert_eq!(steps, [60, 600, 3_600, 21_600, 86_400]);
        assert_eq!(next_watch(0, Duration::ZERO), None);
        assert_eq!(next_watch(0, hours(12)), Some(30_000));
    }
}
