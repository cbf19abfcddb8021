//! `GET /v1/keys/{id}`

use axum::extract::State;
use axum::response::Response;

use super::{KeyOperator, KeyView, refused, shown};
use crate::api::ApiState;
use crate::api::extract::Path;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::KeyId;
use crate::problem_answers;

problem_answers!(GetKeyProblems = API, RESTRICTED, &[Code::KeyNotFound]);

/// Read an API key
#[utoipa::path(
    get,
    path = "/v1/keys/{id}",
    operation_id = "get_key",
    tag = "keys",
    params(("id" = KeyId, Path, description = "The key.")),
    responses(
        (status = 200, description = "The key.", body = KeyView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::key())),
        GetKeyProblems,
    ),
)]
pub async fn get_key(
    State(state): State<ApiState>,
    KeyOperator(_): KeyOperator,
    Path(id): Path<KeyId>,
) -> Result<Response, Problem> {
    let key = state.keys()?.get(id).map_err(refused)?;
    Ok(shown(&state, key))
}
