//! Secrets in files of their own, as secret managers and orchestrators provide them.

use std::path::Path;

use secrecy::SecretString;

/// Reads a secret: one line, without the white space around it.
///
/// # Errors
/// What is wrong with the file, without its content.
pub(crate) fn read(file: &Path) -> Result<SecretString, String> {
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("cannot read {}: {}", file.display(), error.kind()))?;
    match text.trim() {
        "" => Err(format!("{} is empty", file.display())),
        secret if secret.lines().count() > 1 => {
            Err(format!("{} has more than one line", file.display()))
        }
        secret => Ok(SecretString::from(secret)),
    }
}
