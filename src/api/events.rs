//! The feed of events.

pub mod list;
pub mod stream;

use serde::Deserialize;

use super::auth::Caller;
use super::include::words;
use super::operations::{own_only, unreadable};
use super::problem::{Code, Problem};
use crate::domain::nullable::{LARGEST, whole};
use crate::domain::operation::EventKind;
use crate::notifications::feed::{EventFilter, FeedError};

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
    pub(super) fn get(self) -> i64 {
        self.0
    }

    fn new(position: i64) -> Option<Self> {
        (0..=LARGEST).contains(&position).then_some(Self(position))
    }
}

impl<'de> Deserialize<'de> for After {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::new(whole::<_, _, LARGEST>(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("expected the next_after of a page"))
    }
}
