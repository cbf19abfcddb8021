//! The condition of the data.

use serde::Serialize;
use utoipa::ToSchema;

/// The condition of the journal's data, apart from whether it can be written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[schema(as = JournalCondition)]
pub struct Condition {
    /// The integrity check of the whole database, which starts with the process.
    pub check: Check,
    /// Problems that an operator should investigate. Writes are still accepted. `hard_link`: the database file has
    /// more than one name. `wal_missing`: the journal was not closed cleanly before this start and its
    /// write-ahead log is missing, so it may be a copy that lacks later changes.
    pub warnings: Vec<Warning>,
}

/// The state of the integrity check of the whole database. If the check finds damage, the gateway is not
/// ready. `unfinished` means that the check took too long or failed for another reason, which the log contains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalCheck)]
pub enum Check {
    /// The check is running.
    Running,
    /// The check found no damage.
    Passed,
    /// The check took too long or failed for another reason than damage.
    Unfinished,
}

/// A problem of the journal that an operator should investigate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = JournalWarning)]
pub enum Warning {
    /// The database file has more than one name.
    HardLink,
    /// The journal was not closed cleanly before this start and its write-ahead log is missing, so the journal may
    /// be a copy that lacks later changes.
    WalMissing,
}
