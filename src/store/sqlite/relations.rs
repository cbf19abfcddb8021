//! Relations between operations.

use std::str::FromStr;

use futures::future::BoxFuture;

use super::{SqliteJournal, failed, row};
use crate::domain::ids::{AccountName, OperationId, OrderId};
use crate::domain::operation::{
    Intent, Kind, LookupKind, Operation, Proof, SessionTag, State, Subject,
};
use crate::store::{JournalError, Relations, accept};

impl Relations for SqliteJournal {
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
        let after_sales = Kind::ALL.into_iter().filter(|kind| kind.is_after_sale());
        self.reading(async move {
            let found: i64 = sqlx::query_scalar(
                "SELECT EXISTS (SELECT 1 FROM operations WHERE lock_base = ?1 AND \
                 +kind IN (SELECT value FROM json_each(?2)) AND \
                 +state IN ('sending', 'unknown', 'needs_attention', 'succeeded'))",
            )
            .bind(lock)
            .bind(words(after_sales))
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
        lookup: LookupKind,
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
}

/// The names of these kinds as a JSON array.
fn words(kinds: impl Iterator<Item = Kind>) -> String {
    serde_json::Value::from_iter(kinds.map(Kind::as_str)).to_string()
}
