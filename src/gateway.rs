//! Builds the gateway from its parts and stops them in order.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use crate::access::keys::Keys;
use crate::access::service::KeyService;
use crate::api::{ApiState, Ready};
use crate::clock::SharedClock;
use crate::config::{self, Config, Reconcile, Top};
use crate::domain::change::ChangeKinds;
use crate::domain::ids::HashKey;
use crate::domain::order::StatusMap;
use crate::domain::refund::RefundKinds;
use crate::domain::vocabulary::Vocabulary;
use crate::notifications::feed::EventReader;
use crate::notifications::housekeeping::Housekeeping;
use crate::notifications::receiver::{Receiver, ReceiverSettings};
use crate::notifications::webhooks::client::{ClientSettings, WebhookClient};
use crate::notifications::webhooks::service::WebhookService;
use crate::notifications::webhooks::{self, Dispatcher, Recipients};
use crate::operations::accounts::service::{AccountSettings, Accounts, ConfiguredAccount};
use crate::operations::classify::Classifier;
use crate::operations::observer::Observer;
use crate::operations::reconcile::decide::Patience;
use crate::operations::service::{Operations, Parts, ReconcileSettings};
use crate::operations::upstream::{RefundSettings, Upstream, UpstreamParts};
use crate::store::seal::SealKeys;
use crate::store::sqlite::{SqliteJournal, SqliteSettings};
use crate::store::{JournalError, Rereads, Store};
use crate::top::client::TopClient;
use crate::top::contract::{Overrides, Registry};
use crate::top::sessions::Sessions;
use crate::top::stack::{self, Gate, QuotaSettings, RetrySettings, SigningKeys, TransportSettings};
use crate::translate::notice::Topic;

/// Why the gateway did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The journal cannot be used.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The HTTP client cannot be set up.
    #[error("cannot set up the HTTP clients: {0}")]
    Client(#[from] reqwest::Error),
    /// Invalid contract overrides.
    #[error("top.contract.overrides: {}", .0.join("; "))]
    Contract(Vec<String>),
}

/// How long the tasks that exchange messages with others may take to end their work when the process stops.
const PEER_GRACE: Duration = Duration::from_secs(2);

/// A running gateway without its listener.
#[derive(Debug)]
pub struct Gateway {
    operations: Arc<Operations>,
    state: ApiState,
    stopping: CancellationToken,
    /// Tasks that end soon after the process is to stop.
    tasks: Vec<(&'static str, JoinHandle<()>)>,
    /// Tasks that exchange messages with TOP and with webhooks.
    peers: Vec<(&'static str, JoinHandle<()>)>,
}

impl Gateway {
    /// Opens the journal, builds the TOP client, and starts the reconciler.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start(
        config: &Config,
        clock: SharedClock,
        metrics: Option<PrometheusHandle>,
    ) -> Result<Self, StartError> {
        let clients = Clients::new(config, &clock)?;
        let journal = Arc::new(open_journal(config).await?);
        Self::assemble(config, clock, metrics, clients, journal).await
    }

    /// Like [`Gateway::start`], on a journal that is already open.
    ///
    /// # Errors
    /// [`StartError`].
    pub async fn start_on(
        config: &Config,
        clock: SharedClock,
        metrics: Option<PrometheusHandle>,
        journal: Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let clients = Clients::new(config, &clock)?;
        Self::assemble(config, clock, metrics, clients, journal).await
    }

    async fn assemble(
        config: &Config,
        clock: SharedClock,
        metrics: Option<PrometheusHandle>,
        clients: Clients,
        journal: Arc<dyn Store>,
    ) -> Result<Self, StartError> {
        let stopping = CancellationToken::new();
        let accounts = config.accounts.iter();
        let channels = accounts.map(|(name, account)| (name.clone(), account.channel.clone()));
        let sessions = Sessions::new(config.accounts.keys().cloned(), journal.hash_key().clone());
        let top = Arc::new(clients.top);
        let (observer, seen) = Observer::new();
        let upstream = Upstream::new(UpstreamParts {
            top: top.clone(),
            channels: channels.collect(),
            sessions: Arc::new(sessions),
            classifier: Classifier::new(config.error_map.clone()),
            vocabulary: vocabulary(config),
            refunds: refund_settings(&config.top),
            hash_key: journal.hash_key().clone(),
            observer,
            clock: clock.clone(),
        });
        let reader = EventReader::new(journal.clone(), stopping.clone());
        let housekeeping = Housekeeping {
            store: journal.clone(),
            retention: config.feed.retention,
            clock: clock.clone(),
            stopping: stopping.clone(),
        };
        let housekeeping = tokio::spawn(housekeeping.run());
        let seal_keys = seal_keys(&config.store);
        let state = ApiState::new(config, clock.clone(), metrics);
        let keys = state.auth.keys().clone();
        let changed = watch::Sender::new(());
        let key_service = KeyService::load(
            keys.clone(),
            journal.clone(),
            clock.clone(),
            changed.clone(),
        );
        let key_service = Arc::new(key_service.await?);
        let key_keeper = tokio::spawn(key_service.clone().keep(stopping.clone()));
        let hooks = Arc::new(webhooks::Parts {
            store: journal.clone(),
            reader: reader.clone(),
            client: Arc::new(clients.webhooks),
            seal_keys: seal_keys.clone(),
            recipients: recipients(keys.clone()),
            retries: config.webhooks.retry.schedule(),
            concurrency: usize::try_from(config.webhooks.concurrency).unwrap_or(1),
            clock: clock.clone(),
            changed,
            stopping: stopping.clone(),
        });
        let dispatcher = tokio::spawn(Dispatcher::new(hooks.clone()).run());
        let hooks = WebhookService::new(
            hooks,
            config.webhooks.allow.clone(),
            config.webhooks.max_per_caller,
        );
        let operations = Operations::new(Parts {
            journal,
            upstream: Arc::new(upstream),
            settings: settings(&config.reconcile, &config.top),
            clock: clock.clone(),
            stopping: stopping.clone(),
        });
        let accounts = Accounts::new(
            operations.clone(),
            account_settings(config, seal_keys.clone()),
        );
        // Before anything is sent.
        accounts.load().await?;
        let keeper = tokio::spawn(accounts.clone().keep());
        let reconciler = tokio::spawn(operations.clone().reconcile());
        let recorder = tokio::spawn(operations.clone().record_reads(seen));
        let pause = config.watcher.pause(config.top.quota.looks_per_second);
        let watcher = tokio::spawn(operations.clone().watch_resources(pause));
        let feed = tokio::spawn(reader.clone().follow());
        let receiver = Receiver::new(
            receiver_settings(config),
            operations.clone(),
            top,
            clock.clone(),
            stopping.clone(),
        );
        let receiver = tokio::spawn(receiver.run());
        let state = state.with_operations(
            operations.clone(),
            accounts,
            reader,
            Arc::new(hooks),
            key_service,
        );
        state.readiness.set(Ready::Yes);
        let tasks = vec![
            ("the reconciler", reconciler),
            ("the recorder of reads", recorder),
            ("the watcher", watcher),
            ("the check of the sessions", keeper),
            ("the reader of the event feed", feed),
            ("the deletion of old events and messages", housekeeping),
            ("the keeper of API keys", key_keeper),
        ];
        let peers = vec![
            ("the receiver of TOP's messages", receiver),
            ("the delivery to webhooks", dispatcher),
        ];
        Ok(Self {
            operations,
            state,
            stopping,
            tasks,
            peers,
        })
    }

    /// The state for the API router.
    #[must_use]
    pub fn state(&self) -> ApiState {
        self.state.clone()
    }

    /// The number of operations in the journal without a known outcome.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub async fn open_operations(&self) -> Result<i64, JournalError> {
        let counts = self.operations.journal().open_counts().await?;
        Ok(counts.into_iter().map(|(_, count)| count).sum())
    }

