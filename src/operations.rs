//! Writes that never lie: the journal, the one door to a send, and the reconciler. Also the reads
//! that they and the API share.
//!
//! Decisions are pure functions, each in a file with its table test: [`states`], [`classify`],
//! [`evidence`], [`decide`]. Everything else reads, asks one of them, and does what it says.

pub mod book;
pub mod cause;
pub mod classify;
pub mod close;
mod conclude;
pub mod decide;
pub mod evidence;
pub mod journal;
mod kill_point;
mod look;
pub mod orders;
pub mod pay;
pub mod perform;
mod reconcile;
pub mod record;
pub mod resolve;
pub mod search;
pub mod service;
pub mod sqlite;
pub mod states;
mod weigh;
