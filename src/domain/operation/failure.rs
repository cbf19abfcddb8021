//! Why an operation failed. The API turns each cause into a problem.

use serde::{Deserialize, Serialize};

/// The cause of a failure. A closed list: the API has one problem code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The gateway was stopping before the send.
    Stopping,
    /// No connection to TOP.
    Unreachable,
    /// The quota of TOP calls is used up.
    RateLimited,
    /// The process was delayed too long between the intent and the send, so it did not send.
    TooLate,
    /// The process ended before the send.
    Interrupted,
    /// The request could not be encoded.
    NotEncodable,
    /// The journal did not acknowledge that the send may start.
    JournalUnavailable,
    /// A read that is required before the send failed.
    ReadFailed,
    /// Upstream did not respond in time (远程调用服务超时, or no response at all).
    UpstreamTimeout,
    /// Upstream could not serve the call.
    UpstreamUnavailable,
    /// Upstream's response cannot be read.
    UpstreamUnreadable,
    /// The order does not exist on this account.
    OrderNotFound,
    /// The order's total differs from the agreed one.
    PriceChanged,
    /// The order cannot be paid in its current state.
    OrderNotPayable,
    /// The order cannot be closed in its current state.
    OrderNotClosable,
    /// The order or change is already paid.
    AlreadyPaid,
    /// The change is already closed.
    AlreadyClosed,
    /// There is no such refund on this account.
    RefundNotFound,
    /// There is no such change on this account.
    ChangeNotFound,
    /// The order cannot be refunded in its current state.
    OrderNotRefundable,
    /// The order cannot be changed in its current state.
    OrderNotChangeable,
    /// The order has no such passenger.
    PassengerNotInOrder,
    /// The order has no such segment.
    SegmentNotInOrder,
    /// The fee differs from the one that the caller accepted (退票手续费发生变化).
    RefundFeeChanged,
    /// Fliggy could not compute the fee, and the caller did not accept that.
    RefundFeeUnknown,
    /// The quote is too old.
    QuoteExpired,
    /// Fliggy does not accept a refund application of this kind (退票规则有更新).
    RefundKindRefused,
    /// Fliggy's number for this refund kind is not configured.
    KindNotMapped,
    /// The change cannot be paid in its current state.
    ChangeNotPayable,
    /// The change cannot be cancelled in its current state.
    ChangeNotCancellable,
    /// A refund or change of the order already uses this caller's number.
    NumberTaken,
    /// The earlier operation that this one retries was executed.
    EarlierHappened,
    /// TOP refused the call before it reached the business service.
    RefusedByTop,
    /// TOP refused an argument of the call.
    ArgumentRefused,
    /// The channel is not assigned (请求参数错误).
    ChannelNotAssigned,
    /// No session was sent.
    SessionMissing,
    /// The session is not valid.
    SessionInvalid,
    /// The gateway's address is not on the app's allow list.
    IpNotAllowed,
    /// The app lacks a permission.
    PermissionDenied,
    /// The gateway's clock is off.
    ClockSkew,
    /// The business service refused the call.
    Refused,
    /// Lookups over the whole settle window did not find the effect.
    Absent,
}

/// Upstream's response, without anything that could be personal data.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct UpstreamAnswer {
    /// TOP's name of the method.
    pub method: String,
    /// Platform code, or business code.
    pub code: Option<String>,
    /// Platform sub code.
    pub sub_code: Option<String>,
    /// Upstream's text.
    pub message: Option<String>,
    /// Upstream's id of the call, for support cases.
    pub request_id: Option<String>,
}

/// Why an operation failed, with upstream's response.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// The cause.
    pub cause: Cause,
    /// Upstream's response, if there was one.
    pub upstream: Option<Box<UpstreamAnswer>>,
    /// Details for the reader, such as an amount or a status. Never personal data.
    pub detail: Option<String>,
    /// The hint that the operator of the gateway configured for the caller (`error_map`).
    #[serde(default)]
    pub hint: Option<String>,
    /// When a retry makes sense, in seconds.
    pub retry_after: Option<u64>,
}

// === impl Failure ===

impl Failure {
    /// Whether a call was not made because the gateway had no quota for it. A call that upstream refused because of a limit
    /// was made.
    #[must_use]
    pub fn had_no_quota(&self) -> bool {
        self.cause == Cause::RateLimited && self.upstream.is_none()
    }

    /// Whether a call was not made because the account has no session that TOP accepts.
    #[must_use]
    pub fn had_no_session(&self) -> bool {
        matches!(self.cause, Cause::SessionMissing | Cause::SessionInvalid)
            && self.upstream.is_none()
    }

    /// A failure without a response from upstream.
    #[must_use]
    pub fn of(cause: Cause) -> Self {
        Self {
            cause,
            upstream: None,
            detail: None,
            hint: None,
            retry_after: None,
        }
    }

    /// Adds a sentence for the reader.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// Sets the operator's hint.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// Sets upstream's response.
    #[must_use]
    pub fn with_upstream(self, upstream: Option<UpstreamAnswer>) -> Self {
        Self {
            upstream: upstream.map(Box::new),
            ..self
        }
    }
}
