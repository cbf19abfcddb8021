//! The client of the Taobao Open Platform (TOP): signing, calls, and what their outcomes prove.

pub mod call;
pub mod client;
pub mod contract;
pub mod departure;
pub mod envelope;
pub mod lenient;
pub mod method;
pub mod oauth;
pub mod sessions;
pub mod sign;
pub mod stack;
pub mod tmc;
pub mod wire;
