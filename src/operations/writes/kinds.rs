//! The kinds of writes, one file each.

pub mod book;
pub mod change;
pub mod change_cancel;
pub mod change_pay;
pub mod close;
pub mod pay;
pub mod refund;
