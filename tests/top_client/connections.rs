//! The connections of writes: one for each write, and the effect of a misbehaving peer.

use std::future::Future;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::clock::{Clock, ManualClock};
use fliggy_gateway::top::call::{CallError, ConnectCause, Lost, NotSent};
use fliggy_gateway::top::client::{Opened, TopClient};
use fliggy_gateway::top::contract::Overrides;
use fliggy_gateway::top::stack::{Parts, TransportSettings};
use fliggy_gateway::top::wire::{Close, CloseOrderRequest};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::{RETRY, parts, session, settings};

/// A response that does not close its connection.
const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 56\r\n\r\n\
    {\"x_response\":{\"is_success\":true,\"out_order_no\":\"OURS\"}}";

/// The start of every body.
const BODY: &str = "app_key=";

const SECOND: Duration = Duration::from_secs(1);

/// A client that closes orders.
struct Client {
    clock: Arc<ManualClock>,
    top: TopClient,
}

impl Client {
    fn new(address: &str) -> Self {
        Self::with(&settings(address, 1000))
    }

    fn with(settings: &TransportSettings) -> Self {
        let clock = Arc::new(ManualClock::new());
        let parts = Parts {
            clock: clock.clone(),
            ..parts()
        };
        let top = TopClient::new(&parts, settings, RETRY, Arc::new(Overrides::default())).unwrap();
        Self { clock, top }
    }

    async fn open(&self) -> Result<Opened, NotSent> {
        let request = CloseOrderRequest {
            order_id: 1,
            out_order_no: Some("OURS".into()),
        };
        let prepared = self.top.prepare::<Close>(&session(), &request, None);
        self.top.open::<Close>(prepared.unwrap()).await
    }

    /// Sends the write within a second; returns `out_order_no` of the response.
    async fn send(&self, opened: Opened) -> Result<String, CallError> {
        let before = self.clock.steady() + SECOND;
        let reply = self.top.send::<Close>(opened, before).await?;
        Ok(reply.answer.out_order_no.lossy().unwrap())
    }

    async fn write(&self) -> Result<String, CallError> {
        let opened = self.open().await.map_err(CallError::NotSent)?;
        self.send(opened).await
    }
}

/// A peer that serves one connection; the handle returns its result.
async fn peer<T, F>(
    serve: impl FnOnce(TcpStream) -> F + Send + 'static,
) -> (SocketAddr, JoinHandle<T>)
where
    T: Send + 'static,
    F: Future<Output = T> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let served = tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        serve(socket).await
    });
    (address, served)
}

/// Reads until this has arrived, or to the end.
async fn read_until(socket: &mut TcpStream, wanted: &str) -> String {
    let mut read = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&read).into_owned();
        if text.contains(wanted) || socket.read_buf(&mut read).await.unwrap_or(0) == 0 {
            return text;
        }
    }
}

/// The last parameter of a complete body.
const SIGN: &str = "&sign=";

#[tokio::test]
async fn a_write_closes_its_connection_after_the_response() {
    let (address, served) = peer(async |mut socket: TcpStream| {
        let request = read_until(&mut socket, SIGN).await;
        socket.write_all(ANSWER.as_bytes()).await.unwrap();
        // Ends only when the client closes the connection.
        read_until(&mut socket, "never").await;
        request
    })
    .await;
    let client = Client::new(&format!("http://{address}"));
    assert_eq!(client.write().await.unwrap(), "OURS");
    let request = served.await.unwrap();
    assert!(request.contains("connection: close\r\n"), "{request}");
}

#[tokio::test]
async fn a_write_that_is_not_sent_in_time_reveals_nothing_of_its_body() {
    for late in [true, false] {
        let served = async |mut socket: TcpStream| read_until(&mut socket, "never").await;
        let (address, served) = peer(served).await;
        let client = Client::new(&format!("http://{address}"));
        let opened = client.open().await.unwrap();
        if late {
            let before = client.clock.steady() + SECOND;
            client.clock.advance_steady(2 * SECOND);
            let sent = client.top.send::<Close>(opened, before).await;
            assert!(
                matches!(sent, Err(CallError::NotSent(NotSent::TooLate))),
                "{sent:?}"
            );
        } else {
            drop(opened);
        }
        let seen = served.await.unwrap();
        assert!(!seen.contains(BODY), "{late} {seen}");
    }
}

