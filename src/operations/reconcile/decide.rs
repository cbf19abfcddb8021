//! Decides what to do with an operation after a lookup. Pure: the reconciler reads from upstream, calls [`decide`] and
//! then acts.

use std::time::Duration;

use super::evidence::Finding;
use crate::domain::operation::{
    Anchor, Attention, Basis, Cause, Claim, Difference, Findings, Intent, Kind, Operation,
    RefusalCounts, Repetition, SessionTag, Standing, State,
};

/// The limits of lookups.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// How long the effect must be absent before the operation settles.
    pub settle_window: Duration,
    /// The same for kinds that move money.
    pub settle_window_pay: Duration,
    /// How many lookups that began after the deadline must find the effect absent.
    pub min_looks: u32,
    /// After this long without a lookup that settles the operation, a person must decide.
    pub attention_after: Duration,
}

impl Patience {
    /// The settle window of a kind.
    #[must_use]
    pub fn window(&self, kind: Kind) -> Duration {
        if kind.moves_money() {
            self.settle_window_pay
        } else {
            self.settle_window
        }
    }
}

/// What is known before the lookup.
#[derive(Clone, Copy, Debug)]
pub struct Before<'a> {
    /// The kind of write.
    pub kind: Kind,
    /// The state of the operation, with its basis.
    pub standing: Standing,
    /// What upstream claimed.
    pub claim: Claim,
    /// The cause, if upstream refused.
    pub refusal: Option<Cause>,
    /// Whether evidence has contradicted a settled state.
    pub contradicted: bool,
    /// Whether a lookup has confirmed the outcome.
    pub confirmed: bool,
    /// The findings so far.
    pub findings: &'a Findings,
}

impl<'a> Before<'a> {
    /// Takes the values from the row.
    #[must_use]
    pub fn of(row: &'a Operation) -> Self {
        Self {
            kind: row.kind(),
            standing: row.standing,
            claim: row.claim,
            refusal: row.failure.as_ref().map(|failure| failure.cause),
            contradicted: row.contradicted,
            confirmed: row.confirmed_at.is_some(),
            findings: &row.findings,
        }
    }
}

/// When and how the lookup was made.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The process and its steady time when the lookup began.
    pub anchor: Anchor,
    /// Whether the send's deadline had passed when the lookup began.
    pub after_deadline: bool,
    /// The session under which the lookup was made; none if the account is no longer configured.
    pub session: Option<SessionTag>,
    /// Whether the lookup would have found an existing object.
    pub control: Control,
}

/// Whether a lookup that found nothing would have found an existing object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Control {
    /// Not tried yet.
    Untried,
    /// A known object of the account was found in the same way, recently and under the same session.
    Found,
    /// A known object was looked up in the same way and was not found.
    NotFound,
    /// No object is known that could be looked up.
    NoneKnown,
    /// A known object could not be looked up.
    Inconclusive,
}

/// What to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Nothing yet: look up again.
    Wait,
    /// Settle the operation, with the cause if it did not succeed.
    Settle(Standing, Option<Cause>),
    /// Look up a known object in the same way, then decide.
    TryControl,
    /// A person must decide; lookups continue.
    Attention(Attention),
    /// Upstream contradicts a settled operation: reopen it, lock its subject, raise an alarm.
    Contradiction,
    /// The effect also occurs without the operation, so finding it proves nothing: stop watching.
    Explained,
    /// A lookup confirms an outcome that rested on upstream's response alone.
    Confirmed,
}

/// What later operations of the same kind on the same subject mean for the lookups of a settled one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Later {
    /// There is none.
    Nothing,
    /// The effect may be that of a later operation in this state, and nothing distinguishes the two.
    Explains(State),
    /// The effect may be that of a later operation with another number, unless it has this operation's
    /// number.
    HasAnotherNumber,
}

/// See [`Later`]. `later` is ordered from newest to oldest.
#[must_use]
pub fn later_of(intent: &Intent, later: &[(State, Intent)]) -> Later {
    let mut alike = later
        .iter()
        .filter(|(_, later)| intent.may_be_taken_for(later))
        .peekable();
    if alike.peek().is_none() {
        return Later::Nothing;
    }
    match alike.find(|(_, later)| !intent.has_another_number_than(later)) {
        Some((state, _)) => Later::Explains(*state),
        None => Later::HasAnotherNumber,
    }
}

