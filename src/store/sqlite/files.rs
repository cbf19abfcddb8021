//! The files of an open journal: locked for one process, and known by device and inode.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::store::{Fault, JournalError};

/// Linux keeps `flock` apart from the `fcntl` locks that SQLite takes on the database. Elsewhere the two
/// would meet, so a file beside the database is locked instead.
const LOCKS_THE_DATABASE: bool = cfg!(target_os = "linux");

/// The files of an open journal.
pub(super) struct Files {
    /// The database, by the name that SQLite derives those of its other files from.
    path: PathBuf,
    /// Every name that must lead to the same file as when the journal was opened.
    known: Vec<(PathBuf, Id)>,
    /// These hold the locks. A lock belongs to the inode, so it holds whatever name another process uses. The
    /// database must be opened before SQLite opens the file, and closed after: closing any descriptor of a file drops
    /// the process's `fcntl` locks on it.
    lock: Vec<File>,
}

/// What a file is known by, whatever its name.
type Id = (u64, u64);

impl Files {
    /// Opens the database for this process alone, and creates it where there is none, readable by this
    /// user alone: the journal holds order numbers and totals, and perhaps its own key. SQLite gives its
    /// further files the mode of this one.
    ///
    /// # Errors
    /// When the file cannot be opened, or a process has it open already.
    pub(super) fn lock(path: &Path) -> Result<Self, JournalError> {
        create_parent(path)?;
        let database = open(path)?;
        let found = database
            .metadata()
            .map_err(|error| cannot("opened", path, &error))?;
        if !found.is_file() {
            return Err(JournalError::unavailable(format!(
                "{} is not a regular file",
                path.display()
            )));
        }
        let lock = if LOCKS_THE_DATABASE {
            vec![database]
        } else {
            vec![open(&path.with_extension("lock"))?, database]
        };
        if !is_locked(&lock[0], path)? {
            // Where the other process is this one, closing the file would drop the locks of its SQLite.
            std::mem::forget(lock);
            return Err(held(path));
        }
        let canonical = path
            .canonicalize()
            .map_err(|error| cannot("found", path, &error))?;
        let id = id(&found);
        let mut known = vec![(canonical.clone(), id)];
        // A link by which the journal is named may be made to lead to another database.
        if path != canonical {
            known.push((path.to_owned(), id));
        }
        let files = Self {
            path: canonical,
            known,
            lock,
        };
        // The database may have been replaced under a process that runs, and still uses the log.
        if files.has_wal() {
            files.lock_wal()?;
        }
        // SQLite would delete the log, and with it what the journal knew.
        if found.len() == 0 && files.has_wal() {
            let path = path.display();
            return Err(JournalError::new(
                Fault::Damaged,
                format!(
                    "{path} is missing or empty, and {path}-wal holds changes that belong to it: put the \
                     database back, or move the -wal file away if a new journal is meant to begin here \
                     (docs/operations.md, \"Restore is dangerous\")"
                ),
            ));
        }
        Ok(files)
    }

    /// The database, by the name that SQLite is to open it under.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// From now on the files that SQLite has made beside the database must stay what they are, too.
    pub(super) fn know_companions(&mut self) -> Result<(), JournalError> {
        for suffix in ["-wal", "-shm"] {
            let path = beside(&self.path, suffix);
            let found = path
                .metadata()
                .map_err(|error| cannot("found", &path, &error))?;
            self.known.push((path, id(&found)));
        }
        let wal = self.lock_wal()?;
        self.lock.extend(wal);
        Ok(())
    }

    /// Locks the write-ahead log likewise; SQLite takes no locks on it.
    fn lock_wal(&self) -> Result<Option<File>, JournalError> {
        if !LOCKS_THE_DATABASE {
            return Ok(None);
        }
        let path = beside(&self.path, "-wal");
        let wal = File::open(&path).map_err(|error| cannot("opened", &path, &error))?;
        if is_locked(&wal, &path)? {
            Ok(Some(wal))
        } else {
            Err(held(&path))
        }
    }

    /// How many names the database has, if all that were known still lead to the same files.
    pub(super) fn look(&self) -> Result<u64, JournalError> {
        let mut names = 1;
        for (index, (path, known)) in self.known.iter().enumerate() {
            let gone = |why: &str| {
                JournalError::new(
                    Fault::Moved,
                    format!("{} {why} while the journal was open", path.display()),
                )
            };
            match path.metadata() {
                Ok(found) if id(&found) != *known => return Err(gone("was replaced")),
                Ok(found) if index == 0 => names = links(&found),
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    return Err(gone("was deleted or renamed"));
                }
                Err(error) => return Err(cannot("found", path, &error)),
            }
        }
        Ok(names)
    }

    /// Whether a write-ahead log lies beside the database and holds something.
    pub(super) fn has_wal(&self) -> bool {
        is_not_empty(&beside(&self.path, "-wal"))
    }

    /// The write-ahead log beside another name of the database, if SQLite would miss it under this one:
    /// the database was moved without it, or is opened through a hard link or a mount.
    pub(super) fn wal_left_at(&self, other: &Path) -> Option<PathBuf> {
        let wal = beside(other, "-wal");
        let left = match other.metadata() {
            Ok(found) => self.known.iter().any(|(_, known)| id(&found) == *known),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        (left && is_not_empty(&wal)).then_some(wal)
    }
}

/// Locks the file, unless a process has locked it.
fn is_locked(file: &File, path: &Path) -> Result<bool, JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(cannot("locked", path, &error)),
    }
}

fn held(path: &Path) -> JournalError {
    JournalError::unavailable(format!(
        "another process holds {}: stop it, or give this one a store.url of its own",
        path.display()
    ))
}

fn open(path: &Path) -> Result<File, JournalError> {
    let mut options = OpenOptions::new();
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(|error| cannot("opened", path, &error))
}

/// Creates the directory of the journal for this user alone, where there is none.
fn create_parent(path: &Path) -> Result<(), JournalError> {
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

fn cannot(what: &str, path: &Path, error: &std::io::Error) -> JournalError {
    JournalError::unavailable(format!("{} cannot be {what}: {error}", path.display()))
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

fn is_not_empty(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| found.len() > 0)
}

#[cfg(unix)]
fn id(found: &Metadata) -> Id {
    use std::os::unix::fs::MetadataExt as _;
    (found.dev(), found.ino())
}

#[cfg(unix)]
fn links(found: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(found)
}

/// Only whether the files are there can be told.
#[cfg(not(unix))]
fn id(_: &Metadata) -> Id {
    (0, 0)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}
