//! Holds the channel of one group.

use std::sync::atomic::{AtomicI32, Ordering};
use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use futures::FutureExt as _;
use metrics::{counter, gauge};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, interval_at};

use super::{Receiver, Verdict, unidentified};
use crate::kill_point::{Point, reach};
use crate::telemetry::metrics as names;
use crate::top::call::CallError;
use crate::top::tmc::channel::{Channel, ChannelError, ChannelSettings, Incoming};
use crate::top::tmc::http::GetToken;
use crate::top::tmc::message::Message;

/// The period of pull requests, as in the official client.
const PULL_EVERY: Duration = Duration::from_secs(15);
/// The maximum number of messages in one commit.
const BATCH: usize = 64;
/// The shortest and the longest pause before the next connection, before jitter.
const SHORTEST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// A channel that was held for this long was not refused; the pauses begin anew.
const HELD: Duration = Duration::from_secs(10);
/// The host whose connections need a token (as in the official client).
const PRODUCTION_HOST: &str = "mc.api.taobao.com";

/// Numbers the connections of this process.
static CONNECTIONS: AtomicI32 = AtomicI32::new(1);

/// Why there is no channel.
#[derive(Debug, thiserror::Error)]
enum NoChannel {
    #[error("no token: {0}")]
    Token(#[source] CallError),
    #[error(transparent)]
    Channel(#[from] ChannelError),
}

impl Receiver {
    /// Holds the channel of a group until the process stops, and says whether it is held.
    pub(super) async fn hold_channel(&self, group: &str, connected: &watch::Sender<bool>) {
        let mut pauses = pauses();
        loop {
            let began = Instant::now();
            // The state of a TLS handshake is large.
            let connecting = Box::pin(self.connect(group));
            let Some(connection) = self.stopping.run_until_cancelled(connecting).await else {
                return;
            };
            let ended = match connection {
                Ok(channel) => {
                    tracing::info!(group, "connected to TOP's message channel");
                    connected.send_replace(true);
                    report(group, true);
                    let ended = self.serve(channel).await;
                    connected.send_replace(false);
                    report(group, false);
                    ended.map_err(NoChannel::from)
                }
                Err(error) => {
                    report(group, false);
                    counter!(names::NOTIFICATIONS_CONNECTS, "result" => "failed").increment(1);
                    Err(error)
                }
            };
            let Err(error) = ended else {
                return;
            };
            if began.elapsed() >= HELD {
                pauses = self::pauses();
            }
            let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
            tracing::warn!(group, %error, pause_ms = pause.as_millis(), "no channel to TOP's messages");
            if !self.pause(pause).await {
                return;
            }
        }
    }

    async fn connect(&self, group: &str) -> Result<Channel, NoChannel> {
        let settings = ChannelSettings {
            url: self.settings.url.clone(),
            app_key: self.settings.app_key.clone(),
            app_secret: self.settings.app_secret.clone(),
            group: group.to_owned(),
        };
        let token = if settings.url.contains(PRODUCTION_HOST) {
            let params = GetToken::params(group);
            let answer = self.top.platform::<GetToken>(params).await;
            answer.map_err(NoChannel::Token)?.result
        } else {
            None
        };
        let now_ms = self.clock.wall().as_millisecond();
        let flag = CONNECTIONS.fetch_add(1, Ordering::Relaxed);
        let channel = Channel::connect(&settings, token.as_ref(), now_ms, flag).await?;
        counter!(names::NOTIFICATIONS_CONNECTS, "result" => "connected").increment(1);
        Ok(channel)
    }

    /// Receives messages until the channel ends or the process stops.
    async fn serve(&self, mut channel: Channel) -> Result<(), ChannelError> {
        let mut pulls = interval_at(Instant::now() + PULL_EVERY, PULL_EVERY);
        pulls.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            let incoming = tokio::select! {
                biased;
                () = self.stopping.cancelled() => {
                    channel.close().await;
                    return Ok(());
                }
                _ = pulls.tick() => {
                    channel.pull().await?;
                    continue;
                }
                incoming = channel.next() => incoming?,
            };
            let (messages, ended) = batch(&mut channel, incoming);
            self.process(&mut channel, messages).await?;
            if let Some(error) = ended {
                return Err(error);
            }
        }
    }

    /// Commits messages, then confirms them.
    async fn process(
        &self,
        channel: &mut Channel,
        messages: Vec<Message>,
    ) -> Result<(), ChannelError> {
        if messages.is_empty() {
            return Ok(());
        }
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        let verdicts = self.commit(messages).await;
        for (id, verdict) in ids.into_iter().zip(verdicts) {
            match verdict {
                Verdict::Confirm => channel.confirm(id).await?,
                Verdict::SendAgain(why) => channel.fail(id, why).await?,
            }
            reach(Point::Confirmed).await;
        }
        Ok(())
    }
}

/// The first message and those that have arrived meanwhile, with the error that ended the channel after them.
fn batch(channel: &mut Channel, first: Incoming) -> (Vec<Message>, Option<ChannelError>) {
    let mut messages = Vec::new();
    let mut next = Some(Ok(first));
    let mut frames = 0;
    while let Some(incoming) = next {
        match incoming {
            Ok(Incoming::Message(message)) => messages.push(message),
            Ok(Incoming::Unidentified(no_id)) => unidentified(no_id),
            Ok(Incoming::Garbage(error)) => {
                tracing::warn!(%error, "a frame of TOP's message channel cannot be read");
            }
            Err(error) => return (messages, Some(error)),
        }
        frames += 1;
        next = if frames < BATCH {
            channel.next().now_or_never()
        } else {
            None
        };
    }
    (messages, None)
}

fn report(group: &str, connected: bool) {
    gauge!(names::NOTIFICATIONS_CONNECTED, "group" => group.to_owned()).set(u8::from(connected));
}

fn pauses() -> backon::ExponentialBackoff {
    ExponentialBuilder::default()
        .with_min_delay(SHORTEST_PAUSE)
        .with_max_delay(LONGEST_PAUSE)
        .without_max_times()
        .with_jitter()
        .build()
}
