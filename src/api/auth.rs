//! The caller of a request and its purchasing account.

use std::collections::BTreeSet;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::problem::{Code, FieldError, Problem};
use super::scopes::missing;
use super::{ApiState, request_log};
pub use crate::access::Caller;
use crate::access::{Denied, Keys};
use crate::config::Config;
use crate::domain::access::Scope;
use crate::domain::ids::AccountName;

/// The header that chooses the purchasing account.
pub const ACCOUNT_HEADER: &str = "Gateway-Account";

/// A caller that is an operator; every other caller is refused with `scope_missing`.
#[derive(Debug, Clone)]
pub struct Operator(pub Caller);

/// The purchasing account of a request: the one named by the header `Gateway-Account`, else the default of the key, else the
/// only one that the key may use, else the configured default.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account(pub AccountName);

/// The keys and accounts that requests are checked against.
#[derive(Debug)]
pub struct AuthTable {
    keys: Keys,
    accounts: BTreeSet<AccountName>,
    default_account: Option<AccountName>,
}

impl AuthTable {
    /// Builds the table from the configuration.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        Self {
            keys: Keys::new(config),
            accounts: config.accounts.keys().cloned().collect(),
            default_account: config.default_account().cloned(),
        }
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let caller = self.keys.caller(presented_key(headers));
        caller.map_err(|Denied::Unknown| Code::Unauthorized.into())
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
            None if caller.rights.accounts.is_none() => Err(Problem::invalid(FieldError::new(
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
        let own = caller
            .rights
            .accounts
            .as_ref()
            .and_then(|own| match own.len() {
                1 => own.first(),
                _ => None,
            });
        let default = self
            .default_account
            .as_ref()
            .filter(|account| caller.may_use(account));
        let of_key = caller.rights.default_account.as_ref();
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
            Err(missing(&caller, &[Scope::Operator]))
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
