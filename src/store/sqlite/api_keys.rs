//! API keys.

use std::collections::BTreeSet;

use futures::future::BoxFuture;
use jiff::Timestamp;
use sqlx::sqlite::SqliteRow;
use sqlx::{Row as _, SqliteConnection};

use super::writer::Command;
use super::{SqliteJournal, failed, ms_of, row};
use crate::domain::access::{Rights, Scope, Scopes};
use crate::domain::api_key::{ApiKey, KeyDigest, KeySecret};
use crate::domain::ids::AccountName;
use crate::store::api_keys::{decide_api_key, forgotten_before};
use crate::store::{ApiKeys, JournalError, MOST_REVOKED_KEYS, SavedApiKey};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT id, revision, caller, description, scopes, accounts, default_account, created_at, created_by, expires_at, \
             revoked_at FROM api_keys ",
            $rest
        )
    };
}

const SELECT_ALL: &str = select!("ORDER BY id");
const SELECT_ONE: &str = select!("WHERE id = ?1");
const SELECT_OF_CALLER: &str = select!("WHERE caller = ?1");

macro_rules! select_secrets {
    ($rest:literal) => {
        concat!(
            "SELECT key_id, digest, created_at, expires_at, last_used_at FROM api_key_secrets ",
            $rest,
            " ORDER BY key_id, created_at DESC, digest"
        )
    };
}

const SELECT_SECRETS: &str = select_secrets!("");
const SELECT_SECRETS_OF: &str = select_secrets!("WHERE key_id = ?1");

impl ApiKeys for SqliteJournal {
    fn api_keys(&self) -> BoxFuture<'_, Result<Vec<ApiKey>, JournalError>> {
        self.reading(async move {
            // Both from one snapshot.
            let mut snapshot = self.readers.begin().await.map_err(failed)?;
            let found = sqlx::query(SELECT_ALL).fetch_all(&mut *snapshot).await;
            let secrets = sqlx::query(SELECT_SECRETS).fetch_all(&mut *snapshot).await;
            let mut keys: Vec<ApiKey> = found
                .map_err(failed)?
                .iter()
                .map(key)
                .collect::<Result<_, _>>()?;
            for line in &secrets.map_err(failed)? {
                let of: &str = line.try_get("key_id").map_err(failed)?;
                let id = of.parse().map_err(failed)?;
                if let Ok(index) = keys.binary_search_by_key(&id, |key| key.id) {
                    keys[index].secrets.push(secret(line)?);
                }
            }
            Ok(keys)
        })
    }

    fn save_api_key(
        &self,
        key: ApiKey,
        now: Timestamp,
    ) -> BoxFuture<'_, Result<SavedApiKey, JournalError>> {
        Box::pin(self.ask(move |answer| Command::SaveApiKey(Box::new(key), now, answer)))
    }

    fn mark_used(
        &self,
        used: Vec<(KeyDigest, Timestamp)>,
    ) -> BoxFuture<'_, Result<(), JournalError>> {
        Box::pin(self.ask(move |answer| Command::MarkUsed(used, answer)))
    }
}

fn key(line: &SqliteRow) -> Result<ApiKey, JournalError> {
    let time = |column: &str| row::time(line.try_get(column).map_err(failed)?);
    let optional_time = |column: &str| {
        let at: Option<i64> = line.try_get(column).map_err(failed)?;
        at.map(row::time).transpose()
    };
    let text = |column: &str| line.try_get::<&str, _>(column).map_err(failed);
    let accounts: Option<&str> = line.try_get("accounts").map_err(failed)?;
    let default_account: Option<&str> = line.try_get("default_account").map_err(failed)?;
    let account = |name: &str| name.parse::<AccountName>().map_err(failed);
    Ok(ApiKey {
        id: text("id")?.parse().map_err(failed)?,
        revision: line.try_get("revision").map_err(failed)?,
        caller: text("caller")?.parse().map_err(failed)?,
        description: line.try_get("description").map_err(failed)?,
        rights: Rights {
            scopes: text("scopes")?
                .split_whitespace()
                .map(|word| word.parse::<Scope>().map_err(failed))
                .collect::<Result<Scopes, _>>()?,
            accounts: accounts
                .map(|names| {
                    names
                        .split_whitespace()
                        .map(account)
                        .collect::<Result<BTreeSet<_>, _>>()
                })
                .transpose()?
                .map(Into::into),
            default_account: default_account.map(account).transpose()?,
        },
        secrets: Vec::new(),
        created_at: time("created_at")?,
        created_by: line.try_get("created_by").map_err(failed)?,
        expires_at: optional_time("expires_at")?,
        revoked_at: optional_time("revoked_at")?,
    })
}

fn secret(line: &SqliteRow) -> Result<KeySecret, JournalError> {
    let digest: &[u8] = line.try_get("digest").map_err(failed)?;
    let expires_at: Option<i64> = line.try_get("expires_at").map_err(failed)?;
    let last_used_at: Option<i64> = line.try_get("last_used_at").map_err(failed)?;
    Ok(KeySecret {
        digest: KeyDigest(digest.try_into().map_err(failed)?),
        created_at: row::time(line.try_get("created_at").map_err(failed)?)?,
        expires_at: expires_at.map(row::time).transpose()?,
        last_used_at: last_used_at.map(row::time).transpose()?,
    })
}

