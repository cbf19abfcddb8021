//! Callers: their keys and what these permit.

mod keys;
mod leaks;
mod scopes;
