//! A journal in memory: a second, independent implementation of the acceptance rules, without a
//! database. It passes the suite of `tests/journal`.

// The paths are relative to this file, which two tests include.
#[path = "store/api_keys.rs"]
mod api_keys;
#[path = "store/sessions.rs"]
mod sessions;
#[path = "store/webhooks.rs"]
mod webhooks;

use std::sync::{Mutex, MutexGuard};

use fliggy_gateway::domain::api_key::ApiKey;
use fliggy_gateway::domain::attachment::KeptAttachment;
use fliggy_gateway::domain::ids::{AccountName, HashKey, OperationId, OrderId, OutOrderNo};
use fliggy_gateway::domain::notice::Notice;
use fliggy_gateway::domain::operation::{
    Basis, EventKind, Intent, Kind, LookupKind, NewEvent, Operation, OrderNumbers, Ownership,
    OwnershipFact, Proof, State, Subject, TimelineEntry,
};
use fliggy_gateway::domain::resource::Resource;
use fliggy_gateway::domain::session::StoredSession;
use fliggy_gateway::domain::time::Rfc3339;
use fliggy_gateway::store::{
    Acceptance, Around, Attachments, Changes, Check, Condition, Content, Due, Event, EventFilter,
    Feed, Filter, Inbox, Journal, JournalError, Known, MessageFilter, MessageState, NewMessage,
    NewOperation, Observed, Owners, Publication, Reception, Relations, Rereads, Resources, Save,
    Saved, Schedule, Store, StoredMessage, Tracked, Waking, WithTimeline, after_operation, changes,
    effects, order_numbers, resource_of, subjects, subjects_of,
};
use futures::future::BoxFuture;
use jiff::Timestamp;
use tokio::sync::watch;

/// An operation, and what the store keeps with it. Rows are in order of acceptance.
#[derive(Clone, Debug)]
struct Row {
    operation: Operation,
    idempotency: Option<[u8; 32]>,
    fingerprint: [u8; 32],
    duplicate: Option<[u8; 32]>,
    /// Whether the operation holds the lock on its subject. An operation that is reopened while
    /// another holds the lock does not get the lock.
    locks: bool,
    timeline: Vec<TimelineEntry>,
}

#[derive(Debug, Default)]
struct Tables {
    rows: Vec<Row>,
    events: Vec<Event>,
    /// The facts of events that a message reported.
    reported: Vec<(AccountName, NewEvent)>,
    last_event: i64,
    /// The last event that was deleted.
    trimmed: i64,
    proofs: Vec<(AccountName, Proof)>,
    /// Instances with the end of their leases.
    leases: Vec<(String, i64)>,
    owners: Vec<Ownership>,
    attachments: Vec<KeptAttachment>,
    resources: Vec<(AccountName, Tracked)>,
    inbox: Vec<InboxRow>,
    last_message: i64,
    hooks: webhooks::WebhookTables,
    sessions: Vec<StoredSession>,
    api_keys: Vec<ApiKey>,
}

/// A message, with the time of its last delivery.
#[derive(Clone, Debug)]
struct InboxRow {
    message: StoredMessage,
    delivered_ms: i64,
}

/// The end of the lease of an instance that is known to have ended.
const ENDED: i64 = i64::MIN;

/// See the module documentation.
#[derive(Debug)]
pub(crate) struct ModelStore {
    tables: Mutex<Tables>,
    hash_key: HashKey,
    committed: watch::Sender<u64>,
}

fn is_open(state: State) -> bool {
    !state.is_settled()
}

/// Whether an operation in this state may have taken effect.
fn may_have_been_sent(state: State) -> bool {
    match state {
        State::Sending | State::Unknown | State::NeedsAttention | State::Succeeded => true,
        State::Accepted | State::Rejected | State::NotExecuted => false,
    }
}

fn is_absent(operation: &Operation) -> bool {
    operation.standing.basis == Some(Basis::Absent)
}

fn lock_of(operation: &Operation) -> String {
    operation.intent.subject().lock(&operation.account)
}

impl Row {
    /// Whether it is an operation of this kind on the subject with this lock.
    fn is_about(&self, kind: Kind, lock: &str) -> bool {
        self.operation.kind() == kind && lock_of(&self.operation) == lock
    }
}

impl Tables {
    fn find(&self, id: OperationId) -> Option<&Row> {
        self.rows.iter().find(|row| row.operation.id == id)
    }

    fn accept(&mut self, new: NewOperation) -> Acceptance {
        if let Some(refusal) = self.refusal(&new) {
            return refusal;
        }
        self.rows.push(Row {
            operation: new.operation,
            idempotency: Some(new.idempotency),
            fingerprint: new.fingerprint,
            duplicate: new.duplicate,
            locks: true,
            timeline: vec![new.timeline],
        });
        Acceptance::Accepted
    }

