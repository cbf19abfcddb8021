//! Runs one task for each webhook, so that an endpoint that is slow or down delays no other.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use metrics::gauge;
use tokio::sync::watch;
use tokio::time::{interval, sleep};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::client::WebhookClient;
use super::endpoint::Endpoint;
use super::recipients::Recipients;
use super::secret::Secrets;
use crate::clock::SharedClock;
use crate::domain::ids::WebhookId;
use crate::domain::webhook::{Retries, Webhook, WebhookState};
use crate::notifications::feed::EventReader;
use crate::store::seal::SealKeys;
use crate::store::{EventFilter, JournalError, SavedWebhook, Store, WebhookFilter};
use crate::telemetry::metrics as names;

/// How often the gauges are set and the webhooks are read.
const MEASURE: Duration = Duration::from_secs(15);
/// How long to wait before a task that panicked is started again.
const RETRY: Duration = Duration::from_secs(1);
/// The number of webhooks that are read at once.
const PAGE: u32 = 200;

/// What all tasks share.
#[derive(Debug)]
pub struct Parts {
    /// The store.
    pub store: Arc<dyn Store>,
    /// The feed.
    pub reader: Arc<EventReader>,
    /// The client of the endpoints.
    pub client: Arc<WebhookClient>,
    /// The keys of the secrets. Without them nothing is delivered.
    pub seal_keys: Option<Arc<SealKeys>>,
    /// The callers that may get events.
    pub recipients: Recipients,
    /// The schedule of attempts.
    pub retries: Retries,
    /// The maximum number of attempts at one endpoint at a time.
    pub concurrency: usize,
    /// The clock.
    pub clock: SharedClock,
    /// Changes when a webhook was created, changed or deleted.
    pub changed: watch::Sender<()>,
    /// Cancelled when the process is to stop.
    pub stopping: CancellationToken,
}

/// See the module documentation.
#[derive(Clone, Debug)]
pub struct Dispatcher(Arc<Parts>);

// === impl Parts ===

impl Parts {
    /// The time of the oldest event of the webhook whose delivery is pending or not created yet.
    pub(super) async fn oldest_undelivered(
        &self,
        webhook: &Webhook,
    ) -> Result<Option<Timestamp>, JournalError> {
        let scope = self.recipients.scope(webhook);
        let wanted = scope.map(|scope| scope.events(webhook, webhook.position, 1));
        self.oldest(webhook, wanted).await
    }

    /// The time of the oldest event that is kept for the webhook. One that gets no events holds the whole feed, whatever it
    /// wants.
    async fn held_since(&self, webhook: &Webhook) -> Result<Option<Timestamp>, JournalError> {
        if webhook.state == WebhookState::Active && self.recipients.scope(webhook).is_some() {
            return self.oldest_undelivered(webhook).await;
        }
        let all = EventFilter {
            after: webhook.position,
            limit: 1,
            ..EventFilter::default()
        };
        self.oldest(webhook, Some(all)).await
    }

    /// The time of the oldest event whose delivery is pending, else of the first one that the filter selects.
    async fn oldest(
        &self,
        webhook: &Webhook,
        later: Option<EventFilter>,
    ) -> Result<Option<Timestamp>, JournalError> {
        let pending = self.store.oldest_pending(webhook.id).await?;
        match (pending, later) {
            (Some(pending), _) => Ok(Some(pending)),
            (None, None) => Ok(None),
            (None, Some(filter)) => {
                let first = self.store.events(filter).await?;
                Ok(first.first().map(|event| event.at))
            }
        }
    }
}

// === impl Dispatcher ===

impl Dispatcher {
    /// A dispatcher with these parts.
    #[must_use]
    pub fn new(parts: Arc<Parts>) -> Self {
        Self(parts)
    }

