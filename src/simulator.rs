//! A stand-in for TOP: a program of its own right, for the sandbox and for other teams' tests.
//!
//! It checks what TOP checks (signature, timestamp, session, contract), keeps orders, refunds and
//! changes in a ledger that counts effects, ages them, and injects faults that are scripted over HTTP (`/_simulator/…`) or by
//! magic order numbers (`sim.pay.timeout_done.0001`). Everything lives in memory; nothing that
//! identifies a person leaves it except in the answers TOP itself would give.
//!
//! Where the real wording or order of checks is not public, this is a guess that follows
//! `openapi/top`; nothing here is evidence of what TOP does.

mod answer;
mod calls;
mod change;
mod control;
mod faults;
mod files;
mod gate;
mod hidden;
mod input;
mod itinerary;
mod known;
mod ledger;
mod methods;
mod offer;
mod op;
mod order;
mod params;
mod refund;
mod register;
mod rest;
mod schedule;
mod script;
mod timetable;
mod trouble;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{any, delete, get, post};
use secrecy::SecretString;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::clock::SharedClock;
use crate::top::contract::{Mend, Registry};

pub use calls::Call;
pub use faults::Fault;
pub use op::Op;
pub use script::{Match, NewRule};

/// Largest request body that is read. Above the largest attachment, so that it can be refused.
const MAX_BODY: usize = 8 * 1024 * 1024;

/// How fast the world of the stand-in turns. Measured on the clock's steady time.
#[derive(Debug, Clone)]
pub struct Timing {
    /// From payment to ticket, of orders and of changes.
    pub ticket_after: Duration,
    /// From booking to the moment an unpaid order closes; the same for changes.
    pub pay_within: Duration,
    /// From an application, or the end of its wait for attachments, to the money back; half of it
    /// passes until somebody works on it.
    pub refund_after: Duration,
    /// How long the fees of a change are not known (`fees_later`).
    pub fees_after: Duration,
    /// How long a hanging call is kept open if its client does not go.
    pub hang_limit: Duration,
    /// How long `late_visibility` hides a change where the script does not say.
    pub hidden_for: Duration,
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
        }
    }
}

/// What the stand-in accepts and how it behaves.
#[derive(Clone)]
pub struct SimulatorConfig {
    /// The one app it knows.
    pub app_key: String,
    /// The secret of that app.
    pub app_secret: SecretString,
    /// Session to the purchasing account it stands for. Orders of one account are not seen by another.
    pub sessions: BTreeMap<String, String>,
    /// Channels (渠道名称) that are assigned. Another is answered 请求参数错误.
    pub channels: BTreeSet<String>,
    /// Two-letter codes of the airlines that have an epidemic policy, and so take refunds of type 100.
    pub epidemic_airlines: BTreeSet<String>,
    /// The contract requests are checked against.
    pub registry: &'static Registry,
    /// The wire it speaks: with overrides, the mended one.
    pub mend: Mend,
    /// Where it takes its time from.
    pub clock: SharedClock,
    /// How fast orders age.
    pub timing: Timing,
    /// Flights in a listing of one pair and day. Five make about 20 KB, fifty about 200 KB.
    pub listing_flights: usize,
    /// Orders kept; the oldest give way. As many refunds, changes and attachments are kept.
    pub max_orders: usize,
}

impl SimulatorConfig {
    /// What the sandbox uses: app key `12345678`, secret `sandbox-secret`, session `sandbox-session`
    /// of the account `default`, channel `SANDBOX`, an epidemic policy of CA, the contract as it is
    /// embedded.
    #[must_use]
    pub fn sandbox(clock: SharedClock) -> Self {
        Self {
            app_key: "12345678".to_owned(),
            app_secret: SecretString::from("sandbox-secret"),
            sessions: BTreeMap::from([("sandbox-session".to_owned(), "default".to_owned())]),
            channels: BTreeSet::from(["SANDBOX".to_owned()]),
            epidemic_airlines: BTreeSet::from(["CA".to_owned()]),
            registry: Registry::embedded(),
            mend: Mend::default(),
            clock,
            timing: Timing::default(),
            listing_flights: 5,
            max_orders: 100_000,
        }
    }
}

