//! `[auth]`: which internal apps may call, and what they may do.

use std::collections::BTreeMap;

use config::Value;
use secrecy::ExposeSecret;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::show::masked_digest;
use super::table::Table;
use super::{AccountName, value};
use crate::domain::access::{Scope, Scopes};

/// The minimum length of a key, in bytes: shorter keys can be guessed.
const SHORTEST_KEY: usize = 16;

/// Who may call.
#[derive(Debug, Clone, Serialize)]
pub struct Auth {
    /// Whether callers are authenticated.
    pub mode: AuthMode,
    /// The callers by name. The name appears in logs and identifies the owner of an operation.
    pub keys: BTreeMap<String, Key>,
}

/// Whether callers are authenticated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AuthMode {
    /// Every call carries a key.
    Keys,
    /// Every client acts as the operator `local`; allowed on a loopback listener only.
    None,
}

/// The name of every caller while none is authenticated.
pub const LOCAL: &str = "local";

/// A usual set of scopes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    /// An app that books.
    Caller,
    /// All scopes.
    Operator,
}

impl Role {
    const fn scopes(self) -> Scopes {
        match self {
            Self::Caller => Scopes::APP,
            Self::Operator => Scopes::ALL,
        }
    }
}

/// One caller.
#[derive(Debug, Clone, Serialize)]
pub struct Key {
    /// SHA-256 of the API key; the key itself is not stored.
    #[serde(rename = "key_sha256", serialize_with = "masked_digest")]
    pub digest: [u8; 32],
    /// The parts of the API that the caller may use.
    pub scopes: Scopes,
    /// The accounts it may use; `None` means all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub accounts: Option<Vec<AccountName>>,
    /// The account of its calls that name none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_account: Option<AccountName>,
}

fn digest(value: &Value) -> Result<[u8; 32], String> {
    value::hex_bytes(&value::text(value)?)
}

fn scopes(value: &Value) -> Result<Scopes, String> {
    let words = value::texts(value)?;
    let scopes: Option<Scopes> = words
        .iter()
        .map(|word| word.parse::<Scope>().ok())
        .collect();
    scopes.filter(|scopes| !scopes.is_empty()).ok_or_else(|| {
        let words = Scope::ALL.map(|scope| format!("`{scope}`"));
        format!("expected a list of {}", words.join(", "))
    })
}

fn account_name(value: &Value) -> Result<AccountName, String> {
    let name = value::text(value)?.parse();
    name.map_err(|_| "expected the name of a purchasing account".to_owned())
}

impl Key {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let path = table.path_of("key");
        let any_given = ["key", "key_file", "key_sha256"]
            .iter()
            .any(|key| table.has(key));
        let given = table.secret("key", "key_file");
        let given_digest = table.optional("key_sha256", digest);
        let role = table.optional("role", value::word::<Role>);
        let scopes = table.optional("scopes", scopes);
        let scopes_path = table.path_of("scopes");
        let names = table.optional("accounts", value::texts);
        let accounts_path = table.path_of("accounts");
        let default_account = table.optional("default_account", account_name);
        table.finish();

        problems.unless(role.is_none() || scopes.is_none(), || {
            format!("`{scopes_path}` and `role` are both set; keep one")
        });
        let scopes = scopes.or(role.map(Role::scopes)).unwrap_or(Scopes::APP);
        let accounts = names.map(|names| {
            let names = names.iter().filter_map(|name| {
                let parsed = name.parse().ok();
                problems.unless(parsed.is_some(), || {
                    format!("`{accounts_path}` contains an invalid account name")
                });
                parsed
            });
            names.collect()
        });
        let digest = match (given, given_digest) {
            (Some(_), Some(_)) => {
                problems.add(format!(
                    "`{path}` and `{path}_sha256` are both set; keep one"
                ));
                None
            }
            (Some(key), None) => {
                problems.unless(key.expose_secret().len() >= SHORTEST_KEY, || {
                    format!("`{path}` must have at least {SHORTEST_KEY} characters")
                });
                Some(Sha256::digest(key.expose_secret()).into())
            }
            (None, Some(digest)) => Some(digest),
            (None, None) => {
                problems.unless(any_given, || {
                    format!("`{path}` is missing; set it, `{path}_file` or `{path}_sha256`")
                });
                None
            }
        };
        Some(Self {
            digest: digest?,
            scopes,
            accounts,
            default_account,
        })
    }
}

impl Auth {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let mode = table.required("mode", value::word);
        let mut callers = table.table("keys");
        let named = callers.named();
        table.finish();

        let mut keys: BTreeMap<String, Key> = BTreeMap::new();
        for (name, value) in named {
            let Some(key) = Key::read(callers.at(&name, value)) else {
                continue;
            };
            if let Some((other, _)) = keys.iter().find(|(_, k)| k.digest == key.digest) {
                problems.add(format!(
                    "`auth.keys.{other}` and `auth.keys.{name}` have the same key"
                ));
            }
            keys.insert(name, key);
        }
        let mode = mode?;
        // Keys that are created at run time suffice for `keys`.
        problems.unless(mode == AuthMode::Keys || keys.is_empty(), || {
            "`auth.keys` is set, but is ignored because `auth.mode` is `none`".to_owned()
        });
        Some(Self { mode, keys })
    }
}
