//! Converts operations to rows and back.

use std::str::FromStr;

use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::failed;
use crate::domain::attachment::KeptAttachment;
use crate::domain::ids::{AccountName, OperationId};
use crate::domain::operation::{Operation, Standing, State, TimelineEntry};
use crate::domain::time::Rfc3339;
use crate::store::JournalError;

macro_rules! columns {
    () => {
        "id, revision, version, state, basis, account, caller, boot, touched_ms, intent, created_at, sent_at, \
         sent_steady_ms, settled_at, confirmed_at, claim, findings, next_look_at, watch_until, prune_at, \
         contradicted, attention, retry_of, baseline, result, differs, failure"
    };
}

pub(super) const COLUMNS: &str = columns!();
pub(super) const SELECT_ONE: &str =
    concat!("SELECT ", columns!(), " FROM operations WHERE id = ?1");
pub(super) const SELECT_KNOWN: &str = concat!(
    "SELECT fingerprint, ",
    columns!(),
    " FROM operations WHERE idempotency = ?1"
);
/// Due operations in state `unknown`, for which callers wait.
pub(super) const SELECT_DUE_UNKNOWN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM operations WHERE state = 'unknown' AND next_look_at <= ?1 \
     ORDER BY next_look_at LIMIT ?2"
);
/// The other due operations: watched after settling, or waiting for a person.
pub(super) const SELECT_DUE_OTHERS: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM operations WHERE next_look_at <= ?1 AND +state <> 'unknown' \
     ORDER BY next_look_at LIMIT ?2"
);
pub(super) const SELECT_STALE: &str = concat!(
    "SELECT ",
    columns!(),
    ", (SELECT until_ms FROM instances WHERE instances.id = boot) AS until_ms FROM operations \
     WHERE state IN ('accepted', 'sending') AND (boot <> ?1 OR touched_ms < ?2) ORDER BY id LIMIT 1000"
);
/// Earlier operations on the same subject that ended without effect.
pub(super) const SELECT_EARLIER: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM operations WHERE lock_base = ?1 AND +kind IN (SELECT value FROM json_each(?3)) AND \
     rowid < (SELECT rowid FROM operations WHERE id = ?2) AND \
     (+state = 'rejected' OR +basis IN ('absent', 'refused_by_gateway')) ORDER BY rowid DESC"
);
/// Operations that need attention, among the operation that an operation repeats and those on its subject.
pub(super) const SELECT_CONTRADICTED: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM operations WHERE (id = ?1 OR lock_base = ?2) AND +state = 'needs_attention'"
);
/// The newest operations on some subjects.
pub(super) const SELECT_ABOUT: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM operations WHERE lock_base IN (SELECT value FROM json_each(?1)) ORDER BY rowid DESC LIMIT 64"
);
/// All open operations.
pub(super) const SELECT_OPEN: &str = concat!(
    "SELECT ",
    columns!(),
    " FROM operations WHERE state IN ('accepted', 'sending', 'unknown', 'needs_attention')"
);
/// All rows that may prevent an acceptance, in one statement. Each reason has its own `SELECT`, which uses an
/// index and returns only the decisive rows. Operations that ended absent are returned together with the operations
/// that succeeded after them, because these may explain the effect. The `+` keeps the planner from using the index on
/// states, which grows with the history.
pub(super) const SELECT_CONFLICTS: &str = concat!(
    "SELECT 'key' AS why, fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE idempotency = ?1 \
     UNION ALL SELECT * FROM (SELECT 'locked', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE lock_key = ?2 LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT 'locked', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE lock_base = ?2 AND +state = 'needs_attention' LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT 'done', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE done_key = ?6 LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT 'absent', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE absent_key IN (SELECT value FROM json_each(?3))) \
     UNION ALL SELECT * FROM (SELECT 'later', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE lock_base = ?2 AND +state = 'succeeded' AND rowid > \
     (SELECT min(rowid) FROM operations WHERE absent_key IN (SELECT value FROM json_each(?3)))) \
     UNION ALL SELECT * FROM (SELECT 'duplicate', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE twin_key = ?4 AND +state IN \
     ('accepted', 'sending', 'unknown', 'needs_attention') LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT 'duplicate', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE twin_key = ?4 AND +basis = 'absent' AND id IS NOT ?5 LIMIT 1) \
     UNION ALL SELECT * FROM (SELECT 'earlier', fingerprint, rowid AS place, ",
    columns!(),
    " FROM operations WHERE id = ?5)"
);

