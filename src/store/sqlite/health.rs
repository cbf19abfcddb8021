//! The health of the journal: shared by the writer, the readers, the integrity check and `/readyz`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::gauge;

use super::files::Files;
use crate::store::{Check, Condition, Fault, JournalError, Warning};
use crate::telemetry::metrics::JOURNAL_LINKS;

/// The health of the journal. Every user of a connection holds a reference, so that the lock on the database is
/// released only after the last connection.
pub(super) struct Health {
    files: Files,
    wal_missing: bool,
    seen: Mutex<Seen>,
}

/// The last observations, so that each change is logged once.
struct Seen {
    damage: Option<String>,
    moved: bool,
    names: u64,
    check: Check,
}

impl Health {
    pub(super) fn new(files: Files, wal_missing: bool) -> Self {
        Self {
            files,
            wal_missing,
            seen: Mutex::new(Seen {
                damage: None,
                moved: false,
                names: 1,
                check: Check::Running,
            }),
        }
    }

    /// Whether new work may begin: the files are in place, and no damage was found. The check costs only a few `stat`
    /// calls, so it is made before every commit that begins an operation or a send.
    pub(super) fn fit(&self) -> Result<(), JournalError> {
        let found = self.files.verify();
        let mut seen = self.seen();
        match &found {
            Ok(names) => {
                if std::mem::take(&mut seen.moved) {
                    tracing::warn!("the journal's files are back in place");
                }
                if *names > 1 && *names != seen.names {
                    tracing::error!(
                        "ALARM: the journal's database file has {names} names (hard links). If it were opened under \
                         another name, SQLite would lose the changes in the write-ahead log. Remove the other names"
                    );
                }
                seen.names = *names;
                gauge!(JOURNAL_LINKS).set(u32::try_from(*names).unwrap_or(u32::MAX));
            }
            Err(error) => {
                if !std::mem::replace(&mut seen.moved, true) {
                    tracing::error!(
                        %error,
                        "ALARM: the journal's files are not in place; no new operations are accepted or sent"
                    );
                }
            }
        }
        match &seen.damage {
            Some(what) => Err(JournalError::new(Fault::Damaged, what)),
            None => found.map(drop),
        }
    }

    /// Whether the files are in place.
    pub(super) fn in_place(&self) -> Result<(), JournalError> {
        self.files.verify().map(drop)
    }

    /// Returns the result unchanged and records damage.
    pub(super) fn noted<T>(&self, result: Result<T, JournalError>) -> Result<T, JournalError> {
        if let Err(error) = &result
            && error.fault == Fault::Damaged
        {
            self.damaged(&error.what);
        }
        result
    }

    /// Records damage. It remains recorded until the next start.
    pub(super) fn damaged(&self, what: &str) {
        let mut seen = self.seen();
        if seen.damage.is_none() {
            tracing::error!(
                "ALARM: the journal is damaged; no new operations are accepted or sent \
                 (docs/operations.md, \"A damaged journal\"): {what}"
            );
            seen.damage = Some(what.to_owned());
        }
    }

    /// Records the state of the integrity check.
    pub(super) fn checked(&self, check: Check) {
        self.seen().check = check;
    }

    pub(super) fn condition(&self) -> Condition {
        let seen = self.seen();
        let warnings = [
            (seen.names > 1, Warning::HardLink),
            (self.wal_missing, Warning::WalMissing),
        ];
        Condition {
            check: seen.check,
            warnings: warnings
                .into_iter()
                .filter_map(|(holds, warning)| holds.then_some(warning))
                .collect(),
        }
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
