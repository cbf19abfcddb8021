//! `GET /v1/accounts/{account}`

use axum::extract::State;

use super::{AccountView, OperatedAccount};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::AccountName;
use crate::problem_answers;

problem_answers!(
    GetAccountProblems = API,
    RESTRICTED,
    &[Code::AccountNotFound]
);

/// Read a purchasing account
///
/// For operators.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}",
    operation_id = "get_account",
    tag = "accounts",
    params(("account" = AccountName, Path, description = "The name of the account.")),
    responses(
        (status = 200, description = "The account.", body = AccountView, example = json!(crate::api::examples::account())),
        GetAccountProblems,
    ),
)]
pub async fn get_account(
    State(state): State<ApiState>,
    OperatedAccount { account, .. }: OperatedAccount,
) -> Result<Json<AccountView>, Problem> {
    let status = state.services()?.accounts.status(&account);
    let status = status.ok_or(Code::AccountNotFound)?;
    Ok(Json(status.into()))
}
