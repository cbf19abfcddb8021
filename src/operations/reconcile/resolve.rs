//! The actions of an operator: look up an operation now, or settle it by hand.

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
    /// The write was executed.
    Succeeded,
    /// Upstream refused the write.
    Rejected,
    /// The write was not executed.
    NotExecuted,
}

/// A resolution of an operation by hand.
#[derive(Clone, Debug)]
pub struct Resolve {
    /// The version that the operator has seen.
    pub version: i64,
    /// The outcome.
    pub resolution: Resolution,
    /// How the operator knows the outcome.
    pub reason: String,
    /// The name of the operator's API key.
    pub operator: String,
    /// The numbers of the created objects, needed if a lookup cannot find them.
    pub made: CreatedNumbers,
}

/// Why an operation was not resolved. The operation is unchanged.
#[derive(Debug)]
pub enum NotResolved {
    /// There is no such operation.
    NotFound,
    /// The operation has changed since the operator read it.
    VersionMismatch(Box<Operation>),
    /// The operation cannot be resolved by hand: it is settled, or its send is in progress.
    Refused(Box<Operation>),
    /// Upstream shows another outcome.
    Contradicts(Box<Operation>, String),
    /// There is no quota for the lookup; there will be after this time.
    LookupNotMade(Box<Operation>, Duration),
    /// The number of the created object is unknown, and this field must state it.
    NumberNeeded(Box<Operation>, &'static str),
    /// The journal cannot be read or written.
    Journal(JournalError),
}

impl From<JournalError> for NotResolved {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

// === impl Operations ===

impl Operations {
    /// Looks up an operation now, unless it is settled and no longer watched.
    ///
    /// # Errors
    /// [`NotResolved::NotFound`], or when the journal cannot be read.
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
        // Without a session, nothing can be looked up, and the person decides.
        if self.upstream.session(&operation.account).is_ok() {
            let moment = self.moment(&operation);
            let lookup = self.look_up(&operation, &moment, ReadOptions::LOOKUP).await;
            if let Some(pause) = lookup.not_made {
                return Err(NotResolved::LookupNotMade(Box::new(operation), pause));
            }
            confirmed = match (resolution, &lookup.finding) {
                (_, Finding::Inconclusive(_)) => false,
                // A message is not a lookup.
                (Resolution::Succeeded, _) => !lookup.by_message,
                (Resolution::Rejected | Resolution::NotExecuted, _) => false,
            };
            result = lookup.finding.receipt();
            differs = lookup.finding.differences().to_vec();
            if !agrees(resolution, &lookup.finding) {
                let found = lookup.finding.sentence();
                return Err(NotResolved::Contradicts(Box::new(operation), found));
            }
        }
        if resolution == Resolution::Succeeded && result.is_none() {
            match result_without_lookup(&operation, resolve.made) {
                Ok((receipt, differences)) => {
                    result = Some(receipt);
                    differs = differences;
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
                // Only a lookup was counted meanwhile, so the version that the operator has seen is current.
                Changed::Stale if operation.version == version => {}
                Changed::Stale => return Err(NotResolved::VersionMismatch(Box::new(operation))),
            }
        }
    }

    async fn found(&self, id: OperationId) -> Result<Operation, NotResolved> {
        self.journal.get(id).await?.ok_or(NotResolved::NotFound)
    }
}

/// The result, with its differences, of a write that was executed but whose effect no lookup shows now. A number that
/// the operator states takes precedence. Otherwise the result is the object that was found or recorded earlier, unless
/// these are two different objects.
///
/// # Errors
/// The name of the field that must state the number.
fn result_without_lookup(
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

/// Whether an operator may choose this resolution after this finding: not against the evidence of a lookup.
fn agrees(resolution: Resolution, finding: &Finding) -> bool {
    match (resolution, finding) {
        (_, Finding::Inconclusive(_)) => true,
        // An order exists. If it is for another trip, the operator decides whether this operation created it.
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
    fn an_operator_cannot_resolve_against_evidence() {
        let absent = Finding::NotHappened("not there");
        let refuted = Finding::Refuted(Cause::OrderNotPayable, "closed");
        let silent = Finding::Inconclusive("no response");
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
            // The stated order is the one that was found, so its differences are kept.
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
            let result = result_without_lookup(&operation, made);
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
