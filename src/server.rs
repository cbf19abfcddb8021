//! The accept loop for HTTP/1.1, with limits for slow, silent, excess and disconnected clients.
//!
//! axum's own `serve` has no timeout for a client that connects and stays silent, or that sends its
//! request head byte by byte. Such clients would hold connections forever.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::api::ApiState;
use crate::config;

mod activity;
mod connection;
mod refusing;
mod shutdown;

pub use shutdown::Shutdown;

/// The maximum size of a request head, in bytes; a longer head gets 414 or 431.
const MAX_HEAD: usize = 64 * 1024;

/// How long to wait after `accept()` failed for lack of file descriptors or memory. An immediate retry would
/// fail again and spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves the router until the soft shutdown, then finishes the requests in progress. Returns when they are
/// done, when `shutdown_grace` is over, or at once on the hard shutdown.
///
/// A client that disconnects cancels its handler at the next await. Work that must not be cancelled runs in
/// its own task.
pub async fn serve(
    listener: TcpListener,
    router: Router,
    state: ApiState,
    config: &config::Server,
    shutdown: Shutdown,
) {
    // A child token: it is also cancelled when the grace is over, and other parts must not mistake that for a
    // second signal.
    let kill = shutdown.hard.child_token();
    let connections = TaskTracker::new();
    let limit = usize::try_from(config.max_connections).unwrap_or(Semaphore::MAX_PERMITS);
    let permits = Arc::new(Semaphore::new(limit.min(Semaphore::MAX_PERMITS)));
    let server = Server {
        router,
        state,
        http: http(),
        header_timeout: config.header_timeout,
        idle_timeout: config.idle_timeout,
        soft: shutdown.soft.clone(),
        kill: kill.clone(),
    };

    tokio::select! {
        () = shutdown.hard.cancelled() => {}
        () = shutdown.soft.cancelled() => {}
        () = server.accept(&listener, &permits, &connections) => {}
    }
    // From here on, new connections are refused, and clients go to another replica.
    drop(listener);
    connections.close();

    let deadline = Instant::now() + config.shutdown_grace;
    tokio::select! {
        () = connections.wait() => {}
        () = kill.cancelled() => {}
        () = tokio::time::sleep_until(deadline) => {
            tracing::warn!(
                connections = connections.len(),
                "the shutdown grace is over; dropping the remaining requests"
            );
        }
    }
    kill.cancel();
    connections.wait().await;
}

fn http() -> http1::Builder {
    let mut http = http1::Builder::new();
    // Our own timeouts distinguish an idle connection from a slow head, see `activity`.
    http.header_read_timeout(None).max_buf_size(MAX_HEAD);
    http
}

/// What all connections share.
struct Server {
    router: Router,
    /// For responses to requests that never reach the router.
    state: ApiState,
    http: http1::Builder,
    header_timeout: Duration,
    idle_timeout: Duration,
    soft: CancellationToken,
    kill: CancellationToken,
}

impl Server {
    async fn accept(
        &self,
        listener: &TcpListener,
        permits: &Arc<Semaphore>,
        connections: &TaskTracker,
    ) {
        // Acquire the permit before `accept()`; at the limit, clients wait in the backlog. The semaphore
        // is never closed.
        while let Ok(permit) = Arc::clone(permits).acquire_owned().await {
            match listener.accept().await {
                Ok((stream, _)) => {
                    connections.spawn(self.connection(stream, permit));
                }
                Err(error) if is_client_disconnect(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }

    fn connection(
        &self,
        stream: TcpStream,
        permit: OwnedSemaphorePermit,
    ) -> impl Future<Output = ()> + use<> {
        // Responses are written in one piece; Nagle's algorithm would only delay them by 40 ms.
        let _ = stream.set_nodelay(true);
        let activity = activity::Activity::new(self.header_timeout, self.idle_timeout);
        let io = activity::Watched::new(stream, Arc::clone(&activity));
        let io = refusing::Refusing::new(io, Arc::clone(&activity), self.state.clone());
        let (router, state) = (self.router.clone(), self.state.clone());
        let service = connection::Service::new(router, state, Arc::clone(&activity));
        let http = self.http.serve_connection(TokioIo::new(io), service);
        let (soft, kill) = (self.soft.clone(), self.kill.clone());
        async move {
            connection::drive(http, &activity, &soft, &kill).await;
            drop(permit);
        }
    }
}

/// Whether the error only means that this client disconnected before it was accepted.
fn is_client_disconnect(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::ConnectionReset
    )
}

#[cfg(test)]
mod tests;
