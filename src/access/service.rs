//! What operators do with API keys.

use std::collections::HashMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::{Mutex, watch};
use tokio::time::{MissedTickBehavior, interval};
use tokio_util::sync::CancellationToken;

use super::keys::Keys;
pub use super::token::NoRandomness;
use super::token::generate;
use crate::clock::SharedClock;
use crate::domain::access::Rights;
use crate::domain::api_key::{ApiKey, KeyDigest, KeySecret, RotateError, Rotation};
use crate::domain::ids::{AccountName, CallerName, KeyId};
use crate::domain::sealed::NewSecret;
use crate::domain::violation::Violation;
use crate::store::{JournalError, SavedApiKey, Store};

/// How often the stored keys are read again, and the last uses are stored.
const EVERY: Duration = Duration::from_secs(10);
/// The maximum length of a description, in characters.
const LONGEST_DESCRIPTION: usize = 200;

/// See the module documentation.
#[derive(Debug)]
pub struct KeyService {
    keys: Arc<Keys>,
    store: Arc<dyn Store>,
    clock: SharedClock,
    /// Told when keys have changed.
    changed: watch::Sender<()>,
    /// Held from a change in the store until it is in force, so that changes come into force in their order.
    changing: Mutex<()>,
    /// The last uses that are stored.
    recorded: StdMutex<HashMap<KeyDigest, Timestamp>>,
}

/// What an operator sets of a key.
#[derive(Clone, Debug)]
pub struct KeySettings {
    /// What it is for.
    pub description: Option<String>,
    /// What the caller may do.
    pub rights: Rights,
    /// When it ends by itself.
    pub expires_at: Option<Timestamp>,
}

impl KeySettings {
    /// What is wrong with the settings, given the purchasing accounts of the gateway. What a change leaves as it was before is not
    /// checked again: an account may have been removed from the configuration, and the key may have expired.
    #[must_use]
    pub fn violations(
        &self,
        before: Option<&ApiKey>,
        has_account: impl Fn(&AccountName) -> bool,
        now: Timestamp,
    ) -> Vec<Violation> {
        const UNKNOWN: (&str, &str) = (
            "unknown_account",
            "is not the name of a purchasing account of this gateway",
        );
        let rights = &self.rights;
        let earlier = before.map(|key| &key.rights);
        let is_new = |name: &AccountName| {
            let listed = earlier.and_then(|rights| rights.accounts.as_ref());
            !listed.is_some_and(|names| names.contains(name))
        };
        let mut found = Vec::new();
        if let Some(text) = &self.description
            && let Err(message) = description(text)
        {
            found.push(Violation::new("/description", "invalid", message));
        }
        if rights.scopes.is_empty() {
            let message = "must contain a scope, such as \"search\"";
            found.push(Violation::new("/scopes", "empty", message));
        }
        if rights
            .accounts
            .as_ref()
            .is_some_and(|names| names.is_empty())
        {
            let message = "must contain an account; leave it out for all accounts";
            found.push(Violation::new("/accounts", "empty", message));
        }
        let named = rights.accounts.iter().flat_map(|names| names.iter());
        if named.clone().any(|name| is_new(name) && !has_account(name)) {
            let message = "contains a name that no purchasing account of this gateway has";
            found.push(Violation::new("/accounts", UNKNOWN.0, message));
        }
        if let Some(default) = &rights.default_account {
            let is_new =
                earlier.is_none_or(|rights| rights.default_account.as_ref() != Some(default));
            if is_new && !has_account(default) {
                found.push(Violation::new("/default_account", UNKNOWN.0, UNKNOWN.1));
            } else if !rights.may_use(default) {
                let message = "is not one of `accounts`";
                found.push(Violation::new("/default_account", "not_allowed", message));
            }
        }
        let is_new = before.is_none_or(|key| key.expires_at != self.expires_at);
        if is_new && self.expires_at.is_some_and(|at| at <= now) {
            let message = "is in the past; revoke the key to end it now";
            found.push(Violation::new("/expires_at", "in_the_past", message));
        }
        found
    }
}

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such key.
    #[error("there is no such key")]
    NotFound,
    /// The caller has another active key.
    #[error("the caller has the active key {0}")]
    Exists(KeyId),
    /// There are as many keys as allowed.
    #[error("there are {} keys", crate::store::MOST_API_KEYS)]
    TooMany,
    /// The key was revoked.
    #[error("the key was revoked")]
    Revoked,
    /// No secret was added.
    #[error(transparent)]
    NotRotated(RotateError),
    /// The key has this version, not the one that was named.
    #[error("the version is {0}")]
    VersionMismatch(i64),
    /// See [`NoRandomness`].
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
    /// The store could not be read.
    #[error(transparent)]
    Journal(JournalError),
    /// The store did not acknowledge a change.
    #[error(transparent)]
    Unacknowledged(JournalError),
}

