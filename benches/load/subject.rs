//! The processes under test: the gateway as it is shipped, and the bare loop.

use std::error::Error;
use std::net::{SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::client::{self, Maker, Round};
use crate::process::{OTHERS, Process, TESTED};

/// The API key of the only caller.
pub(crate) const KEY: &str = "bench-key-0123456789";

/// The upstream process, in place of TOP.
pub(crate) struct Upstream {
    pub(crate) process: Process,
    address: String,
}

impl Upstream {
    pub(crate) fn start(mode: &str, hold: usize) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--upstream", mode, &hold.to_string()]);
        let mut process = Process::start(command, OTHERS)?;
        let address = process.line()?;
        Ok(Self { process, address })
    }

    fn endpoint(&self) -> String {
        format!("http://{}/router/rest", self.address)
    }
}

/// A process under test.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    pub(crate) process: Process,
    pub(crate) address: SocketAddr,
    next: Arc<AtomicU64>,
}

/// The cost of a round.
pub(crate) struct Measured {
    pub(crate) round: Round,
    /// CPU time per request, in µs.
    pub(crate) cpu: f64,
    /// Resident memory after the round, in bytes.
    pub(crate) resident: u64,
}

impl Subject {
    /// The binary with its defaults: keys, metrics, one log line per request. Only the limits that
    /// protect TOP are raised, so that the bench does not measure them.
    pub(crate) async fn gateway(
        name: &'static str,
        upstream: &Upstream,
        dir: &Path,
    ) -> Result<Self, Box<dyn Error>> {
        let gateway = Command::new(crate::GATEWAY);
        Self::serving(name, gateway, upstream, dir).await
    }

    /// A gateway started by this command. Its log is in the file `log` of the directory.
    pub(crate) async fn serving(
        name: &'static str,
        mut command: Command,
        upstream: &Upstream,
        dir: &Path,
    ) -> Result<Self, Box<dyn Error>> {
        let address = free_address()?;
        let config = dir.join("gateway.toml");
        std::fs::write(
            &config,
            format!(
                r#"
server.listen = "{address}"
server.header_timeout = "60s"
server.shutdown_grace = "65s"
store.url = "sqlite://{}/journal.db"
auth.mode = "keys"
auth.keys.bench.key = "{KEY}"

[top]
endpoint = "{}"
app_key = "12345678"
app_secret = "sandbox-secret"
deadline = "60s"
connect_timeout = "30s"
quota = {{ requests_per_second = 1000000, burst = 1000000, max_concurrent = 20000 }}

[accounts.default]
session = "sandbox-session"
channel = "SANDBOX"
"#,
                dir.display(),
                upstream.endpoint(),
            ),
        )?;
        command
            .args(["serve".as_ref(), "--config".as_ref(), config.as_os_str()])
            .stderr(Stdio::from(std::fs::File::create(dir.join("log"))?));
        let mut process = Process::start(command, TESTED)?;
        process.ready(address).await.map_err(|error| {
            let log = std::fs::read_to_string(dir.join("log")).unwrap_or_default();
            format!("{error}: {log}")
        })?;
        Ok(Self::new(name, process, address))
    }

    pub(crate) fn bare(upstream: &Upstream) -> Result<Self, Box<dyn Error>> {
        let mut command = Command::new(std::env::current_exe()?);
        command.args(["--bare", &upstream.endpoint()]);
        let mut process = Process::start(command, TESTED)?;
        let address = process.line()?.parse()?;
        Ok(Self::new("bare", process, address))
    }

    fn new(name: &'static str, process: Process, address: SocketAddr) -> Self {
        Self {
            name,
            process,
            address,
            next: Arc::new(AtomicU64::new(1)),
        }
    }

    pub(crate) async fn measure(
        &self,
        connections: usize,
        total: u64,
        make: &Maker,
    ) -> Result<Measured, Box<dyn Error>> {
        let before = self.process.cpu()?;
        let round = client::round(self.address, connections, total, &self.next, make).await?;
        let used = self.process.cpu()?.saturating_sub(before);
        Ok(Measured {
            cpu: used.as_secs_f64() * 1e6 / client::count(round.latencies.len()),
            round,
            resident: self.process.resident()?,
        })
    }
}

/// A free address for the gateway to listen on.
fn free_address() -> Result<SocketAddr, Box<dyn Error>> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}
