//! Whether the journal can be relied on: one answer for the writer, the readers, the check of the whole
//! database and `/readyz`.

use std::sync::{Mutex, MutexGuard, PoisonError};

use metrics::gauge;

use super::files::Files;
use crate::store::{Check, Condition, Fault, JournalError, Warning};
use crate::telemetry::metrics::JOURNAL_LINKS;

/// Whether the journal can be relied on. Whatever has a connection holds it, so that the lock on the
/// database ends after the last connection.
pub(super) struct Health {
    files: Files,
    wal_missing: bool,
    seen: Mutex<Seen>,
}

/// What was seen, so that each change is logged once.
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

    /// Whether something new may begin: the files are where they were, and no damage was seen. A few
    /// `stat` calls, so it is asked before every commit that begins something.
    pub(super) fn fit(&self) -> Result<(), JournalError> {
        let found = self.files.look();
        let mut seen = self.seen();
        match &found {
            Ok(names) => {
                if std::mem::take(&mut seen.moved) {
                    tracing::warn!("the journal's files are in their place again");
                }
                if *names > 1 && *names != seen.names {
                    tracing::error!(
                        "ALARM: the journal's database has {names} names; SQLite would lose what is in \
                         its write-ahead log under another one: remove the others"
                    );
                }
                seen.names = *names;
                gauge!(JOURNAL_LINKS).set(u32::try_from(*names).unwrap_or(u32::MAX));
            }
            Err(error) => {
                if !std::mem::replace(&mut seen.moved, true) {
                    tracing::error!(%error, "ALARM: nothing new is taken");
                }
            }
        }
        match &seen.damage {
            Some(what) => Err(JournalError::new(Fault::Damaged, what)),
            None => found.map(drop),
        }
    }

    /// Whether the files are where they were.
    pub(super) fn in_place(&self) -> Result<(), JournalError> {
        self.files.look().map(drop)
    }

    /// Passes the result on, and remembers damage.
    pub(super) fn noted<T>(&self, result: Result<T, JournalError>) -> Result<T, JournalError> {
        if let Err(error) = &result
            && error.fault == Fault::Damaged
        {
            self.damaged(&error.what);
        }
        result
    }

    /// Remembers damage until the next start.
    pub(super) fn damaged(&self, what: &str) {
        let mut seen = self.seen();
        if seen.damage.is_none() {
            tracing::error!(
                "ALARM: the journal is damaged, nothing new is taken (docs/operations.md, \"A damaged \
                 journal\"): {what}"
            );
            seen.damage = Some(what.to_owned());
        }
    }

    /// The check of the whole database has come to this.
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