    fn refusal(&self, new: &NewOperation) -> Option<Acceptance> {
        let asked = &new.operation;
        let (kind, lock) = (asked.kind(), lock_of(asked));
        let first = |wanted: &dyn Fn(&Row) -> bool| {
            let found = self.rows.iter().find(|row| wanted(row));
            found.map(|row| Box::new(row.operation.clone()))
        };
        if let Some(row) = self
            .rows
            .iter()
            .find(|row| row.idempotency == Some(new.idempotency))
        {
            return Some(if row.fingerprint == new.fingerprint {
                Acceptance::Replay(Box::new(row.operation.clone()))
            } else {
                Acceptance::KeyReused
            });
        }
        // A reopened operation may not hold the lock, but still blocks others.
        if let Some(other) = first(&|row| {
            lock_of(&row.operation) == lock
                && (row.locks || row.operation.state() == State::NeedsAttention)
        }) {
            return Some(Acceptance::Locked(other));
        }
        if let Some(other) = first(&|row| {
            let numbers = [&asked.intent, &row.operation.intent].map(Intent::number_among_several);
            row.is_about(kind, &lock)
                && numbers[0] == numbers[1]
                && row.operation.state() == State::Succeeded
        }) {
            return Some(Acceptance::AlreadyDone(other));
        }
        if let Some(named) = asked.retry_of
            && !self
                .find(named)
                .is_some_and(|row| repeats(asked, &row.operation))
        {
            return Some(Acceptance::NothingToRetry);
        }
        if let Some(earlier) = self.still_absent(asked, &lock)
            && asked.retry_of != Some(earlier.id)
        {
            return Some(Acceptance::RetryOfRequired(Box::new(earlier.clone())));
        }
        if new.duplicate.is_some() && !new.allow_duplicate {
            let twin = first(&|row| {
                row.duplicate == new.duplicate
                    && (is_open(row.operation.state())
                        || (is_absent(&row.operation) && asked.retry_of != Some(row.operation.id)))
            });
            return twin.map(Acceptance::Duplicate);
        }
        None
    }

    /// The newest operation that ended as absent, whose effect the new operation would repeat, and
    /// whose effect no later operation accounts for.
    fn still_absent(&self, asked: &Operation, lock: &str) -> Option<&Operation> {
        let about = |row: &&Row| row.is_about(asked.kind(), lock);
        let repeated_by = |row: &Row, later: &Intent| row.operation.intent.may_be_taken_for(later);
        let places = self.rows.iter().enumerate();
        places
            .filter(|(_, row)| about(row) && is_absent(&row.operation))
            .filter(|(_, row)| repeated_by(row, &asked.intent))
            .filter(|(place, row)| {
                let later = self.rows[place + 1..].iter().filter(about);
                !later
                    .filter(|later| later.operation.state() == State::Succeeded)
                    .any(|later| repeated_by(row, &later.operation.intent))
            })
            .map(|(_, row)| &row.operation)
            .next_back()
    }

    fn save(&mut self, save: Save) -> Saved {
        let next = save.operation;
        let lock = lock_of(&next);
        let held = self
            .rows
            .iter()
            .any(|row| row.locks && row.operation.id != next.id && lock_of(&row.operation) == lock);
        let repeats_a_contradicted = next.state() == State::Sending
            && self.rows.iter().any(|row| {
                (Some(row.operation.id) == next.retry_of || lock_of(&row.operation) == lock)
                    && row.operation.state() == State::NeedsAttention
            });
        let Some(row) = self.rows.iter_mut().find(|r| r.operation.id == next.id) else {
            return Saved::Gone;
        };
        if row.operation.revision != next.revision || repeats_a_contradicted {
            return Saved::Stale(Box::new(row.operation.clone()));
        }
        row.locks = is_open(next.state()) && (row.locks || !held);
        if next.standing.basis.is_some_and(Basis::frees_the_key) {
            row.idempotency = None;
        }
        let at = save
            .timeline
            .last()
            .map_or(Timestamp::UNIX_EPOCH, |entry| entry.at.0);
        row.timeline.extend(save.timeline);
        // The fields set at acceptance never change.
        row.operation = Operation {
            revision: next.revision + 1,
            intent: row.operation.intent.clone(),
            account: row.operation.account.clone(),
            caller: row.operation.caller.clone(),
            created_at: row.operation.created_at,
            retry_of: row.operation.retry_of,
            ..next
        };
        let operation = row.operation.clone();
        let tracked = self.resource_of(&operation);
        for event in &save.events {
            let is_told = tracked.as_ref().is_some_and(|row| row.has_told(event));
            if is_told && !self.knows(event) {
                continue;
            }
            self.add(Event {
                sequence: 0,
                kind: event.kind,
                subject: event.subject.clone(),
                fact: event.fact.clone(),
                account: operation.account.clone(),
                owner: Some(operation.caller.clone()),
                order: self.order_of(&operation),
                operation_id: Some(operation.id),
                at,
            });
        }
        self.note_owner(&operation);
        if !save.events.is_empty() {
            self.note_resource(&operation, &save.events, tracked, save.now_ms);
        }
        if let Some(proof) = save.proves {
            let account = operation.account.clone();
            if proof.session.is_some() {
                self.proofs
                    .retain(|(of, known)| (of, known.lookup) != (&account, proof.lookup));
            }
            if self.proof(&account, proof.lookup).is_none() {
                self.proofs.push((account, proof));
            }
        }
        Saved::Done(operation.revision)
    }

