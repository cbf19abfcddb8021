//! The server over real sockets: slow, silent, excess and disconnected clients, and shutdown.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::*;
use crate::api::extract::Json;
use crate::clock::SystemClock;
use crate::config::{Config, Profile};

/// Longer than any step here takes; only a failing test waits for it.
const PATIENCE: Duration = Duration::from_secs(10);

struct Running {
    addr: SocketAddr,
    shutdown: Shutdown,
    server: JoinHandle<()>,
    /// Lets the requests to `/wait` finish.
    go: Arc<Notify>,
    /// How many requests to `/wait` have begun, and how many were dropped before they finished.
    begun: Arc<AtomicUsize>,
    dropped: Arc<AtomicUsize>,
}

fn config() -> config::Server {
    let mut config = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    config.server.header_timeout = Duration::from_millis(400);
    config.server.idle_timeout = Duration::from_secs(4);
    config.server.shutdown_grace = PATIENCE;
    config.server
}

async fn start(config: config::Server) -> Running {
    let go = Arc::new(Notify::new());
    let begun = Arc::new(AtomicUsize::new(0));
    let dropped = Arc::new(AtomicUsize::new(0));
    let wait = {
        let (go, begun, dropped) = (Arc::clone(&go), Arc::clone(&begun), Arc::clone(&dropped));
        move || async move {
            struct Count(Arc<AtomicUsize>);
            impl Drop for Count {
                fn drop(&mut self) {
                    self.0.fetch_add(1, Ordering::SeqCst);
                }
            }
            begun.fetch_add(1, Ordering::SeqCst);
            let count = Count(dropped);
            go.notified().await;
            std::mem::forget(count);
            "waited"
        }
    };
    let router = Router::new()
        .route("/", get(|| async { "hello" }))
        .route(
            "/take",
            post(|Json(body): Json<serde_json::Value>| async move { body.to_string() }),
        )
        .route("/wait", get(wait));
    let whole = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    let state = ApiState::new(&whole, SystemClock::shared(), None);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let shutdown = Shutdown::new();
    let server = tokio::spawn({
        let shutdown = shutdown.clone();
        async move { serve(listener, router, state, &config, shutdown).await }
    });
    Running {
        addr,
        shutdown,
        server,
        go,
        begun,
        dropped,
    }
}

impl Running {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    async fn sent(&self, request: &str) -> TcpStream {
        let mut client = self.connect().await;
        client.write_all(request.as_bytes()).await.unwrap();
        client
    }

    async fn ended(self) {
        timeout(PATIENCE, self.server).await.unwrap().unwrap();
    }
}

/// Reads until the server closes the connection.
async fn rest(client: &mut TcpStream) -> String {
    let mut text = Vec::new();
    // A reset also counts as a close.
    let _ = timeout(PATIENCE, client.read_to_end(&mut text))
        .await
        .unwrap();
    String::from_utf8(text).unwrap()
}

/// Reads one response that ends with `body` from a kept-alive connection.
async fn answer(client: &mut TcpStream, body: &str) -> String {
    let mut text = String::new();
    while !text.ends_with(body) {
        let mut some = [0; 1024];
        let n = timeout(PATIENCE, client.read(&mut some))
            .await
            .unwrap()
            .unwrap();
        assert!(n > 0, "closed after {text}");
        text.push_str(std::str::from_utf8(&some[..n]).unwrap());
    }
    text
}

async fn until(what: impl Fn() -> bool) {
    timeout(PATIENCE, async {
        while !what() {
            tokio::task::yield_now().await;
        }
    })
    .await
    .unwrap();
}

const GET: &str = "GET / HTTP/1.1\r\nhost: x\r\n\r\n";
const WAIT: &str = "GET /wait HTTP/1.1\r\nhost: x\r\n\r\n";

