//! What callers do with their webhooks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use super::address::{AllowList, parse_url};
pub use super::attempt::Exchange;
use super::attempt::Sender;
use super::dispatcher::Parts;
use super::message::{self, Ping};
use super::secret::{RotateError, Secrets};
use crate::domain::ids::WebhookId;
use crate::domain::operation::EventKind;
use crate::domain::sealed::NewSecret;
use crate::domain::webhook::{Delivery, Replay, Webhook, WebhookState};
use crate::store::seal::SealKeys;
pub use crate::store::{AttemptFilter, DeliveryFilter, WebhookFilter};
use crate::store::{Creation, JournalError, SavedWebhook, StoredAttempt};

/// See the module documentation.
#[derive(Debug)]
pub struct WebhookService {
    parts: Arc<Parts>,
    allow: Arc<AllowList>,
    max_per_caller: u32,
}

/// A webhook to create.
#[derive(Clone, Debug)]
pub struct NewWebhook {
    /// The caller.
    pub owner: String,
    /// Whether it gets the events of all callers.
    pub all_callers: bool,
    /// The events to deliver.
    pub settings: WebhookSettings,
    /// Events after this position are delivered; `None` is the end of the feed.
    pub after: Option<i64>,
}

/// What its owner can change of a webhook.
#[derive(Clone, Debug)]
pub struct WebhookSettings {
    /// The address of the endpoint.
    pub url: String,
    /// The types of events; all types if empty.
    pub types: Vec<EventKind>,
    /// What the owner writes about it.
    pub description: Option<String>,
}

/// Which events to deliver again.
#[derive(Clone, Copy, Debug)]
pub struct Redelivery {
    /// The first one.
    pub from: i64,
    /// The last one; `None` is the last one that was handed to the webhook.
    pub to: Option<i64>,
    /// Only those that were given up.
    pub dead_only: bool,
}

/// The maximum number of redeliveries that wait, for example while the webhook is paused.
const MOST_REPLAYS: usize = 16;

/// Whose webhook a call may concern: only one of this caller, or any.
pub type Owner<'a> = Option<&'a str>;

/// Why something was not done.
#[derive(Debug, thiserror::Error)]
pub enum Refused {
    /// There is no such webhook of this owner.
    #[error("there is no such webhook")]
    NotFound,
    /// The address is not allowed.
    #[error("{0}")]
    NotAllowed(String),
    /// The owner has a webhook with this address already.
    #[error("the webhook {0} has this address")]
    Exists(WebhookId),
    /// The owner has as many webhooks as allowed.
    #[error("there are {0} webhooks already")]
    TooMany(u32),
    /// Too many secrets are in force.
    #[error("{0}")]
    TooManySecrets(String),
    /// Events after the position were deleted.
    #[error("the events up to {0} were deleted")]
    Trimmed(i64),
    /// The webhook has this version, not the one that was named.
    #[error("the version is {0}")]
    VersionMismatch(i64),
    /// Secrets cannot be sealed or opened.
    #[error("{0}")]
    NoSealKey(String),
    /// The webhook gets the events of all callers, and the caller is not an operator.
    #[error("only operators may see the events of all callers")]
    Forbidden,
    /// Too many redeliveries wait.
    #[error("{MOST_REPLAYS} redeliveries wait")]
    TooManyReplays,
    /// The store could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The store did not acknowledge a change.
    #[error(transparent)]
    Unacknowledged(JournalError),
}

// === impl WebhookService ===

impl WebhookService {
    /// A service of these webhooks.
    #[must_use]
    pub fn new(parts: Arc<Parts>, allow: Arc<AllowList>, max_per_caller: u32) -> Self {
        Self {
            parts,
            allow,
            max_per_caller,
        }
    }

