//! The services behind the API.

use std::sync::Arc;

use super::accounts::service::Accounts;
use super::reads::search::Searches;
use super::service::Operations;
use super::upstream::Upstream;
use super::writes::attachments::Uploads;

/// The operations, and the searches and uploads that concurrent callers share.
#[derive(Debug)]
pub struct Services {
    /// Runs operations.
    pub operations: Arc<Operations>,
    /// Searches for offers.
    pub searches: Searches,
    /// Uploads attachments.
    pub uploads: Uploads,
    /// The purchasing accounts and their sessions.
    pub accounts: Arc<Accounts>,
}

// === impl Services ===

impl Services {
    /// Builds the services on these operations.
    #[must_use]
    pub fn new(operations: Arc<Operations>, accounts: Arc<Accounts>) -> Self {
        let (upstream, tasks) = (&operations.upstream, &operations.tasks);
        Self {
            searches: Searches::new(upstream.clone(), tasks.clone()),
            uploads: Uploads::new(upstream.clone(), operations.journal.clone(), tasks.clone()),
            operations,
            accounts,
        }
    }

    /// Reads upstream.
    #[must_use]
    pub fn upstream(&self) -> &Upstream {
        &self.operations.upstream
    }
}