pub(super) async fn save(
    connection: &mut SqliteConnection,
    new: &ApiKey,
    now: Timestamp,
) -> Result<SavedApiKey, JournalError> {
    let id = new.id.to_string();
    let stored = sqlx::query(SELECT_ONE)
        .bind(&id)
        .fetch_optional(&mut *connection)
        .await
        .map_err(failed)?;
    let mut stored = stored.as_ref().map(key).transpose()?;
    if let Some(stored) = &mut stored {
        let secrets = sqlx::query(SELECT_SECRETS_OF)
            .bind(&id)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
        stored.secrets = secrets.iter().map(secret).collect::<Result<_, _>>()?;
    }
    let of_caller = sqlx::query(SELECT_OF_CALLER)
        .bind(new.caller.as_str())
        .fetch_all(&mut *connection)
        .await
        .map_err(failed)?;
    let of_caller: Vec<_> = of_caller.iter().map(key).collect::<Result<_, _>>()?;
    let count = sqlx::query_scalar("SELECT count(*) FROM api_keys WHERE revoked_at IS NULL")
        .fetch_one(&mut *connection)
        .await
        .map_err(failed)?;
    let row = match decide_api_key(new, stored.as_ref(), &of_caller, count, now) {
        Ok(row) => row,
        Err(refusal) => return Ok(refusal),
    };
    write(connection, &row).await?;
    write_secrets(connection, &row.secrets, &id).await?;
    forget(connection, forgotten_before(now)).await?;
    Ok(SavedApiKey::Done(row.revision))
}

async fn write(connection: &mut SqliteConnection, row: &ApiKey) -> Result<(), JournalError> {
    let scopes: Vec<_> = row.rights.scopes.iter().map(Scope::as_str).collect();
    let accounts = row.rights.accounts.as_ref().map(|accounts| {
        let names: Vec<_> = accounts.iter().map(AccountName::as_str).collect();
        names.join(" ")
    });
    sqlx::query(
        "INSERT INTO api_keys (id, revision, caller, description, scopes, accounts, default_account, created_at, created_by, \
         expires_at, revoked_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) \
         ON CONFLICT (id) DO UPDATE SET revision = excluded.revision, description = excluded.description, \
         scopes = excluded.scopes, accounts = excluded.accounts, default_account = excluded.default_account, \
         expires_at = excluded.expires_at, revoked_at = excluded.revoked_at",
    )
    .bind(row.id.to_string())
    .bind(row.revision)
    .bind(row.caller.as_str())
    .bind(&row.description)
    .bind(scopes.join(" "))
    .bind(accounts)
    .bind(row.rights.default_account.as_ref().map(AccountName::as_str))
    .bind(ms_of(row.created_at))
    .bind(&row.created_by)
    .bind(row.expires_at.map(ms_of))
    .bind(row.revoked_at.map(ms_of))
    .execute(connection)
    .await
    .map_err(failed)?;
    Ok(())
}

/// Writes the secrets of a key in place of those that it had.
async fn write_secrets(
    connection: &mut SqliteConnection,
    secrets: &[KeySecret],
    id: &str,
) -> Result<(), JournalError> {
    let present: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT digest FROM api_key_secrets WHERE key_id = ?1")
            .bind(id)
            .fetch_all(&mut *connection)
            .await
            .map_err(failed)?;
    let is_kept = |digest: &Vec<u8>| secrets.iter().any(|secret| secret.digest.0 == **digest);
    for digest in present.into_iter().filter(|digest| !is_kept(digest)) {
        sqlx::query("DELETE FROM api_key_secrets WHERE digest = ?1")
            .bind(digest)
            .execute(&mut *connection)
            .await
            .map_err(failed)?;
    }
    for secret in secrets {
        sqlx::query(
            "INSERT INTO api_key_secrets (digest, key_id, created_at, expires_at) VALUES (?1, ?2, ?3, ?4) \
             ON CONFLICT (digest) DO UPDATE SET expires_at = excluded.expires_at",
        )
        .bind(&secret.digest.0[..])
        .bind(id)
        .bind(ms_of(secret.created_at))
        .bind(secret.expires_at.map(ms_of))
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    Ok(())
}

/// Deletes the keys that were revoked before this time, and those that were revoked before the last ones.
async fn forget(connection: &mut SqliteConnection, before: Timestamp) -> Result<(), JournalError> {
    sqlx::query(
        "DELETE FROM api_keys WHERE revoked_at < ?1 OR id IN (SELECT id FROM api_keys WHERE revoked_at IS NOT NULL \
         ORDER BY revoked_at DESC, id DESC LIMIT -1 OFFSET ?2)",
    )
    .bind(ms_of(before))
    .bind(MOST_REVOKED_KEYS)
    .execute(&mut *connection)
    .await
    .map_err(failed)?;
    sqlx::query("DELETE FROM api_key_secrets WHERE key_id NOT IN (SELECT id FROM api_keys)")
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    Ok(())
}

pub(super) async fn mark_used(
    connection: &mut SqliteConnection,
    used: &[(KeyDigest, Timestamp)],
) -> Result<(), JournalError> {
    for (digest, at) in used {
        sqlx::query(
            "UPDATE api_key_secrets SET last_used_at = ?2 \
             WHERE digest = ?1 AND (last_used_at IS NULL OR last_used_at < ?2)",
        )
        .bind(&digest.0[..])
        .bind(ms_of(*at))
        .execute(&mut *connection)
        .await
        .map_err(failed)?;
    }
    Ok(())
}
