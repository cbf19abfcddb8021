//! The integrity check of the whole database. It takes half a minute for a million operations, so it runs in
//! the background on its own connection.

use std::sync::Arc;
use std::time::{Duration, Instant};

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection};
use tokio_util::sync::CancellationToken;

use super::failed;
use super::health::Health;
use crate::store::{Check, Fault, JournalError};

/// The time limit. While the check reads, the write-ahead log cannot be reset and grows.
const AT_MOST: Duration = Duration::from_secs(600);
/// The number of SQLite instructions between two checks for cancellation: a few milliseconds.
const STEPS: i32 = 1_000;

pub(super) async fn run(
    options: SqliteConnectOptions,
    health: Arc<Health>,
    stop: CancellationToken,
) {
    let began = Instant::now();
    let findings = health.noted(findings(&options, &health, stop.clone()).await);
    let ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    match findings {
        Ok(findings) if findings == ["ok"] => {
            tracing::info!(ms, "the integrity check of the journal found no damage");
            health.checked(Check::Passed);
        }
        Ok(findings) => health.damaged(&findings.join("; ")),
        Err(error) if error.fault == Fault::Damaged || stop.is_cancelled() => {}
        Err(error) => {
            tracing::warn!(ms, %error, "the integrity check of the journal did not finish");
            health.checked(Check::Unfinished);
        }
    }
}

async fn findings(
    options: &SqliteConnectOptions,
    health: &Health,
    stop: CancellationToken,
) -> Result<Vec<String>, JournalError> {
    let mut connection = SqliteConnection::connect_with(options)
        .await
        .map_err(failed)?;
    health.in_place()?;
    let until = Instant::now() + AT_MOST;
    let goes_on = move || !stop.is_cancelled() && Instant::now() < until;
    connection
        .lock_handle()
        .await
        .map_err(failed)?
        .set_progress_handler(STEPS, goes_on);
    let found = sqlx::query_scalar("PRAGMA quick_check(10)")
        .fetch_all(&mut connection)
        .await
        .map_err(failed);
    let closed = connection.close().await.map_err(failed);
    found.and_then(|found| closed.map(|()| found))
}
