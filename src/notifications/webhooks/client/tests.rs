//! The client against listeners on this machine.

use std::future::pending;
use std::time::Instant;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

fn client(entries: &[&str]) -> WebhookClient {
    WebhookClient::new(&ClientSettings {
        allow: Arc::new(AllowList::parse(entries.iter().copied()).unwrap()),
        timeout: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(500),
        authorities: Vec::new(),
    })
    .unwrap()
}

/// A client that trusts the authority of the test certificate.
fn trusting() -> WebhookClient {
    let ca = include_bytes!("../../../../tests/vectors/webhooks/tls/ca.pem");
    WebhookClient::new(&ClientSettings {
        allow: Arc::new(AllowList::parse(["127.0.0.0/8", "::1"]).unwrap()),
        timeout: Duration::from_millis(1500),
        connect_timeout: Duration::from_millis(500),
        authorities: Certificate::from_pem_bundle(ca).unwrap(),
    })
    .unwrap()
}

fn local() -> WebhookClient {
    client(&["127.0.0.0/8", "::1", "localhost"])
}

fn message() -> SignedMessage {
    SignedMessage {
        id: "evt_1".to_owned(),
        timestamp: 1_905_640_496,
        signature: "v1,AAAA v1,BBBB".to_owned(),
        body: "{\"type\":\"order.paid\"}".into(),
    }
}

/// What a server does after it has received a request.
#[derive(Clone)]
enum Answer {
    /// Sends this and keeps the connection open.
    Keep(Vec<u8>),
    /// Sends this and closes the connection.
    Close(Vec<u8>),
    /// Sends the pieces with a pause before each, for a long time.
    Trickle(Vec<u8>, Vec<u8>),
}

fn keep(text: &str) -> Answer {
    Answer::Keep(text.into())
}

