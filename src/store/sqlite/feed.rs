//! The feed of events.

use std::str::FromStr;

use futures::future::BoxFuture;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::writer::Command;
use super::{SqliteJournal, failed, row};
use crate::domain::ids::OperationId;
use crate::store::{Event, EventFilter, Feed, JournalError, Publication};

impl Feed for SqliteJournal {
    fn events(&self, filter: EventFilter) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        const ALL: &str = "SELECT seq, kind, subject, fact, account, owner, operation_id, at FROM events \
                           WHERE seq > ?1 ORDER BY seq LIMIT ?2";
        const OF_OWNER: &str = "SELECT seq, kind, subject, fact, account, owner, operation_id, at FROM events \
                                WHERE seq > ?1 AND owner = ?3 ORDER BY seq LIMIT ?2";
        self.reading(async move {
            let query = if filter.owner.is_some() {
                OF_OWNER
            } else {
                ALL
            };
            let mut query = sqlx::query(query)
                .bind(filter.after)
                .bind(i64::from(filter.limit));
            if let Some(owner) = filter.owner {
                query = query.bind(owner);
            }
            let found = query.fetch_all(&self.readers).await.map_err(failed)?;
            found.iter().map(event).collect()
        })
    }

    fn publish(&self, events: Vec<Publication>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(|answer| Command::Publish(events, answer)))
    }
}

fn event(line: &SqliteRow) -> Result<Event, JournalError> {
    let account: String = line.try_get("account").map_err(failed)?;
    let operation_id: Option<String> = line.try_get("operation_id").map_err(failed)?;
    Ok(Event {
        sequence: line.try_get("seq").map_err(failed)?,
        kind: row::word(line.try_get("kind").map_err(failed)?)?,
        subject: line.try_get("subject").map_err(failed)?,
        fact: line.try_get("fact").map_err(failed)?,
        account: account.parse().map_err(failed)?,
        owner: line.try_get("owner").map_err(failed)?,
        operation_id: operation_id
            .map(|id| OperationId::from_str(&id).map_err(failed))
            .transpose()?,
        at: row::time(line.try_get("at").map_err(failed)?)?,
    })
}
