//! What is made and checked when a journal is opened: its files, its schema.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::ErrorKind;
use std::path::Path;

use sqlx::SqliteConnection;

use super::failed;
use crate::operations::journal::JournalError;

/// The schema. Plain columns and full indexes only: the second database has no partial ones.
pub(super) const SCHEMA: &str = include_str!("schema.sql");

/// The version of the schema, kept by SQLite in the file's head (`PRAGMA user_version`). It grows when
/// an earlier gateway could not work on a journal of a later one.
const VERSION: i64 = 1;

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
    sqlx::raw_sql(SCHEMA)
        .execute(&mut *connection)
        .await
        .map_err(unusable)?;
    if found < VERSION {
        sqlx::raw_sql(sqlx::AssertSqlSafe(format!(
            "PRAGMA user_version = {VERSION}"
        )))
        .execute(&mut *connection)
        .await
        .map_err(unusable)?;
    }
    Ok(())
}
