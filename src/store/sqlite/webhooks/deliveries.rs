//! Adding deliveries, and recording attempts.

use sqlx::SqliteConnection;

use super::super::{failed, feed, ms_of, row};
use super::rows;
use crate::domain::ids::WebhookId;
use crate::domain::operation::OrderNumbers;
use crate::domain::webhook::{
    AfterAttempt, Attempt, Delivery, DeliveryState, Webhook, WebhookState, after_attempt,
};
use crate::store::{Attempted, Enqueue, JournalError, Progress};

pub(in crate::store::sqlite) async fn enqueue(
    connection: &mut SqliteConnection,
    enqueue: &Enqueue,
) -> Result<bool, JournalError> {
    let Some(webhook) = rows::find_webhook(&mut *connection, enqueue.webhook).await? else {
        return Ok(false);
    };
    let is_there = match enqueue.progress {
        Progress::Feed(from, _) => webhook.position == from,
        Progress::Replay(from, _) => webhook.replays.first() == Some(&from),
    };
    let is_current = webhook.version == enqueue.version;
    if webhook.state != WebhookState::Active || !is_current || !is_there {
        return Ok(false);
    }
    let now = ms_of(enqueue.now);
    for (sequence, subject) in &enqueue.events {
        add(connection, webhook.id, *sequence, subject, now).await?;
    }
    let query = match enqueue.progress {
        Progress::Feed(_, to) => sqlx::query("UPDATE webhooks SET position = ?2 WHERE id = ?1")
            .bind(webhook.id.to_string())
            .bind(to),
        Progress::Replay(_, left) => {
            let later = webhook.replays.into_iter().skip(1);
            let replays: Vec<_> = left.into_iter().chain(later).collect();
            sqlx::query("UPDATE webhooks SET revision = revision + 1, replays = ?2 WHERE id = ?1")
                .bind(webhook.id.to_string())
                .bind(serde_json::to_string(&replays).map_err(failed)?)
        }
    };
    query.execute(connection).await.map_err(failed)?;
    Ok(true)
}

/// Adds a pending delivery, unless it is pending already or its event was deleted. If it is the first one about its
/// subject, it is due now, and the one that was the first waits for it.
async fn add(
    connection: &mut SqliteConnection,
    webhook: WebhookId,
    sequence: i64,
    subject: &str,
    now: i64,
) -> Result<(), JournalError> {
    let first = first_pending(connection, webhook, subject).await?;
    let is_first = first.is_none_or(|(first, _)| sequence < first);
    let added = sqlx::query(
        "INSERT INTO deliveries (webhook, seq, subject, state, attempts, next_at) \
         SELECT ?1, seq, ?3, 'pending', 0, ?4 FROM events WHERE seq = ?2 \
         ON CONFLICT (webhook, seq) DO UPDATE SET state = 'pending', first_attempt_at = NULL, ended_at = NULL, \
         next_at = excluded.next_at WHERE deliveries.state <> 'pending'",
    )
    .bind(webhook.to_string())
    .bind(sequence)
    .bind(subject)
    .bind(is_first.then_some(now))
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    if let Some((first, _)) = first
        && is_first
        && added.rows_affected() > 0
    {
        set_next(connection, webhook, first, None).await?;
    }
    Ok(())
}

/// The position and the next attempt of the first pending delivery about this subject.
async fn first_pending(
    connection: &mut SqliteConnection,
    webhook: WebhookId,
    subject: &str,
) -> Result<Option<(i64, Option<i64>)>, JournalError> {
    // SQLite would use the primary key instead, and read all deliveries about other subjects.
    sqlx::query_as(
        "SELECT seq, next_at FROM deliveries INDEXED BY deliveries_subject \
         WHERE webhook = ?1 AND subject = ?2 AND state = 'pending' ORDER BY seq LIMIT 1",
    )
    .bind(webhook.to_string())
    .bind(subject)
    .fetch_optional(connection)
    .await
    .map_err(failed)
}

async fn set_next(
    connection: &mut SqliteConnection,
    webhook: WebhookId,
    sequence: i64,
    next: Option<i64>,
) -> Result<(), JournalError> {
    sqlx::query("UPDATE deliveries SET next_at = ?3 WHERE webhook = ?1 AND seq = ?2")
        .bind(webhook.to_string())
        .bind(sequence)
        .bind(next)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}

/// Makes the first pending delivery about this subject due, unless it has a time already.
pub(super) async fn promote(
    connection: &mut SqliteConnection,
    webhook: WebhookId,
    subject: &str,
    now: i64,
) -> Result<(), JournalError> {
    match first_pending(connection, webhook, subject).await? {
        Some((first, None)) => set_next(connection, webhook, first, Some(now)).await,
        Some((_, Some(_))) | None => Ok(()),
    }
}

