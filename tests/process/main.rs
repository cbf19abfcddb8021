//! The real binary as a process, with the stand-in for TOP as another one whose ledger outlives it:
//! killed, stopped, terminated, and without disk space.
#![cfg(unix)]
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a test fails by panicking, and prints the cause"
)]

mod ask;
mod disk;
mod kill;
mod sandbox;
mod signals;
mod start;
mod stop;
mod store;
mod world;
