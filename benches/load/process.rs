//! A child process on its own core, with its CPU time and memory.

use std::error::Error;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::SocketAddr;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal};
use rustix::thread::{CpuSet, sched_setaffinity};
use tokio::net::TcpStream;

use crate::client::exchange;

/// The core of the process under test, which it does not share, and the core of everything else.
pub(crate) const TESTED: usize = 0;
pub(crate) const OTHERS: usize = 1;

/// A child process. Dropping it kills the child.
pub(crate) struct Process {
    child: Child,
    stdout_lines: BufReader<ChildStdout>,
}

impl Drop for Process {
    fn drop(&mut self) {
        // The child may have exited already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Process {
    /// Starts the command on a core. A child inherits its core from the thread that starts it.
    pub(crate) fn start(mut command: Command, core: usize) -> Result<Self, Box<dyn Error>> {
        pin(core)?;
        let child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        pin(OTHERS)?;
        let mut child = child?;
        let out = child.stdout.take().ok_or("no standard output")?;
        let stdout_lines = BufReader::new(out);
        Ok(Self {
            child,
            stdout_lines,
        })
    }

    /// The next line that the child prints.
    pub(crate) fn line(&mut self) -> Result<String, Box<dyn Error>> {
        let mut line = String::new();
        if self.stdout_lines.read_line(&mut line)? == 0 {
            return Err("a child of the bench has ended".into());
        }
        Ok(line.trim().to_owned())
    }

    /// Writes a line to the child's standard input.
    pub(crate) fn write_line(&mut self, line: &str) -> Result<(), Box<dyn Error>> {
        let input = self.child.stdin.as_mut().ok_or("no standard input")?;
        writeln!(input, "{line}")?;
        Ok(())
    }

    /// CPU time that the child has used, in user and kernel mode, over all threads.
    pub(crate) fn cpu(&self) -> Result<Duration, Box<dyn Error>> {
        let text = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let (_, fields) = text.rsplit_once(')').ok_or("unexpected format of stat")?;
        let ticks: Vec<u64> = fields
            .split_whitespace()
            .skip(11)
            .take(2)
            .map(str::parse)
            .collect::<Result<_, _>>()?;
        let per_second = rustix::param::clock_ticks_per_second();
        Ok(Duration::from_millis(
            ticks.iter().sum::<u64>() * 1000 / per_second,
        ))
    }

    /// Resident memory in bytes.
    pub(crate) fn resident(&self) -> Result<u64, Box<dyn Error>> {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let number = line.and_then(|line| line.split_whitespace().next());
        Ok(number.ok_or("no VmRSS")?.parse::<u64>()? * 1024)
    }

    /// Asks the child to stop, and waits for its exit.
    pub(crate) fn stop(mut self) -> Result<(), Box<dyn Error>> {
        let pid = Pid::from_child(&self.child);
        rustix::process::kill_process(pid, Signal::TERM)?;
        let ended = self.child.wait()?;
        if ended.success() {
            Ok(())
        } else {
            Err(format!("the process under test ended with {ended}").into())
        }
    }

    /// Waits until the child is ready.
    pub(crate) async fn ready(&mut self, address: SocketAddr) -> Result<(), Box<dyn Error>> {
        const READY: &[u8] = b"GET /readyz HTTP/1.1\r\nhost: gateway\r\n\r\n";
        let deadline = Instant::now() + Duration::from_secs(30);
        loop {
            if let Ok(mut stream) = TcpStream::connect(address).await
                && exchange(&mut stream, READY, &mut Vec::new()).await.is_ok()
            {
                return Ok(());
            }
            if let Some(ended) = self.child.try_wait()? {
                return Err(format!("the process under test has ended: {ended}").into());
            }
            if Instant::now() > deadline {
                return Err("the process under test does not become ready".into());
            }
            tokio::task::yield_now().await;
        }
    }
}

/// Pins this thread, and everything it starts from now on, to a core.
pub(crate) fn pin(core: usize) -> Result<(), Box<dyn Error>> {
    let mut set = CpuSet::new();
    set.set(core);
    sched_setaffinity(None, &set)?;
    Ok(())
}
