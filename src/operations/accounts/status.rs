//! The accounts and their sessions as operators see them.

use jiff::Timestamp;

use super::service::{Accounts, Seen};
use crate::domain::ids::AccountName;
use crate::domain::session::{ExpiryBasis, SessionOrigin, SessionState, warning};
use crate::top::sessions::Refused;

/// The session of an account, without its secrets.
#[derive(Clone, Debug)]
pub struct SessionStatus {
    /// Where it comes from; none if there is none.
    pub origin: Option<SessionOrigin>,
    /// When it was authorised, or first seen.
    pub authorised_at: Option<Timestamp>,
    /// When it expires, and how that is known.
    pub expires: Option<(Timestamp, ExpiryBasis)>,
    /// Until when it can be refreshed.
    pub refreshable_until: Option<Timestamp>,
    /// Since when TOP refuses it, or refuses writes under it.
    pub refused: Option<Refused>,
    /// What is wrong with the stored session, the configuration or the file.
    pub problem: Option<String>,
    /// Whether it can be used.
    pub state: SessionState,
}

/// An account as operators see it.
#[derive(Clone, Debug)]
pub struct AccountStatus {
    /// Its name.
    pub name: AccountName,
    /// The channel name (渠道名称).
    pub channel: String,
    /// Its Taobao user, once known.
    pub user_id: Option<i64>,
    /// Its session.
    pub session: SessionStatus,
    /// The topics that it lacked when they were read last; none if they were not read under this session.
    pub missing_topics: Option<Vec<String>>,
}

// === impl Accounts ===

impl Accounts {
    /// All accounts.
    #[must_use]
    pub fn all(&self) -> Vec<AccountStatus> {
        let names = self.settings.accounts.keys();
        names.filter_map(|name| self.status(name)).collect()
    }

    /// One account; none if it is not configured.
    #[must_use]
    pub fn status(&self, account: &AccountName) -> Option<AccountStatus> {
        let channel = self.operations.upstream.channel(account).ok()?.to_owned();
        let session = self.sessions().in_force(account);
        let refused = session
            .as_ref()
            .and_then(|session| session.doubt().refused());
        let restricted = session.and_then(|session| session.restricted());
        // What is wrong with the file now comes before what was wrong at the start.
        let problem_of = |seen: &Seen| seen.file_problem.clone().or_else(|| seen.problem.clone());
        let problem = self.seen().get(account).and_then(problem_of);
        let known = self.known();
        let known = known.get(account);
        let row = known.map(|known| &known.row);
        let missing_topics = known.and_then(|known| known.missing_topics.clone());
        Some(AccountStatus {
            name: account.clone(),
            channel,
            user_id: self.sessions().user(account),
            missing_topics,
            session: SessionStatus {
                origin: known.map(|known| known.origin),
                authorised_at: row.map(|row| row.authorised_at),
                expires: row.map(|row| (row.expires_at, row.expiry)),
                refreshable_until: row.and_then(|row| row.refreshable_until),
                refused: refused.or(restricted),
                problem,
                state: match row {
                    None => SessionState::Missing,
                    Some(_) if refused.is_some() => SessionState::Invalid,
                    Some(_) if restricted.is_some() => SessionState::Restricted,
                    Some(row) if warning(self.now(), row.expires_at).is_some() => {
                        SessionState::Expiring
                    }
                    Some(_) => SessionState::Valid,
                },
            },
        })
    }
}