    /// Once the token is cancelled, the gateway is not ready: it starts no further sends, ends long polls, and
    /// settles `accepted` operations as not sent. Calls in flight continue.
    pub fn stop_taking_when(
        &self,
        requested: CancellationToken,
    ) -> impl Future<Output = ()> + Send + use<> {
        let (state, stopping) = (self.state.clone(), self.stopping.clone());
        async move {
            requested.cancelled().await;
            stop_taking(&state, &stopping);
        }
    }

    /// Waits for sends and lookups in flight, then closes the journal: last, so that every received
    /// response is recorded.
    pub async fn stop(self) {
        stop_taking(&self.state, &self.stopping);
        for (name, task) in self.tasks {
            if task.await.is_err() {
                tracing::error!("{name} panicked");
            }
        }
        // Before the journal closes, so that what was received is committed and confirmed, and what was delivered is
        // recorded. Otherwise it is repeated after the restart, so a peer that does not respond must not delay the stop.
        let deadline = tokio::time::Instant::now() + PEER_GRACE;
        for (name, task) in self.peers {
            match tokio::time::timeout_at(deadline, AbortOnDropHandle::new(task)).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => tracing::error!("{name} panicked"),
                Err(_) => tracing::warn!("{name} was ended during its work"),
            }
        }
        self.operations.drain().await;
        self.operations.journal().close().await;
    }
}

fn stop_taking(state: &ApiState, stopping: &CancellationToken) {
    state.readiness.set(Ready::Stopping);
    state.stopping.cancel();
    stopping.cancel();
}

/// Opens the configured journal, and creates it if it does not exist.
///
/// # Errors
/// When the journal cannot be used.
pub async fn open_journal(config: &Config) -> Result<SqliteJournal, JournalError> {
    SqliteJournal::open(&store(config)).await
}

/// The HTTP clients.
struct Clients {
    top: TopClient,
    webhooks: WebhookClient,
}

impl Clients {
    fn new(config: &Config, clock: &SharedClock) -> Result<Self, StartError> {
        let overrides = &config.top.contract.overrides;
        let overrides =
            Overrides::build(Registry::embedded(), overrides).map_err(StartError::Contract)?;
        let webhooks = &config.webhooks;
        let settings = ClientSettings {
            allow: webhooks.allow.clone(),
            timeout: webhooks.timeout,
            connect_timeout: webhooks.connect_timeout,
            authorities: webhooks.authorities(),
        };
        Ok(Self {
            top: client(&config.top, overrides, clock)?,
            webhooks: WebhookClient::new(&settings)?,
        })
    }
}

