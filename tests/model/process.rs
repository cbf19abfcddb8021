//! A process of the gateway on the shared world: the real operations, with gates before the journal
//! and TOP.

use std::collections::BTreeMap;
use std::num::NonZeroU32;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use fliggy_gateway::clock::{Clock, SharedClock};
use fliggy_gateway::domain::ids::AccountName;
use fliggy_gateway::domain::operation::Kind;
use fliggy_gateway::domain::refund::EmptyFee;
use fliggy_gateway::domain::vocabulary::Vocabulary;
use fliggy_gateway::operations::classify::Classifier;
use fliggy_gateway::operations::observer::Observer;
use fliggy_gateway::operations::reconcile::decide::Patience;
use fliggy_gateway::operations::service::{Operations, Parts, ReconcileSettings};
use fliggy_gateway::operations::upstream::{RefundSettings, Upstream, UpstreamParts};
use fliggy_gateway::store::Store;
use fliggy_gateway::top::call::{Call, CallError, Lost, NotSent, Received};
use fliggy_gateway::top::client::TopClient;
use fliggy_gateway::top::contract::Overrides;
use fliggy_gateway::top::sessions::Sessions;
use fliggy_gateway::top::stack::{Gate, QuotaSettings, Stack};
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tower::util::BoxCloneSyncService;
use uuid::Uuid;

use crate::chance::Chance;
use crate::journal::GatedJournal;
use crate::ledger::WriteCall;
use crate::world::{Pending, Query, Shared, answered};

/// The deadline of one call to TOP.
pub(crate) const DEADLINE: Duration = Duration::from_millis(5_500);
/// An operation that is accepted or sending is stale after this long without an update.
pub(crate) const STALE: Duration = Duration::from_millis(3 * 5_500);

/// Windows in proportion to the real ones, but short: a run waits until no operation is open any more.
const SETTINGS: ReconcileSettings = ReconcileSettings {
    first_look: Duration::from_millis(500),
    patience: Patience {
        settle_window: Duration::from_secs(60),
        settle_window_pay: Duration::from_secs(90),
        min_looks: 5,
        attention_after: Duration::from_secs(240),
    },
    inline_wait: Duration::from_secs(3),
    max_interval: Duration::from_secs(10),
    watch: Duration::from_secs(150),
    confirm_after: Duration::from_secs(5),
    concurrency: 8,
    deadline: DEADLINE,
};

/// The time of day in a run that began at `zero`.
pub(crate) fn wall(zero: Instant) -> Timestamp {
    // 2030-05-01T10:00:00+08:00
    const START_MS: i64 = 1_903_831_200_000;
    let passed = i64::try_from(zero.elapsed().as_millis()).unwrap();
    Timestamp::from_millisecond(START_MS + passed).unwrap()
}

/// The clock of a process: tokio's paused time, and ids from a seed.
#[derive(Debug)]
struct VirtualClock {
    zero: Instant,
    start: Instant,
    ids: Mutex<Chance>,
}

impl Clock for VirtualClock {
    fn wall(&self) -> Timestamp {
        wall(self.zero)
    }

    fn steady(&self) -> Duration {
        self.start.elapsed()
    }

    fn new_uuid(&self) -> Uuid {
        let mut random = [0; 10];
        let mut ids = self.ids.lock().unwrap();
        random.fill_with(|| ids.byte());
        let millis = u64::try_from(self.wall().as_millisecond()).unwrap();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }
}

/// A gateway process.
pub(crate) struct Process {
    pub(crate) operations: Arc<Operations>,
    pub(crate) account: AccountName,
    stopping: CancellationToken,
    /// Finishes when the reconciler, every send and every lookup have ended after a stop.
    ended: JoinHandle<()>,
}

static OVERRIDES: LazyLock<Arc<Overrides>> = LazyLock::new(Arc::default);
/// The built-in vocabulary.
pub(crate) static VOCABULARY: LazyLock<Vocabulary> = LazyLock::new(Vocabulary::default);

// === impl Process ===

