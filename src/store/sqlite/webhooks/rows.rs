//! Converts webhooks, deliveries and attempts from rows.

use std::str::FromStr as _;
use std::time::Duration;

use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteExecutor};

use super::super::{failed, row};
use crate::domain::ids::WebhookId;
use crate::domain::sealed::Sealed;
use crate::domain::webhook::{Attempt, AttemptResult, Delivery, Webhook};
use crate::store::{JournalError, StoredAttempt};

macro_rules! webhook {
    () => {
        "id, revision, version, owner, all_callers, url, types, description, state, secrets, position, replays, failures, \
         failing_since, resumed_at, created_at"
    };
}

macro_rules! delivery {
    () => {
        "webhook, seq, subject, state, attempts, first_attempt_at, last_attempt_at, next_at, ended_at"
    };
}

pub(super) const WEBHOOK: &str = webhook!();
pub(super) const DELIVERY: &str = delivery!();
pub(super) const ATTEMPT: &str = "id, seq, number, at, took_ms, outcome, status, retry_after_s";

const SELECT_WEBHOOK: &str = concat!(
    "SELECT ",
    webhook!(),
    " FROM webhooks WHERE id = ?1 AND NOT deleted"
);
pub(super) const SELECT_DELIVERY: &str = concat!(
    "SELECT ",
    delivery!(),
    " FROM deliveries WHERE webhook = ?1 AND seq = ?2"
);
/// Due deliveries with their events. The order of the join is fixed: the events are found by their positions.
macro_rules! due {
    ($condition:literal, $order:literal) => {
        concat!(
            "SELECT d.webhook, d.seq, d.subject, d.state, d.attempts, d.first_attempt_at, d.last_attempt_at, d.next_at, \
             d.ended_at, e.kind, e.fact, e.account, e.owner, e.operation_id, e.at, e.order_id, e.out_order_no \
             FROM deliveries AS d CROSS JOIN events AS e ON e.seq = d.seq \
             WHERE d.webhook = ?1 AND d.next_at <= ?2 ",
            $condition,
            "AND EXISTS (SELECT 1 FROM webhooks WHERE id = ?1 AND NOT deleted) ORDER BY ",
            $order,
            " LIMIT ?3"
        )
    };
}

pub(super) const SELECT_DUE: &str = due!("", "d.next_at, d.seq");
pub(super) const SELECT_DUE_UNTRIED: &str = due!(
    "AND d.first_attempt_at IS NULL ",
    "d.next_at DESC, d.seq DESC"
);
pub(super) const SELECT_NEXT: &str = "SELECT next_at FROM deliveries WHERE webhook = ?1 AND next_at > ?2 \
     AND EXISTS (SELECT 1 FROM webhooks WHERE id = ?1 AND NOT deleted) ORDER BY next_at LIMIT 1";
pub(super) const SELECT_OLDEST_PENDING: &str = "SELECT at FROM events WHERE seq = (SELECT seq FROM deliveries \
     WHERE webhook = ?1 AND state = 'pending' ORDER BY seq LIMIT 1) \
     AND EXISTS (SELECT 1 FROM webhooks WHERE id = ?1 AND NOT deleted)";

/// A webhook that is not deleted.
pub(super) async fn find_webhook<'c>(
    connection: impl SqliteExecutor<'c>,
    id: WebhookId,
) -> Result<Option<Webhook>, JournalError> {
    let found = sqlx::query(SELECT_WEBHOOK)
        .bind(id.to_string())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    found.as_ref().map(webhook).transpose()
}

/// The webhook in a row, or none if the row cannot be read, for example because a later gateway wrote types of events that
/// this one does not know. Its events are kept.
pub(super) fn readable_webhook(line: &SqliteRow) -> Option<Webhook> {
    webhook(line)
        .inspect_err(|error| {
            let id: Option<String> = line.try_get("id").ok();
            tracing::error!(webhook_id = id, %error, "a webhook cannot be read and is skipped");
        })
        .ok()
}

fn webhook(line: &SqliteRow) -> Result<Webhook, JournalError> {
    let types: &str = line.try_get("types").map_err(failed)?;
    let replays: &str = line.try_get("replays").map_err(failed)?;
    Ok(Webhook {
        id: id(line, "id")?,
        revision: line.try_get("revision").map_err(failed)?,
        version: line.try_get("version").map_err(failed)?,
        owner: line.try_get("owner").map_err(failed)?,
        all_callers: line.try_get("all_callers").map_err(failed)?,
        url: line.try_get("url").map_err(failed)?,
        types: serde_json::from_str(types).map_err(failed)?,
        description: line.try_get("description").map_err(failed)?,
        state: row::word(line.try_get("state").map_err(failed)?)?,
        secrets: Sealed(line.try_get("secrets").map_err(failed)?),
        position: line.try_get("position").map_err(failed)?,
        replays: serde_json::from_str(replays).map_err(failed)?,
        failures: line.try_get("failures").map_err(failed)?,
        failing_since: time(line, "failing_since")?,
        resumed_at: time(line, "resumed_at")?,
        created_at: row::time(line.try_get("created_at").map_err(failed)?)?,
    })
}

pub(super) fn delivery(line: &SqliteRow) -> Result<Delivery, JournalError> {
    Ok(Delivery {
        webhook: id(line, "webhook")?,
        sequence: line.try_get("seq").map_err(failed)?,
        subject: line.try_get("subject").map_err(failed)?,
        state: row::word(line.try_get("state").map_err(failed)?)?,
        attempts: line.try_get("attempts").map_err(failed)?,
        first_attempt_at: time(line, "first_attempt_at")?,
        last_attempt_at: time(line, "last_attempt_at")?,
        next_attempt_at: time(line, "next_at")?,
        ended_at: time(line, "ended_at")?,
    })
}

pub(super) fn attempt(line: &SqliteRow) -> Result<StoredAttempt, JournalError> {
    let took_ms: i64 = line.try_get("took_ms").map_err(failed)?;
    let status: Option<i64> = line.try_get("status").map_err(failed)?;
    let retry_after: Option<i64> = line.try_get("retry_after_s").map_err(failed)?;
    let attempt = Attempt {
        sequence: line.try_get("seq").map_err(failed)?,
        number: line.try_get("number").map_err(failed)?,
        at: row::time(line.try_get("at").map_err(failed)?)?,
        took: Duration::from_millis(u64::try_from(took_ms).map_err(failed)?),
        result: AttemptResult {
            outcome: row::word(line.try_get("outcome").map_err(failed)?)?,
            status: status
                .map(|status| u16::try_from(status).map_err(failed))
                .transpose()?,
            retry_after: retry_after
                .map(|s| u64::try_from(s).map(Duration::from_secs).map_err(failed))
                .transpose()?,
        },
    };
    Ok((line.try_get("id").map_err(failed)?, attempt))
}

fn id(line: &SqliteRow, column: &str) -> Result<WebhookId, JournalError> {
    let text: &str = line.try_get(column).map_err(failed)?;
    WebhookId::from_str(text).map_err(failed)
}

fn time(line: &SqliteRow, column: &str) -> Result<Option<Timestamp>, JournalError> {
    let ms: Option<i64> = line.try_get(column).map_err(failed)?;
    ms.map(row::time).transpose()
}
