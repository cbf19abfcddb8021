//! The feed of events.

pub mod list;
pub mod stream;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::auth::Caller;
use super::include::words;
use super::operations::{own_only, unreadable};
use super::problem::{Code, Problem};
use crate::domain::ids::{AccountName, OperationId, OrderId, OutOrderNo};
use crate::domain::operation::EventKind;
use crate::domain::time::Rfc3339;
use crate::notifications::feed::{Event, EventFilter, FeedError};

/// Types of events, separated by commas.
#[derive(Debug, Clone)]
pub struct Types(Vec<EventKind>);

impl<'de> Deserialize<'de> for Types {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        words(&text).map(Self).ok_or_else(|| {
            let known = EventKind::ALL.map(EventKind::as_str).join(", ");
            serde::de::Error::custom(format!(
                "expected event types separated by commas, such as order.paid,order.closed; the types are: {known}"
            ))
        })
    }
}

/// The subject of an event.
#[derive(Debug, Clone)]
pub struct SubjectText(String);

impl<'de> Deserialize<'de> for SubjectText {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let fits = (1..=64).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        if fits {
            Ok(Self(text))
        } else {
            Err(serde::de::Error::custom(
                "expected the `subject` of an event: 1 to 64 digits, letters and hyphens",
            ))
        }
    }
}

/// The problem for a page that cannot be read.
fn not_read(error: FeedError) -> Problem {
    match error {
        FeedError::Trimmed(position) => Problem::new(Code::FeedTrimmed).detail(format!(
            "The events up to {position} were deleted. Continue with after={position}."
        )),
        FeedError::Journal(error) => unreadable(error),
    }
}

/// The events that the caller may see, after this position.
fn filter(
    caller: &Caller,
    after: After,
    types: Option<Types>,
    subject: Option<SubjectText>,
    limit: u32,
) -> EventFilter {
    EventFilter {
        after: after.0,
        owner: own_only(caller).map(str::to_owned),
        kinds: types.map_or_else(Vec::new, |types| types.0),
        subject: subject.map(|subject| subject.0),
        limit,
    }
}

/// 0 to 2^53 - 1, the largest integer that every JSON reader represents exactly.
#[derive(Debug, Clone, Copy, Default)]
pub struct After(i64);

impl After {
    fn new(position: i64) -> Option<Self> {
        (0..=9_007_199_254_740_991)
            .contains(&position)
            .then_some(Self(position))
    }
}

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(i64::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("expected the next_after of a page"))
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
    /// The subject of the fact: an operation, or Fliggy's number of an order, a refund or a change.
    subject: String,
    /// The fact.
    #[schema(example = "paid")]
    fact: String,
    /// The purchasing account.
    account: AccountName,
    /// Fliggy's number of the order that the event concerns; null if it is not known.
    #[schema(required = true, value_type = Option<OrderId>)]
    order_id: Option<OrderId>,
    /// The caller's number of this order; null if it is not known.
    #[schema(required = true, value_type = Option<OutOrderNo>)]
    out_order_no: Option<OutOrderNo>,
    /// The operation that caused the event; null if no operation did.
    #[schema(required = true, value_type = Option<OperationId>)]
    operation_id: Option<OperationId>,
    /// When the event was committed (+08:00).
    at: Rfc3339,
}

impl From<&Event> for EventView {
    fn from(event: &Event) -> Self {
        Self {
            sequence: event.sequence,
            kind: event.kind,
            subject: event.subject.clone(),
            fact: event.fact.clone(),
            account: event.account.clone(),
            order_id: event.order.order_id,
            out_order_no: event.order.out_order_no.clone(),
            operation_id: event.operation_id,
            at: Rfc3339(event.at),
        }
    }
}
