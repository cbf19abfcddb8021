//! Reads the messages of one group over HTTP.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};
use tokio::sync::watch;
use tokio::time::sleep;

use super::{Receiver, Verdict, unidentified};
use crate::kill_point::{Point, reach};
use crate::top::call::{CallError, Lost, NotSent};
use crate::top::tmc::http::{Confirm, Consume, ConsumedMessage, LEAST, QUANTITY};

/// How long the channel must be gone before messages are read over HTTP.
const FALLBACK_AFTER: Duration = Duration::from_secs(5);
/// The longest pause after failed reads, before jitter.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);

impl Receiver {
    /// Reads messages until the process stops. With a channel, only while it is not held.
    pub(super) async fn poll(&self, group: &str, mut channel: Option<watch::Receiver<bool>>) {
        let mut pauses = self.pauses();
        let mut is_fallback = false;
        let mut quantity = QUANTITY;
        loop {
            if let Some(channel) = &mut channel
                && (*channel.borrow() || !is_fallback)
            {
                let gone = self.stopping.run_until_cancelled(gone(channel));
                if gone.await.is_none() {
                    return;
                }
                tracing::warn!(
                    group,
                    "TOP's messages are read over HTTP until the channel is back"
                );
                is_fallback = true;
            }
            let reading = self.consume(group, quantity);
            let Some(read) = self.stopping.run_until_cancelled(reading).await else {
                return;
            };
            let pause = match read {
                Ok(messages) => {
                    let is_full = messages.len() >= quantity;
                    quantity = QUANTITY;
                    let taken = self.take(group, messages).await;
                    if let Err(error) = &taken {
                        tracing::warn!(group, %error, "messages of TOP were not confirmed; they are read again");
                    }
                    pauses = self.pauses();
                    if is_full && taken.is_ok_and(|confirmed| confirmed) {
                        continue;
                    }
                    self.settings.interval
                }
                Err(error) => {
                    if matches!(error, CallError::Lost(Lost::TooLarge | Lost::Deadline)) {
                        quantity = LEAST;
                    }
                    let pause = pauses.next().unwrap_or(LONGEST_PAUSE);
                    let pause = pause.max(announced(&error));
                    tracing::warn!(
                        group, %error, pause_ms = pause.as_millis(),
                        "TOP's messages cannot be read over HTTP"
                    );
                    pause
                }
            };
            if !self.pause(pause).await {
                return;
            }
        }
    }

    async fn consume(
        &self,
        group: &str,
        quantity: usize,
    ) -> Result<Vec<ConsumedMessage>, CallError> {
        let params = Consume::params(group, quantity);
        let answer = self.top.platform::<Consume>(params).await?;
        Ok(answer.messages.0)
    }

    /// Commits messages, then confirms them. Returns whether any was confirmed.
    async fn take(&self, group: &str, consumed: Vec<ConsumedMessage>) -> Result<bool, CallError> {
        let mut messages = Vec::with_capacity(consumed.len());
        for message in consumed {
            match message.message() {
                Ok(message) => messages.push(message),
                Err(no_id) => unidentified(no_id),
            }
        }
        if messages.is_empty() {
            return Ok(false);
        }
        let ids: Vec<_> = messages.iter().map(|message| message.id).collect();
        let verdicts = self.commit(messages).await;
        let confirmed = ids.into_iter().zip(verdicts);
        let confirmed: Vec<_> = confirmed
            .filter(|(_, verdict)| *verdict == Verdict::Confirm)
            .map(|(id, _)| id)
            .collect();
        if confirmed.is_empty() {
            return Ok(false);
        }
        let params = Confirm::params(group, &confirmed);
        let answer = self.top.platform::<Confirm>(params).await?;
        reach(Point::Confirmed).await;
        let is_confirmed = answer.is_success.lossy() != Some(false);
        if !is_confirmed {
            tracing::warn!(
                group,
                "TOP did not accept the confirmation of messages; they are read again"
            );
        }
        Ok(is_confirmed)
    }

    fn pauses(&self) -> backon::ExponentialBackoff {
        ExponentialBuilder::default()
            .with_min_delay(self.settings.interval)
            .with_max_delay(LONGEST_PAUSE.max(self.settings.interval))
            .without_max_times()
            .with_jitter()
            .build()
    }
}

/// Returns once the channel has been gone for a while.
async fn gone(channel: &mut watch::Receiver<bool>) {
    loop {
        // The sender lives as long as the receiver of the group.
        let _ = channel.wait_for(|held| !held).await;
        tokio::select! {
            _ = channel.wait_for(|held| *held) => {}
            () = sleep(FALLBACK_AFTER) => return,
        }
    }
}

/// How long TOP or the quota asks to wait.
fn announced(error: &CallError) -> Duration {
    match error {
        CallError::NotSent(NotSent::Quota { retry_after }) => *retry_after,
        CallError::NotSent(_) | CallError::Refused(_) | CallError::Lost(_) => Duration::ZERO,
    }
}
