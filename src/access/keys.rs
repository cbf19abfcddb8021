//! The API keys, in the form that requests are checked against.

use std::collections::HashMap;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use super::Caller;
use crate::config::{AuthMode, Config, Key};
use crate::domain::access::Rights;

/// The SHA-256 of an API key.
type Digest = [u8; 32];

/// Keys are found by the beginning of their digest. How long that takes depends on the digest of what was presented, which
/// reveals nothing about a key. The rest is compared in constant time.
type Prefix = [u8; 8];

/// Why a request has no caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Denied {
    /// No such key.
    Unknown,
}

/// See the module documentation.
#[derive(Debug)]
pub struct Keys {
    /// The caller of every request if no keys are required.
    local: Option<Caller>,
    configured: HashMap<Prefix, (Digest, Caller)>,
}

// === impl Keys ===

impl Keys {
    /// The keys of the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let keys = config.auth.keys.iter();
        Self {
            local: (config.auth.mode == AuthMode::None).then(Caller::local),
            configured: keys
                .map(|(name, key)| (prefix(&key.digest), (key.digest, caller(name, key))))
                .collect(),
        }
    }

    /// The caller that presents this key.
    ///
    /// # Errors
    /// [`Denied`].
    pub fn caller(&self, presented: Option<&[u8]>) -> Result<Caller, Denied> {
        if let Some(local) = &self.local {
            return Ok(local.clone());
        }
        let digest: Digest = Sha256::digest(presented.ok_or(Denied::Unknown)?).into();
        let found = self.configured.get(&prefix(&digest));
        found
            .filter(|(known, _)| digest.ct_eq(known).into())
            .map(|(_, caller)| caller.clone())
            .ok_or(Denied::Unknown)
    }
}

fn prefix(digest: &Digest) -> Prefix {
    let mut prefix = Prefix::default();
    prefix.copy_from_slice(&digest[..8]);
    prefix
}

fn caller(name: &str, key: &Key) -> Caller {
    Caller {
        name: name.into(),
        rights: Rights {
            scopes: key.scopes,
            accounts: key.accounts.as_ref().map(|names| {
                names
                    .iter()
                    .cloned()
                    .collect::<std::collections::BTreeSet<_>>()
                    .into()
            }),
            default_account: key.default_account.clone(),
        },
    }
}
