//! The API keys, in the form that requests are checked against.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::Timestamp;
use tokio::sync::watch;

use super::{Caller, Credential, token};
use crate::clock::SharedClock;
use crate::config::{AuthMode, Config, Key};
use crate::domain::access::{Rights, Scope};
use crate::domain::api_key::{ApiKey, KeyDigest, KeyState};
use crate::domain::ids::KeyId;

/// Keys of the configuration are found by the beginning of their digest, and stored keys by their id. How long that takes reveals
/// nothing about a secret. The digest is compared in constant time.
type Prefix = [u8; 8];

/// Why a request has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// There is no such key.
    Unknown,
    /// The key was valid, and has expired.
    Expired(Timestamp),
    /// The key was valid, and was revoked.
    Revoked(Timestamp),
    /// The secret was valid, and another one has replaced it.
    Replaced(Timestamp),
    /// The caller may do something else than when its request began.
    Changed,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Keys {
    /// The caller of every request if no keys are required.
    local: Option<Caller>,
    configured: HashMap<Prefix, Configured>,
    stored: watch::Sender<Arc<Stored>>,
    clock: SharedClock,
}

/// A key of the configuration.
#[derive(Debug)]
struct Configured {
    digest: KeyDigest,
    caller: Caller,
    used: Used,
}

/// A snapshot of the stored keys.
#[derive(Debug, Default)]
pub(super) struct Stored {
    pub(super) keys: BTreeMap<KeyId, Arc<ApiKey>>,
    /// When each secret was last used.
    pub(super) used: HashMap<KeyDigest, Arc<Used>>,
}

/// When a secret was last used, in ms; 0 if never.
#[derive(Debug, Default)]
pub(super) struct Used(AtomicI64);

/// A key of the configuration, as operators see it.
#[derive(Clone, Debug)]
pub struct ConfiguredKey {
    /// The caller.
    pub caller: Arc<str>,
    /// What it may do.
    pub rights: Rights,
    /// When this process last saw it.
    pub last_used_at: Option<Timestamp>,
}

// === impl Used ===

impl Used {
    fn mark(&self, now: Timestamp) {
        self.0.fetch_max(now.as_millisecond(), Ordering::Relaxed);
    }

    pub(super) fn at(&self) -> Option<Timestamp> {
        let at = self.0.load(Ordering::Relaxed);
        (at > 0)
            .then(|| Timestamp::from_millisecond(at).ok())
            .flatten()
    }
}

// === impl Stored ===

impl Stored {
    /// The key with the last uses that this process knows.
    pub(super) fn shown(&self, key: &ApiKey) -> ApiKey {
        let mut key = key.clone();
        for secret in &mut key.secrets {
            let used = self.used.get(&secret.digest);
            secret.last_used_at = used.and_then(|used| used.at());
        }
        key
    }
}

// === impl Keys ===

impl Keys {
    /// The keys of the configuration.
    #[must_use]
    pub fn new(config: &Config, clock: SharedClock) -> Self {
        let keys = config.auth.keys.iter();
        let configured = keys.map(|(name, key)| {
            let configured = Configured {
                digest: KeyDigest(key.digest),
                caller: caller(name, key),
                used: Used::default(),
            };
            (prefix(&configured.digest), configured)
        });
        Self {
            local: (config.auth.mode == AuthMode::None).then(Caller::local),
            configured: configured.collect(),
            stored: watch::Sender::default(),
            clock,
        }
    }

    /// Whether no request can have a caller, because there is no key.
    pub(super) fn is_empty(&self) -> bool {
        let now = self.clock.wall();
        let stored = self.stored();
        let mut stored = stored.keys.values();
        let has_stored = stored.any(|key| key.state(now) == KeyState::Active);
        self.local.is_none() && self.configured.is_empty() && !has_stored
    }

