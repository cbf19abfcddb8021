//! The headers that control how a request is executed.

use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;

use super::super::problem::{Code, Problem};
use super::{header_problem, missing};

/// The longest wait that a caller may request.
pub(super) const LONGEST_WAIT: Duration = Duration::from_secs(60);

/// `Idempotency-Key`: 1 to 255 visible ASCII characters, a new one for each intended write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdempotencyKey(pub String);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        const NAME: &str = "Idempotency-Key";
        let mut values = parts.headers.get_all(NAME).iter();
        let (Some(value), None) = (values.next(), values.next()) else {
            return Err(if parts.headers.contains_key(NAME) {
                header_problem(NAME, "duplicate", "is sent more than once")
            } else {
                missing(Code::IdempotencyKeyMissing)
            });
        };
        let key = value.as_bytes();
        if key.is_empty() || key.len() > 255 || !key.iter().all(u8::is_ascii_graphic) {
            return Err(header_problem(
                NAME,
                "invalid",
                "expected 1 to 255 visible ASCII characters without spaces, such as a UUID",
            ));
        }
        Ok(Self(String::from_utf8_lossy(key).into_owned()))
    }
}

/// `Prefer: wait=N` (RFC 7240): the seconds that the caller is willing to wait for the outcome, at
/// most 60. It is a preference, so a value that cannot be read is ignored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct PreferWait(pub Option<Duration>);

impl<S: Send + Sync> FromRequestParts<S> for PreferWait {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let seconds = parts
            .headers
            .get_all("prefer")
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split([',', ';']))
            .filter_map(|preference| preference.split_once('='))
            .filter(|(name, _)| name.trim().eq_ignore_ascii_case("wait"))
            .find_map(|(_, seconds)| seconds.trim().trim_matches('"').parse().ok());
        Ok(Self(seconds.map(|seconds: u32| {
            Duration::from_secs(seconds.into()).min(LONGEST_WAIT)
        })))
    }
}

/// `If-Match: "<version>"`: the version of the resource that the caller has read. The quotes are
/// optional, because shells easily remove them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IfMatch(pub u64);

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let value = parts
            .headers
            .get(IF_MATCH)
            .ok_or_else(|| missing(Code::IfMatchMissing))?;
        value
            .to_str()
            .ok()
            .map(|text| {
                let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
                quoted.unwrap_or(text)
            })
            .filter(|text| text.len() <= 18 && text.bytes().all(|byte| byte.is_ascii_digit()))
            .and_then(|text| text.parse().ok())
            .map(Self)
            .ok_or_else(|| {
                header_problem(
                    "If-Match",
                    "invalid",
                    "expected the version of the resource, as in its `ETag`, such as \"3\"",
                )
            })
    }
}
