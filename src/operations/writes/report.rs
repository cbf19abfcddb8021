//! The sender's report: the outcome of an operation's one send, applied to its row.
//!
//! A sweep, a lookup or an operator may have changed the row during the send. The report is applied to the
//! current row, and is never dropped: a report of another outcome than the recorded one is a contradiction
//! (law 6), and saving it is retried until the journal acknowledges it.

use std::time::Duration;

use crate::domain::operation::{Basis, Claim, Failure, Operation, Receipt, Standing, State};
use crate::operations::reconcile::decide::{Before, Moment, Step, decide};
use crate::operations::reconcile::lookup::Lookup;
use crate::operations::service::{Changed, Note, Operations, Settlement, millis, unknown};

/// The outcome of a send.
#[derive(Debug)]
pub(in crate::operations) enum Report {
    /// It settles the operation.
    Settled(Settlement),
    /// It does not settle the operation by itself.
    Open(Open),
}

/// A send whose outcome must be looked up.
#[derive(Debug)]
pub(in crate::operations) struct Open {
    /// What the answer claims.
    pub(in crate::operations) claim: Claim,
    /// Why upstream refused, if it did.
    pub(in crate::operations) refusal: Option<Failure>,
    /// What the answer says was created.
    pub(in crate::operations) receipt: Option<Receipt>,
    /// The lookup that followed the answer at once.
    pub(in crate::operations) checked: Option<(Lookup, Moment)>,
}

/// What a report says about the write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    NotDone,
    NotSent,
    Nothing,
}

/// What a report does to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowEffect {
    /// Settles it.
    Settle,
    /// Records the claim; lookups decide.
    Record,
    /// Leaves the outcome as it is, and adds a line to the timeline.
    AddLine,
    /// Contradicts the recorded outcome.
    Contradict,
    /// Adds nothing to what is recorded.
    Nothing,
}

/// The first and the longest pause before writing a report is retried.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How often writing a report is retried once the process stops.
const TRIES_WHILE_STOPPING: u32 = 3;

impl Report {
    fn outcome(&self) -> Outcome {
        match self {
            Self::Settled(settlement) => match settlement.standing {
                Standing {
                    state: State::Succeeded,
                    ..
                } => Outcome::Done,
                Standing {
                    basis: Some(Basis::NotSent),
                    ..
                } => Outcome::NotSent,
                Standing { .. } => Outcome::NotDone,
            },
            Self::Open(open) => match open.claim {
                Claim::Done => Outcome::Done,
                Claim::Refused | Claim::RefusedUnlisted => Outcome::NotDone,
                Claim::Silence => Outcome::Nothing,
            },
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::Settled(settlement) => settlement.what.clone(),
            Self::Open(open) => match open.claim {
                Claim::Done => "upstream reported success".to_owned(),
                Claim::Refused | Claim::RefusedUnlisted => "upstream refused".to_owned(),
                Claim::Silence => "no conclusive answer".to_owned(),
            },
        }
    }

    fn receipt(&self) -> Option<Receipt> {
        match self {
            Self::Settled(settlement) => settlement.result.clone(),
            Self::Open(open) => open.receipt.clone(),
        }
    }
}

/// The table of what a report does to a row with this standing and claim.
///
/// A report may be applied again after a commit that was not acknowledged: what is recorded already is
/// not recorded twice. Only the sender records claims.
fn effect(standing: Standing, claim: Claim, contradicted: bool, report: &Report) -> RowEffect {
    let outcome = report.outcome();
    let settles = match report {
        Report::Settled(settlement) if settlement.standing == standing => {
            return RowEffect::Nothing;
        }
        Report::Settled(_) => true,
        Report::Open(_) => false,
    };
    let recorded = matches!(report, Report::Open(open) if open.claim == claim);
    match (standing.state, outcome) {
        (State::Accepted, Outcome::NotSent) => RowEffect::Settle,
        // It was sent, but the journal has lost a state that it had acknowledged.
        (State::Accepted, Outcome::Done | Outcome::NotDone | Outcome::Nothing) => {
            RowEffect::Nothing
        }
        (State::Sending, _) if settles => RowEffect::Settle,
        (State::Sending, _) => RowEffect::Record,
        (State::Unknown | State::NeedsAttention, Outcome::Nothing) => RowEffect::Nothing,
        (State::Unknown | State::NeedsAttention, _) if recorded => RowEffect::Nothing,
        // Upstream has shown two outcomes; only a person can settle it.
        (State::NeedsAttention, _) if contradicted => RowEffect::AddLine,
        (State::Unknown | State::NeedsAttention, _) if settles => RowEffect::Settle,
        (State::Unknown | State::NeedsAttention, _) => RowEffect::Record,
        (State::Succeeded, Outcome::NotDone | Outcome::NotSent) => RowEffect::Contradict,
        // The record says that nothing was sent, but this sender has sent it.
        (State::NotExecuted, Outcome::Done | Outcome::NotDone | Outcome::Nothing)
            if standing.basis == Some(Basis::NotSent) =>
        {
            RowEffect::Contradict
        }
        (State::Rejected | State::NotExecuted, Outcome::Done) => RowEffect::Contradict,
        (State::Succeeded, Outcome::Done)
        | (State::Rejected | State::NotExecuted, Outcome::NotDone)
            if !recorded =>
        {
            RowEffect::AddLine
        }
        (State::Succeeded, Outcome::Done | Outcome::Nothing)
        | (
            State::Rejected | State::NotExecuted,
            Outcome::NotDone | Outcome::NotSent | Outcome::Nothing,
        ) => RowEffect::Nothing,
    }
}

