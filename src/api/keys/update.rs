//! `PUT /v1/keys/{id}`

use std::collections::BTreeSet;
use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{KeyOperator, KeyView, refused, shown};
use crate::access::service::KeySettings;
use crate::api::ApiState;
use crate::api::extract::{IfMatch, Json, Path};
use crate::api::outcome::violations;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::access::{Rights, Scope, Scopes};
use crate::domain::api_key::ApiKey;
use crate::domain::ids::{AccountName, KeyId};
use crate::domain::time::Rfc3339;
use crate::problem_answers;

/// The new settings. They replace all of the present ones.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(crate::api::examples::key_settings()))]
pub struct UpdateKeyRequest {
    /// What the key is for.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
    pub(super) description: Option<String>,
    /// The parts of the API that the caller may use. An app that books has all scopes but `raw` and `operator`.
    #[schema(value_type = Vec<Scope>, min_items = 1, max_items = 8)]
    pub(super) scopes: Scopes,
    /// The purchasing accounts that the caller may use; all if null or left out.
    #[serde(default)]
    #[schema(required = false, value_type = Option<Vec<AccountName>>, min_items = 1)]
    pub(super) accounts: Option<BTreeSet<AccountName>>,
    /// The account of its requests without `Gateway-Account`.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) default_account: Option<AccountName>,
    /// When the key ends by itself; never if null or left out.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) expires_at: Option<Rfc3339>,
}

impl UpdateKeyRequest {
    /// The settings, if they are valid for a key that is stored like this.
    pub(super) fn checked(
        self,
        before: Option<&ApiKey>,
        state: &ApiState,
    ) -> Result<KeySettings, Problem> {
        let settings = KeySettings {
            description: self.description,
            rights: Rights {
                scopes: self.scopes,
                accounts: self.accounts.map(Arc::new),
                default_account: self.default_account,
            },
            expires_at: self.expires_at.map(|at| at.0),
        };
        let has_account = |account: &AccountName| state.auth.has_account(account);
        let found = settings.violations(before, has_account, state.clock.wall());
        if found.is_empty() {
            Ok(settings)
        } else {
            Err(violations(found))
        }
    }
}

problem_answers!(
    UpdateKeyProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::KeyNotFound,
        Code::KeyExists,
        Code::KeyRevoked,
        Code::VersionMismatch,
        Code::IfMatchMissing,
        Code::JournalUnavailable,
    ]
);

/// Change what an API key permits
///
/// Replaces description, scopes, accounts and expiry. The change is in force at once; streams of events end and are opened again
/// by their clients.
#[utoipa::path(
    put,
    path = "/v1/keys/{id}",
    operation_id = "update_key",
    tag = "keys",
    params(
        ("id" = KeyId, Path, description = "The key."),
        ("If-Match" = String, Header, description = "The version that the update is based on, as in `ETag`; the quotes may be left out.", pattern = "^(\"[0-9]{1,18}\"|[0-9]{1,18})$", example = "\"1\""),
    ),
    request_body = UpdateKeyRequest,
    responses(
        (status = 200, description = "The key.", body = KeyView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::key())),
        UpdateKeyProblems,
    ),
)]
pub async fn update_key(
    State(state): State<ApiState>,
    KeyOperator(_): KeyOperator,
    Path(id): Path<KeyId>,
    IfMatch(version): IfMatch,
    Json(request): Json<UpdateKeyRequest>,
) -> Result<Response, Problem> {
    let keys = state.keys()?;
    let before = keys.get(id).map_err(refused)?;
    let settings = request.checked(Some(&before), &state)?;
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    let updated = keys.update(id, version, settings).await;
    Ok(shown(&state, updated.map_err(refused)?))
}
