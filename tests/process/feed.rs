//! Streams of events when the client does not read, and when the process stops.

use std::time::Duration;

use rustix::process::Signal;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::world::World;

/// Opens a stream of events and reads its first bytes.
async fn open(address: &str) -> TcpStream {
    let host = address.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(host).await.unwrap();
    let request = format!("GET /v1/events/stream HTTP/1.1\r\nhost: {host}\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut first = [0; 12];
    stream.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    stream
}

/// Reads up to the end of the connection.
async fn rest(stream: &mut TcpStream) -> Vec<u8> {
    let mut rest = Vec::new();
    // The end is a reset if the gateway had to drop unsent bytes.
    let end = tokio::time::timeout(Duration::from_secs(60), stream.read_to_end(&mut rest));
    drop(end.await.expect("the stream ends"));
    rest
}

#[tokio::test]
async fn a_stream_ends_when_the_process_stops() {
    let world = World::start().await;
    let mut gateway = world.gateway("feed.db", &[]).await;
    let mut stream = open(&gateway.address).await;
    gateway.process.signal(Signal::TERM);
    let rest = rest(&mut stream).await;
    // The chunked body is complete.
    assert!(
        rest.ends_with(b"0\r\n\r\n"),
        "{}",
        String::from_utf8_lossy(&rest)
    );
    assert!(gateway.process.end().await.success());
}

#[tokio::test]
async fn a_client_that_does_not_read_is_disconnected() {
    const EVENTS: usize = 100_000;
    let world = World::start().await;
    let mut gateway = world.gateway("slow.db", &[]).await;
    gateway.stop().await;
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS}) \
         INSERT INTO events (kind, subject, fact, account, owner, at) \
         SELECT 'order.paid', i, 'paid', 'default', 'local', 0 FROM n"
    );
    world.sql("slow.db", &fill).await;

    let idle = [
        ("GATEWAY__SERVER__IDLE_TIMEOUT", "1s"),
        // Deadlines are checked this often.
        ("GATEWAY__SERVER__HEADER_TIMEOUT", "500ms"),
    ];
    let gateway = world.gateway("slow.db", &idle).await;
    let mut slow = open(&gateway.address).await;
    // A client that reads gets all events meanwhile, and then comments.
    let mut reading = open(&gateway.address).await;
    let (mut read, mut chunk) = (Vec::new(), vec![0; 65536]);
    let last = format!("id: {EVENTS}\n");
    while !String::from_utf8_lossy(&read).contains(&last) {
        let length = reading.read(&mut chunk).await.unwrap();
        assert_ne!(length, 0, "the stream ended early");
        // Only the end of what was read can contain the last event.
        read.drain(..read.len().saturating_sub(200));
        read.extend(&chunk[..length]);
    }
    let comments = |text: &[u8]| String::from_utf8_lossy(text).matches(": waiting").count();
    read.clear();
    while comments(&read) < 8 {
        let length = reading.read(&mut chunk).await.unwrap();
        assert_ne!(length, 0, "the stream ended early");
        read.extend(&chunk[..length]);
    }
    // By then the idle timeout of the other connection is over: it ends before its last event.
    let sent = rest(&mut slow).await;
    assert!(
        !String::from_utf8_lossy(&sent).contains(&last),
        "{} bytes",
        sent.len()
    );
    // Nor does such a client delay a stop.
    let _stalled = open(&gateway.address).await;
    let mut process = gateway.process;
    process.signal(Signal::TERM);
    assert!(process.end().await.success());
    let output = process.whole_output().await;
    assert!(!output.contains("the shutdown grace is over"), "{output}");
}

#[tokio::test]
async fn old_events_are_deleted_and_a_position_among_them_is_refused() {
    const EVENTS: i64 = 1_000;
    const OLD: i64 = 700;
    let world = World::start().await;
    let mut gateway = world.gateway("trim.db", &[]).await;
    gateway.stop().await;
    let fill = format!(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {EVENTS}) \
         INSERT INTO events (kind, subject, fact, account, owner, at) \
         SELECT 'order.paid', i, 'paid', 'default', 'local', \
         (CAST(strftime('%s', 'now') AS INTEGER) - iif(i > {OLD}, 6, 8) * 86400) * 1000 FROM n"
    );
    world.sql("trim.db", &fill).await;

    let week = [("GATEWAY__FEED__RETENTION", "7d")];
    let gateway = world.gateway("trim.db", &week).await;
    let trimmed = async {
        loop {
            let page = world.get(&gateway.address, "/v1/events?limit=1").await;
            let first = page.body["items"][0]["sequence"].as_i64().unwrap();
            if first > OLD {
                return first;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    let first = tokio::time::timeout(Duration::from_secs(60), trimmed).await;
    assert_eq!(first.expect("old events are deleted"), OLD + 1);
    for path in [
        "/v1/events?after=1",
        "/v1/events?after=699",
        "/v1/events/stream?after=699",
    ] {
        let refused = world.get(&gateway.address, path).await;
        assert_eq!(
            (refused.status, refused.code()),
            (410, "feed_trimmed"),
            "{path}"
        );
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("after=700"), "{detail}");
        assert_eq!(refused.body["retry"], "never");
    }
    let page = world
        .get(&gateway.address, "/v1/events?after=700&limit=200")
        .await;
    assert_eq!(page.body["items"][0]["sequence"], OLD + 1);
    assert_eq!(page.body["items"].as_array().unwrap().len(), 200);
}