    /// Delivers events until the process stops.
    pub async fn run(self) {
        if let Err(error) = self.seal_again().await {
            tracing::error!(%error, "secrets of webhooks remain sealed with the previous key");
        }
        let mut tasks: BTreeMap<WebhookId, AbortOnDropHandle<()>> = BTreeMap::new();
        let mut changed = self.0.changed.subscribe();
        // Also finds a change whose signal was lost, because the request that made it was cancelled after the commit.
        let mut ticks = interval(MEASURE);
        let mut is_tick = true;
        while !self.0.stopping.is_cancelled() {
            changed.mark_unchanged();
            match self.webhooks().await {
                Ok(webhooks) => {
                    tasks.retain(|id, _| webhooks.iter().any(|webhook| webhook.id == *id));
                    for webhook in &webhooks {
                        tasks
                            .entry(webhook.id)
                            .or_insert_with(|| self.start(webhook.id));
                    }
                    if is_tick {
                        self.measure(&webhooks).await;
                    }
                }
                Err(error) => tracing::error!(%error, "the webhooks cannot be read"),
            }
            is_tick = tokio::select! {
                () = self.0.stopping.cancelled() => break,
                _ = changed.changed() => false,
                _ = ticks.tick() => true,
            };
        }
        for (_, task) in tasks {
            // A panic has been logged.
            let _ = task.await;
        }
    }

    /// Seals the secrets that the previous key opens with the current one, so that the previous one can be removed.
    async fn seal_again(&self) -> Result<(), JournalError> {
        let keys = self.0.seal_keys.as_ref();
        let Some(keys) = keys.filter(|keys| keys.has_previous()) else {
            return Ok(());
        };
        for mut webhook in self.webhooks().await? {
            let id = webhook.id;
            let opened = Secrets::opened(&webhook.secrets, keys, id);
            if let Ok((secrets, true)) = opened
                && let Ok(sealed) = secrets.sealed(keys, id)
            {
                webhook.secrets = sealed;
                if let SavedWebhook::Done(_) = self.0.store.save_webhook(webhook).await? {
                    tracing::info!(webhook = %id, "the secrets of a webhook are sealed with the current key");
                } else {
                    tracing::warn!(webhook = %id, "the secrets of a webhook remain sealed with the previous key: it was changed \
                                    meanwhile, and the next start tries again");
                }
            }
        }
        Ok(())
    }

    async fn webhooks(&self) -> Result<Vec<Webhook>, JournalError> {
        let mut webhooks: Vec<Webhook> = Vec::new();
        loop {
            let filter = WebhookFilter {
                owner: None,
                after: webhooks.last().map(|webhook| webhook.id),
                limit: PAGE,
            };
            let page = self.0.store.webhooks(filter).await?;
            // A page may be shorter, because unreadable rows are left out.
            if page.is_empty() {
                return Ok(webhooks);
            }
            webhooks.extend(page);
        }
    }

    /// Starts the task of a webhook. It is started again after a panic.
    fn start(&self, id: WebhookId) -> AbortOnDropHandle<()> {
        let parts = self.0.clone();
        AbortOnDropHandle::new(tokio::spawn(async move {
            loop {
                let endpoint = Endpoint::new(parts.clone(), id);
                let task = AbortOnDropHandle::new(tokio::spawn(endpoint.run()));
                let Err(error) = task.await else {
                    return;
                };
                tracing::error!(%error, webhook = %id, "the task of a webhook ended; it is started again");
                if parts
                    .stopping
                    .run_until_cancelled(sleep(RETRY))
                    .await
                    .is_none()
                {
                    return;
                }
            }
        }))
    }

    async fn measure(&self, webhooks: &[Webhook]) {
        if let Err(error) = self.try_measure(webhooks).await {
            tracing::warn!(%error, "the deliveries of webhooks cannot be measured");
        }
    }

    async fn try_measure(&self, webhooks: &[Webhook]) -> Result<(), JournalError> {
        let now = self.0.clock.wall();
        let (mut counts, mut longest) = ([0_u32; 3], 0.0_f64);
        for webhook in webhooks {
            counts[webhook.state as usize] += 1;
            if let Some(since) = self.0.held_since(webhook).await? {
                longest = longest.max(now.duration_since(since).as_secs_f64());
            }
        }
        for state in [
            WebhookState::Active,
            WebhookState::Paused,
            WebhookState::AutoPaused,
        ] {
            gauge!(names::WEBHOOKS, "state" => state.as_str()).set(counts[state as usize]);
        }
        gauge!(names::WEBHOOK_OLDEST_UNDELIVERED_SECONDS).set(longest);
        Ok(())
    }
}
