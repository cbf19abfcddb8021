//! Orders.

pub mod book;
pub mod change;
pub mod changes;
pub mod close;
pub mod flight_changes;
pub mod get;
pub mod list;
pub mod pay;
pub mod refund;
pub mod refund_quote;
pub mod refunds;
