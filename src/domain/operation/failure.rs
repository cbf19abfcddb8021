//! Why an operation did not do what was asked, in words that the API turns into problems.

use serde::{Deserialize, Serialize};

/// Why. A closed list: the API has one problem code for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The gateway was stopping before the send.
    Stopping,
    /// No connection to TOP.
    Unreachable,
    /// The quota of TOP calls is used up.
    RateLimited,
    /// The process was held up between the intent and the send, so it did not send.
    TooLate,
    /// The process ended before the send.
    Interrupted,
    /// The request could not be written down.
    NotEncodable,
    /// The journal did not acknowledge that the send may start.
    JournalUnavailable,
    /// What had to be read before the send could not be read.
    ReadFailed,
    /// Upstream did not answer in time (远程调用服务超时, or silence).
    UpstreamTimeout,
    /// Upstream could not serve the call.
    UpstreamUnavailable,
    /// Upstream's answer cannot be read.
    UpstreamUnreadable,
    /// The order does not exist on this account.
    OrderNotFound,
    /// The order's total is another than the agreed one.
    PriceChanged,
    /// The order cannot be paid as it stands.
    OrderNotPayable,
    /// The order cannot be closed as it stands.
    OrderNotClosable,
    /// The order, or the change, is paid already.
    AlreadyPaid,
    /// The change is closed already.
    AlreadyClosed,
    /// There is no such refund on this account.
    RefundNotFound,
    /// There is no such change on this account.
    ChangeNotFound,
    /// The order cannot be refunded as it stands.
    OrderNotRefundable,
    /// The order cannot be changed as it stands.
    OrderNotChangeable,
    /// The order has no such passenger.
    PassengerNotInOrder,
    /// The order has no such segment.
    SegmentNotInOrder,
    /// The fee is another than the one that the caller accepted (退票手续费发生变化).
    RefundFeeChanged,
    /// Fliggy could not compute the fee, and the caller did not accept that.
    RefundFeeUnknown,
    /// The quote is too old.
    QuoteExpired,
    /// Fliggy does not take an application on this ground (退票规则有更新).
    RefundKindRefused,
    /// Fliggy's number for this ground is not configured.
    KindNotMapped,
    /// The change cannot be paid as it stands.
    ChangeNotPayable,
    /// The change cannot be cancelled as it stands.
    ChangeNotCancellable,
    /// The caller's number names a refund or change of the order already.
    NumberTaken,
    /// The earlier operation that this one repeats has happened after all.
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
    /// The gateway's address is not on the app's white list.
    IpNotAllowed,
    /// The app lacks a permission.
    PermissionDenied,
    /// The gateway's clock is off.
    ClockSkew,
    /// The business service refused.
    Refused,
    /// Upstream was asked over the whole settle window and has never heard of it.
    Absent,
}

/// Upstream's own words, cleaned of what could be personal.
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

/// Why, with what upstream said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Why.
    pub cause: Cause,
    /// What upstream said, if it said anything.
    pub upstream: Option<Box<UpstreamAnswer>>,
    /// More for the reader: an amount, a status. Never personal data.
    pub detail: Option<String>,
    /// What the operator of the gateway wants the caller to be told (`error_map`).
    #[serde(default)]
    pub hint: Option<String>,
    /// When it makes sense to come back, in seconds.
    pub retry_after: Option<u64>,
}

// === impl Failure ===

impl Failure {
    /// A failure of which upstream said nothing.
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

    /// The same with a sentence for the reader.
    #[must_use]
    pub fn with_detail(self, detail: impl Into<String>) -> Self {
        Self {
            detail: Some(detail.into()),
            ..self
        }
    }

    /// The same with the operator's hint.
    #[must_use]
    pub fn with_hint(self, hint: Option<String>) -> Self {
        Self { hint, ..self }
    }

    /// The same with upstream's words.
    #[must_use]
    pub fn with_upstream(self, upstream: Option<UpstreamAnswer>) -> Self {
        Self {
            upstream: upstream.map(Box::new),
            ..self
        }
    }
}
