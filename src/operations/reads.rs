//! Reads of Fliggy: for callers, for checks before a send, and for lookups. One file per resource.

pub mod changes;
pub mod flight_changes;
mod history;
pub mod orders;
pub mod refunds;
pub mod search;
pub(in crate::operations) mod selection;
