//! Health, metrics, the OpenAPI document, and the pages that explain problems. No key is required.

use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::IntoResponse;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::extract::{Json, Path};
use super::problem::{self, Code, Problem};
use super::{ApiState, Ready};
use crate::domain::ids::AccountName;
use crate::domain::session::SessionState;
use crate::operations::accounts::status::AccountStatus;
use crate::operations::{Condition, Fault};
use crate::problem_answers;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(openapi_document))
        .routes(routes!(explain_problem))
}

/// The health of the gateway.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `live` or `ready`.
    #[schema(example = "live")]
    status: HealthStatus,
}

/// The words for the health of the gateway.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    /// The process runs.
    Live,
    /// The gateway accepts work.
    Ready,
}

problem_answers!(SystemProblems = &[Code::Internal]);

/// Whether the process runs
///
/// Responds as long as the process works at all; restart the process if there is no response.
#[utoipa::path(
    get, path = "/livez", operation_id = "livez", tag = "system", security(()),
    responses(
        (status = 200, description = "The process runs.", body = Health,
         example = json!({"status": "live"})),
        SystemProblems,
    )
)]
async fn livez() -> Json<Health> {
    Json(Health {
        status: HealthStatus::Live,
    })
}

/// The health of the gateway and its journal.
#[derive(Debug, Serialize, ToSchema)]
struct ReadyHealth {
    /// `ready`.
    #[schema(example = "ready")]
    status: HealthStatus,
    /// The condition of the journal's data.
    journal: Condition,
    /// The sessions of the purchasing accounts. A gateway whose sessions cannot be used is ready, because it still serves
    /// what its journal contains.
    accounts: Vec<AccountHealth>,
}

/// The health of a purchasing account.
#[derive(Debug, Serialize, ToSchema)]
struct AccountHealth {
    /// The name of the account.
    account: AccountName,
    /// Whether its session can be used.
    session: SessionState,
}

problem_answers!(ReadyProblems = &[Code::ShuttingDown, Code::JournalUnavailable, Code::Internal]);

/// Probes the journal the way a write uses it.
async fn probe_journal(state: &ApiState) -> Result<Condition, Problem> {
    let unavailable = Problem::new(Code::JournalUnavailable);
    let Ok(operations) = state.operations() else {
        return Err(unavailable.detail("The journal is not open yet."));
    };
    let journal = operations.journal();
    match journal.probe().await {
        Ok(()) => Ok(journal.condition()),
        Err(error) => Err(match error.fault {
            Fault::Unavailable | Fault::Closed => unavailable,
            Fault::Moved => unavailable.detail(
                "The journal's files were deleted, renamed or replaced while the gateway was running. \
                 Nothing new is sent. See \"Deleted, replaced, linked\" in docs/operations.md.",
            ),
            Fault::Damaged => unavailable.detail(
                "The journal is damaged. Nothing new is sent. See \"A damaged journal\" in \
                 docs/operations.md.",
            ),
        }),
    }
}

fn accounts(state: &ApiState) -> Vec<AccountHealth> {
    let all = state.services().map(|services| services.accounts.all());
    let health = |account: AccountStatus| AccountHealth {
        account: account.name,
        session: account.session.state,
    };
    all.unwrap_or_default().into_iter().map(health).collect()
}

/// Whether the gateway accepts work
///
/// The gateway is not ready before the journal is open, while the journal cannot be written, while the journal's
/// files are not in their place, once the journal is found damaged, and once the process is stopping. `journal`
/// shows the progress of the check of the whole database, which begins at the start of the process, and the
/// warnings that an operator should look into. `accounts` shows whose authorisation has to be renewed.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "system", security(()),
    responses(
        (status = 200, description = "The gateway accepts work.", body = ReadyHealth,
         example = json!({
            "status": "ready", "journal": {"check": "passed", "warnings": []},
            "accounts": [{"account": "default", "session": "valid"}],
         })),
        ReadyProblems,
    )
)]
async fn readyz(State(state): State<ApiState>) -> Result<Json<ReadyHealth>, Problem> {
    match state.readiness.get() {
        Ready::Yes => Ok(Json(ReadyHealth {
            status: HealthStatus::Ready,
            journal: probe_journal(&state).await?,
            accounts: accounts(&state),
        })),
        Ready::Starting => {
            Err(Problem::new(Code::JournalUnavailable).detail("The journal is not open yet."))
        }
        Ready::JournalUnavailable => Err(Code::JournalUnavailable.into()),
        Ready::Stopping => Err(Code::ShuttingDown.into()),
    }
}

problem_answers!(MetricsProblems = &[Code::NotFound, Code::Internal]);

/// Metrics for Prometheus
///
/// In the text format, version 0.0.4. Returns 404 if `telemetry.metrics` is off.
#[utoipa::path(
    get, path = "/metrics", operation_id = "metrics", tag = "system", security(()),
    responses(
        (status = 200, description = "All metrics.", body = String, content_type = "text/plain",
         example = "gateway_http_requests_total{operation=\"GET /livez\",status=\"200\"} 1\n"),
        MetricsProblems,
    )
)]
async fn metrics(State(state): State<ApiState>) -> Result<impl IntoResponse, Problem> {
    let handle = state.metrics.as_ref().ok_or(Code::NotFound)?;
    let media_type = "text/plain; version=0.0.4; charset=utf-8";
    Ok(([(CONTENT_TYPE, media_type)], handle.render()))
}

/// This document
///
/// OpenAPI 3.1. A gateway that requires no keys (`auth.mode = "none"`) serves it without security
/// schemes.
#[utoipa::path(
    get, path = "/openapi.json", operation_id = "openapi_document", tag = "system", security(()),
    responses(
        (status = 200, description = "The OpenAPI document.", content_type = "application/json",
         body = serde_json::Value, example = json!({"openapi": "3.1.0"})),
        SystemProblems,
    )
)]
async fn openapi_document(State(state): State<ApiState>) -> impl IntoResponse {
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CACHE_CONTROL, "no-cache"),
    ];
    (headers, state.document.clone())
}

/// The path of a problem's page.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Path)]
struct ProblemPath {
    /// The code of the problem.
    #[param(example = "upstream_rejected")]
    code: Code,
}

problem_answers!(ExplainProblems = &[Code::InvalidRequest, Code::Internal]);

/// What a problem means
///
/// The page that `type` of a problem points to, as Markdown.
#[utoipa::path(
    get, path = "/problems/{code}", operation_id = "explain_problem", tag = "system", security(()),
    params(ProblemPath),
    responses(
        (status = 200, description = "What the code means and what to do about it.", body = String,
         content_type = "text/markdown", example = "## `overloaded`\n"),
        ExplainProblems,
    )
)]
async fn explain_problem(Path(path): Path<ProblemPath>) -> impl IntoResponse {
    let media_type = "text/markdown; charset=utf-8";
    ([(CONTENT_TYPE, media_type)], problem::entry(path.code))
}
