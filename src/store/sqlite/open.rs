//! Opening and closing a journal: creates or converts the schema, and checks the open rows, the hash key and
//! the write-ahead log.

use std::collections::BTreeSet;
use std::path::Path;

use futures::TryStreamExt as _;
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::files::Files;
use super::{failed, row};
use crate::domain::ids::HashKey;
use crate::store::{Fault, JournalError};

/// The schema. Plain columns and full indexes only: the second database has no partial indexes.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema, which SQLite keeps in the file's header (`PRAGMA user_version`). Raise it when earlier
/// gateways cannot use a journal that the new gateway writes.
const VERSION: i64 = 10;

/// Converts a journal of version 1 to version 2: locks are per account, and operations that sent nothing are
/// deleted after some time. Such operations of version 1 have an event, so they are kept.
const FROM_1_TO_2: &str = include_str!("from_1_to_2.sql");

/// Converts a journal of version 2 to version 3: the object that an operation created can be found by Fliggy's number.
const FROM_2_TO_3: &str = include_str!("from_2_to_3.sql");

/// Converts a journal of version 3 to version 4: events carry account and owner, and orders have owners.
const FROM_3_TO_4: &str = include_str!("from_3_to_4.sql");

/// Converts a journal of version 4 to version 5: the types of events have other words.
const FROM_4_TO_5: &str = include_str!("from_4_to_5.sql");

/// Converts a journal of version 5 to version 6: messages are stored, and events name their order.
const FROM_5_TO_6: &str = include_str!("from_5_to_6.sql");

/// Converts a journal of version 6 to version 7: orders, refunds and changes are read again.
const FROM_6_TO_7: &str = include_str!("from_6_to_7.sql");

/// Converts a journal of version 7 to version 8: events are delivered to webhooks.
const FROM_7_TO_8: &str = include_str!("from_7_to_8.sql");

/// Converts a journal of version 8 to version 9: sessions of accounts are kept.
const FROM_8_TO_9: &str = include_str!("from_8_to_9.sql");

/// Converts a journal of version 9 to version 10: API keys are kept.
const FROM_9_TO_10: &str = include_str!("from_9_to_10.sql");

/// The end of the lease of an instance that is known to have ended.
pub(super) const ENDED: i64 = i64::MIN + 1;

/// In `meta`: the hash key that the gateway generated because none was configured.
const OWN_KEY: &str = "hash_key";
/// In `meta`: a keyed hash that identifies the key without revealing it.
const KEY_CHECK: &str = "hash_key_check";
/// In `meta`, while the journal is open and after a crash: the path under which the journal was opened. A clean close
/// removes this entry once all changes are in the database file.
const OPENED_AS: &str = "opened_as";

/// Checks an existing journal and converts it if an earlier gateway wrote it, or creates a new journal. Returns the
/// hash key, whether the write-ahead log is missing, and the version from which the journal was converted.
pub(super) async fn prepare(
    connection: &mut SqliteConnection,
    files: &Files,
    had_wal: bool,
    given: Option<&HashKey>,
) -> Result<(HashKey, bool, Option<i64>), JournalError> {
    let version: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    if version > VERSION {
        return Err(JournalError::unavailable(format!(
            "the journal has version {version}, but this gateway supports versions up to {VERSION}; \
             start the gateway that wrote the journal, or a later one"
        )));
    }
    // One transaction, so that a failed start leaves the journal and its version unchanged.
    control(connection, "BEGIN IMMEDIATE").await?;
    let prepared = checked(connection, files, version, had_wal, given).await;
    if prepared.is_err() {
        // This fails if SQLite has already rolled back by itself.
        let _ = control(connection, "ROLLBACK").await;
    } else {
        control(connection, "COMMIT").await?;
        mark_open(connection, files).await?;
    }
    let converted_from = (1..VERSION).contains(&version).then_some(version);
    prepared.map(|(hash_key, wal_missing)| (hash_key, wal_missing, converted_from))
}

async fn control(connection: &mut SqliteConnection, sql: &'static str) -> Result<(), JournalError> {
    let done = sqlx::query(sql).execute(connection).await;
    done.map(drop).map_err(failed)
}