    /// Whether the feed has an event of this fact.
    fn knows(&self, event: &NewEvent) -> bool {
        let fact = (event.kind, &event.subject, &event.fact);
        let mut known = self.events.iter();
        known.any(|known| (known.kind, &known.subject, &known.fact) == fact)
    }

    /// Adds an event, unless the feed already has an event of this fact. An event is replaced once its owner is known, or
    /// once the operation of another caller reports it.
    fn add(&mut self, event: Event) {
        let fact = |e: &Event| (e.kind, e.subject.clone(), e.fact.clone());
        let known = self.events.iter().position(|e| fact(e) == fact(&event));
        if let Some(known) = known {
            // A database counts the event that was refused.
            self.last_event += 1;
            let earlier = &self.events[known];
            let is_given = event.owner.is_some()
                && earlier.account == event.account
                && (earlier.owner.is_none()
                    || (event.operation_id.is_some()
                        && earlier.operation_id.is_none()
                        && earlier.owner != event.owner));
            if !is_given {
                return;
            }
            let moved = self.events.remove(known);
            self.hooks.forget_event(moved.sequence, event.at);
        }
        self.last_event += 1;
        let sequence = self.last_event;
        self.events.push(Event { sequence, ..event });
    }

    /// What is known of the resource that a successful operation created or acted on.
    fn resource_of(&self, operation: &Operation) -> Option<Tracked> {
        let receipt = operation.result.as_ref()?;
        let (resource, _) = Resource::of(receipt);
        let succeeded = operation.state() == State::Succeeded;
        let row = self.tracked(&operation.account, resource);
        row.filter(|_| succeeded).cloned()
    }

    fn tracked(&self, account: &AccountName, resource: Resource) -> Option<&Tracked> {
        let mut rows = self.resources.iter();
        let found = rows.find(|(of, row)| of == account && row.resource == resource);
        found.map(|(_, row)| row)
    }

    fn put(&mut self, account: &AccountName, row: Tracked) {
        let resource = row.resource;
        self.resources
            .retain(|(of, known)| of != account || known.resource != resource);
        self.resources.push((account.clone(), row));
    }

    fn order(&self, account: &AccountName, order_id: Option<OrderId>) -> Option<Ownership> {
        let is_it = |o: &&Ownership| o.account == *account && Some(o.order_id) == order_id;
        self.owners.iter().find(is_it).cloned()
    }

    fn note_resource(
        &mut self,
        operation: &Operation,
        events: &[NewEvent],
        tracked: Option<Tracked>,
        now_ms: i64,
    ) {
        let Some(receipt) = &operation.result else {
            return;
        };
        let account = &operation.account;
        let (_, order_id) = Resource::of(receipt);
        let order_id = order_id.or(tracked.as_ref().and_then(|row| row.order_id));
        let order = self.order(account, order_id);
        let (order, rereads) = (order.as_ref(), Rereads::default());
        let row = after_operation(operation, events, tracked, order, rereads, now_ms);
        if let Some(row) = row {
            self.put(account, row);
        }
    }

    /// The operations on these subjects.
    fn about(&self, account: &AccountName, subjects: &[Subject]) -> Vec<Operation> {
        let locks: Vec<_> = subjects.iter().map(|s| s.lock(account)).collect();
        let operations = self.rows.iter().map(|row| &row.operation);
        let about = operations.filter(|operation| locks.contains(&lock_of(operation)));
        about.cloned().collect()
    }

    fn publish_changes(
        &mut self,
        changes: Changes,
        account: &AccountName,
        order: &OrderNumbers,
        at: Timestamp,
    ) {
        for (event, owner) in changes.events {
            self.add(Event {
                sequence: 0,
                kind: event.kind,
                subject: event.subject,
                fact: event.fact,
                account: account.clone(),
                owner,
                order: order.clone(),
                operation_id: None,
                at,
            });
        }
        if let Some(row) = changes.tracked {
            self.put(account, row);
        }
    }

