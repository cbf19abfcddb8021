//! `POST /v1/webhooks/{id}/redeliver`

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Deserializer};
use utoipa::ToSchema;

use super::{WebhookView, refused, view_of_changed};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Path};
use crate::api::operations::own_only;
use crate::api::problem::{API, BODY, Code, FieldError, Problem, RESTRICTED};
use crate::domain::ids::WebhookId;
use crate::domain::nullable::{LARGEST, whole};
use crate::notifications::webhooks::service::Redelivery;
use crate::problem_answers;

/// The events to deliver again.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"from": 1, "dead_only": true}))]
pub struct RedeliverRequest {
    /// The `sequence` of the first event.
    #[schema(value_type = i64, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    from: Sequence,
    /// The `sequence` of the last event. If left out, all events since the first one. The same as `from` for one event.
    #[serde(default)]
    #[schema(required = false, value_type = Option<i64>, minimum = 1, maximum = 9_007_199_254_740_991_i64)]
    to: Option<Sequence>,
    /// Only events that were given up.
    #[serde(default)]
    #[schema(required = false, default = false)]
    dead_only: bool,
}

/// The position of an event.
#[derive(Debug, Clone, Copy)]
struct Sequence(i64);

impl<'de> Deserialize<'de> for Sequence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match whole::<_, _, LARGEST>(deserializer)? {
            sequence @ 1.. => Ok(Self(sequence)),
            _ => Err(serde::de::Error::custom(
                "expected the `sequence` of an event, such as 7",
            )),
        }
    }
}

problem_answers!(
    RedeliverProblems = API,
    RESTRICTED,
    BODY,
    &[
        Code::WebhookNotFound,
        Code::FeedTrimmed,
        Code::WebhookLimit,
        Code::JournalUnavailable,
    ]
);

/// Deliver events again
///
/// Delivers the events of this range that the webhook wants (by its present `types`) again, before any newer ones, each with
/// the same `webhook-id` as before. Events that were not delivered yet are not affected.
#[utoipa::path(
    post,
    path = "/v1/webhooks/{id}/redeliver",
    operation_id = "redeliver_events",
    tag = "webhooks",
    params(("id" = WebhookId, Path, description = "The webhook.")),
    request_body = RedeliverRequest,
    responses(
        (status = 202, description = "The events of this range, if there are any, will be delivered.", body = WebhookView,
         headers(("ETag" = String, description = "The version, for `If-Match`.")), example = json!(crate::api::examples::webhook())),
        RedeliverProblems,
    ),
)]
pub async fn redeliver_events(
    State(state): State<ApiState>,
    caller: Caller,
    Path(id): Path<WebhookId>,
    Json(request): Json<RedeliverRequest>,
) -> Result<Response, Problem> {
    if request.to.is_some_and(|to| to.0 < request.from.0) {
        return Err(Problem::invalid(FieldError::new(
            "/to",
            "too_small",
            "expected the `sequence` of an event that is not before `from`",
        )));
    }
    let redelivery = Redelivery {
        from: request.from.0,
        to: request.to.map(|to| to.0),
        dead_only: request.dead_only,
    };
    let webhooks = state.webhooks()?;
    let webhook = webhooks.redeliver(id, own_only(&caller), redelivery).await;
    let webhook = view_of_changed(&state, webhook.map_err(refused)?).await?;
    Ok((StatusCode::ACCEPTED, webhook.shown()).into_response())
}
