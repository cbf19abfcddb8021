//! `POST /v1/accounts/{account}/session/refresh`

use axum::extract::State;

use super::{AUTHORISE, AccountView, OperatedAccount, refused};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::AccountName;
use crate::problem_answers;

problem_answers!(
    RefreshSessionProblems = API,
    RESTRICTED,
    AUTHORISE,
    &[Code::SessionNotRefreshable]
);

/// Refresh the session of an account
///
/// The gateway refreshes sessions by itself where TOP grants it; this does it now. For operators.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/session/refresh",
    operation_id = "refresh_session",
    tag = "accounts",
    params(("account" = AccountName, Path, description = "The name of the account.")),
    responses(
        (status = 200, description = "The account with its new session.", body = AccountView, example = json!(crate::api::examples::account())),
        RefreshSessionProblems,
    ),
)]
pub async fn refresh_session(
    State(state): State<ApiState>,
    OperatedAccount { operator, account }: OperatedAccount,
) -> Result<Json<AccountView>, Problem> {
    tracing::info!(%account, operator = &*operator.name, "a session is refreshed");
    let status = state.services()?.accounts.refresh(&account).await;
    Ok(Json(status.map_err(refused)?.into()))
}
