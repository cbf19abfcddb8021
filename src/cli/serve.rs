//! `serve`.

use std::io;
use std::path::Path;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{ConfigArgs, Failure, block_on};
use crate::api::{self, ApiState};
use crate::clock::SystemClock;
use crate::config::{self, Config, Profile};
use crate::gateway::Gateway;
use crate::server::{self, Shutdown};
use crate::telemetry;

pub(super) fn run(args: &ConfigArgs) -> Result<(), Failure> {
    let config = args.load(Profile::Serve)?;
    block_on(async {
        let shutdown = prepare(&config)?;
        serve(config, shutdown, |_| Ok(())).await
    })
}

/// Sets up logging and signal handling.
pub(super) fn prepare(config: &Config) -> Result<Shutdown, Failure> {
    telemetry::init(&config.telemetry).map_err(Failure::failed)?;
    Shutdown::on_signals().map_err(Failure::failed)
}

/// Runs the gateway until it stops. `started` is called with the address of the listener.
pub(super) async fn serve(
    mut config: Config,
    shutdown: Shutdown,
    started: impl FnOnce(std::net::SocketAddr) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let metrics = config
        .telemetry
        .metrics
        .then(telemetry::metrics::install)
        .transpose()
        .map_err(Failure::failed)?;
    if let Some(handle) = metrics.clone() {
        tokio::spawn(telemetry::metrics::upkeep(handle, shutdown.hard.clone()));
    }
    // Bind before opening the journal: a second gateway on the same address must not touch it.
    let listener = TcpListener::bind(config.server.listen)
        .await
        .map_err(|error| Failure::failed(format!("{}: {error}", config.server.listen)))?;
    let address = listener.local_addr().map_err(Failure::failed)?;
    config.complete_callback(address);
    let config = &config;
    let (listener, second_listener) = duplicated(listener).map_err(Failure::failed)?;
    let path = config.store.path();
    // A relative path depends on where the process was started.
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let journal = Found::at(&path);
    let gateway = Gateway::start(config, SystemClock::shared(), metrics)
        .await
        .map_err(Failure::failed)?;
    let open_operations = gateway.open_operations().await.ok();
    let router = api::router(gateway.state());
    let endpoint = &config.top.endpoint;
    if journal == Found::NothingInNewFolder {
        tracing::warn!(
            "the journal and its folder are new: if this gateway has run before, stop it and set store.url to \
             the earlier journal or mount its volume; a new journal does not contain the writes sent before"
        );
    }
    if endpoint.scheme() == "http" && endpoint.host_str().is_some_and(is_taobao) {
        tracing::warn!(
            "top.endpoint is plain http: sessions and passenger data are sent unencrypted; use https"
        );
    }
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        %address,
        // Safe to log: the configuration refuses credentials and a query in this URL.
        %endpoint,
        journal = %path.display(),
        journal_is = journal.word(),
        open_operations,
        "serving"
    );
    started(address)?;

    tokio::spawn(gateway.stop_taking_when(shutdown.soft.clone()));
    let hard = shutdown.hard.clone();
    let ended = Shutdown {
        soft: CancellationToken::new(),
        hard: hard.clone(),
    };
    let end = tokio::spawn(serve_until_ended(
        second_listener,
        router.clone(),
        gateway.state(),
        config.server.clone(),
        shutdown.soft.clone(),
        ended.clone(),
    ));
    let (soft, grace) = (shutdown.soft.clone(), config.server.shutdown_grace);
    let grace_over = tokio::spawn(async move {
        soft.cancelled().await;
        tokio::time::sleep(grace + JOURNAL_CLOSE).await;
    });
    server::serve(listener, router, gateway.state(), &config.server, shutdown).await;
    tokio::select! {
        () = gateway.stop() => {
            ended.soft.cancel();
            end.await.map_err(Failure::failed)?.map_err(Failure::failed)?;
            tracing::info!("stopped");
        }
        () = hard.cancelled() => tracing::warn!("stopped at once; open operations remain in the journal"),
        _ = grace_over => tracing::error!("the shutdown grace is over; open operations remain in the journal"),
    }
    Ok(())
}

/// What exists at the path of the journal before the start.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Found {
    Journal,
    Nothing,
    /// The folder does not exist or is empty.
    NothingInNewFolder,
}

impl Found {
    fn at(path: &Path) -> Self {
        if path.metadata().is_ok_and(|file| file.len() > 0) {
            return Self::Journal;
        }
        let entries = path.parent().and_then(|folder| folder.read_dir().ok());
        match entries.and_then(|mut entries| entries.next()) {
            Some(_) => Self::Nothing,
            None => Self::NothingInNewFolder,
        }
    }

    fn word(self) -> &'static str {
        match self {
            Self::Journal => "existing",
            Self::Nothing | Self::NothingInNewFolder => "new",
        }
    }
}

/// Whether the host belongs to TOP or to TOP's sandbox.
fn is_taobao(host: &str) -> bool {
    ["taobao.com", "tbsandbox.com"].iter().any(|domain| {
        let below = host.strip_suffix(domain);
        below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
    })
}

/// How long the journal may take to close after the shutdown grace.
const JOURNAL_CLOSE: Duration = Duration::from_secs(1);

/// Duplicates the listening socket.
fn duplicated(listener: TcpListener) -> io::Result<(TcpListener, std::net::TcpListener)> {
    let listener = listener.into_std()?;
    let second = listener.try_clone()?;
    Ok((TcpListener::from_std(listener)?, second))
}

/// Serves new requests while the last sends finish: a refused connection would look like a crash to a load
/// balancer and to a caller that polls its operation.
async fn serve_until_ended(
    listener: std::net::TcpListener,
    router: Router,
    state: ApiState,
    config: config::Server,
    begin: CancellationToken,
    ended: Shutdown,
) -> io::Result<()> {
    begin.cancelled().await;
    let listener = TcpListener::from_std(listener)?;
    server::serve(listener, router, state, &config, ended).await;
    Ok(())
}
