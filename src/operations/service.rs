//! The state that operations share, and the only function that changes an operation.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicI64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use metrics::counter;
use tokio::sync::{Notify, watch};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::reconcile::decide::Patience;
use super::upstream::Upstream;
use crate::clock::SharedClock;
use crate::domain::change::ChangeStatus;
use crate::domain::ids::OperationId;
use crate::domain::operation::{
    Anchor, Attention, Basis, Claim, Difference, EventKind, Failure, Kind, NewEvent, Operation,
    Proof, Receipt, Standing, State, TimelineEntry, may_become,
};
use crate::domain::resource::Resource;
use crate::domain::time::Rfc3339;
use crate::store::{JournalError, Save, Saved, Store};
use crate::telemetry::metrics as names;

/// Settings of lookups and of waiting.
#[derive(Clone, Copy, Debug)]
pub struct ReconcileSettings {
    /// Pause before the first lookup of an unknown operation.
    pub first_look: Duration,
    /// The limits of lookups.
    pub patience: Patience,
    /// How long a caller waits beyond the deadline for an unknown operation to settle.
    pub inline_wait: Duration,
    /// The longest pause between two lookups.
    pub max_interval: Duration,
    /// How long a settled operation is watched.
    pub watch: Duration,
    /// The pause between a success that rests on upstream's response alone and the lookup that confirms it.
    pub confirm_after: Duration,
    /// The maximum number of concurrent lookups.
    pub concurrency: usize,
    /// The deadline of one TOP call.
    pub deadline: Duration,
}

/// What the service is built from.
pub struct Parts {
    /// The journal.
    pub journal: Arc<dyn Store>,
    /// Reads upstream.
    pub upstream: Arc<Upstream>,
    /// Settings of lookups and of waiting.
    pub settings: ReconcileSettings,
    /// The clock.
    pub clock: SharedClock,
    /// Cancelled when the process is to stop: nothing new is sent from then on.
    pub stopping: CancellationToken,
}

/// The operations of this process.
pub struct Operations {
    pub(in crate::operations) journal: Arc<dyn Store>,
    pub(in crate::operations) upstream: Arc<Upstream>,
    pub(in crate::operations) settings: ReconcileSettings,
    pub(in crate::operations) clock: SharedClock,
    pub(in crate::operations) stopping: CancellationToken,
    /// Sends and lookups in progress; awaited before the writer stops.
    pub(in crate::operations) tasks: TaskTracker,
    /// Wakes the reconciler.
    pub(in crate::operations) wake: Notify,
    /// Identifies this process, and its lease, in the journal.
    pub(in crate::operations) boot: String,
    /// End of the lease, in store time (ms).
    pub(in crate::operations) lease_until: AtomicI64,
    /// Steady time at the start of the process.
    started_ms: u64,
    /// Store time at steady time zero. Wall time is read only once, so later jumps of the wall clock do not matter.
    store_zero_ms: i64,
    /// The operations that are being looked up. Each has one lookup at a time: two overlapping lookups would count
    /// the same time twice.
    pub(in crate::operations) busy: Mutex<HashSet<OperationId>>,
    waiting: Mutex<HashMap<OperationId, watch::Sender<Option<Arc<Operation>>>>>,
}

impl std::fmt::Debug for Operations {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Operations")
            .field("boot", &self.boot)
            .finish_non_exhaustive()
    }
}

/// The result of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::operations) enum Changed {
    /// The change is committed.
    Done,
    /// The edit returned nothing, or the state table forbids the change.
    Declined,
    /// The row had changed meanwhile; nothing was written.
    Stale,
}

/// How long an operation that sent nothing is kept.
const KEPT_UNSENT: Duration = Duration::from_hours(24);

/// The timeline entry, events and control that a change saves with the row.
#[derive(Debug, Default)]
pub(in crate::operations) struct Note {
    pub(in crate::operations) what: String,
    pub(in crate::operations) events: Vec<NewEvent>,
    pub(in crate::operations) proves: Option<Proof>,
}

impl Note {
    pub(in crate::operations) fn of(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ..Self::default()
        }
    }
}