impl std::fmt::Debug for SimulatorConfig {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Sessions are secrets too: only their accounts are shown.
        f.debug_struct("SimulatorConfig")
            .field("app_key", &self.app_key)
            .field("accounts", &self.sessions.values().collect::<Vec<_>>())
            .field("channels", &self.channels)
            .field("timing", &self.timing)
            .finish_non_exhaustive()
    }
}

/// The stand-in. A clone is the same stand-in.
#[derive(Debug, Clone)]
pub struct Simulator {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    config: SimulatorConfig,
    state: Mutex<State>,
    /// Hanging calls end when the program does.
    closing: CancellationToken,
}

/// All that changes.
#[derive(Debug)]
struct State {
    ledger: ledger::Ledger,
    scripts: script::Scripts,
    calls: calls::CallLog,
}

impl State {
    fn new(config: &SimulatorConfig) -> Self {
        let mut ledger = ledger::Ledger::new(
            config.clock.clone(),
            config.timing.clone(),
            config.max_orders,
        );
        for account in config.sessions.values().collect::<BTreeSet<_>>() {
            known::seed(&mut ledger, account);
        }
        Self {
            ledger,
            scripts: script::Scripts::default(),
            calls: calls::CallLog::default(),
        }
    }
}

impl Simulator {
    /// A stand-in whose accounts have one order each, which was booked a day ago and is closed.
    #[must_use]
    pub fn new(config: SimulatorConfig) -> Self {
        let state = Mutex::new(State::new(&config));
        Self {
            inner: Arc::new(Inner {
                config,
                state,
                closing: CancellationToken::new(),
            }),
        }
    }

    /// `/router/rest` as TOP has it, and the control API under `/_simulator`.
    pub fn router(&self) -> Router {
        Router::new()
            .route("/router/rest", any(rest::handle))
            .route(
                "/_simulator/faults",
                post(control::add_fault)
                    .get(control::list_faults)
                    .delete(control::clear_faults),
            )
            .route("/_simulator/faults/{id}", delete(control::remove_fault))
            .route("/_simulator/orders", get(control::list_orders))
            .route(
                "/_simulator/orders/{order_id}/advance",
                post(control::advance),
            )
            .route(
                "/_simulator/orders/{order_id}/schedule-change",
                post(control::change_schedule),
            )
            .route("/_simulator/refunds", get(control::list_refunds))
            .route(
                "/_simulator/refunds/{refund_order_no}/advance",
                post(control::advance_refund),
            )
            .route(
                "/_simulator/refunds/{refund_order_no}/supplement",
                post(control::supplement_refund),
            )
            .route("/_simulator/changes", get(control::list_changes))
            .route(
                "/_simulator/changes/{change_order_no}/advance",
                post(control::advance_change),
            )
            .route("/_simulator/files", get(control::list_files))
            .route("/_simulator/calls", get(control::list_calls))
            .route("/_simulator/reset", post(control::reset))
            .layer(DefaultBodyLimit::max(MAX_BODY))
            .with_state(self.clone())
    }

    fn config(&self) -> &SimulatorConfig {
        &self.inner.config
    }

    /// Never held over an await: nothing that takes it is async.
    fn state(&self) -> MutexGuard<'_, State> {
        self.inner
            .state
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// Serves the stand-in until `shutdown` is cancelled; calls that are open then get two seconds.
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
    let last_call = async move {
        shutdown.cancelled().await;
        closing.cancel();
        tokio::time::sleep(Duration::from_secs(2)).await;
    };
    tokio::select! {
        result = server => result,
        () = last_call => Ok(()),
    }
}
