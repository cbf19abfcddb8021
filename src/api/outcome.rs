//! Problems of reads and writes: the only place where causes become problem codes.

use super::problem::{Code, FieldError, Problem, Retry, SideEffects, UpstreamFault};
use crate::domain::ids::OperationId;
use crate::domain::operation::{Cause, Failure, Operation, State, UpstreamAnswer};
use crate::domain::violation::{About, Violation};
use crate::operations::writes::perform::Refusal;

/// The problem code of a cause.
#[must_use]
pub(super) fn code_of(cause: Cause) -> Code {
    match cause {
        Cause::Stopping => Code::ShuttingDown,
        Cause::Unreachable | Cause::TooLate | Cause::Interrupted => Code::NotSent,
        Cause::NotEncodable => Code::Internal,
        Cause::RateLimited => Code::RateLimited,
        Cause::JournalUnavailable => Code::JournalUnavailable,
        Cause::ReadFailed | Cause::UpstreamUnavailable => Code::UpstreamUnavailable,
        Cause::UpstreamTimeout => Code::UpstreamTimeout,
        Cause::UpstreamUnreadable => Code::UpstreamUnreadable,
        Cause::OrderNotFound => Code::OrderNotFound,
        Cause::PriceChanged => Code::PriceChanged,
        Cause::OrderNotPayable => Code::OrderNotPayable,
        Cause::OrderNotClosable => Code::OrderNotClosable,
        Cause::AlreadyPaid | Cause::AlreadyClosed | Cause::NumberTaken => Code::AlreadyDone,
        Cause::RefundNotFound => Code::RefundNotFound,
        Cause::ChangeNotFound => Code::ChangeNotFound,
        Cause::OrderNotRefundable => Code::OrderNotRefundable,
        Cause::OrderNotChangeable => Code::OrderNotChangeable,
        Cause::PassengerNotInOrder => Code::PassengerNotInOrder,
        Cause::SegmentNotInOrder => Code::SegmentNotInOrder,
        Cause::RefundFeeChanged => Code::RefundFeeChanged,
        Cause::RefundFeeUnknown => Code::RefundFeeUnknown,
        Cause::QuoteExpired => Code::QuoteExpired,
        Cause::RefundKindRefused => Code::RefundKindRefused,
        Cause::KindNotMapped => Code::KindNotMapped,
        Cause::ChangeNotPayable => Code::ChangeNotPayable,
        Cause::ChangeNotCancellable => Code::ChangeNotCancellable,
        Cause::EarlierHappened => Code::EvidenceContradicts,
        Cause::RefusedByTop | Cause::ArgumentRefused => Code::UpstreamRefused,
        Cause::ChannelNotAssigned => Code::ChannelNotAssigned,
        Cause::SessionMissing => Code::SessionMissing,
        Cause::SessionInvalid => Code::SessionInvalid,
        Cause::IpNotAllowed => Code::IpNotAllowed,
        Cause::PermissionDenied => Code::PermissionDenied,
        Cause::ClockSkew => Code::ClockSkew,
        Cause::Refused => Code::UpstreamRejected,
        Cause::Absent => Code::NotExecuted,
    }
}

impl From<UpstreamAnswer> for UpstreamFault {
    fn from(answer: UpstreamAnswer) -> Self {
        Self {
            method: answer.method,
            code: answer.code,
            sub_code: answer.sub_code,
            message: answer.message,
            request_id: answer.request_id,
        }
    }
}