/// Whether an earlier operation of the same kind on the subject must be looked up before the new one is sent:
/// the earlier one may have been executed, and the new one would repeat it.
#[must_use]
pub fn needs_lookup_first(new: &Intent, earlier: &Operation) -> bool {
    let kind = new.kind();
    // A write that creates nothing reads its order or change before it is sent.
    kind.creates().is_some()
        && match kind.repetition_of(earlier.kind()) {
            Repetition::InCommon => earlier.intent.may_be_taken_for(new),
            Repetition::Always => {
                earlier.standing.basis == Some(Basis::RefusedByGateway)
                    && earlier.confirmed_at.is_none()
            }
            Repetition::Never => false,
        }
}

/// Evaluates a lookup: returns the updated findings and the next step.
#[must_use]
pub fn decide(
    before: &Before<'_>,
    finding: &Finding,
    moment: &Moment,
    patience: &Patience,
) -> (Findings, Step) {
    let findings = count(before, finding, moment);
    let step = match before.standing.state {
        State::Rejected | State::NotExecuted => match finding {
            Finding::Happened(_) if before.kind.happens_by_itself() => Step::Explained,
            // The effect exists, even if it differs from the request.
            Finding::Happened(_) | Finding::Differs(..) => Step::Contradiction,
            Finding::NotHappened(_) | Finding::Refuted(..)
                if before.standing.basis == Some(Basis::RefusedByGateway) =>
            {
                Step::Confirmed
            }
            Finding::NotHappened(_) | Finding::Refuted(..) | Finding::Inconclusive(_) => Step::Wait,
        },
        State::Succeeded if !before.confirmed => {
            judge_unconfirmed(before, finding, &findings, moment, patience)
        }
        State::Sending | State::Unknown | State::NeedsAttention => {
            judge_open(before, finding, &findings, moment, patience)
        }
        State::Accepted | State::Succeeded => Step::Wait,
    };
    (findings, step)
}

/// Evaluates a lookup of a success that rests on upstream's response alone.
fn judge_unconfirmed(
    before: &Before<'_>,
    finding: &Finding,
    findings: &Findings,
    moment: &Moment,
    patience: &Patience,
) -> Step {
    match finding {
        Finding::Happened(_) => Step::Confirmed,
        Finding::Differs(_, differences) => match differs(findings, differences) {
            Some(Step::Settle(..)) => Step::Confirmed,
            Some(_) => Step::Contradiction,
            None => Step::Wait,
        },
        Finding::NotHappened(_) if absent_long_enough(before.kind, findings, patience) => {
            match control(before.kind, moment) {
                Control::Untried => Step::TryControl,
                Control::Found => Step::Contradiction,
                Control::NotFound | Control::NoneKnown | Control::Inconclusive => Step::Wait,
            }
        }
        Finding::Refuted(..) if findings.refuting >= REFUTING => Step::Contradiction,
        Finding::NotHappened(_) | Finding::Refuted(..) | Finding::Inconclusive(_) => Step::Wait,
    }
}

/// Whether the lookup would have found an existing effect. A lookup of a payment, close or cancellation has found
/// the order or change on which the operation acts, so it is its own control.
fn control(kind: Kind, moment: &Moment) -> Control {
    match kind.creates() {
        Some(_) => moment.control,
        None => Control::Found,
    }
}

/// Counts the time of a lookup that could not be made for lack of quota. If this continues for too long, a person
/// must decide.
#[must_use]
pub fn waited(before: &Before<'_>, moment: &Moment, patience: &Patience) -> (Findings, Step) {
    let mut findings = before.findings.clone();
    count_time(&mut findings, moment);
    let step = match before.standing.state {
        State::Unknown if !before.contradicted => too_long(&findings, patience),
        State::Unknown
        | State::Accepted
        | State::Sending
        | State::Succeeded
        | State::Rejected
        | State::NotExecuted
        | State::NeedsAttention => Step::Wait,
    };
    (findings, step)
}

fn too_long(findings: &Findings, patience: &Patience) -> Step {
    if findings.lookup_ms >= millis(patience.attention_after) {
        Step::Attention(Attention::Undecided)
    } else {
        Step::Wait
    }
}

