//! State shared by the processes: the store, TOP, and the steps that the explorer must release.
//!
//! Every change of the store and every call to TOP stops at a gate. The explorer decides when the
//! gate opens, and with what outcome. A process has no other effect on the outside, so a process whose
//! number is no longer [`World::boot`] is dead, whatever its tasks still do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use fliggy_gateway::domain::ids::OperationId;
use fliggy_gateway::domain::operation::{Operation, Standing, State};
use fliggy_gateway::store::{
    Acceptance, Filter, Journal as _, JournalError, NewOperation, Save, Saved,
};
use fliggy_gateway::top::call::{CallError, Received};
use futures::FutureExt as _;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::time::Instant;

use crate::ledger::{Ledger, WriteCall};
use crate::store::ModelStore;

/// The maximum time from the send of a write to its execution, and from its execution until reads show
/// the effect. Twice this time is within the settle windows, because law 5 promises nothing beyond them.
pub(crate) const LATEST: Duration = Duration::from_secs(25);

/// TOP's own timeout.
pub(crate) const TIMEOUT: &str = "远程调用服务超时";

pub(crate) type TopAnswer = oneshot::Sender<Result<Received, CallError>>;
pub(crate) type StoreAnswer = oneshot::Sender<Result<Outcome, JournalError>>;

/// A requested change of the journal.
pub(crate) enum Change {
    Accept(Box<NewOperation>),
    Save(Box<Save>),
}

/// The result of a change.
pub(crate) enum Outcome {
    Accepted(Acceptance),
    Saved(Saved),
}

/// Whether a write that was sent has been executed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    Undecided,
    Done,
    NotDone,
}

/// What a sender learned about its write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Known {
    Done,
    Refused,
    NotSent,
}

/// A read of TOP.
#[derive(Clone, Debug)]
pub(crate) enum Query {
    OrderById(u64),
    OrderByReference(String),
    Orders,
}

/// What waits at a gate.
pub(crate) enum Pending {
    /// A commit. The answer is None once the process has died or got a failure.
    Commit(Change, Option<StoreAnswer>),
    /// The acknowledgement of a commit.
    Acknowledge(Outcome, StoreAnswer),
    /// A write in the transport of its process.
    Leave(WriteCall, TopAnswer),
    /// A write that TOP has received. The answer is None once TOP has responded or the process has died.
    Upstream {
        write: WriteCall,
        left: Instant,
        fate: Fate,
        answer: Option<TopAnswer>,
    },
    /// A read, and the state that TOP has read for it.
    Read(Query, Option<Received>, TopAnswer),
}

/// A gate.
pub(crate) struct Gate {
    pub(crate) number: u32,
    pub(crate) label: String,
    pub(crate) pending: Pending,
}

/// The response that a caller got.
#[derive(Clone, Debug)]
pub(crate) struct Reply {
    /// The operation that the response shows.
    pub(crate) operation: Option<OperationId>,
    /// The state of the caller's operation, or why the request was refused.
    pub(crate) standing: Result<Standing, &'static str>,
}

/// A caller and its request.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// The process that received the request.
    pub(crate) boot: u32,
    /// The operation that the store received for acceptance.
    pub(crate) drafted: Option<OperationId>,
    pub(crate) reply: Option<Reply>,
}

