//! The possible steps, and what a step at a gate does.

use std::time::Duration;

use fliggy_gateway::domain::ids::OperationId;
use fliggy_gateway::domain::notice::News;
use fliggy_gateway::store::JournalError;
use fliggy_gateway::top::call::{CallError, Lost, NotSent, Received};
use fliggy_gateway::top::envelope::ErrorResponse;
use tokio::time::Instant;

use crate::explorer::{Request, What};
use crate::ledger::{Ledger, WriteCall};
use crate::world::{Fate, Gate, Known, Pending, TIMEOUT, World, received};

/// The wording of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    Listed,
    Unlisted,
    Gateway,
}

/// A step that is possible next. Numbers identify gates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// A commit succeeds; its acknowledgement waits.
    Commit(u32),
    /// A commit fails, and the failure is reported to the process.
    Fail(u32),
    /// A commit is reported as failed, but may still succeed.
    Abandon(u32),
    /// A commit that no process waits for does not happen.
    Drop(u32),
    Acknowledge(u32),
    /// A commit succeeded, but is reported as failed.
    LoseAcknowledgement(u32),
    /// A write leaves its process.
    Leave(u32),
    NoConnection(u32),
    /// TOP executes a write that was sent.
    Execute(u32),
    /// TOP executes a write that was sent, but reads do not show the effect yet.
    ExecuteHidden(u32),
    /// TOP never executes a write that was sent.
    Forget(u32),
    Refuse(u32, Refusal),
    AnswerDone(u32),
    /// TOP reports success, but never executes the write.
    Pretend(u32),
    AnswerTimeout(u32),
    /// The connection of a call breaks.
    Break(u32),
    /// Hidden effects become visible to reads.
    Show,
    AnswerRead(u32),
    /// TOP reads its state now, and responds later.
    FreezeRead(u32),
    /// Time passes, and each timer fires when it is due.
    Wait(Duration),
    /// The processes stand still for this long, while TOP continues.
    Stall(Duration),
    Ask(Request),
    /// A message about the subject arrives. It is a hint: it may be true, early or wrong.
    Message(What, News),
    LookUpNow(OperationId),
    /// An operator who knows the true outcome resolves the operation.
    Resolve(OperationId),
    /// The process dies, and the next one starts.
    Crash,
    /// The process is asked to stop. The next process starts when this one has ended.
    Stop,
    Unreadable(bool),
}

/// The possible steps at a gate, the default step first.
pub(crate) fn of_gate(world: &World, gate: &Gate, steps: &mut Vec<Step>) {
    let number = gate.number;
    match &gate.pending {
        Pending::Commit(_, Some(_)) => steps.extend([
            Step::Commit(number),
            Step::Fail(number),
            Step::Abandon(number),
        ]),
        Pending::Commit(_, None) => steps.extend([Step::Commit(number), Step::Drop(number)]),
        Pending::Acknowledge(..) => {
            steps.extend([Step::Acknowledge(number), Step::LoseAcknowledgement(number)])
        }
        Pending::Leave(..) => steps.extend([Step::Leave(number), Step::NoConnection(number)]),
        Pending::Upstream {
            write,
            fate,
            answer,
            ..
        } => {
            let is_awaited = answer.as_ref().is_some_and(|answer| !answer.is_closed());
            let can = world.ledger.can_execute(write);
            if *fate == Fate::Undecided {
                if can {
                    steps.extend([Step::Execute(number), Step::ExecuteHidden(number)]);
                }
                if is_awaited {
                    let refusals = [Refusal::Listed, Refusal::Unlisted, Refusal::Gateway];
                    steps.extend(refusals.map(|how| Step::Refuse(number, how)));
                    steps.push(Step::Pretend(number));
                }
                steps.push(Step::Forget(number));
            }
            if *fate == Fate::Done && is_awaited {
                steps.push(Step::AnswerDone(number));
            }
            if is_awaited {
                steps.extend([Step::AnswerTimeout(number), Step::Break(number)]);
            }
        }
        Pending::Read(_, frozen, _) => {
            steps.push(Step::AnswerRead(number));
            if frozen.is_none() {
                steps.push(Step::FreezeRead(number));
            }
            steps.push(Step::Break(number));
        }
    }
}

