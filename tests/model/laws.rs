//! The laws, checked at every commit, every write that is sent, and the end of a run.

use fliggy_gateway::domain::ids::OperationId;
use fliggy_gateway::domain::operation::{Basis, Claim, Operation, Standing, State, may_become};

use crate::ledger::WriteCall;
use crate::world::{Heard, World, written};

// === impl World ===

impl World {
    /// Laws about every committed change of state.
    pub(crate) fn moved(&mut self, before: &Operation, to: Standing) {
        let (id, name) = (before.id, self.name(before.id));
        if !may_become(before.standing, to) {
            self.violation(format!("{name} may not become {}", written(to)));
        }
        let done = self.ledger.is_done(id);
        // A booking or close is believed on TOP's word; a lookup contradicts it later.
        let believed = self.deceived.contains(&id) && !before.kind().moves_money();
        match to {
            Standing {
                state: State::Sending,
                ..
            } => {
                self.sending
                    .insert(before.intent.subject().text(), before.id);
            }
            Standing {
                state: State::Succeeded,
                ..
            } if !done && !believed => {
                self.violation(format!("{name} succeeded, but nothing was done"));
            }
            Standing {
                basis: Some(Basis::NotSent),
                ..
            } => {
                self.not_sent.insert(id);
                if self.sends.contains_key(&id) {
                    self.violation(format!("{name} is recorded as not sent, but was sent"));
                }
            }
            Standing {
                state: State::Rejected | State::NotExecuted,
                ..
            } if done => self.violation(format!("{name} ended {}, but was done", written(to))),
            Standing { .. } => {}
        }
    }

    /// Laws about a write that is being sent.
    pub(crate) fn sent(&mut self, write: &mut WriteCall) {
        let Some(id) = self.sending.get(&write.subject).copied() else {
            self.violation(format!(
                "{} was sent, but was never recorded as sending",
                write.label
            ));
            return;
        };
        let name = self.name(id);
        write.operation = Some(id);
        let sends = self.sends.entry(id).or_default();
        *sends += 1;
        let sends = *sends;
        self.say(format!("  {name}: sent"));
        if sends > 1 {
            self.violation(format!("{name} was sent {sends} times"));
        }
        if self.not_sent.contains(&id) {
            self.violation(format!("{name} is recorded as not sent, but is sent"));
        } else if self.row(id).is_none_or(|row| row.state() != State::Sending) {
            self.violation(format!(
                "{name} is sent while it is not recorded as sending"
            ));
        }
    }

    /// Laws about the end of a run, when everything has worked for long enough.
    pub(crate) fn judge(&mut self) {
        for twice in self.ledger.done_twice() {
            self.violation(format!("done twice: {twice}"));
        }
        for row in self.rows() {
            let name = self.name(row.id);
            let done = self.ledger.is_done(row.id);
            match row.state() {
                // The watch is over, and every lookup was inconclusive.
                State::Succeeded
                    if !done && row.findings.absent == 0 && row.confirmed_at.is_none() => {}
                State::Succeeded if !done => {
                    self.violation(format!("{name} was not done, but is still believed"));
                }
                State::Succeeded | State::NeedsAttention => {}
                State::Rejected | State::NotExecuted if !done => {}
                State::Rejected | State::NotExecuted => {
                    self.violation(format!("{name} was done, but nobody is told"));
                }
                State::Accepted | State::Sending | State::Unknown => {
                    self.violation(format!("{name} hangs"));
                }
            }
        }
        // No answer is dropped silently, because its process lived and the store accepted
        // everything in the end.
        for (id, heard) in self.expected.clone() {
            let row = self.row(id).unwrap();
            let claimed = matches!(row.claim, Claim::Refused | Claim::RefusedUnlisted);
            let fits = match (row.state(), heard) {
                (State::NeedsAttention, _) => true,
                (State::Succeeded, heard) => heard == Heard::Done,
                (State::Rejected, heard) => heard == Heard::Refused,
                (State::NotExecuted, Heard::NotSent) => row.standing.basis == Some(Basis::NotSent),
                (State::NotExecuted, Heard::Refused) => {
                    claimed || row.standing.basis == Some(Basis::RefusedByGateway)
                }
                _ => false,
            };
            if !fits {
                let (name, end) = (self.name(id), written(row.standing));
                self.violation(format!(
                    "{name} ended {end}, but its sender received {heard:?}"
                ));
            }
        }
        for (place, caller) in self.callers.clone().into_iter().enumerate() {
            let Some(told) = caller.told else {
                if caller.boot == self.boot {
                    self.violation(format!("caller {} has no answer", place + 1));
                }
                continue;
            };
            let sent = |id: Option<OperationId>| id.is_some_and(|id| self.sends.contains_key(&id));
            let done = |id: Option<OperationId>| id.is_some_and(|id| self.ledger.is_done(id));
            let believed =
                |id: Option<OperationId>| id.is_some_and(|id| self.deceived.contains(&id));
            let wrong = match told.standing {
                Ok(Standing {
                    basis: Some(Basis::NotSent),
                    ..
                }) => sent(told.operation),
                Ok(Standing {
                    state: State::Succeeded,
                    ..
                }) => !done(told.operation) && !believed(told.operation),
                Ok(Standing {
                    state: State::Rejected | State::NotExecuted,
                    ..
                }) => done(told.operation),
                // It may have been accepted, and may continue.
                Ok(_) | Err("not acknowledged") => false,
                Err("already done") => !done(told.operation) && !believed(told.operation),
                Err(_) => sent(caller.drafted),
            };
            if wrong {
                let shown = told.operation.map(|id| self.name(id));
                let why = told.standing.map(written);
                self.violation(format!("caller {} was told {shown:?} {why:?}", place + 1));
            }
        }
    }
}
