//! `POST /v1/keys`

use std::collections::BTreeSet;

use axum::extract::State;
use axum::http::header::LOCATION;
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use utoipa::ToSchema;

use super::update::UpdateKeyRequest;
use super::{KeyOperator, KeyWithSecret, refused, with_secret};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::access::{Scope, Scopes};
use crate::domain::ids::{AccountName, CallerName};
use crate::domain::time::Rfc3339;
use crate::problem_answers;

/// The caller, and what it may do.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(crate::api::examples::new_key()))]
pub struct CreateKeyRequest {
    /// The caller: an app, or a person who operates the gateway. It owns the operations that are requested with the key, also
    /// with earlier and later keys of this name.
    caller: CallerName,
    /// What the key is for.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 200, pattern = "^[^\\x00-\\x1f\\x7f-\\x9f]+$")]
    description: Option<String>,
    /// The parts of the API that the caller may use. An app that books has all scopes but `raw` and `operator`.
    #[schema(value_type = Vec<Scope>, min_items = 1, max_items = 8)]
    scopes: Scopes,
    /// The purchasing accounts that the caller may use; all if null or left out.
    #[serde(default)]
    #[schema(required = false, value_type = Option<Vec<AccountName>>, min_items = 1)]
    accounts: Option<BTreeSet<AccountName>>,
    /// The account of its requests without `Gateway-Account`.
    #[serde(default)]
    #[schema(required = false)]
    default_account: Option<AccountName>,
    /// When the key ends by itself; never if null or left out.
    #[serde(default)]
    #[schema(required = false)]
    expires_at: Option<Rfc3339>,
}

problem_answers!(
    CreateKeyProblems = API,
    RESTRICTED,
    BODY,
    &[Code::KeyExists, Code::KeyLimit, Code::JournalUnavailable]
);

/// Create an API key
///
/// The key is in force at once. A caller has at most one active key, besides one in the configuration; to replace its secret,
/// rotate it.
#[utoipa::path(
    post,
    path = "/v1/keys",
    operation_id = "create_key",
    tag = "keys",
    request_body = CreateKeyRequest,
    responses(
        (status = 201, description = "The key and its secret.", body = KeyWithSecret,
         headers(
            ("Location" = String, description = "The path of the key."),
            ("ETag" = String, description = "The version, for `If-Match`."),
         ),
         links(("key" = (operation_id = "get_key", description = "Read the key.", parameters(("id" = "$response.body#/key/id"))))),
         example = json!(crate::api::examples::key_with_secret())),
        CreateKeyProblems,
    ),
)]
pub async fn create_key(
    State(state): State<ApiState>,
    KeyOperator(operator): KeyOperator,
    Json(request): Json<CreateKeyRequest>,
) -> Result<Response, Problem> {
    let settings = UpdateKeyRequest {
        description: request.description,
        scopes: request.scopes,
        accounts: request.accounts,
        default_account: request.default_account,
        expires_at: request.expires_at,
    };
    let settings = settings.checked(None, &state)?;
    let keys = state.keys()?;
    let created = keys.create(request.caller, settings, &operator.name).await;
    let (key, api_key) = created.map_err(refused)?;
    let location = HeaderValue::from_str(&format!("/v1/keys/{}", key.id)).ok();
    let location = location.map(|path| [(LOCATION, path)]);
    let answer = with_secret(&state, key, api_key);
    Ok((StatusCode::CREATED, location, answer).into_response())
}
