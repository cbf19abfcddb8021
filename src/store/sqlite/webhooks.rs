//! Webhooks, their deliveries and attempts.

mod changes;
mod deliveries;
mod retention;
mod rows;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sqlx::{QueryBuilder, Sqlite};

use super::writer::Command;
use super::{SqliteJournal, failed, feed, ms_of, row};
use crate::domain::ids::WebhookId;
use crate::domain::webhook::{Delivery, Webhook};
use crate::store::{
    AttemptFilter, Attempted, Creation, DeliveryFilter, DueDelivery, DueOrder, Enqueue,
    JournalError, SavedWebhook, StoredAttempt, WebhookFilter, Webhooks,
};

pub(super) use changes::{create, delete, save};
pub(super) use deliveries::{enqueue, record};
pub(super) use retention::{floor, forget, forget_event, forget_trimmed};

impl Webhooks for SqliteJournal {
    fn create_webhook(
        &self,
        webhook: Webhook,
        most: u32,
    ) -> BoxFuture<'_, Result<Creation, JournalError>> {
        Box::pin(self.ask(move |answer| Command::CreateWebhook(Box::new(webhook), most, answer)))
    }

    fn webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<Option<Webhook>, JournalError>> {
        self.reading(async move { rows::find_webhook(&self.readers, id).await })
    }

    fn webhooks(&self, filter: WebhookFilter) -> BoxFuture<'_, Result<Vec<Webhook>, JournalError>> {
        self.reading(async move {
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(format!(
                "SELECT {} FROM webhooks WHERE NOT deleted",
                rows::WEBHOOK
            ));
            if let Some(owner) = filter.owner {
                query.push(" AND owner = ").push_bind(owner);
            }
            if let Some(after) = filter.after {
                query.push(" AND id > ").push_bind(after.to_string());
            }
            query
                .push(" ORDER BY id LIMIT ")
                .push_bind(i64::from(filter.limit));
            let found = self.rows(query).await?;
            // One damaged row must not stop the deliveries of all other webhooks.
            Ok(found.iter().filter_map(rows::readable_webhook).collect())
        })
    }

    fn save_webhook(&self, webhook: Webhook) -> BoxFuture<'_, Result<SavedWebhook, JournalError>> {
        Box::pin(self.ask(move |answer| Command::SaveWebhook(Box::new(webhook), answer)))
    }

    fn delete_webhook(&self, id: WebhookId) -> BoxFuture<'_, Result<bool, JournalError>> {
        Box::pin(self.ask(move |answer| Command::DeleteWebhook(id, answer)))
    }

    fn enqueue(&self, enqueue: Enqueue) -> BoxFuture<'_, Result<bool, JournalError>> {
        Box::pin(self.ask(move |answer| Command::Enqueue(Box::new(enqueue), answer)))
    }

    fn due_deliveries(
        &self,
        id: WebhookId,
        now: Timestamp,
        order: DueOrder,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<DueDelivery>, JournalError>> {
        self.reading(async move {
            let queries: &[&str] = match order {
                DueOrder::Longest => &[rows::SELECT_DUE],
                DueOrder::Untried => &[rows::SELECT_DUE_UNTRIED, rows::SELECT_DUE],
            };
            let mut found = Vec::new();
            for query in queries {
                if found.is_empty() {
                    found = sqlx::query(*query)
                        .bind(id.to_string())
                        .bind(ms_of(now))
                        .bind(i64::from(limit))
                        .fetch_all(&self.readers)
                        .await
                        .map_err(failed)?;
                }
            }
            let due = found.iter().map(|line| {
                Ok(DueDelivery {
                    delivery: rows::delivery(line)?,
                    event: feed::event(line)?,
                })
            });
            due.collect()
        })
    }

    fn next_delivery(
        &self,
        id: WebhookId,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        self.reading(async move {
            let next: Option<i64> = sqlx::query_scalar(rows::SELECT_NEXT)
                .bind(id.to_string())
                .bind(ms_of(now))
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?;
            next.map(row::time).transpose()
        })
    }

    fn record_attempt(&self, attempted: Attempted) -> BoxFuture<'_, Result<bool, JournalError>> {
        Box::pin(self.ask(move |answer| Command::RecordAttempt(Box::new(attempted), answer)))
    }

    fn deliveries(
        &self,
        filter: DeliveryFilter,
    ) -> BoxFuture<'_, Result<Vec<Delivery>, JournalError>> {
        self.reading(async move {
            let mut query: QueryBuilder<Sqlite> =
                QueryBuilder::new(format!("SELECT {} FROM deliveries", rows::DELIVERY));
            if filter.state.is_some() {
                // SQLite would use the primary key instead, and read all deliveries in other states.
                query.push(" INDEXED BY deliveries_webhook_state");
            }
            query.push(" WHERE webhook = ");
            query.push_bind(filter.webhook.to_string());
            if let Some(state) = filter.state {
                query.push(" AND state = ").push_bind(state.as_str());
            }
            if let Some(before) = filter.before {
                query.push(" AND seq < ").push_bind(before);
            }
            newest_first(&mut query, filter.webhook, "seq", filter.limit);
            let found = self.rows(query).await?;
            found.iter().map(rows::delivery).collect()
        })
    }

    fn attempts(
        &self,
        filter: AttemptFilter,
    ) -> BoxFuture<'_, Result<Vec<StoredAttempt>, JournalError>> {
        self.reading(async move {
            let mut query: QueryBuilder<Sqlite> = QueryBuilder::new(format!(
                "SELECT {} FROM attempts WHERE webhook = ",
                rows::ATTEMPT
            ));
            query.push_bind(filter.webhook.to_string());
            if let Some(sequence) = filter.sequence {
                query.push(" AND seq = ").push_bind(sequence);
            }
            if let Some(before) = filter.before {
                query.push(" AND id < ").push_bind(before);
            }
            newest_first(&mut query, filter.webhook, "id", filter.limit);
            let found = self.rows(query).await?;
            found.iter().map(rows::attempt).collect()
        })
    }

    fn oldest_pending(
        &self,
        id: WebhookId,
    ) -> BoxFuture<'_, Result<Option<Timestamp>, JournalError>> {
        self.reading(async move {
            let at: Option<i64> = sqlx::query_scalar(rows::SELECT_OLDEST_PENDING)
                .bind(id.to_string())
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?;
            at.map(row::time).transpose()
        })
    }

    fn forget_deliveries(
        &self,
        dead_before: Timestamp,
    ) -> BoxFuture<'_, Result<u64, JournalError>> {
        let before = ms_of(dead_before);
        Box::pin(async move {
            // Check first; otherwise every call would write.
            let due = self.reading(async move {
                let mut connection = self.readers.acquire().await.map_err(failed)?;
                retention::is_due(&mut connection, before).await
            });
            if !due.await? {
                return Ok(0);
            }
            self.ask(|answer| Command::ForgetDeliveries(before, answer))
                .await
        })
    }
}

/// Ends a query of what a webhook has. A deleted webhook has nothing any more.
fn newest_first(query: &mut QueryBuilder<Sqlite>, webhook: WebhookId, by: &str, limit: u32) {
    query
        .push(" AND EXISTS (SELECT 1 FROM webhooks WHERE id = ")
        .push_bind(webhook.to_string())
        .push(format!(" AND NOT deleted) ORDER BY {by} DESC LIMIT "))
        .push_bind(i64::from(limit));
}
