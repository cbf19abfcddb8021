//! `POST /v1/accounts/{account}/topics`

use axum::extract::State;

use super::get_topics::TopicsProblems;
use super::{OperatedAccount, TopicsView, refused};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::Problem;
use crate::domain::ids::AccountName;

/// Permit the topics that the gateway reads
///
/// TOP replaces the topics of a user (`taobao.tmc.user.permit`), so the gateway reads the permitted ones first and keeps them.
/// The topics must be subscribed for the app in TOP's console. For operators.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/topics",
    operation_id = "permit_topics",
    tag = "accounts",
    params(("account" = AccountName, Path, description = "The name of the account.")),
    responses(
        (status = 200, description = "The topics now.", body = TopicsView, example = json!(crate::api::examples::topics())),
        TopicsProblems,
    ),
)]
pub async fn permit_topics(
    State(state): State<ApiState>,
    OperatedAccount { operator, account }: OperatedAccount,
) -> Result<Json<TopicsView>, Problem> {
    tracing::info!(%account, operator = &*operator.name, "topics are permitted");
    let topics = state.services()?.accounts.permit(&account).await;
    Ok(Json(topics.map_err(refused)?.into()))
}