// === impl Operations ===

impl Operations {
    /// Builds the service. The reconciler is started by [`Operations::reconcile`].
    #[must_use]
    pub fn new(parts: Parts) -> Arc<Self> {
        let boot = OperationId::new(&*parts.clock).to_string();
        let steady = parts.clock.steady();
        let store_zero_ms = parts.clock.wall().as_millisecond() - millis(steady);
        Arc::new(Self {
            journal: parts.journal,
            upstream: parts.upstream,
            settings: parts.settings,
            clock: parts.clock,
            stopping: parts.stopping,
            tasks: TaskTracker::new(),
            wake: Notify::new(),
            boot,
            lease_until: AtomicI64::new(i64::MIN / 2),
            started_ms: u64::try_from(steady.as_millis()).unwrap_or(0),
            store_zero_ms,
            busy: Mutex::default(),
            waiting: Mutex::default(),
        })
    }

    /// The journal, for reading.
    #[must_use]
    pub fn journal(&self) -> &dyn Store {
        &*self.journal
    }

    /// The deadline of one TOP call.
    #[must_use]
    pub fn deadline(&self) -> Duration {
        self.settings.deadline
    }

    /// Reads upstream.
    #[must_use]
    pub fn upstream(&self) -> &Arc<Upstream> {
        &self.upstream
    }

    /// Accepts no more work and waits until every send in progress has its response, and its outcome is committed.
    pub async fn drain(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }

    /// Store time: the wall time at the start of the process plus the steady time since then.
    pub(in crate::operations) fn store_ms(&self) -> i64 {
        self.store_zero_ms + i64::try_from(self.steady_ms()).unwrap_or(i64::MAX / 2)
    }

    pub(in crate::operations) fn steady_ms(&self) -> u64 {
        u64::try_from(self.clock.steady().as_millis()).unwrap_or(u64::MAX / 2)
    }

    /// Now, in the steady time of this process.
    pub(in crate::operations) fn anchor(&self) -> Anchor {
        Anchor {
            boot: self.boot.clone(),
            at_ms: self.steady_ms(),
        }
    }

    /// Adds the time for which a settled operation was watched: since the last count, or since the start of
    /// this process if another process counted last.
    pub(in crate::operations) fn count_watched(&self, row: &mut Operation, until: &Anchor) {
        let findings = &mut row.findings;
        let last = findings.watched_anchor.take();
        let from = match last {
            Some(last) if last.boot == self.boot => last.at_ms,
            Some(_) | None => self.started_ms,
        };
        let until = until.at_ms.max(from);
        findings.watched_ms += until - from;
        findings.watched_anchor = Some(Anchor {
            boot: self.boot.clone(),
            at_ms: until,
        });
    }

    /// Changes an operation if it is still at the revision of `operation`, on which `edit` relies. If another
    /// change came first, `operation` is replaced with the current row, and the caller of this function decides
    /// whether the edit still applies.
    ///
    /// # Errors
    /// When the journal did not acknowledge the change, which may have been committed nevertheless.
    pub(in crate::operations) async fn change(
        &self,
        operation: &mut Operation,
        edit: impl FnOnce(&mut Operation) -> Option<Note> + Send,
    ) -> Result<Changed, JournalError> {
        let mut next = operation.clone();
        let Some(note) = edit(&mut next) else {
            return Ok(Changed::Declined);
        };
        if next.standing != operation.standing && !may_become(operation.standing, next.standing) {
            tracing::error!(
                operation_id = %operation.id, from = operation.state().as_str(),
                to = next.state().as_str(), "the state table forbids this change; nothing was saved"
            );
            return Ok(Changed::Declined);
        }
        if is_visible(operation, &next) {
            next.version = operation.version + 1;
        }
        let save = Save {
            operation: next.clone(),
            timeline: Some(note.what)
                .filter(|what| !what.is_empty())
                .map(|what| TimelineEntry {
                    at: Rfc3339(self.clock.wall()),
                    state: next.state(),
                    what,
                })
                .into_iter()
                .collect(),
            events: note.events,
            proves: note.proves,
            now_ms: self.store_ms(),
        };
        match self.journal.save(save).await? {
            Saved::Done(revision) => {
                next.revision = revision;
                let before = std::mem::replace(operation, next);
                if before.standing != operation.standing {
                    self.forget_resources(operation);
                    self.moved(operation);
                }
                if operation.contradicted && !before.contradicted {
                    alarm(operation);
                }
                Ok(Changed::Done)
            }
            Saved::Stale(current) => {
                *operation = *current;
                // The earlier change may be one of this process whose commit was not acknowledged, so its waiters
                // have not been woken.
                self.notify(operation);
                Ok(Changed::Stale)
            }
            Saved::Gone => Ok(Changed::Declined),
        }
    }

