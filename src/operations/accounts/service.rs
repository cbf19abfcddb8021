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
use crate::domain::session::{ExpiryBasis, SessionOrigin, StoredSession, estimated};
use crate::operations::service::Operations;
use crate::store::seal::SealKeys;
use crate::store::{Fault, JournalError, SavedSession, Store};
use crate::top::sessions::{Refused, Sessions};

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

/// How often a change is tried if another change interferes.
pub(super) const TRIES: usize = 5;

/// What is known about the session in force.
#[derive(Debug)]
pub(super) struct Known {
    pub(super) row: StoredSession,
    pub(super) secret: Secret,
    pub(super) origin: SessionOrigin,
    /// The topics that the account lacked when they were read last.
    pub(super) missing_topics: Option<Vec<String>>,
    /// The last warning that was logged.
    pub(super) warned: Option<i64>,
    /// The refusal that was published last.
    pub(super) announced: Option<Refused>,
    /// Identifies the callback that led to it.
    pub(super) callback: Option<[u8; 32]>,
    /// Whether the last refresh failed.
    pub(super) has_failed_to_refresh: bool,
    /// The steady time of the last call that tried a refused session, or tried to refresh it.
    pub(super) tried_at: Option<Duration>,
}

/// What was found in the configuration last.
#[derive(Debug, Default)]
pub(super) struct Seen {
    pub(super) configured: Option<SessionTag>,
    /// What was wrong when it was put in force.
    pub(super) problem: Option<String>,
    /// What is wrong with the file now.
    pub(super) file_problem: Option<String>,
    /// The session in the file that TOP refused, and the steady time of that.
    pub(super) refused: Option<(SessionTag, Duration)>,
}

