//! The purchasing accounts: their sessions, how they are authorised, and the topics whose messages TOP sends for them.
//!
//! A session comes from the configuration, or an operator authorises the account through the gateway. The one that was
//! changed last is in force (`choose`). `keeper` looks after the sessions in force.

mod adopt;
pub mod authorise;
mod choose;
mod keeper;
pub mod not_authorised;
mod secret;
pub mod service;
mod state;
pub mod status;
pub mod topics;
