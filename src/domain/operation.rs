//! An operation: one write that a caller requested, as stored in the journal. It contains no personal data.

mod difference;
mod event;
mod failure;
mod findings;
pub mod intent;
mod kind;
mod order_numbers;
mod ownership;
mod proof;
mod receipt;
mod state;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{AccountName, OperationId};

pub use difference::{Difference, DifferingField};
pub use event::{EventKind, NewEvent};
pub use failure::{Cause, Failure, UpstreamAnswer};
pub use findings::{Anchor, Attention, Baseline, Claim, Findings};
pub use intent::{Intent, Subject};
pub use kind::{Kind, RefusalCounts, Repetition};
pub use order_numbers::OrderNumbers;
pub use ownership::{Ownership, OwnershipFact};
pub use proof::{LookupKind, Proof, SessionTag};
pub use receipt::Receipt;
pub use state::{Basis, Standing, State, may_become};

/// An operation.
#[derive(Clone, Debug, PartialEq)]
pub struct Operation {
    /// Its id.
    pub id: OperationId,
    /// Internal: increases with every update of the journal row, and every update is a compare-and-set on it.
    pub revision: i64,
    /// The version that callers and operators see: increases only when the state, its basis, the result or
    /// `differs` changes.
    pub version: i64,
    /// What was requested.
    pub intent: Intent,
    /// The state with its basis.
    pub standing: Standing,
    /// The purchasing account; it never changes.
    pub account: AccountName,
    /// The app that requested it.
    pub caller: String,
    /// The process that last worked on the send.
    pub boot: String,
    /// When that process last worked on the send, in store time (ms). Clock jumps do not affect store time while the
    /// process runs.
    pub touched_ms: i64,
    /// When it was accepted.
    pub created_at: Timestamp,
    /// When the send was committed.
    pub sent_at: Option<Timestamp>,
    /// Steady time of the sending process at the send, in ms.
    pub sent_steady_ms: Option<u64>,
    /// When it settled.
    pub settled_at: Option<Timestamp>,
    /// When a lookup confirmed the settled outcome; none while the outcome rests on upstream's response alone.
    pub confirmed_at: Option<Timestamp>,
    /// What upstream's response to the send claimed.
    pub claim: Claim,
    /// What lookups found.
    pub findings: Findings,
    /// When the next lookup is due, in store time (ms); `None` if no lookup is needed.
    pub next_look_at: Option<i64>,
    /// The planned end of the lookups that watch a settled operation, in store time (ms); `None` if it is not watched.
    /// The watch lasts longer if a process ends meanwhile: only steady time measured by a running process counts
    /// (`Findings::watched_ms`).
    pub watch_until: Option<i64>,
    /// When the operation is deleted, because it sent nothing, in store time (ms).
    pub prune_at: Option<i64>,
    /// Whether evidence contradicted a settled state. If so, only a person can settle the operation.
    pub contradicted: bool,
    /// Why a person must decide, if the state is `needs_attention`.
    pub attention: Option<Attention>,
    /// The earlier operation that this operation retries; the earlier one ended `absent`.
    pub retry_of: Option<OperationId>,
    /// The state of the order before a refund or change was sent.
    pub baseline: Baseline,
    /// The result or, while the operation has not succeeded, what lookups found.
    pub result: Option<Receipt>,
    /// The fields of the result that differ from the request.
    pub differs: Vec<Difference>,
    /// Why the operation failed.
    pub failure: Option<Failure>,
}

impl Operation {
    /// A new operation in state `accepted`.
    #[must_use]
    pub fn accepted(
        id: OperationId,
        intent: Intent,
        account: AccountName,
        caller: String,
        boot: String,
        touched_ms: i64,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id,
            revision: 1,
            version: 1,
            intent,
            standing: Standing::of(State::Accepted),
            account,
            caller,
            boot,
            touched_ms,
            created_at,
            sent_at: None,
            sent_steady_ms: None,
            settled_at: None,
            confirmed_at: None,
            claim: Claim::Silence,
            findings: Findings::default(),
            next_look_at: None,
            watch_until: None,
            prune_at: None,
            contradicted: false,
            attention: None,
            retry_of: None,
            baseline: Baseline::default(),
            result: None,
            differs: Vec::new(),
            failure: None,
        }
    }

    /// The kind.
    #[must_use]
    pub fn kind(&self) -> Kind {
        self.intent.kind()
    }

    /// The state without its basis.
    #[must_use]
    pub fn state(&self) -> State {
        self.standing.state
    }

    /// The result or what lookups found; if no lookup finds it any more, the recorded result.
    #[must_use]
    pub fn last_receipt(&self) -> Option<&Receipt> {
        self.result.as_ref().or(self.findings.recorded.as_ref())
    }

    /// Fliggy's number of the order, refund or change that the operation created, even if no lookup finds it any
    /// more: the number never belongs to another operation.
    #[must_use]
    pub fn made(&self) -> Option<u64> {
        self.last_receipt()?.made_by(self.kind())
    }

    /// Whether it ended before its send began.
    #[must_use]
    pub fn sent_nothing(&self) -> bool {
        self.standing.basis == Some(Basis::NotSent) && self.sent_at.is_none()
    }
}

/// One line of an operation's timeline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TimelineEntry {
    /// When, +08:00.
    #[schema(value_type = String, format = DateTime, example = "2030-05-01T10:05:00.000+08:00")]
    pub at: crate::domain::time::Rfc3339,
    /// The state after this entry.
    pub state: State,
    /// What happened, for human readers; never personal data.
    #[schema(example = "lookup 1: the order is paid")]
    pub what: String,
}
