//! One attempt to deliver an event, and its record.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use jiff::Timestamp;
use metrics::counter;
use reqwest::Url;
use tokio::time::sleep;

use super::dispatcher::Parts;
use super::message::{self, WebhookMessage};
use super::secret::Secrets;
use crate::domain::webhook::{Attempt, AttemptResult, Outcome, Webhook};
use crate::kill_point::{Point, reach};
use crate::store::{Attempted, DueDelivery};
use crate::telemetry::metrics as names;

/// How long to wait before a failed record is tried again.
const RETRY: Duration = Duration::from_secs(1);

/// Delivers events to one endpoint.
#[derive(Clone)]
pub(super) struct Sender {
    parts: Arc<Parts>,
    webhook: Arc<Webhook>,
    url: Url,
    secrets: Arc<Secrets>,
}

/// The end of an attempt.
pub(super) struct Sent {
    /// When it failed.
    pub(super) failed_at: Option<Timestamp>,
}

/// A message that was sent, and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Exchange {
    /// When it was sent.
    pub at: Timestamp,
    /// How long it took.
    pub took: Duration,
    /// The result.
    pub result: AttemptResult,
}

// === impl Sender ===

impl Sender {
    /// A sender for the webhook.
    ///
    /// # Errors
    /// The reason why its secrets cannot be opened or its address cannot be used.
    pub(super) fn new(parts: Arc<Parts>, webhook: &Webhook) -> Result<Self, String> {
        let Some(keys) = &parts.seal_keys else {
            return Err("`store.seal_key` is not set".to_owned());
        };
        let opened = Secrets::opened(&webhook.secrets, keys, webhook.id);
        let (secrets, _) = opened.map_err(|error| error.to_string())?;
        let url = webhook.url.parse();
        Ok(Self {
            url: url.map_err(|_| "its address cannot be read".to_owned())?,
            parts,
            webhook: Arc::new(webhook.clone()),
            secrets: Arc::new(secrets),
        })
    }

    /// Attempts a delivery and records the result.
    pub(super) async fn attempt(self, due: DueDelivery) -> Sent {
        reach(Point::DeliveryDue).await;
        let event = &due.event;
        let key = self.parts.store.hash_key();
        let id = message::message_id(key, event.kind, &event.subject, &event.fact);
        let body = message::body(&WebhookMessage::from(event));
        let Exchange { at, took, result } = self.send(id, body).await;
        reach(Point::DeliverySent).await;
        let attempt = Attempt {
            sequence: event.sequence,
            number: due.delivery.attempts + 1,
            at,
            took,
            result,
        };
        counter!(names::WEBHOOK_ATTEMPTS, "outcome" => result.outcome.as_str()).increment(1);
        tracing::debug!(
            webhook = %self.webhook.id,
            sequence = attempt.sequence,
            attempt = attempt.number,
            outcome = result.outcome.as_str(),
            status = result.status,
            "an event was sent to a webhook"
        );
        self.record(attempt).await;
        let is_failed = result.outcome != Outcome::Delivered;
        Sent {
            failed_at: is_failed.then(|| self.parts.clock.wall()),
        }
    }

    /// Sends a message.
    pub(super) async fn send(&self, id: String, body: Bytes) -> Exchange {
        let clock = &self.parts.clock;
        let (at, began) = (clock.wall(), clock.steady());
        let message = self.secrets.sign(at, id, body);
        let result = self.parts.client.send(&self.url, &message).await;
        Exchange {
            at,
            took: clock.steady().saturating_sub(began),
            result,
        }
    }

    /// Records the attempt. While the store fails, the delivery waits here: it must not be sent again without a record.
    async fn record(&self, attempt: Attempt) {
        let attempted = Attempted {
            webhook: self.webhook.id,
            attempt,
            retries: self.parts.retries,
            chance: chance(),
        };
        loop {
            match self.parts.store.record_attempt(attempted.clone()).await {
                Ok(_) => return,
                Err(error) => {
                    tracing::error!(%error, webhook = %self.webhook.id, "an attempt to deliver an event is not recorded");
                }
            }
            let pause = sleep(RETRY);
            if self
                .parts
                .stopping
                .run_until_cancelled(pause)
                .await
                .is_none()
            {
                // The event is delivered again after the restart.
                return;
            }
        }
    }
}

/// A random number. If there is no randomness, pauses are not spread.
pub(super) fn chance() -> u32 {
    getrandom::u32().unwrap_or(0)
}