// === impl KeyService ===

impl KeyService {
    /// The keys of this store, which are then in force.
    ///
    /// # Errors
    /// When they cannot be read.
    pub async fn load(
        keys: Arc<Keys>,
        store: Arc<dyn Store>,
        clock: SharedClock,
        changed: watch::Sender<()>,
    ) -> Result<Self, JournalError> {
        let service = Self {
            keys,
            store,
            clock,
            changed,
            changing: Mutex::default(),
            recorded: StdMutex::default(),
        };
        service.read().await?;
        if service.keys.is_empty() {
            tracing::warn!(
                "there is no API key, so every request is refused; stop the gateway and create one: \
                 fliggy-gateway keys create NAME --scopes operator"
            );
        }
        Ok(service)
    }

    /// The keys in force.
    #[must_use]
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// All stored keys, oldest first, with the last uses that this process knows.
    #[must_use]
    pub fn list(&self) -> Vec<ApiKey> {
        let stored = self.keys.stored();
        stored.keys.values().map(|key| stored.shown(key)).collect()
    }

    /// One stored key.
    ///
    /// # Errors
    /// [`Refused::NotFound`].
    pub fn get(&self, id: KeyId) -> Result<ApiKey, Refused> {
        let stored = self.keys.stored();
        let key = stored.keys.get(&id).ok_or(Refused::NotFound)?;
        Ok(stored.shown(key))
    }

