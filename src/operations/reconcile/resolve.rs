//! What an operator can do: look up an operation now, and settle it by hand.

use std::sync::Arc;
use std::time::Duration;

use super::evidence::{CreatedNumbers, Finding};
use super::schedule::LookupGuard;
use crate::domain::ids::OperationId;
use crate::domain::operation::{
    Basis, Cause, Difference, Failure, Operation, Receipt, Standing, State,
};
use crate::operations::masking::masked;
use crate::operations::service::{Changed, Operations, Settlement};
use crate::operations::writes::kinds::effect;
use crate::store::JournalError;
use crate::top::client::ReadOptions;

/// The outcome that the operator states.
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

/// A resolution of an operation by hand.
#[derive(Clone, Debug)]
pub struct Resolve {
    /// The version the person saw.
    pub version: i64,
    /// The outcome.
    pub resolution: Resolution,
    /// How the operator knows it.
    pub reason: String,
    /// The name of the operator's API key.
    pub operator: String,
    /// What was created, if a lookup cannot find it.
    pub made: CreatedNumbers,
}

/// Why an operation was not resolved. It is unchanged.
#[derive(Debug)]
pub enum NotResolved {
    /// There is no such operation.
    NotFound,
    /// It has changed since the operator read it.
    VersionMismatch(Box<Operation>),
    /// It cannot be resolved by hand: it is settled, or its send is in progress.
    Refused(Box<Operation>),
    /// Upstream shows another outcome.
    Contradicts(Box<Operation>, String),
    /// There is no quota for the lookup; it is available again after this time.
    LookupNotMade(Box<Operation>, Duration),
    /// The number of what was created is unknown, and this field must state it.
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
    /// Looks up an operation now. A settled one that is not watched is not looked up.
    ///
    /// # Errors
    /// [`NotResolved::NotFound`], or when the journal cannot be used.
    pub async fn look_up_now(self: &Arc<Self>, id: OperationId) -> Result<Operation, NotResolved> {
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
        // A lookup that is already in progress is enough.
        if let Some(_guard) = LookupGuard::begin(self, id) {
            self.look_up_again(operation).await;
        }
        self.found(id).await
    }

    /// Settles an operation by hand, after one more lookup.
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
            let lookup = self.look_up(&operation, ReadOptions::LOOKUP).await;
            if let Some(later) = lookup.not_made {
                return Err(NotResolved::LookupNotMade(Box::new(operation), later));
            }
            confirmed = match (resolution, &lookup.finding) {
                (_, Finding::Inconclusive(_)) => false,
                (Resolution::Succeeded, _) => true,
                (Resolution::Rejected | Resolution::NotExecuted, _) => false,
            };
            result = lookup.finding.receipt();
            differs = lookup.finding.differences().to_vec();
            if !agrees(resolution, &lookup.finding) {
                let seen = lookup.finding.sentence();
                return Err(NotResolved::Contradicts(Box::new(operation), seen));
            }
        }
        if resolution == Resolution::Succeeded && result.is_none() {
            match unseen(&operation, resolve.made) {
                Ok((receipt, known)) => {
                    result = Some(receipt);
                    differs = known;
                }
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
                // Only a lookup was counted meanwhile: what the person has seen is unchanged.
                Changed::Stale if operation.version == version => {}
                Changed::Stale => return Err(NotResolved::VersionMismatch(Box::new(operation))),
            }
        }
    }

    async fn found(&self, id: OperationId) -> Result<Operation, NotResolved> {
        self.journal.get(id).await?.ok_or(NotResolved::NotFound)
    }
}

/// The result of a write that was done but that no lookup shows now, with its differences. A number that the
/// person states takes precedence. Otherwise it is what was found or recorded before, unless these are two
/// objects.
///
/// # Errors
/// The field that must state its number.
fn unseen(
    operation: &Operation,
    made: CreatedNumbers,
) -> Result<(Receipt, Vec<Difference>), &'static str> {
    let number = |receipt: &Receipt| receipt.made_by(operation.kind());
    let found = operation.result.as_ref();
    let named = match effect(&operation.intent).unread(made) {
        Ok(named) => named,
        Err(field) => {
            let recorded = operation.findings.recorded.as_ref();
            return match (found, recorded) {
                (Some(found), None) => Ok((found.clone(), operation.differs.clone())),
                (Some(found), Some(recorded)) if number(found) == number(recorded) => {
                    Ok((found.clone(), operation.differs.clone()))
                }
                (None, Some(recorded)) => Ok((recorded.clone(), Vec::new())),
                (Some(_), Some(_)) | (None, None) => Err(field),
            };
        }
    };
    match found {
        Some(found) if number(found).is_some() && number(found) == number(&named) => {
            Ok((found.clone(), operation.differs.clone()))
        }
        Some(_) | None => Ok((named, Vec::new())),
    }
}

/// A person may decide what a lookup leaves open, but not against its evidence.
fn agrees(resolution: Resolution, finding: &Finding) -> bool {
    match (resolution, finding) {
        (_, Finding::Inconclusive(_)) => true,
        // Something was created. If it is another trip, a person decides whether it is this operation's.
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
    use super::*;
    use crate::clock::{Clock as _, SystemClock};
    use crate::domain::ids::OrderId;
    use crate::domain::money::Money;
    use crate::domain::operation::{DifferingField, Intent, intent};
    use crate::domain::order::OrderReceipt;

    #[test]
    fn a_person_cannot_resolve_against_evidence() {
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

    fn order(number: u64) -> Receipt {
        Receipt::Order(OrderReceipt::unread(OrderId::new(number).unwrap()))
    }

    #[test]
    fn a_stated_number_takes_precedence_over_found_and_recorded_ones() {
        let differs = vec![Difference {
            field: DifferingField::FlightNo,
            expected: "CZ8957".into(),
            found: "CZ8958".into(),
        }];
        for (named, found, recorded, expected) in [
            (Some(1), None, None, Ok((1, false))),
            (Some(1), Some(2), Some(3), Ok((1, false))),
            // It is what was found: with its differences.
            (Some(2), Some(2), Some(3), Ok((2, true))),
            (None, Some(2), None, Ok((2, true))),
            (None, Some(2), Some(2), Ok((2, true))),
            (None, None, Some(3), Ok((3, false))),
            (None, Some(2), Some(3), Err("order_id")),
            (None, None, None, Err("order_id")),
        ] {
            let intent = Intent::Book(intent::Book {
                out_order_no: "T-1".parse().unwrap(),
                total: Money::parse("950.00").unwrap(),
                segments: Vec::new(),
                passengers: Vec::new(),
                rules: None,
            });
            let clock = SystemClock::new();
            let mut operation = Operation::accepted(
                OperationId::new(&clock),
                intent,
                "default".parse().unwrap(),
                "app".into(),
                "boot".into(),
                0,
                clock.wall(),
            );
            operation.result = found.map(order);
            operation.differs.clone_from(&differs);
            operation.findings.recorded = recorded.map(order);
            let made = CreatedNumbers {
                order_id: named.map(|number| OrderId::new(number).unwrap()),
                ..CreatedNumbers::default()
            };
            let result = unseen(&operation, made);
            let expected = expected.map(|(number, differs_too)| {
                let differs = if differs_too {
                    differs.clone()
                } else {
                    Vec::new()
                };
                (order(number), differs)
            });
            assert_eq!(result, expected, "{named:?} {found:?} {recorded:?}");
        }
    }
}
