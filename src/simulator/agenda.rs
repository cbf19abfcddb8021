//! When objects change by themselves, ordered by time, so that nobody has to look at all of them.

use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// At most one due time per object.
#[derive(Debug, Default)]
pub(super) struct Agenda {
    by_time: BTreeSet<(Duration, u64)>,
    of_object: HashMap<u64, Duration>,
}

impl Agenda {
    /// Sets the due time of an object, in steady time; None: it no longer changes by itself.
    pub(super) fn set(&mut self, object: u64, due: Option<Duration>) {
        let before = match due {
            Some(due) => self.of_object.insert(object, due),
            None => self.of_object.remove(&object),
        };
        if before == due {
            return;
        }
        if let Some(before) = before {
            self.by_time.remove(&(before, object));
        }
        if let Some(due) = due {
            self.by_time.insert((due, object));
        }
    }

    /// The next due time.
    pub(super) fn next(&self) -> Option<Duration> {
        self.by_time.first().map(|(due, _)| *due)
    }

    /// Removes and returns the object that is due first, if that is not after `now`.
    pub(super) fn take_due(&mut self, now: Duration) -> Option<u64> {
        let (due, object) = self.by_time.first().copied()?;
        if due > now {
            return None;
        }
        self.by_time.remove(&(due, object));
        self.of_object.remove(&object);
        Some(object)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_due_once_at_its_latest_due_time() {
        let second = Duration::from_secs;
        let mut agenda = Agenda::default();
        agenda.set(7, Some(second(3)));
        agenda.set(8, Some(second(2)));
        agenda.set(7, Some(second(1)));
        agenda.set(9, Some(second(1)));
        agenda.set(9, None);
        assert_eq!(agenda.next(), Some(second(1)));
        assert_eq!(agenda.take_due(Duration::ZERO), None);
        assert_eq!(agenda.take_due(second(9)), Some(7));
        assert_eq!(agenda.take_due(second(9)), Some(8));
        assert_eq!(agenda.take_due(second(9)), None);
        assert!(agenda.of_object.is_empty());
    }
}