pub(crate) struct World {
    pub(crate) store: ModelStore,
    pub(crate) ledger: Ledger,
    pub(crate) gates: Vec<Gate>,
    next_gate: u32,
    /// The number of the living process, and when it started.
    pub(crate) boot: u32,
    pub(crate) started: Instant,
    /// Gates open at once, and every step succeeds.
    pub(crate) healthy: bool,
    /// The journal cannot be read.
    pub(crate) unreadable: bool,
    /// Operations in the order of their requests.
    pub(crate) operations: Vec<OperationId>,
    /// The last operation of a subject that was committed as `sending`.
    pub(crate) sending: BTreeMap<String, OperationId>,
    /// How often each operation was sent.
    pub(crate) sends: BTreeMap<OperationId, u32>,
    /// Operations that were committed as not sent, whatever happened to them later.
    pub(crate) not_sent: BTreeSet<OperationId>,
    /// What the sender of each operation learned, and in which process.
    learned: BTreeMap<OperationId, (Known, u32)>,
    /// Operations that TOP reported as successful without executing them.
    pub(crate) deceived: BTreeSet<OperationId>,
    /// Operations that an operator resolved, or tried to resolve.
    pub(crate) resolved: BTreeSet<OperationId>,
    /// What senders had learned about the operations that were open when the gates began to open at once.
    pub(crate) expected: Vec<(OperationId, Known)>,
    pub(crate) callers: Vec<Caller>,
    /// When the reconciler last began a pass.
    pub(crate) pass: Instant,
    /// The committed changes of state.
    pub(crate) moves: BTreeSet<String>,
    pub(crate) violations: Vec<String>,
    pub(crate) log: Vec<String>,
    pub(crate) zero: Instant,
}

#[derive(Clone)]
pub(crate) struct Shared(Arc<Mutex<World>>);

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Shared")
    }
}

// === impl Shared ===

impl Shared {
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self(Arc::new(Mutex::new(World {
            store: ModelStore::new(),
            ledger: Ledger::new(now),
            gates: Vec::new(),
            next_gate: 1,
            boot: 0,
            started: now,
            healthy: false,
            unreadable: false,
            operations: Vec::new(),
            sending: BTreeMap::new(),
            sends: BTreeMap::new(),
            not_sent: BTreeSet::new(),
            learned: BTreeMap::new(),
            deceived: BTreeSet::new(),
            resolved: BTreeSet::new(),
            expected: Vec::new(),
            callers: Vec::new(),
            pass: now,
            moves: BTreeSet::new(),
            violations: Vec::new(),
            log: Vec::new(),
            zero: now,
        })))
    }

    pub(crate) fn lock(&self) -> MutexGuard<'_, World> {
        self.0.lock().unwrap()
    }

    /// Returns if the process lives, and never otherwise.
    pub(crate) async fn alive(&self, boot: u32) {
        if self.lock().boot != boot {
            std::future::pending::<()>().await;
        }
    }
}

/// Waits for an answer. Never returns if the answer's sender was dropped: the waiting process is dead.
pub(crate) async fn answered<T>(answer: oneshot::Receiver<T>) -> T {
    match answer.await {
        Ok(answer) => answer,
        Err(_) => std::future::pending().await,
    }
}

/// A body with status 200.
pub(crate) fn received(body: &Value) -> Received {
    Received {
        status: 200,
        body: body.to_string().into(),
    }
}

fn is_open(state: State) -> bool {
    !state.is_settled()
}

pub(crate) fn written(standing: Standing) -> String {
    match standing.basis {
        Some(basis) => format!("{}/{}", standing.state.as_str(), basis.as_str()),
        None => standing.state.as_str().to_owned(),
    }
}

// === impl World ===

impl World {
    pub(crate) fn say(&mut self, line: impl AsRef<str>) {
        let at = self.zero.elapsed().as_millis();
        self.log.push(format!("{at:>7} {}", line.as_ref()));
    }

    pub(crate) fn violation(&mut self, line: String) {
        self.say(format!("VIOLATION: {line}"));
        self.violations.push(line);
    }

    /// The name of the operation in a trace.
    pub(crate) fn name(&self, id: OperationId) -> String {
        let place = self.operations.iter().position(|known| *known == id);
        place.map_or_else(|| "op?".to_owned(), |place| format!("op{}", place + 1))
    }

    pub(crate) fn rows(&self) -> Vec<Operation> {
        let filter = Filter {
            limit: u32::MAX,
            ..Filter::default()
        };
        let mut rows = self.store.list(filter).now_or_never().unwrap().unwrap();
        rows.reverse();
        rows
    }

