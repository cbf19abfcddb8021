//! The rules of the journal: which operations may be accepted, which keys a row holds in which state, and which
//! operations may be sent. Pure functions over rows that a backend has fetched; a backend only reads, locks and writes.

use super::{Acceptance, Known, NewOperation};
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{Basis, Kind, Operation, State};

/// An operation and its place in the order of acceptance.
#[derive(Clone, Debug)]
pub struct Placed {
    /// Increases with every acceptance.
    pub place: i64,
    /// The operation.
    pub operation: Operation,
}

/// The rows that a backend fetches before it accepts an operation: all that may prevent the acceptance.
#[derive(Clone, Debug, Default)]
pub struct Conflicts {
    /// The operation with the same idempotency key.
    pub known: Option<Known>,
    /// An operation that holds the lock on the subject, or an operation on the subject that needs attention.
    pub locked: Option<Operation>,
    /// An operation with the same [`done_key`].
    pub done: Option<Operation>,
    /// The operation that `retry_of` names.
    pub named: Option<Operation>,
    /// Operations on the subject that ended absent, found by [`repeated_keys`].
    pub absent: Vec<Placed>,
    /// Operations on the subject that succeeded after the first of the absent ones.
    pub succeeded: Vec<Placed>,
    /// Another open or absent booking of the same passengers on the same segments.
    pub duplicate: Option<Operation>,
}

/// Why an operation is not accepted; none if it may be accepted. If several reasons apply, the most specific one.
#[must_use]
pub fn refusal(new: &NewOperation, conflicts: Conflicts) -> Option<Acceptance> {
    if let Some(known) = conflicts.known {
        return Some(if known.fingerprint == new.fingerprint {
            Acceptance::Replay(Box::new(known.operation))
        } else {
            Acceptance::KeyReused
        });
    }
    if let Some(other) = conflicts.locked {
        return Some(Acceptance::Locked(Box::new(other)));
    }
    if let Some(other) = conflicts.done {
        return Some(Acceptance::AlreadyDone(Box::new(other)));
    }
    let operation = &new.operation;
    if operation.retry_of.is_some() {
        let named = conflicts.named.as_ref();
        if !named.is_some_and(|earlier| may_be_named(operation, earlier)) {
            return Some(Acceptance::NothingToRetry);
        }
    }
    if let Some(earlier) = still_absent(operation, conflicts.absent, &conflicts.succeeded)
        && operation.retry_of != Some(earlier.id)
    {
        return Some(Acceptance::RetryOfRequired(Box::new(earlier)));
    }
    match conflicts.duplicate {
        Some(other) if !new.allow_duplicate => Some(Acceptance::Duplicate(Box::new(other))),
        Some(_) | None => None,
    }
}

/// The newest operation that ended absent and whose effect this operation would repeat. An absent operation is skipped
/// if a later operation succeeded whose effect can be mistaken for the absent one's.
fn still_absent(
    operation: &Operation,
    absent: Vec<Placed>,
    succeeded: &[Placed],
) -> Option<Operation> {
    let is_explained = |earlier: &Placed| {
        succeeded.iter().any(|later| {
            later.place > earlier.place
                && earlier
                    .operation
                    .intent
                    .may_be_taken_for(&later.operation.intent)
        })
    };
    let still = absent.into_iter().filter(|earlier| {
        earlier.operation.intent.may_be_taken_for(&operation.intent) && !is_explained(earlier)
    });
    let newest = still.max_by_key(|earlier| earlier.place);
    newest.map(|earlier| earlier.operation)
}

/// Whether the operation may name the earlier one in `retry_of`: the earlier one ended absent on the same account, the
/// operation repeats it, and both have the same subject or the same caller.
fn may_be_named(operation: &Operation, earlier: &Operation) -> bool {
    earlier.standing.basis == Some(Basis::Absent)
        && earlier.account == operation.account
        && operation.intent.repeats(&earlier.intent)
        && (earlier.caller == operation.caller
            || earlier.intent.subject() == operation.intent.subject())
}