/// The purchasing accounts.
#[derive(Debug)]
pub struct Accounts {
    pub(super) operations: Arc<Operations>,
    pub(super) settings: AccountSettings,
    known: Mutex<BTreeMap<AccountName, Known>>,
    seen: Mutex<BTreeMap<AccountName, Seen>>,
    /// Held while a session is changed.
    changing: BTreeMap<AccountName, tokio::sync::Mutex<()>>,
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
        let names = settings.accounts.keys();
        Arc::new(Self {
            changing: names
                .map(|name| (name.clone(), tokio::sync::Mutex::default()))
                .collect(),
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

    /// Waits until no other change of the account's session is in progress: two changes would each undo a part of the other.
    pub(super) async fn change(
        &self,
        account: &AccountName,
    ) -> Option<tokio::sync::MutexGuard<'_, ()>> {
        Some(self.changing.get(account)?.lock().await)
    }

    /// Puts the sessions in force that the configuration and the store contain.
    ///
    /// # Errors
    /// When the journal is damaged or closed.
    pub async fn load(&self) -> Result<(), JournalError> {
        let rows = self.store().sessions().await.unwrap_or_else(|error| {
            tracing::error!(%error, "the stored sessions cannot be read; each is tried by itself");
            Vec::new()
        });
        let mut authorised = Vec::new();
        for row in rows {
            if let Some(user_id) = row.user_id
                && self.configured_user(&row.account).is_none()
            {
                self.sessions().identify(&row.account, user_id);
            }
            if row.sealed.is_some() {
                authorised.push(row.account);
            }
        }
        // An authorised session is not taken from its account by another one whose configuration contains it.
        let mut accounts: Vec<_> = self.settings.accounts.iter().collect();
        accounts.sort_by_key(|(account, _)| !authorised.contains(account));
        for (account, configured) in accounts {
            let problem = match self.take(account, configured.session.as_ref()).await {
                Ok(problem) => problem,
                Err(error) if error.fault == Fault::Unavailable => {
                    Some(format!("its stored session cannot be read: {error}"))
                }
                Err(error) => return Err(error),
            };
            if let Some(problem) = &problem {
                tracing::error!(%account, problem, "the session of an account cannot be used");
            }
            self.remember(account, configured.session.as_ref(), problem);
        }
        Ok(())
    }

    /// Puts the newer of the stored and the configured session in force. Returns what is wrong, if anything.
    pub(super) async fn take(
        &self,
        account: &AccountName,
        configured: Option<&SecretString>,
    ) -> Result<Option<String>, JournalError> {
        let tag = configured.map(|key| self.sessions().tag(key));
        for _ in 0..TRIES {
            let stored = self.store().session(account).await?;
            if let Some(problem) = self.user_problem(account, stored.as_ref()) {
                return Ok(Some(problem));
            }
            let (row, secret, origin) = match choose(stored, tag.clone().zip(configured)) {
                Choice::None => {
                    tracing::warn!(%account, "an account is not authorised; see docs/operations.md, \"Sessions\"");
                    return Ok(None);
                }
                Choice::Stored(mut row) => match self.opened(&mut row).await {
                    Ok(secret) => (row, secret, SessionOrigin::Authorization),
                    // The configured session was replaced for a reason, so it is not used instead.
                    Err(why) => {
                        return Ok(Some(format!("its stored session cannot be opened: {why}")));
                    }
                },
                Choice::Configured(row, key) => (row, Secret::of(key), self.origin(account)),
                Choice::NewlyConfigured(stored, tag, key) => {
                    let now = self.now();
                    if let Some(other) = self.owner_of(account, &tag) {
                        return Ok(Some(same_as(&other)));
                    }
                    let row = StoredSession {
                        account: account.clone(),
                        revision: stored.as_ref().map_or(0, |row| row.revision),
                        tag: tag.clone(),
                        sealed: None,
                        configured: Some(tag),
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
            };
            let other = self.put_in_force(row, secret, origin).err();
            return Ok(other.as_ref().map(same_as));
        }
        Ok(Some(
            "its session was changed by others at the same time".to_owned(),
        ))
    }

    /// Remembers the configured session that was taken, and what is wrong with it.
    pub(super) fn remember(
        &self,
        account: &AccountName,
        configured: Option<&SecretString>,
        problem: Option<String>,
    ) {
        let mut seen = self.seen();
        let seen = seen.entry(account.clone()).or_default();
        seen.configured = configured.map(|key| self.sessions().tag(key));
        seen.problem = problem;
    }

    fn origin(&self, account: &AccountName) -> SessionOrigin {
        let configured = self.settings.accounts.get(account);
        match configured.and_then(|account| account.file.as_ref()) {
            Some(_) => SessionOrigin::File,
            None => SessionOrigin::Configuration,
        }
    }

    /// The Taobao user that the configuration states for an account.
    pub(super) fn configured_user(&self, account: &AccountName) -> Option<i64> {
        self.settings.accounts.get(account)?.user_id
    }

    /// The other account to which a Taobao user belongs.
    pub(super) fn account_of(&self, user_id: i64, except: &AccountName) -> Option<AccountName> {
        let users = self.sessions().users().into_iter();
        let mut others = users.filter(|(account, _)| account != except);
        let owner = others.find(|(_, user)| *user == Some(user_id));
        owner.map(|(account, _)| account)
    }

    /// What is wrong with the Taobao user of an account, if anything.
    fn user_problem(
        &self,
        account: &AccountName,
        stored: Option<&StoredSession>,
    ) -> Option<String> {
        let configured = self.configured_user(account);
        let authorised = stored.and_then(|row| row.user_id);
        if let (Some(configured), Some(authorised)) = (configured, authorised)
            && configured != authorised
        {
            return Some(format!(
                "its `user_id` is {configured}, but the Taobao user {authorised} authorised it; correct `user_id`, or use \
                 another name for another user"
            ));
        }
        if authorised.is_some() {
            return None;
        }
        let other = self.account_of(configured?, account)?;
        Some(format!(
            "its Taobao user belongs to the account `{other}`; two names for one user could pay an order twice"
        ))
    }

    /// The other account whose session in force has this tag.
    pub(super) fn owner_of(&self, account: &AccountName, tag: &SessionTag) -> Option<AccountName> {
        let known = self.known();
        let mut others = known.iter().filter(|(name, _)| *name != account);
        let owner = others.find(|(_, other)| other.row.tag == *tag);
        owner.map(|(name, _)| name.clone())
    }

    /// Opens a stored session. If the previous key opened it, it is sealed with the current one.
    async fn opened(&self, row: &mut StoredSession) -> Result<Secret, String> {
        let account = row.account.clone();
        let (secret, by_previous) = match (&row.sealed, &self.settings.seal_keys) {
            (Some(sealed), Some(keys)) => {
                Secret::opened(sealed, keys, &account).map_err(|error| error.to_string())?
            }
            (Some(_) | None, _) => return Err("`store.seal_key` is not set".to_owned()),
        };
        if by_previous
            && let Some(keys) = &self.settings.seal_keys
            && let Ok(sealed) = secret.sealed(keys, &account)
        {
            row.sealed = Some(sealed);
            match self.store().save_session(row.clone()).await {
                Ok(SavedSession::Done(revision)) => {
                    row.revision = revision;
                    tracing::info!(%account, "the session of an account is sealed with the current key");
                }
                Ok(_) | Err(_) => {
                    tracing::warn!(%account, "the session of an account remains sealed with the previous key");
                }
            }
        }
        Ok(secret)
    }

    /// Puts a session in force, unless a newer one is.
    ///
    /// # Errors
    /// The other account for which the same session is in force.
    pub(super) fn put_in_force(
        &self,
        row: StoredSession,
        secret: Secret,
        origin: SessionOrigin,
    ) -> Result<(), AccountName> {
        let account = row.account.clone();
        let mut known = self.known();
        let mut others = known.iter().filter(|(name, _)| **name != account);
        if let Some((other, _)) = others.find(|(_, other)| other.row.tag == row.tag) {
            return Err(other.clone());
        }
        if known
            .get(&account)
            .is_some_and(|known| known.row.revision >= row.revision)
        {
            return Ok(());
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
            announced: None,
            callback: None,
            has_failed_to_refresh: false,
            tried_at: None,
        };
        known.insert(account, new);
        Ok(())
    }
}

fn same_as(other: &AccountName) -> String {
    format!(
        "its session is the one of the account `{other}`; two names for one user could pay an order twice"
    )
}
