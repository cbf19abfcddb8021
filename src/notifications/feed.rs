//! Reads the feed of events for many listeners at once.
//!
//! A task follows the end of the feed and keeps the newest events in memory, so that a commit costs one query however
//! many listeners wait for it. Whoever is farther behind reads the store, one at a time: lookups and callers need its
//! connections, and after a restart all clients come at once.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit, watch};
use tokio_util::sync::CancellationToken;

pub use crate::store::{Event, EventFilter};
use crate::store::{JournalError, Store};

/// The number of events that are kept in memory.
const KEPT: usize = 1024;
/// The number of events that the follower reads at once.
const BATCH: u32 = 256;
/// How long to wait before reading the store again after an error.
const RETRY: Duration = Duration::from_secs(1);

/// The feed as listeners read it.
#[derive(Debug)]
pub struct EventReader {
    store: Arc<dyn Store>,
    tail: Mutex<Tail>,
    /// Changes when the tail has grown.
    grown: watch::Sender<()>,
    /// See [`crate::store::Feed::committed`].
    committed: watch::Receiver<u64>,
    /// The permit for reads of the store.
    reading: Semaphore,
    stopping: CancellationToken,
}

/// Why a page cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum FeedError {
    /// Events after the position were deleted.
    #[error("the events up to {0} were deleted")]
    Trimmed(i64),
    /// The store cannot be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// The newest events.
#[derive(Debug, Default)]
struct Tail {
    /// All events after this position and up to `end` are kept; `None` until the end of the feed is known.
    begin: Option<i64>,
    end: i64,
    events: VecDeque<Arc<Event>>,
    /// Contains everything up to this commit.
    commit: u64,
}

/// A page of the feed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// The events, oldest first.
    pub events: Vec<Arc<Event>>,
    /// The position after which to continue. If the page is not full, it is the end of the feed, although the last
    /// events before the end were not selected: the next read does not pass over them again.
    pub next_after: i64,
}

// === impl Tail ===

impl Tail {
    /// The events that the filter selects, if all of them are in memory.
    fn page(&self, filter: &EventFilter) -> Option<Page> {
        if self.begin.is_none_or(|begin| filter.after < begin) {
            return None;
        }
        // Positions may be missing from the feed, so the first event is searched for.
        let start = self
            .events
            .partition_point(|event| event.sequence <= filter.after);
        let selected = self
            .events
            .range(start..)
            .filter(|event| filter.selects(event));
        let limit = usize::try_from(filter.limit).unwrap_or(usize::MAX);
        let events: Vec<_> = selected.take(limit).cloned().collect();
        let end = self.end.max(filter.after);
        Some(Page::new(events, end, filter.limit))
    }

    fn add(&mut self, events: Vec<Event>) {
        for event in events {
            self.end = event.sequence;
            self.events.push_back(Arc::new(event));
        }
        while self.events.len() > KEPT {
            self.begin = self.events.pop_front().map(|event| event.sequence);
        }
    }
}

// === impl Page ===

impl Page {
    /// A page of events that were read after the feed was known to reach `end`.
    fn new(events: Vec<Arc<Event>>, end: i64, limit: u32) -> Self {
        let is_full = events.len() >= usize::try_from(limit).unwrap_or(usize::MAX);
        let last = events.last().map(|event| event.sequence);
        let next_after = match last {
            Some(last) if is_full => last,
            Some(last) => last.max(end),
            None => end,
        };
        Self { events, next_after }
    }
}

// === impl EventReader ===

impl EventReader {
    /// A reader of this store. It waits for events only while [`Self::follow`] runs.
    #[must_use]
    pub fn new(store: Arc<dyn Store>, stopping: CancellationToken) -> Arc<Self> {
        Arc::new(Self {
            committed: store.committed(),
            store,
            tail: Mutex::default(),
            grown: watch::Sender::new(()),
            reading: Semaphore::new(1),
            stopping,
        })
    }

    /// Follows the end of the feed until the process stops.
    pub async fn follow(self: Arc<Self>) {
        let mut committed = self.store.committed();
        loop {
            // Events that are committed from here on are read in the next round.
            let commit = *committed.borrow_and_update();
            let pause = match self.catch_up(commit).await {
                Ok(()) => None,
                Err(error) => {
                    tracing::error!(%error, "the end of the event feed cannot be read");
                    Some(RETRY)
                }
            };
            let changed = async {
                match pause {
                    Some(pause) => tokio::time::sleep(pause).await,
                    // The store outlives this task, so the channel is not closed.
                    None => drop(committed.changed().await),
                }
            };
            tokio::select! {
                () = self.stopping.cancelled() => return,
                () = changed => {}
            }
        }
    }