#[tokio::test]
async fn a_silent_client_is_closed() {
    let running = start(config()).await;
    let mut client = running.connect().await;
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn a_connection_that_sends_its_head_byte_by_byte_is_closed() {
    let mut config = config();
    config.idle_timeout = 10 * PATIENCE;
    let running = start(config).await;
    let mut client = running.sent(GET).await;
    answer(&mut client, "hello").await;
    let drip = async {
        loop {
            if client.write_all(b"G").await.is_err() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    // The head timeout closes it: it starts with the first byte and is not restarted by later bytes. The idle
    // timeout is longer than this test waits.
    timeout(PATIENCE, drip).await.unwrap();
}

#[tokio::test]
async fn an_idle_connection_has_a_longer_timeout_than_a_head() {
    let running = start(config()).await;
    let mut client = running.sent(GET).await;
    answer(&mut client, "hello").await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    client.write_all(GET.as_bytes()).await.unwrap();
    answer(&mut client, "hello").await;
    assert_eq!(rest(&mut client).await, "");
}

#[tokio::test]
async fn a_request_in_progress_has_no_head_timeout() {
    let running = start(config()).await;
    let mut client = running.sent(WAIT).await;
    until(|| running.begun.load(Ordering::SeqCst) == 1).await;
    tokio::time::sleep(Duration::from_secs(1)).await;
    running.go.notify_one();
    answer(&mut client, "waited").await;
}

#[tokio::test]
async fn a_client_that_disconnects_cancels_only_its_own_handler() {
    let running = start(config()).await;
    let client = running.sent(WAIT).await;
    until(|| running.begun.load(Ordering::SeqCst) == 1).await;
    drop(client);
    until(|| running.dropped.load(Ordering::SeqCst) == 1).await;
    let mut next = running.sent(GET).await;
    answer(&mut next, "hello").await;
}

#[tokio::test]
async fn clients_beyond_the_limit_wait_for_a_free_connection() {
    let mut config = config();
    config.max_connections = 1;
    config.header_timeout = PATIENCE;
    let running = start(config).await;
    let mut first = running.sent(GET).await;
    answer(&mut first, "hello").await;

    let mut second = running.sent(GET).await;
    let mut some = [0; 1];
    let early = timeout(Duration::from_millis(100), second.read(&mut some)).await;
    assert!(early.is_err(), "a response beyond the connection limit");
    drop(first);
    answer(&mut second, "hello").await;
}

#[tokio::test]
async fn a_soft_shutdown_finishes_requests_and_accepts_no_new_clients() {
    let mut config = config();
    config.header_timeout = PATIENCE;
    config.idle_timeout = PATIENCE;
    let running = start(config).await;
    let mut silent = running.connect().await;
    let mut resting = running.sent(GET).await;
    answer(&mut resting, "hello").await;
    let mut working = running.sent(WAIT).await;
    until(|| running.begun.load(Ordering::SeqCst) == 1).await;

    running.shutdown.soft.cancel();
    assert_eq!(rest(&mut silent).await, "");
    assert_eq!(rest(&mut resting).await, "");
    assert!(!running.server.is_finished());
    assert!(TcpStream::connect(running.addr).await.is_err());

    running.go.notify_one();
    let last = rest(&mut working).await;
    assert!(last.ends_with("waited"), "{last}");
    assert!(last.contains("connection: close"), "{last}");
    running.ended().await;
}

#[tokio::test]
async fn a_request_longer_than_the_shutdown_grace_is_dropped() {
    let mut config = config();
    config.shutdown_grace = Duration::from_millis(50);
    let running = start(config).await;
    let mut working = running.sent(WAIT).await;
    until(|| running.begun.load(Ordering::SeqCst) == 1).await;
    running.shutdown.soft.cancel();
    assert_eq!(rest(&mut working).await, "");
    assert!(!running.shutdown.hard.is_cancelled());
    running.ended().await;
}

#[tokio::test]
async fn a_hard_shutdown_stops_at_once() {
    let running = start(config()).await;
    let mut working = running.sent(WAIT).await;
    until(|| running.begun.load(Ordering::SeqCst) == 1).await;
    running.shutdown.soft.cancel();
    running.shutdown.hard.cancel();
    assert_eq!(rest(&mut working).await, "");
    running.ended().await;
}

/// Reads until the server closes, and expects exactly one problem with this status and code.
async fn problem(client: &mut TcpStream, status: u16, code: &str) {
    let answer = rest(client).await;
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines();
    assert_eq!(
        lines.next().unwrap()[8..12],
        format!(" {status}"),
        "{answer}"
    );
    let headers: std::collections::BTreeMap<_, _> =
        lines.map(|line| line.split_once(": ").unwrap()).collect();
    assert_eq!(
        headers["content-type"], "application/problem+json",
        "{answer}"
    );
    assert_eq!(
        headers["content-length"],
        body.len().to_string(),
        "{answer}"
    );
    assert_eq!(headers["cache-control"], "no-store");
    assert_eq!(headers["connection"], "close");
    assert!(headers.contains_key("date"), "{answer}");
    let body: serde_json::Value = serde_json::from_str(body).unwrap();
    assert_eq!(body["status"], status);
    assert_eq!(body["code"], code);
    assert_eq!(body["side_effects"], "none");
    assert_eq!(body["request_id"], headers["x-request-id"]);
}

#[tokio::test]
async fn malformed_requests_get_a_problem() {
    let mut config = config();
    config.header_timeout = PATIENCE;
    let running = start(config).await;
    let many: String = (0..101).map(|n| format!("x-{n}: 1\r\n")).collect();
    let long = "a".repeat(MAX_HEAD + 1);
    for (request, status, code) in [
        (
            "\u{16}\u{3}\u{1} hello\r\n\r\n".to_owned(),
            400,
            "invalid_request",
        ),
        (
            "GET / HTTP/9.9\r\nhost: x\r\n\r\n".to_owned(),
            400,
            "invalid_request",
        ),
        (
            "GET / HTTP/1.1\r\nhost: x\r\n: y\r\n\r\n".to_owned(),
            400,
            "invalid_request",
        ),
        (
            "POST /take HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n"
                .to_owned(),
            400,
            "invalid_request",
        ),
        (format!("GET /{long} HTTP/1.1\r\n"), 414, "uri_too_long"),
        (
            format!("GET / HTTP/1.1\r\nx: {long}"),
            431,
            "head_too_large",
        ),
        (
            format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n"),
            431,
            "head_too_large",
        ),
    ] {
        let mut client = running.sent(&request).await;
        problem(&mut client, status, code).await;
        // The same after an earlier request on the connection.
        let mut client = running.sent(GET).await;
        answer(&mut client, "hello").await;
        client.write_all(request.as_bytes()).await.unwrap();
        problem(&mut client, status, code).await;
    }
}

#[tokio::test]
async fn a_request_must_have_exactly_one_host() {
    let running = start(config()).await;
    for request in [
        "GET / HTTP/1.1\r\n\r\n",
        "GET / HTTP/1.1\r\nhost: x\r\nhost: x\r\n\r\n",
        "GET / HTTP/1.0\r\nhost: x\r\nhost: y\r\n\r\n",
    ] {
        let mut client = running.sent(request).await;
        problem(&mut client, 400, "invalid_request").await;
    }
    let mut client = running.sent("GET / HTTP/1.0\r\n\r\n").await;
    assert!(rest(&mut client).await.ends_with("hello"));
}
