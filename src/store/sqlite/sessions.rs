//! Sessions of purchasing accounts.

use futures::future::BoxFuture;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection, SqliteExecutor};

use super::writer::Command;
use super::{SqliteJournal, failed, ms_of, row};
use crate::domain::ids::AccountName;
use crate::domain::operation::SessionTag;
use crate::domain::sealed::Sealed;
use crate::domain::session::StoredSession;
use crate::store::{JournalError, SavedSession, Sessions, decide_session};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT account, revision, tag, configured, sealed, user_id, authorised_at, expires_at, expiry, \
             refreshable_until FROM sessions ",
            $rest
        )
    };
}

const SELECT_ALL: &str = select!("ORDER BY account");
const SELECT_ONE: &str = select!("WHERE account = ?1");

impl Sessions for SqliteJournal {
    fn sessions(&self) -> BoxFuture<'_, Result<Vec<StoredSession>, JournalError>> {
        self.reading(async move {
            let found = sqlx::query(SELECT_ALL)
                .fetch_all(&self.readers)
                .await
                .map_err(failed)?;
            found.iter().map(session).collect()
        })
    }

    fn session(
        &self,
        account: &AccountName,
    ) -> BoxFuture<'_, Result<Option<StoredSession>, JournalError>> {
        let account = account.clone();
        self.reading(async move { find(&self.readers, &account).await })
    }

    fn save_session(
        &self,
        session: StoredSession,
    ) -> BoxFuture<'_, Result<SavedSession, JournalError>> {
        Box::pin(self.ask(|answer| Command::SaveSession(Box::new(session), answer)))
    }
}

async fn find<'c>(
    connection: impl SqliteExecutor<'c>,
    account: &AccountName,
) -> Result<Option<StoredSession>, JournalError> {
    let found = sqlx::query(SELECT_ONE)
        .bind(account.as_str())
        .fetch_optional(connection)
        .await
        .map_err(failed)?;
    found.as_ref().map(session).transpose()
}

/// The session in a row. A row that cannot be read concerns its account only, so it does not count as damage of the journal.
fn session(line: &SqliteRow) -> Result<StoredSession, JournalError> {
    read(line).map_err(|error| {
        let account: String = line.try_get("account").unwrap_or_default();
        JournalError {
            what: format!(
                "the session of the account {account:?} cannot be read: {}",
                error.what
            ),
            ..error
        }
    })
}

fn read(line: &SqliteRow) -> Result<StoredSession, JournalError> {
    let account: &str = line.try_get("account").map_err(failed)?;
    let revision: i64 = line.try_get("revision").map_err(failed)?;
    if !(1..i64::MAX).contains(&revision) {
        return Err(JournalError::unavailable(format!(
            "{revision} is not a revision"
        )));
    }
    let sealed: Option<Vec<u8>> = line.try_get("sealed").map_err(failed)?;
    let configured: Option<String> = line.try_get("configured").map_err(failed)?;
    let refreshable_until: Option<i64> = line.try_get("refreshable_until").map_err(failed)?;
    Ok(StoredSession {
        account: account.parse().map_err(failed)?,
        revision,
        tag: SessionTag::from_store(line.try_get("tag").map_err(failed)?),
        sealed: sealed.map(Sealed),
        configured: configured.map(SessionTag::from_store),
        user_id: line.try_get("user_id").map_err(failed)?,
        authorised_at: row::time(line.try_get("authorised_at").map_err(failed)?)?,
        expires_at: row::time(line.try_get("expires_at").map_err(failed)?)?,
        expiry: row::word(line.try_get("expiry").map_err(failed)?)?,
        refreshable_until: refreshable_until.map(row::time).transpose()?,
    })
}

pub(super) async fn save(
    connection: &mut SqliteConnection,
    session: &StoredSession,
) -> Result<SavedSession, JournalError> {
    let stored = find(&mut *connection, &session.account).await?;
    let user_account = match session.user_id {
        Some(user) => account_of(connection, user).await?,
        None => None,
    };
    let row = match decide_session(session, stored.as_ref(), user_account.as_ref()) {
        Ok(row) => row,
        Err(refusal) => return Ok(refusal),
    };
    sqlx::query(
        "INSERT INTO sessions (account, revision, tag, sealed, configured, user_id, authorised_at, expires_at, expiry, \
         refreshable_until) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) \
         ON CONFLICT (account) DO UPDATE SET revision = excluded.revision, tag = excluded.tag, sealed = excluded.sealed, \
         configured = excluded.configured, user_id = excluded.user_id, authorised_at = excluded.authorised_at, \
         expires_at = excluded.expires_at, expiry = excluded.expiry, refreshable_until = excluded.refreshable_until",
    )
    .bind(row.account.as_str())
    .bind(row.revision)
    .bind(row.tag.as_str())
    .bind(row.sealed.as_ref().map(|sealed| &sealed.0[..]))
    .bind(row.configured.as_ref().map(SessionTag::as_str))
    .bind(row.user_id)
    .bind(ms_of(row.authorised_at))
    .bind(ms_of(row.expires_at))
    .bind(row.expiry.as_str())
    .bind(row.refreshable_until.map(ms_of))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(SavedSession::Done(row.revision))
}

/// The account that belongs to this Taobao user.
async fn account_of(
    connection: &mut SqliteConnection,
    user: i64,
) -> Result<Option<AccountName>, JournalError> {
    let found: Option<String> =
        sqlx::query_scalar("SELECT account FROM sessions WHERE user_id = ?1")
            .bind(user)
            .fetch_optional(connection)
            .await
            .map_err(failed)?;
    let parsed = found.map(|account| account.parse().map_err(failed));
    parsed.transpose()
}
