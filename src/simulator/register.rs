//! A register of objects that belong to orders and have their own numbers: refunds and changes.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::Duration;

use jiff::Timestamp;

use super::Timing;
use super::hidden::{Hidden, look_up};
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
    /// Applies the effects of elapsed time.
    fn age(&mut self, timing: &Timing, steady: Duration, wall: Timestamp);
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
        }
    }

    /// The next number; odd, like the ids of orders.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last += 2;
        self.last
    }

    pub(super) fn insert(&mut self, entry: T) {
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
        self.entries.insert(entry.number(), entry);
    }

    /// An entry that is not aged; read only its immutable fields.
    pub(super) fn get(&self, number: u64) -> Option<&T> {
        self.entries.get(&number)
    }

    /// The actual entry, aged until now.
    pub(super) fn by_number(&mut self, number: u64) -> Option<&mut T> {
        let (steady, wall) = (self.clock.steady(), self.clock.wall());
        let entry = self.entries.get_mut(&number)?;
        entry.age(&self.timing, steady, wall);
        Some(entry)
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

        fn age(&mut self, _: &Timing, _: Duration, _: Timestamp) {}
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
