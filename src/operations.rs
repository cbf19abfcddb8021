//! Writes that never misreport: the journal, the one way to send, and the reconciler. Also the reads that
//! they and the API share.
//!
//! [`upstream`] asks Fliggy, [`service`] runs operations. Decisions are pure functions, each in a file with its
//! table test: [`classify`], [`reconcile::evidence`], [`reconcile::decide`].

pub mod classify;
mod failure;
mod masking;
pub mod reads;
pub mod reconcile;
pub mod service;
pub mod services;
mod single_flight;
pub mod upstream;
pub mod writes;

pub use crate::store::{Condition, EventFilter, Fault, Filter, JournalError};
