//! `POST /v1/keys/{id}/revoke`

use axum::extract::State;
use axum::response::Response;

use super::{KeyOperator, KeyView, refused, shown};
use crate::api::ApiState;
use crate::api::extract::Path;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::KeyId;
use crate::problem_answers;

problem_answers!(
    RevokeKeyProblems = API,
    RESTRICTED,
    &[Code::KeyNotFound, Code::JournalUnavailable]
);

/// Revoke an API key
///
/// Ends the key with all its secrets at once, for ever. Its webhooks get no events until the caller has another key; its operations
/// continue. A key that was revoked before is returned as it is.
#[utoipa::path(
    post,
    path = "/v1/keys/{id}/revoke",
    operation_id = "revoke_key",
    tag = "keys",
    params(("id" = KeyId, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key.", body = KeyView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::key())),
        RevokeKeyProblems,
    ),
)]
pub async fn revoke_key(
    State(state): State<ApiState>,
    KeyOperator(_): KeyOperator,
    Path(id): Path<KeyId>,
) -> Result<Response, Problem> {
    let revoked = state.keys()?.revoke(id).await;
    Ok(shown(&state, revoked.map_err(refused)?))
}