/// What a peer does after it has responded too early.
#[derive(Clone, Copy, Debug)]
enum Then {
    Listens,
    Closes,
    Resets,
}

#[tokio::test]
async fn a_response_before_the_body_was_sent_does_not_count_and_nothing_is_sent() {
    let too_large = "HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n";
    // Whether the peer waits for the head of the request, and what it sends then.
    for (waits, words, then) in [
        (false, ANSWER, Then::Listens),
        (true, ANSWER, Then::Listens),
        (true, ANSWER, Then::Closes),
        (true, too_large, Then::Listens),
        (false, "SSH-2.0-OpenSSH_9\r\n", Then::Listens),
        (false, "", Then::Closes),
        (true, "", Then::Closes),
        (false, "", Then::Resets),
    ] {
        let (done, was_done) = oneshot::channel();
        let (address, served) = peer(async move |mut socket: TcpStream| {
            let mut seen = String::new();
            if waits {
                seen = read_until(&mut socket, "\r\n\r\n").await;
            }
            socket.write_all(words.as_bytes()).await.unwrap();
            match then {
                Then::Listens => {}
                Then::Closes => drop(socket.shutdown().await),
                Then::Resets => {
                    socket.set_zero_linger().unwrap();
                    drop(socket);
                    let _ = done.send(());
                    return seen;
                }
            }
            let _ = done.send(());
            seen + &read_until(&mut socket, "never").await
        })
        .await;
        let client = Client::new(&format!("http://{address}"));
        let ended = match client.open().await {
            Err(why) => Err(CallError::NotSent(why)),
            Ok(opened) => {
                was_done.await.unwrap();
                client.send(opened).await
            }
        };
        assert!(
            matches!(ended, Err(CallError::NotSent(NotSent::Broken))),
            "{words:?} {then:?}: {ended:?}"
        );
        let seen = served.await.unwrap();
        assert!(!seen.contains(BODY), "{words:?} {then:?}: {seen}");
    }
}

#[tokio::test]
async fn a_connection_that_breaks_after_the_body_was_sent_proves_nothing() {
    let (address, served) = peer(async |mut socket: TcpStream| {
        read_until(&mut socket, SIGN).await;
        socket.set_zero_linger().unwrap();
    })
    .await;
    let ended = Client::new(&format!("http://{address}")).write().await;
    assert!(
        matches!(ended, Err(CallError::Lost(Lost::Connection))),
        "{ended:?}"
    );
    served.await.unwrap();
}

/// A port on which no process listens.
async fn closed_port() -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    listener.local_addr().unwrap()
}

/// A peer that reads once, sends these bytes and closes the connection. With `None` it sends nothing and
/// keeps the connection open.
async fn peer_sending(words: Option<&'static str>) -> SocketAddr {
    let (address, _served) = peer(async move |mut socket: TcpStream| {
        let _ = socket.read(&mut [0; 4096]).await;
        match words {
            Some(words) => drop(socket.write_all(words.as_bytes()).await),
            None => std::future::pending().await,
        }
    })
    .await;
    address
}

