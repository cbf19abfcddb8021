//! Writes: how an operation is accepted, sent once, and concluded.

pub mod attachments;
mod conclude;
pub mod kinds;
pub mod perform;
pub(in crate::operations) mod report;
mod reread;