    /// Creates a key of a caller.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn create(
        self: &Arc<Self>,
        caller: CallerName,
        settings: KeySettings,
        created_by: &str,
    ) -> Result<(ApiKey, NewSecret), Refused> {
        let now = self.clock.wall();
        let id = KeyId::new(&*self.clock);
        let (text, digest) = generate(id)?;
        let mut key = ApiKey {
            id,
            revision: 0,
            caller,
            description: settings.description,
            rights: settings.rights,
            secrets: Vec::new(),
            created_at: now,
            created_by: created_by.to_owned(),
            expires_at: settings.expires_at,
            revoked_at: None,
        };
        key.secrets.push(KeySecret {
            digest,
            created_at: now,
            expires_at: None,
            last_used_at: None,
        });
        let this = Arc::clone(self);
        let created = to_the_end(async move {
            let _changing = this.changing.lock().await;
            this.save(key).await
        });
        Ok((created.await?, NewSecret::new(text)))
    }

    /// Replaces the settings of a key that has this version.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn update(
        self: &Arc<Self>,
        id: KeyId,
        version: i64,
        settings: KeySettings,
    ) -> Result<ApiKey, Refused> {
        self.change(id, move |key| {
            if key.revision != version {
                return Err(Refused::VersionMismatch(key.revision));
            }
            if key.revoked_at.is_some() {
                return Err(Refused::Revoked);
            }
            key.description.clone_from(&settings.description);
            key.rights = settings.rights.clone();
            key.expires_at = settings.expires_at;
            Ok(())
        })
        .await
    }

    /// Adds a secret. The present one ends after the overlap.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn rotate(
        self: &Arc<Self>,
        id: KeyId,
        rotation: Rotation,
    ) -> Result<(ApiKey, NewSecret), Refused> {
        let now = self.clock.wall();
        let (text, digest) = generate(id)?;
        let key = self
            .change(id, move |key| {
                key.rotate(digest, rotation, now)
                    .map_err(Refused::NotRotated)
            })
            .await?;
        Ok((key, NewSecret::new(text)))
    }

    /// Revokes a key, which is final. A key that was revoked before stays as it is.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn revoke(self: &Arc<Self>, id: KeyId) -> Result<ApiKey, Refused> {
        let now = self.clock.wall();
        self.change(id, move |key| {
            key.revoke(now);
            Ok(())
        })
        .await
    }

    async fn change(
        self: &Arc<Self>,
        id: KeyId,
        change: impl Fn(&mut ApiKey) -> Result<(), Refused> + Send + 'static,
    ) -> Result<ApiKey, Refused> {
        let this = Arc::clone(self);
        let changed = to_the_end(async move {
            let _changing = this.changing.lock().await;
            loop {
                let before = this.get(id)?;
                let mut key = before.clone();
                change(&mut key)?;
                if key == before {
                    return Ok(before);
                }
                match this.save(key).await {
                    // It was changed in the store only.
                    Err(Refused::VersionMismatch(_)) => {
                        this.read().await.map_err(Refused::Journal)?;
                    }
                    saved => return saved,
                }
            }
        });
        changed.await
    }

    /// Stores a key and puts it in force.
    async fn save(&self, mut key: ApiKey) -> Result<ApiKey, Refused> {
        let now = self.clock.wall();
        let saved = match self.store.save_api_key(key.clone(), now).await {
            Ok(saved) => saved,
            Err(error) => {
                // What was stored is in force, whatever the caller is told.
                if let Err(error) = self.read().await {
                    tracing::error!(%error, "after a change without an acknowledgement, the API keys were not read");
                }
                return Err(Refused::Unacknowledged(error));
            }
        };
        match saved {
            SavedApiKey::Done(revision) => key.revision = revision,
            SavedApiKey::Stale(Some(stored)) => {
                return Err(Refused::VersionMismatch(stored.revision));
            }
            SavedApiKey::Stale(None) => return Err(Refused::NotFound),
            SavedApiKey::Exists(other) => return Err(Refused::Exists(other)),
            SavedApiKey::TooMany => return Err(Refused::TooMany),
        }
        let mut keys = self.keys.stored().keys.clone();
        keys.insert(key.id, Arc::new(key.clone()));
        self.keys.set(keys.into_values());
        self.changed.send_replace(());
        Ok(key)
    }

    /// Reads the stored keys and puts them in force. Changes of this process must not be in progress.
    async fn read(&self) -> Result<(), JournalError> {
        let keys = self.store.api_keys().await?;
        let stored = self.keys.stored();
        let is_same = keys.len() == stored.keys.len()
            && keys.iter().all(|key| {
                let known = stored.keys.get(&key.id);
                known.is_some_and(|known| known.revision == key.revision)
            });
        if is_same {
            return Ok(());
        }
        self.keys.set(keys.into_iter().map(Arc::new));
        self.changed.send_replace(());
        Ok(())
    }

    /// Puts in force what was changed in the store only, and stores the last uses, until the process stops.
    pub async fn keep(self: Arc<Self>, stopping: CancellationToken) {
        let mut ticks = interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                () = stopping.cancelled() => break,
                _ = ticks.tick() => {}
            }
            let _changing = self.changing.lock().await;
            if let Err(error) = self.read().await {
                tracing::error!(%error, "the API keys were not read again; those that were read before stay in force");
            }
            self.record().await;
        }
        self.record().await;
    }

    /// Stores the last uses that are not stored yet.
    async fn record(&self) {
        let stored = self.keys.stored();
        let used = stored.used.iter();
        let used: Vec<_> = {
            let mut recorded = self.recorded();
            recorded.retain(|digest, _| stored.used.contains_key(digest));
            used.filter_map(|(digest, used)| Some((*digest, used.at()?)))
                .filter(|(digest, at)| recorded.get(digest).is_none_or(|last| last < at))
                .collect()
        };
        if used.is_empty() {
            return;
        }
        match self.store.mark_used(used.clone()).await {
            Ok(()) => self.recorded().extend(used),
            Err(error) => tracing::warn!(%error, "the last uses of API keys were not stored"),
        }
    }

    fn recorded(&self) -> std::sync::MutexGuard<'_, HashMap<KeyDigest, Timestamp>> {
        self.recorded.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Awaits a change that goes on if nobody waits for it any more: what is stored must come into force, and the lock must not be
