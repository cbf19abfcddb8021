//! Authorising an account: the link for a browser, the exchange of the code, sessions that an operator enters, and refreshing.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::secret::Secret;
use super::service::{AccountStatus, Accounts, ConfiguredAccount, Origin, TRIES, estimated};
use super::state::Begun;
use crate::domain::ids::AccountName;
use crate::domain::operation::{Cause, Failure};
use crate::domain::session::{ExpiryBasis, StoredSession};
use crate::store::seal::{SealError, SealKeys};
use crate::store::{JournalError, SavedSession};
use crate::top::method::PlatformMethod;
use crate::top::oauth::{Token, TokenAnswer, TokenCreate, TokenRefresh, authorize_url};

/// A link to Taobao's page.
#[derive(Clone, Debug)]
pub struct Link {
    /// Its address. The `state` in it authorises whoever has it to complete the authorisation.
    pub url: Url,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The address to which Taobao sends the browser.
    pub callback_url: Url,
}

/// A code or a session in a request.
#[derive(Debug)]
pub struct Typed(SecretString);

impl From<Typed> for SecretString {
    fn from(typed: Typed) -> Self {
        typed.0
    }
}

impl<'de> Deserialize<'de> for Typed {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        match text.trim() {
            text if (1..=1024).contains(&text.len()) && !text.contains(char::is_whitespace) => {
                Ok(Self(text.into()))
            }
            _ => Err(D::Error::custom(
                "expected 1 to 1024 characters without white space",
            )),
        }
    }
}

/// What an operator enters.
#[derive(Debug)]
pub enum Entered {
    /// The code that Taobao appended to the callback address.
    Code(SecretString),
    /// A session, from another tool.
    Session {
        /// The session.
        session: SecretString,
        /// When it expires, if the tool stated it.
        expires_at: Option<Timestamp>,
    },
}

/// Why an account was not authorised, or its topics were not changed.
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
    /// TOP refused the code, the session or the refresh token.
    Refused(Failure),
    /// The call to TOP failed.
    Call(Failure),
    /// TOP's response contains no session.
    Unreadable,
    /// Another Taobao user authorised it than the one to whom the account belongs.
    OtherUser {
        /// The user of the account.
        expected: i64,
        /// The user who authorised it; none if the same session is in force for another account.
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
    /// The journal failed; the session may have been stored.
    Journal(JournalError),
    /// The gateway is stopping.
    Stopping,
}

/// A session to put in force.
struct Adopted {
    secret: Secret,
    /// The Taobao user, if TOP states it.
    user_id: Option<i64>,
    expires_at: Option<Timestamp>,
    refreshable_until: Option<Timestamp>,
    /// The revision that it replaces; any if none.
    revision: Option<i64>,
}

impl Adopted {
    fn of(secret: Secret) -> Self {
        Self {
            secret,
            user_id: None,
            expires_at: None,
            refreshable_until: None,
            revision: None,
        }
    }
}

/// How long a link can be used. A code is valid for 30 minutes.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(30);

impl From<JournalError> for NotAuthorised {
    fn from(error: JournalError) -> Self {
        Self::Journal(error)
    }
}

// === impl Accounts ===

impl Accounts {
    pub(super) fn configured(
        &self,
        account: &AccountName,
    ) -> Result<&ConfiguredAccount, NotAuthorised> {
        let configured = self.settings.accounts.get(account);
        configured.ok_or(NotAuthorised::UnknownAccount)
    }

    fn seal_keys(&self) -> Result<&Arc<SealKeys>, NotAuthorised> {
        let keys = self.settings.seal_keys.as_ref();
        keys.ok_or(NotAuthorised::NoSealKey)
    }

