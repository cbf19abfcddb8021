//! The load bench: `cargo bench --bench load -- [detail|search|book|idle|inflight|history|settling|listeners] …`,
//! all of them if none is given, and `cargo bench --bench load -- instructions [BINARY]`.
//! `benches/README.md` describes what it measures, and the results.
//!
//! The process under test, the gateway's binary or the bare loop, has one core for itself. The
//! client (this process) and the upstream share another.

#![expect(clippy::print_stdout, reason = "a bench prints what it measured")]

mod answers;
mod bare;
mod client;
mod history;
mod instructions;
mod process;
mod requests;
mod sandbox;
mod subject;
mod upstream;

use std::error::Error;
use std::path::Path;

use tempfile::TempDir;
use tokio::net::TcpStream;

use client::Maker;
use subject::{Measured, Subject, Upstream};

// The gateway's allocator: the bare loop runs in this program too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const ALL: [&str; 8] = [
    "detail",
    "search",
    "book",
    "idle",
    "inflight",
    "history",
    "settling",
    "listeners",
];
const ROUNDS: usize = 7;
/// The gateway's binary.
const GATEWAY: &str = env!("CARGO_BIN_EXE_fliggy-gateway");

fn main() -> Result<(), Box<dyn Error>> {
    let mut args: Vec<String> = std::env::args().skip(1).collect();
    // Cargo passes this to benches.
    args.retain(|arg| arg != "--bench");
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--upstream", mode, hold] => block_on(upstream::run(mode, hold.parse()?)),
        ["--bare", endpoint] => runtime(true)?.block_on(bare::run(endpoint.to_owned())),
        ["instructions"] => block_on(instructions::count(&[GATEWAY.as_ref()])),
        ["instructions", other] => {
            block_on(instructions::count(&[other.as_ref(), GATEWAY.as_ref()]))
        }
        ref chosen => {
            process::pin(process::OTHERS)?;
            let chosen = if chosen.is_empty() { &ALL } else { chosen };
            block_on(async {
                for name in chosen {
                    measure(name).await?;
                }
                Ok(())
            })
        }
    }
}

fn runtime(many: bool) -> std::io::Result<tokio::runtime::Runtime> {
    let mut builder = if many {
        tokio::runtime::Builder::new_multi_thread()
    } else {
        tokio::runtime::Builder::new_current_thread()
    };
    builder.enable_all().build()
}

fn block_on(work: impl Future<Output = Result<(), Box<dyn Error>>>) -> Result<(), Box<dyn Error>> {
    runtime(false)?.block_on(work)
}

async fn measure(name: &str) -> Result<(), Box<dyn Error>> {
    println!("\n{name}");
    match name {
        "detail" => against_bare("detail", 16, 6_000, Some(1.5), &requests::detail()).await,
        "search" => against_bare("search", 8, 600, Some(1.25), &requests::search()).await,
        "book" => against_bare("book", 128, 6_000, None, &requests::book("A").await?).await,
        "idle" => idle().await,
        "inflight" => in_flight(5_000).await,
        "history" => with_history(1_000_000).await,
        "settling" => sandbox::settling().await,
        "listeners" => sandbox::listeners().await,
        other => Err(format!("{other} is not one of {ALL:?}").into()),
    }
}

/// A directory on the disk of the build, so that the journal is written to a real disk.
fn directory() -> std::io::Result<TempDir> {
    tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))
}

/// Measures gateway and bare loop in turns, so that other load on the machine affects both.
async fn against_bare(
    mode: &str,
    connections: usize,
    requests: u64,
    target: Option<f64>,
    make: &Maker,
) -> Result<(), Box<dyn Error>> {
    let dir = directory()?;
    let upstream = Upstream::start(mode, 0)?;
    let gateway = Subject::gateway("gateway", &upstream, dir.path()).await?;
    let bare = Subject::bare(&upstream)?;
    println!("  {ROUNDS} rounds of {requests} requests, {connections} connections");
    let [ours, theirs] = in_turns([&gateway, &bare], connections, requests, make).await?;
    compare(&ours, &theirs, target);
    if mode == "book" {
        let rate = median(ours.iter().map(|m| m.round.per_second()));
        println!("  bookings/s {rate:.0} (at least 1000)");
    }
    Ok(())
}

