//! The caller of a request and its purchasing account.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};

use super::problem::{Code, FieldError, Problem};
use super::{ApiState, request_log};
use crate::config::{AuthMode, Config, LOCAL, Role};
use crate::domain::ids::AccountName;

/// The header that chooses the purchasing account.
pub const ACCOUNT_HEADER: &str = "Gateway-Account";

/// The authenticated caller. A handler that extracts it requires an API key.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The name of the key, or `local` if no keys are required.
    pub name: Arc<str>,
    /// The role of the key.
    pub role: Role,
    /// The accounts that the key may use; `None` means all.
    pub accounts: Option<Arc<BTreeSet<AccountName>>>,
    /// The account of its requests that name none.
    pub default_account: Option<AccountName>,
}

/// A caller that is an operator; every other caller is refused with `forbidden`.
#[derive(Debug, Clone)]
pub struct Operator(pub Caller);

/// The purchasing account of a request: the one named by the header `Gateway-Account`, else the default of the key, else the
/// only one that the key may use, else the configured default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account(pub AccountName);

impl Caller {
    /// Whether the caller may use the account.
    #[must_use]
    pub fn may_use(&self, account: &AccountName) -> bool {
        self.accounts
            .as_ref()
            .is_none_or(|accounts| accounts.contains(account))
    }

    /// Whether the caller may read and resolve the operations of all callers.
    #[must_use]
    pub fn is_operator(&self) -> bool {
        self.role == Role::Operator
    }
}

/// The configured keys and accounts, in the form that requests are checked against.
#[derive(Debug)]
pub struct AuthTable {
    mode: AuthMode,
    callers: Vec<([u8; 32], Caller)>,
    local: Caller,
    accounts: BTreeSet<AccountName>,
    default_account: Option<AccountName>,
}

impl AuthTable {
    /// Builds the table from the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let callers = config.auth.keys.iter().map(|(name, key)| {
            let accounts = key.accounts.as_ref();
            let caller = Caller {
                name: name.as_str().into(),
                role: key.role,
                accounts: accounts.map(|names| Arc::new(names.iter().cloned().collect())),
                default_account: key.default_account.clone(),
            };
            (key.digest, caller)
        });
        Self {
            mode: config.auth.mode,
            callers: callers.collect(),
            local: Caller {
                name: LOCAL.into(),
                role: Role::Operator,
                accounts: None,
                default_account: None,
            },
            accounts: config.accounts.keys().cloned().collect(),
            default_account: config.default_account().cloned(),
        }
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        match self.mode {
            AuthMode::None => Ok(self.local.clone()),
            AuthMode::Keys => presented_key(headers)
                .and_then(|key| self.find(key))
                .cloned()
                .ok_or_else(|| Code::Unauthorized.into()),
        }
    }

    /// Compares with every digest in constant time, so that the duration reveals nothing about a key.
    fn find(&self, key: &[u8]) -> Option<&Caller> {
        let digest: [u8; 32] = Sha256::digest(key).into();
        let mut found = u64::MAX;
        for (index, (known, _)) in self.callers.iter().enumerate() {
            let same: Choice = digest.ct_eq(known);
            found.conditional_assign(&(index as u64), same);
        }
        let index = usize::try_from(found).ok()?;
        self.callers.get(index).map(|(_, caller)| caller)
    }

    fn account(&self, caller: &Caller, headers: &HeaderMap) -> Result<AccountName, Problem> {
        let Some(named) = headers.get(ACCOUNT_HEADER) else {
            return self.default_for(caller);
        };
        let named = named.to_str().unwrap_or_default();
        let account = self
            .accounts
            .iter()
            .find(|account| account.to_string() == named);
        match account {
            Some(account) if caller.may_use(account) => Ok(account.clone()),
            None if caller.accounts.is_none() => Err(Problem::invalid(FieldError::new(
                format!("header/{ACCOUNT_HEADER}"),
                "unknown_account",
                "is not the name of a purchasing account of this gateway",
            ))),
            // A key that is limited to some accounts must not learn which others exist.
            Some(_) | None => Err(Problem::new(Code::Forbidden)
                .detail("The API key may not use this purchasing account.")),
        }
    }

    fn default_for(&self, caller: &Caller) -> Result<AccountName, Problem> {
        let own = caller.accounts.as_ref().and_then(|own| match own.len() {
            1 => own.first(),
            _ => None,
        });
        let default = self
            .default_account
            .as_ref()
            .filter(|account| caller.may_use(account));
        let of_key = caller.default_account.as_ref();
        of_key.or(own).or(default).cloned().ok_or_else(|| {
            Problem::invalid(FieldError::new(
                format!("header/{ACCOUNT_HEADER}"),
                "missing",
                "is missing: the key may use several purchasing accounts and none is the default",
            ))
        })
    }
}

/// The key in `Authorization: Bearer` or `X-Api-Key`.
fn presented_key(headers: &HeaderMap) -> Option<&[u8]> {
    if let Some(value) = headers.get(AUTHORIZATION) {
        let (scheme, key) = value.as_bytes().split_at_checked(7)?;
        return scheme
            .eq_ignore_ascii_case(b"bearer ")
            .then(|| key.trim_ascii());
    }
    headers
        .get("x-api-key")
        .map(|value| value.as_bytes().trim_ascii())
}

impl FromRequestParts<ApiState> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        if let Some(caller) = parts.extensions.get::<Self>() {
            return Ok(caller.clone());
        }
        let caller = state.auth.caller(&parts.headers)?;
        request_log::record_caller(&caller.name);
        parts.extensions.insert(caller.clone());
        Ok(caller)
    }
}

impl FromRequestParts<ApiState> for Operator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        if caller.is_operator() {
            Ok(Self(caller))
        } else {
            Err(Problem::new(Code::Forbidden)
                .detail("Only an operator of the gateway may do this."))
        }
    }
}

impl FromRequestParts<ApiState> for Account {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        state.auth.account(&caller, &parts.headers).map(Self)
    }
}

#[cfg(test)]
mod tests;