    fn observe(&mut self, observed: &Observed) {
        let account = &observed.account;
        for snapshot in &observed.snapshots {
            let tracked = self.tracked(account, snapshot.resource).cloned();
            let of_row = tracked.as_ref().and_then(|row| row.order_id);
            let order_id = snapshot.order_id.or(of_row);
            let order = self.order(account, order_id);
            if tracked.is_none() && order.is_none() {
                continue;
            }
            let subjects = subjects_of(snapshot.resource, order.as_ref());
            let numbers = order_numbers(order_id, order.as_ref());
            let around = Around {
                operations: self.about(account, &subjects),
                change_was_paid: false,
                order,
                tracked,
            };
            let (rereads, is_reread) = (Rereads::default(), observed.reread.is_some());
            let changes = changes(snapshot, &around, rereads, observed.now_ms, is_reread);
            self.publish_changes(changes, account, &numbers, observed.at);
        }
        if let Some(resource) = observed.reread
            && let Some(mut row) = self.tracked(account, resource).cloned()
        {
            let order = self.order(account, row.order_id);
            row.next_read_ms = Rereads::default().next_read(&row, order.as_ref(), observed.now_ms);
            self.put(account, row);
        }
    }

    /// The order that an operation concerns, by its row, by the change that it names, and by the owners.
    fn order_of(&self, operation: &Operation) -> OrderNumbers {
        let mut order = OrderNumbers::of(operation);
        if let (None, Subject::Change(change)) = (order.order_id, operation.intent.subject()) {
            let created = self.events.iter().find(|event| {
                event.kind == EventKind::ChangeCreated && event.subject == change.to_string()
            });
            order.order_id = created.and_then(|event| event.order.order_id);
        }
        if order.out_order_no.is_none() {
            let owner = self.owners.iter().find(|known| {
                known.account == operation.account && Some(known.order_id) == order.order_id
            });
            order.out_order_no = owner.map(|known| known.out_order_no.clone());
        }
        order
    }

    fn receive(&mut self, message: &NewMessage, waking: &Waking) -> Reception {
        let id = match &message.content {
            Content::Notice { notice, .. } => notice.id.clone(),
            Content::Quarantined { id, .. } => id.clone().unwrap_or(message.digest.clone()),
        };
        let now_ms = message.received_at.as_millisecond();
        let is_it = |row: &InboxRow| row.message.topic == message.topic && row.message.id == id;
        let place = self.inbox.iter().position(is_it);
        if let Some(place) = place {
            let row = &mut self.inbox[place];
            row.message.deliveries += 1;
            row.delivered_ms = now_ms;
            if row.message.state == MessageState::Processed {
                return Reception::Repeated;
            }
        }
        let mut stored = StoredMessage {
            sequence: self.last_message + 1,
            topic: message.topic.clone(),
            id,
            state: MessageState::Processed,
            reason: None,
            members: Vec::new(),
            account: None,
            user_id: message.user_id,
            order_no: None,
            published_at: message.published_at,
            received_at: message.received_at,
            deliveries: 1,
        };
        match &message.content {
            Content::Notice { account, notice } => {
                stored.account = Some(account.clone());
                stored.order_no = notice.order.as_ref().map(|number| number.0.clone());
                self.inbox.retain(|row| {
                    (&row.message.topic, &row.message.id) != (&message.topic, &message.digest)
                });
            }
            Content::Quarantined {
                order_no,
                reason,
                members,
                ..
            } => {
                stored.order_no.clone_from(order_no);
                stored.state = MessageState::Quarantined;
                stored.reason = Some(*reason);
                stored.members.clone_from(members);
            }
        }
        let is_it =
            |row: &InboxRow| row.message.topic == stored.topic && row.message.id == stored.id;
        if let Some(row) = self.inbox.iter_mut().find(|row| is_it(row)) {
            row.message = StoredMessage {
                sequence: row.message.sequence,
                published_at: row.message.published_at,
                received_at: row.message.received_at,
                deliveries: row.message.deliveries,
                ..stored
            };
        } else {
            self.last_message += 1;
            self.inbox.push(InboxRow {
                message: stored,
                delivered_ms: now_ms,
            });
        }
        match &message.content {
            Content::Notice { account, notice } => {
                let woken = self.apply(message, account, notice, waking);
                Reception::Processed { woken }
            }
            Content::Quarantined { .. } => Reception::Quarantined,
        }
    }

