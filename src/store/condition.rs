//! The condition of the data.

use serde::Serialize;
use utoipa::ToSchema;

/// What the journal knows of its data beside whether it can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JournalCondition)]
pub struct Condition {
    /// The check of the whole database that begins with the process.
    pub check: Check,
    /// What an operator should look into; writes are taken all the same. `hard_link`: the database file has
    /// more than one name. `wal_missing`: the journal was not closed cleanly before this start, and its
    /// write-ahead log was missing, so it may be a copy that lacks what was done since.
    pub warnings: Vec<Warning>,
}

/// How far the check of the whole database has come. Damage makes the gateway not ready; `unfinished`
/// means that the check took too long or failed for another reason, which the log tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalCheck)]
pub enum Check {
    /// It is under way.
    Running,
    /// It found no damage.
    Passed,
    /// It took too long, or failed for another reason than damage.
    Unfinished,
}

/// Something about the journal that an operator should look into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalWarning)]
pub enum Warning {
    /// The database file has more than one name.
    HardLink,
    /// The journal was not closed cleanly before this start, and its write-ahead log was missing: it may
    /// be a copy that lacks what was done since.
    WalMissing,
}