    /// A link to Taobao's page, on which the user of the account authorises the app.
    ///
    /// # Errors
    /// [`NotAuthorised`].
    pub async fn begin(
        &self,
        account: &AccountName,
        operator: &str,
    ) -> Result<Link, NotAuthorised> {
        self.configured(account)?;
        let keys = self.seal_keys()?;
        let callback_url = self.settings.callback_url.clone();
        let callback_url = callback_url.ok_or(NotAuthorised::NoCallback)?;
        let expires_at = self.now().checked_add(LINK_LIFE);
        let expires_at = expires_at.unwrap_or(Timestamp::MAX);
        let begun = Begun {
            account: account.clone(),
            revision: self.revision(account).await?,
            until_ms: expires_at.as_millisecond(),
            operator: operator.to_owned(),
        };
        let state = begun.state(keys).map_err(no_randomness)?;
        tracing::info!(%account, operator, "an authorisation was begun");
        Ok(Link {
            url: authorize_url(
                &self.settings.authorize_url,
                &self.settings.app_key,
                &callback_url,
                &state,
            ),
            expires_at,
            callback_url,
        })
    }

    async fn revision(&self, account: &AccountName) -> Result<i64, JournalError> {
        let stored = self.store().session(account).await?;
        Ok(stored.map_or(0, |row| row.revision))
    }

    /// Completes an authorisation with the parameters of Taobao's callback. Without a code, the user refused.
    ///
    /// # Errors
    /// [`NotAuthorised`].
    pub async fn complete(
        self: &Arc<Self>,
        state: &str,
        code: Option<SecretString>,
    ) -> Result<AccountStatus, NotAuthorised> {
        let keys = self.seal_keys()?;
        let begun = Begun::read(state, keys).ok_or(NotAuthorised::BadState)?;
        let account = &begun.account;
        if self.now().as_millisecond() >= begun.until_ms
            || self.revision(account).await? != begun.revision
        {
            return Err(NotAuthorised::BadState);
        }
        tracing::info!(%account, operator = begun.operator, denied = code.is_none(), "Taobao sent the browser back");
        let code = code.ok_or(NotAuthorised::Denied)?;
        self.enter(account, Entered::Code(code)).await
    }

    /// Authorises an account with a code or a session.
    ///
    /// # Errors
    /// [`NotAuthorised`].
    pub async fn enter(
        self: &Arc<Self>,
        account: &AccountName,
        entered: Entered,
    ) -> Result<AccountStatus, NotAuthorised> {
        self.configured(account)?;
        self.seal_keys()?;
        let (this, account) = (self.clone(), account.clone());
        self.detached(async move {
            let token = match entered {
                Entered::Code(code) => {
                    let params = TokenCreate::params(code.expose_secret());
                    this.exchange::<TokenCreate>(params).await?
                }
                Entered::Session {
                    session,
                    expires_at,
                } => {
                    let tag = this.sessions().tag(&session);
                    if let Some(other) = this.owner_of(&account, &tag) {
                        return Err(NotAuthorised::UserTaken(other));
                    }
                    this.try_out(&session).await?;
                    let secret = Secret::of(&session);
                    let adopted = Adopted {
                        expires_at,
                        ..Adopted::of(secret)
                    };
                    this.adopt(&account, adopted).await?;
                    return this.status(&account).ok_or(NotAuthorised::UnknownAccount);
                }
            };
            this.adopt_token(&account, token, None).await?;
            this.check_topics(&account).await;
            this.status(&account).ok_or(NotAuthorised::UnknownAccount)
        })
        .await
    }

    /// Exchanges the refresh token of an account for a new session.
    ///
    /// # Errors
    /// [`NotAuthorised`].
    pub async fn refresh(
        self: &Arc<Self>,
        account: &AccountName,
    ) -> Result<AccountStatus, NotAuthorised> {
        self.configured(account)?;
        self.seal_keys()?;
        let token = self.refresh_token(account);
        let (token, revision) = token.ok_or(NotAuthorised::NotRefreshable)?;
        let (this, account) = (self.clone(), account.clone());
        self.detached(async move {
            let params = TokenRefresh::params(token.expose_secret());
            let token = this.exchange::<TokenRefresh>(params).await?;
            this.adopt_token(&account, token, Some(revision)).await?;
            this.status(&account).ok_or(NotAuthorised::UnknownAccount)
        })
        .await
    }

