//! Writes to a misbehaving HTTP server, on a raw socket.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;

use crate::laws::states;
use crate::world::{Answer, World, booking};

/// What the server does to the write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Trick {
    /// Resets the connection before it has read anything.
    CloseBeforeReading,
    /// Reads the request, then resets the connection.
    ResetAfterTheRequest,
    /// Sends a response with half of the body.
    HalfABody,
    /// Sends half of the head of a response.
    HalfAHead,
    /// Reads the request and never responds.
    AcceptAndHang,
    /// Sends a valid response, a byte at a time, for longer than the deadline.
    SlowDrip,
    /// Sends two responses on one connection, the second about another order.
    TwoResponses,
    /// Sends bytes that are not HTTP.
    NotHttp,
    /// Sends `100 Continue`, and then nothing more.
    ContinueAndHang,
}

const TRICKS: [Trick; 9] = [
    Trick::CloseBeforeReading,
    Trick::ResetAfterTheRequest,
    Trick::HalfABody,
    Trick::HalfAHead,
    Trick::AcceptAndHang,
    Trick::SlowDrip,
    Trick::TwoResponses,
    Trick::NotHttp,
    Trick::ContinueAndHang,
];

/// A server in front of the simulator. It forwards all calls except bookings. It counts bookings and
/// plays its trick on them. No trick books anything.
struct Server {
    address: String,
    bookings: Arc<AtomicU64>,
}

impl Server {
    async fn start(trick: Trick, behind: String, stop: CancellationToken) -> Self {
        let bookings = Arc::new(AtomicU64::new(0));
        let (count, stopped) = (bookings.clone(), stop.clone());
        let address = listen(stop, move |socket| {
            let (behind, count, stop) = (behind.clone(), count.clone(), stopped.clone());
            serve(socket, trick, behind, count, stop)
        });
        Self {
            address: address.await,
            bookings,
        }
    }

    fn bookings(&self) -> u64 {
        self.bookings.load(Ordering::SeqCst)
    }
}

/// Handles every connection with this function; returns the address.
async fn listen<F>(
    stop: CancellationToken,
    serve: impl Fn(TcpStream) -> F + Send + 'static,
) -> String
where
    F: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                accepted = listener.accept() => {
                    let (socket, _) = accepted.unwrap();
                    tokio::spawn(serve(socket));
                }
            }
        }
    });
    address
}

/// The simulator's whole response to a request.
async fn forward(request: &[u8], behind: &str) -> Vec<u8> {
    let behind = behind.trim_start_matches("http://");
    let mut upstream = TcpStream::connect(behind).await.unwrap();
    upstream.write_all(&close_after(request)).await.unwrap();
    let mut answer = Vec::new();
    // The gateway may have given up on a slow response.
    let _ = upstream.read_to_end(&mut answer).await;
    answer
}

fn reset(socket: TcpStream) {
    // A linger of zero turns the close into a reset.
    socket.set_zero_linger().unwrap();
    drop(socket);
}