// === impl Operations ===

impl Operations {
    /// Saves a report, and retries until it is saved: it may be the only evidence. Gives up only when the
    /// process stops; the row is then swept and looked up after the next start.
    pub(in crate::operations) async fn report(&self, operation: &mut Operation, report: &Report) {
        let mut pause = FIRST_PAUSE;
        let mut tries = TRIES_WHILE_STOPPING;
        loop {
            let written = self.change(operation, |row| self.apply(row, report)).await;
            let error = match written {
                Ok(Changed::Done | Changed::Declined) => return,
                Ok(Changed::Stale) => continue,
                Err(error) => error,
            };
            if pause == FIRST_PAUSE {
                tracing::error!(
                    operation_id = %operation.id, %error,
                    "the outcome of a send was not saved; retrying"
                );
            }
            if self.stopping.is_cancelled() {
                if tries == 0 {
                    tracing::error!(
                        operation_id = %operation.id, %error,
                        "the outcome of a send was not saved before the stop; it is looked up after the next start"
                    );
                    return;
                }
                tries -= 1;
                tokio::time::sleep(pause).await;
            } else {
                tokio::select! {
                    () = tokio::time::sleep(pause) => {}
                    () = self.stopping.cancelled() => {}
                }
            }
            pause = (pause * 2).min(MAX_PAUSE);
        }
    }

    fn apply(&self, row: &mut Operation, report: &Report) -> Option<Note> {
        match (
            effect(row.standing, row.claim, row.contradicted, report),
            report,
        ) {
            (RowEffect::Settle, Report::Settled(settlement)) => Some(self.settled(row, settlement)),
            (RowEffect::Record, Report::Open(open)) => Some(self.record(row, open)),
            (RowEffect::AddLine, _) => Some(Note::of(format!(
                "late report of the send: {}",
                report.sentence()
            ))),
            (RowEffect::Contradict, _) => {
                Some(self.contradict(row, &report.sentence(), report.receipt()))
            }
            (RowEffect::Nothing | RowEffect::Settle | RowEffect::Record, _) => {
                if row.state() == State::Accepted {
                    tracing::error!(
                        operation_id = %row.id, outcome = report.sentence(),
                        "the journal has lost the state `sending` of this operation"
                    );
                }
                None
            }
        }
    }

    /// Records what the answer claims, and counts the lookup that followed it.
    fn record(&self, row: &mut Operation, open: &Open) -> Note {
        if row.claim != open.claim {
            // Lookups before the answer cannot agree with it.
            row.findings.agreeing = 0;
            row.findings.agreeing_anchor = None;
        }
        row.claim = open.claim;
        row.failure.clone_from(&open.refusal);
        let mut seen = None;
        let mut proves = None;
        if let Some((lookup, moment)) = &open.checked {
            if lookup.not_made.is_none() {
                let (findings, step) = decide(
                    &Before::of(row),
                    &lookup.finding,
                    moment,
                    &self.settings.patience,
                );
                row.findings = findings;
                if let Step::Settle(standing, cause) = step {
                    let failure = cause.map(|cause| {
                        let refusal = open.refusal.clone();
                        refusal.unwrap_or_else(|| Failure::of(cause))
                    });
                    let what = format!("checked: {}", lookup.finding.sentence());
                    let settlement = Settlement::by_lookup(standing, failure, lookup, what);
                    return self.settled(row, &settlement);
                }
            }
            seen = Some(lookup.finding.sentence());
            proves = lookup.proves.clone();
        }
        let what = match (open.claim, seen) {
            (Claim::Silence, _) => "no conclusive answer; looking it up".to_owned(),
            (Claim::Done, Some(seen)) => {
                format!("upstream reported success; {seen}; looking it up")
            }
            (Claim::Done, None) => {
                "upstream reported success; not checked; looking it up".to_owned()
            }
            (Claim::Refused | Claim::RefusedUnlisted, seen) => format!(
                "upstream refused; {}; looking it up",
                seen.as_deref().unwrap_or("not checked")
            ),
        };
        let pause = self
            .confirming_pause(row)
            .unwrap_or(self.settings.first_look);
        let next = self.store_ms() + millis(pause);
        let mut note = if row.state() == State::Sending {
            unknown(row, what, next)
        } else {
            row.next_look_at = Some(next);
            Note::of(what)
        };
        note.proves = proves;
        note
    }
}

#[cfg(test)]
mod tests;