    /// Applies a settlement to the row, and adds its events.
    pub(in crate::operations) fn settled(
        &self,
        row: &mut Operation,
        settlement: &Settlement,
    ) -> Note {
        let to = settlement.standing;
        row.standing = to;
        row.attention = None;
        row.settled_at = Some(self.clock.wall());
        row.confirmed_at = row.settled_at.filter(|_| settlement.confirmed);
        row.claim = settlement.claim.unwrap_or(row.claim);
        row.result = settlement.result.clone();
        row.findings.recorded = None;
        row.differs.clone_from(&settlement.differs);
        row.failure = settlement.failure.clone();
        // Settling again after a contradiction is a new fact.
        let again = std::mem::take(&mut row.contradicted);
        let now = self.store_ms();
        let watched = is_watched(row);
        row.prune_at = row.sent_nothing().then(|| now + millis(KEPT_UNSENT));
        row.watch_until = watched.then(|| now + millis(self.settings.watch));
        row.findings.watched_ms = 0;
        row.findings.watched_anchor = watched.then(|| self.anchor());
        row.next_look_at = match (to.state, to.basis) {
            (State::Succeeded, _) | (_, Some(Basis::RefusedByGateway)) => {
                watched.then(|| now + millis(self.settings.confirm_after))
            }
            _ => self.next_lookup(row),
        };
        if to.state == State::Succeeded {
            row.findings.forget_doubts();
        }
        let mut fact = match to.basis {
            Some(basis) => format!("{}/{}", to.state.as_str(), basis.as_str()),
            None => to.state.as_str().to_owned(),
        };
        if again {
            fact = format!("{fact}@{}", row.version + 1);
        }
        let mut events = Vec::new();
        // An operation whose send never began emits no event; its caller gets the result directly.
        if !row.sent_nothing() {
            events.push(NewEvent {
                kind: EventKind::OperationSettled,
                subject: row.id.to_string(),
                fact,
            });
        }
        if let (State::Succeeded, Some(receipt)) = (to.state, &row.result) {
            events.push(fact_of(row.kind(), receipt));
            events.extend(rejection_of(row.kind(), receipt));
        }
        Note {
            what: settlement.what.clone(),
            events,
            proves: settlement.proves.clone().or_else(|| known_from(row)),
        }
    }

    /// Reopens a settled row because upstream shows another outcome: only a person can settle it again.
    pub(in crate::operations) fn contradict(
        &self,
        row: &mut Operation,
        evidence: &str,
        found: Option<Receipt>,
    ) -> Note {
        let recorded = row.state();
        row.standing = Standing::of(State::NeedsAttention);
        row.contradicted = true;
        row.attention = Some(Attention::Contradicted);
        row.settled_at = None;
        row.confirmed_at = None;
        row.prune_at = None;
        row.findings.recorded = row.result.take();
        row.result = found;
        row.differs.clear();
        row.next_look_at = self.next_lookup(row);
        let mut note = Note::of(format!(
            "{evidence}; this contradicts the recorded state {}; a person must decide",
            recorded.as_str()
        ));
        note.events.push(NewEvent {
            kind: EventKind::OperationContradicted,
            subject: row.id.to_string(),
            fact: format!("contradicted@{}", row.version + 1),
        });
        note
    }

