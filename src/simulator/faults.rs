//! The faults that can be injected into a call.

use serde::de::IntoDeserializer;
use serde::de::value::StrDeserializer;
use serde::{Deserialize, Serialize};

/// A fault. "Effect" means that a write takes effect: an order is booked, paid or closed, a refund applied
/// for, a file stored, a change created, paid or cancelled. A lookup has no effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fault {
    /// Effect; no response: the connection stays open until the client disconnects, at most 30 s.
    HangThenSucceed,
    /// No effect; hangs like `hang_then_succeed`.
    HangThenNothing,
    /// Effect; TOP's own timeout: code 15, isp.top-remote-connection-timeout, 远程调用服务超时.
    TimeoutDone,
    /// No effect; the error of `timeout_done`.
    TimeoutNothing,
    /// Effect; `is_success` false with the text 远程调用服务超时 and no code (unless `code` is set).
    BusinessTimeoutDone,
    /// No effect; the error of `business_timeout_done`.
    BusinessTimeoutNothing,
    /// Effect; `is_success` false, isv.SYSTEM_ERROR, 系统错误.
    ErrorAfterSuccess,
    /// No effect; the error of `error_after_success`.
    SystemErrorNothing,
    /// Effect; an HTML 502 (`code: "hang"`: a hanging call instead), and lookups do not show the effect
    /// for `delay_ms` (default 3000), or for `lookups` lookups if that is set.
    LateVisibility,
    /// `is_success` false, isv.INVALID_PARAMETER, 请求参数错误; no evidence about any order.
    LookupError,
    /// `is_success` false, isv.SYSTEM_ERROR, 系统错误; no evidence about any order.
    LookupSystemError,
    /// Order or refund not found (a list: empty) although it may exist. A magic number injects it once.
    LookupNotFoundOnce,
    /// Like `lookup_not_found_once`, but a magic number injects it three times.
    LookupNotFound,
    /// No effect; code 7, accesscontrol.limited-by-app-api-access-count, "This ban will last for N
    /// more seconds" (N of `seconds`, default 1).
    AppCallLimited,
    /// Effect; HTTP 502 with an HTML page.
    #[serde(rename = "html_502")]
    Html502,
    /// No effect; HTTP 502 with an HTML page.
    #[serde(rename = "html_502_nothing")]
    Html502Nothing,
    /// No effect; HTTP 500 without a body.
    #[serde(rename = "http_500_empty")]
    Http500Empty,
    /// No effect; HTTP 307 to the same address. A client that follows it sends the call twice.
    #[serde(rename = "redirect_307")]
    Redirect307,
    /// Effect; the first half of the JSON, with the content length of that half.
    CutJson,
    /// Effect; the first half of the body, then the connection is dropped.
    CutBody,
    /// Effect; HTTP 200 without a body.
    #[serde(rename = "empty_200")]
    Empty200,
    /// No effect; the connection is dropped without a response.
    ResetBefore,
    /// Effect; the connection is dropped without a response.
    ResetAfter,
    /// No effect; a business refusal with `code` and `text` (an isv code by default).
    Refuse,
    /// No effect; `is_success` false with a text and no code.
    RefuseUnlisted,
    /// No effect, but a complete success response.
    SuccessWithoutEffect,
    /// Effect; the response names another `out_order_no` (`out_refund_no`, `out_change_no`,
    /// `change_order_no`, or `order_id` if the response has none of them). An upload: no fault.
    WrongReference,
    /// Detail, refund_detail, refund_list, refund_render, change_query, flight_changes: the response is
    /// about another order, refund or change of the account. For other methods, or if the account has no
    /// other, the usual response, with effect.
    AnotherOrder,
    /// Effect; the usual response, `delay_ms` later (default 2000).
    Slow,
    /// Effect; a valid response with 20 MB of padding.
    HugeAnswer,
    /// Effect; a gzip response of about 60 KB that inflates to 64 MiB.
    GzipBomb,
    /// Effect; a response nested 20,000 objects deep.
    DeepJson,
    /// No effect; code 31, Invalid timestamp.
    ClockSkew,
    /// No effect; code 27, invalid-sessionkey.
    InvalidSession,
    /// No effect; code 11, isv.permission-ip-whitelist-limit.
    IpNotAllowed,
    /// Effect; the usual response without `is_success`.
    MissingIsSuccess,
    /// Book and change_create: effect, and the total is 10 yuan more. Pay, change_pay and
    /// refund_create: the total (the refund fee) rises first, so that the requested one is refused. Lookup:
    /// the total (fee) in this response is 10 yuan more. Close, change_cancel, upload: no fault.
    PriceJump,
    /// Effect; `order_status` is an unlisted phrase, or the status of a refund or change is 9: for a write
    /// until the status changes, for a lookup in this response only.
    UnknownStatus,
    /// Refund_render: `calculate_success` is false and the fee unknown, for all refunds of this order from
    /// now on. Other methods: the usual response.
    CalculateFailed,
    /// Change_create: status 1 and no fees; the fees follow after a while. Other methods: the usual response.
    FeesLater,
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 40] = [
        Fault::HangThenSucceed,
        Fault::HangThenNothing,
        Fault::TimeoutDone,
        Fault::TimeoutNothing,
        Fault::BusinessTimeoutDone,
        Fault::BusinessTimeoutNothing,
        Fault::ErrorAfterSuccess,
        Fault::SystemErrorNothing,
        Fault::LateVisibility,
        Fault::LookupError,
        Fault::LookupSystemError,
        Fault::LookupNotFoundOnce,
        Fault::LookupNotFound,
        Fault::AppCallLimited,
        Fault::Html502,
        Fault::Html502Nothing,
        Fault::Http500Empty,
        Fault::Redirect307,
        Fault::CutJson,
        Fault::CutBody,
        Fault::Empty200,
        Fault::ResetBefore,
        Fault::ResetAfter,
        Fault::Refuse,
        Fault::RefuseUnlisted,
        Fault::SuccessWithoutEffect,
        Fault::WrongReference,
        Fault::AnotherOrder,
        Fault::Slow,
        Fault::HugeAnswer,
        Fault::GzipBomb,
        Fault::DeepJson,
        Fault::ClockSkew,
        Fault::InvalidSession,
        Fault::IpNotAllowed,
        Fault::MissingIsSuccess,
        Fault::PriceJump,
        Fault::UnknownStatus,
        Fault::CalculateFailed,
        Fault::FeesLater,
    ];

    /// The fault with this snake-case name.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        let de: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
        Self::deserialize(de).ok()
    }

    /// Whether a write takes effect under this fault. Under `price_jump`, methods that check the price (pay,
    /// change_pay and refund_create) refuse and have no effect.
    #[must_use]
    pub fn has_effect(self) -> bool {
        match self {
            Self::HangThenSucceed
            | Self::TimeoutDone
            | Self::BusinessTimeoutDone
            | Self::ErrorAfterSuccess
            | Self::LateVisibility
            | Self::Html502
            | Self::CutJson
            | Self::CutBody
            | Self::Empty200
            | Self::ResetAfter
            | Self::WrongReference
            | Self::AnotherOrder
            | Self::Slow
            | Self::HugeAnswer
            | Self::GzipBomb
            | Self::DeepJson
            | Self::MissingIsSuccess
            | Self::PriceJump
            | Self::UnknownStatus
            | Self::CalculateFailed
            | Self::FeesLater => true,
            Self::HangThenNothing
            | Self::TimeoutNothing
            | Self::BusinessTimeoutNothing
            | Self::SystemErrorNothing
            | Self::LookupError
            | Self::LookupSystemError
            | Self::LookupNotFoundOnce
            | Self::LookupNotFound
            | Self::AppCallLimited
            | Self::Html502Nothing
            | Self::Http500Empty
            | Self::Redirect307
            | Self::ResetBefore
            | Self::Refuse
            | Self::RefuseUnlisted
            | Self::SuccessWithoutEffect
            | Self::ClockSkew
            | Self::InvalidSession
            | Self::IpNotAllowed => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_fault_has_a_unique_name_and_a_row_in_the_documentation() {
        for fault in Fault::ALL {
            let word = serde_json::to_value(fault).unwrap();
            let word = word.as_str().unwrap();
            assert_eq!(Fault::parse(word), Some(fault));
            let page = include_str!("../../docs/simulator.md");
            assert!(
                page.contains(&format!("| `{word}` |")),
                "docs/simulator.md has no row for {word}"
            );
        }
    }
}
