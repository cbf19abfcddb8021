//! Cached metric handles, one for each set of labels: building the labels and finding the metric costs more
//! than counting.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock};

/// Handles by key. The keys are closed sets (routes, statuses, methods), so their number is bounded.
pub(crate) struct Handles<K, H>(RwLock<HashMap<K, H>>);

impl<K, H> Default for Handles<K, H> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K, H> fmt::Debug for Handles<K, H> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handles").finish_non_exhaustive()
    }
}

impl<K: Hash + Eq, H: Clone> Handles<K, H> {
    /// The handle of the key, created on first use.
    pub(crate) fn get(&self, key: K, create: impl FnOnce(&K) -> H) -> H {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(handle) = known.get(&key) {
            return handle.clone();
        }
        drop(known);
        let handle = create(&key);
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        known.entry(key).or_insert(handle).clone()
    }
}
