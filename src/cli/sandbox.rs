//! `sandbox`.

use std::net::SocketAddr;
use std::path::PathBuf;

use tokio::net::TcpListener;

use super::serve::{prepare, serve};
use super::{Failure, SandboxArgs, block_on, print, top_simulator};
use crate::config::{Config, Profile, SANDBOX_STORE};
use crate::simulator;

pub(super) fn run(args: &SandboxArgs) -> Result<(), Failure> {
    let mut config = args.config.load(Profile::Sandbox)?;
    block_on(async {
        let shutdown = prepare(&config)?;
        let journal = Journal::of(&mut config);
        let listener = TcpListener::bind(args.simulator_listen)
            .await
            .map_err(|error| Failure::failed(format!("{}: {error}", args.simulator_listen)))?;
        let top = listener.local_addr().map_err(Failure::failed)?;
        config.top.endpoint = format!("http://{top}/router/rest")
            .parse()
            .map_err(Failure::failed)?;
        config.top.oauth.authorize_url = format!("http://{top}/authorize")
            .parse()
            .map_err(Failure::failed)?;
        config.notifications.url = format!("ws://{top}/").parse().map_err(Failure::failed)?;
        for (number, account) in (1..).zip(config.accounts.values_mut()) {
            account.user_id.get_or_insert(FIRST_USER + number);
        }
        let stand_in = top_simulator::simulator(&config)?;
        // The simulator runs until the process ends, because the gateway's last operations may still call it.
        tokio::spawn(simulator::serve(listener, stand_in, shutdown.hard.clone()));
        let ended = serve(config, shutdown, |gateway| print(&welcome(gateway, top))).await;
        if let Some(journal) = journal {
            journal.remove();
        }
        ended
    })
}

/// The Taobao users of accounts without a configured `user_id` have the numbers after this one.
const FIRST_USER: i64 = 2_200_000_000_000;

/// The journal of one run. The simulator's orders do not survive the run, so a kept journal would refer to
/// orders that no longer exist.
struct Journal(PathBuf);

impl Journal {
    /// A journal for this run only, unless the configuration names one.
    fn of(config: &mut Config) -> Option<Self> {
        if config.store.url != SANDBOX_STORE {
            return None;
        }
        let name = format!("fliggy-gateway-sandbox-{}.db", std::process::id());
        let journal = Self(std::env::temp_dir().join(name));
        // A killed process with the same id may have left its files.
        journal.remove();
        config.store.url = format!("sqlite://{}", journal.0.display());
        Some(journal)
    }

    fn remove(&self) {
        for extension in ["db", "db-wal", "db-shm", "lock"] {
            // The file may not exist, and a leftover file is harmless.
            let _ = std::fs::remove_file(self.0.with_extension(extension));
        }
    }
}

/// The addresses, and what to try first.
fn welcome(gateway: SocketAddr, top: SocketAddr) -> String {
    format!(
        "
  The sandbox is running. No credentials, no real flights, no real money.

    Swagger UI     http://{gateway}/swagger-ui/
    Simulator      http://{top}/_simulator/   (faults, ledger, calls: docs/simulator.md)

  Try it: every example in Swagger UI works unchanged. Or from a shell, in the project's folder:

    1. Search a flight
       curl -s http://{gateway}/v1/flights/search -H 'Content-Type: application/json' -d '{SEARCH}'

    2. Book it
       curl -si http://{gateway}/v1/orders -H 'Content-Type: application/json' -H 'Idempotency-Key: book-1' -d @openapi/examples/booking.json

       Each further booking needs a new out_order_no and a new Idempotency-Key, also in Swagger UI:
       sed 's/TRIP-20300501-000001/TRIP-20300501-000002/' openapi/examples/booking.json | curl -si http://{gateway}/v1/orders -H 'Content-Type: application/json' -H 'Idempotency-Key: book-2' -d @-

    3. Make the next payment succeed but lose its response
       curl -s http://{top}/_simulator/faults -H 'Content-Type: application/json' -d '{FAULT}'

  Then pay the order in Swagger UI and watch the gateway find the payment: GET /v1/operations. The
  full tour is in README.md.

  Stop with Ctrl-C.

"
    )
}

const SEARCH: &str = r#"{"journeys":[{"from":"BJS","to":"XMN","date":"2030-05-20"}]}"#;
const FAULT: &str = r#"{"method":"pay","fault":"late_visibility","delay_ms":6000}"#;