impl Process {
    /// Starts the process that is alive from now on.
    pub(crate) fn start(world: &Shared) -> Self {
        let (boot, zero) = {
            let mut world = world.lock();
            world.started = Instant::now();
            world.store.opened();
            (world.boot, world.zero)
        };
        let clock: SharedClock = Arc::new(VirtualClock {
            zero,
            start: Instant::now(),
            ids: Mutex::new(Chance::new(u64::from(boot) + 1)),
        });
        let plenty = NonZeroU32::new(1_000_000).unwrap();
        let quota = QuotaSettings {
            per_second: plenty,
            burst: plenty,
            looks_per_second: plenty,
            max_concurrent: 1_000,
            max_wait: Duration::from_secs(1),
        };
        let gate = Arc::new(Gate::new(&quota, clock.clone()));
        let stack = stack(world.clone(), boot);
        let name: AccountName = "default".parse().unwrap();
        let journal: Arc<dyn Store> = Arc::new(GatedJournal::new(world.clone(), boot));
        let sessions = Sessions::new([name.clone()], journal.hash_key().clone());
        sessions.replace(&name, "session".into());
        let stopping = CancellationToken::new();
        let upstream = Upstream::new(UpstreamParts {
            top: Arc::new(TopClient::on_stacks(
                stack.clone(),
                stack,
                gate,
                OVERRIDES.clone(),
                clock.clone(),
            )),
            channels: BTreeMap::from([(name.clone(), "MODEL".to_owned())]),
            sessions: Arc::new(sessions),
            classifier: Classifier::default(),
            vocabulary: VOCABULARY.clone(),
            refunds: RefundSettings {
                empty_fee: EmptyFee::default(),
                quote_ttl: Duration::from_secs(600),
            },
            hash_key: journal.hash_key().clone(),
            observer: Observer::new().0,
            clock: clock.clone(),
        });
        let operations = Operations::new(Parts {
            journal,
            upstream: Arc::new(upstream),
            settings: SETTINGS,
            clock,
            stopping: stopping.clone(),
        });
        let running = operations.clone();
        let ended = tokio::spawn(async move {
            running.clone().reconcile().await;
            running.drain().await;
        });
        Self {
            operations,
            account: name,
            stopping,
            ended,
        }
    }

    pub(crate) fn stop(&self) {
        self.stopping.cancel();
    }

    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.is_cancelled()
    }

    pub(crate) fn has_stopped(&self) -> bool {
        self.ended.is_finished()
    }
}

/// The transport to TOP, for reads and for writes.
fn stack(world: Shared, boot: u32) -> Stack {
    BoxCloneSyncService::new(tower::service_fn(move |call: Call| {
        let world = world.clone();
        async move {
            world.alive(boot).await;
            let departure = call.departure.clone();
            if let Some(departure) = &departure {
                // The connection of a write is open; its time starts when its body is released.
                departure.ask().await;
                world.alive(boot).await;
            }
            let exchange = exchange(&world, call);
            if let Ok(ended) = tokio::time::timeout(DEADLINE, exchange).await {
                return ended;
            }
            let withheld = departure.and_then(|d| d.withhold(NotSent::TooLate));
            Err(withheld.map_or(CallError::Lost(Lost::Deadline), CallError::NotSent))
        }
    }))
}

async fn exchange(world: &Shared, call: Call) -> Result<Received, CallError> {
    let (answer, received) = oneshot::channel();
    let request: Value = serde_json::from_str(&call.params[0].1).unwrap();
    let method = call.method.rsplit('.').next().unwrap();
    let write = |kind: Kind, subject: String| WriteCall {
        kind,
        label: format!("{} of {subject}", kind.as_str()),
        subject,
        request: request.clone(),
        departure: call.departure.clone().unwrap(),
        operation: None,
    };
    let order = || request["order_id"].to_string();
    let reference = || request["out_order_no"].as_str().unwrap().to_owned();
    let pending = match method {
        "pay" => Pending::Leave(write(Kind::Pay, order()), answer),
        "close" => Pending::Leave(write(Kind::Close, order()), answer),
        "airbook" => Pending::Leave(write(Kind::Book, reference()), answer),
        "queryorderdetail" => {
            let query = match request["order_id"].as_u64() {
                Some(id) => Query::OrderById(id),
                None => Query::OrderByReference(reference()),
            };
            Pending::Read(query, None, answer)
        }
        "queryorderlist" => Pending::Read(Query::Orders, None, answer),
        other => unreachable!("{other} is not modelled"),
    };
    let label = match &pending {
        Pending::Leave(write, _) => write.label.clone(),
        Pending::Read(query, ..) => format!("read {query:?}"),
        _ => unreachable!("a call is a write or a read"),
    };
    world.lock().ask_top(label, pending);
    answered(received).await
}
