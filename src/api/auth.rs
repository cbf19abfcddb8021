//! The caller of a request and its purchasing account.

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;

use super::problem::{Code, FieldError, Problem, Retry};
use super::scopes::missing;
use super::{ApiState, request_log};
pub use crate::access::Caller;
use crate::access::keys::{Denied, Keys};
use crate::clock::SharedClock;
use crate::config::Config;
use crate::domain::access::Scope;
use crate::domain::ids::AccountName;
use crate::domain::time::Rfc3339;

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
    keys: Arc<Keys>,
    accounts: BTreeSet<AccountName>,
    default_account: Option<AccountName>,
}

impl AuthTable {
    /// A table of the configured keys and accounts.
    #[must_use]
    pub fn new(config: &Config, clock: SharedClock) -> Self {
        Self {
            keys: Arc::new(Keys::new(config, clock)),
            accounts: config.accounts.keys().cloned().collect(),
            default_account: config.default_account().cloned(),
        }
    }

    /// The keys, to which stored ones can be added.
    #[must_use]
    pub fn keys(&self) -> &Arc<Keys> {
        &self.keys
    }

    fn caller(&self, headers: &HeaderMap) -> Result<Caller, Problem> {
        let caller = self.keys.caller(presented_key(headers));
        caller.map_err(unauthorized)
    }

    /// Awaits something for the caller, unless its key ends meanwhile.
    pub(super) async fn during<T>(
        &self,
        caller: &Caller,
        wait: impl Future<Output = T>,
    ) -> Result<T, Problem> {
        let waited = tokio::select! {
            waited = wait => waited,
            denied = self.keys.denied(caller) => return Err(unauthorized(denied)),
        };
        // It may have expired.
        self.still(caller)?;
        Ok(waited)
    }

    /// Checks that the caller may still do what it could when its request began.
    pub(super) fn still(&self, caller: &Caller) -> Result<(), Problem> {
        self.keys.check(caller).map_err(unauthorized)
    }

    /// Whether there is a purchasing account of this name.
    pub(super) fn has_account(&self, account: &AccountName) -> bool {
        self.accounts.contains(account)
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
        // Accounts of a stored key may have been removed from the configuration.
        let [of_key, own] = [of_key, own].map(|name| name.filter(|name| self.has_account(name)));
        of_key.or(own).or(default).cloned().ok_or_else(|| {
            Problem::invalid(FieldError::new(
                format!("header/{ACCOUNT_HEADER}"),
                "missing",
                "is missing: the key may use several purchasing accounts and none is the default",
            ))
        })
    }
}

fn unauthorized(denied: Denied) -> Problem {
    let problem = Problem::new(Code::Unauthorized);
    let (what, at) = match denied {
        Denied::Unknown => return problem,
        Denied::Changed => {
            return problem
                .retry(Retry::SameKey)
                .detail(
                    "What the API key permits was changed during the request, which had no effect.",
                )
                .hint("Send the request again.");
        }
        Denied::Expired(at) => ("The API key expired", at),
        Denied::Revoked(at) => ("The API key was revoked", at),
        Denied::Replaced(at) => ("Another secret replaced that of the API key", at),
    };
    problem
        .detail(format!("{what} at {}.", Rfc3339(at)))
        .hint("Ask an operator of the gateway for a new API key.")
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

/// A caller whose key was accepted, in the extensions of its request. The body of a request may take long to arrive, so extractors
/// check the key again when they have read it.
#[derive(Debug, Clone)]
pub(super) struct Admitted {
    table: Arc<AuthTable>,
    caller: Caller,
}

impl Admitted {
    pub(super) fn new(table: &Arc<AuthTable>, caller: &Caller) -> Self {
        Self {
            table: Arc::clone(table),
            caller: caller.clone(),
        }
    }

    /// Checks the key of the request again; a request that needs no key has none.
    pub(super) fn again(admitted: Option<&Self>) -> Result<(), Problem> {
        admitted.map_or(Ok(()), |admitted| admitted.table.still(&admitted.caller))
    }
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