    /// Creates a webhook.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn create(&self, new: NewWebhook) -> Result<(Webhook, NewSecret), Refused> {
        let keys = self.keys()?;
        let url = self.address(&new.settings.url)?;
        let now = self.parts.clock.wall();
        let id = WebhookId::new(&*self.parts.clock);
        let secrets = Secrets::new().map_err(no_seal)?;
        let webhook = Webhook {
            id,
            revision: 1,
            version: 1,
            owner: new.owner,
            all_callers: new.all_callers,
            url,
            types: EventKind::distinct(&new.settings.types),
            description: new.settings.description,
            state: WebhookState::Active,
            secrets: secrets.sealed(keys, id).map_err(no_seal)?,
            position: self.position(new.after).await?,
            replays: Vec::new(),
            failures: 0,
            failing_since: None,
            resumed_at: None,
            created_at: now,
        };
        let store = &self.parts.store;
        let created = store.create_webhook(webhook.clone(), self.max_per_caller);
        match created.await.map_err(Refused::Unacknowledged)? {
            Creation::Created => {}
            Creation::Exists(other) => return Err(Refused::Exists(other)),
            Creation::TooMany => return Err(Refused::TooMany(self.max_per_caller)),
        }
        self.announce();
        Ok((webhook, NewSecret::new(secrets.current().text())))
    }

    /// The position in the feed after which events are delivered.
    async fn position(&self, after: Option<i64>) -> Result<i64, Refused> {
        let last = self.parts.store.last_event().await?;
        let trimmed = self.parts.store.trimmed_events().await?;
        match after {
            None => Ok(last),
            Some(0) => Ok(trimmed),
            Some(after) if after < trimmed => Err(Refused::Trimmed(trimmed)),
            Some(after) => Ok(after.min(last)),
        }
    }

    /// One webhook.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::Journal`].
    pub async fn get(&self, id: WebhookId, owner: Owner<'_>) -> Result<Webhook, Refused> {
        let webhook = self.parts.store.webhook(id).await?;
        webhook
            .filter(|webhook| owner.is_none_or(|owner| webhook.owner == owner))
            .ok_or(Refused::NotFound)
    }

    /// Webhooks, oldest first.
    ///
    /// # Errors
    /// [`Refused::Journal`].
    pub async fn list(&self, filter: WebhookFilter) -> Result<Vec<Webhook>, Refused> {
        Ok(self.parts.store.webhooks(filter).await?)
    }

    /// The time since which an event of the webhook waits; `None` if none does.
    ///
    /// # Errors
    /// [`Refused::Journal`].
    pub async fn oldest_undelivered(
        &self,
        webhook: &Webhook,
    ) -> Result<Option<Timestamp>, Refused> {
        Ok(self.parts.oldest_undelivered(webhook).await?)
    }

    /// Replaces the settings of a webhook that has this version.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn update(
        &self,
        id: WebhookId,
        owner: Owner<'_>,
        version: i64,
        settings: WebhookSettings,
    ) -> Result<Webhook, Refused> {
        let url = self.address(&settings.url)?;
        let now = self.parts.clock.wall();
        self.change(id, owner, |webhook| {
            if webhook.version != version {
                return Err(Refused::VersionMismatch(webhook.version));
            }
            webhook.set_url(&url, now);
            webhook.types = EventKind::distinct(&settings.types);
            webhook.description.clone_from(&settings.description);
            Ok(())
        })
        .await
    }

    /// Adds a secret. The present one also signs for this time.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn rotate(
        &self,
        id: WebhookId,
        owner: Owner<'_>,
        overlap: Duration,
    ) -> Result<(Webhook, NewSecret), Refused> {
        let keys = self.keys()?;
        let now = self.parts.clock.wall();
        let mut added = None;
        let webhook = self
            .change(id, owner, |webhook| {
                let opened = Secrets::opened(&webhook.secrets, keys, id).map_err(no_seal)?;
                let (mut secrets, _) = opened;
                secrets.rotate(now, overlap).map_err(not_rotated)?;
                webhook.secrets = secrets.sealed(keys, id).map_err(no_seal)?;
                added = Some(secrets.current().text());
                Ok(())
            })
            .await?;
        let added = added.ok_or(Refused::NotFound)?;
        Ok((webhook, NewSecret::new(added)))
    }

    /// Pauses deliveries. Events are kept.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn pause(&self, id: WebhookId, owner: Owner<'_>) -> Result<Webhook, Refused> {
        self.change(id, owner, |webhook| {
            webhook.pause();
            Ok(())
        })
        .await
    }

    /// Resumes deliveries. What was given up because the endpoint failed is delivered again.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn resume(&self, id: WebhookId, owner: Owner<'_>) -> Result<Webhook, Refused> {
        let now = self.parts.clock.wall();
        self.change(id, owner, |webhook| {
            webhook.resume(now);
            Ok(())
        })
        .await
    }

    /// Delivers events again.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn redeliver(
        &self,
        id: WebhookId,
        owner: Owner<'_>,
        redelivery: Redelivery,
    ) -> Result<Webhook, Refused> {
        if !redelivery.dead_only {
            let trimmed = self.parts.store.trimmed_events().await?;
            if redelivery.from <= trimmed {
                return Err(Refused::Trimmed(trimmed));
            }
        }
        self.change(id, owner, |webhook| {
            let replay = Replay {
                after: redelivery.from - 1,
                to: redelivery.to.unwrap_or(i64::MAX).min(webhook.position),
                dead_only: redelivery.dead_only,
            };
            if replay.after >= replay.to {
                // No event of the range was handed to the webhook yet.
                return Ok(());
            }
            if webhook.replays.len() >= MOST_REPLAYS {
                return Err(Refused::TooManyReplays);
            }
            webhook.replays.push(replay);
            Ok(())
        })
        .await
    }

    /// Deletes a webhook with its deliveries.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::Journal`].
    pub async fn delete(&self, id: WebhookId, owner: Owner<'_>) -> Result<(), Refused> {
        self.get(id, owner).await?;
        let deleted = self.parts.store.delete_webhook(id).await;
        if !deleted.map_err(Refused::Unacknowledged)? {
            return Err(Refused::NotFound);
        }
        self.announce();
        Ok(())
    }

    /// Sends a signed test message now and returns what happened. It is not repeated and not recorded.
    ///
    /// # Errors
    /// [`Refused`].
    pub async fn ping(&self, id: WebhookId, owner: Owner<'_>) -> Result<Exchange, Refused> {
        let webhook = self.readable(id, owner).await?;
        let sender = Sender::new(self.parts.clone(), &webhook).map_err(Refused::NoSealKey)?;
        let message_id = format!("ping_{}", self.parts.clock.new_uuid().simple());
        let body = message::body(&Ping::new(id, self.parts.clock.wall()));
        Ok(sender.send(message_id, body).await)
    }

    /// The webhook, if the owner may read what is delivered to it. A caller that is not an operator, or whose other key is one,
    /// may not read the events of others, and must not choose where they go.
    async fn readable(&self, id: WebhookId, owner: Owner<'_>) -> Result<Webhook, Refused> {
        let webhook = self.get(id, owner).await?;
        if owner.is_some() && webhook.all_callers {
            return Err(Refused::Forbidden);
        }
        Ok(webhook)
    }

    /// Deliveries, newest event first.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::Journal`].
    pub async fn deliveries(
        &self,
        owner: Owner<'_>,
        filter: DeliveryFilter,
    ) -> Result<Vec<Delivery>, Refused> {
        self.readable(filter.webhook, owner).await?;
        Ok(self.parts.store.deliveries(filter).await?)
    }

    /// Attempts, newest first.
    ///
    /// # Errors
    /// [`Refused::NotFound`], [`Refused::Journal`].
    pub async fn attempts(
        &self,
        owner: Owner<'_>,
        filter: AttemptFilter,
    ) -> Result<Vec<StoredAttempt>, Refused> {
        self.readable(filter.webhook, owner).await?;
        Ok(self.parts.store.attempts(filter).await?)
    }

    /// Changes a webhook. The change is decided again if the webhook was changed meanwhile.
    async fn change(
        &self,
        id: WebhookId,
        owner: Owner<'_>,
        mut change: impl FnMut(&mut Webhook) -> Result<(), Refused>,
    ) -> Result<Webhook, Refused> {
        loop {
            let before = self.readable(id, owner).await?;
            let mut webhook = before.clone();
            change(&mut webhook)?;
            if webhook == before {
                self.announce();
                return Ok(webhook);
            }
            let saved = self.parts.store.save_webhook(webhook).await;
            match saved.map_err(Refused::Unacknowledged)? {
                SavedWebhook::Done(saved) => {
                    self.announce();
                    return Ok(*saved);
                }
                SavedWebhook::Stale(_) => {}
                SavedWebhook::Exists(other) => return Err(Refused::Exists(other)),
                SavedWebhook::Gone => return Err(Refused::NotFound),
            }
        }
    }

    fn keys(&self) -> Result<&SealKeys, Refused> {
        self.parts.seal_keys.as_deref().ok_or_else(|| {
            Refused::NoSealKey(
                "The secrets of webhooks are sealed with a key, and `store.seal_key` is not set."
                    .to_owned(),
            )
        })
    }

    /// The address in its normal form, if it is allowed.
    fn address(&self, text: &str) -> Result<String, Refused> {
        match parse_url(text, &self.allow) {
            Ok(url) => Ok(url.into()),
            Err(error) => Err(Refused::NotAllowed(error.to_string())),
        }
    }

    /// Tells the dispatcher that a webhook has changed.
    fn announce(&self) {
        self.parts.changed.send_replace(());
    }
}

fn no_seal(error: impl fmt::Display) -> Refused {
    Refused::NoSealKey(error.to_string())
}

fn not_rotated(error: RotateError) -> Refused {
    match error {
        RotateError::TooMany { .. } => Refused::TooManySecrets(error.to_string()),
        RotateError::NoRandomness(error) => no_seal(error),
    }
}
