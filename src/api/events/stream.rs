//! `GET /v1/events/stream`

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRequestParts, State};
use axum::http::request::Parts;
use axum::response::sse::{Event as SseEvent, Sse};
use axum::response::{IntoResponse, Response};
use futures::Stream;
use futures::StreamExt as _;
use futures::stream::{once, unfold};
use serde::Deserialize;
use tokio::sync::OwnedSemaphorePermit;
use tokio_util::sync::CancellationToken;
use utoipa::IntoParams;

use super::{After, SubjectText, Types, filter, not_read};
use crate::api::ApiState;
use crate::api::auth::{AuthTable, Caller};
use crate::api::extract::{Query, header_problem};
use crate::api::problem::{API, Code, Problem};
use crate::domain::operation::EventKind;
use crate::notifications::event_view::EventView;
use crate::notifications::feed::{Event, EventFilter, EventReader};
use crate::problem_answers;

/// How long a client waits before it connects again: between 2 and 6 s.
const RECONNECT: Duration = Duration::from_secs(2);
const SPREAD: Duration = Duration::from_micros(62_500);
/// The number of events that a stream reads at once.
const BATCH: u32 = 200;

/// Where to begin, and which events to send.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub struct Place {
    /// Begin after the event with this `sequence`; at the oldest event if left out or 0. The header `Last-Event-ID` takes
    /// precedence.
    #[serde(default)]
    #[param(required = false, value_type = i64, minimum = 0, maximum = 9_007_199_254_740_991_i64, example = 0)]
    after: Option<After>,
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

/// The header of a client that reconnects.
#[derive(IntoParams)]
#[into_params(parameter_in = Header)]
#[expect(dead_code, reason = "describes a header that an extractor reads")]
pub struct Resume {
    /// The `id` of the last event that was received. Clients of server-sent events send it by themselves when they
    /// reconnect.
    #[param(
        rename = "Last-Event-ID",
        required = false,
        value_type = i64,
        minimum = 0,
        maximum = 9_007_199_254_740_991_i64,
        example = 7
    )]
    last_event_id: Option<i64>,
}

/// `Last-Event-ID`: the position of the last event that the client has received.
#[derive(Debug, Clone, Copy)]
pub struct LastEventId(Option<After>);

impl<S: Send + Sync> FromRequestParts<S> for LastEventId {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        const NAME: &str = "Last-Event-ID";
        let mut values = parts.headers.get_all(NAME).iter();
        let Some(value) = values.next() else {
            return Ok(Self(None));
        };
        if value.is_empty() {
            // Some clients send it so before their first event.
            return Ok(Self(None));
        }
        let position = value.to_str().ok().and_then(|text| text.parse().ok());
        let after = position
            .and_then(After::new)
            .filter(|_| values.next().is_none());
        match after {
            Some(after) => Ok(Self(Some(after))),
            None => Err(header_problem(
                NAME,
                "invalid",
                "expected the `id` of an event, such as 7",
            )),
        }
    }
}

/// A client that listens. If it reads slowly, nothing is read for it: the next events stay in the store.
struct Listener {
    reader: Arc<EventReader>,
    filter: EventFilter,
    unsent: VecDeque<Arc<Event>>,
    heartbeat: Duration,
    caller: Caller,
    auth: Arc<AuthTable>,
    stopping: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

problem_answers!(
    StreamProblems = API,
    &[
        Code::FeedTrimmed,
        Code::Overloaded,
        Code::JournalUnavailable
    ]
);

/// Stream the feed of events
///
/// The same events as `GET /v1/events`, as server-sent events: `id` is the `sequence`, `event` the `type`, `data` the
/// event as JSON. While there are no events, a comment with the current `id` is sent every 15 seconds. The stream ends when
/// the gateway stops, when the API key ends or permits something else than before, or when a client has not read what was sent for longer than `server.idle_timeout`. Connect again
/// with `Last-Event-ID`, as most clients of server-sent events do by themselves, and no event is missed.
#[utoipa::path(
    get,
    path = "/v1/events/stream",
    operation_id = "stream_events",
    tag = "events",
    params(Place, Resume),
    responses(
        (status = 200, description = "The events after this position, without an end.",
         content_type = "text/event-stream", body = String,
         example = "retry: 3000\n\nid: 7\nevent: order.paid\ndata: {\"sequence\":7}\n\n"),
        StreamProblems,
    ),
)]
pub async fn stream_events(
    State(state): State<ApiState>,
    caller: Caller,
    LastEventId(last): LastEventId,
    Query(place): Query<Place>,
) -> Result<Response, Problem> {
    let reader = state.feed()?.clone();
    let listeners = &state.limits.listeners;
    // Streams that ended together, because the gateway was restarted, must not return together.
    let reconnect =
        RECONNECT + SPREAD * u32::try_from(listeners.available_permits() % 64).unwrap_or(0);
    let permit = Arc::clone(listeners).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(Code::Overloaded))?;
    let after = last.or(place.after).unwrap_or_default();
    let filter = filter(&caller, after, place.types, place.subject, BATCH);
    let page = reader.page(&filter).await.map_err(not_read)?;
    let listener = Listener {
        reader,
        filter: EventFilter {
            after: page.next_after,
            ..filter
        },
        unsent: page.events.into(),
        heartbeat: state.limits.heartbeat,
        caller,
        auth: state.auth.clone(),
        stopping: state.stopping.clone(),
        _permit: permit,
    };
    let first = once(async move { Ok(SseEvent::default().retry(reconnect)) });
    let events = Sse::new(first.chain(events(listener)));
    // A proxy must not collect events before it passes them on.
    Ok(([("x-accel-buffering", "no")], events).into_response())
}

fn events(listener: Listener) -> impl Stream<Item = Result<SseEvent, Infallible>> {
    unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        Some((Ok(event), listener))
    })
}

impl Listener {
    /// The next event, or a comment if there is none for a while; nothing when the stream ends.
    async fn next(&mut self) -> Option<SseEvent> {
        if self.unsent.is_empty() && !self.stopping.is_cancelled() {
            let next = self.reader.next(self.filter.clone(), self.heartbeat);
            let next = self.auth.during(&self.caller, next).await.ok()?;
            let page = next
                .inspect_err(|error| tracing::debug!(%error, "a stream of events ends"))
                .ok()?;
            self.filter.after = page.next_after;
            self.unsent.extend(page.events);
        }
        let is_over = self.stopping.is_cancelled() || self.auth.still(&self.caller).is_err();
        if is_over {
            return None;
        }
        let Some(event) = self.unsent.pop_front() else {
            // With the position, so that a client that reconnects continues here. A client dispatches no event without
            // data.
            let comment = SseEvent::default().comment("waiting");
            return Some(comment.id(self.filter.after.to_string()));
        };
        let sent = SseEvent::default()
            .id(event.sequence.to_string())
            .event(event.kind.as_str());
        // The event consists of texts and numbers, which always serialise.
        sent.json_data(EventView::from(&*event)).ok()
    }
}
