//! Writes: how an operation is accepted, sent once, and concluded.

mod anew;
pub mod attachments;
mod conclude;
pub mod kinds;
pub mod perform;
pub(in crate::operations) mod report;
