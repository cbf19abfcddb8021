//! The gateway over real sockets, on a real journal, against the simulator of TOP.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test fails by panicking, and prints the cause"
)]

mod access;
mod accounts;
mod api;
mod attachments;
mod canned;
mod changes;
mod deadlines;
mod documented;
mod encodings;
mod examples;
mod extra;
mod feed;
mod guesses;
mod held;
mod include;
mod interleavings;
mod journey;
mod laws;
mod life;
mod logged;
mod malformed;
mod masking;
mod matrix;
mod notifications;
mod offers;
mod operations;
mod other_resources;
mod overrides;
mod payment_times;
mod raw_socket;
mod refunds;
mod replay;
mod retries;
mod search;
mod ticket;
mod traps;
mod unlisted;
mod watcher;
mod webhooks;
mod world;
