//! `POST /v1/webhooks/{id}/rotate-secret`

use std::time::Duration;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{WebhookWithSecret, etag, refused, view_of_changed};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path};
use crate::api::operations::own_only;
use crate::api::problem::{API, BODY, Code, Problem};
use crate::domain::ids::WebhookId;
use crate::domain::nullable::whole;
use crate::problem_answers;

/// How long the present secret remains in use.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"overlap_seconds": 86_400}))]
pub struct RotateSecretRequest {
    /// The seconds for which deliveries are signed with the present secret too: 0 to 604800 (7 days); 86400 (a day) if left
    /// out. With 0 the present secret ends at once, as is needed if it is known to others.
    #[serde(default)]
    #[schema(required = false, value_type = u32, minimum = 0, maximum = 604_800, default = 86_400)]
    overlap_seconds: Overlap,
}

/// 0 to 7 days.
#[derive(Debug, Clone, Copy)]
struct Overlap(u32);

const WEEK: u32 = 7 * 24 * 60 * 60;

impl Default for Overlap {
    fn default() -> Self {
        Self(24 * 60 * 60)
    }
}

impl<'de> Deserialize<'de> for Overlap {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match whole::<_, u32, { u32::MAX as i64 }>(deserializer)? {
            seconds @ 0..=WEEK => Ok(Self(seconds)),
            _ => Err(serde::de::Error::custom(
                "expected a number of seconds from 0 to 604800 (7 days), such as 86400",
            )),
        }
    }
}

problem_answers!(
    RotateSecretProblems = API,
    BODY,
    &[
        Code::WebhookNotFound,
        Code::WebhookLimit,
        Code::WebhooksDisabled,
        Code::JournalUnavailable,
    ]
);

/// Rotate the secret of a webhook
///
/// Adds a secret and returns it. During the overlap `webhook-signature` contains a signature for each secret in force, so the
/// receiver can change over at any time. At most 4 secrets may be in force.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/rotate-secret",
    operation_id = "rotate_webhook_secret",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    request_body = RotateSecretRequest,
    responses(
        (status = 200, description = "The webhook and its new secret.", body = WebhookWithSecret,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook_with_secret())),
        RotateSecretProblems,
    ),
)]
pub async fn rotate_webhook_secret(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(request): Json<RotateSecretRequest>,
) -> Result<Response, Problem> {
    let overlap = Duration::from_secs(request.overlap_seconds.0.into());
    let rotated = state.webhooks()?.rotate(id, own_only(&caller), overlap);
    let (webhook, secret) = rotated.await.map_err(refused)?;
    let webhook = view_of_changed(&state, webhook).await?;
    let etag = etag(&webhook);
    Ok((etag, Json(WebhookWithSecret { webhook, secret })).into_response())
}
