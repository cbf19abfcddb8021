//! `POST /v1/keys/{id}/rotate-secret`

use axum::extract::State;
use axum::response::Response;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{KeyOperator, KeyWithSecret, refused, with_secret};
use crate::api::ApiState;
use crate::api::extract::{Json, Path};
use crate::api::limit::Overlap;
use crate::api::problem::{API, BODY, Code, Problem, RESTRICTED};
use crate::domain::api_key::Rotation;
use crate::domain::ids::KeyId;
use crate::problem_answers;

/// How long the present secret remains in use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 86_400}))]
pub struct RotateKeySecretRequest {
    /// The seconds for which the present secret is accepted too: 0 to 604800 (7 days); 86400 (a day) if left out. With 0 all
    /// present secrets end at once, as is needed if one is known to others.
    #[serde(default)]
    #[schema(required = false, value_type = u32, minimum = 0, maximum = 604_800, default = 86_400)]
    overlap_seconds: Overlap,
    /// Ends the newest secret at once, whatever the overlap is. For a secret that nobody has, because the response with it was lost;
    /// an older one stays in force until its time.
    #[serde(default)]
    #[schema(required = false, default = false)]
    replace_newest: bool,
}

problem_answers!(
    RotateKeySecretProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::KeyNotFound,
        Code::KeyLimit,
        Code::KeyRevoked,
        Code::KeyExpired,
        Code::JournalUnavailable,
    ]
);

/// Rotate the secret of an API key
///
/// Adds a secret and returns the API key with it. During the overlap both are accepted, so the app can change over at any time;
/// `secrets` shows when each was last used. At most two secrets are in force.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/rotate-secret",
    operation_id = "rotate_key_secret",
    tag = "keys",
    params(("id" = KeyId, Path, description = "The key.")),
    request_body = RotateKeySecretRequest,
    responses(
        (status = 200, description = "The key and its new secret.", body = KeyWithSecret,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::key_with_secret())),
        RotateKeySecretProblems,
    ),
)]
pub async fn rotate_key_secret(
    State(state): State<ApiState>,
    KeyOperator(_): KeyOperator,
    Path(id): Path<KeyId>,
    Json(request): Json<RotateKeySecretRequest>,
) -> Result<Response, Problem> {
    let rotation = Rotation {
        overlap: request.overlap_seconds.get(),
        replace_newest: request.replace_newest,
    };
    let rotated = state.keys()?.rotate(id, rotation).await;
    let (key, api_key) = rotated.map_err(refused)?;
    Ok(with_secret(&state, key, api_key))
}
