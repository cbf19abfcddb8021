//! The client of the load bench. It prepares its requests in advance and hardly parses the
//! responses, so that it uses little CPU time on the core that it shares with the upstream.

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Builds the request with this number.
pub(crate) type Maker = Arc<dyn Fn(u64) -> Vec<u8> + Send + Sync>;

/// The measurements of a round of requests.
pub(crate) struct Round {
    pub(crate) took: Duration,
    /// The latency of every request, sorted.
    pub(crate) latencies: Vec<Duration>,
}

impl Round {
    pub(crate) fn per_second(&self) -> f64 {
        count(self.latencies.len()) / self.took.as_secs_f64()
    }

    /// The latency in ms that this share of the requests did not exceed.
    pub(crate) fn percentile(&self, share: f64) -> f64 {
        let last = self.latencies.len().saturating_sub(1);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "an index"
        )]
        let index = (count(last) * share) as usize;
        let found = self.latencies.get(index).copied().unwrap_or_default();
        found.as_secs_f64() * 1e3
    }
}

#[expect(clippy::cast_precision_loss, reason = "small numbers")]
pub(crate) fn count(n: usize) -> f64 {
    n as f64
}

/// Sends `total` requests over kept-alive connections. Each connection sends its next request once
/// it has received the response to the previous one. Fails at the first response that is not 2xx.
pub(crate) async fn round(
    address: SocketAddr,
    connections: usize,
    total: u64,
    next: &Arc<AtomicU64>,
    make: &Maker,
) -> Result<Round, Box<dyn Error>> {
    let until = next.load(Ordering::Relaxed) + total;
    let mut open = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        open.push(stream);
    }
    let started = Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for stream in open {
        tasks.spawn(worker(stream, until, next.clone(), make.clone()));
    }
    let mut latencies = Vec::new();
    while let Some(ended) = tasks.join_next().await {
        latencies.extend(ended??);
    }
    let took = started.elapsed();
    next.store(until, Ordering::Relaxed);
    latencies.sort_unstable();
    Ok(Round { took, latencies })
}

async fn worker(
    mut stream: TcpStream,
    until: u64,
    next: Arc<AtomicU64>,
    make: Maker,
) -> Result<Vec<Duration>, String> {
    let mut latencies = Vec::new();
    let mut received = Vec::with_capacity(512 * 1024);
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= until {
            return Ok(latencies);
        }
        let request = make(number);
        let started = Instant::now();
        exchange(&mut stream, &request, &mut received).await?;
        latencies.push(started.elapsed());
    }
}

/// Sends one request and checks the status of the response.
pub(crate) async fn exchange(
    stream: &mut TcpStream,
    request: &[u8],
    received: &mut Vec<u8>,
) -> Result<(), String> {
    received.clear();
    stream.write_all(request).await.map_err(|e| e.to_string())?;
    let mut end = None;
    while end.is_none_or(|end| received.len() < end) {
        let read = stream.read_buf(received).await.map_err(|e| e.to_string())?;
        if read == 0 {
            return Err("the connection was closed".to_owned());
        }
        end = end.or_else(|| message_length(received));
    }
    if received.starts_with(b"HTTP/1.1 2") {
        Ok(())
    } else {
        Err(String::from_utf8_lossy(received).into_owned())
    }
}

/// The end of the first message, once all of it has arrived.
pub(crate) fn message_end(received: &[u8]) -> Option<usize> {
    message_length(received).filter(|end| received.len() >= *end)
}

/// The length of the first message, once its head has arrived. Supports only messages with a
/// content-length.
fn message_length(received: &[u8]) -> Option<usize> {
    const NAME: &str = "content-length:";
    let head = received.windows(4).position(|w| w == b"\r\n\r\n")? + 4;
    let text = std::str::from_utf8(&received[..head]).ok()?;
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_at_checked(NAME.len())?;
        name.eq_ignore_ascii_case(NAME)
            .then(|| value.trim().parse::<usize>().ok())
            .flatten()
    });
    Some(head + length.unwrap_or(0))
}
