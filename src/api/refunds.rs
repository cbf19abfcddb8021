//! Refunds, by their own number.

pub mod get;