/// Serves each request with the answer. Returns the port and the requests, each with the number of its connection.
async fn serve(answer: Answer) -> (u16, mpsc::UnboundedReceiver<(usize, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (out, requests) = mpsc::unbounded_channel();
    tokio::spawn(async move {
        for number in 1.. {
            let Ok((mut stream, _)) = listener.accept().await else {
                return;
            };
            let (out, answer) = (out.clone(), answer.clone());
            tokio::spawn(async move {
                while let Some(request) = receive(&mut stream).await {
                    let _ = out.send((number, request));
                    match &answer {
                        Answer::Keep(bytes) => _ = stream.write_all(bytes).await,
                        Answer::Close(bytes) => {
                            let _ = stream.write_all(bytes).await;
                            let _ = stream.shutdown().await;
                            return;
                        }
                        Answer::Trickle(head, piece) => {
                            let _ = stream.write_all(head).await;
                            while stream.write_all(piece).await.is_ok() {
                                tokio::time::sleep(Duration::from_millis(20)).await;
                            }
                            return;
                        }
                    }
                }
            });
        }
    });
    (port, requests)
}

/// Reads a request up to the end of the body of [`message`].
async fn receive(stream: &mut (impl AsyncRead + Unpin)) -> Option<String> {
    let mut request = Vec::new();
    while !request.ends_with(&message().body) {
        if stream.read_buf(&mut request).await.ok()? == 0 {
            return None;
        }
    }
    String::from_utf8(request).ok()
}

async fn post(client: &WebhookClient, url: &str) -> AttemptResult {
    client.send(&url.parse().unwrap(), &message()).await
}

async fn answered(answer: Answer) -> (Outcome, Option<u16>, Option<u64>) {
    let (port, _requests) = serve(answer).await;
    let result = post(&local(), &format!("http://127.0.0.1:{port}/")).await;
    let seconds = result.retry_after.map(|after| after.as_secs());
    (result.outcome, result.status, seconds)
}

#[tokio::test]
async fn a_delivery_has_the_headers_of_standard_webhooks_and_reuses_its_connection() {
    let (port, mut requests) = serve(keep(OK)).await;
    let client = local();
    for url in ["/hooks?tenant=7", "/hooks?tenant=7"] {
        let result = post(&client, &format!("http://localhost:{port}{url}")).await;
        assert_eq!(result.outcome, Outcome::Delivered);
        assert_eq!(result.status, Some(200));
    }
    let (_, request) = requests.recv().await.unwrap();
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert_eq!(body.as_bytes(), message().body);
    let mut lines: Vec<_> = head.lines().collect();
    assert_eq!(lines.remove(0), "POST /hooks?tenant=7 HTTP/1.1");
    lines.sort_unstable();
    assert_eq!(
        lines,
        [
            "accept: */*",
            "content-length: 21",
            "content-type: application/json",
            &format!("host: localhost:{port}"),
            concat!("user-agent: fliggy-gateway/", env!("CARGO_PKG_VERSION")),
            "webhook-id: evt_1",
            "webhook-signature: v1,AAAA v1,BBBB",
            "webhook-timestamp: 1905640496",
        ]
    );
    let (connection, _) = requests.recv().await.unwrap();
    assert_eq!(connection, 1);
}

#[tokio::test]
async fn the_status_decides_the_outcome() {
    let empty = |head: &str| keep(&format!("HTTP/1.1 {head}\r\ncontent-length: 0\r\n\r\n"));
    let after = "\r\nretry-after:";
    for (head, outcome, status, retry_after) in [
        ("204 No Content", Outcome::Delivered, 204, None),
        ("299 Odd", Outcome::Delivered, 299, None),
        ("410 Gone", Outcome::Gone, 410, None),
        ("404 Not Found", Outcome::Refused, 404, None),
        ("500 Error", Outcome::Refused, 500, None),
        (&format!("500 Error{after} 7"), Outcome::Refused, 500, None),
        (
            &format!("429 Slow{after} 7"),
            Outcome::Refused,
            429,
            Some(7),
        ),
        (
            &format!("503 Busy{after} 0"),
            Outcome::Refused,
            503,
            Some(0),
        ),
        (&format!("503 Busy{after} -1"), Outcome::Refused, 503, None),
        (
            &format!("503 Busy{after} Wed, 21 Oct 2015 07:28:00 GMT"),
            Outcome::Refused,
            503,
            None,
        ),
    ] {
        let expected = (outcome, Some(status), retry_after);
        assert_eq!(answered(empty(head)).await, expected, "{head}");
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let (target, mut followed) = serve(keep(OK)).await;
    for status in [301, 302, 303, 307, 308] {
        let head = format!(
            "HTTP/1.1 {status} Moved\r\nlocation: http://127.0.0.1:{target}/\r\ncontent-length: 0\r\n\r\n"
        );
        let expected = (Outcome::Refused, Some(status), None);
        assert_eq!(answered(keep(&head)).await, expected);
    }
    assert!(followed.try_recv().is_err());
}

#[tokio::test]
async fn the_body_of_the_response_does_not_change_the_outcome() {
    let head = b"HTTP/1.1 200 OK\r\ncontent-length: 1000000000\r\n\r\n".to_vec();
    let chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n".to_vec();
    let began = Instant::now();
    for answer in [
        Answer::Close(head.clone()),
        Answer::Close([&chunked[..], b"not a length"].concat()),
        Answer::Trickle(head.clone(), vec![b'x'; 4096]),
    ] {
        let expected = (Outcome::Delivered, Some(200), None);
        assert_eq!(answered(answer).await, expected);
    }
    assert!(
        began.elapsed() < Duration::from_secs(1),
        "long bodies are dropped"
    );
    for stalled in [
        Answer::Keep(head.clone()),
        Answer::Trickle(head, vec![b'x']),
    ] {
        let expected = (Outcome::Delivered, Some(200), None);
        assert_eq!(answered(stalled).await, expected);
    }
}

#[tokio::test]
async fn without_a_response_the_attempt_failed() {
    let began = Instant::now();
    for (answer, outcome) in [
        (Answer::Close(Vec::new()), Outcome::Interrupted),
        (
            Answer::Close(b"HTTP/1.1 200 O".to_vec()),
            Outcome::Interrupted,
        ),
        (keep("220 mail.example ESMTP\r\n"), Outcome::Interrupted),
        (keep("HTTP/1.1 200 OK\r\n"), Outcome::TimedOut),
        (
            Answer::Trickle(b"HTTP/1.1 200 OK\r\na: ".to_vec(), b"x".to_vec()),
            Outcome::TimedOut,
        ),
    ] {
        assert_eq!(answered(answer).await, (outcome, None, None));
    }
    assert!(began.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn without_a_connection_nothing_is_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let closed = listener.local_addr().unwrap().port();
    drop(listener);
    let (plain, mut requests) = serve(keep(OK)).await;
    // Accepts connections and never answers the TLS handshake.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = silent.local_addr().unwrap().port();
    tokio::spawn(async move {
        let _open = silent.accept().await;
        pending::<()>().await;
    });
    for url in [
        format!("http://127.0.0.1:{closed}/"),
        format!("https://localhost:{closed}/"),
        format!("https://127.0.0.1:{plain}/"),
        format!("https://127.0.0.1:{port}/"),
        "https://no-such-name.invalid/".to_owned(),
    ] {
        let result = post(&local(), &url).await;
        assert_eq!(result, without_status(Outcome::NotConnected), "{url}");
    }
    assert!(requests.try_recv().is_err());
}

/// Serves one request over TLS, with a certificate for `localhost`.
async fn serve_tls() -> (u16, tokio::task::JoinHandle<Option<String>>) {
    use rustls::pki_types::pem::PemObject;
    use tokio_rustls::rustls;

    let chain = include_bytes!("../../../../tests/vectors/webhooks/tls/localhost.pem");
    let key = include_bytes!("../../../../tests/vectors/webhooks/tls/localhost-key.pem");
    let chain = rustls::pki_types::CertificateDer::pem_slice_iter(chain)
        .collect::<Result<_, _>>()
        .unwrap();
    let key = rustls::pki_types::PrivateKeyDer::from_pem_slice(key).unwrap();
    let config = rustls::ServerConfig::builder()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let acceptor = tokio_rustls::TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let served = tokio::spawn(async move {
        let (stream, _) = listener.accept().await.ok()?;
        let mut stream = acceptor.accept(stream).await.ok()?;
        let request = receive(&mut stream).await?;
        stream.write_all(OK.as_bytes()).await.ok()?;
        Some(request)
    });
    (port, served)
}

#[tokio::test]
async fn the_certificate_of_the_endpoint_is_verified() {
    for (client, host, outcome) in [
        (trusting(), "localhost", Outcome::Delivered),
        (trusting(), "127.0.0.1", Outcome::NotConnected),
        (local(), "localhost", Outcome::NotConnected),
    ] {
        let (port, served) = serve_tls().await;
        let result = post(&client, &format!("https://{host}:{port}/")).await;
        assert_eq!(result.outcome, outcome, "{host}");
        let request = served.await.unwrap();
        assert_eq!(request.is_some(), outcome == Outcome::Delivered);
    }
}

#[tokio::test]
async fn addresses_that_are_not_allowed_get_no_connection() {
    let (port, mut requests) = serve(keep(OK)).await;
    for (entries, scheme, host) in [
        (&[][..], "http", "localhost"),
        (&[], "https", "localhost"),
        (&["localhost"], "http", "localhost"),
        (&["localhost"], "https", "localhost"),
        (&["10.0.0.0/8"], "http", "localhost"),
        (&["10.0.0.0/8"], "http", "127.0.0.1"),
        (&["10.0.0.0/8"], "https", "[::1]"),
        (&["10.0.0.0/8"], "https", "[::ffff:127.0.0.1]"),
        (&["0.0.0.0/0"], "http", "0.0.0.0"),
        (&["0.0.0.0/0"], "http", "user@127.0.0.1"),
    ] {
        let result = post(&client(entries), &format!("{scheme}://{host}:{port}/")).await;
        let expected = without_status(Outcome::NotAllowed);
        assert_eq!(result, expected, "{entries:?} {scheme} {host}");
    }
    assert!(requests.try_recv().is_err());
}
