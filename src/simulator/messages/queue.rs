//! The messages of all groups, with their leases.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::message::{Message, Row, RowState};

/// Maximum number of messages; beyond it, the oldest are dropped.
const MAX_MESSAGES: usize = 100_000;
/// Number of confirmed messages that are listed.
const MAX_CONFIRMED: usize = 1_000;
/// Longest reason of a failure that is kept, in characters (the official client cuts it there).
const MAX_REASON: usize = 128;
/// How long a message is stored (documented).
const RETENTION: Duration = Duration::from_secs(24 * 60 * 60);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// Can be delivered.
    Ready,
    /// Becomes ready at a time; not delivered yet (`delay`).
    Delayed(Duration),
    /// Becomes ready when another message of the group was delivered (`reorder`).
    Held,
    Leased(Duration),
    Failed(Duration),
}

#[derive(Debug)]
struct Entry {
    message: Message,
    state: State,
}

/// Messages by id. Ids grow, so the order of ids is the order of publication.
#[derive(Debug)]
pub(super) struct Queue {
    lease: Duration,
    max: usize,
    entries: BTreeMap<i64, Entry>,
    /// The ids that can be delivered, per group.
    ready: BTreeMap<Arc<str>, BTreeSet<i64>>,
    /// The ids that wait for another message, per group.
    held: BTreeMap<Arc<str>, BTreeSet<i64>>,
    /// The ids that become ready at a time.
    due: BTreeSet<(Duration, i64)>,
    confirmed: VecDeque<Row>,
}

impl Queue {
    pub(super) fn new(lease: Duration) -> Self {
        Self {
            lease,
            max: MAX_MESSAGES,
            entries: BTreeMap::new(),
            ready: BTreeMap::new(),
            held: BTreeMap::new(),
            due: BTreeSet::new(),
            confirmed: VecDeque::new(),
        }
    }

    /// Adds a message that can be delivered at once.
    pub(super) fn add(&mut self, message: Message) {
        self.insert(message, State::Ready);
    }

    /// Adds a message that can be delivered from `due` on.
    pub(super) fn delay(&mut self, message: Message, due: Duration) {
        self.insert(message, State::Delayed(due));
    }

    /// Adds a message that can be delivered after another one of its group.
    pub(super) fn hold(&mut self, message: Message) {
        self.insert(message, State::Held);
    }

    fn insert(&mut self, message: Message, state: State) {
        if self.entries.len() >= self.max
            && let Some(oldest) = self.entries.keys().next().copied()
        {
            self.remove(oldest);
        }
        let id = message.id;
        self.entries.insert(id, Entry { message, state });
        self.index(id, state);
    }

    /// The message that is delivered next.
    pub(super) fn peek(&self, group: &str) -> Option<&Message> {
        let id = self.ready.get(group)?.first()?;
        self.entries.get(id).map(|entry| &entry.message)
    }

    /// Delivers the next message of a group.
    pub(super) fn lease(&mut self, group: &str, now: Duration) -> Option<Message> {
        let id = *self.ready.get(group)?.first()?;
        self.set(id, State::Leased(now.saturating_add(self.lease)));
        let entry = self.entries.get_mut(&id)?;
        entry.message.deliveries = entry.message.deliveries.saturating_add(1);
        let message = entry.message.clone();
        for held in self.held.remove(group).unwrap_or_default() {
            self.set(held, State::Ready);
        }
        Some(message)
    }

    /// Deletes a message of this group. One that was never delivered stays.
    pub(super) fn confirm(&mut self, group: &str, id: i64) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        if *entry.message.group != *group || entry.message.deliveries == 0 {
            return;
        }
        if self.confirmed.len() == MAX_CONFIRMED {
            self.confirmed.pop_front();
        }
        self.confirmed
            .push_back(entry.message.row(RowState::Confirmed));
        self.remove(id);
    }

    /// Delivers a message again after the lease.
    pub(super) fn fail(&mut self, group: &str, id: i64, reason: Option<String>, now: Duration) {
        let Some(entry) = self.entries.get_mut(&id) else {
            return;
        };
        if *entry.message.group != *group || entry.message.deliveries == 0 {
            return;
        }
        entry.message.failure = reason.map(|text| text.chars().take(MAX_REASON).collect());
        self.set(id, State::Failed(now.saturating_add(self.lease)));
    }

    /// Makes the messages whose time has come ready and drops the expired ones. Returns whether any became ready.
    pub(super) fn settle(&mut self, now: Duration) -> bool {
        while let Some((id, entry)) = self.entries.first_key_value()
            && entry.message.published_steady.saturating_add(RETENTION) <= now
        {
            let id = *id;
            self.remove(id);
        }
        let mut any = false;
        while let Some((due, id)) = self.due.first().copied()
            && due <= now
        {
            self.set(id, State::Ready);
            any = true;
        }
        any
    }

    /// The next time at which [`Self::settle`] has something to do.
    pub(super) fn next_due(&self) -> Option<Duration> {
        let due = self.due.first().map(|(due, _)| *due);
        let oldest = self.entries.first_key_value();
        let end = oldest.map(|(_, entry)| entry.message.published_steady.saturating_add(RETENTION));
        due.into_iter().chain(end).min()
    }

    pub(super) fn rows(&self) -> Vec<Row> {
        let kept = self.entries.values().map(|entry| {
            entry.message.row(match entry.state {
                State::Ready | State::Delayed(_) | State::Held => RowState::Waiting,
                State::Leased(_) => RowState::Leased,
                State::Failed(_) => RowState::Failed,
            })
        });
        self.confirmed.iter().cloned().chain(kept).collect()
    }

    fn set(&mut self, id: i64, state: State) {
        self.unindex(id);
        if let Some(entry) = self.entries.get_mut(&id) {
            entry.state = state;
            self.index(id, state);
        }
    }

    fn remove(&mut self, id: i64) {
        self.unindex(id);
        self.entries.remove(&id);
    }

    fn index(&mut self, id: i64, state: State) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let group = Arc::clone(&entry.message.group);
        match state {
            State::Ready => _ = self.ready.entry(group).or_default().insert(id),
            State::Held => _ = self.held.entry(group).or_default().insert(id),
            State::Delayed(due) | State::Leased(due) | State::Failed(due) => {
                self.due.insert((due, id));
            }
        }
    }

    fn unindex(&mut self, id: i64) {
        let Some(entry) = self.entries.get(&id) else {
            return;
        };
        let sets = match entry.state {
            State::Ready => &mut self.ready,
            State::Held => &mut self.held,
            State::Delayed(due) | State::Leased(due) | State::Failed(due) => {
                self.due.remove(&(due, id));
                return;
            }
        };
        if let Some(ids) = sets.get_mut(&entry.message.group) {
            ids.remove(&id);
        }
    }
}

#[cfg(test)]
mod tests;