/// The problem of a failure: of a read, or of the operation with this id.
#[must_use]
pub(super) fn problem_of(failure: &Failure, operation: Option<OperationId>) -> Problem {
    let code = match (code_of(failure.cause), operation) {
        // `not_sent` says that the key is free again, and a read has no key.
        (Code::NotSent, None) => Code::UpstreamUnavailable,
        (code, _) => code,
    };
    let mut problem = Problem::new(code).side_effects(SideEffects::None);
    if let Some(detail) = &failure.detail {
        problem = problem.detail(detail.clone());
    }
    if failure.cause == Cause::ArgumentRefused {
        problem = problem.retry(Retry::Never).hint(
            "TOP does not accept an argument. Check the fields of `extra`, if there are any; otherwise \
             the contract of the method is wrong, and `top.contract.overrides` corrects it.",
        );
    }
    if let Some(seconds) = failure.retry_after {
        problem = problem.retry_after(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    if let Some(upstream) = &failure.upstream {
        problem = problem.upstream((**upstream).clone().into());
    }
    if let Some(hint) = &failure.hint {
        problem = problem.hint(hint.clone());
    }
    match operation {
        // Another operation has already executed the write, so the refused operation is not linked.
        Some(_) if code == Code::AlreadyDone => problem,
        Some(id) => problem.operation(id),
        None => problem,
    }
}

/// The problem of an operation that was refused or not executed; none in every other state.
#[must_use]
pub(super) fn problem_of_operation(operation: &Operation) -> Option<Problem> {
    match operation.state() {
        State::Rejected | State::NotExecuted => {
            let fallback = Failure::of(Cause::Absent);
            let failure = operation.failure.as_ref().unwrap_or(&fallback);
            Some(problem_of(failure, Some(operation.id)))
        }
        State::Accepted
        | State::Sending
        | State::Unknown
        | State::Succeeded
        | State::NeedsAttention => None,
    }
}

/// The problem of a request whose content failed its checks. Nothing was sent.
#[must_use]
pub(super) fn violations(found: Vec<Violation>) -> Problem {
    let is_offer = |violation: &Violation| violation.about == About::Offer;
    let code = if !found.is_empty() && found.iter().all(is_offer) {
        Code::OfferNotBookable
    } else {
        Code::InvalidRequest
    };
    Problem::new(code).errors(
        found
            .into_iter()
            .map(|v| FieldError::new(v.pointer, v.code, v.message)),
    )
}

/// The problem of a write for which no operation was created. Nothing was sent.
#[must_use]
pub(super) fn refusal(why: Refusal, caller: &str, is_operator: bool) -> Problem {
    let about = |code: Code, other: &Operation| {
        let problem = Problem::new(code);
        // Only its owner and operators may read the operation.
        if is_operator || other.caller == caller {
            problem.operation(other.id)
        } else {
            problem
        }
    };
    match why {
        Refusal::KeyReused => Problem::new(Code::IdempotencyKeyReused),
        Refusal::Locked(other) => about(Code::OperationInProgress, &other),
        Refusal::AlreadyDone(other) => {
            let problem = about(Code::AlreadyDone, &other);
            match other.intent.number_among_several() {
                Some(_) => problem.hint("Use a new number for every application or change."),
                None => problem,
            }
        }
        Refusal::Duplicate(other) => about(Code::PossibleDuplicate, &other),
        // Every app on the account needs the id to continue. The outcome in the text reveals nothing: it is the same
        // for every such operation.
        Refusal::RetryOfRequired(other) => about(Code::RetryOfRequired, &other)
            .operation_id(other.id)
            .detail(format!(
                "Operation {} ended as not_executed (absent): lookups did not find it. A request that \
                 could repeat its effect must name it in `retry_of`. Nothing was sent.",
                other.id
            )),
        Refusal::NothingToRetry => Problem::invalid(FieldError::new(
            "/retry_of",
            "nothing_to_retry",
            "expected the id of an operation that ended as not_executed (absent) and whose effect this \
             request could repeat; `retry_of_required` returns that id in `operation_id`",
        )),
        Refusal::JournalUnavailable => Problem::new(Code::JournalUnavailable),
        Refusal::NotAcknowledged => Problem::new(Code::JournalUnavailable)
            .side_effects(SideEffects::Unknown)
            .detail(
                "The journal did not acknowledge the request in time. It may still accept the \
                 request.",
            ),
        Refusal::Stopping => Problem::new(Code::ShuttingDown),
    }
}