async fn serve(
    mut socket: TcpStream,
    trick: Trick,
    behind: String,
    bookings: Arc<AtomicU64>,
    stop: CancellationToken,
) {
    if trick == Trick::CloseBeforeReading {
        // Only a write uses its own connection, so it is safe to peek and leave the bytes in the socket.
        let mut seen = vec![0; 16 * 1024];
        let mut size = 0;
        while !is_known(&seen[..size]) {
            match socket.peek(&mut seen).await {
                Ok(0) | Err(_) => return,
                Ok(n) => size = n,
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        if is_booking(&seen[..size]) {
            bookings.fetch_add(1, Ordering::SeqCst);
            return reset(socket);
        }
    }
    let Some(request) = read(&mut socket).await else {
        return;
    };
    if !is_booking(&request) {
        let answer = forward(&request, &behind).await;
        let _ = socket.write_all(&answer).await;
        return;
    }
    bookings.fetch_add(1, Ordering::SeqCst);
    let answer = success("FOREIGN-1");
    match trick {
        Trick::CloseBeforeReading => {}
        Trick::ResetAfterTheRequest => reset(socket),
        Trick::HalfABody => {
            let half = answer.len() - 40;
            socket.write_all(&answer[..half]).await.unwrap();
            socket.flush().await.unwrap();
        }
        Trick::HalfAHead => socket.write_all(&answer[..30]).await.unwrap(),
        Trick::AcceptAndHang => stop.cancelled().await,
        Trick::SlowDrip => {
            for byte in answer {
                let written = socket.write_all(&[byte]).await;
                if written.is_err() {
                    return;
                }
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
        Trick::TwoResponses => {
            // The first response is empty, so only the second one could be mistaken for a success.
            let empty = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
            let both = [&empty[..], &answer].concat();
            socket.write_all(&both).await.unwrap();
            stop.cancelled().await;
        }
        Trick::NotHttp => socket.write_all(b"SSH-2.0-OpenSSH_9\r\n").await.unwrap(),
        Trick::ContinueAndHang => {
            socket
                .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                .await
                .unwrap();
            stop.cancelled().await;
        }
    }
}

fn success(out_order_no: &str) -> Vec<u8> {
    let body = json!({"alitrip_flight_service_airbook_response": {
        "is_success": true, "order_id": 7_000_000_000_000_000_123_u64,
        "out_order_no": out_order_no, "order_status": "生单预定成功", "total_price": 870,
    }})
    .to_string();
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/javascript\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body.as_bytes()].concat()
}

/// Whether enough has arrived to recognise the method.
fn is_known(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    text.split_once("method=")
        .is_some_and(|(_, rest)| rest.contains('&'))
}

fn is_booking(request: &[u8]) -> bool {
    String::from_utf8_lossy(request).contains("method=alitrip.flight.service.airbook")
}

/// A whole request, or `None` if the client disconnected.
async fn read(socket: &mut TcpStream) -> Option<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&request).into_owned();
        if let Some((head, _)) = text.split_once("\r\n\r\n") {
            let length: usize = head
                .lines()
                .find_map(|line| {
                    line.to_ascii_lowercase()
                        .strip_prefix("content-length:")
                        .map(|n| n.trim().parse().unwrap())
                })
                .unwrap_or(0);
            if request.len() >= head.len() + 4 + length {
                return Some(request);
            }
        }
        let mut more = [0; 8192];
        match socket.read(&mut more).await {
            Ok(0) | Err(_) => return None,
            Ok(n) => request.extend_from_slice(&more[..n]),
        }
    }
}

/// The same request with `Connection: close`.
fn close_after(request: &[u8]) -> Vec<u8> {
    let end = request.windows(2).position(|two| two == b"\r\n").unwrap();
    [&request[..end], b"\r\nConnection: close", &request[end..]].concat()
}

