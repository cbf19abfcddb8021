//! API keys, for operators.

pub mod create;
pub mod get;
pub mod list;
pub mod revoke;
pub mod rotate_secret;
pub mod update;

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::ApiState;
use super::auth::{Caller, Operator};
use super::extract::Json;
use super::operations::unreadable;
use super::problem::{Code, Problem, SideEffects};
use crate::access::service::Refused;
use crate::domain::access::{Scope, Scopes};
use crate::domain::api_key::{ApiKey, KeySecret, KeyState, RotateError};
use crate::domain::ids::{AccountName, CallerName, KeyId};
use crate::domain::sealed::NewSecret;
use crate::domain::time::Rfc3339;

/// An API key of a caller. The key itself is shown only in the response that creates it or its secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub struct KeyView {
    /// The id. It is a part of the key.
    id: KeyId,
    /// Grows with every change. It is the `ETag`, and `If-Match` of an update names it.
    #[schema(minimum = 1)]
    version: i64,
    /// The caller: the owner of the operations that are requested with the key.
    caller: CallerName,
    /// What it is for; null if nothing was written.
    #[schema(required = true)]
    description: Option<String>,
    /// The parts of the API that the caller may use.
    #[schema(value_type = Vec<Scope>, max_items = 8)]
    scopes: Scopes,
    /// The purchasing accounts that the caller may use; null means all.
    #[schema(required = true, value_type = Option<Vec<AccountName>>)]
    accounts: Option<Arc<BTreeSet<AccountName>>>,
    /// The account of its requests without `Gateway-Account`; null if none is set.
    #[schema(required = true)]
    default_account: Option<AccountName>,
    /// Whether it is accepted.
    state: KeyState,
    /// The secrets that are in force or have ended since the last rotation, newest first.
    #[schema(max_items = 2)]
    secrets: Vec<SecretView>,
    /// When it was created (+08:00).
    created_at: Rfc3339,
    /// The caller that created it.
    created_by: String,
    /// When it ends by itself (+08:00); null if it does not.
    #[schema(required = true)]
    expires_at: Option<Rfc3339>,
    /// When it was revoked (+08:00); null if it was not. Revoked keys are shown for 400 days.
    #[schema(required = true)]
    revoked_at: Option<Rfc3339>,
}

/// A secret of a key, without the secret.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKeySecret)]
pub struct SecretView {
    /// When it was created (+08:00).
    created_at: Rfc3339,
    /// When it ends, because another one has replaced it (+08:00); null for the newest one.
    #[schema(required = true)]
    expires_at: Option<Rfc3339>,
    /// When it was last used (+08:00); null if never. It is stored every 10 seconds.
    #[schema(required = true)]
    last_used_at: Option<Rfc3339>,
}

/// A key with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct KeyWithSecret {
    /// The key without its secrets.
    key: KeyView,
    /// The API key for `Authorization: Bearer` or `X-Api-Key`: `fgk_`, the digits of the id, `_` and the secret. It is not shown
    /// again, and the gateway stores only its SHA-256.
    #[schema(value_type = String, pattern = "^fgk_[0-9a-f]{32}_[A-Za-z0-9_-]{43}$")]
    api_key: NewSecret,
}

/// An operator that may manage API keys: one that may use all purchasing accounts, because a key may use them.
#[derive(Debug, Clone)]
pub struct KeyOperator(pub Caller);

impl FromRequestParts<ApiState> for KeyOperator {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &ApiState) -> Result<Self, Problem> {
        let Operator(operator) = Operator::from_request_parts(parts, state).await?;
        if operator.rights.accounts.is_none() {
            Ok(Self(operator))
        } else {
            Err(Problem::new(Code::Forbidden).detail(
                "Only an operator that may use all purchasing accounts may see and change API keys.",
            ))
        }
    }
}

impl KeyView {
    fn new(key: ApiKey, now: Timestamp) -> Self {
        Self {
            state: key.state(now),
            id: key.id,
            version: key.revision,
            caller: key.caller,
            description: key.description,
            scopes: key.rights.scopes,
            accounts: key.rights.accounts,
            default_account: key.rights.default_account,
            secrets: key.secrets.into_iter().map(SecretView::from).collect(),
            created_at: Rfc3339(key.created_at),
            created_by: key.created_by,
            expires_at: key.expires_at.map(Rfc3339),
            revoked_at: key.revoked_at.map(Rfc3339),
        }
    }
}

impl From<KeySecret> for SecretView {
    fn from(secret: KeySecret) -> Self {
        Self {
            created_at: Rfc3339(secret.created_at),
            expires_at: secret.expires_at.map(Rfc3339),
            last_used_at: secret.last_used_at.map(Rfc3339),
        }
    }
}

/// The version as the header `ETag`.
fn etag(key: &ApiKey) -> Option<[(axum::http::HeaderName, HeaderValue); 1]> {
    let value = HeaderValue::from_str(&format!("\"{}\"", key.revision)).ok()?;
    Some([(ETAG, value)])
}

/// The response with a key.
fn shown(state: &ApiState, key: ApiKey) -> Response {
    let etag = etag(&key);
    (etag, Json(KeyView::new(key, state.clock.wall()))).into_response()
}

/// The response with a key and its new secret.
fn with_secret(state: &ApiState, key: ApiKey, api_key: NewSecret) -> Response {
    let etag = etag(&key);
    let key = KeyView::new(key, state.clock.wall());
    (etag, Json(KeyWithSecret { key, api_key })).into_response()
}

/// The problem for something that was not done.
fn refused(why: Refused) -> Problem {
    match why {
        Refused::NotFound => Problem::new(Code::KeyNotFound),
        Refused::Exists(other) => {
            Problem::new(Code::KeyExists).detail(format!("The caller has the active key {other}."))
        }
        Refused::TooMany => Problem::new(Code::KeyLimit).detail(format!("There are {why}.")),
        Refused::Revoked => Problem::new(Code::KeyRevoked),
        Refused::NotRotated(why) => {
            let code = match why {
                RotateError::Revoked => Code::KeyRevoked,
                RotateError::Expired(_) => Code::KeyExpired,
                RotateError::TooMany(_) => Code::KeyLimit,
            };
            Problem::new(code).detail(format!("Nothing was changed: {why}."))
        }
        Refused::VersionMismatch(version) => {
            Problem::new(Code::VersionMismatch).detail(format!("The version is {version}."))
        }
        Refused::NoRandomness(error) => {
            tracing::error!(%error, "an API key was not created");
            Problem::new(Code::Internal)
        }
        Refused::Journal(error) => unreadable(error),
        Refused::Unacknowledged(error) => {
            tracing::error!(%error, "a change of an API key was not acknowledged");
            Problem::new(Code::JournalUnavailable)
                .detail("It is not known whether the change was stored.")
                .side_effects(SideEffects::Unknown)
        }
    }
}
