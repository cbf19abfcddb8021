//! Stores a session that was obtained, and puts it in force.

use std::time::Duration;

use futures::future::BoxFuture;
use jiff::Timestamp;

use super::not_authorised::NotAuthorised;
use super::secret::Secret;
use super::service::{Accounts, TRIES};
use crate::domain::ids::AccountName;
use crate::domain::session::{ExpiryBasis, SessionOrigin, StoredSession, estimated};
use crate::store::{Fault, JournalError, SavedSession};
use crate::top::oauth::Token;

/// How often, and after which pause, the store is accessed until it keeps a new session.
const STORE_TRIES: u32 = 30;
const STORE_AGAIN: Duration = Duration::from_secs(1);

/// A session to put in force.
pub(super) struct Adopted {
    secret: Secret,
    /// The Taobao user, if TOP states it.
    user_id: Option<i64>,
    pub(super) expires_at: Option<Timestamp>,
    refreshable_until: Option<Timestamp>,
    /// The revision that it replaces; any if none.
    revision: Option<i64>,
}

impl Adopted {
    pub(super) fn of(secret: Secret) -> Self {
        Self {
            secret,
            user_id: None,
            expires_at: None,
            refreshable_until: None,
            revision: None,
        }
    }
}

// === impl Accounts ===

impl Accounts {
    pub(super) async fn adopt_token(
        &self,
        account: &AccountName,
        token: Token,
        revision: Option<i64>,
    ) -> Result<(), NotAuthorised> {
        let now = self.now();
        let adopted = Adopted {
            user_id: token.user_id,
            expires_at: token.life.end(now),
            refreshable_until: token.refresh_life.end(now),
            revision,
            ..Adopted::of(Secret {
                session: token.session,
                refresh_token: token.refresh_token,
                nick: token.nick,
            })
        };
        self.adopt(account, adopted).await
    }

    /// Repeats an access to the store that fails: a session that TOP has issued must not be lost, because its code or refresh
    /// token is used up.
    async fn persisted<'s, T>(
        &'s self,
        access: impl Fn() -> BoxFuture<'s, Result<T, JournalError>>,
    ) -> Result<T, JournalError> {
        let mut tries = 1;
        loop {
            match access().await {
                Err(error) if error.fault == Fault::Unavailable && tries < STORE_TRIES => {
                    tracing::error!(%error, "a new session is not stored yet; it is tried again");
                    tries += 1;
                    tokio::time::sleep(STORE_AGAIN).await;
                }
                ended => return ended,
            }
        }
    }

    /// Stores a session and puts it in force.
    pub(super) async fn adopt(
        &self,
        account: &AccountName,
        adopted: Adopted,
    ) -> Result<(), NotAuthorised> {
        let Adopted {
            mut secret,
            user_id,
            expires_at,
            refreshable_until,
            revision,
        } = adopted;
        if let (Some(expected), Some(found)) = (self.configured(account)?.user_id, user_id)
            && expected != found
        {
            return Err(NotAuthorised::OtherUser { expected, found });
        }
        if let Some(user_id) = user_id
            && let Some(other) = self.account_of(user_id, account)
        {
            return Err(NotAuthorised::UserTaken(other));
        }
        let now = self.now();
        let tag = self.sessions().tag(&secret.session);
        for attempt in 0..TRIES {
            let stored = self.persisted(|| self.store().session(account)).await?;
            // An earlier attempt was committed without being acknowledged.
            if attempt > 0
                && let Some(row) = &stored
                && row.tag == tag
            {
                return self.put_adopted(row.clone(), secret).await;
            }
            let before = stored.as_ref().map_or(0, |row| row.revision);
            if revision.is_some_and(|revision| revision != before) {
                return Err(NotAuthorised::Conflict);
            }
            let authorised = stored.as_ref().and_then(|row| row.user_id);
            if let (Some(found), Some(expected)) = (self.configured_user(account), authorised)
                && expected != found
            {
                return Err(NotAuthorised::OtherUser { expected, found });
            }
            // A refreshed token need not repeat the name.
            if secret.nick.is_none() {
                secret.nick = self
                    .known()
                    .get(account)
                    .and_then(|known| known.secret.nick.clone());
            }
            let sealed = secret.sealed(self.seal_keys()?, account);
            let row = StoredSession {
                account: account.clone(),
                revision: before,
                tag: tag.clone(),
                sealed: Some(sealed?),
                configured: self
                    .seen()
                    .get(account)
                    .and_then(|seen| seen.configured.clone()),
                user_id: user_id.or(authorised),
                authorised_at: now,
                expires_at: expires_at.unwrap_or_else(|| estimated(now)),
                expiry: match expires_at {
                    Some(_) => ExpiryBasis::Stated,
                    None => ExpiryBasis::Estimated,
                },
                refreshable_until: refreshable_until.filter(|_| secret.refresh_token.is_some()),
            };
            let saved = self
                .persisted(|| self.store().save_session(row.clone()))
                .await?;
            match saved {
                SavedSession::Done(revision) => {
                    let row = StoredSession { revision, ..row };
                    return self.put_adopted(row, secret).await;
                }
                SavedSession::Stale(_) => {}
                SavedSession::UserTaken(other) => return Err(NotAuthorised::UserTaken(other)),
                SavedSession::UserMismatch(expected) => {
                    let found = user_id.unwrap_or_default();
                    return Err(NotAuthorised::OtherUser { expected, found });
                }
            }
        }
        Err(NotAuthorised::Conflict)
    }

    /// Puts a session in force that is stored.
    async fn put_adopted(&self, row: StoredSession, secret: Secret) -> Result<(), NotAuthorised> {
        let account = row.account.clone();
        self.put_in_force(row, secret, SessionOrigin::Authorization)
            .map_err(NotAuthorised::UserTaken)?;
        self.seen().entry(account).or_default().problem = None;
        self.operations.make_all_due().await;
        Ok(())
    }
}
