//! What an operator may do: have an operation looked at now, and settle what only a person can.

use std::sync::Arc;
use std::time::Duration;

use super::evidence::{Finding, Made};
use super::schedule::Looking;
use crate::domain::ids::OperationId;
use crate::domain::operation::{Basis, Cause, Failure, Operation, Standing, State};
use crate::operations::masking::masked;
use crate::operations::service::{Changed, Operations, Settlement};
use crate::operations::writes::kinds::effect;
use crate::store::JournalError;
use crate::top::client::ReadOptions;

/// What the operator says it was.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Resolution {
    /// It was done.
    Succeeded,
    /// Upstream refused it.
    Rejected,
    /// Nothing was done.
    NotExecuted,
}

/// A person's word on an operation.
#[derive(Clone, Debug)]
pub struct Resolve {
    /// The version the person saw.
    pub version: i64,
    /// What it was.
    pub resolution: Resolution,
    /// How that is known.
    pub reason: String,
    /// The person's key.
    pub operator: String,
    /// What was made, where a look cannot find it.
    pub made: Made,
}

/// Why an operation was not resolved. It stands as it stood.
#[derive(Debug)]
pub enum NotResolved {
    /// There is no such operation.
    NotFound,
    /// It has changed since the operator looked.
    VersionMismatch(Box<Operation>),
    /// It is not for a person to decide: it is settled, or its send is under way.
    Refused(Box<Operation>),
    /// Upstream says something else.
    Contradicts(Box<Operation>, String),
    /// Upstream could not be asked for want of quota; it can in so long.
    NotLooked(Box<Operation>, Duration),
    /// Something is said to have been made, and nobody knows its number: the field that tells it.
    NumberNeeded(Box<Operation>, &'static str),
    /// The journal cannot be used.
    Journal(JournalError),
}

impl From<JournalError> for NotResolved {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

// === impl Operations ===

impl Operations {
    /// Looks at an operation now. A settled one that is not watched stays as it is.
    ///
    /// # Errors
    /// [`NotResolved::NotFound`], or when the journal cannot be used.
    pub async fn look_now(self: &Arc<Self>, id: OperationId) -> Result<Operation, NotResolved> {
        let operation = self.found(id).await?;
        match operation.state() {
            State::Unknown | State::NeedsAttention => {}
            State::Rejected | State::NotExecuted | State::Succeeded
                if operation.watch_until.is_some() => {}
            State::Accepted
            | State::Sending
            | State::Succeeded
            | State::Rejected
            | State::NotExecuted => return Ok(operation),
        }
        // One that is being looked at is as good as looked at.
        if let Some(_looking) = Looking::begin(self, id) {
            self.look_again(operation).await;
        }
        self.found(id).await
    }