    fn apply(
        &mut self,
        message: &NewMessage,
        account: &AccountName,
        notice: &Notice,
        waking: &Waking,
    ) -> usize {
        let number = notice.order.as_ref().map(|number| number.0.clone());
        let is_fliggys = |number: &str| number.parse::<OrderId>().is_ok();
        let order = self.owners.iter().rfind(|order| {
            let is_it = |number: &String| match is_fliggys(number) {
                true => order.order_id.to_string() == *number,
                false => order.out_order_no.as_str() == *number,
            };
            order.account == *account && number.as_ref().is_some_and(is_it)
        });
        let order = order.cloned();
        let tracked = resource_of(notice, order.as_ref())
            .and_then(|resource| self.tracked(account, resource).cloned());
        let around = Around {
            operations: self.about(account, &subjects(notice, order.as_ref())),
            change_was_paid: false,
            order,
            tracked,
        };
        let effects = effects(notice, &around, Rereads::default(), waking);
        self.publish_changes(
            effects.changes,
            account,
            &effects.order,
            message.received_at,
        );
        let evidence = effects.evidence.map(|event| (account.clone(), event));
        self.reported.extend(evidence);
        let woken = effects.wake.len();
        for operation in effects.wake {
            let entry = TimelineEntry {
                at: Rfc3339(message.received_at),
                state: operation.state(),
                what: String::new(),
            };
            let saved = self.save(Save {
                operation,
                timeline: vec![entry],
                events: Vec::new(),
                proves: None,
                now_ms: waking.now_ms,
            });
            assert!(matches!(saved, Saved::Done(_)), "{saved:?}");
        }
        woken
    }

    fn note_owner(&mut self, operation: &Operation) {
        for fact in OwnershipFact::of(operation) {
            match fact {
                OwnershipFact::NoOther(id, booked) => {
                    let is_kept =
                        |o: &Ownership| o.operation_id != id || Some(o.order_id) == booked;
                    let gone = self.owners.iter().filter(|o| !is_kept(o));
                    let gone: Vec<_> = gone.map(|o| (o.account.clone(), o.order_id)).collect();
                    self.resources.retain(|(account, row)| match row.resource {
                        Resource::Order(order) => !gone.contains(&(account.clone(), order)),
                        Resource::Refund(_) | Resource::Change(_) => true,
                    });
                    self.owners.retain(is_kept);
                }
                OwnershipFact::Booked(mut order) => {
                    let known = self.order(&order.account, Some(order.order_id));
                    let departure = known.and_then(|known| known.last_departure);
                    order.last_departure = order.last_departure.max(departure);
                    self.owners
                        .retain(|o| (&o.account, o.order_id) != (&order.account, order.order_id));
                    self.owners.push(order);
                }
                OwnershipFact::Changed {
                    account,
                    order_id,
                    last_departure,
                } => {
                    for order in &mut self.owners {
                        if (&order.account, order.order_id) == (&account, order_id) {
                            order.last_departure = order.last_departure.max(Some(last_departure));
                        }
                    }
                }
            }
        }
    }

    fn list(&self, filter: &Filter) -> Vec<Operation> {
        let mut found: Vec<_> = self
            .rows
            .iter()
            .map(|row| &row.operation)
            .filter(|o| filter.caller.as_ref().is_none_or(|c| *c == o.caller))
            .filter(|o| filter.state.is_none_or(|s| s == o.state()))
            .filter(|o| filter.kind.is_none_or(|k| k == o.kind()))
            .filter(|o| {
                let subject = filter.subject.as_ref();
                subject.is_none_or(|s| *s == o.intent.subject().text())
            })
            .filter(|o| {
                let about = filter.about.as_ref();
                about.is_none_or(|(a, s)| *a == o.account && *s == o.intent.subject())
            })
            .filter(|o| filter.before.is_none_or(|id| o.id < id))
            .cloned()
            .collect();
        found.sort_by_key(|o| std::cmp::Reverse(o.id));
        found.truncate(usize::try_from(filter.limit).unwrap());
        found
    }

    fn due(&self, now_ms: i64, limit: u32) -> Vec<Operation> {
        let limit = usize::try_from(limit).unwrap();
        let due = |unknown: bool| {
            let mut due: Vec<_> = self
                .rows
                .iter()
                .map(|row| &row.operation)
                .filter(|o| o.next_look_at.is_some_and(|at| at <= now_ms))
                .filter(|o| (o.state() == State::Unknown) == unknown)
                .cloned()
                .collect();
            due.sort_by_key(|o| o.next_look_at);
            due.truncate(limit);
            due
        };
        [due(true), due(false)].concat()
    }

