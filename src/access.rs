//! Callers: which API keys exist, and what each caller may do.

use std::sync::Arc;

use crate::domain::access::{Rights, Scope, Scopes};
use crate::domain::api_key::KeyDigest;
use crate::domain::ids::{AccountName, KeyId};

pub mod keys;
pub mod service;
mod token;

/// The caller of a request.
#[derive(Debug, Clone)]
pub struct Caller {
    /// Its name: the owner of the operations that it requests.
    pub name: Arc<str>,
    /// What it may do.
    pub rights: Rights,
    /// What it presented; none if no keys are required.
    credential: Option<Credential>,
}

/// The API key that a caller presented.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Credential {
    /// The id of a stored key; none for a key of the configuration.
    id: Option<KeyId>,
    digest: KeyDigest,
}

impl Caller {
    /// Whether the caller may use the account.
    #[must_use]
    pub fn may_use(&self, account: &AccountName) -> bool {
        self.rights.may_use(account)
    }

    /// Whether the caller has the scope.
    #[must_use]
    pub fn has(&self, scope: Scope) -> bool {
        self.rights.scopes.contains(scope)
    }

    /// Whether the caller may see and decide the operations of all callers.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.has(Scope::Operator)
    }

    /// The caller of every request while no keys are required.
    fn local() -> Self {
        Self {
            name: crate::config::LOCAL.into(),
            rights: Rights {
                scopes: Scopes::ALL,
                ..Rights::default()
            },
            credential: None,
        }
    }
}