#[tokio::test]
async fn a_connection_that_cannot_be_opened_sends_nothing_and_reports_the_cause() {
    let plain = "HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let forbidden = "HTTP/1.1 403 Forbidden\r\n\r\n";
    let unauthorized = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    let bad_gateway = "HTTP/1.1 502 Bad Gateway\r\n\r\n";
    let (closed, silent) = (closed_port().await, peer_sending(None).await);
    let mut cases = Vec::new();
    for (name, address, cause) in [
        ("refused", format!("http://{closed}"), "refused"),
        (
            "no such host",
            "http://no-such-host.invalid:81".to_owned(),
            "dns",
        ),
        (
            "TLS: closed",
            format!("https://{}", peer_sending(Some("")).await),
            "tls",
        ),
        (
            "TLS: HTTP",
            format!("https://{}", peer_sending(Some(plain)).await),
            "tls",
        ),
        ("TLS: silence", format!("https://{silent}"), "timeout"),
    ] {
        cases.push((name, address, None, cause));
    }
    let top = "https://top.invalid";
    for (name, address, proxy, cause) in [
        ("proxy: refused", top, closed.to_string(), "proxy"),
        (
            "proxy of HTTP: refused",
            "http://top.invalid",
            closed.to_string(),
            "proxy",
        ),
        (
            "proxy: no such host",
            top,
            "no-such-proxy.invalid:3128".to_owned(),
            "proxy",
        ),
        (
            "proxy: closed",
            top,
            peer_sending(Some("")).await.to_string(),
            "proxy",
        ),
        ("proxy: silence", top, silent.to_string(), "timeout"),
        (
            "proxy: 403",
            top,
            peer_sending(Some(forbidden)).await.to_string(),
            "proxy",
        ),
        (
            "proxy: 407",
            top,
            peer_sending(Some(unauthorized)).await.to_string(),
            "proxy",
        ),
        (
            "proxy: 502",
            top,
            peer_sending(Some(bad_gateway)).await.to_string(),
            "proxy",
        ),
    ] {
        cases.push((name, address.to_owned(), Some(proxy), cause));
    }
    for (name, address, proxy, cause) in cases {
        let endpoint: reqwest::Url = address.parse().unwrap();
        // Name resolution can be slow on a busy machine.
        let connect_timeout = match cause {
            "timeout" => SECOND / 2,
            _ => 20 * SECOND,
        };
        let client = Client::with(&TransportSettings {
            connect_timeout,
            proxy: proxy.as_ref().map(|proxy| {
                format!("http://canary-user:canary-password@{proxy}")
                    .parse()
                    .unwrap()
            }),
            ..settings(&format!("{address}/canary-path?canary=query"), 1000)
        });
        let why = client.open().await.map(drop).unwrap_err();
        let NotSent::Connect(failed) = &why else {
            panic!("{name}: {why:?}");
        };
        let word = match &failed.cause {
            ConnectCause::Dns(_) => "dns",
            ConnectCause::Refused => "refused",
            ConnectCause::Timeout => "timeout",
            ConnectCause::Tls(_) => "tls",
            ConnectCause::Proxy(_) => "proxy",
            ConnectCause::Other(_) => "other",
        };
        assert_eq!(word, cause, "{name}: {why}");
        let host = endpoint.host_str().unwrap();
        let port = endpoint.port_or_known_default().unwrap();
        let message = why.to_string();
        for part in [Some(format!("{host}:{port}")), proxy].iter().flatten() {
            assert!(message.contains(part), "{name}: {message}");
        }
        assert!(
            !format!("{message} {why:?}").contains("canary"),
            "{name}: {message}"
        );
    }
}

/// The backlog is full, so the kernel drops the first SYN, and the client's kernel repeats the SYN
/// after a second.
#[tokio::test]
async fn a_lost_syn_does_not_use_up_the_time_to_send_or_the_deadline() {
    let socket = TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let backlog = 1;
    let listener = socket.listen(backlog).unwrap();
    let address = listener.local_addr().unwrap();
    let mut waiting = Vec::new();
    for _ in 0..=backlog {
        waiting.push(TcpStream::connect(address).await.unwrap());
    }
    let client = Client::with(&TransportSettings {
        connect_timeout: 20 * SECOND,
        ..settings(&format!("http://{address}"), 1000)
    });
    let began = client.clock.steady();
    let served = async {
        until_syn_sent(address).await;
        for _ in waiting {
            listener.accept().await.unwrap();
        }
        let (mut socket, _) = listener.accept().await.unwrap();
        read_until(&mut socket, SIGN).await;
        socket.write_all(ANSWER.as_bytes()).await.unwrap();
        socket
    };
    let (ended, _socket) = tokio::join!(client.write(), served);
    assert_eq!(ended.unwrap(), "OURS");
    let took = client.clock.steady() - began;
    assert!(took > parts().deadline, "{took:?}");
}

/// Waits until a SYN to this address was sent and not acknowledged.
async fn until_syn_sent(address: SocketAddr) {
    let syn_sent = format!("0100007F:{:04X} 02", address.port());
    let limit = tokio::time::Instant::now() + 20 * SECOND;
    while !std::fs::read_to_string("/proc/net/tcp")
        .unwrap()
        .contains(&syn_sent)
    {
        assert!(tokio::time::Instant::now() < limit, "no SYN to {address}");
        sleep(Duration::from_millis(5)).await;
    }
}
