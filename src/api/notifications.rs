//! The inbox of TOP's messages.

pub mod list;