pub(in crate::store::sqlite) async fn record(
    connection: &mut SqliteConnection,
    attempted: &Attempted,
) -> Result<bool, JournalError> {
    let Attempted {
        webhook: id,
        attempt,
        retries,
        chance,
    } = attempted;
    let Some(webhook) = rows::find_webhook(&mut *connection, *id).await? else {
        return Ok(false);
    };
    let found = sqlx::query(rows::SELECT_DELIVERY)
        .bind(id.to_string())
        .bind(attempt.sequence)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let event: Option<(String, String)> =
        sqlx::query_as("SELECT kind, account FROM events WHERE seq = ?1")
            .bind(attempt.sequence)
            .fetch_optional(&mut *connection)
            .await
            .map_err(failed)?;
    let (Some(found), Some((kind, account))) = (found, event) else {
        return Ok(false);
    };
    let delivery = rows::delivery(&found)?;
    let kind = row::word(kind)?;
    let Some(after) = after_attempt(&webhook, &delivery, attempt, kind, retries, *chance) else {
        return Ok(false);
    };
    let end = ms_of(attempt.end());
    insert(connection, *id, attempt).await?;
    update(connection, &after.delivery).await?;
    if after.delivery.state != DeliveryState::Pending {
        promote(connection, *id, &after.delivery.subject, end).await?;
    }
    follow_up(connection, *id, &after, end).await?;
    let context = feed::Context {
        account: &account.parse().map_err(failed)?,
        order: &OrderNumbers::default(),
        operation_id: None,
        at: end,
    };
    for event in &after.events {
        feed::insert(connection, event, Some(&webhook.owner), &context).await?;
    }
    Ok(true)
}

/// Adds the row of an attempt.
async fn insert(
    connection: &mut SqliteConnection,
    webhook: WebhookId,
    attempt: &Attempt,
) -> Result<(), JournalError> {
    let number = |value: u128| i64::try_from(value).unwrap_or(i64::MAX);
    let retry_after = attempt.result.retry_after;
    sqlx::query(
        "INSERT INTO attempts (webhook, seq, number, at, took_ms, outcome, status, retry_after_s) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
    )
    .bind(webhook.to_string())
    .bind(attempt.sequence)
    .bind(attempt.number)
    .bind(ms_of(attempt.at))
    .bind(number(attempt.took.as_millis()))
    .bind(attempt.result.outcome.as_str())
    .bind(attempt.result.status.map(i64::from))
    .bind(retry_after.map(|pause| number(pause.as_secs().into())))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Writes the row of a delivery.
async fn update(
    connection: &mut SqliteConnection,
    delivery: &Delivery,
) -> Result<(), JournalError> {
    sqlx::query(
        "UPDATE deliveries SET state = ?3, attempts = ?4, first_attempt_at = ?5, last_attempt_at = ?6, next_at = ?7, \
         ended_at = ?8 WHERE webhook = ?1 AND seq = ?2",
    )
    .bind(delivery.webhook.to_string())
    .bind(delivery.sequence)
    .bind(delivery.state.as_str())
    .bind(delivery.attempts)
    .bind(delivery.first_attempt_at.map(ms_of))
    .bind(delivery.last_attempt_at.map(ms_of))
    .bind(delivery.next_attempt_at.map(ms_of))
    .bind(delivery.ended_at.map(ms_of))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Writes what an attempt changes apart from its delivery: the webhook, and deliveries that failed before the endpoint
/// recovered.
async fn follow_up(
    connection: &mut SqliteConnection,
    id: WebhookId,
    after: &AfterAttempt,
    end: i64,
) -> Result<(), JournalError> {
    if let Some(Webhook {
        state,
        revision,
        version,
        failures,
        failing_since,
        ..
    }) = &after.webhook
    {
        sqlx::query(
            "UPDATE webhooks SET state = ?2, revision = ?3, failures = ?4, failing_since = ?5, version = ?6 \
             WHERE id = ?1",
        )
        .bind(id.to_string())
        .bind(row::word_of(state)?)
        .bind(revision)
        .bind(failures)
        .bind(failing_since.map(ms_of))
        .bind(version)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    if let Some(since) = after.recovered_since {
        sqlx::query(
            "UPDATE deliveries SET next_at = ?2 WHERE webhook = ?1 AND next_at > ?2 AND +first_attempt_at >= ?3",
        )
        .bind(id.to_string())
        .bind(end)
        .bind(ms_of(since))
        .execute(connection)
        .await
        .map_err(failed)?;
    }
    Ok(())
}
