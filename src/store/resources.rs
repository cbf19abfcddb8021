//! What is known of the orders, refunds and changes of this gateway: which facts are told, and when they are read again.
//! The decisions are pure functions over rows that a backend has fetched.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::error::JournalError;
use crate::domain::ids::{AccountName, OrderId};
use crate::domain::operation::{
    Kind, NewEvent, Operation, OrderNumbers, Ownership, State, Subject,
};
use crate::domain::resource::{Fact, Resource, ResourceStatus, Snapshot, includes_payment};

/// The pauses between two reads of a resource that is not finished. They grow with the time since it last changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rereads {
    /// The shortest pause.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

/// What is known of an order, a refund or a change of this gateway.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tracked {
    /// The resource.
    pub resource: Resource,
    /// Its order, if known.
    pub order_id: Option<OrderId>,
    /// The caller that its events concern.
    pub owner: String,
    /// The facts that are told.
    pub told: Vec<Fact>,
    /// When the last of them was told, in store time (ms).
    pub changed_ms: i64,
    /// When it is read next, in store time (ms); `None` if it is not read any more.
    pub next_read_ms: Option<i64>,
}

/// What a read showed.
#[derive(Clone, Debug)]
pub struct Observed {
    /// The purchasing account.
    pub account: AccountName,
    /// The states that it showed.
    pub snapshots: Vec<Snapshot>,
    /// The resource for which the watcher made the read. The next reads of all resources that it showed are planned, and of
    /// this one even if the read failed.
    pub reread: Option<Resource>,
    /// The time of the record.
    pub at: Timestamp,
    /// Now, in store time (ms).
    pub now_ms: i64,
}

/// A resource that is due to be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Due {
    /// The purchasing account.
    pub account: AccountName,
    /// The resource.
    pub resource: Resource,
    /// Its order, if known.
    pub order_id: Option<OrderId>,
    /// Since when it is due, in store time (ms).
    pub since_ms: i64,
}

/// The states of orders, refunds and changes. A row is committed together with the success of the operation that
/// created the resource or acted on it.
pub trait Resources: Send + Sync + std::fmt::Debug {
    /// Commits the facts that the reads show and that are not told yet, with their events. Orders that were not booked
    /// through this gateway, and their refunds and changes, are not recorded.
    fn observe(&self, observed: Vec<Observed>) -> BoxFuture<'_, Result<(), JournalError>>;

    /// Resources that are due to be read: of each kind at most this many that are not finished, then of each kind at most
    /// this many that are, each group most overdue first.
    fn due_resources(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Due>, JournalError>>;
}

/// The rows that a backend fetches before it records the state of a resource.
#[derive(Clone, Debug, Default)]
pub struct Around {
    /// The order, if it was booked through this gateway.
    pub order: Option<Ownership>,
    /// What is known of the resource.
    pub tracked: Option<Tracked>,
    /// The operations on the order and on the change.
    pub operations: Vec<Operation>,
    /// Whether the feed reports that the change was paid.
    pub change_was_paid: bool,
}

/// What the state of a resource changes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// The events of new facts, with the callers whom they concern.
    pub events: Vec<(NewEvent, Option<String>)>,
    /// The new row of the resource, if it belongs to this gateway and changes.
    pub tracked: Option<Tracked>,
}

pub(super) const DAY_MS: i64 = 24 * 60 * 60 * 1000;
/// How long after its last change something unfinished is read whose end is not known. A ticket is valid for a year.
const YEAR_MS: i64 = 365 * DAY_MS;
/// How long something finished is read if the departure of its order is not known.
const MONTH_MS: i64 = 30 * DAY_MS;
/// An unfinished resource is read again after this part of the time since its last change.
const PART: i64 = 4;

// === impl Rereads ===

/// As in the built-in configuration.
impl Default for Rereads {
    fn default() -> Self {
        Self {
            first: Duration::from_mins(1),
            longest: Duration::from_hours(2),
        }
    }
}

