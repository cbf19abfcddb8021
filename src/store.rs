//! What is kept: the contract of the journal, and the databases that keep it.

pub mod journal;
pub mod sqlite;