    pub(crate) fn row(&self, id: OperationId) -> Option<Operation> {
        self.store.get(id).now_or_never().unwrap().unwrap()
    }

    pub(crate) fn put(&mut self, label: String, pending: Pending) {
        let number = self.next_gate;
        self.next_gate += 1;
        self.gates.push(Gate {
            number,
            label,
            pending,
        });
    }

    pub(crate) fn take(&mut self, number: u32) -> Gate {
        let place = self.gates.iter().position(|gate| gate.number == number);
        self.gates.remove(place.unwrap())
    }

    /// Removes gates that nobody waits for and that can have no effect.
    pub(crate) fn tidy(&mut self) {
        self.gates.retain(|gate| match &gate.pending {
            Pending::Leave(_, answer) | Pending::Read(_, _, answer) => !answer.is_closed(),
            Pending::Upstream { fate, answer, .. } => {
                *fate == Fate::Undecided || answer.as_ref().is_some_and(|a| !a.is_closed())
            }
            Pending::Commit(..) | Pending::Acknowledge(..) => true,
        });
    }

    // --- the store

    /// A process requests a change.
    pub(crate) fn ask_store(&mut self, change: Change, answer: StoreAnswer) {
        if let Change::Accept(new) = &change
            && !self.operations.contains(&new.operation.id)
        {
            self.operations.push(new.operation.id);
            // Requests come one at a time, and no gate stops a request before its acceptance, so this
            // operation belongs to the last caller.
            if let Some(caller) = self.callers.last_mut() {
                caller.drafted = Some(new.operation.id);
            }
        }
        let label = self.describe(&change);
        if self.healthy {
            let outcome = self.commit(change);
            drop(answer.send(Ok(outcome)));
        } else {
            self.put(label, Pending::Commit(change, Some(answer)));
        }
    }

    fn describe(&self, change: &Change) -> String {
        match change {
            Change::Accept(new) => {
                let operation = &new.operation;
                let kind = operation.kind().as_str();
                format!("accept {} ({kind})", self.name(operation.id))
            }
            Change::Save(save) => {
                let next = &save.operation;
                format!(
                    "save {} {} at revision {}",
                    self.name(next.id),
                    written(next.standing),
                    next.revision
                )
            }
        }
    }

    /// Commits a change, and checks it against the laws.
    pub(crate) fn commit(&mut self, change: Change) -> Outcome {
        match change {
            Change::Accept(new) => {
                let name = self.name(new.operation.id);
                let acceptance = self.store.accept(*new).now_or_never().unwrap().unwrap();
                let word = match &acceptance {
                    Acceptance::Accepted => "accepted".to_owned(),
                    Acceptance::Replay(other) => format!("a replay of {}", self.name(other.id)),
                    Acceptance::KeyReused => "its key was used".to_owned(),
                    Acceptance::Locked(other) => format!("locked by {}", self.name(other.id)),
                    Acceptance::AlreadyDone(other) => format!("done by {}", self.name(other.id)),
                    Acceptance::Duplicate(other) => format!("duplicates {}", self.name(other.id)),
                    Acceptance::RetryOfRequired(other) => {
                        format!("{} ended absent", self.name(other.id))
                    }
                    Acceptance::NothingToRetry => "nothing to retry".to_owned(),
                };
                self.say(format!("  {name}: {word}"));
                Outcome::Accepted(acceptance)
            }
            Change::Save(save) => {
                let (id, to) = (save.operation.id, save.operation.standing);
                let before = self.row(id);
                let saved = self.store.save(*save).now_or_never().unwrap().unwrap();
                let name = self.name(id);
                match (&saved, before) {
                    (Saved::Done(revision), Some(before)) => {
                        if before.standing != to {
                            let line = format!("{} -> {}", written(before.standing), written(to));
                            self.say(format!("  {name}: {line}"));
                            self.moves.insert(line);
                            self.moved(&before, to);
                        }
                        if *revision != before.revision + 1 {
                            self.violation(format!("{name} skipped a revision"));
                        }
                    }
                    (Saved::Stale(_), _) => self.say(format!("  {name}: stale")),
                    (Saved::Done(_) | Saved::Gone, _) => self.say(format!("  {name}: gone")),
                }
                Outcome::Saved(saved)
            }
        }
    }

