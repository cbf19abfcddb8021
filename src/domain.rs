//! The domain model: pure types that hold only valid values, and pure checks. Nothing here depends
//! on HTTP, TOP's wire format or the store.

pub mod access;
pub mod actions;
pub mod api_key;
pub mod attachment;
pub mod booking;
pub mod change;
pub mod city;
pub mod flight_change;
pub mod ids;
pub mod money;
pub mod notice;
pub(crate) mod nullable;
pub mod offer;
pub mod operation;
pub mod order;
pub mod party;
pub mod passenger;
pub mod payment;
pub mod payment_time;
pub mod personal;
pub mod refund;
pub mod resource;
pub mod sealed;
pub mod search;
pub mod session;
pub(crate) mod text;
pub mod time;
pub mod trip;
pub mod violation;
pub mod vocabulary;
pub mod webhook;
