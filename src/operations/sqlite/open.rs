//! What is made and checked when a journal is opened: its files, its schema, its key.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use sqlx::SqliteConnection;

use super::failed;
use crate::domain::ids::HashKey;
use crate::operations::journal::JournalError;

/// The schema. Plain columns and full indexes only: the second database has no partial ones.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema, kept by SQLite in the file's head (`PRAGMA user_version`). It grows when
/// an earlier gateway could not work on a journal of a later one.
const VERSION: i64 = 2;

/// What makes a journal of version 2 out of one of version 1: locks hold within an account, and what
/// sent nothing is deleted in time.
const FROM_1_TO_2: &str = include_str!("from_1_to_2.sql");

/// In `meta`: the key that the journal made for itself, where none was given.
const OWN_KEY: &str = "hash_key";
/// In `meta`: a hash by which the key is known again. It tells nothing of the key.
const KEY_CHECK: &str = "hash_key_check";

/// Creates the directory and the file where there are none, readable by this user alone: the journal
/// holds order numbers and totals, and perhaps its own key. SQLite gives its further files the mode
/// of this one.
pub(super) fn create(path: &Path) -> Result<(), JournalError> {
    match owners_own().write(true).create_new(true).open(path) {
        Ok(_) => Ok(()),
        // SQLite says what is wrong with what is there.
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(cannot("created", path, &error)),
    }
}

/// Creates the directory of the journal, likewise.
pub(super) fn create_parent(path: &Path) -> Result<(), JournalError> {
    let Some(parent) = path.parent().filter(|p| !p.as_os_str().is_empty()) else {
        return Ok(());
    };
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(parent)
        .map_err(|error| cannot("created", parent, &error))
}

/// One process per journal.
pub(super) fn lock(path: &Path) -> Result<File, JournalError> {
    let path = path.with_extension("lock");
    let file = owners_own()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(|error| cannot("written", &path, &error))?;
    file.try_lock().map_err(|_| {
        JournalError(format!(
            "another process holds {}: stop it, or give this one a store.url of its own",
            path.display()
        ))
    })?;
    Ok(file)
}

fn owners_own() -> OpenOptions {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> JournalError {
    JournalError(format!("{} cannot be {what}: {error}", path.display()))
}

/// Makes the tables, unless a later gateway has made others.
pub(super) async fn schema(
    connection: &mut SqliteConnection,
    path: &Path,
) -> Result<(), JournalError> {
    let unusable = |error: sqlx::Error| failed(format!("{}: {error}", path.display()));
    let found: i64 = sqlx::query_scalar("PRAGMA user_version")
        .fetch_one(&mut *connection)
        .await
        .map_err(unusable)?;
    if found > VERSION {
        return Err(JournalError(format!(
            "{} is of version {found}, and this gateway knows journals up to version {VERSION}: \
             start the gateway that wrote it, or a later one",
            path.display()
        )));
    }
    let migration = if found == 1 { FROM_1_TO_2 } else { "" };
    if found < VERSION {
        tracing::info!(path = %path.display(), from = found, to = VERSION, "preparing the journal");
    }
    // In one transaction: a journal is of one version or of the other.
    let script =
        format!("BEGIN IMMEDIATE; {migration} {SCHEMA} PRAGMA user_version = {VERSION}; COMMIT;");
    if let Err(error) = sqlx::raw_sql(sqlx::AssertSqlSafe(script))
        .execute(&mut *connection)
        .await
    {
        // Fails where SQLite has rolled back by itself.
        let _ = sqlx::raw_sql("ROLLBACK").execute(&mut *connection).await;
        return Err(unusable(error));
    }
    Ok(())
}

/// The key of the journal: the given one, or one that it makes and keeps.
///
/// # Errors
/// When the journal was written under another key: no repeated request and no passenger would be
/// recognised any more, and what was booked could be booked again.
pub(super) async fn hash_key(
    connection: &mut SqliteConnection,
    given: Option<&HashKey>,
) -> Result<HashKey, JournalError> {
    let own = match read(connection, OWN_KEY).await? {
        None => None,
        Some(bytes) => Some(HashKey::new(bytes.try_into().map_err(|_| {
            JournalError("the hash key in the journal has another length".into())
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
                return Err(JournalError(another_key(own.is_some()).to_owned()));
            }
            given.clone()
        }
        (None, Some(own)) => own,
        (None, None) if known.is_some() => {
            return Err(JournalError(
                "the journal was written under a hash key of the configuration, and there is none \
                 now: set store.hash_key or store.hash_key_file to that key, or store.url to a new \
                 journal"
                    .into(),
            ));
        }
        (None, None) => {
            let fresh = fresh();
            keep(connection, OWN_KEY, fresh.expose()).await?;
            fresh
        }
    };
    if known.is_none() {
        keep(connection, KEY_CHECK, &check(&key)).await?;
    }
    Ok(key)
}

fn another_key(made_its_own: bool) -> &'static str {
    if made_its_own {
        "the journal made a hash key of its own, which lies in it, and store.hash_key is another: \
         remove store.hash_key and store.hash_key_file to go on with this journal, or set store.url \
         to a new one"
    } else {
        "store.hash_key is another than the one that the journal was written under: set it, or \
         store.hash_key_file, to the earlier key, or store.url to a new journal"
    }
}

fn fresh() -> HashKey {
    let mut key = [0; 32];
    key[..16].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    key[16..].copy_from_slice(uuid::Uuid::new_v4().as_bytes());
    HashKey::new(key)
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