    // --- TOP

    /// A process calls TOP.
    pub(crate) fn ask_top(&mut self, label: String, pending: Pending) {
        self.put(label, pending);
        if self.healthy
            && let Some(number) = self.gates.last().map(|gate| gate.number)
        {
            self.serve(number);
        }
    }

    /// Sends a write from its process, if it is not too late.
    pub(crate) fn leave(&mut self, number: u32) {
        let gate = self.take(number);
        let Pending::Leave(mut write, answer) = gate.pending else {
            unreachable!("{} does not leave", gate.label);
        };
        if let Err(why) = write.departure.try_leave() {
            self.say(format!("  {}: {why}", gate.label));
            self.sender_learns(&write.subject, Known::NotSent);
            drop(answer.send(Err(CallError::NotSent(why))));
            return;
        }
        self.sent(&mut write);
        let pending = Pending::Upstream {
            write,
            left: Instant::now(),
            fate: Fate::Undecided,
            answer: Some(answer),
        };
        self.put(gate.label, pending);
    }

    /// The sender of a write learns how it ended.
    pub(crate) fn sender_learns(&mut self, subject: &str, learned: Known) {
        if let Some(id) = self.sending.get(subject) {
            self.learned.insert(*id, (learned, self.boot));
        }
    }

    /// Executes a write that TOP has received.
    pub(crate) fn execute(&mut self, number: u32, hidden: bool) {
        let gate = self.gates.iter_mut().find(|gate| gate.number == number);
        if let Some(Gate {
            pending: Pending::Upstream { write, fate, .. },
            label,
            ..
        }) = gate
        {
            *fate = Fate::Done;
            self.ledger.execute(write, hidden);
            let line = format!(
                "  {label}: executed{}",
                if hidden { ", not shown" } else { "" }
            );
            self.say(line);
        }
        self.tidy();
    }

    /// Opens a gate at once, with the most favourable outcome that is still possible.
    pub(crate) fn serve(&mut self, number: u32) {
        let find = |world: &Self| world.gates.iter().position(|gate| gate.number == number);
        let Some(place) = find(self) else { return };
        match &self.gates[place].pending {
            Pending::Leave(..) => {
                self.leave(number);
                if let Some(Gate {
                    number,
                    pending: Pending::Upstream { .. },
                    ..
                }) = self.gates.last()
                {
                    self.serve(*number);
                }
            }
            Pending::Upstream { write, fate, .. } => {
                if *fate == Fate::Undecided && self.ledger.can_execute(write) {
                    self.execute(number, false);
                }
                if find(self).is_none() {
                    return;
                }
                if let Pending::Upstream {
                    write,
                    fate,
                    answer: Some(answer),
                    ..
                } = self.take(number).pending
                {
                    let body = match fate {
                        Fate::Done => self.ledger.done(&write),
                        Fate::Undecided | Fate::NotDone => Ledger::failure(&write, TIMEOUT),
                    };
                    drop(answer.send(Ok(received(&body))));
                }
            }
            Pending::Read(..) => {
                if let Pending::Read(query, seen, answer) = self.take(number).pending {
                    let seen = seen.unwrap_or_else(|| self.answer_to(&query));
                    drop(answer.send(Ok(seen)));
                }
            }
            Pending::Commit(..) => {
                if let Pending::Commit(change, answer) = self.take(number).pending {
                    let outcome = self.commit(change);
                    if let Some(answer) = answer {
                        drop(answer.send(Ok(outcome)));
                    }
                }
            }
            Pending::Acknowledge(..) => {
                if let Pending::Acknowledge(outcome, answer) = self.take(number).pending {
                    drop(answer.send(Ok(outcome)));
                }
            }
        }
    }

