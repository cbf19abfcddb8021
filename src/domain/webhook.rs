//! Webhooks: endpoints of callers to which events are delivered.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::WebhookId;
use super::operation::{EventKind, NewEvent};
use super::sealed::Sealed;

mod retries;

pub use retries::{AfterAttempt, Retries, after_attempt};

/// The endpoint of a caller.
#[derive(Clone, Debug, PartialEq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Internal: increases with every update of the row apart from its position. A change that a caller or an operator makes is
    /// a compare-and-set on it.
    pub revision: i64,
    /// The version that callers and operators see: increases only with their changes, and when the gateway pauses it.
    pub version: i64,
    /// The caller that created it.
    pub owner: String,
    /// Whether it gets the events of all callers; only for operators.
    pub all_callers: bool,
    /// The address of the endpoint.
    pub url: String,
    /// The types of events that it gets; all types if empty.
    pub types: Vec<EventKind>,
    /// What the owner wrote about it.
    pub description: Option<String>,
    /// Whether deliveries are attempted.
    pub state: WebhookState,
    /// The secrets that sign deliveries.
    pub secrets: Sealed,
    /// The position in the feed. Events up to here have deliveries.
    pub position: i64,
    /// Earlier events that are to be delivered again before anything else, one after the other.
    pub replays: Vec<Replay>,
    /// How many deliveries have failed at their first attempt since the last success. Once the endpoint is taken to be down,
    /// each failed attempt counts.
    pub failures: i64,
    /// The first failed attempt since the last success.
    pub failing_since: Option<Timestamp>,
    /// When it was last resumed or got another address: waiting deliveries were due then, and have the whole time again.
    pub resumed_at: Option<Timestamp>,
    /// When it was created.
    pub created_at: Timestamp,
}

impl WebhookState {
    /// The word of the API, the store and the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Paused => "paused",
            Self::AutoPaused => "auto_paused",
        }
    }
}

/// Whether deliveries of a webhook are attempted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WebhookState {
    /// Events are delivered.
    Active,
    /// The owner or an operator paused it. Events are kept until it is resumed.
    Paused,
    /// The gateway paused it: all attempts failed for 5 days, or the endpoint returned 410. Events are kept until it is
    /// resumed.
    AutoPaused,
}

/// Events that are to be delivered again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replay {
    /// Those after this position.
    pub after: i64,
    /// Those up to this position.
    pub to: i64,
    /// Only those that were given up.
    pub dead_only: bool,
}

/// The delivery of an event to a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The webhook.
    pub webhook: WebhookId,
    /// The position of the event in the feed.
    pub sequence: i64,
    /// The subject of the event. Deliveries about a subject are in order.
    pub subject: String,
    /// The state.
    pub state: DeliveryState,
    /// The number of attempts.
    pub attempts: i64,
    /// The first attempt since the delivery became pending.
    pub first_attempt_at: Option<Timestamp>,
    /// The last attempt.
    pub last_attempt_at: Option<Timestamp>,
    /// When it is attempted next. `None` while an earlier delivery about the subject is pending, and after the end.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was delivered or given up.
    pub ended_at: Option<Timestamp>,
}

/// The state of a delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DeliveryState {
    /// It is attempted until it succeeds or is given up.
    Pending,
    /// The endpoint has acknowledged it with a status 2xx.
    Delivered,
    /// All attempts failed for 72 hours. It is kept and can be delivered again.
    Dead,
}

impl DeliveryState {
    /// The word of the API and the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Dead => "dead",
        }
    }
}

/// An attempt to deliver an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// The position of the event in the feed.
    pub sequence: i64,
    /// 1 for the first attempt of the delivery.
    pub number: i64,
    /// When it began.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The result.
    pub result: AttemptResult,
}

/// The result of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AttemptResult {
    /// What happened.
    pub outcome: Outcome,
    /// The HTTP status of the response, if there was one.
    pub status: Option<u16>,
    /// How long the endpoint asked to wait (`Retry-After`).
    pub retry_after: Option<Duration>,
}

/// What happened to an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = AttemptOutcome)]
pub enum Outcome {
    /// The endpoint returned a status 2xx.
    Delivered,
    /// The endpoint returned another status. Redirects are not followed.
    Refused,
    /// The endpoint returned 410: it does not want any more events.
    Gone,
    /// There was no complete response in time (`webhooks.timeout`).
    TimedOut,
    /// There was no connection: the name has no address, the connection was refused, or TLS failed.
    NotConnected,
    /// The address is not allowed: `webhooks.allow` does not list it, or it must never be a target.
    NotAllowed,
    /// The connection ended before a response, or the response was not HTTP.
    Interrupted,
}

impl Outcome {
    /// The word of the API, the store and the metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::Refused => "refused",
            Self::Gone => "gone",
            Self::TimedOut => "timed_out",
            Self::NotConnected => "not_connected",
            Self::NotAllowed => "not_allowed",
            Self::Interrupted => "interrupted",
        }
    }
}

// === impl Webhook ===

impl Webhook {
    /// Whether the webhook gets events of this type about this subject. A webhook gets no events about itself.
    #[must_use]
    pub fn wants(&self, kind: EventKind, subject: &str) -> bool {
        (self.types.is_empty() || self.types.contains(&kind)) && subject != self.id.to_string()
    }

    /// Pauses deliveries. What was given up before the gateway paused it is still delivered again when it is resumed.
    pub fn pause(&mut self) {
        self.deliver_dead_again();
        self.state = WebhookState::Paused;
    }

    /// Resumes deliveries. If the gateway paused it, what it gave up is delivered again.
    pub fn resume(&mut self, now: Timestamp) {
        self.deliver_dead_again();
        if self.state != WebhookState::Active {
            self.state = WebhookState::Active;
            self.begin_anew(now);
        }
    }

    /// Sets the address. What failed at another one says nothing about it.
    pub fn set_url(&mut self, url: &str, now: Timestamp) {
        if self.url != url {
            url.clone_into(&mut self.url);
            self.begin_anew(now);
        }
    }

    fn begin_anew(&mut self, now: Timestamp) {
        self.failures = 0;
        self.failing_since = None;
        self.resumed_at = Some(now);
    }

    fn deliver_dead_again(&mut self) {
        if self.state == WebhookState::AutoPaused {
            self.replays.push(Replay {
                after: 0,
                to: self.position,
                dead_only: true,
            });
        }
    }

    /// A webhook of a test.
    #[cfg(test)]
    pub(crate) fn sample() -> Self {
        Self {
            id: "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71".parse().unwrap(),
            revision: 1,
            version: 1,
            owner: "app".to_owned(),
            all_callers: false,
            url: "https://example.com/events".to_owned(),
            types: Vec::new(),
            description: None,
            state: WebhookState::Active,
            secrets: Sealed(Vec::new()),
            position: 0,
            replays: Vec::new(),
            failures: 0,
            failing_since: None,
            resumed_at: None,
            created_at: Timestamp::UNIX_EPOCH,
        }
    }

    /// The event for its owner that it was paused.
    fn paused(&self, at: Timestamp) -> NewEvent {
        NewEvent {
            kind: EventKind::WebhookPaused,
            subject: self.id.to_string(),
            fact: at.to_string(),
        }
    }
}