/// released between the two.
async fn to_the_end<T: Send + 'static>(
    change: impl Future<Output = Result<T, Refused>> + Send + 'static,
) -> Result<T, Refused> {
    match tokio::spawn(change).await {
        Ok(changed) => changed,
        Err(error) => Err(Refused::Unacknowledged(JournalError::unavailable(
            error.to_string(),
        ))),
    }
}

/// Checks what a key is for: a line of text.
fn description(text: &str) -> Result<(), String> {
    let count = text.chars().count();
    if count == 0 || count > LONGEST_DESCRIPTION {
        return Err(format!("must have 1 to {LONGEST_DESCRIPTION} characters"));
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters".to_owned());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::{Scope, Scopes};

    #[test]
    fn every_violation_of_the_settings_is_named() {
        let now = Timestamp::from_second(1_000).unwrap();
        let account = |name: &str| name.parse::<AccountName>().unwrap();
        let accounts =
            |names: &[&str]| Some(Arc::new(names.iter().map(|name| account(name)).collect()));
        let settings = |scopes: &[Scope], names, default: Option<&str>, expires_at| KeySettings {
            description: None,
            rights: Rights {
                scopes: Scopes::of(scopes),
                accounts: names,
                default_account: default.map(account),
            },
            expires_at,
        };
        let later = now.checked_add(Duration::from_secs(1)).ok();
        let known = ["one", "two"].map(account);
        for (settings, expected) in [
            (settings(&[Scope::Pay], None, None, None), &[][..]),
            (
                settings(&[Scope::Pay], accounts(&["one"]), Some("one"), later),
                &[],
            ),
            (settings(&[], None, Some("two"), None), &["/scopes"]),
            (
                settings(&[Scope::Pay], accounts(&[]), None, None),
                &["/accounts"],
            ),
            (
                settings(&[], accounts(&["one", "three"]), Some("two"), Some(now)),
                &["/scopes", "/accounts", "/default_account", "/expires_at"],
            ),
            (
                settings(&[Scope::Pay], None, Some("three"), None),
                &["/default_account"],
            ),
        ] {
            let found = settings.violations(None, |name| known.contains(name), now);
            let pointers: Vec<_> = found.iter().map(|v| v.pointer.as_str()).collect();
            assert_eq!(pointers, expected, "{settings:?}");
        }
    }

    #[test]
    fn what_a_change_leaves_as_it_was_is_not_checked_again() {
        let now = Timestamp::from_second(1_000).unwrap();
        let account = |name: &str| name.parse::<AccountName>().unwrap();
        let mut settings = KeySettings {
            description: Some("Team travel".to_owned()),
            rights: Rights {
                scopes: Scopes::of(&[Scope::Pay]),
                accounts: Some(Arc::new([account("one"), account("removed")].into())),
                default_account: Some(account("removed")),
            },
            expires_at: Some(now),
        };
        let before = ApiKey {
            rights: settings.rights.clone(),
            expires_at: settings.expires_at,
            ..ApiKey::sample()
        };
        let found = |settings: &KeySettings| {
            let known = |name: &AccountName| name.as_str() == "one";
            settings.violations(Some(&before), known, now).len()
        };
        assert_eq!(found(&settings), 0);
        settings.expires_at = now.checked_sub(Duration::from_secs(1)).ok();
        assert_eq!(found(&settings), 1);
        settings.rights.default_account = Some(account("other"));
        assert_eq!(found(&settings), 2);
    }

    #[test]
    fn a_description_is_one_line() {
        for (text, is_valid) in [
            ("", false),
            ("Team travel 差旅", true),
            ("two\nlines", false),
            ("\u{1b}[31m", false),
            (&"旅".repeat(200), true),
            (&"旅".repeat(201), false),
        ] {
            assert_eq!(description(text).is_ok(), is_valid, "{text:?}");
        }
    }
}
