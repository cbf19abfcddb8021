//! Receives TOP's messages: over the channel, or over HTTP while the channel cannot be held.
//!
//! A message is confirmed only after it is committed together with its effects. TOP sends a message that is not confirmed
//! again, so nothing is lost if the process ends at any point, and a repeated message has no further effect.

mod channel;
mod poll;

use std::sync::Arc;
use std::time::Duration;

use metrics::{counter, histogram};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::inbox::{Accounts, prepare};
use crate::clock::SharedClock;
use crate::kill_point::{Point, reach};
use crate::operations::service::Operations;
use crate::store::{JournalError, NewMessage, Reception};
use crate::telemetry::metrics as names;
use crate::top::client::TopClient;
use crate::top::tmc::message::{Message, NoId};
use crate::translate::notice::Topic;

/// How messages are received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// Over the WebSocket channel; over HTTP while the channel cannot be held.
    Tmc,
    /// Over HTTP.
    Http,
    /// Not at all.
    Off,
}

/// What becomes of a message that the gateway cannot use. It is stored in both cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Quarantine {
    /// It is confirmed: TOP does not send it again.
    Confirm,
    /// It is not confirmed: TOP sends it again for at most 24 hours, so that a corrected configuration or a later gateway
    /// can process it.
    Hold,
}

/// The settings of the receiver.
#[derive(Clone, Debug)]
pub struct ReceiverSettings {
    /// How messages are received.
    pub mode: Mode,
    /// The address of the channel.
    pub url: String,
    /// The groups whose messages are received.
    pub groups: Vec<String>,
    /// The pause between two reads over HTTP.
    pub interval: Duration,
    /// What becomes of messages that the gateway cannot use.
    pub quarantine: Quarantine,
    /// The app key.
    pub app_key: String,
    /// The app secret.
    pub app_secret: SecretString,
}

/// Receives TOP's messages.
#[derive(Debug)]
pub struct Receiver {
    settings: ReceiverSettings,
    operations: Arc<Operations>,
    top: Arc<TopClient>,
    clock: SharedClock,
    stopping: CancellationToken,
}

/// How long to wait before a failed commit is tried again.
const RETRY: Duration = Duration::from_secs(1);
/// How long to wait before a task that panicked is started again.
const RESTART: Duration = Duration::from_secs(5);

/// The response to TOP about a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// It is stored with its effects, or need not be sent again.
    Confirm,
    /// TOP sends it again.
    SendAgain(&'static str),
}

// === impl Receiver ===

impl Receiver {
    /// A receiver of the messages for these operations.
    #[must_use]
    pub fn new(
        settings: ReceiverSettings,
        operations: Arc<Operations>,
        top: Arc<TopClient>,
        clock: SharedClock,
        stopping: CancellationToken,
    ) -> Self {
        Self {
            settings,
            operations,
            top,
            clock,
            stopping,
        }
    }

    /// Receives messages until the process stops.
    pub async fn run(self) {
        let this = Arc::new(self);
        let mut groups = JoinSet::new();
        for group in &this.settings.groups {
            groups.spawn(this.clone().keep_receiving(group.clone()));
        }
        while groups.join_next().await.is_some() {}
    }

    /// Receives the messages of a group, also after a panic.
    async fn keep_receiving(self: Arc<Self>, group: String) {
        loop {
            let receiving = tokio::spawn(self.clone().receive(group.clone()));
            // Aborted with this task.
            let Err(error) = AbortOnDropHandle::new(receiving).await else {
                return;
            };
            tracing::error!(%error, "a task that receives TOP's messages ended; it is started again");
            if !self.pause(RESTART).await {
                return;
            }
        }
    }

    /// Pauses. Returns whether to go on: the process does not stop.
    async fn pause(&self, pause: Duration) -> bool {
        let pause = tokio::time::sleep(pause);
        self.stopping.run_until_cancelled(pause).await.is_some()
    }

