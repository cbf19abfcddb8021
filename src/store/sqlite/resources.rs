//! The states of orders, refunds and changes.

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqliteExecutor};

use super::writer::Command;
use super::{SqliteJournal, failed, feed, ms_of, owners, row};
use crate::domain::ids::AccountName;
use crate::domain::operation::{EventKind, NewEvent, Operation, Ownership, State, Subject};
use crate::domain::resource::{Resource, Snapshot};
use crate::store::resources::DAY_MS;
use crate::store::{
    Around, Changes, Due, JournalError, Observed, Rereads, Resources, Tracked, after_operation,
    changes, may_change, order_numbers, subjects_of,
};

impl Resources for SqliteJournal {
    fn observe(&self, mut observed: Vec<Observed>) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(async move {
            // Check first; otherwise every read of a caller would write.
            self.reading(self.drop_known(&mut observed)).await?;
            observed.retain(|one| one.reread.is_some() || !one.snapshots.is_empty());
            if observed.is_empty() {
                return Ok(());
            }
            self.ask(|answer| Command::Observe(observed, answer)).await
        })
    }

    fn due_resources(
        &self,
        now_ms: i64,
        limit: u32,
    ) -> BoxFuture<'_, Result<Vec<Due>, JournalError>> {
        self.reading(async move {
            let mut due = Vec::new();
            for finished in [false, true] {
                let begin = due.len();
                for kind in Resource::WORDS {
                    let found = sqlx::query(
                        "SELECT account, kind, number, order_id, next_read_at FROM resources \
                         WHERE finished = ?1 AND kind = ?2 AND next_read_at <= ?3 ORDER BY next_read_at LIMIT ?4",
                    )
                    .bind(finished)
                    .bind(kind)
                    .bind(now_ms)
                    .bind(i64::from(limit))
                    .fetch_all(&self.readers)
                    .await
                    .map_err(failed)?;
                    // A damaged row must not keep the others from being read.
                    due.extend(found.iter().filter_map(readable(due_of)));
                }
                due[begin..].sort_by_key(|due: &Due| due.since_ms);
            }
            Ok(due)
        })
    }
}

impl SqliteJournal {
    /// Drops the states that change nothing, unless the watcher made the read and its next one is planned anyway.
    async fn drop_known(&self, observed: &mut [Observed]) -> Result<(), JournalError> {
        for one in observed.iter_mut().filter(|one| one.reread.is_none()) {
            let mut news = Vec::new();
            for snapshot in &one.snapshots {
                let tracked = find(&self.readers, &one.account, snapshot.resource).await?;
                let order = match (&tracked, snapshot.order_id) {
                    (None, Some(order_id)) => {
                        owners::of_order(&self.readers, &one.account, order_id).await?
                    }
                    (Some(_), _) | (None, None) => None,
                };
                if may_change(snapshot, tracked.as_ref(), order.is_some()) {
                    news.push(*snapshot);
                }
            }
            one.snapshots = news;
        }
        Ok(())
    }
}

/// Reads a row; a damaged one counts as none. Neither the end of an operation nor a message may depend on it.
fn readable<T>(
    read: impl Fn(&SqliteRow) -> Result<T, JournalError>,
) -> impl Fn(&SqliteRow) -> Option<T> {
    move |line| {
        read(line)
            .inspect_err(|error| tracing::error!(%error, "a row of resources cannot be read"))
            .ok()
    }
}

fn due_of(line: &SqliteRow) -> Result<Due, JournalError> {
    let account: String = line.try_get("account").map_err(failed)?;
    Ok(Due {
        account: account.parse().map_err(failed)?,
        resource: resource(line)?,
        order_id: row::number(line, "order_id")?,
        since_ms: line.try_get("next_read_at").map_err(failed)?,
    })
}

fn resource(line: &SqliteRow) -> Result<Resource, JournalError> {
    let word: &str = line.try_get("kind").map_err(failed)?;
    let number: &str = line.try_get("number").map_err(failed)?;
    Resource::named(word, number)
        .ok_or_else(|| JournalError::unavailable(format!("the row {word} {number} of resources")))
}

