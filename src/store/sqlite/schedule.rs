//! Due and stale operations, leases and pruning.

use futures::future::BoxFuture;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::open::ENDED;
use super::writer::Command;
use super::{SqliteJournal, failed, row};
use crate::domain::operation::{Operation, State};
use crate::store::accept::{self, Lease};
use crate::store::{JournalError, Schedule};

impl Schedule for SqliteJournal {
    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.reading(async move {
            let mut due = Vec::new();
            for query in [row::SELECT_DUE_UNKNOWN, row::SELECT_DUE_OTHERS] {
                let found = sqlx::query(query)
                    .bind(now_ms)
                    .bind(i64::from(limit))
                    .fetch_all(&self.readers)
                    .await
                    .map_err(failed)?;
                due.extend(self.readable_operations(&found));
            }
            Ok(due)
        })
    }

    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>> {
        self.reading(async move {
            sqlx::query_scalar("SELECT MIN(next_look_at) FROM operations WHERE next_look_at > ?1")
                .bind(now_ms)
                .fetch_one(&self.readers)
                .await
                .map_err(failed)
        })
    }

    fn stale(
        &self,
        instance: &str,
        now_ms: i64,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        let instance = instance.to_owned();
        self.reading(async move {
            let found = sqlx::query(row::SELECT_STALE)
                .bind(&instance)
                .bind(touched_before_ms)
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            let mut stale = Vec::new();
            for line in found {
                let lease = lease(&line, &instance)?;
                let touched_ms = line.try_get("touched_ms").map_err(failed)?;
                if accept::is_stale(touched_ms, lease, now_ms, touched_before_ms) {
                    stale.push(line);
                }
            }
            Ok(self.readable_operations(&stale))
        })
    }

    fn renew(&self, instance: &str, until_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        let instance = instance.to_owned();
        Box::pin(self.ask(move |answer| Command::Renew(instance, until_ms, answer)))
    }

    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(move |answer| Command::WakeAll(now_ms, answer)))
    }

    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        Box::pin(async move {
            // Check first; otherwise every pass of the reconciler would write.
            let due = self.reading(async {
                sqlx::query_scalar::<_, i64>(
                    "SELECT EXISTS (SELECT 1 FROM operations WHERE prune_at <= ?1)",
                )
                .bind(now_ms)
                .fetch_one(&self.readers)
                .await
                .map_err(failed)
            });
            if due.await? == 0 {
                return Ok(0);
            }
            self.ask(move |answer| Command::Prune(now_ms, answer)).await
        })
    }

    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>> {
        self.reading(async move {
            let found = sqlx::query(
                "SELECT state, COUNT(*) AS n FROM operations WHERE state IN \
                 ('accepted', 'sending', 'unknown', 'needs_attention') GROUP BY state",
            )
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
            found
                .iter()
                .map(|line| {
                    Ok((
                        row::word(line.try_get("state").map_err(failed)?)?,
                        line.try_get("n").map_err(failed)?,
                    ))
                })
                .collect()
        })
    }
}

/// The lease of the instance that works on the operation of this row.
fn lease(line: &SqliteRow, instance: &str) -> Result<Lease, JournalError> {
    let boot: &str = line.try_get("boot").map_err(failed)?;
    if boot == instance {
        return Ok(Lease::Own);
    }
    let until: Option<i64> = line.try_get("until_ms").map_err(failed)?;
    Ok(match until {
        Some(ENDED) => Lease::Ended,
        Some(until) => Lease::Until(until),
        None => Lease::Unknown,
    })
}