fn judge_open(
    before: &Before<'_>,
    finding: &Finding,
    findings: &Findings,
    moment: &Moment,
    patience: &Patience,
) -> Step {
    if before.contradicted {
        // Upstream has shown two outcomes; only a person can decide.
        return Step::Wait;
    }
    let settled = match finding {
        Finding::Happened(_) => Some(Step::Settle(Standing::of(State::Succeeded), None)),
        Finding::Differs(_, differences) => differs(findings, differences),
        Finding::Refuted(cause, _) => refuted(before, findings, *cause),
        Finding::NotHappened(_) => not_happened(before, findings, moment, patience),
        Finding::Inconclusive(_) => None,
    };
    // In `sending`, only the lookup that directly follows the response to the send may settle the operation. After
    // any other lookup the operation becomes `unknown` first.
    match (before.standing.state, settled) {
        (State::Sending, Some(Step::Settle(to, cause))) if to.basis != Some(Basis::Absent) => {
            Step::Settle(to, cause)
        }
        (State::Sending, _) => Step::Wait,
        (State::NeedsAttention, Some(Step::Attention(_))) => Step::Wait,
        (_, Some(step)) => step,
        (State::Unknown, None) => too_long(findings, patience),
        (_, None) => Step::Wait,
    }
}

/// How many lookups must show the same differences before these count: a single lookup may show an order that is
/// still being created.
const DIFFERING: u32 = 2;

fn differs(findings: &Findings, differences: &[Difference]) -> Option<Step> {
    let another_trip = differences.iter().any(|d| d.field.makes_another_trip());
    (findings.differing >= DIFFERING).then(|| {
        if another_trip {
            Step::Attention(Attention::Differs)
        } else {
            Step::Settle(Standing::of(State::Succeeded), None)
        }
    })
}

/// Settles a refusal when enough lookups agree with it.
fn refusal(before: &Before<'_>, findings: &Findings, cause: Cause) -> Option<Step> {
    let needed = match before.claim {
        Claim::Refused => 1,
        Claim::RefusedUnlisted => 2,
        Claim::Silence | Claim::Done => return None,
    };
    (findings.agreeing >= needed).then(|| {
        let cause = before.refusal.unwrap_or(cause);
        Step::Settle(Standing::of(State::Rejected), Some(cause))
    })
}

/// How many lookups must refute a write: a single lookup may show an order before its payment is recorded.
const REFUTING: u32 = 2;

fn refuted(before: &Before<'_>, findings: &Findings, cause: Cause) -> Option<Step> {
    if let Some(step) = refusal(before, findings, cause) {
        return Some(step);
    }
    if findings.refuting < REFUTING {
        return None;
    }
    Some(match before.claim {
        Claim::Done => Step::Attention(Attention::Refuted),
        Claim::Silence | Claim::Refused | Claim::RefusedUnlisted => Step::Settle(
            Standing::of(State::Rejected),
            Some(before.refusal.unwrap_or(cause)),
        ),
    })
}

/// Whether enough lookups over the whole settle window have found the effect absent.
fn absent_long_enough(kind: Kind, findings: &Findings, patience: &Patience) -> bool {
    findings.absent >= patience.min_looks && findings.absent_ms >= millis(patience.window(kind))
}

fn not_happened(
    before: &Before<'_>,
    findings: &Findings,
    moment: &Moment,
    patience: &Patience,
) -> Option<Step> {
    match before.claim {
        // An answered refusal needs no control: lookups only have to agree with the refusal.
        Claim::Refused | Claim::RefusedUnlisted => {
            return refusal(before, findings, Cause::Refused);
        }
        Claim::Silence | Claim::Done => {}
    }
    if !absent_long_enough(before.kind, findings, patience) {
        return None;
    }
    match (control(before.kind, moment), before.claim) {
        (Control::Untried, _) => Some(Step::TryControl),
        (Control::Found, Claim::Done) => Some(Step::Attention(Attention::NotFound)),
        (Control::Found, _) => Some(Step::Settle(
            Standing::not_executed(Basis::Absent),
            Some(Cause::Absent),
        )),
        (Control::NotFound | Control::NoneKnown, _) => Some(Step::Attention(Attention::NoControl)),
        (Control::Inconclusive, _) => None,
    }
}

fn waits_for_the_deadline(kind: Kind) -> bool {
    kind.refusal_counts() == RefusalCounts::WhenConfirmedAfterDeadline
}

/// Two lookups that are closer together than this count as one.
const APART: Duration = Duration::from_secs(1);
/// The same for lookups that show differences.
const DIFFERING_APART: Duration = Duration::from_secs(2);
/// The pause between the deadline and the first lookup that may confirm an unlisted refusal of a kind that moves
/// money.
const AFTER_DEADLINE: Duration = Duration::from_millis(200);

