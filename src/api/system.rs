//! Health, metrics, the document, and the pages that explain problems. No key needed.

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
use crate::problem_answers;

pub(super) fn routes() -> OpenApiRouter<ApiState> {
    OpenApiRouter::new()
        .routes(routes!(livez))
        .routes(routes!(readyz))
        .routes(routes!(metrics))
        .routes(routes!(openapi_document))
        .routes(routes!(explain_problem))
}

/// How the gateway is.
#[derive(Debug, Serialize, ToSchema)]
struct Health {
    /// `live` or `ready`.
    #[schema(example = "live")]
    status: HealthStatus,
}

/// How the gateway is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum HealthStatus {
    /// The process runs.
    Live,
    /// It takes work.
    Ready,
}

problem_answers!(SystemProblems = &[Code::Internal]);

/// Whether the process runs
///
/// Answers as long as the process can answer at all; restart it when it does not.
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

problem_answers!(ReadyProblems = &[Code::ShuttingDown, Code::JournalUnavailable, Code::Internal]);

/// Asks the journal itself, as a write would.
async fn journal_can_be_written(state: &ApiState) -> bool {
    match state.operations() {
        Ok(operations) => operations.journal().probe().await.is_ok(),
        Err(_) => true,
    }
}

/// Whether the gateway takes work
///
/// Not ready before the journal is open, while it cannot be written, and from the moment the process
/// is told to stop.
#[utoipa::path(
    get, path = "/readyz", operation_id = "readyz", tag = "system", security(()),
    responses(
        (status = 200, description = "The gateway takes work.", body = Health,
         example = json!({"status": "ready"})),
        ReadyProblems,
    )
)]
async fn readyz(State(state): State<ApiState>) -> Result<Json<Health>, Problem> {
    match state.readiness.get() {
        Ready::Yes if !journal_can_be_written(&state).await => {
            Err(Problem::new(Code::JournalUnavailable))
        }
        Ready::Yes => Ok(Json(Health {
            status: HealthStatus::Ready,
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
/// In the text format, version 0.0.4. Answers 404 where `telemetry.metrics` is off.
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
/// OpenAPI 3.1. A gateway that wants no keys (`auth.mode = "none"`) serves it without security
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

/// Which problem.
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
