//! Secrets in files of their own, as secret managers and orchestrators provide them.

use std::io;
use std::path::Path;

use secrecy::SecretString;

/// The maximum size of a file.
const MOST_BYTES: u64 = 64 * 1024;

/// Reads a secret: one line, without the white space around it.
///
/// # Errors
/// What is wrong with the file, without its content.
pub(crate) fn read(file: &Path) -> Result<SecretString, String> {
    let unreadable = |error: io::Error| format!("cannot read {}: {}", file.display(), error.kind());
    let metadata = std::fs::metadata(file).map_err(unreadable)?;
    // Reading a pipe or a device may never end.
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return Err(format!(
            "{} is not a file of at most {MOST_BYTES} bytes",
            file.display()
        ));
    }
    let text = std::fs::read_to_string(file).map_err(unreadable)?;
    match text.trim() {
        "" => Err(format!("{} is empty", file.display())),
        secret if secret.lines().count() > 1 => {
            Err(format!("{} has more than one line", file.display()))
        }
        secret => Ok(SecretString::from(secret)),
    }
}
