//! How the ends of reads and writes become HTTP: the one place where causes turn into problems.

use axum::http::header::{ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::extract::Json;
use super::problem::{
    Code, FieldError, OPERATION_ID, Problem, ProblemBody, Retry, SideEffects, UpstreamFault,
};
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::refund::RefundQuote;
use crate::domain::time::Rfc3339;
use crate::domain::violation::Violation;
use crate::operations::cause::{Cause, Failure};
use crate::operations::perform::{NotTaken, Performed};
use crate::operations::record::{Attention, Difference, Operation, Receipt, TimelineEntry};
use crate::operations::states::{Basis, Kind, State};

/// The header of an answer that an earlier request with the same key got.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotency-replayed");

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
        Cause::RefusedByTop => Code::UpstreamRefused,
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

/// The problem of a failure: of a read, or of the operation with this id.
#[must_use]
pub(super) fn problem_of(failure: &Failure, operation: Option<OperationId>) -> Problem {
    let code = match (code_of(failure.cause), operation) {
        // A read has no key that is free again: all it can say is that TOP was not reached.
        (Code::NotSent, None) => Code::UpstreamUnavailable,
        (code, _) => code,
    };
    let mut problem = Problem::new(code).side_effects(SideEffects::None);
    if let Some(detail) = &failure.detail {
        problem = problem.detail(detail.clone());
    }
    let refused_for_an_argument = matches!(
        failure
            .upstream
            .as_ref()
            .and_then(|said| said.code.as_deref()),
        Some("40" | "41")
    );
    if code == Code::UpstreamRefused && refused_for_an_argument {
        problem = problem.retry(Retry::Never).hint(
            "TOP does not take an argument. Look at the fields of `extra`, if there are any; else \
             the contract of the method is mistaken, and `top.contract.overrides` mends it.",
        );
    }
    if let Some(seconds) = failure.retry_after {
        problem = problem.retry_after(u32::try_from(seconds).unwrap_or(u32::MAX));
    }
    if let Some(upstream) = &failure.upstream {
        problem = problem.upstream(UpstreamFault {
            method: upstream.method.clone(),
            code: upstream.code.clone(),
            sub_code: upstream.sub_code.clone(),
            message: upstream.message.clone(),
            request_id: upstream.request_id.clone(),
        });
    }
    if let Some(hint) = &failure.hint {
        problem = problem.hint(hint.clone());
    }
    match operation {
        // This operation is not the one that did it.
        Some(_) if code == Code::AlreadyDone => problem,
        Some(id) => problem.operation(id),
        None => problem,
    }
}

/// The problem of a request whose content was checked and found wanting. Nothing was sent.
#[must_use]
pub(super) fn violations(found: Vec<Violation>) -> Problem {
    // An offer that cannot be booked is well-formed; everything else is the request's own fault.
    let code = if !found.is_empty() && found.iter().all(|v| v.code == "offer_not_bookable") {
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

/// The problem of a write that became no operation. Nothing was sent.
#[must_use]
pub(super) fn not_taken(why: NotTaken, caller: &str, is_operator: bool) -> Problem {
    let about = |code: Code, other: &Operation| {
        let problem = Problem::new(code);
        // The link is shown to its owner only.
        if is_operator || other.caller == caller {
            problem.operation(other.id)
        } else {
            problem
        }
    };
    match why {
        NotTaken::KeyReused => Problem::new(Code::IdempotencyKeyReused),
        NotTaken::Locked(other) => about(Code::OperationInProgress, &other),
        NotTaken::AlreadyDone(other) => {
            let problem = about(Code::AlreadyDone, &other);
            match other.intent.number_among_several() {
                Some(_) => problem.hint("Take a new number for every application or change."),
                None => problem,
            }
        }
        NotTaken::Duplicate(other) => about(Code::PossibleDuplicate, &other),
        // The id is needed to go on, by whichever app uses the account. How it ended is the same for all.
        NotTaken::RetryOfRequired(other) => about(Code::RetryOfRequired, &other)
            .operation_id(other.id)
            .detail(format!(
                "Operation {} ended as not_executed (absent): it was looked for and not found. A request \
                 that could repeat its effect must name it in `retry_of`. Nothing was sent.",
                other.id
            )),
        NotTaken::NothingToRetry => Problem::invalid(FieldError::new(
            "/retry_of",
            "nothing_to_retry",
            "expected the id of an operation that ended as not_executed (absent) and whose effect this \
             request could repeat, as `retry_of_required` names it",
        )),
        NotTaken::JournalUnavailable => Problem::new(Code::JournalUnavailable),
        NotTaken::NotAcknowledged => Problem::new(Code::JournalUnavailable)
            .side_effects(SideEffects::Unknown)
            .detail("The journal has not answered in time. It may still take the request."),
        NotTaken::Stopping => Problem::new(Code::ShuttingDown),
    }
}

/// An operation as callers see it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Operation)]
pub(super) struct OperationView {
    /// Its id.
    id: OperationId,
    /// What was asked for.
    kind: Kind,
    /// Where it stands.
    state: State,
    /// How it is known that nothing was executed; null in every other state.
    #[schema(required = true, value_type = Option<Basis>)]
    basis: Option<Basis>,
    /// Grows when the state, its basis, `result` or `differs` changes, and not with every lookup; `If-Match` of
    /// a resolution names it.
    #[schema(minimum = 1)]
    version: i64,
    /// The purchasing account.
    account: AccountName,
    /// What it is about: Fliggy's order id, or for a booking the caller's order number; for the
    /// payment or cancellation of a change the number of the change.
    #[schema(example = "1234125412")]
    subject: String,
    /// When it was accepted (+08:00).
    created_at: Rfc3339,
    /// When it settled (+08:00); null while it is open.
    #[schema(required = true, value_type = Option<Rfc3339>)]
    settled_at: Option<Rfc3339>,
    /// When a lookup confirmed how it was settled (+08:00). Null while a success stands on Fliggy's answer
    /// alone, which is normal for some seconds; and where a refusal or absence is watched.
    #[schema(required = true, value_type = Option<Rfc3339>)]
    confirmed_at: Option<Rfc3339>,
    /// Evidence against its settled state came in: a person must decide.
    contradicted: bool,
    /// Why a person must decide; null in every state but `needs_attention`.
    #[schema(required = true, value_type = Option<Attention>)]
    attention: Option<Attention>,
    /// What happened, oldest first; empty in lists. Of a very long one the middle is left out.
    timeline: Vec<TimelineEntry>,
    /// What was achieved; null until then.
    #[schema(required = true, value_type = Option<Receipt>)]
    result: Option<Receipt>,
    /// The parts of `result` that differ from the request, by two lookups at least two seconds apart. If only
    /// amounts and times differ, the operation has succeeded; if it is another trip, a person must decide.
    differs: Vec<Difference>,
    /// Why it was not done; null unless it was refused or not executed.
    #[schema(required = true, value_type = Option<ProblemBody>)]
    problem: Option<ProblemBody>,
}

impl OperationView {
    /// The view of an operation with its timeline.
    #[must_use]
    pub(super) fn new(operation: Operation, timeline: Vec<TimelineEntry>) -> Self {
        let settled = operation.state().is_settled();
        let problem = operation
            .failure
            .as_ref()
            .filter(|_| settled)
            .map(|failure| problem_of(failure, Some(operation.id)).into_body());
        Self {
            id: operation.id,
            kind: operation.kind(),
            state: operation.state(),
            basis: operation.standing.basis,
            version: operation.version,
            subject: operation.intent.subject().text(),
            account: operation.account,
            created_at: Rfc3339(operation.created_at),
            settled_at: operation.settled_at.map(Rfc3339),
            confirmed_at: operation.confirmed_at.map(Rfc3339),
            contradicted: operation.contradicted,
            attention: operation.attention,
            timeline,
            result: operation.result,
            differs: operation.differs,
            problem,
        }
    }
}

/// The answer to a write: the resource, a problem, or 202 with the operation.
#[must_use]
pub(super) fn answer(
    performed: Performed,
    timeline: Vec<TimelineEntry>,
    quote: Option<RefundQuote>,
) -> Response {
    let Performed {
        operation,
        replayed,
    } = performed;
    let id = operation.id;
    let operation_state = operation.state();
    let mut response = match operation_state {
        State::Succeeded => match operation.result.clone() {
            Some(receipt) => done(operation.kind(), &receipt),
            None => view(operation, timeline, StatusCode::OK),
        },
        State::Rejected | State::NotExecuted => {
            let fallback = Failure::of(Cause::Absent);
            let failure = operation.failure.as_ref().unwrap_or(&fallback);
            let problem = problem_of(failure, Some(id));
            match quote {
                Some(quote) => problem.quote(quote).into_response(),
                None => problem.into_response(),
            }
        }
        State::Accepted | State::Sending | State::Unknown | State::NeedsAttention => {
            let mut response = view(operation, timeline, StatusCode::ACCEPTED);
            let headers = response.headers_mut();
            if let Ok(location) = HeaderValue::from_str(&format!("/v1/operations/{id}")) {
                headers.insert(LOCATION, location);
            }
            let seconds = if operation_state.is_in_progress() {
                "2"
            } else {
                "60"
            };
            headers.insert(RETRY_AFTER, HeaderValue::from_static(seconds));
            response
        }
    };
    let headers = response.headers_mut();
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(OPERATION_ID, id);
    }
    if replayed {
        headers.insert(REPLAYED, HeaderValue::from_static("true"));
    }
    response
}

fn done(kind: Kind, receipt: &Receipt) -> Response {
    let mut response = Json(receipt).into_response();
    let made = match kind {
        Kind::Book | Kind::Refund | Kind::Change => true,
        Kind::Pay | Kind::Close | Kind::ChangePay | Kind::ChangeCancel => false,
    };
    if made {
        *response.status_mut() = StatusCode::CREATED;
        let location = match receipt {
            Receipt::Order(order) => format!("/v1/orders/{}", order.order_id),
            Receipt::Refund(refund) => format!("/v1/refunds/{}", refund.refund_order_no),
            Receipt::Change(change) => format!("/v1/changes/{}", change.change_order_no),
        };
        if let Ok(location) = HeaderValue::from_str(&location) {
            response.headers_mut().insert(LOCATION, location);
        }
    }
    response
}

/// The operation itself, with its version as entity tag.
#[must_use]
pub(super) fn view(
    operation: Operation,
    timeline: Vec<TimelineEntry>,
    status: StatusCode,
) -> Response {
    let tag = HeaderValue::from_str(&format!("\"{}\"", operation.version));
    let mut response = (status, Json(OperationView::new(operation, timeline))).into_response();
    if let Ok(tag) = tag {
        response.headers_mut().insert(ETAG, tag);
    }
    response
}
