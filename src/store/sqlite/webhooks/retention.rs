//! How long events and deliveries are kept.

use std::str::FromStr as _;

use sqlx::SqliteConnection;

use super::super::{failed, feed};
use super::deliveries::promote;
use crate::domain::ids::WebhookId;
use crate::store::JournalError;

/// The position up to which events may be deleted: every webhook has enqueued them, no delivery of them is pending, and no
/// open replay includes them. None if there are no webhooks. `trimmed` is the position up to which events were deleted:
/// events up to there are kept one by one, so pending deliveries of them do not stop the deletion of later events.
pub(in crate::store::sqlite) async fn floor(
    connection: &mut SqliteConnection,
    trimmed: i64,
) -> Result<Option<i64>, JournalError> {
    sqlx::query_scalar(
        "SELECT min(min(position, coalesce((SELECT min(json_extract(value, '$.after')) FROM json_each(replays) \
         WHERE NOT json_extract(value, '$.dead_only')), position), \
         coalesce((SELECT seq - 1 FROM deliveries WHERE webhook = id AND deliveries.state = 'pending' AND seq > ?1 \
         ORDER BY seq LIMIT 1), position))) FROM webhooks WHERE NOT deleted",
    )
    .bind(trimmed)
    .fetch_one(connection)
    .await
    .map_err(failed)
}

/// Deletes the successful deliveries of events in this range.
pub(in crate::store::sqlite) async fn forget_trimmed(
    connection: &mut SqliteConnection,
    after: i64,
    to: i64,
) -> Result<(), JournalError> {
    let delivered: Vec<(String, i64)> = sqlx::query_as(
        "DELETE FROM deliveries WHERE state = 'delivered' AND seq > ?1 AND seq <= ?2 RETURNING webhook, seq",
    )
    .bind(after)
    .bind(to)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    for (webhook, sequence) in delivered {
        forget_attempts(connection, &webhook, sequence).await?;
    }
    Ok(())
}

/// Deletes the deliveries of an event that moves to another position, and promotes the deliveries that waited for them.
pub(in crate::store::sqlite) async fn forget_event(
    connection: &mut SqliteConnection,
    sequence: i64,
    now: i64,
) -> Result<(), JournalError> {
    let deleted: Vec<(String, String)> = sqlx::query_as(
        "DELETE FROM deliveries WHERE state IN ('pending', 'delivered', 'dead') AND seq = ?1 \
         RETURNING webhook, subject",
    )
    .bind(sequence)
    .fetch_all(&mut *connection)
    .await
    .map_err(failed)?;
    for (webhook, subject) in deleted {
        forget_attempts(connection, &webhook, sequence).await?;
        let webhook = WebhookId::from_str(&webhook).map_err(failed)?;
        promote(connection, webhook, &subject, now).await?;
    }
    Ok(())
}

async fn forget_attempts(
    connection: &mut SqliteConnection,
    webhook: &str,
    sequence: i64,
) -> Result<(), JournalError> {
    sqlx::query("DELETE FROM attempts WHERE webhook = ?1 AND seq = ?2")
        .bind(webhook)
        .bind(sequence)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Whether [`forget`] would delete anything.
pub(super) async fn is_due(
    connection: &mut SqliteConnection,
    dead_before_ms: i64,
) -> Result<bool, JournalError> {
    let trimmed = feed::trimmed(&mut *connection).await?;
    let due: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM webhooks WHERE deleted) \
         OR EXISTS (SELECT 1 FROM webhooks AS w CROSS JOIN deliveries AS d ON d.webhook = w.id \
         WHERE w.state = 'active' AND w.replays = '[]' AND d.state = 'dead' AND d.ended_at < ?1) \
         OR EXISTS (SELECT 1 FROM deliveries WHERE state = 'delivered' AND seq <= ?2)",
    )
    .bind(dead_before_ms)
    .bind(trimmed)
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    Ok(due != 0)
}

/// The maximum number of deliveries that one transaction deletes.
const FORGOTTEN_AT_ONCE: i64 = 256;

/// Each query finds deliveries to delete, at most `?1`. What a webhook that is paused gave up is kept, because resuming it may
/// deliver it again. `?2` is the time before which they were given up, and `?3` the
/// position up to which events were deleted. Deliveries up to there that succeeded were given up before and then
/// delivered again: others were deleted with their events.
const FORGOTTEN: [&str; 3] = [
    "SELECT webhook, seq FROM webhooks CROSS JOIN deliveries ON webhook = id WHERE deleted LIMIT ?1",
    "SELECT webhook, seq FROM webhooks AS w CROSS JOIN deliveries AS d ON d.webhook = w.id \
     WHERE w.state = 'active' AND w.replays = '[]' AND d.state = 'dead' AND d.ended_at < ?2 LIMIT ?1",
    "SELECT webhook, seq FROM deliveries WHERE state = 'delivered' AND seq <= ?3 ORDER BY seq LIMIT ?1",
];

pub(in crate::store::sqlite) async fn forget(
    connection: &mut SqliteConnection,
    dead_before_ms: i64,
) -> Result<u64, JournalError> {
    let trimmed = feed::trimmed(&mut *connection).await?;
    let mut left = FORGOTTEN_AT_ONCE;
    let mut deleted = 0;
    for query in FORGOTTEN {
        let found: Vec<(String, i64)> = sqlx::query_as(query)
            .bind(left)
            .bind(dead_before_ms)
            .bind(trimmed)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        for (webhook, sequence) in found {
            sqlx::query("DELETE FROM deliveries WHERE webhook = ?1 AND seq = ?2")
                .bind(&webhook)
                .bind(sequence)
                .execute(&mut *connection)
                .await
                .map_err(failed)?;
            forget_attempts(connection, &webhook, sequence).await?;
            forget_kept(connection, sequence, trimmed).await?;
            left -= 1;
            deleted += 1;
        }
    }
    sqlx::query(
        "DELETE FROM webhooks WHERE deleted AND NOT EXISTS (SELECT 1 FROM deliveries WHERE webhook = id)",
    )
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(deleted)
}

/// Deletes an event that was kept for its deliveries, unless it is still needed.
async fn forget_kept(
    connection: &mut SqliteConnection,
    sequence: i64,
    trimmed: i64,
) -> Result<(), JournalError> {
    if sequence > trimmed {
        return Ok(());
    }
    sqlx::query(
        "DELETE FROM events WHERE seq = ?1 AND NOT EXISTS \
         (SELECT 1 FROM deliveries WHERE deliveries.state IN ('pending', 'dead') AND deliveries.seq = ?1)",
    )
    .bind(sequence)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}
