//! The sessions in force, and where they come from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use reqwest::Url;
use secrecy::SecretString;

use super::choose::{Choice, choose};
use super::secret::Secret;
use crate::domain::ids::AccountName;
use crate::domain::operation::SessionTag;
use crate::domain::session::{ESTIMATED_LIFE, ExpiryBasis, StoredSession, warning};
use crate::operations::service::Operations;
use crate::store::seal::SealKeys;
use crate::store::{JournalError, SavedSession, Store};
use crate::top::sessions::{Doubt, Refused, Sessions};

/// What the accounts are built from.
#[derive(Clone, Debug)]
pub struct AccountSettings {
    /// The accounts of the configuration.
    pub accounts: BTreeMap<AccountName, ConfiguredAccount>,
    /// The app key.
    pub app_key: String,
    /// Taobao's page on which a user authorises the app.
    pub authorize_url: Url,
    /// The callback address that is registered for the app.
    pub callback_url: Option<Url>,
    /// The keys that seal authorised sessions.
    pub seal_keys: Option<Arc<SealKeys>>,
    /// The topics that the gateway reads.
    pub topics: Vec<String>,
}

/// An account in the configuration.
#[derive(Clone, Debug)]
pub struct ConfiguredAccount {
    /// Its session at the start.
    pub session: Option<SecretString>,
    /// The file of its session, which may be replaced at any time.
    pub file: Option<PathBuf>,
    /// Its Taobao user, if stated.
    pub user_id: Option<i64>,
    /// The name of that user, if stated.
    pub nick: Option<SecretString>,
}

/// Where the session in force comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// From the configuration or the environment.
    Configuration,
    /// From the file that the configuration names.
    File,
    /// An operator authorised the account through the gateway.
    Authorization,
}

/// The session of an account, as far as it is not secret.
#[derive(Clone, Debug)]
pub struct SessionStatus {
    /// Where it comes from; none if there is none.
    pub origin: Option<Origin>,
    /// When it was authorised, or first seen.
    pub authorised_at: Option<Timestamp>,
    /// When it expires, and how that is known.
    pub expires: Option<(Timestamp, ExpiryBasis)>,
    /// Until when it can be refreshed.
    pub refreshable_until: Option<Timestamp>,
    /// Since when TOP refuses it.
    pub refused: Option<Refused>,
    /// What is wrong with its file. The previous session stays in force.
    pub file_problem: Option<String>,
    /// Whether it can be used.
    pub state: SessionState,
}

/// Whether a session can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionState {
    /// There is none.
    Missing,
    /// Nothing speaks against it.
    Valid,
    /// It expires within 14 days.
    Expiring,
    /// TOP refuses it.
    Invalid,
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

/// How often a change is tried if another change interferes.
pub(super) const TRIES: usize = 5;

/// What is known about the session in force.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) row: StoredSession,
    pub(super) secret: Secret,
    origin: Origin,
    /// The topics that the account lacked when they were read last.
    pub(super) missing_topics: Option<Vec<String>>,
    /// The last warning that was logged.
    pub(super) warned: Option<i64>,
    /// The steady time of the last call that tried a refused session, or tried to refresh it.
    pub(super) tried_at: Option<Duration>,
}

/// What was found in the configuration last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) configured: Option<SessionTag>,
    pub(super) file_problem: Option<String>,
}

/// The purchasing accounts.
#[derive(Debug)]
pub struct Accounts {
    pub(super) operations: Arc<Operations>,
    pub(super) settings: AccountSettings,
    known: Mutex<BTreeMap<AccountName, Known>>,
    seen: Mutex<BTreeMap<AccountName, Seen>>,
}

// === impl Accounts ===

impl Accounts {
    /// The accounts. Their sessions are put in force by [`Self::load`].
    #[must_use]
    pub fn new(operations: Arc<Operations>, settings: AccountSettings) -> Arc<Self> {
        for (account, configured) in &settings.accounts {
            if let Some(user_id) = configured.user_id {
                operations.upstream.sessions.identify(account, user_id);
            }
        }
        Arc::new(Self {
            operations,
            settings,
            known: Mutex::default(),
            seen: Mutex::default(),
        })
    }

