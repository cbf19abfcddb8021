//! A register of objects that belong to orders and have their own numbers: refunds and changes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Timing;
use super::agenda::Agenda;
use super::facts::Fact;
use super::hidden::{Hidden, hide_early, look_up};
use crate::clock::SharedClock;

/// An entry of a register.
pub(super) trait Entry: Clone {
    /// The mutable part of the entry.
    type Progress: Clone;

    fn number(&self) -> u64;
    fn order_id(&self) -> u64;
    /// The account and the caller's number, if that must be unique.
    fn reference(&self) -> Option<(String, String)>;
    /// The progress, and the state that hides it from lookups.
    fn life(&mut self) -> (&mut Self::Progress, &mut Option<Hidden<Self::Progress>>);
    /// When the entry changes by itself, in steady time.
    fn due(&self, timing: &Timing) -> Option<Duration>;
    /// Applies that change.
    fn step(&mut self, timing: &Timing, steady: Duration, wall: Timestamp);
    /// What TOP reports when the entry is created, or changed from `before`.
    fn fact(&self, before: Option<&Self::Progress>) -> Option<Fact>;
}

/// Entries by number, by order and by reference. At the limit, the oldest is dropped.
#[derive(Debug)]
pub(super) struct Register<T> {
    pub(super) clock: SharedClock,
    pub(super) timing: Timing,
    last: u64,
    most: usize,
    entries: BTreeMap<u64, T>,
    by_order: HashMap<u64, Vec<u64>>,
    references: HashSet<(String, String)>,
    agenda: Agenda,
    facts: Vec<Fact>,
}

impl<T: Entry> Register<T> {
    pub(super) fn new(clock: SharedClock, timing: Timing, last: u64, most: usize) -> Self {
        Self {
            clock,
            timing,
            last,
            most: most.max(1),
            entries: BTreeMap::new(),
            by_order: HashMap::new(),
            references: HashSet::new(),
            agenda: Agenda::default(),
            facts: Vec::new(),
        }
    }