    /// Lets the next read record the states of what the operation acted on or created: a read may have shown them before
    /// they counted.
    fn forget_resources(&self, operation: &Operation) {
        let created = operation
            .result
            .as_ref()
            .map(|receipt| Resource::of(receipt).0);
        let subject = Resource::of_subject(&operation.intent.subject());
        for resource in [created, subject].into_iter().flatten() {
            let observer = &self.upstream.observer;
            observer.forget_resource(&operation.account, resource);
        }
    }

    /// Logs and counts a change of state, and wakes the waiters of the operation.
    fn moved(&self, operation: &Operation) {
        let (state, basis) = (operation.standing.state, operation.standing.basis);
        // Debug level: the outcome that follows is logged at info level.
        if state == State::Sending {
            tracing::debug!(operation_id = %operation.id, "sending");
        } else {
            tracing::info!(
                operation_id = %operation.id, kind = operation.kind().as_str(),
                state = state.as_str(), basis = basis.map(Basis::as_str), "operation changed state"
            );
        }
        if state.is_settled() {
            counter!(
                names::OPERATIONS_SETTLED,
                "kind" => operation.kind().as_str(), "state" => state.as_str(),
                "basis" => basis.map_or("", Basis::as_str)
            )
            .increment(1);
        }
        self.notify(operation);
    }

    /// Passes the row to the waiters of the operation.
    fn notify(&self, operation: &Operation) {
        let waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sender) = waiting.get(&operation.id) {
            sender.send_replace(Some(Arc::new(operation.clone())));
        }
    }

    /// Waits until the operation is settled or needs a person, the time is over, or the process stops.
    /// Returns the operation as it is at that time.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn wait(
        &self,
        id: OperationId,
        at_most: Duration,
    ) -> Result<Option<Operation>, JournalError> {
        let waiter = self.waiter(id);
        let Some(operation) = self.journal.get(id).await? else {
            return Ok(None);
        };
        Ok(Some(waiter.ended(self, operation, at_most).await))
    }

    pub(in crate::operations) fn waiter(&self, id: OperationId) -> Waiter<'_> {
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = waiting.entry(id).or_insert_with(|| watch::channel(None).0);
        Waiter {
            operations: self,
            id,
            changes: Some(sender.subscribe()),
        }
    }
}

/// Changes a `sending` row to `unknown`, with its next lookup at this store time.
pub(in crate::operations) fn unknown(
    row: &mut Operation,
    what: impl Into<String>,
    look_at: i64,
) -> Note {
    row.standing = Standing::of(State::Unknown);
    row.next_look_at = Some(look_at);
    let mut note = Note::of(what);
    note.events.push(NewEvent {
        kind: EventKind::OperationUnknown,
        subject: row.id.to_string(),
        fact: "unknown".to_owned(),
    });
    note
}

/// Whether callers and operators can see the change.
fn is_visible(before: &Operation, now: &Operation) -> bool {
    before.standing != now.standing || before.result != now.result || before.differs != now.differs
}

/// Raises the alarm: upstream shows another outcome than the recorded one.
fn alarm(operation: &Operation) {
    counter!(names::CONTRADICTIONS).increment(1);
    tracing::error!(
        operation_id = %operation.id, kind = operation.kind().as_str(),
        "ALARM: a settled operation is contradicted by upstream; a person must decide"
    );
}

/// The event of an order, a refund or a change that a write caused.
fn fact_of(kind: Kind, receipt: &Receipt) -> NewEvent {
    let (kind, fact) = kind.fact();
    let subject = match receipt {
        Receipt::Order(order) => order.order_id.to_string(),
        Receipt::Refund(refund) => refund.refund_order_no.to_string(),
        Receipt::Change(change) => change.change_order_no.to_string(),
    };
    NewEvent {
        kind,
        subject,
        fact: fact.to_owned(),
    }
}

