//! The one table of everything the gateway can refuse or fail with.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Whether the request may have changed something upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SideEffects {
    /// Nothing was booked, paid or closed by this request.
    None,
    /// Something may have been; the operation tells when it is known.
    Unknown,
}

/// What a caller may do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Retry {
    /// Send the same request with the same `Idempotency-Key` again; it is done at most once.
    SameKey,
    /// Nothing was done. Send it, changed where the problem says so, with a new `Idempotency-Key`.
    NewKey,
    /// Send the same request again. It is no write, so it has no `Idempotency-Key`.
    SameRequest,
    /// Send the same request again after a pause.
    Later,
    /// The same request will be refused again; it must be changed, or somebody must act.
    Never,
}

impl Retry {
    /// The same for a request that has no key: a read, or an upload.
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

/// What belongs to a code wherever it appears.
#[derive(Debug, Clone, Copy)]
pub struct CodeSpec {
    /// The word on the wire.
    pub word: &'static str,
    /// The HTTP status.
    pub status: StatusCode,
    /// A short sentence, the same for every appearance.
    pub title: &'static str,
    /// Whether something may have changed, unless the problem says otherwise.
    pub side_effects: SideEffects,
    /// What a caller may do next, unless the problem says otherwise.
    pub retry: Retry,
    /// After how many seconds it is worth trying again, where that is known beforehand.
    pub retry_after: Option<u32>,
    /// What it means, for the catalogue.
    pub meaning: &'static str,
    /// What to do about it, where the code alone tells.
    pub hint: Option<&'static str>,
}

macro_rules! codes {
    ($($variant:ident $word:literal $status:ident $side:ident $retry:ident $after:expr ;
       $title:literal ; $meaning:literal ; $hint:expr ,)+) => {
        /// Why a request was not answered with what it asked for. Closed: a client may match on it.
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

            /// What belongs to the code.
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
    // The request itself.
    InvalidRequest "invalid_request" BAD_REQUEST None Never None;
        "The request is not valid";
        "A field, parameter or header is missing, unknown, of the wrong type or contradicts another. \
         `errors` names each.";
        Some("Mend what `errors` names and send the request again."),
    IdempotencyKeyMissing "idempotency_key_missing" BAD_REQUEST None Never None;
        "The header Idempotency-Key is missing";
        "Every write needs an `Idempotency-Key`, so that sending it twice does it once.";
        Some("Make a random key (a UUID will do) for each thing you want done, keep it with your \
              own record, and send the same key whenever you repeat the request."),
    Unauthorized "unauthorized" UNAUTHORIZED None Never None;
        "The API key is missing or unknown";
        "The request carries no API key, or one the gateway does not know.";
        Some("Send `Authorization: Bearer <key>` or `X-Api-Key: <key>`."),
    Forbidden "forbidden" FORBIDDEN None Never None;
        "The API key does not allow this";
        "The key is known, but may not use this operation or this purchasing account.";
        Option::None,
    NotFound "not_found" NOT_FOUND None Never None;
        "There is nothing at this address";
        "No route has this path.";
        Some("The document at `/openapi.json` lists all paths."),
    OrderNotFound "order_not_found" NOT_FOUND None Never None;
        "There is no such order on this account";
        "Upstream knows no order with this number on the purchasing account that was used.";
        Some("An order belongs to the purchasing account that booked it; check the header \
              `Gateway-Account`."),
    RefundNotFound "refund_not_found" NOT_FOUND None Never None;
        "There is no such refund on this account";
        "Upstream knows no refund with this number on the purchasing account that was used.";
        Some("A refund belongs to the purchasing account of its order; check the header \
              `Gateway-Account`."),
    ChangeNotFound "change_not_found" NOT_FOUND None Never None;
        "There is no such change on this account";
        "Upstream knows no change with this number on the purchasing account that was used.";
        Some("A change belongs to the purchasing account of its order; check the header \
              `Gateway-Account`."),
    OperationNotFound "operation_not_found" NOT_FOUND None Never None;
        "There is no such operation";
        "The journal holds no operation with this id that the key may see.";
        Option::None,
    MethodNotAllowed "method_not_allowed" METHOD_NOT_ALLOWED None Never None;
        "The path does not take this method";
        "The path exists; the header `Allow` names the methods it takes.";
        Option::None,
    NotAcceptable "not_acceptable" NOT_ACCEPTABLE None Never None;
        "The answer does not exist in an accepted form";
        "The header `Accept` excludes the only form the answer has.";
        Option::None,
    RequestTimeout "request_timeout" REQUEST_TIMEOUT None SameKey None;
        "The request took too long to arrive";
        "The body did not arrive within the time the gateway waits for it. Nothing was done.";
        Option::None,

    // What stands in the way of a write.
    OperationInProgress "operation_in_progress" CONFLICT None Later Some(2);
        "Another write on the same subject is open";
        "One write at a time: another booking, payment or closing of the same order has no known \
         outcome yet (refunds and changes likewise). This request did nothing.";
        Some("Wait until the open operation is settled (`GET /v1/operations/{id}?wait=20s`)."),
    AlreadyDone "already_done" CONFLICT None Never None;
        "It was done before";
        "An earlier operation on the same subject succeeded, or Fliggy shows that it was done. \
         `operation_id` names the operation that did it, where it is yours. This request did nothing.";
        Some("Read the order or the change; its state is what you asked for."),
    PossibleDuplicate "possible_duplicate" CONFLICT None NewKey None;
        "The same passengers may be booked on the same flights already";
        "Another booking of the same passengers on the same segments is open, or was looked for and \
         not found. This request did nothing.";
        Some("Settle the other booking first. If both are wanted, say `allow_duplicate: true`."),
    RetryOfRequired "retry_of_required" CONFLICT None NewKey None;
        "The earlier attempt must be named";
        "An earlier operation on the same subject ended as not executed because nothing was found. \
         A new one must name it in `retry_of`, and the gateway looks once more before it sends.";
        Some("Send the request again under a new key, with `retry_of` set to `operation_id`."),
    PriceChanged "price_changed" CONFLICT None NewKey None;
        "The price is not the one that was agreed to";
        "The order, or the change, costs another total than the request agreed to. Nothing was paid.";
        Some("Show the new total to whoever decides, and send it with a new key."),
    OrderNotPayable "order_not_payable" CONFLICT None Never None;
        "The order cannot be paid";
        "The order is paid, closed or failed, or its time to pay is over. Nothing was paid.";
        Option::None,
    OrderNotClosable "order_not_closable" CONFLICT None Never None;
        "The order cannot be closed";
        "Only an unpaid order can be closed; a paid one is refunded. Nothing was closed.";
        Option::None,
    OrderNotRefundable "order_not_refundable" CONFLICT None Never None;
        "The order cannot be refunded";
        "Only tickets can be refunded, and not all of them. No refund was applied for.";
        Some("An unpaid order is closed instead. A quote tells why tickets cannot be refunded."),
    OrderNotChangeable "order_not_changeable" CONFLICT None Never None;
        "The order cannot be changed";
        "Only tickets can be changed, to a flight that has not departed. No change was made.";
        Option::None,
    RefundFeeChanged "refund_fee_changed" CONFLICT None NewKey None;
        "The refund costs another fee than the accepted one";
        "Fliggy takes an application only with the very fee that it computes itself \
         (退票手续费发生变化), and that is another one now. No refund was applied for. `quote` is the \
         quote as it is now, if it could be had.";
        Some("Show the new fee to whoever decides, and send the `quote_id` of `quote` with a new key."),
    RefundFeeUnknown "refund_fee_unknown" CONFLICT None NewKey None;
        "The fee of the refund is not known";
        "Fliggy could not compute the fee (`calculated` of the quote is false). It is known when the \
         refund is done. No refund was applied for.";
        Some("If an unknown fee is acceptable, say `accept_unknown_fee: true` and send no `fee`."),
    QuoteExpired "quote_expired" CONFLICT None NewKey None;
        "The quote is too old";
        "Fees rise as the departure comes nearer, so a quote is taken for a while only. No refund was \
         applied for. `quote` is the quote as it is now, if it could be had.";
        Some("Show the fee of the new quote to whoever decides, and send its `quote_id` with a new key."),
    ChangeNotPayable "change_not_payable" CONFLICT None Never None;
        "The change cannot be paid";
        "The change is closed, its fees are not confirmed yet, or its time to pay is over. Nothing was \
         paid.";
        Some("Read the change: `available_actions` tells what can be done with it."),
    ChangeNotCancellable "change_not_cancellable" CONFLICT None Never None;
        "The change cannot be cancelled";
        "Only an unpaid change can be cancelled. Nothing was cancelled.";
        Some("A paid change ends as a ticket, and that can be refunded."),
    EvidenceContradicts "evidence_contradicts" CONFLICT Unknown Never None;
        "What was found contradicts what was concluded";
        "An operation that had ended was found to have happened otherwise. The subject is locked \
         until a person has decided.";
        Some("Ask an operator of the gateway to resolve the operation."),
    ResolveRefused "resolve_refused" CONFLICT None Later None;
        "The operation cannot be resolved by hand now";
        "The operation is being sent, is settled, or a look contradicts the resolution.";
        Option::None,
    VersionMismatch "version_mismatch" PRECONDITION_FAILED None Never None;
        "The operation has changed meanwhile";
        "`If-Match` names another version than the operation has.";
        Some("Read the operation again and decide on what it says now."),
    PayloadTooLarge "payload_too_large" PAYLOAD_TOO_LARGE None Never None;
        "The request body is too large";
        "The body is longer than the gateway takes.";
        Option::None,
    UriTooLong "uri_too_long" URI_TOO_LONG None Never None;
        "The address of the request is too long";
        "The request line is longer than the gateway reads. Nothing was done.";
        Option::None,
    HeadTooLarge "head_too_large" REQUEST_HEADER_FIELDS_TOO_LARGE None Never None;
        "The headers of the request are too large";
        "The request line and headers are longer than 64 KiB together, or there are more than 100 \
         headers. Nothing was done.";
        Option::None,
    UnsupportedMediaType "unsupported_media_type" UNSUPPORTED_MEDIA_TYPE None Never None;
        "The request body has a type that is not taken";
        "The header `Content-Type` is missing or names something else than the operation takes.";
        Some("Send `Content-Type: application/json`."),
    IdempotencyKeyReused "idempotency_key_reused" UNPROCESSABLE_ENTITY None NewKey None;
        "The Idempotency-Key was used for another request";
        "The key belongs to an earlier request that differs from this one. This request did nothing.";
        Some("Use a new key for a new request; repeat a request word for word under its own key."),
    OfferNotBookable "offer_not_bookable" UNPROCESSABLE_ENTITY None Never None;
        "The offer cannot be booked";
        "The search said that the offer is not bookable, or a flight has fewer seats left than the \
         passengers need.";
        Some("Search again, with the `party` that travels, and book an offer that is `bookable`."),
    RefundKindRefused "refund_kind_refused" UNPROCESSABLE_ENTITY None NewKey None;
        "Fliggy does not take an application on this ground";
        "Fliggy answered 退票规则有更新, its answer to a ground that does not fit the ticket. No refund \
         was applied for.";
        Some("`epidemic` (type 100) is taken only where the airline has an epidemic policy for the \
              flight. Without one, apply as `flight_changed` (type 2) and upload an attachment, before \
              the application or after it; Fliggy reviews it."),
    KindNotMapped "kind_not_mapped" UNPROCESSABLE_ENTITY None NewKey None;
        "Fliggy's number for this ground is not configured";
        "Fliggy's numbers for grounds are not public, and a wrong one is not for a gateway to guess. \
         Nothing was sent.";
        Some("Ask Fliggy for the number and set it as `top.refund.kinds.<kind>` (or \
              `top.change.kinds.<kind>`)."),
    PassengerNotInOrder "passenger_not_in_order" UNPROCESSABLE_ENTITY None NewKey None;
        "The order has no such passenger";
        "A `passenger_id` names nobody of the order. Nothing was sent.";
        Some("Read the order and take a `passenger_id` that it shows. Where it is null, ask Fliggy's \
             support."),
    SegmentNotInOrder "segment_not_in_order" UNPROCESSABLE_ENTITY None NewKey None;
        "The order has no such segment";
        "A segment id is none of the order's. Nothing was sent.";
        Some("Read the order; each segment of its journeys has a `segment_id`."),
    UpstreamRejected "upstream_rejected" UNPROCESSABLE_ENTITY None NewKey None;
        "Fliggy refused the request";
        "Fliggy understood the request and refused it. Nothing was booked, paid or closed. \
         `upstream` holds its words.";
        Option::None,
    IfMatchMissing "if_match_missing" PRECONDITION_REQUIRED None Never None;
        "The header If-Match is missing";
        "The request changes something that may have changed meanwhile, so it must name the version \
         it saw.";
        Some("Read the operation and send its `version` as `If-Match: \"<version>\"`."),
    RateLimited "rate_limited" TOO_MANY_REQUESTS None Later Some(1);
        "Too many calls";
        "The quota of the application on TOP is used up for the moment, and the request waited its \
         turn in vain. Nothing was sent.";
        Option::None,

    // The gateway or upstream.
    Internal "internal" INTERNAL_SERVER_ERROR Unknown SameKey None;
        "The gateway failed";
        "A fault of the gateway itself. A write may have been sent; its journal knows, and the same \
         key finds out.";
        Some("Repeat a write with the same key, or ask for its operation. Report the `request_id`."),
    UpstreamRefused "upstream_refused" BAD_GATEWAY None Later None;
        "TOP refused the call";
        "TOP refused the call before it reached Fliggy's service. Nothing was done. `upstream` holds \
         its words.";
        Option::None,
    UpstreamUnreadable "upstream_unreadable" BAD_GATEWAY None Later None;
        "The answer of upstream cannot be read";
        "Upstream answered a read with something that is not an answer to it: HTML, cut JSON, an unknown \
         shape, or another order, refund or change than the one that was asked for.";
        Option::None,
    ChannelNotAssigned "channel_not_assigned" BAD_GATEWAY None Never None;
        "The channel is not assigned";
        "Fliggy answered 请求参数错误 (request parameters wrong), its answer to a channel name that \
         is not assigned to the purchasing account.";
        Some("Ask Fliggy's operations whether a channel (渠道) is assigned to the account, and set \
              it as `accounts.<name>.channel`. If it is, a parameter is wrong."),
    SessionMissing "session_missing" BAD_GATEWAY None Never None;
        "The purchasing account is not authorised";
        "TOP answered 26 Missing session: the call needs a session key and had none.";
        Some("Authorise the application for the purchasing account on TOP and set the session key \
              as `accounts.<name>.session`."),
    SessionInvalid "session_invalid" BAD_GATEWAY None Never None;
        "The authorisation of the purchasing account is over";
        "TOP answered 27 Invalid session: the session key has expired, was revoked or belongs to \
         another application.";
        Some("Authorise the application again for the same purchasing account; a session key lives \
              for 3 to 6 months."),
    IpNotAllowed "ip_not_allowed" BAD_GATEWAY None Never None;
        "The gateway's address is not on the IP white list";
        "TOP answered isv.permission-ip-whitelist-limit: the application is called from an address \
         that its owner did not allow.";
        Some("In the console of open.taobao.com, add the gateway's public address, which \
              `upstream.message` tells, to the IP white list of the application."),
    ClockSkew "clock_skew" BAD_GATEWAY None Later None;
        "The gateway's clock is wrong";
        "TOP answered 31 Invalid timestamp: it takes calls that are at most 10 minutes off.";
        Some("Set the clock of the gateway's machine (NTP)."),
    PermissionDenied "permission_denied" BAD_GATEWAY None Never None;
        "The application may not call this method";
        "TOP answered that the application or the account lacks the permission for the method.";
        Some("Apply for the API package of 新京杭 for the application on TOP."),
    UpstreamUnavailable "upstream_unavailable" SERVICE_UNAVAILABLE None Later Some(2);
        "Upstream cannot be reached";
        "No connection to TOP, or TOP says that the service is not available. A read, so nothing \
         was changed.";
        Option::None,
    JournalUnavailable "journal_unavailable" SERVICE_UNAVAILABLE None SameKey Some(5);
        "The journal cannot be written";
        "A write is sent only after its intent is on disk, and that failed. Nothing was sent.";
        Some("Ask an operator of the gateway: its disk may be full or read-only, or the journal's files \
              damaged, deleted or replaced. `/readyz` says which."),
    Overloaded "overloaded" SERVICE_UNAVAILABLE None SameKey Some(1);
        "The gateway has too much to do";
        "More requests are under way than the gateway takes. Nothing was done.";
        Option::None,
    ShuttingDown "shutting_down" SERVICE_UNAVAILABLE None SameKey Some(5);
        "The gateway is shutting down";
        "The process ends or is not ready yet. Nothing was sent by this request.";
        Option::None,
    NotSent "not_sent" SERVICE_UNAVAILABLE None SameKey Some(2);
        "Nothing was sent";
        "The operation ended before anything went to upstream: no connection, no permit in time, or \
         a shutdown. Its key is free again.";
        Option::None,
    UpstreamTimeout "upstream_timeout" GATEWAY_TIMEOUT None Later Some(2);
        "Upstream did not answer in time";
        "A read did not answer within the deadline, or upstream answered 远程调用服务超时 (its own \
         timeout). Nothing was changed.";
        Some("Nothing was changed: ask again. If it stays slow, TOP or Fliggy is in trouble."),
    UploadUnknown "upload_unknown" GATEWAY_TIMEOUT Unknown SameRequest Some(2);
        "It is not known whether the file arrived";
        "The file was sent and no usable answer came. Fliggy may have it; its id is not known.";
        Some("Send the same file again: a second copy moves no money and harms no application."),
    NotExecuted "not_executed" GATEWAY_TIMEOUT None NewKey None;
        "It did not happen";
        "The outcome was not known; the gateway looked for it over the settle window and it is not \
         there.";
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
            assert!(seen.insert(word), "{word} twice");
            assert!(code.spec().status.is_client_error() || code.spec().status.is_server_error());
        }
    }

    #[test]
    fn what_may_have_happened_is_never_repeated_with_a_new_key() {
        for code in Code::ALL {
            let spec = code.spec();
            if spec.side_effects == SideEffects::Unknown {
                assert_ne!(spec.retry, Retry::NewKey, "{}", spec.word);
                assert_ne!(spec.retry, Retry::Later, "{}", spec.word);
            }
        }
    }
}