impl Rereads {
    /// When the resource is read next; `None` if it is not read any more. Until it is finished, after a pause that grows
    /// with the time since its last change; afterwards daily until the departure of its order. An order that is not
    /// ticketed by then is not read any more, but a refund or change may take longer.
    #[must_use]
    pub fn next_read(
        self,
        tracked: &Tracked,
        order: Option<&Ownership>,
        now_ms: i64,
    ) -> Option<i64> {
        let millis = |pause: Duration| i64::try_from(pause.as_millis()).unwrap_or(DAY_MS);
        let finished = tracked.is_finished();
        let pause = if finished {
            DAY_MS
        } else {
            let since = now_ms.saturating_sub(tracked.changed_ms);
            let (first, longest) = (millis(self.first), millis(self.longest));
            (since / PART).max(first).min(longest.max(first))
        };
        let departure = order.and_then(|order| order.last_departure?.timestamp());
        let departed = departure.map(|time| time.as_millisecond().saturating_add(DAY_MS));
        let after = |pause: i64| tracked.changed_ms.saturating_add(pause);
        let end = match (tracked.resource, finished) {
            (_, true) => departed.unwrap_or_else(|| after(MONTH_MS)),
            (Resource::Order(_), false) => departed.unwrap_or_else(|| after(YEAR_MS)),
            (Resource::Refund(_) | Resource::Change(_), false) => after(YEAR_MS),
        };
        let next = now_ms.saturating_add(pause);
        (next <= end).then_some(next)
    }
}

// === impl Tracked ===

impl Tracked {
    /// Whether its last usual fact is told.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.told.iter().any(|fact| fact.finishes())
    }

    /// Whether the fact of this event of an operation is told.
    #[must_use]
    pub fn has_told(&self, event: &NewEvent) -> bool {
        event.subject == self.resource.number() && self.told.contains(&Fact::Event(event.kind))
    }

    fn tell(&mut self, fact: Fact) {
        if !self.told.contains(&fact) {
            self.told.push(fact);
        }
    }
}

// === impl Around ===

impl Around {
    /// Whether the change was paid before: by what is told, or by an operation of this gateway.
    fn was_paid(&self) -> bool {
        let is_payment = |operation: &Operation| {
            operation.kind() == Kind::ChangePay && operation.state() == State::Succeeded
        };
        let told = self.tracked.as_ref();
        self.change_was_paid
            || told.is_some_and(|row| includes_payment(&row.told))
            || self.operations.iter().any(is_payment)
    }

    /// Whether a payment of the change is not settled.
    fn is_being_paid(&self) -> bool {
        let is_open = |operation: &Operation| {
            operation.kind() == Kind::ChangePay && !operation.state().is_settled()
        };
        self.operations.iter().any(is_open)
    }

    /// The caller whom an event concerns: the one whose operation has this effect, as if the operation had reported it,
    /// or else the owner of the resource or of its order.
    pub(super) fn owner_of(&self, event: &NewEvent) -> Option<String> {
        let may_have_caused = |operation: &&Operation| {
            let is_subject = match operation.kind().creates() {
                Some(_) => {
                    operation.made().map(|made| made.to_string()).as_ref() == Some(&event.subject)
                }
                None => operation.intent.subject().text() == event.subject,
            };
            is_subject
                && operation.kind().fact() == (event.kind, &*event.fact)
                && matches!(
                    operation.state(),
                    State::Sending | State::Unknown | State::Succeeded | State::NeedsAttention
                )
        };
        let cause = self.operations.iter().find(may_have_caused);
        let of_order = || self.order.as_ref().map(|order| order.owner.clone());
        cause
            .map(|operation| operation.caller.clone())
            .or_else(|| self.tracked.as_ref().map(|row| row.owner.clone()))
            .or_else(of_order)
    }

    /// The facts that the state of the resource shows and that are not told yet.
    pub(super) fn facts(&self, status: ResourceStatus) -> Vec<Fact> {
        let told = self.tracked.as_ref().map_or(&[][..], |row| &row.told);
        let status = match status {
            ResourceStatus::Change { status, paid } => ResourceStatus::Change {
                status,
                paid: paid || self.was_paid(),
            },
            ResourceStatus::Order { .. } | ResourceStatus::Refund { .. } => status,
        };
        status.facts(told, self.is_being_paid())
    }

    /// The events of these facts, with the callers whom they concern.
    pub(super) fn events(&self, facts: &[Fact], subject: &str) -> Vec<(NewEvent, Option<String>)> {
        let events = facts.iter().map(|fact| {
            let event = fact.event(subject.to_owned());
            let owner = self.owner_of(&event);
            (event, owner)
        });
        events.collect()
    }
}