    /// Settles an operation by a person's word, after one more look.
    ///
    /// # Errors
    /// [`NotResolved`].
    pub async fn resolve(
        &self,
        id: OperationId,
        resolve: &Resolve,
    ) -> Result<Operation, NotResolved> {
        let Resolve {
            version,
            resolution,
            ..
        } = *resolve;
        let mut operation = self.found(id).await?;
        if operation.version != version {
            return Err(NotResolved::VersionMismatch(Box::new(operation)));
        }
        match operation.state() {
            State::Unknown | State::NeedsAttention => {}
            State::Accepted
            | State::Sending
            | State::Succeeded
            | State::Rejected
            | State::NotExecuted => return Err(NotResolved::Refused(Box::new(operation))),
        }
        let mut confirmed = false;
        let mut result = None;
        let mut differs = Vec::new();
        if self.upstream.has_account(&operation.account) {
            let look = self.look(&operation, ReadOptions::LOOK).await;
            if let Some(later) = look.not_made {
                return Err(NotResolved::NotLooked(Box::new(operation), later));
            }
            confirmed = match (resolution, &look.finding) {
                (_, Finding::Inconclusive(_)) => false,
                (Resolution::Succeeded, _) => true,
                (Resolution::Rejected | Resolution::NotExecuted, _) => false,
            };
            result = look.finding.receipt();
            differs = look.finding.differences().to_vec();
            if !agrees(resolution, &look.finding) {
                let seen = look.finding.sentence();
                return Err(NotResolved::Contradicts(Box::new(operation), seen));
            }
        }
        if resolution == Resolution::Succeeded && result.is_none() {
            // Where it was contradicted, its number is known from before.
            result.clone_from(&operation.findings.recorded);
        }
        if resolution == Resolution::Succeeded && result.is_none() {
            match effect(&operation.intent).unread(resolve.made) {
                Ok(receipt) => result = Some(receipt),
                Err(field) => return Err(NotResolved::NumberNeeded(Box::new(operation), field)),
            }
        }
        let standing = match resolution {
            Resolution::Succeeded => Standing::of(State::Succeeded),
            Resolution::Rejected => Standing::of(State::Rejected),
            Resolution::NotExecuted => Standing::not_executed(Basis::Absent),
        };
        let cause = match resolution {
            Resolution::Succeeded => None,
            Resolution::Rejected => Some(Cause::Refused),
            Resolution::NotExecuted => Some(Cause::Absent),
        };
        let failure = cause.map(|cause| {
            let upstream = operation
                .failure
                .as_ref()
                .and_then(|f| f.upstream.as_deref().cloned());
            Failure::of(cause)
                .with_upstream(upstream)
                .with_detail("Settled by an operator of the gateway.")
        });
        let settlement = Settlement {
            standing,
            claim: None,
            result,
            differs,
            failure,
            what: format!(
                "resolved by {}: {}",
                resolve.operator,
                masked(&resolve.reason)
            ),
            confirmed,
            proves: None,
        };
        loop {
            let changed = self.change(&mut operation, |row| Some(self.settled(row, &settlement)));
            match changed.await? {
                Changed::Done => return Ok(operation),
                Changed::Declined => return Err(NotResolved::Refused(Box::new(operation))),
                // A lookup was counted meanwhile: what the person decided on is as it was.
                Changed::Stale if operation.version == version => {}
                Changed::Stale => return Err(NotResolved::VersionMismatch(Box::new(operation))),
            }
        }
    }

    async fn found(&self, id: OperationId) -> Result<Operation, NotResolved> {
        self.journal.get(id).await?.ok_or(NotResolved::NotFound)
    }
}

/// A person decides where upstream does not tell, not against what it tells.
fn agrees(resolution: Resolution, finding: &Finding) -> bool {
    match (resolution, finding) {
        (_, Finding::Inconclusive(_)) => true,
        // Something was made. Where it is another trip, a person decides whether it is this one's.
        (Resolution::Succeeded, Finding::Differs(..)) => true,
        (Resolution::Rejected | Resolution::NotExecuted, Finding::Differs(_, differences)) => {
            differences.iter().any(|d| d.field.makes_another_trip())
        }
        (Resolution::Succeeded, Finding::Happened(_)) => true,
        (Resolution::Succeeded, Finding::NotHappened(_) | Finding::Refuted(..)) => false,
        (Resolution::Rejected | Resolution::NotExecuted, Finding::Happened(_)) => false,
        (
            Resolution::Rejected | Resolution::NotExecuted,
            Finding::NotHappened(_) | Finding::Refuted(..),
        ) => true,
    }
}

#[cfg(test)]
mod tests {
    use crate::operations::reconcile::resolve::*;

    #[test]
    fn a_person_decides_where_upstream_does_not_tell() {
        let absent = Finding::NotHappened("not there");
        let refuted = Finding::Refuted(Cause::OrderNotPayable, "closed");
        let silent = Finding::Inconclusive("no answer");
        for (resolution, absent_ok, silent_ok) in [
            (Resolution::Succeeded, false, true),
            (Resolution::Rejected, true, true),
            (Resolution::NotExecuted, true, true),
        ] {
            assert_eq!(agrees(resolution, &absent), absent_ok);
            assert_eq!(agrees(resolution, &refuted), absent_ok);
            assert_eq!(agrees(resolution, &silent), silent_ok);
        }
    }
}
