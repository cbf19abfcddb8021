//! A simulator of TOP, for the sandbox and for other teams' tests.
//!
//! The simulator checks what TOP checks (signature, timestamp, session, contract). A ledger keeps the orders,
//! refunds and changes, advances them with time and counts effects. Taobao users authorise the app on a page of
//! OAuth. Faults are injected by rules over HTTP (`/_simulator/…`) or by magic order numbers
//! (`sim.pay.timeout_done.0001`). All state is in memory. Personal data leaves the simulator only in responses
//! that contain it at TOP too.
//!
//! Where the real wording or order of checks is not public, the simulator guesses, following `openapi/top`.
//! Nothing here is evidence of what TOP does.

mod agenda;
mod answer;
mod calls;
mod change;
mod channel;
mod control;
mod driver;
mod facts;
mod faults;
mod files;
mod gate;
mod hidden;
mod input;
mod itinerary;
mod known;
mod ledger;
mod message_methods;
mod messages;
mod methods;
mod oauth;
mod offer;
mod op;
mod order;
mod params;
mod platform;
mod refund;
mod register;
mod rest;
mod routes;
mod schedule;
mod script;
mod sessions;
mod state;
mod timetable;
mod trouble;
mod users;
mod verdict;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::top::contract::{Overrides, Registry};
use state::{Locked, State};

pub use calls::Call;
pub use faults::Fault;
pub use messages::{MessageFault, NewMessageRule};
pub use op::{Method, Op};
pub use platform::PlatformMethod;
pub use script::{Match, NewRule};
pub use sessions::OauthSettings;

/// Largest request body that is read. Above the attachment limit, so that the method can refuse an attachment
/// that is too large.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// How fast orders, refunds and changes progress, in steady time.
#[derive(Debug, Clone)]
pub struct Timing {
    /// From payment to ticket, for orders and changes.
    pub ticket_after: Duration,
    /// From creation until an unpaid order or change is closed.
    pub pay_within: Duration,
    /// From the application for a refund (or the upload of the attachment it waits for) until the money is
    /// refunded. The refund is `in_progress` after half of this time.
    pub refund_after: Duration,
    /// How long the fees of a change are unknown (`fees_later`).
    pub fees_after: Duration,
    /// How long a hanging call is kept open if its client does not disconnect.
    pub hang_limit: Duration,
    /// How long `late_visibility` hides an effect if the rule sets no time.
    pub hidden_for: Duration,
    /// How long a message waits for its confirmation before it is delivered again. TOP waits "about five minutes".
    pub message_lease: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            ticket_after: Duration::from_secs(3),
            pay_within: Duration::from_secs(30 * 60),
            refund_after: Duration::from_secs(4),
            fees_after: Duration::from_secs(2),
            hang_limit: Duration::from_secs(30),
            hidden_for: Duration::from_secs(3),
            message_lease: Duration::from_secs(300),
        }
    }
}

/// What the simulator accepts and how it behaves.
#[derive(Clone)]
pub struct SimulatorConfig {
    /// The only app key that the simulator accepts.
    pub app_key: String,
    /// The secret of that app.
    pub app_secret: SecretString,
    /// The purchasing account of each session at the start. An account cannot see the orders of another. These
    /// sessions do not expire by themselves.
    pub sessions: BTreeMap<String, String>,
    /// The message group of each account; `default` for accounts that are not listed.
    pub groups: BTreeMap<String, String>,
    /// The Taobao user id of each account. The others have ids from 2200000000001 on, in the order of all accounts.
    pub user_ids: BTreeMap<String, i64>,
    /// The tokens that OAuth issues at the start.
    pub oauth: OauthSettings,
    /// The assigned channels (渠道名称). Any other is refused with 请求参数错误.
    pub channels: BTreeSet<String>,
    /// Two-letter codes of the airlines that have an epidemic policy and therefore accept refunds of type 100.
    pub epidemic_airlines: BTreeSet<String>,
    /// The contract that requests are checked against.
    pub registry: &'static Registry,
    /// The overrides applied to the wire format.
    pub overrides: Overrides,
    /// The source of time.
    pub clock: SharedClock,
    /// How fast orders progress.
    pub timing: Timing,
    /// Flights in a listing of one city pair and day. Five make about 20 KB, fifty about 200 KB.
    pub listing_flights: usize,
    /// Maximum number of orders; the oldest are dropped. The same limit applies to refunds, changes and
    /// attachments.
    pub max_orders: usize,
}