/// The event of a change that was paid and is already closed.
fn rejection_of(kind: Kind, receipt: &Receipt) -> Option<NewEvent> {
    match receipt {
        Receipt::Change(change)
            if kind == Kind::ChangePay && change.status == ChangeStatus::Closed =>
        {
            Some(NewEvent {
                kind: EventKind::ChangeRejected,
                subject: change.change_order_no.to_string(),
                fact: "rejected".to_owned(),
            })
        }
        Receipt::Order(_) | Receipt::Refund(_) | Receipt::Change(_) => None,
    }
}

/// The object that upstream reported as created, as a control that no lookup has found yet.
fn known_from(row: &Operation) -> Option<Proof> {
    let lookup = row
        .kind()
        .creates()
        .filter(|_| row.state() == State::Succeeded)?;
    Some(Proof {
        lookup,
        key: row.intent.subject().text(),
        session: None,
        at_ms: 0,
    })
}

/// How an operation is settled.
#[derive(Clone, Debug)]
pub(in crate::operations) struct Settlement {
    pub(in crate::operations) standing: Standing,
    pub(in crate::operations) claim: Option<Claim>,
    pub(in crate::operations) result: Option<Receipt>,
    pub(in crate::operations) differs: Vec<Difference>,
    pub(in crate::operations) failure: Option<Failure>,
    pub(in crate::operations) what: String,
    /// Whether a lookup has confirmed the outcome.
    pub(in crate::operations) confirmed: bool,
    pub(in crate::operations) proves: Option<Proof>,
}

/// Whether lookups of a settled operation continue: the effect of an absent or refused write may appear late, and a
/// success or a refusal by TOP's gateway that rests on a response alone has to be confirmed.
fn is_watched(row: &Operation) -> bool {
    match row.state() {
        State::Rejected => true,
        State::Succeeded => row.confirmed_at.is_none(),
        State::NotExecuted => match row.standing.basis {
            Some(Basis::Absent) => true,
            Some(Basis::RefusedByGateway) => row.sent_at.is_some(),
            Some(Basis::NotSent) | None => false,
        },
        State::Accepted | State::Sending | State::Unknown | State::NeedsAttention => false,
    }
}

impl Settlement {
    pub(in crate::operations) fn failed(
        standing: Standing,
        failure: Failure,
        what: impl Into<String>,
    ) -> Self {
        Self {
            standing,
            claim: None,
            result: None,
            differs: Vec::new(),
            failure: Some(failure),
            what: what.into(),
            confirmed: false,
            proves: None,
        }
    }

    /// The settlement of an operation that was not sent.
    pub(in crate::operations) fn not_sent(failure: Failure, what: impl Into<String>) -> Self {
        Self::failed(Standing::not_executed(Basis::NotSent), failure, what)
    }
}

/// A waiter for one operation.
pub(in crate::operations) struct Waiter<'a> {
    operations: &'a Operations,
    id: OperationId,
    /// Dropped under the lock, so that the last waiter removes the entry from the map.
    changes: Option<watch::Receiver<Option<Arc<Operation>>>>,
}

impl Waiter<'_> {
    pub(in crate::operations) async fn ended(
        mut self,
        operations: &Operations,
        mut operation: Operation,
        at_most: Duration,
    ) -> Operation {
        let Some(changes) = self.changes.as_mut() else {
            return operation;
        };
        let over = tokio::time::sleep(at_most);
        tokio::pin!(over);
        while operation.state().is_in_progress() {
            tokio::select! {
                biased;
                changed = changes.changed() => {
                    if changed.is_err() {
                        break;
                    }
                    if let Some(now) = changes.borrow_and_update().as_deref()
                        && now.revision > operation.revision
                    {
                        operation = now.clone();
                    }
                }
                () = &mut over => break,
                // A long poll must not delay a stop.
                () = operations.stopping.cancelled() => break,
            }
        }
        operation
    }
}

impl Drop for Waiter<'_> {
    fn drop(&mut self) {
        let mut waiting = self
            .operations
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        self.changes.take();
        if waiting
            .get(&self.id)
            .is_some_and(|sender| sender.receiver_count() == 0)
        {
            waiting.remove(&self.id);
        }
    }
}

pub(in crate::operations) fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX / 4)
}