    fn wake_all(&mut self, now_ms: i64) {
        const HOUR_MS: i64 = 3_600_000;
        for row in &mut self.rows {
            let operation = &mut row.operation;
            let unresolved = matches!(operation.state(), State::Unknown | State::NeedsAttention);
            let wake = |at: i64| {
                if unresolved {
                    now_ms
                } else {
                    at.min(now_ms + HOUR_MS)
                }
            };
            operation.next_look_at = operation.next_look_at.map(wake);
        }
        for (_, row) in &mut self.resources {
            row.next_read_ms = row.next_read_ms.map(|at| at.min(now_ms + 24 * HOUR_MS));
        }
    }

    /// The operations of the same kind and subject accepted before this one, and after it.
    fn around(&self, operation: &Operation) -> (Vec<&Operation>, Vec<&Operation>) {
        let lock = lock_of(operation);
        let about = |row: &&Row| row.is_about(operation.kind(), &lock);
        let all = self.rows.iter().filter(about).map(|row| &row.operation);
        let mut earlier: Vec<_> = all.collect();
        let place = earlier.iter().position(|o| o.id == operation.id);
        let mut later = earlier.split_off(place.map_or(earlier.len(), |place| place + 1));
        earlier.pop();
        if place.is_none() {
            later.clear();
        }
        (earlier, later)
    }

    fn proof(&self, account: &AccountName, lookup: LookupKind) -> Option<Proof> {
        let mut proofs = self.proofs.iter();
        let found = proofs.find(|(of, proof)| of == account && proof.lookup == lookup);
        found.map(|(_, proof)| proof.clone())
    }

    fn later_ones(&self, operation: &Operation) -> Vec<(State, Intent)> {
        let (_, later) = self.around(operation);
        let sent = later
            .into_iter()
            .rev()
            .filter(|o| may_have_been_sent(o.state()));
        sent.map(|o| (o.state(), o.intent.clone())).collect()
    }

    fn earlier_ones(&self, operation: &Operation) -> Vec<Operation> {
        let (earlier, _) = self.around(operation);
        let undone = earlier.into_iter().rev().filter(|o| match o.state() {
            State::Rejected => true,
            State::NotExecuted => o.standing.basis != Some(Basis::NotSent),
            State::Accepted
            | State::Sending
            | State::Unknown
            | State::NeedsAttention
            | State::Succeeded => false,
        });
        undone.cloned().collect()
    }

    fn has_after_sales(&self, account: &AccountName, order_id: OrderId) -> bool {
        let lock = Subject::Order(order_id).lock(account);
        self.rows.iter().any(|row| {
            let operation = &row.operation;
            lock_of(operation) == lock
                && matches!(operation.kind(), Kind::Refund | Kind::Change)
                && may_have_been_sent(operation.state())
        })
    }

    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> Vec<(u64, OperationId)> {
        let all = self.rows.iter().map(|row| &row.operation);
        let made = all
            .filter(|o| o.account == *account && o.kind() == kind)
            .filter_map(|o| Some((o.made()?, o.id)));
        made.filter(|(number, _)| numbers.contains(number))
            .collect()
    }
}

/// Whether the operation may name the earlier one in `retry_of`.
fn repeats(operation: &Operation, earlier: &Operation) -> bool {
    is_absent(earlier)
        && earlier.account == operation.account
        && operation.intent.repeats(&earlier.intent)
        && (earlier.caller == operation.caller
            || earlier.intent.subject() == operation.intent.subject())
}

// === impl ModelStore ===

impl ModelStore {
    pub(crate) fn new() -> Self {
        Self {
            tables: Mutex::default(),
            hash_key: HashKey::new([7; 32]),
            committed: watch::Sender::new(0),
        }
    }

    /// Treats all instances as ended, as a database does when only one process has it open.
    pub(crate) fn opened(&self) {
        let mut tables = self.tables();
        let instances = tables
            .rows
            .iter()
            .map(|row| (row.operation.boot.clone(), ENDED));
        tables.leases = instances.collect();
    }

    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.tables.lock().unwrap()
    }
}

/// The time as a store keeps it.
fn ms(at: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(at.as_millisecond()).unwrap()
}

/// A result that is available at once.
fn at_once<'a, T: Send + 'a>(answer: T) -> BoxFuture<'a, Result<T, JournalError>> {
    Box::pin(std::future::ready(Ok(answer)))
}

impl Journal for ModelStore {
    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>> {
        at_once(self.tables().accept(new))
    }

    fn known(&self, idempotency: [u8; 32]) -> BoxFuture<'_, Result<Option<Known>, JournalError>> {
        let tables = self.tables();
        let mut rows = tables.rows.iter();
        let row = rows.find(|row| row.idempotency == Some(idempotency));
        at_once(row.map(|row| Known {
            operation: row.operation.clone(),
            fingerprint: row.fingerprint,
        }))
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Saved, JournalError>> {
        let saved = self.tables().save(save);
        self.committed.send_modify(|count| *count += 1);
        at_once(saved)
    }