/// The TOP client for this configuration.
///
/// # Errors
/// When the TLS backend or the proxy cannot be set up.
pub fn client(
    top: &Top,
    overrides: Overrides,
    clock: &SharedClock,
) -> Result<TopClient, reqwest::Error> {
    let quota = QuotaSettings {
        // The rate reserved for lookups is subtracted, so that both together stay within TOP's limit.
        per_second: at_least_one(
            top.quota
                .requests_per_second
                .saturating_sub(top.quota.looks_per_second),
        ),
        burst: at_least_one(top.quota.burst),
        looks_per_second: at_least_one(top.quota.looks_per_second),
        max_concurrent: usize::try_from(top.quota.max_concurrent).unwrap_or(usize::MAX),
        max_wait: top.quota.max_wait,
    };
    let parts = stack::Parts {
        keys: Arc::new(SigningKeys {
            app_key: top.app_key.clone(),
            app_secret: top.app_secret.clone(),
            method: top.sign_method,
        }),
        clock: clock.clone(),
        deadline: top.deadline,
        gate: Arc::new(Gate::new(&quota, clock.clone())),
    };
    let transport = TransportSettings {
        endpoint: top.endpoint.clone(),
        connect_timeout: top.connect_timeout,
        proxy: top.proxy.as_ref().map(|proxy| proxy.url().clone()),
        max_answer: top.max_answer,
    };
    let retry = RetrySettings {
        attempts: usize::try_from(top.retry.attempts).unwrap_or(1),
        base: top.retry.base,
        max: top.retry.max,
    };
    TopClient::new(&parts, &transport, retry, Arc::new(overrides))
}

fn store(config: &Config) -> SqliteSettings {
    let store = &config.store;
    SqliteSettings {
        path: store.path().to_owned(),
        read_connections: store.read_connections,
        queue: usize::try_from(store.queue).unwrap_or(usize::MAX),
        hash_key: store.hash_key_bytes().map(HashKey::new),
        rereads: Rereads {
            first: config.watcher.first,
            longest: config.watcher.longest,
        },
    }
}

fn settings(reconcile: &Reconcile, top: &Top) -> ReconcileSettings {
    ReconcileSettings {
        first_look: reconcile.first_look,
        patience: Patience {
            settle_window: reconcile.settle_window,
            settle_window_pay: reconcile.settle_window_pay,
            min_looks: reconcile.min_looks,
            attention_after: reconcile.attention_after,
        },
        inline_wait: reconcile.inline_wait,
        max_interval: reconcile.max_interval,
        watch: reconcile.watch,
        confirm_after: reconcile.confirm_after,
        concurrency: usize::try_from(reconcile.concurrency).unwrap_or(1),
        deadline: top.deadline,
    }
}

fn receiver_settings(config: &Config) -> ReceiverSettings {
    let notifications = &config.notifications;
    ReceiverSettings {
        mode: notifications.mode,
        url: notifications.url.to_string(),
        groups: notifications.group.clone(),
        interval: notifications.http.interval,
        quarantine: notifications.quarantine,
        app_key: config.top.app_key.clone(),
        app_secret: config.top.app_secret.clone(),
    }
}

fn account_settings(config: &Config, seal_keys: Option<Arc<SealKeys>>) -> AccountSettings {
    let accounts = config.accounts.iter().map(|(name, account)| {
        let configured = ConfiguredAccount {
            session: account.session.clone(),
            file: account.session_file.clone(),
            user_id: account.user_id,
            nick: account.nick.clone(),
        };
        (name.clone(), configured)
    });
    let oauth = &config.top.oauth;
    AccountSettings {
        accounts: accounts.collect(),
        app_key: config.top.app_key.clone(),
        authorize_url: oauth.authorize_url.clone(),
        callback_url: oauth.callback_url.clone(),
        seal_keys,
        topics: Topic::ALL.map(|topic| topic.as_str().to_owned()).into(),
    }
}

fn seal_keys(store: &config::Store) -> Option<Arc<SealKeys>> {
    let current = store.seal_key_bytes()?;
    let previous = store.previous_seal_key_bytes();
    Some(Arc::new(SealKeys::new(&current, previous.as_ref())))
}

fn recipients(keys: Arc<Keys>) -> Recipients {
    Recipients::new(move |name| keys.recipient(name))
}

fn vocabulary(config: &Config) -> Vocabulary {
    Vocabulary {
        statuses: StatusMap::new(config.status_map.clone()),
        refund_kinds: RefundKinds::new(config.top.refund.kinds.clone()),
        change_kinds: ChangeKinds::new(config.top.change.kinds.clone()),
    }
}

fn refund_settings(top: &Top) -> RefundSettings {
    RefundSettings {
        empty_fee: top.refund.empty_fee,
        quote_ttl: top.refund.quote_ttl,
    }
}

/// The configuration refuses zero, so this never changes a value.
fn at_least_one(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN)
}
