//! The feed of events.

use std::str::FromStr;

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite, SqliteConnection, SqliteExecutor};
use tokio::sync::watch;

use super::writer::Command;
use super::{SqliteJournal, failed, ms_of, row, webhooks};
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{EventKind, NewEvent, OrderNumbers};
use crate::store::{Event, EventFilter, Feed, JournalError, Publication};

/// In `meta`: the position up to which events were deleted.
const TRIMMED: &str = "events_trimmed";

/// The columns of an event.
const COLUMNS: &str =
    "seq, kind, subject, fact, account, owner, operation_id, at, order_id, out_order_no";

impl Feed for SqliteJournal {
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.reading(async move {
            let found = self.rows(query_of(&filter)).await?;
            found.iter().map(event).collect()
        })
    }

    fn last_event(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.reading(async move {
            // Kept when the last events are deleted.
            let last: Option<i64> =
                sqlx::query_scalar("SELECT seq FROM sqlite_sequence WHERE name = 'events'")
                    .fetch_optional(&self.readers)
                    .await
                    .map_err(failed)?;
            Ok(last.unwrap_or(0))
        })
    }

    fn trimmed_events(&self) -> BoxFuture<'_, Result<i64, JournalError>> {
        self.reading(trimmed(&self.readers))
    }

    fn trim_events(&self, before_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        Box::pin(async move {
            // Check first; otherwise every call would write.
            let due = self.reading(async {
                let mut connection = self.readers.acquire().await.map_err(failed)?;
                let trimmed = trimmed(&mut *connection).await?;
                oldest(&mut connection, trimmed, before_ms, 1).await
            });
            if due.await?.is_empty() {
                return Ok(0);
            }
            self.ask(|answer| Command::TrimEvents(before_ms, answer))
                .await
        })
    }

    fn committed(&self) -> watch::Receiver<u64> {
        self.committed.subscribe()
    }

    fn is_reported_by_message(
        &self,
        account: &AccountName,
        event: NewEvent,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let account = account.to_string();
        self.reading(async move {
            let found: i64 = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM events WHERE kind = ?1 AND subject = ?2 AND fact = ?3 \
                 AND +account = ?4 AND by_message)",
            )
            .bind(event.kind.as_str())
            .bind(event.subject)
            .bind(event.fact)
            .bind(account)
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
            Ok(found != 0)
        })
    }

    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(|answer| Command::Publish(events, answer)))
    }
}

/// Reads one range of an index for each requested type, and merges them: the cost does not depend on how many other
/// events lie between. A subject has few events, so their types and owners are compared.
fn query_of(filter: &EventFilter) -> QueryBuilder<Sqlite> {
    let ranges: Vec<Option<EventKind>> = if filter.subject.is_some() || filter.kinds.is_empty() {
        vec![None]
    } else {
        // A type that is named twice is one range.
        let kinds = EventKind::distinct(&filter.kinds).into_iter();
        kinds.map(Some).collect()
    };
    let mut query = QueryBuilder::new("");
    for (index, kind) in ranges.into_iter().enumerate() {
        if index > 0 {
            query.push(" UNION ALL ");
        }
        query.push(format!(
            "SELECT * FROM (SELECT {COLUMNS} FROM events WHERE seq > "
        ));
        query.push_bind(filter.after);
        if let Some(owner) = &filter.owner {
            query.push(" AND owner = ").push_bind(owner.clone());
        }
        if let Some(kind) = kind {
            query.push(" AND kind = ").push_bind(kind.as_str());
        }
        if let Some(subject) = &filter.subject {
            query.push(" AND subject = ").push_bind(subject.clone());
            if !filter.kinds.is_empty() {
                let mut kinds = query.push(" AND kind IN (").separated(", ");
                for kind in &filter.kinds {
                    kinds.push_bind(kind.as_str());
                }
                query.push(")");
            }
        }
        query
            .push(" ORDER BY seq LIMIT ")
            .push_bind(i64::from(filter.limit))
            .push(")");
    }
    query
        .push(" ORDER BY seq LIMIT ")
        .push_bind(i64::from(filter.limit));
    query
}

pub(super) fn event(line: &SqliteRow) -> Result<Event, JournalError> {
    let account: String = line.try_get("account").map_err(failed)?;
    let operation_id: Option<String> = line.try_get("operation_id").map_err(failed)?;
    Ok(Event {
        sequence: line.try_get("seq").map_err(failed)?,
        kind: row::word(line.try_get("kind").map_err(failed)?)?,
        subject: line.try_get("subject").map_err(failed)?,
        fact: line.try_get("fact").map_err(failed)?,
        account: account.parse().map_err(failed)?,
        owner: line.try_get("owner").map_err(failed)?,
        order: OrderNumbers {
            order_id: row::number(line, "order_id")?,
            out_order_no: row::number(line, "out_order_no")?,
        },
        operation_id: operation_id
            .map(|id| OperationId::from_str(&id).map_err(failed))
            .transpose()?,
        at: row::time(line.try_get("at").map_err(failed)?)?,
    })
}

/// The account, order, operation and time of events.
pub(super) struct Context<'a> {
    pub(super) account: &'a AccountName,
    pub(super) order: &'a OrderNumbers,
    pub(super) operation_id: Option<OperationId>,
    pub(super) at: i64,
}

/// Adds an event. A fact that is already in the feed is not added again, unless its owner is known only now: then the event
/// moves to the end of the feed, where the owner finds it.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    event: &NewEvent,
    owner: Option<&str>,
    context: &Context<'_>,
) -> Result<(), JournalError> {
    if !insert_new(connection, event, owner, context, false).await? {
        give(connection, event, owner, context).await?;
    }
    Ok(())
}

