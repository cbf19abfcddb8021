//! The timelines of operations.

use sqlx::SqliteConnection;

use super::{failed, ms_of};
use crate::domain::operation::{Operation, TimelineEntry};
use crate::store::JournalError;

pub(super) async fn insert(
    connection: &mut SqliteConnection,
    operation: &Operation,
    revision: i64,
    entries: &[TimelineEntry],
) -> Result<(), JournalError> {
    for (index, entry) in entries.iter().enumerate() {
        let seq = revision * 8 + i64::try_from(index).unwrap_or(7).min(7);
        sqlx::query(
            "INSERT INTO timeline (operation_id, seq, at, state, what) VALUES (?1, ?2, ?3, ?4, ?5)",
        )
        .bind(operation.id.to_string())
        .bind(seq)
        .bind(ms_of(entry.at.0))
        .bind(entry.state.as_str())
        .bind(&entry.what)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    if revision % TRIM_EVERY == 0 {
        trim(connection, operation).await?;
    }
    Ok(())
}

/// The number of changes of an operation between two trims of its timeline.
const TRIM_EVERY: i64 = 64;
/// The number of entries that are kept at the beginning of a timeline.
const FIRST_LINES: i64 = 100;
/// The number of entries that are kept at the end of a timeline.
const LAST_LINES: i64 = 400;

/// Limits the length of a timeline. The first and the last entries are kept, and an entry marks that those between
/// them were removed.
async fn trim(
    connection: &mut SqliteConnection,
    operation: &Operation,
) -> Result<(), JournalError> {
    let id = operation.id.to_string();
    let last: Option<i64> = sqlx::query_scalar(
        "SELECT seq FROM timeline WHERE operation_id = ?1 ORDER BY seq LIMIT 1 OFFSET ?2",
    )
    .bind(&id)
    .bind(FIRST_LINES - 1)
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed)?;
    let Some(last) = last else {
        return Ok(());
    };
    let gone = sqlx::query(
        "DELETE FROM timeline WHERE operation_id = ?1 AND seq > ?2 AND seq < (SELECT seq FROM timeline \
         WHERE operation_id = ?1 AND seq > ?2 ORDER BY seq DESC LIMIT 1 OFFSET ?3)",
    )
    .bind(&id)
    .bind(last)
    .bind(LAST_LINES - 1)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    if gone.rows_affected() > 0 {
        sqlx::query(
            "INSERT INTO timeline (operation_id, seq, at, state, what) SELECT operation_id, seq + 1, at, \
             state, 'the entries between this one and the next are left out' FROM timeline \
             WHERE operation_id = ?1 AND seq = ?2",
        )
        .bind(&id)
        .bind(last)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    Ok(())
}