    /// From now on every gate opens at once and every step succeeds. Only writes whose process no
    /// longer waits are executed and shown as late as possible.
    pub(crate) fn heal(&mut self, stopping: bool) {
        self.say("every gate opens at once");
        if !stopping {
            let open = |id: OperationId| self.row(id).is_some_and(|row| is_open(row.state()));
            // Resolved operations do not count: the operator's resolution may be saved before the
            // sender saves what it learned.
            let learned = self.learned.iter().filter(|(id, (_, boot))| {
                *boot == self.boot && open(**id) && !self.resolved.contains(*id)
            });
            self.expected = learned.map(|(id, (learned, _))| (*id, *learned)).collect();
        }
        self.healthy = true;
        self.unreadable = false;
        let waits = |gate: &&Gate| !matches!(gate.pending, Pending::Upstream { answer: None, .. });
        while let Some(number) = self.gates.iter().find(waits).map(|gate| gate.number) {
            self.serve(number);
        }
    }

    /// A process ends without warning. Changes that it requested may still be committed;
    /// writes that it has not sent are never sent; writes that TOP has received may still be executed.
    pub(crate) fn crash(&mut self) {
        self.boot += 1;
        self.gates.retain_mut(|gate| match &mut gate.pending {
            Pending::Commit(_, answer) => {
                *answer = None;
                true
            }
            Pending::Upstream { answer, .. } => {
                *answer = None;
                true
            }
            Pending::Acknowledge(..) | Pending::Leave(..) | Pending::Read(..) => false,
        });
        self.tidy();
    }

    /// The next time at which something happens by itself: see [`LATEST`].
    pub(crate) fn next_limit(&self) -> Option<Instant> {
        let undecided = self.gates.iter().filter_map(|gate| match &gate.pending {
            Pending::Upstream {
                left,
                fate: Fate::Undecided,
                ..
            } => Some(*left + LATEST),
            Pending::Upstream { .. }
            | Pending::Commit(..)
            | Pending::Acknowledge(..)
            | Pending::Leave(..)
            | Pending::Read(..) => None,
        });
        let hidden = self.ledger.hidden().map(|effect| effect.at + LATEST);
        undecided.chain(hidden).min()
    }

    pub(crate) fn apply_limits(&mut self) {
        let now = Instant::now();
        let mut decided = Vec::new();
        for gate in &mut self.gates {
            if let Pending::Upstream {
                write, left, fate, ..
            } = &mut gate.pending
                && *fate == Fate::Undecided
                && *left + LATEST <= now
            {
                if self.healthy && self.ledger.can_execute(write) {
                    self.ledger.execute(write, true);
                    *fate = Fate::Done;
                } else {
                    *fate = Fate::NotDone;
                }
                decided.push((gate.label.clone(), *fate));
            }
        }
        for (label, fate) in decided {
            self.say(format!("  {label}: {fate:?}, at the latest"));
        }
        let shown = self.ledger.show_before(now.checked_sub(LATEST));
        for label in shown {
            self.say(format!("  {label}: shown"));
        }
        self.tidy();
    }

    /// TOP's response to a read.
    pub(crate) fn answer_to(&self, query: &Query) -> Received {
        received(&match query {
            Query::OrderById(id) => self.ledger.detail(self.ledger.shown(|o| o.id == *id)),
            Query::OrderByReference(reference) => self
                .ledger
                .detail(self.ledger.shown(|o| o.reference == *reference)),
            Query::Orders => self.ledger.list(),
        })
    }

    /// The final states, for the end of a trace.
    pub(crate) fn summary(&mut self) {
        let mut text = String::from("end:");
        for row in self.rows() {
            let executed = if self.ledger.is_executed(row.id) {
                "executed"
            } else {
                "not executed"
            };
            let sends = self.sends.get(&row.id).copied().unwrap_or(0);
            let _ = write!(
                text,
                " {} {} ({executed}, sent {sends});",
                self.name(row.id),
                written(row.standing)
            );
        }
        self.say(text);
    }
}
