//! Orders.

pub mod book;
pub mod close;
pub mod get;
pub mod list;
pub mod pay;
mod write;
