//! `GET /v1/accounts/{account}/topics`

use axum::extract::State;

use super::{OperatedAccount, TopicsView, refused};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::{API, Code, Problem, READ, RESTRICTED};
use crate::domain::ids::AccountName;
use crate::problem_answers;

problem_answers!(
    pub(super) TopicsProblems = API,
    RESTRICTED,
    READ,
    &[Code::AccountNotFound, Code::TopicsUnknown]
);

/// Read the topics of an account
///
/// The topics whose messages TOP sends for the account, and those that the gateway would read and the account lacks. Asks
/// TOP (`taobao.tmc.user.get`). For operators.
#[utoipa::path(
    get,
    path = "/v1/accounts/{account}/topics",
    operation_id = "get_topics",
    tag = "accounts",
    params(("account" = AccountName, Path, description = "The name of the account.")),
    responses(
        (status = 200, description = "The topics.", body = TopicsView, example = json!(crate::api::examples::topics())),
        TopicsProblems,
    ),
)]
pub async fn get_topics(
    State(state): State<ApiState>,
    OperatedAccount { account, .. }: OperatedAccount,
) -> Result<Json<TopicsView>, Problem> {
    let topics = state.services()?.accounts.topics(&account).await;
    Ok(Json(topics.map_err(refused)?.into()))
}
