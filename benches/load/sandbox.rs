//! Measurements on a sandbox: how soon a payment that lost its response settles, and the memory of idle listeners.

use std::error::Error;
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::sleep;

use crate::GATEWAY;
use crate::process::{Process, TESTED};

/// A gateway with its simulator.
struct Sandbox {
    process: Process,
    gateway: String,
    top: String,
}

impl Sandbox {
    fn start(env: &[(&str, &str)]) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(GATEWAY);
        command
            .args(["sandbox", "--simulator-listen", "127.0.0.1:0"])
            .env_clear()
            .env("GATEWAY__SERVER__LISTEN", "127.0.0.1:0")
            .env("GATEWAY__TELEMETRY__LOG_FILTER", "error")
            .envs(env.iter().copied());
        let mut process = Process::start(command, TESTED)?;
        let mut address = |end: &str| loop {
            let line = process.line()?;
            let rest = line.split_once("http://").map(|(_, rest)| rest);
            if let Some((address, _)) = rest.and_then(|rest| rest.split_once(end)) {
                return Ok::<_, Box<dyn Error>>(address.to_owned());
            }
        };
        let (gateway, top) = (address("/swagger-ui/")?, address("/_simulator/")?);
        Ok(Self {
            process,
            gateway,
            top,
        })
    }
}

async fn post(
    http: &Client,
    url: String,
    key: &str,
    body: &Value,
) -> Result<Value, Box<dyn Error>> {
    let request = http.post(url).header("content-type", "application/json");
    let request = request
        .header("idempotency-key", key)
        .header("prefer", "wait=1");
    let answer = request.body(body.to_string()).send().await?;
    Ok(serde_json::from_slice(&answer.bytes().await?)?)
}

const PAYMENTS: u64 = 20;

/// Measures the time from a payment in the simulator's ledger to the settled operation, with and without messages.
pub(crate) async fn settling() -> Result<(), Box<dyn Error>> {
    println!("  {PAYMENTS} payments without a response, executed 0.5 to 3.5 s after it was due");
    println!("  messages   p50 ms   p95 ms   max ms");
    for mode in ["tmc", "http", "off"] {
        let sandbox = Sandbox::start(&[("GATEWAY__NOTIFICATIONS__MODE", mode)])?;
        let mut times = Vec::new();
        // One at a time: lookups have a small share of the quota.
        for number in 0..PAYMENTS {
            times.push(settle(&sandbox, number).await?);
        }
        times.sort();
        let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
        println!(
            "  {mode:<8} {:>8.0} {:>8.0} {:>8.0}",
            at(50),
            at(95),
            at(100)
        );
    }
    Ok(())
}

/// One payment: the simulator loses it, and executes it later.
async fn settle(sandbox: &Sandbox, number: u64) -> Result<Duration, Box<dyn Error>> {
    let (gateway, top) = (&sandbox.gateway, &sandbox.top);
    let http = Client::new();
    let mut booking: Value =
        serde_json::from_str(include_str!("../../openapi/examples/booking.json"))?;
    let name = format!("SETTLE-{number}");
    booking["out_order_no"] = json!(name);
    booking["allow_duplicate"] = json!(true);
    let booked = post(
        &http,
        format!("http://{gateway}/v1/orders"),
        &name,
        &booking,
    )
    .await?;
    let order_id = booked["order"]["order_id"].as_str().ok_or("not booked")?;
    let fault =
        json!({"method": "pay", "fault": "html_502_nothing", "match": {"out_order_no": name}});
    post(&http, format!("http://{top}/_simulator/faults"), "", &fault).await?;
    let total = json!({"total_price": booked["order"]["total_price"]});
    let payment = format!("http://{gateway}/v1/orders/{order_id}/payment");
    let paid = post(&http, payment, &format!("pay-{number}"), &total).await?;
    let operation = paid["id"].as_str().ok_or("not accepted")?;
    // Spread evenly, so that the pauses between lookups do not align with the payments.
    sleep(Duration::from_millis(500 + number * 3_000 / PAYMENTS)).await;
    let advance = format!("http://{top}/_simulator/orders/{order_id}/advance");
    post(&http, advance, "", &json!({"to": "paid"})).await?;
    let executed = Instant::now();
    let wait = format!("http://{gateway}/v1/operations/{operation}?wait=20s");
    let settled = http.get(wait).send().await?.bytes().await?;
    let settled: Value = serde_json::from_slice(&settled)?;
    if settled["state"] != "succeeded" {
        return Err(format!("the payment is {}", settled["state"]).into());
    }
    Ok(executed.elapsed())
}

const LISTENERS: usize = 1_000;

/// Measures the memory of idle streams and long polls for events.
pub(crate) async fn listeners() -> Result<(), Box<dyn Error>> {
    for path in ["/v1/events/stream", "/v1/events?wait=60s"] {
        let sandbox = Sandbox::start(&[])?;
        // The first connections allocate what all share.
        let first = listen(&sandbox.gateway, path, 50).await?;
        sleep(Duration::from_secs(2)).await;
        let before = sandbox.process.resident()?;
        let rest = listen(&sandbox.gateway, path, LISTENERS).await?;
        sleep(Duration::from_secs(2)).await;
        let after = sandbox.process.resident()?;
        drop((first, rest));
        let each = after.saturating_sub(before) / 1024 / LISTENERS as u64;
        println!("  {LISTENERS} listeners on {path}: {each} KB each (at most 20)");
    }
    Ok(())
}

async fn listen(gateway: &str, path: &str, count: usize) -> Result<Vec<TcpStream>, Box<dyn Error>> {
    let mut open = Vec::with_capacity(count);
    for _ in 0..count {
        let mut stream = TcpStream::connect(gateway).await?;
        let request = format!("GET {path} HTTP/1.1\r\nhost: gateway\r\n\r\n");
        stream.write_all(request.as_bytes()).await?;
        if path.ends_with("stream") {
            stream.read_exact(&mut [0; 12]).await?;
        }
        open.push(stream);
    }
    Ok(open)
}
