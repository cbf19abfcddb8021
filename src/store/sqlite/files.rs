//! The files of an open journal: locked for one process, and identified by device and inode.

use std::fs::{DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::store::{Fault, JournalError};

/// On Linux, `flock` does not interfere with the `fcntl` locks that SQLite takes on the database. On other systems
/// the two may conflict, so a separate file next to the database is locked instead.
const LOCKS_THE_DATABASE: bool = cfg!(target_os = "linux");

/// The files of an open journal.
pub(super) struct Files {
    /// The database, under the name from which SQLite derives the names of its other files.
    path: PathBuf,
    /// Every name that must lead to the same file as when the journal was opened.
    known: Vec<(PathBuf, Id)>,
    /// The open files that hold the locks. A lock belongs to the inode, so it also applies to a process that uses
    /// another name. The database must be opened here before SQLite opens it, and closed after SQLite closes it:
    /// closing any descriptor of a file drops the process's `fcntl` locks on that file.
    lock: Vec<File>,
}

/// Device and inode, which identify a file under any name.
type Id = (u64, u64);

impl Files {
    /// Locks the database for this process, and creates it if it does not exist. Only this user may read it, because
    /// the journal contains order numbers and totals, and perhaps its own hash key. SQLite gives its other files the
    /// same mode.
    ///
    /// # Errors
    /// When the file cannot be opened, or another process holds it.
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
            // If this process itself already holds the lock, closing the file would drop SQLite's locks.
            std::mem::forget(lock);
            return Err(held(path));
        }
        let canonical = path
            .canonicalize()
            .map_err(|error| cannot("found", path, &error))?;
        let id = id(&found);
        let mut known = vec![(canonical.clone(), id)];
        // A symbolic link in the configured path may later be changed to lead to another database.
        if path != canonical {
            known.push((path.to_owned(), id));
        }
        let files = Self {
            path: canonical,
            known,
            lock,
        };
        // The database may have been replaced while another process still uses the write-ahead log.
        if files.has_wal() {
            files.lock_wal()?;
        }
        // SQLite would delete the write-ahead log, and its changes would be lost.
        if found.len() == 0 && files.has_wal() {
            let path = path.display();
            return Err(JournalError::new(
                Fault::Damaged,
                format!(
                    "{path} is missing or empty, but {path}-wal contains changes that belong to it. Put the \
                     database back, or move the -wal file away to start a new journal here \
                     (docs/operations.md, \"Restore is dangerous\")"
                ),
            ));
        }
        Ok(files)
    }

    /// The path under which SQLite must open the database.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Adds the files that SQLite created next to the database to the files that must stay in place.
    pub(super) fn record_companions(&mut self) -> Result<(), JournalError> {
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

    /// Locks the write-ahead log as well. SQLite itself takes no locks on this file.
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

    /// Checks that every known name still leads to the same file. Returns the number of names (hard links) of
    /// the database.
    pub(super) fn verify(&self) -> Result<u64, JournalError> {
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

    /// Whether there is a write-ahead log next to the database that is not empty.
    pub(super) fn has_wal(&self) -> bool {
        is_not_empty(&beside(&self.path, "-wal"))
    }

    /// The write-ahead log next to another name of the database, if SQLite would not find the log under the current
    /// name: the database was moved without its log, or is opened through a hard link or a mount.
    pub(super) fn wal_left_at(&self, other: &Path) -> Option<PathBuf> {
        let wal = beside(other, "-wal");
        let left = match other.metadata() {
            Ok(found) => self.known.iter().any(|(_, known)| id(&found) == *known),
            Err(error) => error.kind() == ErrorKind::NotFound,
        };
        (left && is_not_empty(&wal)).then_some(wal)
    }
}

/// Locks the file. Returns false if another process has locked it.
fn is_locked(file: &File, path: &Path) -> Result<bool, JournalError> {
    match file.try_lock() {
        Ok(()) => Ok(true),
        Err(TryLockError::WouldBlock) => Ok(false),
        Err(TryLockError::Error(error)) => Err(cannot("locked", path, &error)),
    }
}

fn held(path: &Path) -> JournalError {
    JournalError::unavailable(format!(
        "another process holds {}; stop that process, or set a different store.url for this one",
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

/// Creates the journal's directory if it does not exist, accessible only by this user.
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

/// Without inodes, only the existence of the files is checked.
#[cfg(not(unix))]
fn id(_: &Metadata) -> Id {
    (0, 0)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}
