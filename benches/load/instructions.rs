//! Instructions per request, counted by callgrind. They hardly depend on the load of the machine,
//! so a difference of a few per cent between two commits is visible.

use std::error::Error;
use std::path::Path;
use std::process::Command;

use crate::client::Maker;
use crate::requests;
use crate::subject::{Subject, Upstream};

/// The measured requests, and how many more of them the longer of two runs sends.
const EXTRA_REQUESTS: [(&str, u64); 3] = [("detail", 4_000), ("search", 400), ("book", 1_500)];
/// Requests of the shorter run. The difference of the two runs excludes the cost of start and stop.
const FEW: u64 = 100;

/// Counts the instructions of each binary, and compares the other binaries with the first.
pub(crate) async fn count(binaries: &[&Path]) -> Result<(), Box<dyn Error>> {
    println!("instructions per request");
    for (mode, more) in EXTRA_REQUESTS {
        let make = match mode {
            "detail" => requests::detail(),
            "search" => requests::search(),
            _ => requests::book("A").await?,
        };
        let mut first = None;
        for binary in binaries {
            let few = run(binary, mode, FEW, &make).await?;
            let many = run(binary, mode, FEW + more, &make).await?;
            let each = many.saturating_sub(few) / more;
            let first = *first.get_or_insert(each);
            #[expect(clippy::cast_precision_loss, reason = "printed with two decimals")]
            let change = (each as f64 / first as f64 - 1.0) * 100.0;
            println!(
                "  {mode:<8} {each:>10}  {change:+.2} %  {}",
                binary.display()
            );
        }
    }
    Ok(())
}

/// The instructions of a gateway from its start to its stop, with this many requests in between.
async fn run(
    binary: &Path,
    mode: &str,
    requests: u64,
    make: &Maker,
) -> Result<u64, Box<dyn Error>> {
    let dir = crate::directory()?;
    let upstream = Upstream::start(mode, 0)?;
    let log_file = dir.path().join("valgrind");
    let mut command = Command::new("valgrind");
    command
        .arg("--tool=callgrind")
        .arg(format!(
            "--callgrind-out-file={}",
            dir.path().join("profile").display()
        ))
        .arg(format!("--log-file={}", log_file.display()))
        .arg(binary);
    let subject = Subject::serving("gateway", command, &upstream, dir.path()).await?;
    subject.measure(1, requests, make).await?;
    subject.process.stop()?;
    let log = std::fs::read_to_string(log_file)?;
    let collected = log.lines().find_map(|line| line.split_once("Collected : "));
    let (_, count) = collected.ok_or("valgrind counted nothing")?;
    Ok(count.trim().parse()?)
}
