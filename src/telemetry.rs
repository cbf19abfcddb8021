//! Logs and metrics.
//!
//! What must never come out of a log: keys and sessions, names, document numbers, phones. Our own
//! code keeps them in types that print `***`. Crates below us do not know these types, and some
//! would tell at `debug` or `trace`: reqwest can dump the bytes of a connection, hyper and its pool
//! name URIs, sqlx prints statements, and any update may begin to. So only this crate may write
//! below `info`, whatever the operator's filter says.

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
    /// The filter is not one.
    #[error("`telemetry.log_filter` is not a filter: {0}")]
    Filter(#[from] tracing_subscriber::filter::ParseError),
    /// Something else has taken the process's logs before.
    #[error("logs were set up before: {0}")]
    Taken(#[from] TryInitError),
}

/// Sends the process's logs to standard error, and the places of panics with them. Once a process.
///
/// # Errors
/// When the filter is not one, or logs were set up before.
pub fn init(config: &config::Telemetry) -> Result<(), TelemetryError> {
    let colours = std::io::stderr().is_terminal()
        && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty());
    lines(config, std::io::stderr, colours)?.try_init()?;
    std::panic::set_hook(Box::new(log_panic));
    Ok(())
}

/// The same for any writer; a test can read what would be logged.
///
/// # Errors
/// When the filter is not one.
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

/// A bare level is meant for the gateway; the crates below it then only warn. Anything with
/// targets stands as it is.
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
            // Records of the `log` crate share one callsite, whose target says nothing yet.
            Interest::sometimes()
        }
    }

    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        may_write(metadata)
    }
}

/// Says where, and what only if the message was written down in the code: a formatted message may
/// quote a value.
fn log_panic(panic: &PanicHookInfo<'_>) {
    let place = panic.location().map(ToString::to_string);
    let message = panic.payload().downcast_ref::<&'static str>();
    tracing::error!(
        place = place.as_deref(),
        what = message
            .copied()
            .unwrap_or("(not shown, it may quote a value)"),
        "panic"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bare_level_is_for_the_gateway_and_targets_stand_as_they_are() {
        assert_eq!(effective_filter("debug"), "warn,fliggy_gateway=debug");
        assert_eq!(effective_filter("off"), "off");
        assert_eq!(effective_filter("warn,hyper=trace"), "warn,hyper=trace");
    }

    #[test]
    fn only_our_own_targets_count_as_ours() {
        assert!(is_ours("fliggy_gateway"));
        assert!(is_ours("fliggy_gateway::api::auth"));
        assert!(!is_ours("fliggy_gateway_extra"));
        assert!(!is_ours("reqwest::connect"));
    }
}
