//! Looks up operations until their outcome is known.

mod apply;
mod control;
pub mod decide;
pub mod evidence;
pub(in crate::operations) mod lookup;
pub(in crate::operations) mod newcomer;
pub mod resolve;
pub(in crate::operations) mod schedule;
