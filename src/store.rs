//! What is kept: the contract of the journal, and the databases that keep it.

pub mod accept;
pub mod journal;
pub mod sqlite;
