//! `GET /v1/events`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::ApiState;
use super::auth::Caller;
use super::extract::{Json, Query};
use super::limit::Limit;
use super::operations::{own_only, unreadable};
use super::problem::{API, Code, Problem};
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::EventKind;
use crate::domain::time::Rfc3339;
use crate::operations::EventFilter;
use crate::problem_answers;

/// The position in the feed.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The `next_after` of the previous page; the feed is read from the beginning if left out.
    #[serde(default)]
    #[param(required = false, value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    after: Option<After>,
    /// The maximum number of events; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
}

/// 0 to 2^53 - 1, the largest integer that every JSON reader represents exactly.
#[derive(Debug, Clone, Copy, Default)]
pub struct After(i64);

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match i64::deserialize(deserializer)? {
            n @ 0..=9_007_199_254_740_991 => Ok(Self(n)),
            _ => Err(serde::de::Error::custom(
                "expected the next_after of a page",
            )),
        }
    }
}

/// An immutable fact.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Event)]
pub struct EventView {
    /// The position in the feed. An event with a smaller number never appears later.
    #[schema(minimum = 1)]
    sequence: i64,
    /// The kind of the fact.
    #[serde(rename = "type")]
    kind: EventKind,
    /// The subject of the fact: an operation or an order.
    subject: String,
    /// The fact.
    #[schema(example = "paid")]
    fact: String,
    /// The purchasing account.
    account: AccountName,
    /// The operation that caused the event; null if no operation did.
    #[schema(required = true, value_type = Option<OperationId>)]
    operation_id: Option<OperationId>,
    /// When the event was committed (+08:00).
    at: Rfc3339,
}

/// Facts in the order of their commits.
#[derive(Debug, Serialize, ToSchema)]
pub struct EventPage {
    /// The events; a caller sees those of its own operations, an operator all.
    items: Vec<EventView>,
    /// Pass it as `after` to get the next events.
    #[schema(minimum = 0)]
    next_after: i64,
}

problem_answers!(EventProblems = API, &[Code::JournalUnavailable]);

/// Read the feed of facts
///
/// Every fact appears once, and is committed together with the new state that it reports. Store
/// `next_after` and pass it in the next call. No event is published for an operation that ended before
/// its send began.
#[utoipa::path(
    get,
    path = "/v1/events",
    operation_id = "list_events",
    tag = "events",
    params(Place),
    responses((status = 200, description = "The events after this position.", body = EventPage, example = json!(super::examples::events())), EventProblems),
)]
pub async fn list_events(
    State(state): State<ApiState>,
    caller: Caller,
    Query(place): Query<Place>,
) -> Result<Json<EventPage>, Problem> {
    let After(after) = place.after.unwrap_or_default();
    let found = state
        .operations()?
        .journal()
        .events(EventFilter {
            after,
            owner: own_only(&caller).map(str::to_owned),
            limit: place.limit.unwrap_or_default().get(),
        })
        .await
        .map_err(unreadable)?;
    let next_after = found.last().map_or(after, |event| event.sequence);
    Ok(Json(EventPage {
        items: found
            .into_iter()
            .map(|event| EventView {
                sequence: event.sequence,
                kind: event.kind,
                subject: event.subject,
                fact: event.fact,
                account: event.account,
                operation_id: event.operation_id,
                at: Rfc3339(event.at),
            })
            .collect(),
        next_after,
    }))
}
