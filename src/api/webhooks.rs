//! Webhooks: endpoints of callers to which events are delivered.

pub mod attempts;
pub mod create;
pub mod delete;
pub mod deliveries;
pub mod get;
pub mod list;
pub mod pause;
pub mod ping;
pub mod redeliver;
pub mod resume;
pub mod rotate_secret;
pub mod update;

use axum::http::HeaderValue;
use axum::http::header::ETAG;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use super::ApiState;
use super::extract::Json;
use super::limit::Text;
use super::operations::unreadable;
use super::problem::{Code, FieldError, Problem, SideEffects};
use crate::domain::ids::WebhookId;
use crate::domain::operation::EventKind;
use crate::domain::sealed::NewSecret;
use crate::domain::time::Rfc3339;
use crate::domain::webhook::{Webhook, WebhookState};
use crate::notifications::webhooks::service::Refused;

/// A webhook: an endpoint to which the gateway delivers events. A secret is shown only in the response that creates it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Webhook)]
pub struct WebhookView {
    /// The id.
    id: WebhookId,
    /// Grows with every change that you or an operator make, and when the gateway pauses it. It is the `ETag`, and `If-Match`
    /// of an update names it.
    #[schema(minimum = 1)]
    version: i64,
    /// The caller that created it: the name of its API key.
    owner: String,
    /// The address of the endpoint.
    #[schema(format = "uri")]
    url: String,
    /// The types of events that are delivered; all types if empty.
    #[schema(max_items = 64)]
    types: Vec<EventKind>,
    /// Whether it gets the events of all callers, not only those of its owner.
    all_callers: bool,
    /// What its owner wrote about it; null if nothing.
    #[schema(required = true)]
    description: Option<String>,
    /// Whether events are delivered.
    state: WebhookState,
    /// Since when all attempts have failed (+08:00); null if the last one succeeded.
    #[schema(required = true)]
    failing_since: Option<Rfc3339>,
    /// The time of the oldest event that has not been delivered, apart from those that were given up (+08:00); null if there
    /// is none.
    #[schema(required = true)]
    oldest_undelivered_at: Option<Rfc3339>,
    /// When it was created (+08:00).
    created_at: Rfc3339,
}

/// A webhook with its new secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct WebhookWithSecret {
    /// The webhook.
    webhook: WebhookView,
    /// The secret with which deliveries are signed (Standard Webhooks): `whsec_` and the key in Base64. It is not shown again.
    #[schema(value_type = String, pattern = "^whsec_[A-Za-z0-9+/]+={0,2}$", example = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD")]
    secret: NewSecret,
}

/// An `https` address, or an `http` one if the gateway allows its host.
#[derive(Debug, Clone)]
pub struct Target(String);

impl<'de> Deserialize<'de> for Target {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        if (1..=2048).contains(&text.len()) {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(
                "expected an address of at most 2048 characters, such as \"https://apps.example.com/fliggy-events\"",
            ))
        }
    }
}

/// Up to 64 types of events.
#[derive(Debug, Clone, Default)]
pub struct Types(Vec<EventKind>);

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let types = Vec::deserialize(deserializer)?;
        if types.len() <= 64 {
            Ok(Self(types))
        } else {
            Err(serde::de::Error::custom("expected at most 64 types"))
        }
    }
}

/// What an owner writes about a webhook.
type Description = Text<200>;

/// A webhook as a caller sees it.
async fn view(state: &ApiState, webhook: Webhook) -> Result<WebhookView, Problem> {
    let oldest = state.webhooks()?.oldest_undelivered(&webhook).await;
    Ok(WebhookView::new(webhook, oldest.map_err(refused)?))
}

/// A webhook after a change was committed, which a failed read must not hide.
async fn view_of_changed(state: &ApiState, webhook: Webhook) -> Result<WebhookView, Problem> {
    let oldest = state.webhooks()?.oldest_undelivered(&webhook).await;
    Ok(WebhookView::new(webhook, oldest.unwrap_or_default()))
}

impl WebhookView {
    fn new(webhook: Webhook, oldest_undelivered_at: Option<Timestamp>) -> Self {
        Self {
            id: webhook.id,
            version: webhook.version,
            owner: webhook.owner,
            url: webhook.url,
            types: webhook.types,
            all_callers: webhook.all_callers,
            description: webhook.description,
            state: webhook.state,
            failing_since: webhook.failing_since.map(Rfc3339),
            oldest_undelivered_at: oldest_undelivered_at.map(Rfc3339),
            created_at: Rfc3339(webhook.created_at),
        }
    }

    /// The response with the version as `ETag`.
    fn shown(self) -> Response {
        (etag(&self), Json(self)).into_response()
    }
}

/// The version as the header `ETag`.
fn etag(view: &WebhookView) -> Option<[(axum::http::HeaderName, HeaderValue); 1]> {
    let value = HeaderValue::from_str(&format!("\"{}\"", view.version)).ok()?;
    Some([(ETAG, value)])
}

/// The problem for something that was not done.
fn refused(why: Refused) -> Problem {
    match why {
        Refused::NotFound => Problem::new(Code::WebhookNotFound),
        Refused::NotAllowed(what) => Problem::new(Code::TargetNotAllowed)
            .detail(what.clone())
            .error(FieldError::new("/url", "not_allowed", what)),
        Refused::Exists(other) => Problem::new(Code::WebhookExists)
            .detail(format!("The webhook {other} has this address.")),
        Refused::TooMany(most) => Problem::new(Code::WebhookLimit)
            .detail(format!("Each caller may have {most} webhooks.")),
        Refused::TooManySecrets(what) => Problem::new(Code::WebhookLimit).detail(what),
        Refused::Trimmed(position) => Problem::new(Code::FeedTrimmed).detail(format!(
            "The events up to {position} were deleted. The oldest event that can be delivered is the one after it."
        )),
        Refused::VersionMismatch(version) => {
            Problem::new(Code::VersionMismatch).detail(format!("The version is {version}."))
        }
        Refused::NoSealKey(what) => {
            tracing::error!(what, "a request for a webhook failed");
            Problem::new(Code::WebhooksDisabled)
        }
        Refused::TooManyReplays => Problem::new(Code::WebhookLimit).detail(
            "Too many redeliveries of this webhook wait. They are executed once it is active.",
        ),
        Refused::Forbidden => Problem::new(Code::Forbidden).detail(
            "The webhook gets the events of all callers, which only operators may see.",
        ),
        Refused::Journal(error) => unreadable(error),
        Refused::Unacknowledged(error) => {
            tracing::error!(%error, "a change of a webhook was not acknowledged");
            Problem::new(Code::JournalUnavailable)
                .detail("It is not known whether the change was stored.")
                .side_effects(SideEffects::Unknown)
        }
    }
}
