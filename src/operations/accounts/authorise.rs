//! Authorising an account: the link for a browser, the exchange of the code, sessions that an operator enters, and refreshing.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::BoxFuture;

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
use crate::kill_point::{Point, reach};
use crate::store::seal::{SealError, SealKeys};
use crate::store::{Fault, JournalError, SavedSession};
use crate::top::call::CallError;
use crate::top::method::PlatformMethod;
use crate::top::oauth::{Token, TokenAnswer, TokenCreate, TokenRefresh, authorize_url};

/// A link to Taobao's page.
#[derive(Clone)]
pub struct Link {
    /// Its address. The `state` in it authorises whoever has it to complete the authorisation.
    pub url: Url,
    /// When it expires.
    pub expires_at: Timestamp,
    /// The address to which Taobao sends the browser.
    pub callback_url: Url,
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Link(***)")
    }
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
    /// The journal could not be read. Nothing was done.
    Unread(JournalError),
    /// The journal failed; the session may have been stored.
    Journal(JournalError),
    /// The gateway is stopping.
    Stopping,
}

/// How often, and after which pause, the store is accessed until it keeps a new session.
const STORE_TRIES: u32 = 30;
const STORE_AGAIN: Duration = Duration::from_secs(1);

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

    async fn revision(&self, account: &AccountName) -> Result<i64, NotAuthorised> {
        let stored = self.store().session(account).await;
        let stored = stored.map_err(NotAuthorised::Unread)?;
        Ok(stored.map_or(0, |row| row.revision))
    }

    /// Completes an authorisation with the parameters of Taobao's callback. Without a code, the user refused. A callback that
    /// is repeated after its authorisation succeeded succeeds again.
    ///
    /// # Errors
    /// [`NotAuthorised`].
    pub async fn complete(
        self: &Arc<Self>,
        state: &str,
        code: Option<SecretString>,
    ) -> Result<AccountStatus, NotAuthorised> {
        let begun = Begun::read(state, self.seal_keys()?).ok_or(NotAuthorised::BadState)?;
        if self.now().as_millisecond() >= begun.until_ms {
            return Err(NotAuthorised::BadState);
        }
        let given = code.as_ref().map_or("", |code| code.expose_secret());
        let key = self.store().hash_key();
        let callback = key.mac(&[b"callback", state.as_bytes(), given.as_bytes()]);
        let this = self.clone();
        self.detached(async move {
            let account = &begun.account;
            let _change = this.change(account).await.ok_or(NotAuthorised::UnknownAccount)?;
            let revision = this.revision(account).await?;
            if this.led_to_session(account, callback) {
                return this.status(account).ok_or(NotAuthorised::UnknownAccount);
            }
            if revision != begun.revision {
                return Err(NotAuthorised::BadState);
            }
            let operator = &begun.operator;
            tracing::info!(%account, operator, denied = code.is_none(), "Taobao sent the browser back");
            let code = code.ok_or(NotAuthorised::Denied)?;
            let status = this.redeem(account, &code).await?;
            if let Some(known) = this.known().get_mut(account) {
                known.callback = Some(callback);
            }
            Ok(status)
        })
        .await
    }

    /// Whether this callback led to the session in force.
    fn led_to_session(&self, account: &AccountName, callback: [u8; 32]) -> bool {
        let known = self.known();
        let known = known.get(account);
        known.is_some_and(|known| known.callback == Some(callback))
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
            let _change = this.change(&account).await;
            match entered {
                Entered::Code(code) => this.redeem(&account, &code).await,
                Entered::Session {
                    session,
                    expires_at,
                } => {
                    let tag = this.sessions().tag(&session);
                    if let Some(other) = this.owner_of(&account, &tag) {
                        return Err(NotAuthorised::UserTaken(other));
                    }
                    this.try_out(&session).await?;
                    let adopted = Adopted {
                        expires_at,
                        ..Adopted::of(Secret::of(&session))
                    };
                    this.adopt(&account, adopted).await?;
                    this.status(&account).ok_or(NotAuthorised::UnknownAccount)
                }
            }
        })
        .await
    }

    /// Exchanges a code for a session, and puts it in force.
    async fn redeem(
        &self,
        account: &AccountName,
        code: &SecretString,
    ) -> Result<AccountStatus, NotAuthorised> {
        let params = TokenCreate::params(code.expose_secret());
        let token = self.exchange::<TokenCreate>(params, code).await?;
        // TOP states who authorised. Without that, the session may be another user's.
        if token.user_id.is_none() {
            return Err(NotAuthorised::Unreadable);
        }
        self.adopt_token(account, token, None).await?;
        self.check_topics(account).await;
        self.status(account).ok_or(NotAuthorised::UnknownAccount)
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
        let before = self.refresh_token(account);
        let (_, before) = before.ok_or(NotAuthorised::NotRefreshable)?;
        let (this, account) = (self.clone(), account.clone());
        self.detached(async move {
            let _change = this.change(&account).await;
            let token = this.refresh_token(&account);
            let (token, revision) = token.ok_or(NotAuthorised::NotRefreshable)?;
            // Another change that was in progress has replaced the session.
            if revision != before {
                return this.status(&account).ok_or(NotAuthorised::UnknownAccount);
            }
            let params = TokenRefresh::params(token.expose_secret());
            let refreshed = match this.exchange::<TokenRefresh>(params, &token).await {
                Ok(refreshed) => refreshed,
                Err(why) => {
                    if let NotAuthorised::Refused(_) = &why {
                        this.forget_refresh_token(&account, revision);
                    }
                    return Err(why);
                }
            };
            this.adopt_token(&account, refreshed, Some(revision))
                .await?;
            this.status(&account).ok_or(NotAuthorised::UnknownAccount)
        })
        .await
    }

    /// TOP does not accept the refresh token any more.
    fn forget_refresh_token(&self, account: &AccountName, revision: i64) {
        let mut known = self.known();
        if let Some(known) = known.get_mut(account)
            && known.row.revision == revision
        {
            known.secret.refresh_token = None;
            known.row.refreshable_until = None;
        }
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
            Some(false) => Err(NotAuthorised::SessionRefused),
            None => Err(NotAuthorised::Call(
                Failure::of(Cause::UpstreamUnavailable)
                    .with_detail("The session could not be tried, so it was not stored."),
            )),
        }
    }

    /// `secret` is what TOP might repeat in its response.
    async fn exchange<M: PlatformMethod<Answer = TokenAnswer>>(
        &self,
        params: Vec<(String, String)>,
        secret: &SecretString,
    ) -> Result<Token, NotAuthorised> {
        let upstream = &self.operations.upstream;
        let error = match upstream.top.platform::<M>(params).await {
            Ok(answer) => {
                reach(Point::SessionIssued).await;
                return answer.token().ok_or(NotAuthorised::Unreadable);
            }
            Err(error) => error,
        };
        let mut failure = upstream.read_failure(M::NAME, &error);
        if let Some(answer) = &mut failure.upstream {
            let message = answer.message.take();
            answer.message = message.map(|text| text.replace(secret.expose_secret(), "***"));
        }
        Err(match (&error, failure.cause) {
            (CallError::Lost(_), _) => NotAuthorised::Lost(failure),
            (
                CallError::Refused(_),
                Cause::ArgumentRefused | Cause::Refused | Cause::SessionInvalid,
            ) => NotAuthorised::Refused(failure),
            (CallError::Refused(_) | CallError::NotSent(_), _) => NotAuthorised::Call(failure),
        })
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
                sealed: Some(sealed.map_err(no_randomness)?),
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
        self.put_in_force(row, secret, Origin::Authorization)
            .map_err(NotAuthorised::UserTaken)?;
        self.seen().entry(account).or_default().problem = None;
        self.operations.make_all_due().await;
        Ok(())
    }
}

fn no_randomness(error: SealError) -> NotAuthorised {
    NotAuthorised::Journal(JournalError::unavailable(error.to_string()))
}