/// Opens a gate.
pub(crate) fn open(world: &mut World, step: &Step) {
    match *step {
        Step::Commit(number) => {
            let gate = world.take(number);
            if let Pending::Commit(change, answer) = gate.pending {
                let outcome = world.commit(change);
                if let Some(answer) = answer {
                    world.put(gate.label, Pending::Acknowledge(outcome, answer));
                }
            }
        }
        Step::Fail(number) | Step::Drop(number) => {
            if let Pending::Commit(_, Some(answer)) = world.take(number).pending {
                drop(answer.send(Err(JournalError::unavailable("the commit failed"))));
            }
        }
        Step::Abandon(number) => {
            let gate = world.gates.iter_mut().find(|gate| gate.number == number);
            if let Some(Pending::Commit(_, answer)) = gate.map(|gate| &mut gate.pending)
                && let Some(answer) = answer.take()
            {
                drop(answer.send(Err(JournalError::unavailable("no response in time"))));
            }
        }
        Step::LoseAcknowledgement(number) => {
            if let Pending::Acknowledge(_, answer) = world.take(number).pending {
                drop(answer.send(Err(JournalError::unavailable("no acknowledgement"))));
            }
        }
        Step::Acknowledge(number) | Step::AnswerRead(number) => world.serve(number),
        Step::Leave(number) => world.leave(number),
        Step::NoConnection(number) => {
            if let Pending::Leave(write, answer) = world.take(number).pending {
                let why = write.departure.withhold(NotSent::Broken);
                assert!(
                    why.is_some(),
                    "the write was sent before its gate was opened"
                );
                drop(answer.send(Err(CallError::NotSent(NotSent::Broken))));
                world.sender_learns(&write.subject, Known::NotSent);
            }
        }
        Step::Execute(number) => world.execute(number, false),
        Step::ExecuteHidden(number) => world.execute(number, true),
        Step::Forget(number) => {
            decide(world, number, Fate::NotDone);
            world.tidy();
        }
        Step::Refuse(number, refusal) => {
            decide(world, number, Fate::NotDone);
            reply(
                world,
                number,
                Some(Known::Refused),
                |_, write| match refusal {
                    // Listed by the seed, for every write.
                    Refusal::Listed => Ok(received(&Ledger::failure(write, "请求参数错误"))),
                    Refusal::Unlisted => Ok(received(&Ledger::failure(write, "余额不足"))),
                    Refusal::Gateway => Err(CallError::Refused(Box::new(ErrorResponse {
                        code: Some(25),
                        msg: Some("Invalid signature".to_owned()),
                        ..ErrorResponse::default()
                    }))),
                },
            );
        }
        Step::AnswerDone(number) => {
            reply(world, number, Some(Known::Done), |ledger, write| {
                Ok(received(&ledger.done(write)))
            });
        }
        Step::Pretend(number) => {
            decide(world, number, Fate::NotDone);
            let gate = world.gates.iter().find(|gate| gate.number == number);
            if let Some(Pending::Upstream { write, .. }) = gate.map(|gate| &gate.pending) {
                world.deceived.extend(write.operation);
            }
            reply(world, number, Some(Known::Done), |ledger, write| {
                Ok(received(&ledger.false_success(write)))
            });
        }
        Step::AnswerTimeout(number) => {
            reply(world, number, None, |_, write| {
                Ok(received(&Ledger::failure(write, TIMEOUT)))
            });
        }
        Step::Break(number) => {
            let gate = world.gates.iter().find(|gate| gate.number == number);
            if matches!(gate.map(|gate| &gate.pending), Some(Pending::Read(..))) {
                if let Pending::Read(_, _, answer) = world.take(number).pending {
                    drop(answer.send(Err(CallError::Lost(Lost::Connection))));
                }
            } else {
                reply(world, number, None, |_, _| {
                    Err(CallError::Lost(Lost::Connection))
                });
            }
        }
        Step::FreezeRead(number) => {
            let place = world.gates.iter().position(|gate| gate.number == number);
            let place = place.unwrap();
            if let Pending::Read(query, ..) = &world.gates[place].pending {
                let seen = world.answer_to(query);
                if let Pending::Read(_, frozen, _) = &mut world.gates[place].pending {
                    *frozen = Some(seen);
                }
            }
        }
        Step::Show => {
            world.ledger.show_before(Some(Instant::now()));
        }
        Step::Wait(_)
        | Step::Stall(_)
        | Step::Ask(_)
        | Step::Message(..)
        | Step::LookUpNow(_)
        | Step::Resolve(_)
        | Step::Crash
        | Step::Stop
        | Step::Unreadable(_) => unreachable!("{step:?} opens no gate"),
    }
}

fn decide(world: &mut World, number: u32, to: Fate) {
    let gate = world.gates.iter_mut().find(|gate| gate.number == number);
    if let Some(Pending::Upstream { fate, .. }) = gate.map(|gate| &mut gate.pending) {
        *fate = to;
    }
}

/// Responds to a write, whose outcome may still be undecided.
fn reply(
    world: &mut World,
    number: u32,
    learned: Option<Known>,
    say: impl FnOnce(&Ledger, &WriteCall) -> Result<Received, CallError>,
) {
    let gate = world.gates.iter_mut().find(|gate| gate.number == number);
    if let Some(Pending::Upstream { write, answer, .. }) = gate.map(|gate| &mut gate.pending)
        && let Some(answer) = answer.take()
    {
        drop(answer.send(say(&world.ledger, write)));
        if let Some(learned) = learned {
            let subject = write.subject.clone();
            world.sender_learns(&subject, learned);
        }
    }
    world.tidy();
}