    pub(super) fn store(&self) -> &dyn Store {
        self.operations.journal()
    }

    pub(super) fn sessions(&self) -> &Sessions {
        &self.operations.upstream.sessions
    }

    pub(super) fn now(&self) -> Timestamp {
        self.operations.clock.wall()
    }

    pub(super) fn known(&self) -> MutexGuard<'_, BTreeMap<AccountName, Known>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn seen(&self) -> MutexGuard<'_, BTreeMap<AccountName, Seen>> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts the sessions in force that the configuration and the store contain.
    ///
    /// # Errors
    /// When the store cannot be read or written.
    pub async fn load(&self) -> Result<(), JournalError> {
        for (account, configured) in &self.settings.accounts {
            self.take(account, configured.session.as_ref()).await?;
        }
        Ok(())
    }

    /// Puts the newer of the stored and the configured session in force.
    pub(super) async fn take(
        &self,
        account: &AccountName,
        configured: Option<&SecretString>,
    ) -> Result<(), JournalError> {
        let tag = configured.map(|key| self.sessions().tag(key));
        if let Some(tag) = &tag
            && let Some(other) = self.owner_of(account, tag)
        {
            tracing::error!(%account, %other, "the session of an account is the one of another account; it is not used");
            self.seen().entry(account.clone()).or_default().configured = Some(tag.clone());
            return Ok(());
        }
        for _ in 0..TRIES {
            let stored = self.store().session(account).await?;
            if self.belongs_to_another_user(account, stored.as_ref()) {
                break;
            }
            let choice = choose(stored.as_ref(), tag.as_ref());
            let (row, secret, origin) = match (choice, stored, configured, &tag) {
                (Choice::Stored, Some(row), _, _) => match self.opened(&row).await {
                    Some(secret) => (row, secret, Origin::Authorization),
                    None => break,
                },
                (Choice::Configured, Some(row), Some(key), _) => {
                    (row, Secret::of(key), self.origin(account))
                }
                (Choice::NewlyConfigured, stored, Some(key), Some(tag)) => {
                    let now = self.now();
                    let row = StoredSession {
                        account: account.clone(),
                        revision: stored.as_ref().map_or(0, |row| row.revision),
                        tag: tag.clone(),
                        sealed: None,
                        configured: Some(tag.clone()),
                        user_id: stored.and_then(|row| row.user_id),
                        authorised_at: now,
                        expires_at: estimated(now),
                        expiry: ExpiryBasis::Estimated,
                        refreshable_until: None,
                    };
                    match self.store().save_session(row.clone()).await? {
                        SavedSession::Done(revision) => {
                            let row = StoredSession { revision, ..row };
                            (row, Secret::of(key), self.origin(account))
                        }
                        SavedSession::Stale(_)
                        | SavedSession::UserTaken(_)
                        | SavedSession::UserMismatch(_) => continue,
                    }
                }
                (
                    Choice::None | Choice::Stored | Choice::Configured | Choice::NewlyConfigured,
                    ..,
                ) => {
                    tracing::warn!(%account, "an account is not authorised; see docs/operations.md, \"Sessions\"");
                    break;
                }
            };
            self.put_in_force(row, secret, origin);
            break;
        }
        self.seen().entry(account.clone()).or_default().configured = tag;
        Ok(())
    }

    fn origin(&self, account: &AccountName) -> Origin {
        let configured = self.settings.accounts.get(account);
        match configured.and_then(|account| account.file.as_ref()) {
            Some(_) => Origin::File,
            None => Origin::Configuration,
        }
    }

