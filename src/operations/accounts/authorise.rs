//! Authorising an account: the link for a browser, the exchange of the code, sessions that an operator enters, and refreshing.

use std::fmt;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use reqwest::Url;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::{Deserialize, Deserializer, Error as _};

use super::adopt::Adopted;
use super::not_authorised::NotAuthorised;
use super::secret::Secret;
use super::service::{Accounts, ConfiguredAccount};
use super::state::Begun;
use super::status::AccountStatus;
use crate::domain::ids::AccountName;
use crate::domain::operation::{Cause, Failure};
use crate::kill_point::{Point, reach};
use crate::store::seal::SealKeys;
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

/// How long a link can be used. A code is valid for 30 minutes.
const LINK_LIFE: SignedDuration = SignedDuration::from_mins(30);

// === impl Accounts ===

impl Accounts {
    pub(super) fn configured(
        &self,
        account: &AccountName,
    ) -> Result<&ConfiguredAccount, NotAuthorised> {
        let configured = self.settings.accounts.get(account);
        configured.ok_or(NotAuthorised::UnknownAccount)
    }

    fn shown(&self, account: &AccountName) -> Result<AccountStatus, NotAuthorised> {
        self.status(account).ok_or(NotAuthorised::UnknownAccount)
    }

    pub(super) fn seal_keys(&self) -> Result<&Arc<SealKeys>, NotAuthorised> {
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
        let state = begun.state(keys)?;
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
                return this.shown(account);
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
                    let mut adopted = Adopted::of(Secret::of(&session));
                    adopted.expires_at = expires_at;
                    this.adopt(&account, adopted).await?;
                    this.shown(&account)
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
        self.shown(account)
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
                return this.shown(&account);
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
            this.shown(&account)
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
        let is_refused = matches!(
            failure.cause,
            Cause::ArgumentRefused | Cause::Refused | Cause::SessionInvalid | Cause::SessionMissing
        );
        Err(match error {
            CallError::Refused(_) if is_refused => NotAuthorised::Refused(failure),
            _ => NotAuthorised::of_change(&error, failure),
        })
    }
}
