//! The table of all problem codes.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the request may have changed something upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideEffects {
    /// Nothing was booked, paid or closed by this request.
    None,
    /// Something may have changed. The operation shows the outcome once it is known.
    Unknown,
}

/// What a caller may do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Send the same request again with the same `Idempotency-Key`; it is executed at most once.
    SameKey,
    /// Nothing was executed. Change the request where the problem says so, and send it with a new
    /// `Idempotency-Key`.
    NewKey,
    /// Send the same request again. It is not a write, so it has no `Idempotency-Key`.
    SameRequest,
    /// Send the same request again after a pause.
    Later,
    /// The same request will be refused again: change it, or have the cause fixed first.
    Never,
}

impl Retry {
    /// The advice for a request without a key: a read or an upload.
    #[must_use]
    pub const fn without_key(self) -> Self {
        match self {
            Self::SameKey => Self::SameRequest,
            Self::NewKey => Self::Never,
            Self::SameRequest | Self::Later | Self::Never => self,
        }
    }

    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameKey => "same_key",
            Self::NewKey => "new_key",
            Self::SameRequest => "same_request",
            Self::Later => "later",
            Self::Never => "never",
        }
    }
}

impl SideEffects {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unknown => "unknown",
        }
    }
}

/// The properties of a code.
#[derive(Debug, Clone, Copy)]
pub struct CodeSpec {
    /// The word on the wire.
    pub word: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// A short sentence, the same for every occurrence.
    pub title: &'static str,
    /// Whether something may have changed upstream, unless the problem overrides it.
    pub side_effects: SideEffects,
    /// What a caller may do next, unless the problem overrides it.
    pub retry: Retry,
    /// `Retry-After` in seconds, if the code has a fixed one.
    pub retry_after: Option<u32>,
    /// What the code means, for the catalogue.
    pub meaning: &'static str,
    /// What to do about it, if that depends on the code alone.
    pub hint: Option<&'static str>,
}

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $side:ident $retry:ident $after:expr ;
       $title:literal ; $meaning:literal ; $hint:expr ,)+) => {
        /// Why a request failed or was refused. The set is closed: a client may match on it.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
                 ToSchema)]
        #[serde(rename_all = "snake_case")]
        #[schema(as = ProblemCode)]
        pub enum Code {
            $(#[doc = $meaning] $variant,)+
        }

        impl Code {
            /// All codes, in the order of the catalogue.
            pub const ALL: &'static [Code] = &[$(Code::$variant),+];

            /// The properties of the code.
            #[must_use]
            pub const fn spec(self) -> CodeSpec {
                match self {
                    $(Self::$variant => CodeSpec {
                        word: $word,
                        status: StatusCode::$status,
                        title: $title,
                        side_effects: SideEffects::$side,
                        retry: Retry::$retry,
                        retry_after: $after,
                        meaning: $meaning,
                        hint: $hint,
                    },)+
                }
            }
        }
    };
}

