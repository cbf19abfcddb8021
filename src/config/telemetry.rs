//! `[telemetry]`: logs and metrics.

use config::Value;
use serde::{Deserialize, Serialize};
use tracing_subscriber::EnvFilter;

use super::table::Table;
use super::value;

/// Logs and metrics.
#[derive(Debug, Clone, Serialize)]
pub struct Telemetry {
    /// The format of log lines.
    pub log_format: LogFormat,
    /// Which lines are written, in the syntax of `RUST_LOG`: `info`, `warn,fliggy_gateway=debug`.
    /// Crates that could log secrets stay capped regardless of the filter.
    pub log_filter: String,
    /// Whether `/metrics` is served.
    pub metrics: bool,
}

/// The format of log lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For humans.
    Pretty,
    /// One JSON object per line.
    Json,
}

fn log_filter(value: &Value) -> Result<String, String> {
    let filter = value::text(value)?;
    match EnvFilter::try_new(&filter) {
        Ok(_) => Ok(filter),
        Err(_) => Err("expected a filter such as \"info\" or \"warn,fliggy_gateway=debug\"".into()),
    }
}

impl Telemetry {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let log_format = table.required("log_format", value::word);
        let log_filter = table.required("log_filter", log_filter);
        let metrics = table.required("metrics", value::boolean);
        table.finish();
        Some(Self {
            log_format: log_format?,
            log_filter: log_filter?,
            metrics: metrics?,
        })
    }
}
