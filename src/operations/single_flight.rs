//! Runs identical concurrent work once; every caller gets its result.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt;
use futures::future::{BoxFuture, Shared};
use tokio_util::task::TaskTracker;

use crate::domain::operation::{Cause, Failure};

/// Work in progress, whose result all callers share.
type InFlight<T> = Shared<BoxFuture<'static, Result<Arc<T>, Failure>>>;

/// The work in progress, by key. The quota of calls in flight bounds the map, because an entry is removed when its call
/// ends.
pub(in crate::operations) struct SingleFlight<T>(Mutex<HashMap<Vec<u8>, InFlight<T>>>);

impl<T> std::fmt::Debug for SingleFlight<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SingleFlight").finish_non_exhaustive()
    }
}

impl<T> Default for SingleFlight<T> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

/// Removes the work from the map when dropped: at the end of the work, also in a panic.
struct Entry<T>(Arc<SingleFlight<T>>, Vec<u8>);

impl<T> Drop for Entry<T> {
    fn drop(&mut self) {
        let mut in_flight = self.0.0.lock().unwrap_or_else(PoisonError::into_inner);
        in_flight.remove(&self.1);
    }
}

impl<T: Send + Sync + 'static> SingleFlight<T> {
    /// Starts the work, or joins work in progress with the same key. The work runs in its own task, because the first
    /// caller may hang up while others wait.
    pub(in crate::operations) async fn join(
        self: &Arc<Self>,
        tasks: &TaskTracker,
        key: Vec<u8>,
        work: impl Future<Output = Result<T, Failure>> + Send + 'static,
    ) -> Result<Arc<T>, Failure> {
        let joined = {
            let mut in_flight = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(running) = in_flight.get(&key) {
                running.clone()
            } else {
                let entry = Entry(self.clone(), key.clone());
                let task = tasks.spawn(async move {
                    let _entry = entry;
                    work.await.map(Arc::new)
                });
                let running = task
                    .map(|ended| {
                        ended.unwrap_or_else(|_| Err(Failure::of(Cause::UpstreamUnavailable)))
                    })
                    .boxed()
                    .shared();
                in_flight.insert(key, running.clone());
                running
            }
        };
        joined.await
    }
}