    /// Whether the configuration names another Taobao user than the one who authorised the account.
    fn belongs_to_another_user(
        &self,
        account: &AccountName,
        stored: Option<&StoredSession>,
    ) -> bool {
        let configured = self.settings.accounts.get(account).and_then(|a| a.user_id);
        let (Some(configured), Some(authorised)) = (configured, stored.and_then(|row| row.user_id))
        else {
            return false;
        };
        if configured != authorised {
            tracing::error!(
                %account, configured, authorised,
                "`user_id` of an account is not the Taobao user who authorised it; correct it, or use another name for \
                 another user. The account is not used"
            );
        }
        configured != authorised
    }

    /// The other account whose session in force has this tag.
    pub(super) fn owner_of(&self, account: &AccountName, tag: &SessionTag) -> Option<AccountName> {
        let known = self.known();
        let mut others = known.iter().filter(|(name, _)| *name != account);
        let owner = others.find(|(_, other)| other.row.tag == *tag);
        owner.map(|(name, _)| name.clone())
    }

    /// Opens a stored session. If the previous key opened it, it is sealed with the current one.
    async fn opened(&self, row: &StoredSession) -> Option<Secret> {
        let account = &row.account;
        let opened = match (&row.sealed, &self.settings.seal_keys) {
            (Some(sealed), Some(keys)) => {
                Secret::opened(sealed, keys, account).map_err(|error| error.to_string())
            }
            (Some(_), None) => Err("`store.seal_key` is not set".to_owned()),
            (None, _) => return None,
        };
        let (secret, by_previous) = opened
            .inspect_err(|why| {
                tracing::error!(%account, why, "the session of an account cannot be opened; authorise the account again");
            })
            .ok()?;
        if by_previous
            && let Some(keys) = &self.settings.seal_keys
            && let Ok(sealed) = secret.sealed(keys, account)
        {
            let row = StoredSession {
                sealed: Some(sealed),
                ..row.clone()
            };
            match self.store().save_session(row).await {
                Ok(SavedSession::Done(_)) => {
                    tracing::info!(%account, "the session of an account is sealed with the current key");
                }
                Ok(_) | Err(_) => {
                    tracing::warn!(%account, "the session of an account remains sealed with the previous key");
                }
            }
        }
        Some(secret)
    }

    /// Puts a session in force, unless a newer one is.
    pub(super) fn put_in_force(&self, row: StoredSession, secret: Secret, origin: Origin) {
        let account = row.account.clone();
        let mut known = self.known();
        if known
            .get(&account)
            .is_some_and(|known| known.row.revision >= row.revision)
        {
            return;
        }
        self.sessions().replace(&account, secret.session.clone());
        if let Some(user_id) = row.user_id {
            self.sessions().identify(&account, user_id);
        }
        tracing::info!(
            %account, origin = ?origin, expires_at = %row.expires_at, expiry = row.expiry.as_str(),
            "a session is in force"
        );
        let new = Known {
            row,
            secret,
            origin,
            missing_topics: None,
            warned: None,
            tried_at: None,
        };
        known.insert(account, new);
    }

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
        let refused = match self.sessions().in_force(account).map(|s| s.doubt()) {
            Some(Doubt::Refused(refused)) => Some(refused),
            Some(Doubt::None | Doubt::Suspected(_)) | None => None,
        };
        let file_problem = self.seen().get(account)?.file_problem.clone();
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
                refused,
                file_problem,
                state: match row {
                    None => SessionState::Missing,
                    Some(_) if refused.is_some() => SessionState::Invalid,
                    Some(row) if warning(self.now(), row.expires_at).is_some() => {
                        SessionState::Expiring
                    }
                    Some(_) => SessionState::Valid,
                },
            },
        })
    }
}

impl Secret {
    /// A session without anything else.
    pub(super) fn of(session: &SecretString) -> Self {
        Self {
            session: session.clone(),
            refresh_token: None,
            nick: None,
        }
    }
}

pub(super) fn estimated(now: Timestamp) -> Timestamp {
    now.checked_add(ESTIMATED_LIFE).unwrap_or(Timestamp::MAX)
}