/// Sends a booking through the server with this trick, until it is settled. `top` of the returned world
/// is the simulator itself.
async fn play(trick: Trick) -> (Answer, Value, u64, World) {
    let behind = World::start().await;
    let stop = CancellationToken::new();
    let server = Server::start(trick, behind.top.clone(), stop.clone()).await;
    let timeouts = [
        ("GATEWAY__TOP__DEADLINE", "5s"),
        ("GATEWAY__TOP__CONNECT_TIMEOUT", "4s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
        ("GATEWAY__RECONCILE__ATTENTION_AFTER", "1h"),
    ];
    // The clock stands still until the write is lost, so it is sent in time however slow the
    // machine is.
    let mut world = World::frozen_on(server.address.clone(), &timeouts, stop).await;
    world.top = behind.top.clone();
    let offer = world.offer().await;
    let number = format!("RAW-{trick:?}");
    let headers = [("Idempotency-Key", "raw"), ("Prefer", "wait=0")];
    let first = world
        .post_with("/v1/orders", &headers, &booking(&offer, &number))
        .await;
    assert_eq!(first.status, 202, "{first:?}");
    world.until_state(first.operation(), "unknown").await;
    let settled = world
        .until(first.operation(), |operation| {
            world.clock.advance_steady(Duration::from_millis(200));
            !operation["settled_at"].is_null()
        })
        .await;
    assert!(world.ledger(&number).await.is_empty());
    (first, settled, server.bookings(), world)
}

#[tokio::test]
async fn a_write_into_a_broken_connection_is_unknown_and_never_sent_twice() {
    let played = TRICKS.map(|trick| async move {
        let (_, operation, bookings, _world) = play(trick).await;
        (trick, operation, bookings)
    });
    for (trick, operation, bookings) in futures::future::join_all(played).await {
        assert_eq!(bookings, 1, "{trick:?}: {operation:#}");
        assert_eq!(
            operation["state"], "not_executed",
            "{trick:?}: {operation:#}"
        );
        assert_eq!(operation["basis"], "absent", "{trick:?}: {operation:#}");
        let was_unknown = operation["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .any(|entry| entry["state"] == "unknown");
        assert!(was_unknown, "{trick:?}: {operation:#}");
    }
}

/// What a server does to a connection that it keeps open after a booking, at the worst moment: when
/// another request begins to arrive on that connection.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Afterwards {
    /// Sends a second response to the first request.
    StrayResponse,
    /// Closes the connection as idle.
    Close,
}

/// Lets the simulator book, and then misuses the connection.
async fn mistreat(mut socket: TcpStream, afterwards: Afterwards, behind: String) {
    while let Some(request) = read(&mut socket).await {
        let answer = forward(&request, &behind).await;
        if !is_booking(&request) {
            let _ = socket.write_all(&answer).await;
            return;
        }
        let answer = String::from_utf8(answer).unwrap();
        let answer = answer.replacen("connection: close\r\n", "", 1);
        let _ = socket.write_all(answer.as_bytes()).await;
        if matches!(socket.peek(&mut [0]).await, Ok(0) | Err(_)) {
            return;
        }
        match afterwards {
            Afterwards::StrayResponse => {
                let _ = socket.write_all(&success("FOREIGN-2")).await;
            }
            Afterwards::Close => return reset(socket),
        }
    }
}

/// Sends sixty bookings in turn, and expects that each gets its own order in the response.
async fn sixty_bookings(afterwards: Afterwards) {
    let behind = World::start().await;
    let stop = CancellationToken::new();
    let top = behind.top.clone();
    let serve = move |socket| mistreat(socket, afterwards, top.clone());
    let address = listen(stop.clone(), serve).await;
    let timeouts = [
        ("GATEWAY__TOP__DEADLINE", "5s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
    ];
    let world = World::on(address, &timeouts, stop).await;
    let offer = world.offer().await;
    let mut wrong = Vec::new();
    for number in 0..60 {
        let number = format!("MISTREATED-{number}");
        let mut body = booking(&offer, &number);
        body["allow_duplicate"] = json!(true);
        let booked = world.write_within("/v1/orders", &number, &body, 20).await;
        let operation = world.operation(booked.operation()).await;
        let history = states(&operation);
        if booked.status != 201
            || booked.created()["out_order_no"] != number
            || history != ["accepted", "sending", "succeeded"]
        {
            wrong.push((booked.status, history.join(" ")));
        }
    }
    assert!(wrong.is_empty(), "{} of 60: {wrong:?}", wrong.len());
}

#[tokio::test]
async fn no_write_reads_a_response_left_behind_by_an_earlier_write() {
    sixty_bookings(Afterwards::StrayResponse).await;
}

#[tokio::test]
async fn no_write_is_lost_on_a_connection_closed_after_an_earlier_write() {
    sixty_bookings(Afterwards::Close).await;
}

#[tokio::test]
async fn a_refused_connection_sent_nothing_and_frees_the_key() {
    // A port that was free a moment ago, so no process listens on it.
    let closed = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = closed.local_addr().unwrap();
    let simulated = World::start().await;
    let offer = simulated.offer().await;
    drop(closed);
    let world = World::on(format!("http://{address}"), &[], CancellationToken::new()).await;
    let body = booking(&offer, "REFUSED-1");
    let refused = world.write("/v1/orders", "k", &body).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (503, &json!("not_sent"))
    );
    assert_eq!(refused.body["side_effects"], "none");
    assert_eq!(refused.body["retry"], "same_key");
    let operation = world.operation(refused.operation()).await;
    assert_eq!(operation["state"], "not_executed");
    assert_eq!(operation["basis"], "not_sent");
    let why = format!("no connection to TOP ({address}): connection refused");
    assert_eq!(refused.body["detail"], why.as_str());
    let last = operation["timeline"].as_array().unwrap().last().unwrap();
    assert_eq!(last["what"], format!("nothing was sent: {why}"));
    // The key and the number are free: the same request is a new operation.
    let again = world.write("/v1/orders", "k", &body).await;
    assert_eq!(again.status, 503, "{again:?}");
    assert_ne!(again.operation(), refused.operation());
    assert_eq!(again.header("idempotency-replayed"), None);
    // A read reports the same cause.
    let read = world.get("/v1/orders/7").await;
    assert_eq!(read.status, 503, "{read:?}");
    assert_eq!(read.body["detail"], why.as_str());
}