    fn get(&self, id: OperationId) -> BoxFuture<'_, Result<Option<Operation>, JournalError>> {
        at_once(self.tables().find(id).map(|row| row.operation.clone()))
    }

    fn with_timeline(
        &self,
        id: OperationId,
    ) -> BoxFuture<'_, Result<Option<WithTimeline>, JournalError>> {
        let tables = self.tables();
        let row = tables.find(id);
        at_once(row.map(|row| (row.operation.clone(), row.timeline.clone())))
    }

    fn list(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        at_once(self.tables().list(&filter))
    }
}

impl Schedule for ModelStore {
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        at_once(self.tables().due(now_ms, limit))
    }

    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>> {
        let tables = self.tables();
        let times = tables.rows.iter().filter_map(|r| r.operation.next_look_at);
        at_once(times.filter(|at| *at > now_ms).min())
    }

    fn stale(
        &self,
        instance: &str,
        now_ms: i64,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        let tables = self.tables();
        let open = tables.rows.iter().map(|row| &row.operation);
        let stale = open
            .filter(|o| matches!(o.state(), State::Accepted | State::Sending))
            .filter(|o| {
                let untouched = o.touched_ms < touched_before_ms;
                let mut leases = tables.leases.iter();
                match leases.find(|(id, _)| *id == o.boot) {
                    _ if o.boot == instance => untouched,
                    Some((_, ENDED)) => true,
                    Some((_, until)) => *until <= now_ms && untouched,
                    None => untouched,
                }
            });
        at_once(stale.cloned().collect())
    }

    fn renew(&self, instance: &str, until_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        let leases = &mut self.tables().leases;
        leases.retain(|(id, _)| id != instance);
        leases.push((instance.to_owned(), until_ms));
        at_once(())
    }

    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        self.tables().wake_all(now_ms);
        at_once(())
    }

    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        let rows = &mut self.tables().rows;
        let before = rows.len();
        rows.retain(|row| row.operation.prune_at.is_none_or(|at| at > now_ms));
        at_once(u64::try_from(before - rows.len()).unwrap())
    }

    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>> {
        let tables = self.tables();
        let count = |state: State| {
            let rows = tables.rows.iter();
            let count = rows.filter(|row| row.operation.state() == state).count();
            (state, i64::try_from(count).unwrap())
        };
        let open = State::ALL.into_iter().filter(|s| is_open(*s));
        let counts = open.map(count).filter(|(_, n)| *n > 0);
        at_once(counts.collect())
    }
}

impl Relations for ModelStore {
    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>> {
        at_once(self.tables().later_ones(operation))
    }

    fn earlier_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        at_once(self.tables().earlier_ones(operation))
    }

    fn has_after_sales(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        at_once(self.tables().has_after_sales(account, order_id))
    }

    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>> {
        at_once(self.tables().makers(account, kind, numbers))
    }

    fn proof(
        &self,
        account: &AccountName,
        lookup: LookupKind,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>> {
        at_once(self.tables().proof(account, lookup))
    }
}

impl Feed for ModelStore {
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        let tables = self.tables();
        let selected = tables.events.iter().filter(|event| filter.selects(event));
        let limit = usize::try_from(filter.limit).unwrap();
        at_once(selected.take(limit).cloned().collect())
    }

    fn last_event(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        at_once(self.tables().last_event)
    }

    fn trimmed_events(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        at_once(self.tables().trimmed)
    }

    fn trim_events(&self, before_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        let mut tables = self.tables();
        let Tables {
            events,
            hooks,
            trimmed,
            ..
        } = &mut *tables;
        let left = events.iter().filter(|event| event.sequence > *trimmed);
        let old =
            left.take_while(|event| event.at.as_millisecond() < before_ms && !hooks.needs(event));
        let old: Vec<_> = old.take(256).map(|event| event.sequence).collect();
        if let Some(last) = old.last() {
            events.retain(|event| !old.contains(&event.sequence) || hooks.is_kept(event));
            hooks.forget_trimmed(*trimmed, *last);
            *trimmed = *last;
        }
        at_once(u64::try_from(old.len()).unwrap())
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    fn is_reported_by_message(
        &self,
        account: &AccountName,
        event: NewEvent,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let tables = self.tables();
        at_once(tables.events.iter().any(|known| {
            known.account == *account
                && (known.kind, &known.subject, &known.fact)
                    == (event.kind, &event.subject, &event.fact)
                && tables.reported.contains(&(account.clone(), event.clone()))
        }))
    }

    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>> {
        for publication in events {
            self.tables().add(Event {
                sequence: 0,
                kind: publication.event.kind,
                subject: publication.event.subject,
                fact: publication.event.fact,
                account: publication.account,
                owner: publication.owner,
                order: publication.order,
                operation_id: None,
                at: publication.at,
            });
        }
        self.committed.send_modify(|count| *count += 1);
        at_once(())
    }
}