    /// Receives the messages of a group.
    async fn receive(self: Arc<Self>, group: String) {
        match self.settings.mode {
            Mode::Tmc => {
                let (connected, channel) = watch::channel(false);
                tokio::join!(
                    self.hold_channel(&group, &connected),
                    self.poll(&group, Some(channel)),
                );
            }
            Mode::Http => self.poll(&group, None).await,
            Mode::Off => {}
        }
    }

    /// Commits messages, and decides which of them are confirmed, in the same order.
    async fn commit(&self, received: Vec<Message>) -> Vec<Verdict> {
        reach(Point::MessageReceived).await;
        let now = self.clock.wall();
        let key = self.operations.upstream().hash_key();
        let accounts = Accounts::new(self.operations.upstream().sessions().users());
        let messages: Vec<_> = received
            .into_iter()
            .map(|message| prepare(message, &accounts, key, now))
            .collect();
        let verdicts = match self.operations.receive(messages.clone()).await {
            Ok(receptions) => self.verdicts(&messages, &receptions),
            Err(error) => {
                tracing::error!(%error, "messages of TOP were not committed; they are tried one by one");
                self.commit_one_by_one(messages).await
            }
        };
        reach(Point::BeforeConfirm).await;
        verdicts
    }

    /// Commits each message by itself, so that one that cannot be committed does not keep the others.
    async fn commit_one_by_one(&self, messages: Vec<NewMessage>) -> Vec<Verdict> {
        self.pause(RETRY).await;
        let mut verdicts = Vec::with_capacity(messages.len());
        for message in messages {
            if self.stopping.is_cancelled() {
                verdicts.push(Verdict::SendAgain("the gateway is stopping"));
                continue;
            }
            let one = [message];
            let received = self.operations.receive(one.to_vec()).await;
            verdicts.push(match received {
                Ok(receptions) => self.verdicts(&one, &receptions).remove(0),
                Err(error) => self.not_committed(&one[0], &error),
            });
        }
        verdicts
    }

    fn not_committed(&self, message: &NewMessage, error: &JournalError) -> Verdict {
        tracing::error!(
            %error, topic = message.topic,
            "a message of TOP was not committed; TOP sends it again in about five minutes"
        );
        count(&message.topic, "not_committed");
        Verdict::SendAgain("the journal is not available")
    }

    fn verdicts(&self, messages: &[NewMessage], receptions: &[Reception]) -> Vec<Verdict> {
        let quarantined = receptions.iter().filter(|r| **r == Reception::Quarantined);
        let quarantined = quarantined.count();
        if quarantined > 0 {
            tracing::warn!(
                quarantined,
                "messages of TOP are in quarantine: GET /v1/notifications?state=quarantined"
            );
        }
        let pairs = messages.iter().zip(receptions);
        pairs
            .map(|(message, reception)| self.verdict(message, *reception))
            .collect()
    }

    fn verdict(&self, message: &NewMessage, reception: Reception) -> Verdict {
        match reception {
            Reception::Processed { woken } => {
                if let Some(published_at) = message.published_at {
                    let lag = self.clock.wall().duration_since(published_at);
                    histogram!(names::NOTIFICATION_LAG_SECONDS).record(lag.as_secs_f64().max(0.0));
                }
                count(&message.topic, "processed");
                tracing::debug!(
                    topic = message.topic,
                    woken,
                    "a message of TOP was processed"
                );
                Verdict::Confirm
            }
            Reception::Repeated => {
                count(&message.topic, "repeated");
                Verdict::Confirm
            }
            Reception::Quarantined => {
                count(&message.topic, "quarantined");
                match self.settings.quarantine {
                    Quarantine::Confirm => Verdict::Confirm,
                    Quarantine::Hold => Verdict::SendAgain("quarantined"),
                }
            }
        }
    }
}

/// Counts a message by its topic, if the gateway knows it, and by what became of it.
fn count(topic: &str, result: &'static str) {
    let topic = Topic::named(topic).map_or("other", Topic::as_str);
    counter!(names::NOTIFICATIONS, "topic" => topic, "result" => result).increment(1);
}

/// A message without an id cannot be stored or confirmed.
fn unidentified(_: NoId) {
    count("", "unidentified");
    tracing::warn!("a message of TOP has no id; it cannot be confirmed");
}