/// The lock on the subject of an operation.
#[must_use]
pub fn lock(operation: &Operation) -> String {
    operation.intent.subject().lock(&operation.account)
}

/// A key that all operations of one kind on one subject share.
fn subject_key(operation: &Operation, kind: Kind) -> String {
    format!("{}:{}", kind.as_str(), lock(operation))
}

/// The keys ([`Held::absent`]) of the absent operations whose effect this operation could repeat.
#[must_use]
pub fn repeated_keys(operation: &Operation) -> Vec<String> {
    let kinds = operation.kind().could_repeat();
    kinds.map(|kind| subject_key(operation, kind)).collect()
}

/// A key that all operations with the same effect share: one per subject, or one per caller's number if a subject can
/// have several refunds or changes.
#[must_use]
pub fn done_key(operation: &Operation) -> String {
    let key = subject_key(operation, operation.kind());
    match operation.intent.number_among_several() {
        Some(number) => format!("{key}:{number}"),
        None => key,
    }
}

/// The key of the order, refund or change with this number, created by an operation of this kind.
#[must_use]
pub fn made_key(kind: Kind, account: &AccountName, number: u64) -> String {
    format!("{}:{account}:{number}", kind.as_str())
}

/// The keys that a row holds in its current state, by which other operations find it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// The lock on the subject, while the operation is open. An operation that is reopened while another operation
    /// holds the lock does not get the lock, and is found by its state instead.
    pub lock: Option<String>,
    /// See [`done_key`].
    pub done: Option<String>,
    /// See [`repeated_keys`].
    pub absent: Option<String>,
    /// See [`made_key`].
    pub made: Option<String>,
    /// Whether the operation bars another booking of the same passengers on the same segments.
    pub bars_duplicates: bool,
    /// Whether the idempotency key of the operation is free again.
    pub frees_the_key: bool,
}

/// The keys that the row of this operation must hold. `holder` is the operation that now holds the lock on its subject.
#[must_use]
pub fn held(operation: &Operation, holder: Option<OperationId>) -> Held {
    let standing = operation.standing;
    let open = !standing.state.is_settled();
    let absent = standing.basis == Some(Basis::Absent);
    let is_free = holder.is_none_or(|holder| holder == operation.id);
    Held {
        lock: (open && is_free).then(|| lock(operation)),
        done: (standing.state == State::Succeeded).then(|| done_key(operation)),
        absent: absent.then(|| subject_key(operation, operation.kind())),
        made: operation
            .made()
            .map(|number| made_key(operation.kind(), &operation.account, number)),
        bars_duplicates: open || absent,
        frees_the_key: standing.basis.is_some_and(Basis::frees_the_key),
    }
}

/// Whether an operation may be sent. `around` contains the operation that it repeats and the operations on its subject:
/// one of these that needs attention may already have had the same effect.
#[must_use]
pub fn may_be_sent(operation: &Operation, around: &[Operation]) -> bool {
    let concerns =
        |other: &Operation| Some(other.id) == operation.retry_of || lock(other) == lock(operation);
    !around
        .iter()
        .any(|other| other.state() == State::NeedsAttention && concerns(other))
}

/// The lease of the instance that works on an operation, in store time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// This instance works on the operation.
    Own,
    /// Another instance works on it, whose lease ends at this time.
    Until(i64),
    /// Another instance works on it, whose lease is not known.
    Unknown,
    /// The instance is known to have ended.
    Ended,
}

/// Whether no instance works on an accepted or sending operation any more: its instance is known to have ended, or the
/// instance has not touched the operation for long enough and holds no lease. The lease of this instance does not
/// count.
#[must_use]
pub fn is_stale(touched_ms: i64, lease: Lease, now_ms: i64, touched_before_ms: i64) -> bool {
    let untouched = touched_ms < touched_before_ms;
    match lease {
        Lease::Own => untouched,
        Lease::Unknown => untouched,
        Lease::Until(until) => until <= now_ms && untouched,
        Lease::Ended => true,
    }
}

#[cfg(test)]
mod tests;
