//! Logs and metrics.
//!
//! Logs must never contain keys, sessions, names, document numbers or phone numbers. Our own code keeps them
//! in types that print `***`. Dependencies do not know these types and may log them at `debug` or `trace`:
//! reqwest can dump the bytes of a connection, hyper and its pool print URIs, sqlx prints statements, and any
//! update may add more. So only this crate may write below `info`, regardless of the operator's filter.

use std::io::IsTerminal as _;
use std::panic::PanicHookInfo;

use thiserror::Error;
use tracing::level_filters::LevelFilter;
use tracing::subscriber::Interest;
use tracing::{Level, Metadata, Subscriber};
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Context, SubscriberExt as _};
use tracing_subscriber::util::{SubscriberInitExt as _, TryInitError};
use tracing_subscriber::{EnvFilter, Layer, fmt};

use crate::config;
use crate::config::LogFormat;

pub(crate) mod handles;
pub mod metrics;

/// The crate whose targets may write at any level.
const OURS: &str = env!("CARGO_CRATE_NAME");

/// Logs could not be set up.
#[derive(Debug, Error)]
pub enum TelemetryError {
    /// The filter is invalid.
    #[error("`telemetry.log_filter` is not a valid filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Logging is already set up in this process.
    #[error("logging is already set up: {0}")]
    Taken(#[from] TryInitError),
}

/// Writes the logs of the process, including the locations of panics, to standard error. Once per process.
///
/// # Errors
/// When the filter is invalid, or logging is already set up.
pub fn init(config: &config::Telemetry) -> Result<(), TelemetryError> {
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    lines(config, std::io::stderr, colours)?.try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// A subscriber for any writer, so that a test can read the log.
///
/// # Errors
/// When the filter is invalid.
pub fn subscriber<W>(
    config: &config::Telemetry,
    writer: W,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    lines(config, writer, false)
}

fn lines<W>(
    config: &config::Telemetry,
    writer: W,
    colours: bool,
) -> Result<Box<dyn Subscriber + Send + Sync>, TelemetryError>
where
    W: for<'a> MakeWriter<'a> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(effective_filter(&config.log_filter))?;
    let base = tracing_subscriber::registry().with(filter).with(Cap);
    let lines = fmt::layer().with_ansi(colours).with_writer(writer);
    Ok(match config.log_format {
        LogFormat::Pretty => Box::new(base.with(lines.with_target(false))),
        LogFormat::Json => Box::new(
            base.with(
                lines
                    .json()
                    .flatten_event(true)
                    .with_current_span(true)
                    .with_span_list(false),
            ),
        ),
    })
}

/// A bare level applies to the gateway, and its dependencies only warn. A filter with targets is used
/// unchanged.
fn effective_filter(filter: &str) -> String {
    match filter.trim().parse::<LevelFilter>() {
        Ok(LevelFilter::OFF) => "off".to_owned(),
        Ok(LevelFilter::ERROR) => "error".to_owned(),
        Ok(level) => format!("warn,{OURS}={level}"),
        Err(_) => filter.to_owned(),
    }
}

/// Lets only this crate write below `info`.
struct Cap;

fn may_write(metadata: &Metadata<'_>) -> bool {
    // `DEBUG` and `TRACE` are greater than `INFO`.
    *metadata.level() <= Level::INFO || is_ours(metadata.target())
}

fn is_ours(target: &str) -> bool {
    target
        .strip_prefix(OURS)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

impl<S: Subscriber> Layer<S> for Cap {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        if may_write(metadata) {
            Interest::always()
        } else {
            // Records of the `log` crate share one callsite, so decide by the target of each record.
            Interest::sometimes()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        may_write(metadata)
    }
}

/// Logs the location of a panic, and the message only if it is a literal: a formatted message may contain a
/// value.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>();
    tracing::error!(
        place = place.as_deref(),
        what = message
            .copied()
            .unwrap_or("(not shown, it may contain a value)"),
        "panic"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_applies_to_the_gateway_and_targets_are_unchanged() {
        assert_eq!(effective_filter("debug"), "warn,fliggy_gateway=debug");
        assert_eq!(effective_filter("off"), "off");
        assert_eq!(effective_filter("warn,hyper=trace"), "warn,hyper=trace");
    }

    #[test]
    fn only_targets_of_this_crate_are_ours() {
        assert!(is_ours("fliggy_gateway"));
        assert!(is_ours("fliggy_gateway::api::auth"));
        assert!(!is_ours("fliggy_gateway_extra"));
        assert!(!is_ours("reqwest::connect"));
    }
}
