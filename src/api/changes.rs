//! Changes, addressed by their own number.

pub mod cancel;
pub mod get;
pub mod pay;