async fn checked(
    connection: &mut SqliteConnection,
    files: &Files,
    version: i64,
    had_wal: bool,
    given: Option<&HashKey>,
) -> Result<(HashKey, bool), JournalError> {
    let scripts = [
        FROM_1_TO_2,
        FROM_2_TO_3,
        FROM_3_TO_4,
        FROM_4_TO_5,
        FROM_5_TO_6,
        FROM_6_TO_7,
        FROM_7_TO_8,
        FROM_8_TO_9,
        FROM_9_TO_10,
    ];
    for (from, script) in (1..).zip(scripts) {
        if (1..=from).contains(&version) {
            tracing::info!(path = %files.path().display(), from, to = from + 1, "converting the journal");
            let converted = sqlx::raw_sql(script).execute(&mut *connection).await;
            converted.map_err(failed)?;
        }
    }
    let present = columns(connection).await?;
    let is_new = version == 0 && present.is_empty();
    let mut wal_missing = false;
    if !is_new {
        complete(&present).await?;
        wal_missing = !had_wal && was_not_closed(connection, files).await?;
        open_rows(connection).await?;
    }
    // Creates the tables of a new journal, and brings the indexes of an existing one up to date. All earlier instances
    // are marked as ended, because this process has exclusive access to the database.
    let script = format!(
        "{SCHEMA} DELETE FROM instances; INSERT INTO instances SELECT DISTINCT boot, {ENDED} FROM operations \
         WHERE state IN ('accepted', 'sending'); PRAGMA user_version = {VERSION};"
    );
    sqlx::raw_sql(sqlx::AssertSqlSafe(script))
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    let hash_key = hash_key(connection, given).await?;
    Ok((hash_key, wal_missing))
}

/// Refuses a journal that lacks a table or column: a missing table must not be re-created empty.
async fn complete(present: &BTreeSet<String>) -> Result<(), JournalError> {
    let mut model = SqliteConnection::connect("sqlite::memory:")
        .await
        .map_err(failed)?;
    sqlx::raw_sql(SCHEMA)
        .execute(&mut model)
        .await
        .map_err(failed)?;
    let required = columns(&mut model).await?;
    let missing: Vec<_> = required.difference(present).map(String::as_str).collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(JournalError::new(
        Fault::Damaged,
        format!(
            "the file is not a gateway journal, or it is damaged: it lacks the columns {}",
            missing.join(", ")
        ),
    ))
}

/// All columns of all tables, each as `table.column`.
async fn columns(connection: &mut SqliteConnection) -> Result<BTreeSet<String>, JournalError> {
    let found: Vec<String> = sqlx::query_scalar(
        "SELECT t.name || '.' || c.name FROM sqlite_schema AS t, pragma_table_info(t.name) AS c \
         WHERE t.type = 'table'",
    )
    .fetch_all(connection)
    .await
    .map_err(failed)?;
    Ok(found.into_iter().collect())
}

/// Checks that all open operations can be read: an operation that cannot be read would never be looked up.
async fn open_rows(connection: &mut SqliteConnection) -> Result<(), JournalError> {
    let mut rows = sqlx::query(row::SELECT_OPEN).fetch(connection);
    while let Some(found) = rows.try_next().await.map_err(failed)? {
        row::read(&found).map_err(|error| {
            let id: String = found.try_get("id").unwrap_or_default();
            let what = format!("the open operation {id} cannot be read: {}", error.what);
            JournalError {
                fault: Fault::Damaged,
                what,
                ..error
            }
        })?;
    }
    Ok(())
}

/// Whether the journal was not closed cleanly. Called when there is no write-ahead log: if true, the log is missing.
///
/// # Errors
/// When the log is next to another name of the database, where SQLite would not read it.
async fn was_not_closed(
    connection: &mut SqliteConnection,
    files: &Files,
) -> Result<bool, JournalError> {
    let Some(before) = read(connection, OPENED_AS).await? else {
        return Ok(false);
    };
    let before = Path::new(std::str::from_utf8(&before).map_err(failed)?);
    if let Some(wal) = files.wal_left_at(before) {
        return Err(JournalError::unavailable(format!(
            "the journal was last opened as {} and not closed cleanly, and {} contains changes that are not in \
             the database; set store.url to the former path, or move both files together",
            before.display(),
            wal.display()
        )));
    }
    tracing::warn!(
        "{} was last opened as {} and not closed cleanly, but has no -wal file. Unless another program merged \
         that file, this is a copy that lacks later changes (docs/operations.md, \"Restore is dangerous\")",
        files.path().display(),
        before.display()
    );
    Ok(true)
}

/// Records in the database file itself that the database is open, and under which path, so that the next start detects
/// a missing write-ahead log.
async fn mark_open(connection: &mut SqliteConnection, files: &Files) -> Result<(), JournalError> {
    sqlx::query("INSERT OR REPLACE INTO meta (name, value) VALUES (?1, ?2)")
        .bind(OPENED_AS)
        .bind(files.path().as_os_str().as_encoded_bytes())
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    merge(connection, "PASSIVE").await?;
    Ok(())
}

