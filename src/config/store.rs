//! `[store]`: the journal's database.

use config::Value;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::show::masked_option;
use super::table::Table;
use super::value;

/// The journal's database.
#[derive(Debug, Clone, Serialize)]
pub struct Store {
    /// `sqlite://` and a path.
    pub url: String,
    /// The key of the hashes that stand for passengers and for request fingerprints: 64
    /// hexadecimal digits. Must stay the same as long as the journal is kept.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "masked_option"
    )]
    pub hash_key: Option<SecretString>,
    /// Connections that read at the same time; there is always exactly one that writes.
    pub read_connections: u32,
    /// Changes that may wait for the next commit before new operations are refused.
    pub queue: u32,
}

fn sqlite_url(value: &Value) -> Result<String, String> {
    let url = value::text(value)?;
    match url.strip_prefix("sqlite://") {
        Some("") => Err("expected a path after `sqlite://`".to_owned()),
        Some(_) => Ok(url),
        None => Err("expected a URL such as \"sqlite://data/journal.db\"".to_owned()),
    }
}

impl Store {
    /// The bytes of `hash_key`.
    #[must_use]
    pub fn hash_key_bytes(&self) -> Option<[u8; 32]> {
        value::hex_bytes(self.hash_key.as_ref()?.expose_secret()).ok()
    }

    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let url = table.required("url", sqlite_url);
        let hash_key = table.secret("hash_key", "hash_key_file");
        if let Some(key) = &hash_key
            && let Err(why) = value::hex_bytes::<32>(key.expose_secret())
        {
            problems.add(format!("`{}`: {why}", table.path_of("hash_key")));
        }
        let read_connections = table.required("read_connections", value::count);
        let queue = table.required("queue", value::count);
        table.finish();
        Some(Self {
            url: url?,
            hash_key,
            read_connections: read_connections?,
            queue: queue?,
        })
    }
}