impl SimulatorConfig {
    /// The configuration of the sandbox: app key `12345678`, secret `sandbox-secret`, session
    /// `sandbox-session` of the account `default`, channel `SANDBOX`, an epidemic policy of CA, and the
    /// embedded contract.
    #[must_use]
    pub fn sandbox(clock: SharedClock) -> Self {
        Self {
            app_key: "12345678".to_owned(),
            app_secret: SecretString::from("sandbox-secret"),
            sessions: BTreeMap::from([("sandbox-session".to_owned(), "default".to_owned())]),
            groups: BTreeMap::new(),
            user_ids: BTreeMap::new(),
            oauth: OauthSettings::default(),
            channels: BTreeSet::from(["SANDBOX".to_owned()]),
            epidemic_airlines: BTreeSet::from(["CA".to_owned()]),
            registry: Registry::embedded(),
            overrides: Overrides::default(),
            clock,
            timing: Timing::default(),
            listing_flights: 5,
            max_orders: 100_000,
        }
    }
}

impl std::fmt::Debug for SimulatorConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Sessions are secrets, so only their accounts are shown.
        f.debug_struct("SimulatorConfig")
            .field("app_key", &self.app_key)
            .field("accounts", &self.sessions.values().collect::<Vec<_>>())
            .field("channels", &self.channels)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

/// The simulator. Clones share its state.
#[derive(Debug, Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: SimulatorConfig,
    state: Mutex<State>,
    /// Ends hanging calls and connections on shutdown.
    closing: CancellationToken,
    /// Wakes the connections: there may be messages for them.
    messages_changed: Notify,
    /// Wakes the driver: the next due time has changed.
    due_changed: Notify,
    last_connection: AtomicU64,
}

impl Simulator {
    /// A simulator in which each account has one closed order, booked a day ago.
    #[must_use]
    pub fn new(config: SimulatorConfig) -> Self {
        let state = Mutex::new(State::new(&config));
        Self {
            inner: Arc::new(Inner {
                config,
                state,
                closing: CancellationToken::new(),
                messages_changed: Notify::new(),
                due_changed: Notify::new(),
                last_connection: AtomicU64::new(0),
            }),
        }
    }

    fn config(&self) -> &SimulatorConfig {
        &self.inner.config
    }

    /// Never held across an await: only synchronous functions take it.
    fn state(&self) -> Locked<'_> {
        let state = self.inner.state.lock();
        Locked::new(state.unwrap_or_else(PoisonError::into_inner), &self.inner)
    }

    /// The id of a new connection; not reused after a reset.
    fn next_connection(&self) -> u64 {
        self.inner.last_connection.fetch_add(1, Ordering::Relaxed)
    }
}

/// Serves the simulator until `shutdown` is cancelled; open calls then have two seconds to finish.
///
/// # Errors
/// An I/O error of the listener.
pub async fn serve(
    listener: TcpListener,
    simulator: Simulator,
    shutdown: CancellationToken,
) -> std::io::Result<()> {
    let server = axum::serve(listener, simulator.router())
        .with_graceful_shutdown(shutdown.clone().cancelled_owned());
    let closing = simulator.inner.closing.clone();
    let drain_timeout = async {
        shutdown.cancelled().await;
        closing.cancel();
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    let driver = async {
        driver::run(&simulator).await;
        std::future::pending().await
    };
    let result = tokio::select! {
        result = server => result,
        () = drain_timeout => Ok(()),
        () = driver => Ok(()),
    };
    closing.cancel();
    result
}
