//! Runs the real binary as a process, and the simulator as another process whose ledger survives the
//! gateway. The gateway is killed, stopped, terminated, and runs out of disk space.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints the cause"
)]

mod accounts;
mod ask;
mod disk;
mod feed;
mod keys;
mod kill;
mod messages;
mod sandbox;
mod signals;
mod start;
mod stop;
mod store;
mod watcher;
mod webhooks;
mod world;
