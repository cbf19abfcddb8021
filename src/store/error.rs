//! Why the store did not do what it was asked.

use std::error::Error;
use std::sync::Arc;

/// The store did not do what it was asked, or did not say so.
#[derive(Clone, Debug, thiserror::Error)]
#[error("the journal is not available: {what}")]
pub struct JournalError {
    /// What kind of trouble it is.
    pub fault: Fault,
    /// What happened, for the log.
    pub what: String,
    /// The error of the database or the file system that led to it.
    #[source]
    pub cause: Option<Arc<dyn Error + Send + Sync>>,
}

/// Why the journal is not available.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// It may pass: a full disk, a lock, a queue that is full.
    Unavailable,
    /// The journal is closed: the process stops.
    Closed,
    /// The data was deleted, renamed or replaced while the journal was open. Nothing new is taken until
    /// it is back in its place.
    Moved,
    /// The data is corrupt. Nothing new is taken until the next start.
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

    /// An error of this kind, with what led to it.
    #[must_use]
    pub fn caused(fault: Fault, cause: impl Error + Send + Sync + 'static) -> Self {
        Self {
            fault,
            what: cause.to_string(),
            cause: Some(Arc::new(cause)),
        }
    }

    /// An error that may pass.
    #[must_use]
    pub fn unavailable(what: impl Into<String>) -> Self {
        Self::new(Fault::Unavailable, what)
    }
}
