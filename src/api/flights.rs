//! Flights.

pub mod search;
