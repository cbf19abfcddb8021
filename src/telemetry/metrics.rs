//! The names of all metrics, and the recorder that renders them for Prometheus.

use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tokio_util::sync::CancellationToken;

/// Counter: requests by `operation` (method and route template) and `status`.
pub const HTTP_REQUESTS: &str = "gateway_http_requests_total";
/// Histogram, seconds: from the request head to the response head, by `operation`.
pub const HTTP_REQUEST_SECONDS: &str = "gateway_http_request_seconds";
/// Counter: calls to TOP by `method` and `delivery` (`not_sent`, `answered`, `maybe_sent`).
pub const TOP_CALLS: &str = "gateway_top_calls_total";
/// Histogram, seconds: calls to TOP, by `method`.
pub const TOP_CALL_SECONDS: &str = "gateway_top_call_seconds";
/// Counter: settled operations by `kind`, `state` and `basis`.
pub const OPERATIONS_SETTLED: &str = "gateway_operations_settled_total";
/// Gauge: operations that are not settled, by `state`.
pub const OPERATIONS_UNSETTLED: &str = "gateway_operations_unsettled";
/// Counter: operations whose outcome a later lookup contradicted. Alert at one.
pub const CONTRADICTIONS: &str = "gateway_contradictions_total";
/// Counter: lookups of the reconciler by `kind` and `finding`.
pub const LOOKUPS: &str = "gateway_looks_total";
/// Histogram, seconds: one commit of the journal.
pub const JOURNAL_COMMIT_SECONDS: &str = "gateway_journal_commit_seconds";
/// Gauge: writes that wait for the next commit of the journal.
pub const JOURNAL_QUEUE: &str = "gateway_journal_queue";
/// Counter: messages of TOP by `topic` (`other` for an unknown one) and `result` (`processed`, `repeated`, `quarantined`,
/// `not_committed`, `unidentified`).
pub const NOTIFICATIONS: &str = "gateway_notifications_total";
/// Histogram, seconds: from the publication of a message that was processed to its commit, which includes its event.
pub const NOTIFICATION_LAG_SECONDS: &str = "gateway_notification_lag_seconds";
/// Gauge: messages in quarantine.
pub const NOTIFICATIONS_QUARANTINED: &str = "gateway_notifications_quarantined";
/// Gauge: whether the channel of a `group` is connected (0 or 1).
pub const NOTIFICATIONS_CONNECTED: &str = "gateway_notifications_connected";
/// Counter: attempts to connect the channel, by `result` (`connected`, `failed`).
pub const NOTIFICATIONS_CONNECTS: &str = "gateway_notifications_connects_total";
/// Counter: reads of the watcher by `resource` (`order`, `refund`, `change`) and `result` (`read`, `not_found`, `failed`).
pub const WATCHER_READS: &str = "gateway_watcher_reads_total";
/// Gauge, seconds: how long the most overdue order, refund or change has waited for the watcher.
pub const WATCHER_BEHIND_SECONDS: &str = "gateway_watcher_behind_seconds";
/// Counter: reads whose states were not recorded, because too many waited. The watcher finds what is not finished.
pub const OBSERVATIONS_DROPPED: &str = "gateway_observations_dropped_total";
/// Counter: attempts to deliver an event to a webhook, by `outcome` (`delivered`, `refused`, `gone`, `timed_out`,
/// `not_connected`, `not_allowed`, `interrupted`).
pub const WEBHOOK_ATTEMPTS: &str = "gateway_webhook_attempts_total";
/// Gauge, seconds: how long the oldest event has waited for its delivery to a webhook.
pub const WEBHOOK_OLDEST_UNDELIVERED_SECONDS: &str = "gateway_webhook_oldest_undelivered_seconds";
/// Gauge: webhooks by `state` (`active`, `paused`, `auto_paused`).
pub const WEBHOOKS: &str = "gateway_webhooks";
/// Gauge: whether the session of an `account` can be used (0 or 1). Alert at zero.
pub const SESSION_USABLE: &str = "gateway_session_usable";
/// Gauge, seconds since 1970: when the session of an `account` expires.
pub const SESSION_EXPIRES: &str = "gateway_session_expires_timestamp_seconds";

/// Gauge: hard links to the journal's database file. Alert at two.
pub const JOURNAL_LINKS: &str = "gateway_journal_links";

/// Buckets from a millisecond to a minute; TOP reports its own timeout at 5 s.
const SECONDS: &[f64] = &[
    0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 5.5, 10.0, 30.0, 60.0,
];

/// Installs the metrics recorder. Once per process.
///
/// # Errors
/// When a recorder is already installed.
pub fn install() -> Result<PrometheusHandle, BuildError> {
    PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".to_owned()), SECONDS)?
        .install_recorder()
}

/// Keeps the recorder's memory bounded until the token is cancelled.
pub async fn upkeep(handle: PrometheusHandle, stop: CancellationToken) {
    let mut ticks = tokio::time::interval(Duration::from_secs(5));
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = ticks.tick() => handle.run_upkeep(),
        }
    }
}
