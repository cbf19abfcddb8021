//! Due and stale operations, leases and pruning.

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row, SqliteConnection};

use super::open::ENDED;
use super::writer::Command;
use super::{SqliteJournal, failed, row};
use crate::domain::operation::{Operation, State};
use crate::domain::resource::Resource;
use crate::store::accept::{self, Lease};
use crate::store::resources::DAY_MS;
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

pub(super) async fn renew(
    connection: &mut SqliteConnection,
    instance: &str,
    until_ms: i64,
) -> Result<(), JournalError> {
    sqlx::query("INSERT OR REPLACE INTO instances (id, until_ms) VALUES (?1, ?2)")
        .bind(instance)
        .bind(until_ms)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// The maximum number of operations that one transaction deletes.
const PRUNED_AT_ONCE: i64 = 256;

pub(super) async fn prune(
    connection: &mut SqliteConnection,
    now: i64,
) -> Result<u64, JournalError> {
    let due: Vec<String> = sqlx::query_scalar(
        "SELECT id FROM operations WHERE prune_at <= ?1 ORDER BY prune_at LIMIT ?2",
    )
    .bind(now)
    .bind(PRUNED_AT_ONCE)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    for id in &due {
        for delete in [
            "DELETE FROM timeline WHERE operation_id = ?1",
            "DELETE FROM operations WHERE id = ?1",
        ] {
            sqlx::query(delete)
                .bind(id)
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
        }
    }
    Ok(due.len() as u64)
}

pub(super) async fn wake_all(
    connection: &mut SqliteConnection,
    now: i64,
) -> Result<(), JournalError> {
    // Open operations become due at once, watched operations within an hour: a clock jump may have moved the time of
    // their next lookup far away.
    sqlx::query(
        "UPDATE operations SET next_look_at = CASE WHEN state IN ('unknown', 'needs_attention') \
         THEN ?1 ELSE MIN(next_look_at, ?1 + 3600000) END WHERE next_look_at > ?2",
    )
    .bind(now)
    // Matches any time that is set. `IS NOT NULL` would not use the index in every build of SQLite.
    .bind(i64::MIN)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    // A pause between two reads of a resource is a day at most.
    for finished in [false, true] {
        for kind in Resource::WORDS {
            sqlx::query(
                "UPDATE resources SET next_read_at = ?1 WHERE finished = ?2 AND kind = ?3 AND next_read_at > ?1",
            )
            .bind(now.saturating_add(DAY_MS))
            .bind(finished)
            .bind(kind)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
        }
    }
    Ok(())
}
