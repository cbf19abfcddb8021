//! Writes that never lie: the journal, the one door to a send, and the reconciler. Also the reads
//! that they and the API share.
//!
//! Decisions are pure functions, each in a file with its table test: [`states`], [`classify`],
//! [`evidence`], [`decide`]. Everything else reads, asks one of them, and does what it says.

pub mod attachments;
pub mod book;
pub mod cause;
pub mod change;
pub mod change_cancel;
pub mod change_pay;
pub mod changes;
pub mod classify;
pub mod close;
mod conclude;
pub mod decide;
pub mod evidence;
pub mod flight_changes;
mod history;
mod look;
mod masking;
pub mod orders;
pub mod pay;
pub mod perform;
pub mod reads;
mod reconcile;
pub mod refund;
pub mod refunds;
mod report;
pub mod resolve;
pub mod search;
mod selection;
pub mod service;
mod single_flight;
mod weigh;

pub use crate::store::journal::{Condition, Fault, Filter, JournalError};
