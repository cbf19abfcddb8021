//! Callers: their keys and what these permit.

mod scopes;
