//! Takes the states of orders, refunds and changes that reads show, and queues what is new for a task that records it, so
//! that no read of a caller waits for the journal.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use metrics::counter;
use tokio::sync::mpsc;

use crate::domain::ids::AccountName;
use crate::domain::resource::{Resource, Snapshot};
use crate::telemetry::metrics as names;

/// The number of resources whose last state is remembered.
const REMEMBERED: usize = 16 * 1024;
/// The number of reads that wait to be recorded. Further ones are dropped: the watcher reads what is not finished again.
const QUEUE: usize = 1024;
/// What a read showed.
#[derive(Debug)]
pub struct Seen {
    pub(in crate::operations) account: AccountName,
    pub(in crate::operations) snapshots: Vec<Snapshot>,
}

/// Takes the states that reads show, and passes a state on unless it equals the last one seen of that resource.
#[derive(Debug)]
pub struct Observer {
    queue: mpsc::Sender<Seen>,
    /// A hash of the last state of a resource, in the slot of the resource; 0 if none is remembered. Two resources of one
    /// slot replace each other.
    last: Box<[AtomicU64]>,
    hasher: RandomState,
}

// === impl Observer ===

impl Observer {
    /// An observer, and the queue of what it takes, for the recorder.
    #[must_use]
    pub fn new() -> (Arc<Self>, mpsc::Receiver<Seen>) {
        let (queue, seen) = mpsc::channel(QUEUE);
        let observer = Arc::new(Self {
            queue,
            last: (0..REMEMBERED).map(|_| AtomicU64::new(0)).collect(),
            hasher: RandomState::new(),
        });
        (observer, seen)
    }

    /// Takes the states that a read of this account showed.
    pub(in crate::operations) fn observe(
        &self,
        account: &AccountName,
        snapshots: impl Iterator<Item = Snapshot>,
    ) {
        let is_new = |snapshot: &Snapshot| {
            let hash = self.hash(account, snapshot);
            let slot = self.slot(account, snapshot.resource);
            slot.is_some_and(|slot| slot.swap(hash, Ordering::Relaxed) != hash)
        };
        let snapshots: Vec<_> = snapshots.filter(is_new).collect();
        if snapshots.is_empty() {
            return;
        }
        let account = account.clone();
        if let Err(error) = self.queue.try_send(Seen { account, snapshots }) {
            let (mpsc::error::TrySendError::Full(seen) | mpsc::error::TrySendError::Closed(seen)) =
                error;
            counter!(names::OBSERVATIONS_DROPPED).increment(1);
            self.forget(&seen.account, &seen.snapshots);
        }
    }

    /// Forgets states that were not recorded, so that the next read passes them again.
    pub(in crate::operations) fn forget(&self, account: &AccountName, snapshots: &[Snapshot]) {
        for snapshot in snapshots {
            let hash = self.hash(account, snapshot);
            if let Some(slot) = self.slot(account, snapshot.resource) {
                // A later state stays.
                let _ = slot.compare_exchange(hash, 0, Ordering::Relaxed, Ordering::Relaxed);
            }
        }
    }

    /// Forgets the state of a resource that belongs to this gateway from now on. A read may have shown it before.
    pub(in crate::operations) fn forget_resource(&self, account: &AccountName, resource: Resource) {
        if let Some(slot) = self.slot(account, resource) {
            slot.store(0, Ordering::Relaxed);
        }
    }

    fn slot(&self, account: &AccountName, resource: Resource) -> Option<&AtomicU64> {
        let hash = self.hasher.hash_one((account, resource));
        let slot = usize::try_from(hash % self.last.len() as u64);
        slot.ok().and_then(|slot| self.last.get(slot))
    }

    /// A hash of the state of a resource, never 0.
    fn hash(&self, account: &AccountName, snapshot: &Snapshot) -> u64 {
        self.hasher.hash_one((account, snapshot)) | 1
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::order::OrderStatus;
    use crate::domain::resource::ResourceStatus;

    fn order(number: u64, status: OrderStatus) -> Snapshot {
        let order_id = crate::domain::ids::OrderId::new(number).unwrap();
        Snapshot {
            resource: Resource::Order(order_id),
            order_id: Some(order_id),
            status: ResourceStatus::Order {
                status,
                paid: false,
            },
        }
    }

    #[test]
    fn a_state_is_passed_on_once_until_it_changes_or_is_forgotten() {
        let (observer, mut queue) = Observer::new();
        let account: AccountName = "default".parse().unwrap();
        let mut passed = |snapshot: Snapshot| {
            observer.observe(&account, std::iter::once(snapshot));
            queue.try_recv().map_or(0, |seen| seen.snapshots.len())
        };
        let (booked, closed) = (order(7, OrderStatus::Booked), order(7, OrderStatus::Closed));
        let counts = [booked, booked, closed, closed, booked].map(&mut passed);
        assert_eq!(counts, [1, 0, 1, 0, 1]);
        observer.forget(&account, &[closed]);
        assert_eq!(passed(booked), 0, "another state was forgotten");
        observer.forget(&account, &[booked]);
        assert_eq!(passed(booked), 1);
        observer.forget_resource(&account, booked.resource);
        assert_eq!(passed(booked), 1);
        let other: AccountName = "other".parse().unwrap();
        observer.observe(&other, std::iter::once(booked));
        assert!(
            queue.try_recv().is_ok(),
            "accounts have resources of their own"
        );
    }

    #[test]
    fn a_full_queue_drops_what_the_next_read_passes_again() {
        let (observer, mut queue) = Observer::new();
        let account: AccountName = "default".parse().unwrap();
        let orders = 1..=u64::try_from(QUEUE).unwrap() + 1;
        for number in orders {
            observer.observe(&account, std::iter::once(order(number, OrderStatus::Paid)));
        }
        while queue.try_recv().is_ok() {}
        let last = order(QUEUE as u64 + 1, OrderStatus::Paid);
        observer.observe(&account, std::iter::once(last));
        assert!(queue.try_recv().is_ok());
    }
}