    /// The next number; odd, like the ids of orders.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last += 2;
        self.last
    }

    /// Adds a new entry.
    pub(super) fn create(&mut self, entry: T) {
        self.facts.extend(entry.fact(None));
        self.insert(entry);
    }

    fn insert(&mut self, entry: T) {
        if self.entries.len() >= self.most
            && let Some(oldest) = self.entries.keys().next().copied()
        {
            self.remove(oldest);
        }
        self.references.extend(entry.reference());
        self.by_order
            .entry(entry.order_id())
            .or_default()
            .push(entry.number());
        self.agenda.set(entry.number(), entry.due(&self.timing));
        self.entries.insert(entry.number(), entry);
    }

    /// An entry that is not aged; read only its immutable fields.
    pub(super) fn get(&self, number: u64) -> Option<&T> {
        self.entries.get(&number)
    }

    /// The actual entry, aged until now.
    pub(super) fn by_number(&mut self, number: u64) -> Option<&mut T> {
        let steady = self.clock.steady();
        let entry = self.entries.get_mut(&number)?;
        while entry.due(&self.timing).is_some_and(|due| due <= steady) {
            let before = entry.life().0.clone();
            entry.step(&self.timing, steady, self.clock.wall());
            self.facts.extend(entry.fact(Some(&before)));
            self.agenda.set(number, entry.due(&self.timing));
        }
        Some(entry)
    }

    /// Changes the progress of an entry.
    pub(super) fn update(&mut self, number: u64, change: impl FnOnce(&mut T)) -> Option<&T> {
        let entry = self.by_number(number)?;
        let before = entry.life().0.clone();
        change(entry);
        let entry = self.entries.get(&number)?;
        self.facts.extend(entry.fact(Some(&before)));
        self.agenda.set(number, entry.due(&self.timing));
        Some(entry)
    }

    /// Ages the entry that is due first; false if none is due.
    pub(super) fn age_next(&mut self, steady: Duration) -> bool {
        let Some(number) = self.agenda.take_due(steady) else {
            return false;
        };
        self.by_number(number);
        let due = self
            .entries
            .get(&number)
            .and_then(|entry| entry.due(&self.timing));
        self.agenda.set(number, due);
        true
    }

    /// The next time at which an entry changes by itself.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.agenda.next()
    }

    /// What happened since the last call.
    pub(super) fn facts(&mut self) -> &mut Vec<Fact> {
        &mut self.facts
    }

    /// The actual entries of an order, newest first.
    pub(super) fn of_order(&mut self, order_id: u64) -> Vec<T> {
        let numbers = self.numbers_of(order_id).into_iter();
        numbers
            .filter_map(|number| self.by_number(number).cloned())
            .collect()
    }

    /// All actual entries, newest first.
    pub(super) fn all(&mut self) -> Vec<T> {
        let numbers: Vec<u64> = self.entries.keys().rev().copied().collect();
        let numbers = numbers.into_iter();
        numbers
            .filter_map(|number| self.by_number(number).cloned())
            .collect()
    }

    /// An entry as a lookup sees it; counts one lookup of a hidden effect.
    pub(super) fn look_up(&mut self, number: u64) -> Option<T> {
        let steady = self.clock.steady();
        let entry = self.by_number(number)?;
        let (progress, hidden) = entry.life();
        let seen = look_up(hidden, progress, steady)?;
        let mut shown = entry.clone();
        *shown.life().0 = seen;
        Some(shown)
    }

    /// The entries of an order as a lookup sees them, newest first.
    pub(super) fn look_up_of_order(&mut self, order_id: u64) -> Vec<T> {
        let numbers = self.numbers_of(order_id).into_iter();
        numbers.filter_map(|number| self.look_up(number)).collect()
    }

    pub(super) fn has_reference(&self, account: &str, number: &str) -> bool {
        let key = (account.to_owned(), number.to_owned());
        self.references.contains(&key)
    }

    /// The numbers of an order's entries, newest first.
    pub(super) fn numbers_of(&self, order_id: u64) -> Vec<u64> {
        let numbers = self.by_order.get(&order_id);
        numbers.into_iter().flatten().rev().copied().collect()
    }

    pub(super) fn hide(&mut self, number: u64, hidden: Hidden<T::Progress>) {
        if let Some(entry) = self.entries.get_mut(&number) {
            *entry.life().1 = Some(hidden);
        }
    }

    /// Hides an effect from lookups, unless they are already hidden.
    pub(super) fn hide_early(&mut self, number: u64, hidden: Hidden<T::Progress>) {
        let steady = self.clock.steady();
        if let Some(entry) = self.entries.get_mut(&number) {
            hide_early(entry.life().1, hidden, steady);
        }
    }

    pub(super) fn forget_order(&mut self, order_id: u64) {
        for number in self.numbers_of(order_id) {
            self.remove(number);
        }
    }

    /// Replaces all entries of an order.
    pub(super) fn restore(&mut self, order_id: u64, mut entries: Vec<T>) {
        self.forget_order(order_id);
        entries.sort_by_key(Entry::number);
        for entry in entries {
            self.insert(entry);
        }
    }

    fn remove(&mut self, number: u64) {
        let Some(entry) = self.entries.remove(&number) else {
            return;
        };
        self.agenda.set(number, None);
        if let Some(reference) = entry.reference() {
            self.references.remove(&reference);
        }
        if let Some(numbers) = self.by_order.get_mut(&entry.order_id()) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.by_order.remove(&entry.order_id());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone)]
    struct Note(u64, u64, &'static str, (), Option<Hidden<()>>);

    impl Entry for Note {
        type Progress = ();

        fn number(&self) -> u64 {
            self.0
        }

        fn order_id(&self) -> u64 {
            self.1
        }

        fn reference(&self) -> Option<(String, String)> {
            Some(("default".to_owned(), self.2.to_owned()))
        }

        fn life(&mut self) -> (&mut (), &mut Option<Hidden<()>>) {
            (&mut self.3, &mut self.4)
        }

        fn due(&self, _: &Timing) -> Option<Duration> {
            None
        }

        fn step(&mut self, _: &Timing, _: Duration, _: Timestamp) {}

        fn fact(&self, _: Option<&()>) -> Option<Fact> {
            None
        }
    }

    fn note(number: u64, order_id: u64, reference: &'static str) -> Note {
        Note(number, order_id, reference, (), None)
    }

    fn register(most: usize) -> Register<Note> {
        let clock = crate::clock::SystemClock::shared();
        Register::new(clock, Timing::default(), 1, most)
    }

    #[test]
    fn at_the_limit_the_oldest_entry_and_its_reference_are_dropped() {
        let mut register = register(2);
        for (order, reference) in [(10, "A"), (10, "B"), (11, "C")] {
            let number = register.next_number();
            register.insert(note(number, order, reference));
        }
        let all: Vec<u64> = register.all().iter().map(Entry::number).collect();
        assert_eq!(all, [7, 5]);
        assert_eq!(register.numbers_of(10), [5]);
        assert!(!register.has_reference("default", "A"));
        assert!(register.has_reference("default", "B"));
    }

    #[test]
    fn restore_replaces_the_entries_of_an_order() {
        let mut register = register(9);
        register.insert(note(3, 10, "A"));
        register.restore(10, vec![note(5, 10, "B"), note(3, 10, "A")]);
        assert_eq!(register.numbers_of(10), [5, 3]);
        register.restore(10, vec![note(3, 10, "A")]);
        assert_eq!(register.numbers_of(10), [3]);
        assert!(!register.has_reference("default", "B"));
    }
}