impl Inbox for ModelStore {
    fn receive(
        &self,
        messages: Vec<NewMessage>,
        waking: Waking,
    ) -> BoxFuture<'_, Result<Vec<Reception>, JournalError>> {
        let mut tables = self.tables();
        let received = messages.iter();
        let receptions = received.map(|message| tables.receive(message, &waking));
        let receptions = receptions.collect();
        self.committed.send_modify(|count| *count += 1);
        at_once(receptions)
    }

    fn messages(
        &self,
        filter: MessageFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredMessage>, JournalError>> {
        let tables = self.tables();
        let mut found: Vec<_> = tables.inbox.iter().map(|row| row.message.clone()).collect();
        found.retain(|message| {
            filter.state.is_none_or(|state| message.state == state)
                && filter.before.is_none_or(|before| message.sequence < before)
        });
        found.sort_by_key(|message| std::cmp::Reverse(message.sequence));
        found.truncate(usize::try_from(filter.limit).unwrap());
        at_once(found)
    }

    fn quarantined(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        let tables = self.tables();
        let is_it = |row: &&InboxRow| row.message.state == MessageState::Quarantined;
        at_once(i64::try_from(tables.inbox.iter().filter(is_it).count()).unwrap())
    }

    fn forget_messages(
        &self,
        processed_before_ms: i64,
        quarantined_before_ms: i64,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        let mut tables = self.tables();
        let before = tables.inbox.len();
        tables.inbox.retain(|row| {
            let limit = match row.message.state {
                MessageState::Processed => processed_before_ms,
                MessageState::Quarantined => quarantined_before_ms,
            };
            row.delivered_ms >= limit
        });
        at_once(u64::try_from(before - tables.inbox.len()).unwrap())
    }
}

impl Resources for ModelStore {
    fn observe(&self, observed: Vec<Observed>) -> BoxFuture<'_, Result<(), JournalError>> {
        let mut tables = self.tables();
        for one in &observed {
            tables.observe(one);
        }
        self.committed.send_modify(|count| *count += 1);
        at_once(())
    }

    fn due_resources(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Due>, JournalError>> {
        let tables = self.tables();
        let mut due = Vec::new();
        for finished in [false, true] {
            let mut group = Vec::new();
            for word in Resource::WORDS {
                let rows = tables.resources.iter();
                let rows = rows.filter(|(_, row)| {
                    row.is_finished() == finished && row.resource.word() == word
                });
                let mut of_kind: Vec<_> = rows
                    .filter_map(|(account, row)| {
                        Some(Due {
                            account: account.clone(),
                            resource: row.resource,
                            order_id: row.order_id,
                            since_ms: row.next_read_ms.filter(|at| *at <= now_ms)?,
                        })
                    })
                    .collect();
                of_kind.sort_by_key(|due| due.since_ms);
                of_kind.truncate(usize::try_from(limit).unwrap());
                group.extend(of_kind);
            }
            group.sort_by_key(|due| due.since_ms);
            due.extend(group);
        }
        at_once(due)
    }
}

impl Attachments for ModelStore {
    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>> {
        let tables = self.tables();
        at_once(tables.attachments.iter().find(|a| a.key == key).cloned())
    }

    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let is_it = |a: &KeptAttachment| a.account == *account && a.order_id == Some(order_id);
        at_once(self.tables().attachments.iter().any(is_it))
    }

    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        let kept = &mut self.tables().attachments;
        if !kept.iter().any(|a| a.key == attachment.key) {
            kept.push(attachment);
        }
        at_once(())
    }
}

impl Owners for ModelStore {
    fn owner_of_order(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        let is_it = |o: &&Ownership| o.account == *account && o.order_id == order_id;
        at_once(self.tables().owners.iter().find(is_it).cloned())
    }

    fn owner_of_reference(
        &self,
        account: &AccountName,
        out_order_no: &OutOrderNo,
    ) -> BoxFuture<'_, Result<Option<Ownership>, JournalError>> {
        let is_it = |o: &&Ownership| o.account == *account && o.out_order_no == *out_order_no;
        at_once(self.tables().owners.iter().rfind(is_it).cloned())
    }
}

impl Store for ModelStore {
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>> {
        at_once(())
    }

    fn condition(&self) -> Condition {
        Condition {
            check: Check::Passed,
            warnings: Vec::new(),
        }
    }

    fn hash_key(&self) -> &HashKey {
        &self.hash_key
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(std::future::ready(()))
    }
}
