//! Errors of the store.

use std::error::Error;
use std::sync::Arc;

/// The store failed, or did not acknowledge a change, which may have been committed nevertheless.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal is not available: {what}")]
pub struct JournalError {
    /// The kind of failure.
    pub fault: Fault,
    /// What happened, for the log.
    pub what: String,
    /// The underlying error of the database or the file system.
    #[source]
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// Why the journal is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// May be transient: a full disk, a lock, a full queue.
    Unavailable,
    /// The journal is closed: the process is stopping.
    Closed,
    /// The data was deleted, renamed or replaced while the journal was open. No new operations are accepted or
    /// sent until the data is back in place.
    Moved,
    /// The data is corrupt. No new operations are accepted or sent until the next start.
    Damaged,
}

impl JournalError {
    /// An error of this kind.
    #[must_use]
    pub fn new(fault: Fault, what: impl Into<String>) -> Self {
        Self {
            fault,
            what: what.into(),
            cause: None,
        }
    }

    /// An error of this kind with its cause.
    #[must_use]
    pub fn caused(fault: Fault, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            fault,
            what: cause.to_string(),
            cause: Some(Arc::new(cause)),
        }
    }

    /// An error that may be transient.
    #[must_use]
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(Fault::Unavailable, what)
    }
}
