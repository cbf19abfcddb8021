//! Creating, changing and deleting webhooks.

use std::str::FromStr as _;

use sqlx::SqliteConnection;

use super::super::{failed, ms_of, row};
use super::rows;
use crate::domain::ids::WebhookId;
use crate::domain::webhook::Webhook;
use crate::store::{Creation, JournalError, SavedWebhook};

pub(in crate::store::sqlite) async fn create(
    connection: &mut SqliteConnection,
    webhook: &Webhook,
    most: u32,
) -> Result<Creation, JournalError> {
    if let Some(other) = with_url(connection, webhook).await? {
        return Ok(Creation::Exists(other));
    }
    let count: i64 =
        sqlx::query_scalar("SELECT COUNT(*) FROM webhooks WHERE owner = ?1 AND NOT deleted")
            .bind(&webhook.owner)
            .fetch_one(&mut *connection)
            .await
            .map_err(failed)?;
    if count >= i64::from(most) {
        return Ok(Creation::TooMany);
    }
    sqlx::query(
        "INSERT INTO webhooks (id, revision, version, owner, all_callers, url, types, description, state, secrets, position, \
         replays, failures, failing_since, resumed_at, created_at, deleted) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, 0)",
    )
    .bind(webhook.id.to_string())
    .bind(webhook.revision)
    .bind(webhook.version)
    .bind(&webhook.owner)
    .bind(webhook.all_callers)
    .bind(&webhook.url)
    .bind(serde_json::to_string(&webhook.types).map_err(failed)?)
    .bind(&webhook.description)
    .bind(row::word_of(&webhook.state)?)
    .bind(&webhook.secrets.0)
    .bind(webhook.position)
    .bind(serde_json::to_string(&webhook.replays).map_err(failed)?)
    .bind(webhook.failures)
    .bind(webhook.failing_since.map(ms_of))
    .bind(webhook.resumed_at.map(ms_of))
    .bind(ms_of(webhook.created_at))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(Creation::Created)
}

/// Another webhook of the owner with this address.
async fn with_url(
    connection: &mut SqliteConnection,
    webhook: &Webhook,
) -> Result<Option<WebhookId>, JournalError> {
    let found: Option<String> = sqlx::query_scalar(
        "SELECT id FROM webhooks WHERE owner = ?1 AND url = ?2 AND id <> ?3 AND NOT deleted",
    )
    .bind(&webhook.owner)
    .bind(&webhook.url)
    .bind(webhook.id.to_string())
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    found
        .map(|id| WebhookId::from_str(&id).map_err(failed))
        .transpose()
}

pub(in crate::store::sqlite) async fn save(
    connection: &mut SqliteConnection,
    webhook: &Webhook,
) -> Result<SavedWebhook, JournalError> {
    let Some(stored) = rows::find_webhook(&mut *connection, webhook.id).await? else {
        return Ok(SavedWebhook::Gone);
    };
    if stored.revision != webhook.revision {
        return Ok(SavedWebhook::Stale(Box::new(stored)));
    }
    let owned = Webhook {
        owner: stored.owner.clone(),
        ..webhook.clone()
    };
    if let Some(other) = with_url(connection, &owned).await? {
        return Ok(SavedWebhook::Exists(other));
    }
    sqlx::query(
        "UPDATE webhooks SET revision = revision + 1, version = version + 1, url = ?2, types = ?3, description = ?4, state = ?5, secrets = ?6, \
         replays = ?7, failures = ?8, failing_since = ?9, resumed_at = ?10 \
         WHERE id = ?1",
    )
    .bind(webhook.id.to_string())
    .bind(&webhook.url)
    .bind(serde_json::to_string(&webhook.types).map_err(failed)?)
    .bind(&webhook.description)
    .bind(row::word_of(&webhook.state)?)
    .bind(&webhook.secrets.0)
    .bind(serde_json::to_string(&webhook.replays).map_err(failed)?)
    .bind(webhook.failures)
    .bind(webhook.failing_since.map(ms_of))
    .bind(webhook.resumed_at.map(ms_of))
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    if let Some(at) = webhook
        .resumed_at
        .filter(|_| webhook.resumed_at != stored.resumed_at)
    {
        sqlx::query("UPDATE deliveries SET next_at = ?2 WHERE webhook = ?1 AND next_at > ?2")
            .bind(webhook.id.to_string())
            .bind(ms_of(at))
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    Ok(match rows::find_webhook(connection, webhook.id).await? {
        Some(saved) => SavedWebhook::Done(Box::new(saved)),
        None => SavedWebhook::Gone,
    })
}

pub(in crate::store::sqlite) async fn delete(
    connection: &mut SqliteConnection,
    id: WebhookId,
) -> Result<bool, JournalError> {
    let deleted = sqlx::query(
        "UPDATE webhooks SET deleted = 1, url = id, secrets = x'' WHERE id = ?1 AND NOT deleted",
    )
    .bind(id.to_string())
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(deleted.rows_affected() > 0)
}
