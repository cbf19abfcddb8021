//! API keys that were created while the gateway runs. The decision about a save is a pure function ([`decide_api_key`]) over rows
//! that a backend has fetched.

use futures::future::BoxFuture;
use jiff::{SignedDuration, Timestamp};

use super::error::JournalError;
use crate::domain::api_key::{ApiKey, KeyDigest, KeyState};
use crate::domain::ids::KeyId;

/// The result of [`ApiKeys::save_api_key`].
#[derive(Debug, PartialEq)]
pub enum SavedApiKey {
    /// Committed; contains the new revision.
    Done(i64),
    /// Not committed, because it was changed meanwhile; contains the stored row, if there is one.
    Stale(Option<Box<ApiKey>>),
    /// Not committed: this other key of the caller is active.
    Exists(KeyId),
    /// Not committed: there are as many keys as allowed.
    TooMany,
}

/// The maximum number of keys that are not revoked. All of them are in memory.
pub const MOST_API_KEYS: i64 = 1000;
/// The maximum number of revoked keys that are kept; the last ones are.
pub const MOST_REVOKED_KEYS: i64 = 1000;
/// How long revoked keys are kept.
const KEPT_REVOKED: SignedDuration = SignedDuration::from_hours(400 * 24);

/// API keys. A caller has at most one active key.
pub trait ApiKeys: Send + Sync + std::fmt::Debug {
    /// All keys, oldest first.
    fn api_keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, JournalError>>;

    /// Stores a key that still has this revision (0: it is new), and increases the revision. The last uses of its secrets are not
    /// changed. Keys that were revoked long ago, or before
    /// many others, are deleted.
    fn save_api_key(
        &self,
        key: ApiKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SavedApiKey, JournalError>>;

    /// Stores when secrets were last used. A later time that is stored already is kept.
    fn mark_used(
        &self,
        used: Vec<(KeyDigest, Timestamp)>,
    ) -> BoxFuture<'_, Result<(), JournalError>>;
}

/// The time before which revoked keys are deleted.
#[must_use]
pub(super) fn forgotten_before(now: Timestamp) -> Timestamp {
    now.checked_sub(KEPT_REVOKED).unwrap_or(Timestamp::MIN)
}

/// Decides a save on the stored row, the keys of the same caller, and the number of keys that are not revoked. Returns the row
/// to write, with its new revision.
///
/// # Errors
/// When nothing may be written.
pub fn decide_api_key(
    key: &ApiKey,
    stored: Option<&ApiKey>,
    of_caller: &[ApiKey],
    count: i64,
    now: Timestamp,
) -> Result<ApiKey, SavedApiKey> {
    if key.revision != stored.map_or(0, |stored| stored.revision) {
        return Err(SavedApiKey::Stale(stored.cloned().map(Box::new)));
    }
    if key.state(now) == KeyState::Active {
        let is_other = |other: &&ApiKey| other.id != key.id && other.state(now) == KeyState::Active;
        if let Some(other) = of_caller.iter().find(is_other) {
            return Err(SavedApiKey::Exists(other.id));
        }
    }
    if stored.is_none() && count >= MOST_API_KEYS {
        return Err(SavedApiKey::TooMany);
    }
    Ok(ApiKey {
        revision: key.revision + 1,
        ..key.clone()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    #[test]
    fn a_save_is_decided_on_the_revision_and_the_other_keys_of_the_caller() {
        let sample = ApiKey::sample();
        let with = |revision| ApiKey {
            revision,
            ..sample.clone()
        };
        let other = ApiKey {
            id: "0197a3f0-5c1e-7b44-9d1a-000000000001".parse().unwrap(),
            ..with(1)
        };
        let expired = ApiKey {
            expires_at: Some(at(5)),
            ..other.clone()
        };
        let mut revoked = other.clone();
        revoked.revoke(at(1));
        let exists = || Err(SavedApiKey::Exists(other.id));
        let stale =
            |stored: Option<&ApiKey>| Err(SavedApiKey::Stale(stored.cloned().map(Box::new)));
        let mut ending = with(3);
        ending.revoke(at(9));
        let full = MOST_API_KEYS;
        // The saved key, the stored row, the keys of the caller, the number of keys, and the new revision.
        let table = [
            (with(0), None, vec![], 0, Ok(1)),
            (with(0), None, vec![expired.clone()], 1, Ok(1)),
            (with(0), None, vec![revoked.clone()], 0, Ok(1)),
            (with(0), None, vec![other.clone()], 1, exists()),
            (with(0), None, vec![], full - 1, Ok(1)),
            (with(0), None, vec![], full, Err(SavedApiKey::TooMany)),
            (
                with(0),
                Some(with(1)),
                vec![with(1)],
                1,
                stale(Some(&with(1))),
            ),
            (with(2), None, vec![], 1, stale(None)),
            (
                with(2),
                Some(with(3)),
                vec![with(3)],
                1,
                stale(Some(&with(3))),
            ),
            (with(3), Some(with(3)), vec![with(3)], full, Ok(4)),
            // An expired key becomes active again by a new time, but not beside another one.
            (
                with(3),
                Some(with(3)),
                vec![with(3), other.clone()],
                2,
                exists(),
            ),
            // A key that ends is no obstacle.
            (
                ending,
                Some(with(3)),
                vec![with(3), other.clone()],
                full,
                Ok(4),
            ),
        ];
        for (key, stored, of_caller, count, expected) in table {
            let decided = decide_api_key(&key, stored.as_ref(), &of_caller, count, at(10));
            let revision = decided.map(|row| row.revision);
            assert_eq!(
                revision, expected,
                "{key:?} {stored:?} {of_caller:?} {count}"
            );
        }
    }
}
