//! `GET /v1/events`

use axum::extract::State;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{After, SubjectText, Types, filter, not_read};
use crate::api::ApiState;
use crate::api::auth::Caller;
use crate::api::extract::{Json, Query};
use crate::api::limit::{Limit, WaitSeconds};
use crate::api::operations::unreadable;
use crate::api::problem::{API, Code, Problem};
use crate::domain::operation::EventKind;
use crate::notifications::event_view::EventView;
use crate::notifications::feed::EventFilter;
use crate::problem_answers;

/// A page of the feed, and how long to wait for it.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// The `next_after` of the previous page. If left out or 0, the feed is read from its oldest event.
    #[serde(default)]
    #[param(required = false, value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    after: Option<After>,
    /// The maximum number of events; 50 if left out.
    #[serde(default)]
    #[param(required = false, value_type = u32, minimum = 1, maximum = 200, default = 50)]
    limit: Option<Limit>,
    /// Long poll: seconds to wait for an event if there is none yet, such as `20s`; 60 at most.
    #[serde(default)]
    #[param(
        required = false,
        value_type = String,
        pattern = "^([1-9]|[1-5][0-9]|60)s$",
        example = "20s"
    )]
    wait: Option<WaitSeconds>,
    /// Only events of these types, separated by commas; all types if left out.
    #[serde(default)]
    #[param(required = false, value_type = Vec<EventKind>, explode = false, min_items = 1, example = json!(["order.paid", "order.closed"]))]
    types: Option<Types>,
    /// Only events about this subject: an operation, or Fliggy's number of an order, a refund or a change.
    #[serde(default)]
    #[param(
        required = false,
        value_type = String,
        min_length = 1,
        max_length = 64,
        pattern = "^[0-9A-Za-z-]{1,64}$",
        example = "7359143789775800003"
    )]
    subject: Option<SubjectText>,
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

problem_answers!(
    EventProblems = API,
    &[
        Code::FeedTrimmed,
        Code::Overloaded,
        Code::JournalUnavailable
    ]
);

/// Read the feed of events
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
    responses((status = 200, description = "The events after this position.", body = EventPage, example = json!(crate::api::examples::events())), EventProblems),
)]
pub async fn list_events(
    State(state): State<ApiState>,
    caller: Caller,
    Query(place): Query<Place>,
) -> Result<Json<EventPage>, Problem> {
    let limit = place.limit.unwrap_or_default().get();
    let after = place.after.unwrap_or_default();
    let filter = filter(&caller, after, place.types, place.subject, limit);
    let feed = state.feed()?;
    let limits = &state.limits;
    let permit = place.wait.map_or(&limits.in_flight, |_| &limits.listeners);
    let permit = permit.try_acquire();
    let _permit = permit.map_err(|_| Problem::new(Code::Overloaded))?;
    let mut page = feed.page(&filter).await.map_err(not_read)?;
    if let Some(WaitSeconds(at_most)) = place.wait
        && page.events.is_empty()
    {
        let filter = EventFilter {
            after: page.next_after,
            ..filter
        };
        let next = feed.next(filter, at_most);
        let next = state.auth.during(&caller, next).await?;
        page = next.map_err(unreadable)?;
    }
    Ok(Json(EventPage {
        items: page
            .events
            .iter()
            .map(|event| EventView::from(&**event))
            .collect(),
        next_after: page.next_after,
    }))
}
