//! The state that handlers share.

use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use bytes::Bytes;
use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;

use super::auth::AuthTable;
use super::openapi;
use super::problem::{Code, Problem};
use super::request_log::RequestHandles;
use crate::access::service::KeyService;
use crate::clock::SharedClock;
use crate::config::{Config, Server};
use crate::notifications::feed::EventReader;
use crate::notifications::webhooks::service::WebhookService;
use crate::operations::accounts::service::Accounts;
use crate::operations::service::Operations;
use crate::operations::services::Services;

/// The state that handlers share. One pointer, because every layer and extractor of a request clones it.
#[derive(Debug, Clone)]
pub struct ApiState(Arc<Shared>);

impl Deref for ApiState {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.0
    }
}

/// See [`ApiState`].
#[derive(Debug, Clone)]
pub struct Shared {
    /// Keys and accounts.
    pub auth: Arc<AuthTable>,
    /// Whether the gateway accepts work.
    pub readiness: Readiness,
    /// The metrics that `/metrics` renders; with `None` it returns 404.
    pub metrics: Option<PrometheusHandle>,
    /// The clock.
    pub clock: SharedClock,
    /// Cancelled when the process starts to stop, to end long polls and streams.
    pub stopping: CancellationToken,
    pub(super) services: Option<Arc<Services>>,
    pub(super) feed: Option<Arc<EventReader>>,
    pub(super) webhooks: Option<Arc<WebhookService>>,
    pub(super) keys: Option<Arc<KeyService>>,
    pub(super) limits: Limits,
    pub(super) document: Bytes,
    pub(super) request_handles: Arc<RequestHandles>,
}

/// The resource limits of requests.
#[derive(Debug, Clone)]
pub(super) struct Limits {
    pub(super) max_body: usize,
    pub(super) max_attachment: usize,
    pub(super) uploads: Arc<Semaphore>,
    pub(super) body_timeout: Duration,
    pub(super) in_flight: Arc<Semaphore>,
    /// Streams of events, and long polls for them.
    pub(super) listeners: Arc<Semaphore>,
    /// How often an idle stream sends a comment.
    pub(super) heartbeat: Duration,
}

/// The usual time between two comments of an idle stream of events.
const HEARTBEAT: Duration = Duration::from_secs(15);
const MIN_HEARTBEAT: Duration = Duration::from_millis(10);

impl Limits {
    fn new(server: &Server) -> Self {
        let in_flight = usize::try_from(server.max_in_flight).unwrap_or(Semaphore::MAX_PERMITS);
        let uploads = usize::try_from(server.max_uploads).unwrap_or(Semaphore::MAX_PERMITS);
        let listeners = usize::try_from(server.max_listeners).unwrap_or(Semaphore::MAX_PERMITS);
        Self {
            max_body: server.max_body,
            max_attachment: server.max_attachment,
            uploads: Arc::new(Semaphore::new(uploads.min(Semaphore::MAX_PERMITS))),
            body_timeout: server.body_timeout,
            in_flight: Arc::new(Semaphore::new(in_flight.min(Semaphore::MAX_PERMITS))),
            listeners: Arc::new(Semaphore::new(listeners.min(Semaphore::MAX_PERMITS))),
            // A comment must be sent before the connection counts as idle.
            heartbeat: HEARTBEAT.min((server.idle_timeout / 3).max(MIN_HEARTBEAT)),
        }
    }
}

impl ApiState {
    /// The same state with the operations, the accounts, the feed of their events, webhooks, and stored keys.
    #[must_use]
    pub fn with_operations(
        self,
        operations: Arc<Operations>,
        accounts: Arc<Accounts>,
        feed: Arc<EventReader>,
        webhooks: Arc<WebhookService>,
        keys: Arc<KeyService>,
    ) -> Self {
        Self(Arc::new(Shared {
            services: Some(Arc::new(Services::new(operations, accounts))),
            feed: Some(feed),
            webhooks: Some(webhooks),
            keys: Some(keys),
            ..Arc::unwrap_or_clone(self.0)
        }))
    }

    /// The operations of this process.
    ///
    /// # Errors
    /// [`Code::ShuttingDown`] before the operations exist, that is, while the gateway is not ready.
    pub fn operations(&self) -> Result<&Arc<Operations>, Problem> {
        self.services().map(|services| &services.operations)
    }

    /// The operations of this process, and its other services.
    ///
    /// # Errors
    /// [`Code::ShuttingDown`] before the operations exist, that is, while the gateway is not ready.
    pub fn services(&self) -> Result<&Arc<Services>, Problem> {
        self.services
            .as_ref()
            .ok_or_else(|| Problem::new(Code::ShuttingDown))
    }

    /// The feed of events.
    ///
    /// # Errors
    /// [`Code::ShuttingDown`] before the operations exist, that is, while the gateway is not ready.
    pub fn feed(&self) -> Result<&Arc<EventReader>, Problem> {
        self.feed
            .as_ref()
            .ok_or_else(|| Problem::new(Code::ShuttingDown))
    }

    /// The webhooks.
    ///
    /// # Errors
    /// [`Code::ShuttingDown`] before the operations exist, that is, while the gateway is not ready.
    pub fn webhooks(&self) -> Result<&Arc<WebhookService>, Problem> {
        self.webhooks
            .as_ref()
            .ok_or_else(|| Problem::new(Code::ShuttingDown))
    }

    /// The stored API keys.
    ///
    /// # Errors
    /// [`Code::ShuttingDown`] before the operations exist, that is, while the gateway is not ready.
    pub fn keys(&self) -> Result<&Arc<KeyService>, Problem> {
        self.keys
            .as_ref()
            .ok_or_else(|| Problem::new(Code::ShuttingDown))
    }

    /// The state of a gateway with this configuration; it is not ready yet.
    #[must_use]
    pub fn new(config: &Config, clock: SharedClock, metrics: Option<PrometheusHandle>) -> Self {
        Self(Arc::new(Shared {
            auth: Arc::new(AuthTable::new(config, clock.clone())),
            readiness: Readiness::default(),
            metrics,
            clock,
            stopping: CancellationToken::new(),
            services: None,
            feed: None,
            webhooks: None,
            keys: None,
            limits: Limits::new(&config.server),
            document: openapi::served(config.auth.mode),
            request_handles: Arc::default(),
        }))
    }
}

/// Whether the gateway accepts work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Ready {
    /// The journal is not open yet.
    Starting = 0,
    /// The gateway accepts work.
    Yes = 1,
    /// The journal cannot be written.
    JournalUnavailable = 2,
    /// The process is stopping.
    Stopping = 3,
}

/// The readiness, set by the process and read by `/readyz`. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Readiness(Arc<AtomicU8>);

impl Readiness {
    /// Sets the readiness. `Stopping` is final.
    pub fn set(&self, ready: Ready) {
        let stopping = Ready::Stopping as u8;
        // The update fails only if the state is `Stopping`, and then there is nothing to do.
        let _ = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                (now != stopping).then_some(ready as u8)
            });
    }

    /// The current readiness.
    #[must_use]
    pub fn get(&self) -> Ready {
        match self.0.load(Ordering::Relaxed) {
            0 => Ready::Starting,
            1 => Ready::Yes,
            2 => Ready::JournalUnavailable,
            _ => Ready::Stopping,
        }
    }
}
