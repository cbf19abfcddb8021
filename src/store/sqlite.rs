//! The journal on SQLite: WAL, `synchronous=FULL`, one writer, many readers.

mod api_keys;
mod attachments;
mod check;
#[cfg(test)]
mod costs;
mod feed;
mod files;
mod health;
mod inbox;
mod journal;
mod list;
mod open;
mod owners;
mod relations;
mod resources;
mod row;
mod schedule;
mod sessions;
mod timeline;
mod webhooks;
mod writer;

use std::error::Error;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, try_join_all};
use jiff::Timestamp;
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteRow,
    SqliteSynchronous,
};
use sqlx::{Connection, QueryBuilder, Sqlite, SqliteConnection};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::task::JoinHandle;
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::domain::ids::HashKey;
use crate::domain::operation::Operation;
use crate::store::{Condition, Fault, JournalError, Rereads, Store};
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
    /// Capacity of the writer's queue. When it is full, new operations are refused; changes of accepted
    /// operations wait.
    pub queue: usize,
    /// The key of all keyed hashes. If absent, the store generates one and keeps it.
    pub hash_key: Option<HashKey>,
    /// When orders, refunds and changes are read again.
    pub rereads: Rereads,
}

/// How long a new operation waits for a free slot in the writer's queue.
const QUEUE_TIMEOUT: Duration = Duration::from_secs(2);

/// The journal on SQLite.
pub struct SqliteJournal {
    commands: mpsc::Sender<Command>,
    readers: SqlitePool,
    /// The writer and the integrity check.
    tasks: std::sync::Mutex<Option<Tasks>>,
    hash_key: HashKey,
    health: Arc<Health>,
    committed: watch::Sender<u64>,
    converted_from: Option<i64>,
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
    /// Opens the journal, creating it if it does not exist, and starts its writer.
    ///
    /// # Errors
    /// When the file cannot be opened or written, is locked by another process, was written by a later
    /// gateway, or was created with another hash key.
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
        let prepared = prepared.and_then(|prepared| files.record_companions().map(|()| prepared));
        let (hash_key, wal_missing, converted_from) = match prepared {
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
        let committed = watch::Sender::new(0);
        let stop_check = CancellationToken::new();
        let tasks = Tasks {
            writer: tokio::spawn(writer::run(
                writing,
                queue,
                health.clone(),
                committed.clone(),
                settings.rereads,
            )),
            check: tokio::spawn(check::run(reading, health.clone(), stop_check.clone())),
            stop_check: stop_check.drop_guard(),
        };
        Ok(Self {
            commands,
            readers,
            tasks: std::sync::Mutex::new(Some(tasks)),
            hash_key,
            health,
            committed,
            converted_from,
        })
    }

    /// The version of the journal before this start converted it; none if it was not converted.
    #[must_use]
    pub fn converted_from(&self) -> Option<i64> {
        self.converted_from
    }

    /// Runs a read and records any damage that it finds.
    fn reading<'a, T: Send + 'a>(
        &'a self,
        work: impl Future<Output = Result<T, JournalError>> + Send + 'a,
    ) -> BoxFuture<'a, Result<T, JournalError>> {
        Box::pin(async move { self.health.noted(work.await) })
    }

    /// The rows of a query that depends on a filter. Its statement is not cached.
    async fn rows(&self, mut query: QueryBuilder<Sqlite>) -> Result<Vec<SqliteRow>, JournalError> {
        let query = query.build().persistent(false);
        query.fetch_all(&self.readers).await.map_err(failed)
    }

    /// The operations in these rows. An open operation that cannot be read would never be looked up, so it
    /// counts as damage.
    fn readable_operations(&self, rows: &[SqliteRow]) -> Vec<Operation> {
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

/// Connections for reading. All are opened now, because a connection is opened by path, and later the path might
/// lead to another database.
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

fn failed(error: impl Error + Send + Sync + 'static) -> JournalError {
    let of_sqlx = (&error as &(dyn Error + 'static)).downcast_ref();
    JournalError::caused(of_sqlx.map_or(Fault::Unavailable, fault_of), error)
}

/// The kind of failure. Only errors that report corruption, by SQLite or the file system, count as damage. Other I/O
/// errors, such as a full or detached disk, may be transient.
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

/// Adds the path of the database to an error at the start, and advice if the database is damaged.
fn about(path: &Path, error: JournalError) -> JournalError {
    let advice = match error.fault {
        Fault::Damaged => {
            ". First copy the database together with its -wal and -shm files, then follow \"A damaged \
             journal\" in docs/operations.md"
        }
        Fault::Unavailable | Fault::Closed | Fault::Moved => "",
    };
    JournalError {
        what: format!("{}: {}{advice}", path.display(), error.what),
        ..error
    }
}

fn ms_of(at: Timestamp) -> i64 {
    at.as_millisecond()
}

impl Store for SqliteJournal {
    fn probe(&self) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(Command::Probe))
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
            // The writer's connection must be closed last: SQLite merges the write-ahead log into the database
            // file and removes it only when the last connection is closed.
            drop(tasks.stop_check);
            let checked = tasks.check.await;
            self.readers.close().await;
            let (answer, answered) = oneshot::channel();
            if self.commands.send(Command::Stop(answer)).await.is_ok() {
                // An error means that the writer has already ended.
                let _ = answered.await;
            }
            if checked.and(tasks.writer.await).is_err() {
                tracing::error!("the journal's writer or its integrity check panicked");
            }
        })
    }
}
