//! The journal on SQLite: WAL, `synchronous=FULL`, one writer, many readers.

mod check;
#[cfg(test)]
mod costs;
mod files;
mod health;
mod list;
mod open;
mod row;
mod writer;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, try_join_all};
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection, Row, SqliteConnection};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use super::journal::{
    Acceptance, Condition, Event, Fault, Filter, Journal, JournalError, Known, NewOperation, Save,
    Saved, WithTimeline,
};
use crate::domain::attachment::KeptAttachment;
use crate::domain::ids::{AccountName, HashKey, OperationId, OrderId};
use crate::domain::operation::{
    Intent, Kind, Lookup, Operation, Proof, SessionTag, State, Subject,
};
use crate::store::accept;
use files::Files;
use health::Health;
use writer::Command;

/// How the journal is opened.
#[derive(Clone, Debug)]
pub struct SqliteSettings {
    /// The file.
    pub path: PathBuf,
    /// Connections for reading.
    pub read_connections: u32,
    /// Changes that may wait for the writer. Further operations are refused; changes of those that
    /// were taken wait.
    pub queue: usize,
    /// The key of all keyed hashes; the store makes one and keeps it where none is given.
    pub hash_key: Option<HashKey>,
}

/// How long a new operation waits for a place in the writer's queue.
const PLACE_WITHIN: Duration = Duration::from_secs(2);

/// The journal on SQLite.
pub struct SqliteJournal {
    commands: mpsc::Sender<Command>,
    readers: SqlitePool,
    /// The writer and the check of the whole database.
    tasks: std::sync::Mutex<Option<Tasks>>,
    hash_key: HashKey,
    health: Arc<Health>,
}

struct Tasks {
    writer: JoinHandle<()>,
    check: JoinHandle<()>,
    stop_check: DropGuard,
}

impl std::fmt::Debug for SqliteJournal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteJournal").finish_non_exhaustive()
    }
}

// === impl SqliteJournal ===