/// Measures two subjects in turns. The first round is a warm-up and does not count.
async fn in_turns(
    subjects: [&Subject; 2],
    connections: usize,
    requests: u64,
    make: &Maker,
) -> Result<[Vec<Measured>; 2], Box<dyn Error>> {
    let mut measured = [Vec::new(), Vec::new()];
    for round in 0..=ROUNDS {
        for (subject, measured) in subjects.iter().zip(&mut measured) {
            let one = subject.measure(connections, requests, make).await?;
            if round > 0 {
                measured.push(one);
            }
        }
    }
    println!("                 req/s   p50 ms   p99 ms   CPU us/req   resident MB");
    for (subject, rounds) in subjects.iter().zip(&measured) {
        println!(
            "  {:<10} {:>9.0} {:>8.2} {:>8.2} {:>12.1} {:>13.1}",
            subject.name,
            median(rounds.iter().map(|m| m.round.per_second())),
            median(rounds.iter().map(|m| m.round.percentile(0.5))),
            median(rounds.iter().map(|m| m.round.percentile(0.99))),
            median(rounds.iter().map(|m| m.cpu)),
            median(rounds.iter().map(|m| megabytes(m.resident))),
        );
    }
    Ok(measured)
}

fn compare(ours: &[Measured], theirs: &[Measured], target: Option<f64>) {
    let mut ratios: Vec<f64> = ours
        .iter()
        .zip(theirs)
        .map(|(a, b)| a.cpu / b.cpu)
        .collect();
    ratios.sort_by(f64::total_cmp);
    let spread: Vec<String> = ratios.iter().map(|r| format!("{r:.2}")).collect();
    let target = target.map_or(String::new(), |at_most| format!(" (at most {at_most})"));
    println!(
        "  CPU ratio {:.2}{target}; by round {}",
        median(ratios.iter().copied()),
        spread.join(" ")
    );
}

async fn idle() -> Result<(), Box<dyn Error>> {
    let dir = directory()?;
    let upstream = Upstream::start("detail", 0)?;
    let gateway = Subject::gateway("gateway", &upstream, dir.path()).await?;
    let bare = Subject::bare(&upstream)?;
    let make = requests::detail();
    println!("  resident MB    started   after one request   after 20000");
    for subject in [&gateway, &bare] {
        let started = subject.process.resident()?;
        let one = subject.measure(1, 1, &make).await?.resident;
        let many = subject.measure(64, 20_000, &make).await?.resident;
        println!(
            "  {:<10} {:>11.1} {:>19.1} {:>13.1}   (at most 40)",
            subject.name,
            megabytes(started),
            megabytes(one),
            megabytes(many)
        );
    }
    Ok(())
}

/// Memory while the upstream holds this many calls.
async fn in_flight(calls: usize) -> Result<(), Box<dyn Error>> {
    println!("  {calls} calls held     before MB   held MB   KB per call");
    for ours in [true, false] {
        let dir = directory()?;
        let mut upstream = Upstream::start("detail", calls)?;
        let subject = if ours {
            Subject::gateway("gateway", &upstream, dir.path()).await?
        } else {
            Subject::bare(&upstream)?
        };
        let before = subject.process.resident()?;
        let request = requests::detail()(1);
        let mut open = Vec::with_capacity(calls);
        for _ in 0..calls {
            let mut stream = TcpStream::connect(subject.address).await?;
            tokio::io::AsyncWriteExt::write_all(&mut stream, &request).await?;
            open.push(stream);
        }
        let held = upstream.process.line()?;
        let during = subject.process.resident()?;
        upstream.process.write_line("go")?;
        let mut received = Vec::new();
        for stream in &mut open {
            client::exchange(stream, &[], &mut received).await?;
        }
        let each = during.saturating_sub(before) / 1024 / u64::try_from(calls)?;
        println!(
            "  {:<10} {held:>6} {:>15.1} {:>9.1} {each:>13}   (at most 75)",
            subject.name,
            megabytes(before),
            megabytes(during),
        );
    }
    Ok(())
}

/// Bookings on an empty journal, and on one with a history.
async fn with_history(rows: u64) -> Result<(), Box<dyn Error>> {
    let (empty, full) = (directory()?, directory()?);
    let upstream = Upstream::start("book", 0)?;
    // Creates the schema.
    drop(Subject::gateway("schema", &upstream, full.path()).await?);
    history::fill(full.path(), rows).await?;
    let make = requests::book("H").await?;
    let subjects = [
        &Subject::gateway("a million", &upstream, full.path()).await?,
        &Subject::gateway("empty", &upstream, empty.path()).await?,
    ];
    println!("  {ROUNDS} rounds of 6000 bookings, 128 connections");
    let [with, without] = in_turns(subjects, 128, 6_000, &make).await?;
    compare(&with, &without, Some(1.0));
    print_sizes([full.path(), empty.path()])
}

fn print_sizes(dirs: [&Path; 2]) -> Result<(), Box<dyn Error>> {
    for dir in dirs {
        let size = std::fs::metadata(dir.join("journal.db"))?.len();
        println!("  journal of {} MB", size >> 20);
    }
    Ok(())
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

#[expect(clippy::cast_precision_loss, reason = "printed with one decimal")]
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / (1 << 20) as f64
}