    /// The refresh token, if it can be used now, and the revision of its session.
    pub(super) fn refresh_token(&self, account: &AccountName) -> Option<(SecretString, i64)> {
        let known = self.known();
        let known = known.get(account)?;
        let row = &known.row;
        let is_usable = row
            .refreshable_until
            .is_some_and(|until| until > self.now());
        let token = known.secret.refresh_token.clone().filter(|_| is_usable)?;
        Some((token, row.revision))
    }

    /// Runs work that must not be cut short when its caller hangs up: a code and a refresh token can be used once.
    async fn detached<T: Send + 'static>(
        &self,
        work: impl Future<Output = Result<T, NotAuthorised>> + Send + 'static,
    ) -> Result<T, NotAuthorised> {
        let tasks = &self.operations.tasks;
        if tasks.is_closed() {
            return Err(NotAuthorised::Stopping);
        }
        let done = tasks.spawn(work).await;
        done.unwrap_or(Err(NotAuthorised::Stopping))
    }

    /// Makes a harmless call under a session that somebody entered, so that a wrong one does not replace one that works.
    async fn try_out(&self, session: &SecretString) -> Result<(), NotAuthorised> {
        let upstream = &self.operations.upstream;
        let session = self.sessions().candidate(session.clone());
        match upstream.try_session(&session).await {
            Some(true) => Ok(()),
            Some(false) => Err(NotAuthorised::Refused(Failure::of(Cause::SessionInvalid))),
            None => Err(NotAuthorised::Call(
                Failure::of(Cause::UpstreamUnavailable)
                    .with_detail("The session could not be tried, so it was not stored."),
            )),
        }
    }

    async fn exchange<M: PlatformMethod<Answer = TokenAnswer>>(
        &self,
        params: Vec<(String, String)>,
    ) -> Result<Token, NotAuthorised> {
        let upstream = &self.operations.upstream;
        let answer = upstream.top.platform::<M>(params).await;
        let answer = answer.map_err(|error| {
            let failure = upstream.read_failure(M::NAME, &error);
            match failure.cause {
                Cause::ArgumentRefused | Cause::Refused if failure.upstream.is_some() => {
                    NotAuthorised::Refused(failure)
                }
                _ => NotAuthorised::Call(failure),
            }
        })?;
        answer.token().ok_or(NotAuthorised::Unreadable)
    }

    async fn adopt_token(
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

    /// Stores a session and puts it in force.
    async fn adopt(&self, account: &AccountName, adopted: Adopted) -> Result<(), NotAuthorised> {
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
        let now = self.now();
        for _ in 0..TRIES {
            let stored = self.store().session(account).await?;
            let before = stored.as_ref().map_or(0, |row| row.revision);
            if revision.is_some_and(|revision| revision != before) {
                return Err(NotAuthorised::Conflict);
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
                tag: self.sessions().tag(&secret.session),
                sealed: Some(sealed.map_err(no_randomness)?),
                configured: self
                    .seen()
                    .get(account)
                    .and_then(|seen| seen.configured.clone()),
                user_id: user_id.or_else(|| stored.and_then(|row| row.user_id)),
                authorised_at: now,
                expires_at: expires_at.unwrap_or_else(|| estimated(now)),
                expiry: match expires_at {
                    Some(_) => ExpiryBasis::Stated,
                    None => ExpiryBasis::Estimated,
                },
                refreshable_until: refreshable_until.filter(|_| secret.refresh_token.is_some()),
            };
            match self.store().save_session(row.clone()).await? {
                SavedSession::Done(revision) => {
                    let row = StoredSession { revision, ..row };
                    self.put_in_force(row, secret, Origin::Authorization);
                    self.operations.make_all_due().await;
                    return Ok(());
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
}

fn no_randomness(error: SealError) -> NotAuthorised {
    NotAuthorised::Journal(JournalError::unavailable(error.to_string()))
}
