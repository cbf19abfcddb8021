//! The sender's report: the outcome of an operation's only send, applied to its row.
//!
//! A sweep, a lookup or an operator may have changed the row during the send. The report is applied to the
//! current row and is never dropped: a report of another outcome than the recorded one is a contradiction
//! (law 6), and saving a report is retried until the journal acknowledges it.

use std::time::Duration;

use crate::domain::operation::{Basis, Claim, Failure, Operation, Receipt, Standing, State};
use crate::operations::reconcile::decide::{Before, Moment, Step, decide};
use crate::operations::reconcile::lookup::Lookup;
use crate::operations::service::{Changed, Note, Operations, Settlement, millis, unknown};

/// The outcome of a send.
#[derive(Debug)]
pub(in crate::operations) enum Report {
    /// The outcome settles the operation.
    Settled(Settlement),
    /// The outcome must be looked up.
    Open(Open),
}

/// A send whose outcome must be looked up.
#[derive(Debug)]
pub(in crate::operations) struct Open {
    /// What the response claims.
    pub(in crate::operations) claim: Claim,
    /// The failure, if upstream refused.
    pub(in crate::operations) refusal: Option<Failure>,
    /// The result according to the response.
    pub(in crate::operations) receipt: Option<Receipt>,
    /// The lookup directly after the response.
    pub(in crate::operations) checked: Option<(Lookup, Moment)>,
}

/// The outcome of the write according to a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Done,
    NotDone,
    NotSent,
    Nothing,
}

/// The effect of a report on a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum RowEffect {
    /// Settles the operation.
    Settle,
    /// Records the claim; lookups decide.
    Record,
    /// Leaves the outcome as it is and adds a timeline entry.
    AddLine,
    /// Contradicts the recorded outcome.
    Contradict,
    /// Adds nothing to what is recorded.
    Nothing,
}

/// The first pause before saving a report is retried.
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// The longest pause between two retries.
const MAX_PAUSE: Duration = Duration::from_secs(1);
/// How often saving a report is retried while the process stops.
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
            Self::Open(open) => open.sentence().to_owned(),
        }
    }

    fn receipt(&self) -> Option<Receipt> {
        match self {
            Self::Settled(settlement) => settlement.result.clone(),
            Self::Open(open) => open.receipt.clone(),
        }
    }
}

impl Open {
    fn sentence(&self) -> &'static str {
        match self.claim {
            Claim::Done => "upstream reported success",
            Claim::Refused | Claim::RefusedUnlisted => "upstream refused",
            Claim::Silence => "no conclusive response",
        }
    }
}

/// The table of the effects of a report on a row with this standing and claim.
///
/// A report may be applied again after a commit that was not acknowledged: a claim that is recorded already is
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
        // The write was sent, but the journal has lost the state `sending` that it had acknowledged.
        (State::Accepted, Outcome::Done | Outcome::NotDone | Outcome::Nothing) => {
            RowEffect::Nothing
        }
        (State::Sending, _) if settles => RowEffect::Settle,
        (State::Sending, _) => RowEffect::Record,
        (State::Unknown | State::NeedsAttention, Outcome::Nothing) => RowEffect::Nothing,
        (State::Unknown | State::NeedsAttention, _) if recorded => RowEffect::Nothing,
        // Upstream has shown two outcomes; only a person can settle the operation.
        (State::NeedsAttention, _) if contradicted => RowEffect::AddLine,
        (State::Unknown | State::NeedsAttention, _) if settles => RowEffect::Settle,
        (State::Unknown | State::NeedsAttention, _) => RowEffect::Record,
        (State::Succeeded, Outcome::NotDone | Outcome::NotSent) => RowEffect::Contradict,
        // According to the journal nothing was sent, but this sender has sent the write.
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
    /// Saves a report, and retries until it is saved, because the report may be the only evidence. Gives up only when
    /// the process stops; the row is then swept and looked up after the next start.
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
                        "the outcome of a send was not saved before the stop; the operation is looked up after the \
                         next start"
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
                "the outcome of the send arrived late: {}",
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

    /// Records the claim of the response, and counts the lookup that followed the response.
    fn record(&self, row: &mut Operation, open: &Open) -> Note {
        if row.claim != open.claim {
            // Lookups before the response cannot agree with it.
            row.findings.agreeing = 0;
            row.findings.agreeing_anchor = None;
        }
        row.claim = open.claim;
        row.failure.clone_from(&open.refusal);
        let mut what = open.sentence().to_owned();
        let mut proves = None;
        if let Some((lookup, moment)) = &open.checked {
            let found = lookup.finding.sentence();
            if lookup.not_made.is_some() {
                what = format!("{what}; {found}");
            } else {
                let (findings, step) = decide(
                    &Before::of(row),
                    &lookup.finding,
                    moment,
                    &self.settings.patience,
                );
                row.findings = findings;
                what = format!("{what}; lookup {}: {found}", row.findings.lookups);
                if let Step::Settle(standing, cause) = step {
                    let failure = cause.map(|cause| {
                        let refusal = open.refusal.clone();
                        refusal.unwrap_or_else(|| Failure::of(cause))
                    });
                    let settlement = Settlement::by_lookup(standing, failure, lookup, what);
                    return self.settled(row, &settlement);
                }
            }
            proves = lookup.proves.clone();
        }
        let what = format!("{what}; lookups follow");
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
