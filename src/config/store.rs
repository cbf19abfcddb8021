//! `[store]`: the journal's database.

use std::path::Path;

use config::Value;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::show::masked_option;
use super::table::{Problems, Table};
use super::value;

/// The journal's database.
#[derive(Debug, Clone, Serialize)]
pub struct Store {
    /// `sqlite://` and a path, without options or escapes.
    pub url: String,
    /// The HMAC key for passenger hashes and request fingerprints: 64 hexadecimal digits. Must not
    /// change while the journal is kept.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "masked_option"
    )]
    pub hash_key: Option<SecretString>,
    /// The key that seals the secrets that the journal keeps: 64 hexadecimal digits.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "masked_option"
    )]
    pub seal_key: Option<SecretString>,
    /// The key before it, until all secrets are sealed with the current one.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "masked_option"
    )]
    pub previous_seal_key: Option<SecretString>,
    /// Number of read connections; there is always exactly one write connection.
    pub read_connections: u32,
    /// How many writes may wait for the next commit before new operations are refused.
    pub queue: u32,
}

const SCHEME: &str = "sqlite://";

/// Parses `sqlite://` and a literal path. Options and escapes that other programs support are refused: read
/// as part of the path, they would start a new, empty journal.
fn sqlite_url(value: &Value) -> Result<String, String> {
    let url = value::text(value)?;
    let why = match url.strip_prefix(SCHEME) {
        None => return Err(expected("")),
        Some("") => "the path is missing; ",
        Some(path) if path.starts_with("file:") => "the path must not begin with `file:`; ",
        Some(path) if path.contains(":memory:") => "a journal in memory would be lost on restart; ",
        Some(path) if path.contains(['?', '#']) => {
            "options (`?…`, `#…`) are not supported; everything after `sqlite://` is the path; "
        }
        Some(path) if has_escape(path) => {
            "percent escapes are not decoded, write the path as it is; "
        }
        Some(path) if path.contains(char::is_control) => "the path contains a control character; ",
        Some(path) if path.ends_with('/') => "the path is a directory; ",
        Some(_) => return Ok(url),
    };
    Err(expected(why))
}

fn expected(why: &str) -> String {
    format!(
        "{why}expected a URL such as \"sqlite://data/journal.db\", or \"sqlite:///data/journal.db\" for an \
         absolute path"
    )
}

fn has_escape(path: &str) -> bool {
    let escape = |three: &[u8]| three[0] == b'%' && three[1..].iter().all(u8::is_ascii_hexdigit);
    path.as_bytes().windows(3).any(escape)
}

impl Store {
    /// The path of the database.
    #[must_use]
    pub fn path(&self) -> &Path {
        Path::new(self.url.strip_prefix(SCHEME).unwrap_or(&self.url))
    }

    /// The bytes of `hash_key`.
    #[must_use]
    pub fn hash_key_bytes(&self) -> Option<[u8; 32]> {
        key_bytes(self.hash_key.as_ref())
    }

    /// The bytes of `seal_key`.
    #[must_use]
    pub fn seal_key_bytes(&self) -> Option<[u8; 32]> {
        key_bytes(self.seal_key.as_ref())
    }

    /// The bytes of `previous_seal_key`.
    #[must_use]
    pub fn previous_seal_key_bytes(&self) -> Option<[u8; 32]> {
        key_bytes(self.previous_seal_key.as_ref())
    }

    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let url = table.required("url", sqlite_url);
        let hash_key = key(&mut table, "hash_key", "hash_key_file");
        let seal_key = key(&mut table, "seal_key", "seal_key_file");
        let previous_seal_key = key(&mut table, "previous_seal_key", "previous_seal_key_file");
        let read_connections = table.required("read_connections", value::count);
        let queue = table.required("queue", value::count);
        table.finish();
        let store = Self {
            url: url?,
            hash_key,
            seal_key,
            previous_seal_key,
            read_connections: read_connections?,
            queue: queue?,
        };
        store.check_seal_keys(problems);
        Some(store)
    }

    fn check_seal_keys(&self, problems: &Problems) {
        let (current, previous) = (self.seal_key_bytes(), self.previous_seal_key_bytes());
        let lacks_current = self.previous_seal_key.is_some() && self.seal_key.is_none();
        problems.unless(!lacks_current, || {
            "`store.previous_seal_key` is set, but `store.seal_key` is not: set the current key, too".to_owned()
        });
        problems.unless(previous.is_none() || current != previous, || {
            "`store.previous_seal_key` and `store.seal_key` are the same; remove the previous key".to_owned()
        });
    }
}

fn key_bytes(key: Option<&SecretString>) -> Option<[u8; 32]> {
    value::hex_bytes(key?.expose_secret()).ok()
}

/// A key of 32 bytes.
fn key(table: &mut Table<'_>, name: &'static str, file: &'static str) -> Option<SecretString> {
    let secret = table.secret(name, file)?;
    if let Err(why) = value::hex_bytes::<32>(secret.expose_secret()) {
        let path = table.path_of(name);
        let problem = format!("`{path}`: {why}; create one with `openssl rand -hex 32`");
        table.problems().add(problem);
    }
    Some(secret)
}