    /// The caller that presents this key.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn caller(&self, presented: Option<&[u8]>) -> Result<Caller, Denied> {
        if let Some(local) = &self.local {
            return Ok(local.clone());
        }
        let presented = presented.ok_or(Denied::Unknown)?;
        let digest = KeyDigest::of(presented);
        let id = token::id(presented);
        self.find(Credential { id, digest })
    }

    /// Checks that the caller may still do what it could when it was found.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn check(&self, caller: &Caller) -> Result<(), Denied> {
        let Some(credential) = caller.credential else {
            return Ok(());
        };
        let found = self.find(credential)?;
        if found.rights == caller.rights {
            Ok(())
        } else {
            Err(Denied::Changed)
        }
    }

    /// Waits until a change of the keys ends what the caller may do. Does not notice that a key expires.
    pub async fn denied(&self, caller: &Caller) -> Denied {
        let mut changes = self.stored.subscribe();
        loop {
            if let Err(denied) = self.check(caller) {
                return denied;
            }
            if changes.changed().await.is_err() {
                // Never: the sender lives as long as this value.
                return Denied::Unknown;
            }
        }
    }

    fn find(&self, presented: Credential) -> Result<Caller, Denied> {
        let now = self.clock.wall();
        let stored = self.stored();
        let Some(key) = presented.id.and_then(|id| stored.keys.get(&id)) else {
            return self.find_configured(presented, now);
        };
        let mut secrets = key.secrets.iter();
        let secret = secrets.find(|secret| secret.digest.is(&presented.digest));
        let secret = secret.ok_or(Denied::Unknown)?;
        if let Some(at) = key.revoked_at {
            return Err(Denied::Revoked(at));
        }
        if let (KeyState::Expired, Some(at)) = (key.state(now), key.expires_at) {
            return Err(Denied::Expired(at));
        }
        if let (false, Some(at)) = (secret.is_live(now), secret.expires_at) {
            return Err(Denied::Replaced(at));
        }
        if let Some(used) = stored.used.get(&secret.digest) {
            used.mark(now);
        }
        Ok(Caller {
            name: key.caller.as_str().into(),
            rights: key.rights.clone(),
            credential: Some(presented),
        })
    }

    fn find_configured(&self, presented: Credential, now: Timestamp) -> Result<Caller, Denied> {
        let found = self.configured.get(&prefix(&presented.digest));
        let found = found.filter(|configured| configured.digest.is(&presented.digest));
        let configured = found.ok_or(Denied::Unknown)?;
        configured.used.mark(now);
        Ok(configured.caller.clone())
    }

    /// Whether there is a caller of this name that may get events, and whether it is an operator.
    #[must_use]
    pub fn recipient(&self, name: &str) -> Option<bool> {
        let now = self.clock.wall();
        let stored = self.stored();
        let active = stored.keys.values();
        let active =
            active.filter(|key| key.caller.as_str() == name && key.state(now) == KeyState::Active);
        let configured = self.configured.values().map(|key| &key.caller);
        let callers = configured
            .chain(&self.local)
            .filter(|caller| *caller.name == *name);
        callers
            .map(|caller| &caller.rights)
            .chain(active.map(|key| &key.rights))
            .filter(|rights| rights.scopes.contains(Scope::Events))
            .map(|rights| rights.scopes.contains(Scope::Operator))
            .reduce(|one, other| one || other)
    }

    /// The keys of the configuration, by the names of their callers.
    #[must_use]
    pub fn configured(&self) -> Vec<ConfiguredKey> {
        let keys = self.configured.values().map(|key| ConfiguredKey {
            caller: key.caller.name.clone(),
            rights: key.caller.rights.clone(),
            last_used_at: key.used.at(),
        });
        let mut keys: Vec<_> = keys.collect();
        keys.sort_by(|a, b| a.caller.cmp(&b.caller));
        keys
    }

    pub(super) fn stored(&self) -> Arc<Stored> {
        Arc::clone(&self.stored.borrow())
    }

    /// Replaces all stored keys.
    pub(super) fn set(&self, keys: impl IntoIterator<Item = Arc<ApiKey>>) {
        let stored = self.stored();
        let keys: BTreeMap<_, _> = keys.into_iter().map(|key| (key.id, key)).collect();
        let secrets = keys.values().flat_map(|key| &key.secrets);
        let used = secrets.map(|secret| {
            let used = stored.used.get(&secret.digest).cloned().unwrap_or_default();
            if let Some(at) = secret.last_used_at {
                used.mark(at);
            }
            (secret.digest, used)
        });
        let used = used.collect();
        self.stored.send_replace(Arc::new(Stored { keys, used }));
    }
}

fn prefix(digest: &KeyDigest) -> Prefix {
    let mut prefix = Prefix::default();
    prefix.copy_from_slice(&digest.0[..8]);
    prefix
}

fn caller(name: &str, key: &Key) -> Caller {
    let accounts = key.accounts.as_ref();
    Caller {
        name: name.into(),
        rights: Rights {
            scopes: key.scopes,
            accounts: accounts
                .map(|names| Arc::new(names.iter().cloned().collect::<BTreeSet<_>>())),
            default_account: key.default_account.clone(),
        },
        credential: Some(Credential {
            id: None,
            digest: KeyDigest(key.digest),
        }),
    }
}