/// The pause before a lookup that may confirm an earlier finding or a refusal. Such a lookup bypasses the back-off,
/// because a caller may be waiting for its result.
#[must_use]
pub fn confirming_pause(
    kind: Kind,
    claim: Claim,
    findings: &Findings,
    until_deadline: Duration,
) -> Option<Duration> {
    let unlisted = claim == Claim::RefusedUnlisted;
    if unlisted && waits_for_the_deadline(kind) && !until_deadline.is_zero() {
        return Some(until_deadline + AFTER_DEADLINE);
    }
    if findings.differing == 1 && findings.last.as_deref() == Some("differs") {
        return Some(DIFFERING_APART);
    }
    // While lookups find nothing that counts, the back-off applies.
    let counted = matches!(findings.last.as_deref(), Some("not_happened" | "refuted"));
    let confirms = counted && ((unlisted && findings.agreeing == 1) || findings.refuting == 1);
    confirms.then_some(APART)
}

/// Adds the time since the last lookup, if the same process made that lookup.
fn count_time(findings: &mut Findings, moment: &Moment) {
    findings.lookup_ms += since(findings.anchor.as_ref(), &moment.anchor);
    advance(&mut findings.anchor, &moment.anchor);
}

/// Adds the lookup to the findings. Only the time between two lookups of the same process is counted.
fn count(before: &Before<'_>, finding: &Finding, moment: &Moment) -> Findings {
    let mut findings = before.findings.clone();
    findings.lookups += 1;
    count_time(&mut findings, moment);
    let early = before.claim == Claim::RefusedUnlisted && waits_for_the_deadline(before.kind);
    let agrees = match finding {
        Finding::NotHappened(_) | Finding::Refuted(..) => moment.after_deadline || !early,
        Finding::Happened(_) | Finding::Differs(..) | Finding::Inconclusive(_) => false,
    };
    if agrees {
        count_apart(
            &mut findings.agreeing,
            &mut findings.agreeing_anchor,
            &moment.anchor,
            APART,
        );
    }
    match finding {
        Finding::NotHappened(_) if moment.after_deadline => {
            if findings.absent_session != moment.session {
                // Absence under another session proves nothing.
                findings.forget_absence();
                findings.absent_session.clone_from(&moment.session);
            }
            findings.absent += 1;
            findings.absent_ms += since(findings.absent_anchor.as_ref(), &moment.anchor);
            advance(&mut findings.absent_anchor, &moment.anchor);
        }
        Finding::Refuted(..) if moment.after_deadline => count_apart(
            &mut findings.refuting,
            &mut findings.refuting_anchor,
            &moment.anchor,
            APART,
        ),
        Finding::Differs(_, differences) => {
            let fields: Vec<_> = differences.iter().map(|d| d.field).collect();
            if fields != findings.differing_parts {
                findings.differing_parts = fields;
                findings.differing = 0;
                findings.differing_anchor = None;
            }
            count_apart(
                &mut findings.differing,
                &mut findings.differing_anchor,
                &moment.anchor,
                DIFFERING_APART,
            );
        }
        Finding::NotHappened(_)
        | Finding::Refuted(..)
        | Finding::Happened(_)
        | Finding::Inconclusive(_) => {}
    }
    findings.last = Some(finding.word().to_owned());
    findings
}

/// Counts a lookup that is far enough from the last counted one. The time since a lookup of another process is
/// unknown, so the first lookup of a new process only sets the anchor.
fn count_apart(count: &mut u32, anchor: &mut Option<Anchor>, at: &Anchor, apart: Duration) {
    match anchor {
        None => *count += 1,
        Some(last) if last.boot != at.boot => {}
        Some(last) if last.at_ms + millis(apart) <= at.at_ms => *count += 1,
        Some(_) => return,
    }
    *anchor = Some(at.clone());
}

/// Moves an anchor forward, never back: a lookup that began earlier may be evaluated later.
fn advance(anchor: &mut Option<Anchor>, to: &Anchor) {
    if anchor
        .as_ref()
        .is_none_or(|at| at.boot != to.boot || at.at_ms < to.at_ms)
    {
        *anchor = Some(to.clone());
    }
}

fn since(from: Option<&Anchor>, to: &Anchor) -> u64 {
    from.filter(|from| from.boot == to.boot)
        .map_or(0, |from| to.at_ms.saturating_sub(from.at_ms))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
