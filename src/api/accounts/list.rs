//! `GET /v1/accounts`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::AccountView;
use crate::api::ApiState;
use crate::api::auth::Operator;
use crate::api::extract::Json;
use crate::api::problem::{API, Problem, RESTRICTED};
use crate::problem_answers;

/// All purchasing accounts.
#[derive(Debug, Serialize, ToSchema)]
pub struct AccountPage {
    /// The accounts, by name.
    items: Vec<AccountView>,
    /// Always null: the list is complete.
    #[schema(required = true)]
    next_cursor: Option<String>,
}

problem_answers!(ListAccountsProblems = API, RESTRICTED);

/// List the purchasing accounts
///
/// With their sessions: all accounts that the key may use. For operators.
#[utoipa::path(
    get,
    path = "/v1/accounts",
    operation_id = "list_accounts",
    tag = "accounts",
    responses(
        (status = 200, description = "All accounts.", body = AccountPage, example = json!(crate::api::examples::accounts())),
        ListAccountsProblems,
    ),
)]
pub async fn list_accounts(
    State(state): State<ApiState>,
    Operator(operator): Operator,
) -> Result<Json<AccountPage>, Problem> {
    let accounts = state.services()?.accounts.all();
    let usable = accounts
        .into_iter()
        .filter(|account| operator.may_use(&account.name));
    Ok(Json(AccountPage {
        items: usable.map(AccountView::from).collect(),
        next_cursor: None,
    }))
}