impl SqliteJournal {
    /// Opens the journal, creates it where there is none, and starts its writer.
    ///
    /// # Errors
    /// When the file cannot be opened or written, another process has it, a later gateway has
    /// written it, or it was written under another hash key.
    pub async fn open(settings: &SqliteSettings) -> Result<Self, JournalError> {
        let mut files = Files::lock(&settings.path)?;
        let had_wal = files.has_wal();
        let about = |error| about(&settings.path, error);
        let options = SqliteConnectOptions::new()
            .filename(files.path())
            .create_if_missing(false)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(Duration::from_secs(2))
            .pragma("wal_autocheckpoint", "4000")
            .pragma("cache_size", "-16384")
            .statement_cache_capacity(64);
        let mut writing = SqliteConnection::connect_with(&options)
            .await
            .map_err(|error| about(failed(error)))?;
        let given = settings.hash_key.as_ref();
        let prepared = open::prepare(&mut writing, &files, had_wal, given).await;
        let prepared = prepared.and_then(|prepared| files.know_companions().map(|()| prepared));
        let (hash_key, wal_missing) = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                open::abandon(writing, had_wal, &error).await;
                return Err(about(error));
            }
        };
        let health = Arc::new(Health::new(files, wal_missing));
        let reading = options.read_only(true).pragma("cache_size", "-4096");
        let readers = match readers(settings.read_connections, &reading, &health).await {
            Ok(readers) => readers,
            Err(error) => {
                let error = failed(error);
                open::abandon(writing, had_wal, &error).await;
                return Err(about(error));
            }
        };
        let (commands, queue) = mpsc::channel(settings.queue);
        let stop_check = CancellationToken::new();
        let tasks = Tasks {
            writer: tokio::spawn(writer::run(writing, queue, health.clone())),
            check: tokio::spawn(check::run(reading, health.clone(), stop_check.clone())),
            stop_check: stop_check.drop_guard(),
        };
        Ok(Self {
            commands,
            readers,
            tasks: std::sync::Mutex::new(Some(tasks)),
            hash_key,
            health,
        })
    }

    /// Reads, and remembers damage that is met.
    fn reading<'a, T: Send + 'a>(
        &'a self,
        work: impl Future<Output = Result<T, JournalError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, JournalError>> {
        Box::pin(async move { self.health.noted(work.await) })
    }

    /// The operations in these rows. An open one that cannot be read would never be looked for, and that
    /// must not stay unnoticed.
    fn to_look_for(&self, rows: &[SqliteRow]) -> Vec<Operation> {
        let mut readable = Vec::with_capacity(rows.len());
        for found in rows {
            match row::readable(found) {
                Some(operation) => readable.push(operation),
                None if row::is_open(found) => {
                    self.health.damaged("an open operation cannot be read");
                }
                None => {}
            }
        }
        readable
    }

    async fn ask<T>(
        &self,
        command: impl FnOnce(oneshot::Sender<Result<T, JournalError>>) -> Command,
    ) -> Result<T, JournalError> {
        let (answer, answered) = oneshot::channel();
        self.commands
            .send(command(answer))
            .await
            .map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

/// Connections for reading, all of them open. One that was opened later would be opened by its path, which
/// may lead to another database by then.
async fn readers(
    connections: u32,
    options: &SqliteConnectOptions,
    health: &Arc<Health>,
) -> Result<SqlitePool, sqlx::Error> {
    let health = health.clone();
    let readers = SqlitePoolOptions::new()
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .after_connect(move |_, _| {
            let in_place = health.in_place();
            Box::pin(
                async move { in_place.map_err(|error| sqlx::Error::Configuration(error.into())) },
            )
        })
        .connect_with(options.clone())
        .await?;
    try_join_all((0..connections).map(|_| readers.acquire())).await?;
    Ok(readers)
}

fn stopped() -> JournalError {
    JournalError::unavailable("the writer has stopped")
}

fn failed(error: impl Error + 'static) -> JournalError {
    let of_sqlx = (&error as &(dyn Error + 'static)).downcast_ref();
    JournalError::new(
        of_sqlx.map_or(Fault::Unavailable, fault_of),
        error.to_string(),
    )
}

/// Damage is what SQLite or the file system calls corrupt. Other errors of input and output may pass: a
/// disk that was full or gone.
fn fault_of(error: &sqlx::Error) -> Fault {
    const CORRUPT: i32 = 11;
    const NOT_A_DATABASE: i32 = 26;
    const IO_DATA: i32 = 10 | (32 << 8);
    const IO_CORRUPT_FILE_SYSTEM: i32 = 10 | (33 << 8);
    if matches!(error, sqlx::Error::PoolClosed) {
        return Fault::Closed;
    }
    let code = error.as_database_error().and_then(|error| error.code());
    match code.and_then(|code| code.parse().ok()) {
        Some(IO_DATA | IO_CORRUPT_FILE_SYSTEM) => Fault::Damaged,
        Some(code) if matches!(code & 0xff, CORRUPT | NOT_A_DATABASE) => Fault::Damaged,
        Some(_) | None => Fault::Unavailable,
    }
}

/// An error of the start, with the name of the database and, where it is damaged, what to do.
fn about(path: &Path, error: JournalError) -> JournalError {
    let advice = match error.fault {
        Fault::Damaged => {
            ". Copy the database with its -wal and -shm files before anything else, then see \"A damaged \
             journal\" in docs/operations.md"
        }
        Fault::Unavailable | Fault::Closed | Fault::Moved => "",
    };
    JournalError::new(
        error.fault,
        format!("{}: {}{advice}", path.display(), error.what),
    )
}

/// The words of these kinds, as a JSON array.
fn words(kinds: impl Iterator<Item = Kind>) -> String {
    serde_json::Value::from_iter(kinds.map(Kind::as_str)).to_string()
}

fn ms_of(at: Timestamp) -> i64 {
    at.as_millisecond()
}

impl Journal for SqliteJournal {
    fn accept(&self, new: NewOperation) -> BoxFuture<'_, Result<Acceptance, JournalError>> {
        Box::pin(async move {
            let (answer, answered) = oneshot::channel();
            // Nothing has been sent yet, so fail if the queue stays full.
            self.commands
                .send_timeout(Command::Accept(Box::new(new), answer), PLACE_WITHIN)
                .await
                .map_err(|_| {
                    JournalError::unavailable("its queue is full, or its writer has stopped")
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
            // One transaction reads one state of the database.
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

    fn due(&self, now_ms: i64, limit: u32) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        self.reading(async move {
            let mut due = Vec::new();
            for query in [row::SELECT_DUE_UNKNOWN, row::SELECT_DUE_OTHERS] {
                let found = sqlx::query(query)
                    .bind(now_ms)
                    .bind(i64::from(limit))
                    .fetch_all(&self.readers)
                    .await
                    .map_err(failed)?;
                due.extend(self.to_look_for(&found));
            }
            Ok(due)
        })
    }

    fn next_due(&self, now_ms: i64) -> BoxFuture<'_, Result<Option<i64>, JournalError>> {
        self.reading(async move {
            sqlx::query_scalar("SELECT MIN(next_look_at) FROM operations WHERE next_look_at > ?1")
                .bind(now_ms)
                .fetch_one(&self.readers)
                .await
                .map_err(failed)
        })
    }

    fn stale(
        &self,
        boot: &str,
        touched_before_ms: i64,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        let boot = boot.to_owned();
        self.reading(async move {
            let found = sqlx::query(row::SELECT_STALE)
                .bind(boot)
                .bind(touched_before_ms)
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            Ok(self.to_look_for(&found))
        })
    }

    fn wake_all(&self, now_ms: i64) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(move |answer| Command::WakeAll(now_ms, answer)))
    }

    fn prune(&self, now_ms: i64) -> BoxFuture<'_, Result<u64, JournalError>> {
        Box::pin(async move {
            // Asked first: without it every pass of the reconciler would write.
            let due = self.reading(async {
                sqlx::query_scalar::<_, i64>(
                    "SELECT EXISTS (SELECT 1 FROM operations WHERE prune_at <= ?1)",
                )
                .bind(now_ms)
                .fetch_one(&self.readers)
                .await
                .map_err(failed)
            });
            if due.await? == 0 {
                return Ok(0);
            }
            self.ask(move |answer| Command::Prune(now_ms, answer)).await
        })
    }

    fn attachment(
        &self,
        key: [u8; 32],
    ) -> BoxFuture<'_, Result<Option<KeptAttachment>, JournalError>> {
        self.reading(async move {
            sqlx::query("SELECT account, order_id, file_id, at FROM attachments WHERE id = ?1")
                .bind(&key[..])
                .fetch_optional(&self.readers)
                .await
                .map_err(failed)?
                .map(|found| row::attachment(&found, key))
                .transpose()
        })
    }

    fn has_attachment(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let account = account.to_string();
        self.reading(async move {
            let found: i64 = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM attachments WHERE order_id = ?1 AND account = ?2)",
            )
            .bind(order_id.to_string())
            .bind(account)
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
            Ok(found != 0)
        })
    }

    fn keep_attachment(
        &self,
        attachment: KeptAttachment,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(|answer| Command::Attachment(Box::new(attachment), answer)))
    }

    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(Command::Probe))
    }

    fn later_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<(State, Intent)>, JournalError>> {
        let lock = accept::lock(operation);
        let id = operation.id.to_string();
        let kinds = words(operation.kind().could_be_repeated_by());
        self.reading(async move {
            let found: Vec<(String, String)> = sqlx::query_as(
                "SELECT state, intent FROM operations WHERE lock_base = ?1 AND \
                 +kind IN (SELECT value FROM json_each(?3)) AND \
                 rowid > (SELECT rowid FROM operations WHERE id = ?2) AND +state IN \
                 ('sending', 'unknown', 'needs_attention', 'succeeded') \
                 ORDER BY rowid DESC",
            )
            .bind(lock)
            .bind(id)
            .bind(kinds)
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
            found
                .into_iter()
                .map(|(state, intent)| {
                    Ok((
                        row::word(state)?,
                        serde_json::from_str(&intent).map_err(failed)?,
                    ))
                })
                .collect()
        })
    }

    fn earlier_ones(
        &self,
        operation: &Operation,
    ) -> BoxFuture<'_, Result<Vec<Operation>, JournalError>> {
        let lock = accept::lock(operation);
        let id = operation.id.to_string();
        let kinds = words(operation.kind().could_repeat());
        self.reading(async move {
            let found = sqlx::query(row::SELECT_EARLIER)
                .bind(lock)
                .bind(id)
                .bind(kinds)
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            found.iter().map(row::read).collect()
        })
    }

    fn has_after_sales(
        &self,
        account: &AccountName,
        order_id: OrderId,
    ) -> BoxFuture<'_, Result<bool, JournalError>> {
        let lock = Subject::Order(order_id).lock(account);
        self.reading(async move {
            let found: i64 = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM operations WHERE lock_base = ?1 AND \
                 +kind IN ('refund', 'change') AND \
                 +state IN ('sending', 'unknown', 'needs_attention', 'succeeded'))",
            )
            .bind(lock)
            .fetch_one(&self.readers)
            .await
            .map_err(failed)?;
            Ok(found != 0)
        })
    }

    fn makers(
        &self,
        account: &AccountName,
        kind: Kind,
        numbers: &[u64],
    ) -> BoxFuture<'_, Result<Vec<(u64, OperationId)>, JournalError>> {
        let keys: Vec<_> = numbers
            .iter()
            .map(|number| (*number, accept::made_key(kind, account, *number)))
            .collect();
        self.reading(async move {
            let mut makers = Vec::new();
            for (number, key) in keys {
                let found: Vec<String> =
                    sqlx::query_scalar("SELECT id FROM operations WHERE made = ?1")
                        .bind(key)
                        .fetch_all(&self.readers)
                        .await
                        .map_err(failed)?;
                for id in found {
                    makers.push((number, OperationId::from_str(&id).map_err(failed)?));
                }
            }
            Ok(makers)
        })
    }

    fn proof(
        &self,
        account: &AccountName,
        lookup: Lookup,
    ) -> BoxFuture<'_, Result<Option<Proof>, JournalError>> {
        let account = account.to_string();
        self.reading(async move {
            let found: Option<(String, Option<String>, i64)> = sqlx::query_as(
                "SELECT key, session, at FROM proofs WHERE account = ?1 AND lookup = ?2",
            )
            .bind(account)
            .bind(lookup.as_str())
            .fetch_optional(&self.readers)
            .await
            .map_err(failed)?;
            Ok(found.map(|(key, session, at_ms)| Proof {
                lookup,
                key,
                session: session.map(SessionTag::from_store),
                at_ms,
            }))
        })
    }

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

    fn open_counts(&self) -> BoxFuture<'_, Result<Vec<(State, i64)>, JournalError>> {
        self.reading(async move {
            let found = sqlx::query(
                "SELECT state, COUNT(*) AS n FROM operations WHERE state IN \
                 ('accepted', 'sending', 'unknown', 'needs_attention') GROUP BY state",
            )
            .fetch_all(&self.readers)
            .await
            .map_err(failed)?;
            found
                .iter()
                .map(|line| {
                    Ok((
                        row::word(line.try_get("state").map_err(failed)?)?,
                        line.try_get("n").map_err(failed)?,
                    ))
                })
                .collect()
        })
    }

    fn hash_key(&self) -> &HashKey {
        &self.hash_key
    }

    fn condition(&self) -> Condition {
        self.health.condition()
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(async move {
            let tasks = self.tasks.lock().ok().and_then(|mut tasks| tasks.take());
            let Some(tasks) = tasks else { return };
            // The writer's connection is the last one: only then SQLite brings everything into the
            // database file and removes the write-ahead log.
            drop(tasks.stop_check);
            let checked = tasks.check.await;
            self.readers.close().await;
            let (answer, answered) = oneshot::channel();
            if self.commands.send(Command::Stop(answer)).await.is_ok() {
                // An error means that the writer is gone already.
                let _ = answered.await;
            }
            if checked.and(tasks.writer.await).is_err() {
                tracing::error!("the journal's writer or its check ended in a panic");
            }
        })
    }
}