/// The numbers of the order of a resource.
#[must_use]
pub fn order_numbers(order_id: Option<OrderId>, order: Option<&Ownership>) -> OrderNumbers {
    match order {
        Some(order) => OrderNumbers {
            order_id: Some(order.order_id),
            out_order_no: Some(order.out_order_no.clone()),
        },
        None => OrderNumbers {
            order_id,
            out_order_no: None,
        },
    }
}

/// The subjects of the operations that concern a resource.
#[must_use]
pub fn subjects_of(resource: Resource, order: Option<&Ownership>) -> Vec<Subject> {
    let mut subjects = Vec::new();
    match resource {
        Resource::Order(order_id) => subjects.push(Subject::Order(order_id)),
        Resource::Change(change) => subjects.push(Subject::Change(change)),
        Resource::Refund(_) => {}
    }
    if let Some(order) = order {
        subjects.push(Subject::Order(order.order_id));
        subjects.push(Subject::Reference(order.out_order_no.clone()));
    }
    subjects
}

/// Whether the state of a resource may change anything: a cheap check before the writer is asked. It may be wrong only if
/// nothing changes.
#[must_use]
pub fn may_change(snapshot: &Snapshot, tracked: Option<&Tracked>, is_ordered_here: bool) -> bool {
    match tracked {
        Some(row) => !snapshot.status.facts(&row.told, false).is_empty(),
        None => is_ordered_here,
    }
}

/// What the state of a resource changes. A resource that is not known yet is recorded if its order was booked through
/// this gateway. `is_reread` tells that the watcher made the read, so the next one is planned.
#[must_use]
pub fn changes(
    snapshot: &Snapshot,
    around: &Around,
    rereads: Rereads,
    now_ms: i64,
    is_reread: bool,
) -> Changes {
    let facts = around.facts(snapshot.status);
    let order = around.order.as_ref();
    let row = around.tracked.clone().or_else(|| {
        order.map(|order| Tracked {
            resource: snapshot.resource,
            order_id: Some(order.order_id),
            owner: order.owner.clone(),
            told: Vec::new(),
            changed_ms: now_ms,
            next_read_ms: None,
        })
    });
    let tracked = row.and_then(|mut row| {
        for fact in &facts {
            row.tell(*fact);
        }
        row.order_id = row.order_id.or(snapshot.order_id);
        let is_changed = !facts.is_empty() || around.tracked.is_none();
        if is_changed {
            row.changed_ms = now_ms;
        }
        if is_changed || is_reread {
            row.next_read_ms = rereads.next_read(&row, order, now_ms);
        }
        (around.tracked.as_ref() != Some(&row)).then_some(row)
    });
    Changes {
        events: around.events(&facts, &snapshot.resource.number()),
        tracked,
    }
}

/// The row of the resource that a successful operation created or acted on, after these events of the operation.
#[must_use]
pub fn after_operation(
    operation: &Operation,
    events: &[NewEvent],
    tracked: Option<Tracked>,
    order: Option<&Ownership>,
    rereads: Rereads,
    now_ms: i64,
) -> Option<Tracked> {
    let receipt = operation.result.as_ref()?;
    if operation.state() != State::Succeeded {
        return None;
    }
    let (resource, order_id) = Resource::of(receipt);
    let owner = match (&tracked, order) {
        _ if operation.kind().creates().is_some() => &operation.caller,
        (Some(row), _) => &row.owner,
        (None, Some(order)) => &order.owner,
        (None, None) => &operation.caller,
    };
    let mut row = Tracked {
        resource,
        order_id: order_id.or_else(|| tracked.as_ref().and_then(|row| row.order_id)),
        owner: owner.clone(),
        told: tracked.map(|row| row.told).unwrap_or_default(),
        changed_ms: now_ms,
        next_read_ms: None,
    };
    let number = resource.number();
    for event in events.iter().filter(|event| event.subject == number) {
        row.tell(Fact::Event(event.kind));
    }
    row.next_read_ms = rereads.next_read(&row, order, now_ms);
    Some(row)
}

#[cfg(test)]
mod tests;