pub(super) fn read(row: &SqliteRow) -> Result<Operation, JournalError> {
    let id: String = row.try_get("id").map_err(failed)?;
    let account: String = row.try_get("account").map_err(failed)?;
    let basis: Option<String> = row.try_get("basis").map_err(failed)?;
    let retry_of: Option<String> = row.try_get("retry_of").map_err(failed)?;
    let times = |name: &str| -> Result<Option<Timestamp>, JournalError> {
        let ms: Option<i64> = row.try_get(name).map_err(failed)?;
        ms.map(time).transpose()
    };
    Ok(Operation {
        id: OperationId::from_str(&id).map_err(failed)?,
        revision: row.try_get("revision").map_err(failed)?,
        version: row.try_get("version").map_err(failed)?,
        intent: document(row.try_get("intent").map_err(failed)?)?,
        standing: Standing {
            state: word(row.try_get("state").map_err(failed)?)?,
            basis: basis.map(word).transpose()?,
        },
        account: AccountName::from_str(&account).map_err(failed)?,
        caller: row.try_get("caller").map_err(failed)?,
        boot: row.try_get("boot").map_err(failed)?,
        touched_ms: row.try_get("touched_ms").map_err(failed)?,
        created_at: time(row.try_get("created_at").map_err(failed)?)?,
        sent_at: times("sent_at")?,
        sent_steady_ms: row
            .try_get::<Option<i64>, _>("sent_steady_ms")
            .map_err(failed)?
            .and_then(|ms| u64::try_from(ms).ok()),
        settled_at: times("settled_at")?,
        confirmed_at: times("confirmed_at")?,
        claim: word(row.try_get("claim").map_err(failed)?)?,
        findings: document(row.try_get("findings").map_err(failed)?)?,
        next_look_at: row.try_get("next_look_at").map_err(failed)?,
        watch_until: row.try_get("watch_until").map_err(failed)?,
        prune_at: row.try_get("prune_at").map_err(failed)?,
        contradicted: row.try_get("contradicted").map_err(failed)?,
        attention: row
            .try_get::<Option<String>, _>("attention")
            .map_err(failed)?
            .map(word)
            .transpose()?,
        retry_of: retry_of
            .map(|id| OperationId::from_str(&id).map_err(failed))
            .transpose()?,
        baseline: optional(row.try_get("baseline").map_err(failed)?)?.unwrap_or_default(),
        result: optional(row.try_get("result").map_err(failed)?)?,
        differs: optional(row.try_get("differs").map_err(failed)?)?.unwrap_or_default(),
        failure: optional(row.try_get("failure").map_err(failed)?)?,
    })
}

/// A timeline entry.
pub(super) fn entry(row: &SqliteRow) -> Result<TimelineEntry, JournalError> {
    Ok(TimelineEntry {
        at: Rfc3339(time(row.try_get("at").map_err(failed)?)?),
        state: word(row.try_get("state").map_err(failed)?)?,
        what: row.try_get("what").map_err(failed)?,
    })
}

/// A stored attachment.
pub(super) fn attachment(row: &SqliteRow, key: [u8; 32]) -> Result<KeptAttachment, JournalError> {
    let account: String = row.try_get("account").map_err(failed)?;
    let order_id: Option<String> = row.try_get("order_id").map_err(failed)?;
    Ok(KeptAttachment {
        key,
        account: account.parse().map_err(failed)?,
        order_id: order_id.map(|id| id.parse().map_err(failed)).transpose()?,
        file_id: row.try_get("file_id").map_err(failed)?,
        at: time(row.try_get("at").map_err(failed)?)?,
    })
}

/// The operation in a row, or none if the row cannot be read, for example because a later gateway wrote values
/// that this one does not know. One such row must not block all others.
pub(super) fn readable(row: &SqliteRow) -> Option<Operation> {
    match read(row) {
        Ok(operation) => Some(operation),
        Err(error) => {
            let id: Option<String> = row.try_get("id").ok();
            tracing::error!(operation_id = id, %error, "an operation cannot be read and is skipped");
            None
        }
    }
}

/// Whether the operation in a row is open, even if the rest of the row cannot be read.
pub(super) fn is_open(row: &SqliteRow) -> bool {
    let state = row.try_get("state").map_err(failed).and_then(word::<State>);
    state.is_ok_and(|state| !state.is_settled())
}

/// Parses an enum from its stored name, which is its serde name.
pub(super) fn word<T: DeserializeOwned>(text: String) -> Result<T, JournalError> {
    serde_json::from_value(serde_json::Value::String(text)).map_err(failed)
}

/// A number in this column that is stored as text; `None` also if it is damaged, because it only adds to an event.
pub(super) fn number<T: FromStr>(
    line: &SqliteRow,
    column: &str,
) -> Result<Option<T>, JournalError> {
    let text: Option<String> = line.try_get(column).map_err(failed)?;
    Ok(text.and_then(|text| text.parse().ok()))
}

/// Serialises an enum to its stored name.
pub(super) fn word_of<T: Serialize>(value: &T) -> Result<String, JournalError> {
    match serde_json::to_value(value).map_err(failed)? {
        serde_json::Value::String(text) => Ok(text),
        other => Err(JournalError::unavailable(format!(
            "{other} is not a stored name"
        ))),
    }
}

pub(super) fn time(ms: i64) -> Result<Timestamp, JournalError> {
    Timestamp::from_millisecond(ms).map_err(failed)
}

fn document<T: DeserializeOwned>(text: &str) -> Result<T, JournalError> {
    serde_json::from_str(text).map_err(failed)
}

fn optional<T: DeserializeOwned>(text: Option<&str>) -> Result<Option<T>, JournalError> {
    text.map(document).transpose()
}
