//! The operations: the only path by which a write is sent, the reconciler that looks up unknown outcomes, and the reads
//! that both share with the API.
//!
//! [`upstream`] reads from Fliggy, [`service`] changes operations. Decisions are pure functions with table tests:
//! [`classify`], [`writes::kinds`] and [`reconcile::decide`].

pub mod accounts;
pub mod classify;
mod failure;
mod masking;
mod messages;
pub mod observer;
pub mod reads;
pub mod reconcile;
mod recorder;
pub mod service;
pub mod services;
mod single_flight;
pub mod upstream;
mod watcher;
pub mod writes;

pub use crate::store::{Condition, EventFilter, Fault, Filter, JournalError};