    /// Reads the events that were committed since the last call, up to this commit at least.
    async fn catch_up(&self, commit: u64) -> Result<(), JournalError> {
        let known = {
            let tail = self.tail();
            tail.begin.map(|_| tail.end)
        };
        let Some(mut after) = known else {
            let end = self.store.last_event().await?;
            {
                let mut tail = self.tail();
                tail.begin = Some(end);
                tail.end = end;
                tail.commit = commit;
            }
            // A listener may have read the store before the last of these events was committed.
            self.grown.send_replace(());
            return Ok(());
        };
        loop {
            let filter = EventFilter {
                after,
                limit: BATCH,
                ..EventFilter::default()
            };
            let events = self.store.events(filter).await?;
            let is_last = events.len() < BATCH as usize;
            after = events.last().map_or(after, |event| event.sequence);
            {
                let mut tail = self.tail();
                tail.add(events);
                if is_last {
                    tail.commit = commit;
                }
            }
            self.grown.send_replace(());
            if is_last {
                return Ok(());
            }
        }
    }

    /// Reads a page of the feed, with all events that were committed before. A position beyond the end of the feed, from
    /// before a backup was restored, counts as the end.
    ///
    /// # Errors
    /// [`FeedError::Trimmed`] if events after the position were deleted, unless the position is the beginning (0).
    pub async fn page(&self, filter: &EventFilter) -> Result<Page, FeedError> {
        let commit = *self.committed.borrow();
        {
            let tail = self.tail();
            let is_within = (..=tail.end).contains(&filter.after);
            if tail.commit >= commit
                && is_within
                && let Some(page) = tail.page(filter)
            {
                return Ok(page);
            }
        }
        let _permit = self.permit().await;
        // The end is read first: the following query includes everything before it.
        let end = self.store.last_event().await?;
        let after = filter.after.min(end);
        let begin = match after {
            // Before the deleted events, single ones are kept for webhooks.
            0 => self.store.trimmed_events().await?,
            after => after,
        };
        let filter = EventFilter {
            after: begin,
            ..filter.clone()
        };
        let page = self.read(filter, end).await?;
        // Events that were deleted during the query are missing from it, so this is checked afterwards.
        let trimmed = self.store.trimmed_events().await?;
        if (1..trimmed).contains(&after) {
            return Err(FeedError::Trimmed(trimmed));
        }
        Ok(page)
    }

    async fn read(&self, filter: EventFilter, end: i64) -> Result<Page, JournalError> {
        let limit = filter.limit;
        let events = self.store.events(filter).await?;
        let events = events.into_iter().map(Arc::new).collect();
        Ok(Page::new(events, end, limit))
    }

    /// Reads the next page after one that this reader returned: if it is empty, waits for the first event, at most for
    /// the given time or until the process stops.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn next(
        &self,
        mut filter: EventFilter,
        at_most: Duration,
    ) -> Result<Page, JournalError> {
        let deadline = tokio::time::sleep(at_most);
        tokio::pin!(deadline);
        let mut grown = self.grown.subscribe();
        loop {
            let page = self.known(&filter).await?;
            if !page.events.is_empty() || self.stopping.is_cancelled() {
                return Ok(page);
            }
            filter.after = page.next_after;
            tokio::select! {
                () = &mut deadline => return Ok(page),
                () = self.stopping.cancelled() => return Ok(page),
                _ = grown.changed() => {}
            }
        }
    }

    /// A page of the events that the follower has read; older ones come from the store.
    async fn known(&self, filter: &EventFilter) -> Result<Page, JournalError> {
        let end = {
            let tail = self.tail();
            if let Some(page) = tail.page(filter) {
                return Ok(page);
            }
            tail.begin.map(|_| tail.end)
        };
        let _permit = self.permit().await;
        let end = match end {
            Some(end) => end,
            None => self.store.last_event().await?,
        };
        self.read(filter.clone(), end.max(filter.after)).await
    }

    async fn permit(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.reading.acquire().await.ok()
    }

    fn tail(&self) -> MutexGuard<'_, Tail> {
        self.tail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
