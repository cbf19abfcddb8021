//! A REST gateway between a company's internal apps and Fliggy's domestic flight purchasing API
//! (新京杭) on the Taobao Open Platform (TOP).
//!
//! Data goes one way: `api → operations → translate → top → domain`, and back.

pub mod access;
pub mod api;
pub mod cli;
pub mod clock;
pub mod config;
pub mod domain;
pub mod gateway;
mod html;
mod kill_point;
pub mod notifications;
pub mod operations;
mod secret_file;
pub mod server;
pub mod simulator;
pub mod store;
pub mod telemetry;
pub mod top;
pub mod translate;
