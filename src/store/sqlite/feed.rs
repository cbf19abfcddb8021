//! The feed of events.

use std::str::FromStr;

use futures::future::BoxFuture;
use sqlx::Row;

use super::{SqliteJournal, failed, row};
use crate::domain::ids::OperationId;
use crate::store::{Event, Feed, JournalError};

impl Feed for SqliteJournal {
    fn events(&self, after: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Event>, JournalError>> {
        self.reading(async move {
            let found = sqlx::query(
                "SELECT e.seq, e.kind, e.subject, e.fact, e.operation_id, e.at, o.caller \
                 FROM events e JOIN operations o ON o.id = e.operation_id \
                 WHERE e.seq > ?1 ORDER BY e.seq LIMIT ?2",
            )
            .bind(after)
            .bind(i64::from(limit))
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
            found
                .iter()
                .map(|line| {
                    let id: String = line.try_get("operation_id").map_err(failed)?;
                    Ok(Event {
                        sequence: line.try_get("seq").map_err(failed)?,
                        kind: row::word(line.try_get("kind").map_err(failed)?)?,
                        subject: line.try_get("subject").map_err(failed)?,
                        fact: line.try_get("fact").map_err(failed)?,
                        operation_id: OperationId::from_str(&id).map_err(failed)?,
                        caller: line.try_get("caller").map_err(failed)?,
                        at: row::time(line.try_get("at").map_err(failed)?)?,
                    })
                })
                .collect()
        })
    }
}