codes! {
    // The request.
    InvalidRequest "invalid_request" BAD_REQUEST None Never None;
        "The request is not valid";
        "A field, parameter or header is missing, unknown, of the wrong type or contradicts another. \
         `errors` lists each of them.";
        Some("Fix the fields listed in `errors` and send the request again."),
    IdempotencyKeyMissing "idempotency_key_missing" BAD_REQUEST None Never None;
        "The header Idempotency-Key is missing";
        "Every write needs an `Idempotency-Key`, so that a repeated request is executed only once.";
        Some("Generate one key (such as a UUID) for each intended write, store it with your own record, \
              and send the same key whenever you repeat the request."),
    Unauthorized "unauthorized" UNAUTHORIZED None Never None;
        "The API key is missing or unknown";
        "The request has no API key, or one that the gateway does not know.";
        Some("Send `Authorization: Bearer <key>` or `X-Api-Key: <key>`."),
    Forbidden "forbidden" FORBIDDEN None Never None;
        "The API key does not allow this";
        "The key is known, but may not use this purchasing account, or ask for what belongs to other callers.";
        Option::None,
    ScopeMissing "scope_missing" FORBIDDEN None Never None;
        "The API key lacks the scope of this operation";
        "The key is known, but has none of the scopes that this operation requires. The detail names them.";
        Some("Ask an operator of the gateway to add the scope to the key, or use a key that has it."),
    NotFound "not_found" NOT_FOUND None Never None;
        "The path does not exist";
        "No operation of the API has this path.";
        Some("The document at `/openapi.json` lists all paths."),
    OrderNotFound "order_not_found" NOT_FOUND None Never None;
        "There is no such order on this account";
        "Upstream has no order with this number on the purchasing account that was used.";
        Some("An order belongs to the purchasing account that booked it; check the header \
              `Gateway-Account`."),
    RefundNotFound "refund_not_found" NOT_FOUND None Never None;
        "There is no such refund on this account";
        "Upstream has no refund with this number on the purchasing account that was used.";
        Some("A refund belongs to the purchasing account of its order; check the header \
              `Gateway-Account`."),
    ChangeNotFound "change_not_found" NOT_FOUND None Never None;
        "There is no such change on this account";
        "Upstream has no change with this number on the purchasing account that was used.";
        Some("A change belongs to the purchasing account of its order; check the header \
              `Gateway-Account`."),
    FeedTrimmed "feed_trimmed" GONE None Never None;
        "Events after this position were deleted";
        "The feed keeps events for `feed.retention`. Events after `after` (or `Last-Event-ID`) are older and were \
         deleted, so a page would have a gap. The detail names the oldest position from which the feed can be read.";
        Some("Read the orders, refunds and changes whose events were missed, then continue after the position in \
              the detail."),
    OperationNotFound "operation_not_found" NOT_FOUND None Never None;
        "There is no such operation";
        "The journal holds no operation with this id that the key may see.";
        Option::None,
    AccountNotFound "account_not_found" NOT_FOUND None Never None;
        "There is no such purchasing account";
        "The configuration of the gateway contains no account with this name.";
        Some("`GET /v1/accounts` lists the accounts."),
    WebhookNotFound "webhook_not_found" NOT_FOUND None Never None;
        "There is no such webhook";
        "There is no webhook with this id that the key may see.";
        Option::None,
    KeyNotFound "key_not_found" NOT_FOUND None Never None;
        "There is no such API key";
        "The gateway has created no API key with this id, or it was revoked long ago. Keys of the configuration have no id.";
        Some("`GET /v1/keys` lists the keys."),
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED None Never None;
        "The path does not support this method";
        "The path exists; the header `Allow` lists the methods that it supports.";
        Option::None,
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE None Never None;
        "The response has no acceptable media type";
        "The header `Accept` excludes the only media type that the response can have.";
        Option::None,
    RequestTimeout "request_timeout" REQUEST_TIMEOUT None SameKey None;
        "The request took too long to arrive";
        "The body did not arrive in the time that the gateway allows. Nothing was executed.";
        Option::None,

    // Conflicts of a write with the current state.
    OperationInProgress "operation_in_progress" CONFLICT None Later Some(2);
        "Another write on the same subject is open";
        "Another write on the same order or change has no known outcome yet, and only one may be \
         open at a time. This request was not executed.";
        Some("Wait until the open operation is settled (`GET /v1/operations/{id}?wait=20s`)."),
    AlreadyDone "already_done" CONFLICT None Never None;
        "The write has already been executed";
        "An earlier operation on the same subject succeeded, or Fliggy shows that the write has been \
         executed. `operation_id` names that operation, if it is yours. This request was not executed.";
        Some("Read the order or the change: it is already in the state that you asked for."),
    PossibleDuplicate "possible_duplicate" CONFLICT None NewKey None;
        "The same passengers may be booked on the same flights already";
        "Another booking of the same passengers on the same segments is open, or ended as \
         `not_executed` because lookups did not find it. This request was not executed.";
        Some("Find out the outcome of the other booking first. If you want both bookings, send \
              `allow_duplicate: true`."),
    RetryOfRequired "retry_of_required" CONFLICT None NewKey None;
        "The earlier attempt must be named";
        "An earlier operation on the same subject ended as `not_executed` because lookups did not find \
         its effect. A new request must name that operation in `retry_of`; the gateway then looks the \
         operation up again before it sends anything.";
        Some("Send the request again with a new key and with `retry_of` set to `operation_id`."),
    PriceChanged "price_changed" CONFLICT None NewKey None;
        "The price differs from the agreed one";
        "The order or change does not cost the total that the request agreed to. Nothing was paid.";
        Some("Get approval for the new total and send it with a new key."),
    OrderNotPayable "order_not_payable" CONFLICT None Never None;
        "The order cannot be paid";
        "The order is paid, closed or failed, or its time to pay is over. Nothing was paid.";
        Option::None,
    OrderNotClosable "order_not_closable" CONFLICT None Never None;
        "The order cannot be closed";
        "Only an unpaid order can be closed; refund a paid one instead. Nothing was closed.";
        Option::None,
    OrderNotRefundable "order_not_refundable" CONFLICT None Never None;
        "The order cannot be refunded";
        "The order has no issued tickets, or they cannot be refunded. No refund was applied for.";
        Some("Close an unpaid order instead. A refund quote gives the reason why tickets cannot be \
              refunded."),
    OrderNotChangeable "order_not_changeable" CONFLICT None Never None;
        "The order cannot be changed";
        "The order has no issued tickets, or the new flight has departed. No change was created.";
        Option::None,
    RefundFeeChanged "refund_fee_changed" CONFLICT None NewKey None;
        "The refund fee differs from the accepted one";
        "Fliggy accepts an application only with exactly the fee that it computes itself \
         (退票手续费发生变化), and that fee has changed. No refund was applied for. `quote` is the \
         current quote, if one could be obtained.";
        Some("Get approval for the new fee and send the `quote_id` of `quote` with a new key."),
    RefundFeeUnknown "refund_fee_unknown" CONFLICT None NewKey None;
        "The refund fee is not known";
        "Fliggy could not compute the fee (`calculated` of the quote is false). The fee becomes \
         known when the refund is completed. No refund was applied for.";
        Some("If an unknown fee is acceptable, send `accept_unknown_fee: true` and no `fee`."),
    QuoteExpired "quote_expired" CONFLICT None NewKey None;
        "The quote is too old";
        "Fees rise as the departure approaches, so a quote is accepted for a limited time. No refund \
         was applied for. `quote` is the current quote, if one could be obtained.";
        Some("Get approval for the fee of the new quote and send its `quote_id` with a new key."),
    ChangeNotPayable "change_not_payable" CONFLICT None Never None;
        "The change cannot be paid";
        "The change is closed, its fees are not confirmed yet, or its time to pay is over. Nothing was \
         paid.";
        Some("Read the change: `available_actions` lists what can be done with it."),
    ChangeNotCancellable "change_not_cancellable" CONFLICT None Never None;
        "The change cannot be cancelled";
        "Only an unpaid change can be cancelled. Nothing was cancelled.";
        Some("A paid change results in new tickets, which can be refunded."),
    EvidenceContradicts "evidence_contradicts" CONFLICT Unknown Never None;
        "The evidence contradicts the recorded outcome";
        "Evidence shows an outcome that differs from the recorded outcome of an operation. The subject is \
         locked until a person decides.";
        Some("Ask an operator of the gateway to resolve the operation."),
    ResolveRefused "resolve_refused" CONFLICT None Later None;
        "The operation cannot be resolved by hand now";
        "The operation has not been sent yet, is being sent or is settled, or the resolution lacks the \
         number of the order, refund or change that was created.";
        Option::None,
    WebhookExists "webhook_exists" CONFLICT None Never None;
        "The caller has a webhook with this address";
        "Each caller has at most one webhook for an address, so that a repeated request creates no second one.";
        Some("Use the existing webhook. If its secret is not known, rotate it."),
    KeyExists "key_exists" CONFLICT None Never None;
        "The caller has an active API key";
        "Each caller has at most one active key, with up to two secrets. The detail names it.";
        Some("Rotate its secret (`POST /v1/keys/{id}/rotate-secret`), or revoke it first."),
    KeyLimit "key_limit" CONFLICT None Never None;
        "There are too many API keys or secrets";
        "The gateway has 1000 keys that are not revoked, or two secrets of the key are in force.";
        Some("Revoke keys that are not used. For the secret: if the response with the newest one was lost, rotate with \
              `replace_newest: true`; else wait until the older one has ended, or rotate with `overlap_seconds: 0`, which ends both."),
    KeyRevoked "key_revoked" CONFLICT None Never None;
        "The API key was revoked";
        "A revoked key cannot be changed or used again.";
        Some("Create a new key for the caller."),
    KeyExpired "key_expired" CONFLICT None Never None;
        "The API key has expired";
        "A new secret of the key would not be accepted, so none was created.";
        Some("Set a later `expires_at` first (`PUT /v1/keys/{id}`), or create a new key for the caller."),
    AccountMismatch "account_mismatch" CONFLICT None Never None;
        "Another Taobao user";
        "An account keeps its Taobao user, and a Taobao user has one account. The session was not stored.";
        Some("Sign in on Taobao's page as the user of the account. For another user, configure an account with another name."),
    SessionNotRefreshable "session_not_refreshable" CONFLICT None Never None;
        "The session cannot be refreshed";
        "TOP grants refreshing to apps of the service market only, and for a limited time. The session stays in force.";
        Some("Authorise the account again: `POST /v1/accounts/{account}/authorization` returns the link for a browser."),
    TopicsUnknown "topics_unknown" CONFLICT None Never None;
        "The topics of the account cannot be changed safely";
        "TOP replaces all topics of a user, so the gateway must know which ones the user permits. It can read them by the \
         name of the user, which is not known or belongs to another user. Nothing was changed.";
        Some("Authorise the account through the gateway, or set `accounts.<name>.nick`."),
    WebhookLimit "webhook_limit" CONFLICT None Never None;
        "There are too many webhooks or secrets";
        "The caller has as many webhooks as `webhooks.max_per_caller` allows, or the webhook has as many secrets in \
         force as allowed.";
        Some("Delete a webhook that is not used, or wait until an earlier secret has ended."),
    VersionMismatch "version_mismatch" PRECONDITION_FAILED None Never None;
        "The resource has changed in the meantime";
        "`If-Match` does not name the current version of the operation, webhook or key.";
        Some("Read it again and decide from its current state."),
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE None Never None;
        "The request body is too large";
        "The body is longer than the gateway accepts.";
        Option::None,
    UriTooLong "uri_too_long" URI_TOO_LONG None Never None;
        "The address of the request is too long";
        "The request line is longer than the gateway accepts. Nothing was executed.";
        Option::None,
    HeadTooLarge "head_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE None Never None;
        "The headers of the request are too large";
        "The request line and headers are longer than 64 KiB together, or there are more than 100 \
         headers. Nothing was executed.";
        Option::None,
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE None Never None;
        "The media type of the request body is not supported";
        "The header `Content-Type` is missing or names a media type that the operation does not accept.";
        Some("Send `Content-Type: application/json`."),
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY None NewKey None;
        "The Idempotency-Key was used for another request";
        "The key belongs to an earlier request that differs from this one. This request was not executed.";
        Some("Use a new key for a new request. To repeat a request, send it unchanged with its own key."),
    OfferNotBookable "offer_not_bookable" UNPROCESSABLE_ENTITY None Never None;
        "The offer cannot be booked";
        "The search marked the offer as not bookable, or a flight has fewer seats left than the \
         passengers need.";
        Some("Search again with the `party` that will travel, and book an offer that is `bookable`."),
    RefundKindRefused "refund_kind_refused" UNPROCESSABLE_ENTITY None NewKey None;
        "Fliggy does not accept an application of this kind";
        "Fliggy returned 退票规则有更新, which means that the `kind` of the refund does not fit the \
         ticket. No refund was applied for.";
        Some("`epidemic` (type 100) is accepted only if the airline has an epidemic policy for the \
              flight. Without such a policy, apply as `flight_changed` (type 2) and upload an \
              attachment, before or after the application; Fliggy reviews the application."),
    KindNotMapped "kind_not_mapped" UNPROCESSABLE_ENTITY None NewKey None;
        "Fliggy's number for this kind is not configured";
        "Fliggy does not publish its numbers for the kinds of refunds and changes, and the gateway does \
         not guess the numbers. Nothing was sent.";
        Some("Ask Fliggy for the number and set it as `top.refund.kinds.<kind>` (or \
              `top.change.kinds.<kind>`)."),
    PassengerNotInOrder "passenger_not_in_order" UNPROCESSABLE_ENTITY None NewKey None;
        "The order has no such passenger";
        "A `passenger_id` does not belong to the order. Nothing was sent.";
        Some("Read the order and use a `passenger_id` that the order shows. If the `passenger_id` is \
              null, ask Fliggy's support."),
    SegmentNotInOrder "segment_not_in_order" UNPROCESSABLE_ENTITY None NewKey None;
        "The order has no such segment";
        "A segment id does not belong to the order. Nothing was sent.";
        Some("Read the order; each segment of its journeys has a `segment_id`."),
    UpstreamRejected "upstream_rejected" UNPROCESSABLE_ENTITY None NewKey None;
        "Fliggy refused the request";
        "Fliggy understood the request and refused it. Nothing was booked, paid or closed. \
         `upstream` contains Fliggy's error.";
        Option::None,
    AuthorizationFailed "authorization_failed" UNPROCESSABLE_ENTITY None Never None;
        "The account was not authorised";
        "TOP refused the code, the session or the refresh token, the user refused, or the link is not valid any more. The \
         previous session stays in force.";
        Some("Begin again: `POST /v1/accounts/{account}/authorization` returns a new link for a browser."),
    TargetNotAllowed "target_not_allowed" UNPROCESSABLE_ENTITY None Never None;
        "The address is not an allowed target";
        "A webhook's address is `https`, or `http` if `webhooks.allow` lists its host. Private addresses must be listed \
         too; link-local and metadata addresses are never allowed.";
        Some("Use an allowed address, or ask an operator of the gateway to add the host to `webhooks.allow`."),
    IfMatchMissing "if_match_missing" PRECONDITION_REQUIRED None Never None;
        "The header If-Match is missing";
        "The resource may have changed since it was read, so the request must name the version that \
         the decision is based on.";
        Some("Read it and send its `version` as `If-Match: \"<version>\"`."),
    RateLimited "rate_limited" TOO_MANY_REQUESTS None Later Some(1);
        "Too many calls";
        "The application's quota on TOP is used up for the moment, and no call became free while \
         the request waited. Nothing was sent.";
        Option::None,

    // The gateway or upstream.
    Internal "internal" INTERNAL_SERVER_ERROR Unknown SameKey None;
        "The gateway failed";
        "The gateway has a fault. A write may have been sent; a repetition with the same key returns \
         its outcome.";
        Some("Repeat a write with the same key, or read its operation. Report the `request_id`."),
    UpstreamRefused "upstream_refused" BAD_GATEWAY None Later None;
        "TOP refused the call";
        "TOP refused the call before it reached Fliggy's service. Nothing was executed. \
         `upstream` contains TOP's error.";
        Option::None,
    UpstreamUnreadable "upstream_unreadable" BAD_GATEWAY None Later None;
        "Upstream's response cannot be read";
        "Upstream's response to a read is not usable: HTML, truncated JSON, an unknown structure, or an \
         order, refund or change other than the requested one.";
        Option::None,
    ChannelNotAssigned "channel_not_assigned" BAD_GATEWAY None Never None;
        "The channel is not assigned";
        "Fliggy returned 请求参数错误 (request parameters wrong), its error for a channel name that is \
         not assigned to the purchasing account.";
        Some("Ask Fliggy's operations team (运营) whether a channel (渠道) is assigned to the account, \
              and set the channel name as `accounts.<name>.channel`. If the name is correct, another \
              parameter is wrong."),
    SessionMissing "session_missing" BAD_GATEWAY None Later Some(60);
        "The purchasing account is not authorised";
        "The account has no session key (授权), or TOP returned 26 Missing session. Nothing was executed.";
        Some("An operator of the gateway authorises the account: `POST /v1/accounts/{account}/authorization` returns the \
              link for a browser. Then repeat the request."),
    SessionInvalid "session_invalid" BAD_GATEWAY None Later Some(60);
        "The authorisation of the purchasing account is no longer valid";
        "TOP returned 27 Invalid session or 53: the session key has expired, was revoked or belongs to another \
         application. Nothing was executed. The gateway sends nothing more for the account until its session is replaced or \
         TOP accepts it again.";
        Some("An operator of the gateway authorises the account again: `POST /v1/accounts/{account}/authorization` returns \
              the link for a browser. Then repeat the request."),
    IpNotAllowed "ip_not_allowed" BAD_GATEWAY None Never None;
        "The gateway's address is not on the IP white list";
        "TOP returned isv.permission-ip-whitelist-limit: the call came from an address that is not on \
         the IP white list of the application.";
        Some("In the console of open.taobao.com, add the gateway's public address (shown in \
              `upstream.message`) to the IP white list of the application."),
    ClockSkew "clock_skew" BAD_GATEWAY None Later None;
        "The gateway's clock is wrong";
        "TOP returned 31 Invalid timestamp: TOP accepts timestamps that are at most 10 minutes off.";
        Some("Set the clock of the gateway's machine (NTP)."),
    PermissionDenied "permission_denied" BAD_GATEWAY None Never None;
        "The application may not call this method";
        "TOP reported that the application or the account lacks the permission for the method.";
        Some("Apply for the API package of 新京杭 for the application on TOP."),
    UpstreamUnavailable "upstream_unavailable" SERVICE_UNAVAILABLE None Later Some(2);
        "Upstream cannot be reached";
        "There was no connection to TOP, or TOP reported that the service is not available. The call \
         was a read, so nothing was changed.";
        Option::None,
    JournalUnavailable "journal_unavailable" SERVICE_UNAVAILABLE None SameKey Some(5);
        "The journal cannot be written";
        "A write is sent only after its intent has been stored on disk, and storing it failed. Nothing was \
         sent.";
        Some("Ask an operator of the gateway: the disk may be full or read-only, or the journal's files \
              may be damaged, deleted or replaced. `/readyz` reports the cause."),
    AuthorizationDisabled "authorization_disabled" SERVICE_UNAVAILABLE None Never None;
        "The gateway is not set up to authorise accounts";
        "The key that encrypts sessions or the address of the callback is not configured.";
        Some("Set `store.seal_key_file`, and for links `top.oauth.callback_url`, and restart."),
    WebhooksDisabled "webhooks_disabled" SERVICE_UNAVAILABLE None Never None;
        "The gateway has no key for the secrets of webhooks";
        "The secrets of webhooks are stored sealed. The key is not configured, or is another one than that with which the \
         secret of this webhook was sealed.";
        Some("Ask an operator of the gateway to set `store.seal_key_file`."),
    Overloaded "overloaded" SERVICE_UNAVAILABLE None SameKey Some(1);
        "The gateway is overloaded";
        "The gateway already handles as many requests as it accepts at a time. Nothing was executed.";
        Option::None,
    ShuttingDown "shutting_down" SERVICE_UNAVAILABLE None SameKey Some(5);
        "The gateway is shutting down";
        "The process is stopping or not ready yet. This request sent nothing.";
        Option::None,
    NotSent "not_sent" SERVICE_UNAVAILABLE None SameKey Some(2);
        "Nothing was sent";
        "The operation ended before anything was sent to upstream: no connection, no permit in time, \
         or a shutdown. Its `Idempotency-Key` is free again.";
        Option::None,
    UpstreamTimeout "upstream_timeout" GATEWAY_TIMEOUT None Later Some(2);
        "Upstream did not respond in time";
        "Upstream did not respond to a read within the deadline, or returned 远程调用服务超时 (its own \
         timeout). Nothing was changed.";
        Some("Send the request again. If timeouts continue, TOP or Fliggy has a problem."),
    UploadUnknown "upload_unknown" GATEWAY_TIMEOUT Unknown SameRequest Some(2);
        "It is not known whether the file arrived";
        "The file was sent, but no usable response arrived. Fliggy may have the file, but its id is not known.";
        Some("Send the same file again: a second copy moves no money and does not harm an application."),
    NotExecuted "not_executed" GATEWAY_TIMEOUT None NewKey None;
        "The operation was not executed";
        "The outcome was unknown. The gateway looked the operation up throughout the settle window and \
         did not find its effect.";
        Some("To try again, send a new request with a new key and `retry_of` set to the id of this \
              operation."),
}

impl Code {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.spec().word
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_has_its_serde_word_once() {
        let mut seen = BTreeSet::new();
        for code in Code::ALL {
            let word = code.as_str();
            assert_eq!(serde_json::to_value(code).unwrap(), word);
            assert!(seen.insert(word), "{word} is used twice");
            assert!(code.spec().status.is_client_error() || code.spec().status.is_server_error());
        }
    }

    #[test]
    fn a_code_with_unknown_side_effects_never_advises_a_new_key() {
        for code in Code::ALL {
            let spec = code.spec();
            if spec.side_effects == SideEffects::Unknown {
                assert_ne!(spec.retry, Retry::NewKey, "{}", spec.word);
                assert_ne!(spec.retry, Retry::Later, "{}", spec.word);
            }
        }
    }
}
