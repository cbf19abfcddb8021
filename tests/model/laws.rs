//! The laws, checked at every commit, every write that is sent, and the end of a run.

use fliggy_gateway::domain::ids::OperationId;
use fliggy_gateway::domain::operation::{Basis, Claim, Operation, Standing, State, may_become};

use crate::ledger::WriteCall;
use crate::world::{Known, World, written};

// === impl World ===

impl World {
    /// Laws about every committed change of state.
    pub(crate) fn moved(&mut self, before: &Operation, to: Standing) {
        let (id, name) = (before.id, self.name(before.id));
        if !may_become(before.standing, to) {
            self.violation(format!("{name} may not become {}", written(to)));
        }
        let done = self.ledger.is_executed(id);
        // The gateway accepts TOP's report of success for a booking or a close; a later lookup
        // contradicts a false report.
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
                self.violation(format!("{name} succeeded, but was not executed"));
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
            } if done => self.violation(format!("{name} ended {}, but was executed", written(to))),
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

    /// Laws about the end of a run, after every step has succeeded for long enough.
    pub(crate) fn judge(&mut self) {
        for twice in self.ledger.executed_twice() {
            self.violation(format!("executed twice: {twice}"));
        }
        for row in self.rows() {
            let name = self.name(row.id);
            let done = self.ledger.is_executed(row.id);
            match row.state() {
                // The watch is over, and every lookup was inconclusive.
                State::Succeeded
                    if !done && row.findings.absent == 0 && row.confirmed_at.is_none() => {}
                State::Succeeded if !done => {
                    self.violation(format!("{name} succeeded, but was never executed"));
                }
                State::Succeeded | State::NeedsAttention => {}
                State::Rejected | State::NotExecuted if !done => {}
                State::Rejected | State::NotExecuted => {
                    self.violation(format!(
                        "{name} was executed, but is recorded as not executed"
                    ));
                }
                State::Accepted | State::Sending | State::Unknown => {
                    self.violation(format!("{name} is still open"));
                }
            }
        }
        // What a sender learned must be recorded, because its process lived and the store accepted
        // every save in the end.
        for (id, learned) in self.expected.clone() {
            let row = self.row(id).unwrap();
            let claimed = matches!(row.claim, Claim::Refused | Claim::RefusedUnlisted);
            let fits = match (row.state(), learned) {
                (State::NeedsAttention, _) => true,
                (State::Succeeded, learned) => learned == Known::Done,
                (State::Rejected, learned) => learned == Known::Refused,
                (State::NotExecuted, Known::NotSent) => row.standing.basis == Some(Basis::NotSent),
                (State::NotExecuted, Known::Refused) => {
                    claimed || row.standing.basis == Some(Basis::RefusedByGateway)
                }
                _ => false,
            };
            if !fits {
                let (name, end) = (self.name(id), written(row.standing));
                self.violation(format!(
                    "{name} ended {end}, but its sender received {learned:?}"
                ));
            }
        }
        for (place, caller) in self.callers.clone().into_iter().enumerate() {
            let Some(reply) = caller.reply else {
                if caller.boot == self.boot {
                    self.violation(format!("caller {} got no response", place + 1));
                }
                continue;
            };
            let sent = |id: Option<OperationId>| id.is_some_and(|id| self.sends.contains_key(&id));
            let done = |id: Option<OperationId>| id.is_some_and(|id| self.ledger.is_executed(id));
            let believed =
                |id: Option<OperationId>| id.is_some_and(|id| self.deceived.contains(&id));
            let wrong = match reply.standing {
                Ok(Standing {
                    basis: Some(Basis::NotSent),
                    ..
                }) => sent(reply.operation),
                Ok(Standing {
                    state: State::Succeeded,
                    ..
                }) => !done(reply.operation) && !believed(reply.operation),
                Ok(Standing {
                    state: State::Rejected | State::NotExecuted,
                    ..
                }) => done(reply.operation),
                // The operation may have been accepted, and may continue.
                Ok(_) | Err("not acknowledged") => false,
                Err("already done") => !done(reply.operation) && !believed(reply.operation),
                Err(_) => sent(caller.drafted),
            };
            if wrong {
                let shown = reply.operation.map(|id| self.name(id));
                let why = reply.standing.map(written);
                self.violation(format!("caller {} got {shown:?} {why:?}", place + 1));
            }
        }
    }
}
