//! Why an account was not authorised, or its topics were not changed.

use crate::domain::ids::AccountName;
use crate::domain::operation::Failure;
use crate::store::JournalError;
use crate::store::seal::SealError;
use crate::top::call::CallError;

/// See the module documentation.
#[derive(Debug)]
pub enum NotAuthorised {
    /// There is no such account.
    UnknownAccount,
    /// There is no key to seal sessions with.
    NoSealKey,
    /// No callback address is configured.
    NoCallback,
    /// The state of the callback is unknown, expired or used up.
    BadState,
    /// The user refused, or Taobao's page reported an error.
    Denied,
    /// TOP refused the code or the refresh token.
    Refused(Failure),
    /// TOP refused the session that was entered.
    SessionRefused,
    /// It is not known what the call did: there was no usable response.
    Lost(Failure),
    /// The call to TOP failed.
    Call(Failure),
    /// TOP's response contains no session.
    Unreadable,
    /// Another Taobao user authorised it than the one to whom the account belongs.
    OtherUser {
        /// The user of the account.
        expected: i64,
        /// The user who authorised it, or whom the configuration states.
        found: i64,
    },
    /// The Taobao user belongs to another account.
    UserTaken(AccountName),
    /// The session has no refresh token, or it is too old.
    NotRefreshable,
    /// The topics that are permitted already cannot be read, so others could be dropped.
    TopicsUnknown,
    /// TOP would have to permit more topics than it allows.
    TooManyTopics,
    /// The session was changed at the same time.
    Conflict,
    /// The journal could not be read. Nothing was done.
    Unread(JournalError),
    /// The journal failed; the session may have been stored.
    Journal(JournalError),
    /// The gateway is stopping.
    Stopping,
}

impl NotAuthorised {
    /// The failure of a call that changes something at TOP.
    pub(super) fn of_change(error: &CallError, failure: Failure) -> Self {
        match error {
            CallError::Lost(_) => Self::Lost(failure),
            CallError::Refused(_) | CallError::NotSent(_) => Self::Call(failure),
        }
    }
}

impl From<JournalError> for NotAuthorised {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

impl From<SealError> for NotAuthorised {
    fn from(error: SealError) -> Self {
        Self::Journal(JournalError::unavailable(error.to_string()))
    }
}
