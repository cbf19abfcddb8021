//! Operations as rows.

use futures::future::BoxFuture;
use sqlx::Row;
use tokio::sync::oneshot;

use super::writer::Command;
use super::{QUEUE_TIMEOUT, SqliteJournal, failed, list, row, stopped};
use crate::domain::ids::OperationId;
use crate::domain::operation::Operation;
use crate::store::{
    Acceptance, Filter, Journal, JournalError, Known, NewOperation, Save, Saved, WithTimeline,
};

impl Journal for SqliteJournal {
    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            // Nothing has been sent yet, so the operation fails if the queue stays full.
            self.commands
                .send_timeout(Command::Accept(Box::new(new), answer), QUEUE_TIMEOUT)
                .await
                .map_err(|_| {
                    JournalError::unavailable(
                        "the writer's queue is full, or the writer has stopped",
                    )
                })?;
            answered.await.map_err(|_| stopped())?
        })
    }

    fn known(&self, idempotency: [u8; 32]) -> BoxFuture<'_, Result<Option<Known>, JournalError>> {
        self.reading(async move {
            let found = sqlx::query(row::SELECT_KNOWN)
                .bind(&idempotency[..])
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?;
            found
                .map(|found| {
                    let fingerprint: &[u8] = found.try_get("fingerprint").map_err(failed)?;
                    Ok(Known {
                        operation: row::read(&found)?,
                        fingerprint: fingerprint.try_into().map_err(failed)?,
                    })
                })
                .transpose()
        })
    }

    fn save(&self, save: Save) -> BoxFuture<'_, Result<Saved, JournalError>> {
        Box::pin(self.ask(|answer| Command::Save(Box::new(save), answer)))
    }

    fn get(&self, id: OperationId) -> BoxFuture<'_, Result<Option<Operation>, JournalError>> {
        self.reading(async move {
            sqlx::query(row::SELECT_ONE)
                .bind(id.to_string())
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?
                .map(|found| row::read(&found))
                .transpose()
        })
    }

    fn with_timeline(
        &self,
        id: OperationId,
    ) -> BoxFuture<'_, Result<Option<WithTimeline>, JournalError>> {
        self.reading(async move {
            // A transaction reads a single state of the database.
            let mut snapshot = self.readers.begin().await.map_err(failed)?;
            let id = id.to_string();
            let found = sqlx::query(row::SELECT_ONE)
                .bind(&id)
                .fetch_optional(&mut *snapshot)
                .await
                .map_err(failed)?;
            let Some(found) = found else {
                return Ok(None);
            };
            let operation = row::read(&found)?;
            let found = sqlx::query(
                "SELECT at, state, what FROM timeline WHERE operation_id = ?1 ORDER BY seq",
            )
            .bind(id)
            .fetch_all(&mut *snapshot)
            .await
            .map_err(failed)?;
            snapshot.commit().await.map_err(failed)?;
            let timeline = found.iter().map(row::entry).collect::<Result<_, _>>()?;
            Ok(Some((operation, timeline)))
        })
    }

    fn list(&self, filter: Filter) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.reading(async move {
            let mut query = list::query(&filter);
            let found = query
                .build()
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            Ok(found.iter().filter_map(row::readable).collect())
        })
    }
}