/// Moves an event to the end of the feed if this is its owner from now on: only operators have seen it, or an operation of
/// this owner has the effect, and another source showed it first. From there it is delivered anew.
pub(super) async fn give(
    connection: &mut SqliteConnection,
    event: &NewEvent,
    owner: Option<&str>,
    context: &Context<'_>,
) -> Result<(), JournalError> {
    let Some(owner) = owner else {
        return Ok(());
    };
    let moved: Option<(i64, bool)> = sqlx::query_as(
        "DELETE FROM events WHERE kind = ?1 AND subject = ?2 AND fact = ?3 AND +account = ?4 \
         AND (+owner IS NULL OR (?6 AND operation_id IS NULL AND +owner <> ?5)) \
         RETURNING seq, by_message",
    )
    .bind(event.kind.as_str())
    .bind(&event.subject)
    .bind(&event.fact)
    .bind(context.account.as_str())
    .bind(owner)
    .bind(context.operation_id.is_some())
    .fetch_optional(&mut *connection)
    .await
    .map_err(failed)?;
    if let Some((sequence, by_message)) = moved {
        webhooks::forget_event(connection, sequence, context.at).await?;
        insert_new(connection, event, Some(owner), context, by_message).await?;
    }
    Ok(())
}

/// Returns whether the event is new.
async fn insert_new(
    connection: &mut SqliteConnection,
    event: &NewEvent,
    owner: Option<&str>,
    context: &Context<'_>,
    by_message: bool,
) -> Result<bool, JournalError> {
    let inserted = sqlx::query(
        "INSERT INTO events (kind, subject, fact, account, owner, operation_id, at, order_id, out_order_no, by_message) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (kind, subject, fact) DO NOTHING",
    )
    .bind(event.kind.as_str())
    .bind(&event.subject)
    .bind(&event.fact)
    .bind(context.account.as_str())
    .bind(owner)
    .bind(context.operation_id.map(|id| id.to_string()))
    .bind(context.at)
    .bind(context.order.order_id.map(|id| id.to_string()))
    .bind(context.order.out_order_no.as_ref().map(ToString::to_string))
    .bind(by_message)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(inserted.rows_affected() > 0)
}

/// Records that a message reported the fact of an event.
pub(super) async fn mark_reported(
    connection: &mut SqliteConnection,
    account: &AccountName,
    event: &NewEvent,
) -> Result<(), JournalError> {
    sqlx::query(
        "UPDATE events SET by_message = 1 WHERE kind = ?1 AND subject = ?2 AND fact = ?3 AND +account = ?4 \
         AND NOT by_message",
    )
    .bind(event.kind.as_str())
    .bind(&event.subject)
    .bind(&event.fact)
    .bind(account.as_str())
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

pub(super) async fn publish(
    connection: &mut SqliteConnection,
    events: &[Publication],
) -> Result<(), JournalError> {
    for publication in events {
        let context = Context {
            account: &publication.account,
            order: &publication.order,
            operation_id: None,
            at: ms_of(publication.at),
        };
        let owner = publication.owner.as_deref();
        insert(connection, &publication.event, owner, &context).await?;
    }
    Ok(())
}

/// The maximum number of events that one transaction deletes.
const TRIMMED_AT_ONCE: i64 = 256;

/// The position up to which events were deleted.
pub(super) async fn trimmed<'c>(connection: impl SqliteExecutor<'c>) -> Result<i64, JournalError> {
    let trimmed: Option<i64> =
        sqlx::query_scalar("SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?1")
            .bind(TRIMMED)
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    Ok(trimmed.unwrap_or(0))
}

/// The oldest events that may be deleted, at most this many: up to the first one that was committed at this time (ms) or
/// later, or that a webhook needs. An event is never deleted before an older one, also if the clock was set back.
async fn oldest(
    connection: &mut SqliteConnection,
    trimmed: i64,
    before_ms: i64,
    limit: i64,
) -> Result<Vec<i64>, JournalError> {
    let oldest: Vec<(i64, i64)> =
        sqlx::query_as("SELECT seq, at FROM events WHERE seq > ?1 ORDER BY seq LIMIT ?2")
            .bind(trimmed)
            .bind(limit)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
    let floor = webhooks::floor(connection, trimmed).await?;
    let old = oldest.into_iter().take_while(|(sequence, at)| {
        *at < before_ms && floor.is_none_or(|floor| *sequence <= floor)
    });
    Ok(old.map(|(sequence, _)| sequence).collect())
}

/// Deletes the oldest events and those of their deliveries that succeeded. Events whose delivery was given up are kept.
/// Returns the number of events that are deleted or kept.
pub(super) async fn trim(
    connection: &mut SqliteConnection,
    before_ms: i64,
) -> Result<u64, JournalError> {
    let trimmed = trimmed(&mut *connection).await?;
    let old = oldest(connection, trimmed, before_ms, TRIMMED_AT_ONCE).await?;
    let Some(last) = old.last() else {
        return Ok(0);
    };
    sqlx::query(
        "DELETE FROM events WHERE seq > ?1 AND seq <= ?2 AND NOT EXISTS \
         (SELECT 1 FROM deliveries WHERE deliveries.state = 'dead' AND deliveries.seq = events.seq)",
    )
    .bind(trimmed)
    .bind(last)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    webhooks::forget_trimmed(connection, trimmed, *last).await?;
    sqlx::query(
        "INSERT INTO meta (name, value) VALUES (?1, CAST(?2 AS TEXT)) \
         ON CONFLICT (name) DO UPDATE SET value = excluded.value",
    )
    .bind(TRIMMED)
    .bind(last)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(old.len().try_into().unwrap_or(u64::MAX))
}
