//! Sessions of purchasing accounts. The decision about a save is a pure function ([`decide_session`]) over rows that a backend
//! has fetched.

use futures::future::BoxFuture;

use super::error::JournalError;
use crate::domain::ids::AccountName;
use crate::domain::session::StoredSession;

/// The result of [`Sessions::save_session`].
#[derive(Debug, PartialEq)]
pub enum SavedSession {
    /// Committed; contains the new revision.
    Done(i64),
    /// Not committed, because it was changed meanwhile; contains the stored row, if there is one.
    Stale(Option<Box<StoredSession>>),
    /// Not committed: this other account belongs to the Taobao user.
    UserTaken(AccountName),
    /// Not committed: the account belongs to this other Taobao user.
    UserMismatch(i64),
}

/// The sessions of purchasing accounts, one for each account. An account belongs to one Taobao user for ever, once the user is
/// known, and no two accounts belong to the same user.
pub trait Sessions: Send + Sync + std::fmt::Debug {
    /// All sessions, ordered by account.
    fn sessions(&self) -> BoxFuture<'_, Result<Vec<StoredSession>, JournalError>>;

    /// The session of this account.
    fn session(
        &self,
        account: &AccountName,
    ) -> BoxFuture<'_, Result<Option<StoredSession>, JournalError>>;

    /// Stores the session of its account if the account still has this revision (0: no session), and increases the revision.
    /// Without a `user_id`, the stored one is kept.
    fn save_session(
        &self,
        session: StoredSession,
    ) -> BoxFuture<'_, Result<SavedSession, JournalError>>;
}

/// Decides a save on the stored session of the account and the account that belongs to the Taobao user of the new session.
/// Returns the row to write, with its new revision.
///
/// # Errors
/// When nothing may be written.
pub fn decide_session(
    session: &StoredSession,
    stored: Option<&StoredSession>,
    user_account: Option<&AccountName>,
) -> Result<StoredSession, SavedSession> {
    if session.revision != stored.map_or(0, |stored| stored.revision) {
        return Err(SavedSession::Stale(stored.cloned().map(Box::new)));
    }
    let stored_user = stored.and_then(|stored| stored.user_id);
    if let (Some(user), Some(stored_user)) = (session.user_id, stored_user)
        && user != stored_user
    {
        return Err(SavedSession::UserMismatch(stored_user));
    }
    if let Some(other) = user_account.filter(|other| **other != session.account) {
        return Err(SavedSession::UserTaken(other.clone()));
    }
    Ok(StoredSession {
        revision: session.revision + 1,
        user_id: session.user_id.or(stored_user),
        ..session.clone()
    })
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::domain::operation::SessionTag;
    use crate::domain::session::ExpiryBasis;

    const FIRST: i64 = 2_200_000_000_001;
    const SECOND: i64 = 2_200_000_000_002;

    fn account(name: &str) -> AccountName {
        name.parse().unwrap()
    }

    fn session(revision: i64, user_id: Option<i64>) -> StoredSession {
        StoredSession {
            account: account("main"),
            revision,
            tag: SessionTag::from_store("tag".to_owned()),
            sealed: None,
            configured: None,
            user_id,
            authorised_at: Timestamp::UNIX_EPOCH,
            expires_at: Timestamp::UNIX_EPOCH,
            expiry: ExpiryBasis::Estimated,
            refreshable_until: None,
        }
    }

    fn stale(stored: Option<StoredSession>) -> Result<(i64, Option<i64>), SavedSession> {
        Err(SavedSession::Stale(stored.map(Box::new)))
    }

    #[test]
    fn a_save_is_decided_on_the_revision_and_the_user() {
        let mismatch = |user| Err(SavedSession::UserMismatch(user));
        let taken = || Err(SavedSession::UserTaken(account("other")));
        let known = session(3, Some(FIRST));
        let unknown = session(3, None);
        // The saved revision and user, the stored row, the account of that user, and the result: the new revision and user.
        let table = [
            (0, None, None, None, Ok((1, None))),
            (0, Some(FIRST), None, None, Ok((1, Some(FIRST)))),
            (0, Some(FIRST), None, Some("other"), taken()),
            (0, None, Some(&known), None, stale(Some(known.clone()))),
            (1, None, None, None, stale(None)),
            (2, None, Some(&known), None, stale(Some(known.clone()))),
            (4, None, Some(&known), None, stale(Some(known.clone()))),
            (3, None, Some(&known), None, Ok((4, Some(FIRST)))),
            (
                3,
                Some(FIRST),
                Some(&known),
                Some("main"),
                Ok((4, Some(FIRST))),
            ),
            (3, Some(SECOND), Some(&known), None, mismatch(FIRST)),
            // The account could not have this user even if the other account did not.
            (
                3,
                Some(SECOND),
                Some(&known),
                Some("other"),
                mismatch(FIRST),
            ),
            (3, None, Some(&unknown), None, Ok((4, None))),
            (3, Some(SECOND), Some(&unknown), None, Ok((4, Some(SECOND)))),
            (3, Some(SECOND), Some(&unknown), Some("other"), taken()),
            // The caller reads the row again before it learns more.
            (
                2,
                Some(SECOND),
                Some(&known),
                Some("other"),
                stale(Some(known.clone())),
            ),
        ];
        for (revision, user, stored, user_account, expected) in table {
            let new = session(revision, user);
            let user_account = user_account.map(account);
            let decided = decide_session(&new, stored, user_account.as_ref());
            let summary = decided.map(|row| (row.revision, row.user_id));
            assert_eq!(
                summary, expected,
                "{revision} {user:?} {stored:?} {user_account:?}"
            );
        }
    }

    #[test]
    fn a_save_replaces_everything_but_the_user() {
        let stored = session(3, Some(FIRST));
        let new = StoredSession {
            tag: SessionTag::from_store("new".to_owned()),
            expiry: ExpiryBasis::Stated,
            ..session(3, None)
        };
        let expected = StoredSession {
            revision: 4,
            user_id: Some(FIRST),
            ..new.clone()
        };
        assert_eq!(decide_session(&new, Some(&stored), None), Ok(expected));
    }
}
