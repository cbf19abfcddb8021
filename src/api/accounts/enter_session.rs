//! `POST /v1/accounts/{account}/session`

use axum::extract::State;
use serde::Deserialize;
use utoipa::ToSchema;

use super::{AUTHORISE, AccountView, OperatedAccount, refused};
use crate::api::ApiState;
use crate::api::extract::Json;
use crate::api::problem::{API, BODY, FieldError, Problem, RESTRICTED};
use crate::domain::ids::AccountName;
use crate::domain::time::Rfc3339;
use crate::operations::accounts::authorise::{Entered, Typed};
use crate::problem_answers;

/// A code or a session: exactly one of `code` and `session`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!(crate::api::examples::enter_session()))]
pub struct EnterSessionRequest {
    /// The parameter `code` that Taobao appended to the callback address. It is valid for 30 minutes, and once.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 1024)]
    code: Option<Typed>,
    /// A session key from another tool, of the same Taobao user. The gateway cannot check whose it is: a session of another
    /// user would make the orders of this one look absent. Prefer `code`.
    #[serde(default)]
    #[schema(required = false, value_type = Option<String>, min_length = 1, max_length = 1024)]
    session: Option<Typed>,
    /// With `session`: when it expires. If left out, in 90 days, marked as an estimate.
    #[serde(default)]
    #[schema(required = false, value_type = Option<Rfc3339>)]
    expires_at: Option<Rfc3339>,
}

problem_answers!(EnterSessionProblems = API, RESTRICTED, BODY, AUTHORISE);

/// Authorise an account with a code or a session
///
/// For a callback address that is not a page of this gateway, and for sessions from another tool. The session is stored
/// encrypted and used for the next call. A code of another Taobao user than that of the account is refused.
/// For operators.
#[utoipa::path(
    post,
    path = "/v1/accounts/{account}/session",
    operation_id = "enter_session",
    tag = "accounts",
    params(("account" = AccountName, Path, description = "The name of the account.")),
    request_body = EnterSessionRequest,
    responses(
        (status = 200, description = "The account with its new session.", body = AccountView, example = json!(crate::api::examples::account())),
        EnterSessionProblems,
    ),
)]
pub async fn enter_session(
    State(state): State<ApiState>,
    OperatedAccount { operator, account }: OperatedAccount,
    Json(request): Json<EnterSessionRequest>,
) -> Result<Json<AccountView>, Problem> {
    let entered = match (request.code, request.session, request.expires_at) {
        (Some(code), None, None) => Entered::Code(code.into()),
        (None, Some(_), Some(expires_at)) if expires_at.0 <= state.clock.wall() => {
            return Err(Problem::invalid(FieldError::new(
                "/expires_at",
                "past",
                "is in the past",
            )));
        }
        (None, Some(session), expires_at) => Entered::Session {
            session: session.into(),
            expires_at: expires_at.map(|at| at.0),
        },
        (Some(_), None, Some(_)) => {
            return Err(Problem::invalid(FieldError::new(
                "/expires_at",
                "not_allowed",
                "is for `session` only; TOP states when the session of a code expires",
            )));
        }
        (Some(_), Some(_), _) => {
            return Err(Problem::invalid(FieldError::new(
                "/session",
                "not_allowed",
                "is not allowed with `code`",
            )));
        }
        (None, None, _) => {
            return Err(Problem::invalid(FieldError::new(
                "/code",
                "missing",
                "is missing: either `code` or `session` is required",
            )));
        }
    };
    let accounts = &state.services()?.accounts;
    tracing::info!(%account, operator = &*operator.name, "a session is entered");
    let status = accounts.enter(&account, entered).await;
    Ok(Json(status.map_err(refused)?.into()))
}