/// The row of a resource.
pub(super) async fn find<'c>(
    connection: impl SqliteExecutor<'c>,
    account: &AccountName,
    resource: Resource,
) -> Result<Option<Tracked>, JournalError> {
    let found = sqlx::query(
        "SELECT order_id, owner, told, changed_at, next_read_at FROM resources \
         WHERE account = ?1 AND kind = ?2 AND number = ?3",
    )
    .bind(account.as_str())
    .bind(resource.word())
    .bind(resource.number())
    .fetch_optional(connection)
    .await
    .map_err(failed)?;
    Ok(found
        .as_ref()
        .and_then(readable(|line| tracked(resource, line))))
}

fn tracked(resource: Resource, line: &SqliteRow) -> Result<Tracked, JournalError> {
    let told: &str = line.try_get("told").map_err(failed)?;
    Ok(Tracked {
        resource,
        order_id: row::number(line, "order_id")?,
        owner: line.try_get("owner").map_err(failed)?,
        told: serde_json::from_str(told).map_err(failed)?,
        changed_ms: line.try_get("changed_at").map_err(failed)?,
        next_read_ms: line.try_get("next_read_at").map_err(failed)?,
    })
}

pub(super) async fn put(
    connection: &mut SqliteConnection,
    account: &AccountName,
    tracked: &Tracked,
) -> Result<(), JournalError> {
    sqlx::query(
        "INSERT INTO resources (account, kind, number, order_id, owner, told, finished, changed_at, next_read_at) \
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (account, kind, number) DO UPDATE SET \
         order_id = excluded.order_id, owner = excluded.owner, told = excluded.told, finished = excluded.finished, \
         changed_at = excluded.changed_at, next_read_at = excluded.next_read_at",
    )
    .bind(account.as_str())
    .bind(tracked.resource.word())
    .bind(tracked.resource.number())
    .bind(tracked.order_id.map(|order_id| order_id.to_string()))
    .bind(&tracked.owner)
    .bind(serde_json::to_string(&tracked.told).map_err(failed)?)
    .bind(tracked.is_finished())
    .bind(tracked.changed_ms)
    .bind(tracked.next_read_ms)
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Commits what reads show, in the open transaction.
pub(super) async fn observe(
    connection: &mut SqliteConnection,
    observed: &[Observed],
    rereads: Rereads,
) -> Result<(), JournalError> {
    for one in observed {
        for snapshot in &one.snapshots {
            record(connection, one, snapshot, rereads).await?;
        }
        let is_shown = |resource| one.snapshots.iter().any(|s| s.resource == resource);
        if let Some(resource) = one.reread
            && !is_shown(resource)
        {
            plan(connection, one, resource, rereads).await?;
        }
    }
    Ok(())
}

async fn record(
    connection: &mut SqliteConnection,
    observed: &Observed,
    snapshot: &Snapshot,
    rereads: Rereads,
) -> Result<(), JournalError> {
    let account = &observed.account;
    let tracked = find(&mut *connection, account, snapshot.resource).await?;
    let of_row = tracked.as_ref().and_then(|row| row.order_id);
    let order_id = snapshot.order_id.or(of_row);
    let order = match order_id {
        Some(order_id) => owners::of_order(&mut *connection, account, order_id).await?,
        None => None,
    };
    if tracked.is_none() && order.is_none() {
        return Ok(());
    }
    let subjects = subjects_of(snapshot.resource, order.as_ref());
    let around = Around {
        operations: about(connection, account, &subjects).await?,
        change_was_paid: change_was_paid(connection, account, snapshot.resource).await?,
        order,
        tracked,
    };
    let is_reread = observed.reread.is_some();
    let changes = changes(snapshot, &around, rereads, observed.now_ms, is_reread);
    let context = feed::Context {
        account,
        order: &order_numbers(order_id, around.order.as_ref()),
        operation_id: None,
        at: ms_of(observed.at),
    };
    apply(connection, &changes, &context).await
}

/// Writes the events of new facts and the row of the resource.
pub(super) async fn apply(
    connection: &mut SqliteConnection,
    changes: &Changes,
    context: &feed::Context<'_>,
) -> Result<(), JournalError> {
    for (event, owner) in &changes.events {
        feed::insert(connection, event, owner.as_deref(), context).await?;
    }
    match &changes.tracked {
        Some(tracked) => put(connection, context.account, tracked).await,
        None => Ok(()),
    }
}

/// Plans the next read of a resource that a read did not show.
async fn plan(
    connection: &mut SqliteConnection,
    observed: &Observed,
    resource: Resource,
    rereads: Rereads,
) -> Result<(), JournalError> {
    let account = &observed.account;
    let Some(mut tracked) = find(&mut *connection, account, resource).await? else {
        // A damaged row stays, and is tried again later.
        sqlx::query(
            "UPDATE resources SET next_read_at = ?4 WHERE account = ?1 AND kind = ?2 AND number = ?3",
        )
        .bind(account.as_str())
        .bind(resource.word())
        .bind(resource.number())
        .bind(observed.now_ms.saturating_add(DAY_MS))
        .execute(connection)
        .await
        .map_err(failed)?;
        return Ok(());
    };
    let order = match tracked.order_id {
        Some(order_id) => owners::of_order(&mut *connection, account, order_id).await?,
        None => None,
    };
    tracked.next_read_ms = rereads.next_read(&tracked, order.as_ref(), observed.now_ms);
    put(connection, account, &tracked).await
}

/// The resource that a successful operation created or acted on, as recorded before.
pub(super) async fn of_operation(
    connection: &mut SqliteConnection,
    operation: &Operation,
) -> Result<Option<Tracked>, JournalError> {
    match &operation.result {
        Some(receipt) if operation.state() == State::Succeeded => {
            let (resource, _) = Resource::of(receipt);
            find(connection, &operation.account, resource).await
        }
        Some(_) | None => Ok(None),
    }
}

/// Records the resource that a successful operation created or acted on, after these events of the operation.
pub(super) async fn note(
    connection: &mut SqliteConnection,
    operation: &Operation,
    events: &[NewEvent],
    tracked: Option<Tracked>,
    now_ms: i64,
    rereads: Rereads,
) -> Result<(), JournalError> {
    let Some(receipt) = operation.result.as_ref().filter(|_| !events.is_empty()) else {
        return Ok(());
    };
    let account = &operation.account;
    let (_, order_id) = Resource::of(receipt);
    let order_id = order_id.or_else(|| tracked.as_ref().and_then(|row| row.order_id));
    let order: Option<Ownership> = match order_id {
        Some(order_id) => owners::of_order(&mut *connection, account, order_id).await?,
        None => None,
    };
    match after_operation(operation, events, tracked, order.as_ref(), rereads, now_ms) {
        Some(tracked) => put(connection, account, &tracked).await,
        None => Ok(()),
    }
}

/// The newest operations on these subjects. A damaged row must not keep a message from being received.
pub(super) async fn about(
    connection: &mut SqliteConnection,
    account: &AccountName,
    subjects: &[Subject],
) -> Result<Vec<Operation>, JournalError> {
    let locks: Vec<_> = subjects
        .iter()
        .map(|subject| subject.lock(account))
        .collect();
    let found = sqlx::query(row::SELECT_ABOUT)
        .bind(serde_json::to_string(&locks).map_err(failed)?)
        .fetch_all(connection)
        .await
        .map_err(failed)?;
    Ok(found.iter().filter_map(row::readable).collect())
}

/// Whether the feed reports that the change was paid.
pub(super) async fn change_was_paid(
    connection: &mut SqliteConnection,
    account: &AccountName,
    resource: Resource,
) -> Result<bool, JournalError> {
    let Resource::Change(change) = resource else {
        return Ok(false);
    };
    let found: i64 = sqlx::query_scalar(
        "SELECT EXISTS (SELECT 1 FROM events WHERE kind IN (?1, ?2) AND subject = ?3 AND +account = ?4)",
    )
    .bind(EventKind::ChangeAwaitingTicketing.as_str())
    .bind(EventKind::ChangeTicketed.as_str())
    .bind(change.to_string())
    .bind(account.as_str())
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    Ok(found != 0)
}
