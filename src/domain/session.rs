//! Sessions (授权) of purchasing accounts, as far as they are not secret.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::AccountName;
use super::operation::SessionTag;
use super::sealed::Sealed;

/// What the store keeps about the session of an account.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredSession {
    /// The account.
    pub account: AccountName,
    /// Increases with every change, which is a compare-and-set on it; 0 before it is stored.
    pub revision: i64,
    /// The session that the rest is about.
    pub tag: SessionTag,
    /// The session itself with its refresh token, if it was authorised through the gateway.
    pub sealed: Option<Sealed>,
    /// The session in the configuration when this one was stored. Once the configuration contains another one, that one is the
    /// newer.
    pub configured: Option<SessionTag>,
    /// The Taobao user of the account, once known. It never changes.
    pub user_id: Option<i64>,
    /// When the user authorised it; for a session from the configuration, when the gateway first saw it.
    pub authorised_at: Timestamp,
    /// When it expires.
    pub expires_at: Timestamp,
    /// How that is known.
    pub expiry: ExpiryBasis,
    /// Until when it can be refreshed; none if TOP does not grant that.
    pub refreshable_until: Option<Timestamp>,
}

/// How the expiry of a session is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExpiryBasis {
    /// TOP, or the person who entered the session, stated it.
    Stated,
    /// The session is assumed to live for 90 days (3 to 6 months are usual).
    Estimated,
}

impl ExpiryBasis {
    /// The word of the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stated => "stated",
            Self::Estimated => "estimated",
        }
    }
}

/// Whether a session can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionState {
    /// The account has no session: authorise it.
    Missing,
    /// It can be used.
    Valid,
    /// It can be used, and expires within 14 days or has expired: authorise the account again.
    Expiring,
    /// TOP accepts it for reads and refuses it for writes, because the user must renew it for their security level (53):
    /// authorise the account again.
    Restricted,
    /// TOP refuses it. Nothing is sent for the account until it is authorised again. The gateway tries the session once a
    /// minute.
    Invalid,
}

/// Where a session comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SessionOrigin {
    /// From the configuration.
    Configuration,
    /// From the file `accounts.<name>.session_file`, which is read again every 5 s.
    File,
    /// An operator authorised the account through the gateway.
    Authorization,
}

/// The assumed life of a session whose expiry is not stated. Fliggy names 3 to 6 months (seed).
const ESTIMATED_LIFE: SignedDuration = SignedDuration::from_hours(90 * 24);

/// The assumed expiry of a session that was authorised at this time.
#[must_use]
pub fn estimated(authorised_at: Timestamp) -> Timestamp {
    let expires_at = authorised_at.checked_add(ESTIMATED_LIFE);
    expires_at.unwrap_or(Timestamp::MAX)
}

/// How many days before its expiry a session is reported: first 14, then 3.
const WARNINGS: [i64; 2] = [3, 14];

/// The number of days of the warning that is due, if any.
#[must_use]
pub fn warning(now: Timestamp, expires_at: Timestamp) -> Option<i64> {
    let left = expires_at.duration_since(now);
    WARNINGS
        .into_iter()
        .find(|days| left <= SignedDuration::from_hours(days * 24))
}

/// When a session that can be refreshed is refreshed: when a third of its life or 15 days are left, whichever is earlier, but not
/// before a third of its life is over.
#[must_use]
pub fn refresh_at(authorised_at: Timestamp, expires_at: Timestamp) -> Timestamp {
    const DAYS: SignedDuration = SignedDuration::from_hours(15 * 24);
    let third = (expires_at.duration_since(authorised_at) / 3).max(SignedDuration::ZERO);
    let ahead = third.max(DAYS).min(third * 2);
    expires_at.checked_sub(ahead).unwrap_or(expires_at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn warnings_are_due_14_and_3_days_ahead() {
        let now = Timestamp::UNIX_EPOCH;
        let hours = |hours| now + SignedDuration::from_hours(hours);
        for (left, due) in [
            (14 * 24 + 1, None),
            (14 * 24, Some(14)),
            (3 * 24 + 1, Some(14)),
            (3 * 24, Some(3)),
            (0, Some(3)),
            (-100, Some(3)),
        ] {
            assert_eq!(warning(now, hours(left)), due, "{left}");
        }
    }

    #[test]
    fn a_session_is_refreshed_before_it_is_reported() {
        let start = Timestamp::UNIX_EPOCH;
        let hours = |hours| start + SignedDuration::from_hours(hours);
        for (life, at) in [
            (24, 8),
            (30 * 24, 15 * 24),
            (90 * 24, 60 * 24),
            (0, 0),
            (-5, -5),
        ] {
            assert_eq!(refresh_at(start, hours(life)), hours(at), "{life}");
        }
    }
}
