//! The upstream of the load bench: a separate process that returns prepared responses. It uses as
//! little CPU time as possible, so it checks and parses only what the responses need.

use std::error::Error;
use std::io::BufRead as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::answers;

/// What the upstream returns.
enum Script {
    /// Always the same response.
    Fixed(Vec<u8>),
    /// A different order for every booking.
    Book(AtomicU64),
}

/// The calls that are held back, and the signal that releases them.
struct Hold {
    wanted: usize,
    held: AtomicUsize,
    go: watch::Receiver<bool>,
}

/// Serves until the parent exits. Holds `hold` calls until the parent writes `go`.
pub(crate) async fn run(mode: &str, hold: usize) -> Result<(), Box<dyn Error>> {
    let script = match mode {
        "search" => Script::Fixed(whole(&answers::listing().await?)),
        "book" => Script::Book(AtomicU64::new(1_000_000)),
        _ => Script::Fixed(whole(answers::DETAIL)),
    };
    let (release, go) = watch::channel(false);
    let hold = Arc::new(Hold {
        wanted: hold,
        held: AtomicUsize::new(0),
        go,
    });
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines() {
            if line.is_ok_and(|line| line == "go") {
                release.send_replace(true);
            }
        }
        // The parent has exited.
        std::process::exit(0);
    });
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", listener.local_addr()?);
    let script = Arc::new(script);
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (script, hold) = (script.clone(), hold.clone());
        // A client that disconnects is not an error here.
        tokio::spawn(async move { drop(serve(stream, &script, &hold).await) });
    }
}

fn whole(body: &[u8]) -> Vec<u8> {
    let head = format!(
        "HTTP/1.1 200 OK\r\ncontent-type: text/javascript;charset=UTF-8\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    [head.as_bytes(), body].concat()
}

async fn serve(mut stream: TcpStream, script: &Script, hold: &Hold) -> std::io::Result<()> {
    let mut received = Vec::with_capacity(4096);
    loop {
        let end = loop {
            if let Some(end) = crate::client::message_end(&received) {
                break end;
            }
            if stream.read_buf(&mut received).await? == 0 {
                return Ok(());
            }
        };
        if hold.wanted > 0 {
            if hold.held.fetch_add(1, Ordering::SeqCst) + 1 == hold.wanted {
                println!("held");
            }
            let mut go = hold.go.clone();
            if go.wait_for(|go| *go).await.is_err() {
                return Ok(());
            }
        }
        match script {
            Script::Fixed(answer) => stream.write_all(answer).await?,
            Script::Book(next) => {
                let id = next.fetch_add(1, Ordering::Relaxed);
                let form = String::from_utf8_lossy(&received[..end]);
                let (reference, total) = (
                    text_of(&form, "out_order_no"),
                    text_of(&form, "total_price"),
                );
                let answer = whole(booked(id, reference, total).as_bytes());
                stream.write_all(&answer).await?;
            }
        }
        received.drain(..end);
    }
}

/// A text or number in a form-encoded booking.
fn text_of<'a>(form: &'a str, name: &str) -> &'a str {
    let value = form.split_once(&format!("%22{name}%22%3A"));
    let value = value.map_or("", |(_, rest)| rest);
    let value = value.strip_prefix("%22").unwrap_or(value);
    value.split('%').next().unwrap_or_default()
}

fn booked(id: u64, reference: &str, total: &str) -> String {
    format!(
        r#"{{"alitrip_flight_service_airbook_response":{{"order_id":{id},"out_order_no":"{reference}","order_status":"生单预定成功","total_price":{total},"book_time":"2030-05-01 10:00:00","last_pay_time":"2030-05-01 10:30:00","is_success":true,"request_id":"15rmr{id}"}}}}"#
    )
}
