//! One connection: its service, and the loop that enforces its deadlines.

use std::convert::Infallible;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::header::HOST;
use axum::http::{Request, Response, Version};
use hyper::body::Incoming;
use hyper::server::conn::http1::Connection;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

use super::activity::{Activity, Phase};
use crate::api::{ApiState, Malformed};

/// How long a silent client has for its first byte after the soft shutdown.
const LINGER: Duration = Duration::from_millis(250);
/// How long a client may stop reading its response after the soft shutdown. A stream of events that nobody reads must not
/// use up the shutdown grace.
const STALL: Duration = Duration::from_secs(2);

/// The router; records when a request begins and when its response is ready.
#[derive(Debug, Clone)]
pub(super) struct Service {
    router: Router,
    state: ApiState,
    activity: Arc<Activity>,
}

impl Service {
    pub(super) fn new(router: Router, state: ApiState, activity: Arc<Activity>) -> Self {
        Self {
            router,
            state,
            activity,
        }
    }
}

impl hyper::service::Service<Request<Incoming>> for Service {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Body>, Infallible>> + Send>>;

    fn call(&self, request: Request<Incoming>) -> Self::Future {
        self.activity.enter(Phase::Busy);
        let activity = Arc::clone(&self.activity);
        if !has_host(&request) {
            activity.enter(Phase::Idle);
            let refused = Malformed::Host.answer(&self.state).map(Body::from);
            return Box::pin(std::future::ready(Ok(refused)));
        }
        let answer = self.router.clone().oneshot(request);
        Box::pin(async move {
            let answer = answer.await;
            activity.enter(Phase::Idle);
            answer
        })
    }
}

/// Whether the request has exactly one `Host` (RFC 9112, 3.2); in HTTP/1.0 it is optional.
fn has_host<B>(request: &Request<B>) -> bool {
    match request.headers().get_all(HOST).iter().count() {
        0 => request.version() < Version::HTTP_11,
        hosts => hosts == 1,
    }
}

/// Runs the connection until it closes, its deadline passes, or the process ends.
pub(super) async fn drive<IO>(
    connection: Connection<hyper_util::rt::TokioIo<IO>, Service>,
    activity: &Activity,
    soft: &CancellationToken,
    kill: &CancellationToken,
) where
    IO: AsyncRead + AsyncWrite + Unpin,
{
    let mut connection = pin!(connection);
    let mut soft = pin!(soft.cancelled());
    let (mut ending, mut lingering) = (false, false);
    // Fires at least once per header timeout and then checks the deadline, so that requests need not reset
    // it.
    let mut timer = pin!(sleep_until(Instant::now() + activity.next_check()));

    loop {
        tokio::select! {
            // Errors here are caused by the client: a malformed request that hyper rejected, or a reset.
            _ = connection.as_mut() => return,
            () = kill.cancelled() => return,
            () = soft.as_mut(), if !ending => {
                ending = true;
                match activity.phase() {
                    // hyper would close it at once, but a client that has just connected is probably
                    // about to send its request.
                    Phase::Silent => {
                        lingering = true;
                        timer.as_mut().reset(Instant::now() + LINGER);
                    }
                    Phase::Head | Phase::Busy | Phase::Idle => {
                        connection.as_mut().graceful_shutdown();
                        timer.as_mut().reset(Instant::now() + STALL);
                    }
                }
            }
            () = timer.as_mut() => {
                if std::mem::take(&mut lingering) {
                    connection.as_mut().graceful_shutdown();
                }
                let now = Instant::now();
                let next = now + if ending { STALL } else { activity.next_check() };
                let deadline = if ending {
                    activity.deadline_with(STALL)
                } else {
                    activity.deadline()
                };
                match deadline {
                    Some(deadline) if deadline <= now => return,
                    Some(deadline) => timer.as_mut().reset(deadline.min(next)),
                    None => timer.as_mut().reset(next),
                }
            }
        }
    }
}
