//! `POST /v1/accounts/{account}/authorization`

use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::{OperatedAccount, refused};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::{API, Code, Problem, RESTRICTED};
use crate::domain::ids::AccountName;
use crate::domain::time::Rfc3339;
use crate::problem_answers;

/// A link to Taobao's page.
#[derive(Debug, Serialize, ToSchema)]
pub struct AuthorizationLink {
    /// Open it in a browser and sign in as the Taobao user of the account. Whoever has the link can complete the
    /// authorisation, so pass it on to that user only.
    #[schema(format = "uri")]
    url: String,
    /// Until when the link can be used (+08:00).
    expires_at: Rfc3339,
    /// Where Taobao sends the browser afterwards. If this is not a page of this gateway, copy the parameter `code` from the
    /// address bar, and send it to `POST /v1/accounts/{account}/session`.
    #[schema(format = "uri")]
    callback_url: String,
}

problem_answers!(
    AuthorizeProblems = API,
    RESTRICTED,
    &[
        Code::AccountNotFound,
        Code::AuthorizationDisabled,
        Code::JournalUnavailable,
    ]
);

/// Get a link to authorise an account
///
/// The Taobao user of the account opens the link in a browser and authorises the app. The gateway then exchanges the code for
/// a session, stores it encrypted, and uses it for the next call. A link can be used for 30 minutes and until an
/// authorisation of the account succeeds. For operators.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/authorization",
    operation_id = "authorize_account",
    tag = "accounts",
    params(("account" = AccountName, Path, description = "The name of the account.")),
    responses(
        (status = 200, description = "The link.", body = AuthorizationLink, example = json!(crate::api::examples::authorization_link())),
        AuthorizeProblems,
    ),
)]
pub async fn authorize_account(
    State(state): State<ApiState>,
    OperatedAccount { operator, account }: OperatedAccount,
) -> Result<Json<AuthorizationLink>, Problem> {
    let accounts = &state.services()?.accounts;
    let link = accounts.begin(&account, &operator.name).await;
    let link = link.map_err(refused)?;
    Ok(Json(AuthorizationLink {
        url: link.url.to_string(),
        expires_at: Rfc3339(link.expires_at),
        callback_url: link.callback_url.to_string(),
    }))
}