/// Closes the connection of a failed start while the lock is still held. If closing merges the log, the
/// open mark is removed first, so that the next start does not report a missing log.
pub(super) async fn abandon(mut connection: SqliteConnection, had_wal: bool, error: &JournalError) {
    if had_wal && error.fault != Fault::Damaged {
        // The start has already failed. If this fails too, the next start may warn needlessly.
        let _ = mark_closed(&mut connection).await;
    }
    let _ = connection.close().await;
}

/// Merges the write-ahead log into the database file and removes the open mark. Called before the last connection is
/// closed. Fails while another process reads the database.
pub(super) async fn mark_closed(connection: &mut SqliteConnection) -> Result<(), JournalError> {
    sqlx::query("DELETE FROM meta WHERE name = ?1")
        .bind(OPENED_AS)
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    if merge(connection, "TRUNCATE").await? {
        return Ok(());
    }
    Err(JournalError::unavailable(
        "another program is reading the database, so the -wal file still contains changes; a copy needs both files",
    ))
}

/// Copies the write-ahead log into the database. Returns whether all of it was copied.
async fn merge(
    connection: &mut SqliteConnection,
    mode: &'static str,
) -> Result<bool, JournalError> {
    let (busy, _, _): (i64, i64, i64) = sqlx::query_as(sqlx::AssertSqlSafe(format!(
        "PRAGMA wal_checkpoint({mode})"
    )))
    .fetch_one(connection)
    .await
    .map_err(failed)?;
    Ok(busy == 0)
}

/// The hash key of the journal: the configured one, or one that is generated and kept.
///
/// # Errors
/// When the journal was created with another key: repeated requests and passengers would no longer be
/// recognised, so the same booking could be executed twice.
async fn hash_key(
    connection: &mut SqliteConnection,
    given: Option<&HashKey>,
) -> Result<HashKey, JournalError> {
    let own = match read(connection, OWN_KEY).await? {
        None => None,
        Some(bytes) => Some(HashKey::new(bytes.try_into().map_err(|_| {
            JournalError::new(Fault::Damaged, "the stored hash key has the wrong length")
        })?)),
    };
    let known = match (read(connection, KEY_CHECK).await?, &own) {
        (Some(known), _) => Some(known),
        (None, Some(own)) => Some(check(own)),
        (None, None) => None,
    };
    let key = match (given, own) {
        (Some(given), own) => {
            if known.as_ref().is_some_and(|known| *known != check(given)) {
                return Err(JournalError::unavailable(another_key(own.is_some())));
            }
            given.clone()
        }
        (None, Some(own)) => own,
        (None, None) if known.is_some() => {
            return Err(JournalError::unavailable(
                "the journal was created with a configured hash key, but none is configured now; \
                 set store.hash_key or store.hash_key_file to that key, or set store.url to a new \
                 journal",
            ));
        }
        (None, None) => {
            let generated = generate()?;
            keep(connection, OWN_KEY, generated.expose()).await?;
            generated
        }
    };
    if known.is_none() {
        keep(connection, KEY_CHECK, &check(&key)).await?;
    }
    Ok(key)
}

fn another_key(is_generated: bool) -> &'static str {
    if is_generated {
        "the journal contains its own generated hash key, and store.hash_key differs from it; \
         remove store.hash_key and store.hash_key_file to keep using this journal, or set store.url \
         to a new one"
    } else {
        "store.hash_key is not the key with which the journal was created; set store.hash_key or \
         store.hash_key_file to the original key, or set store.url to a new journal"
    }
}

fn generate() -> Result<HashKey, JournalError> {
    let mut key = [0; 32];
    getrandom::fill(&mut key).map_err(|error| JournalError::unavailable(error.to_string()))?;
    Ok(HashKey::new(key))
}

fn check(key: &HashKey) -> Vec<u8> {
    key.mac(&[b"journal", KEY_CHECK.as_bytes()]).to_vec()
}

async fn read(
    connection: &mut SqliteConnection,
    name: &str,
) -> Result<Option<Vec<u8>>, JournalError> {
    sqlx::query_scalar("SELECT value FROM meta WHERE name = ?1")
        .bind(name)
        .fetch_optional(connection)
        .await
        .map_err(failed)
}

async fn keep(
    connection: &mut SqliteConnection,
    name: &str,
    value: &[u8],
) -> Result<(), JournalError> {
    sqlx::query("INSERT INTO meta (name, value) VALUES (?1, ?2) ON CONFLICT DO NOTHING")
        .bind(name)
        .bind(value)
        .execute(connection)
        .await
        .map_err(failed)?;
    Ok(())
}
