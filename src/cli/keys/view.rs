//! Keys, as `keys` prints them.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::Failure;
use crate::clock::SystemClock;
use crate::domain::access::Scopes;
use crate::domain::api_key::{ApiKey, KeyState};
use crate::domain::ids::{AccountName, CallerName, KeyId};
use crate::domain::sealed::NewSecret;
use crate::domain::time::Rfc3339;

/// A key, as the API shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) id: KeyId,
    pub(super) version: i64,
    pub(super) caller: CallerName,
    pub(super) state: KeyState,
    #[serde(flatten)]
    pub(super) settings: Settings,
    secrets: Vec<ShownSecret>,
    created_at: Rfc3339,
    created_by: String,
    revoked_at: Option<Rfc3339>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct ShownSecret {
    created_at: Rfc3339,
    pub(super) expires_at: Option<Rfc3339>,
    last_used_at: Option<Rfc3339>,
}

/// What an operator sets of a key.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Settings {
    pub(super) description: Option<String>,
    pub(super) scopes: Scopes,
    pub(super) accounts: Option<BTreeSet<AccountName>>,
    pub(super) default_account: Option<AccountName>,
    pub(super) expires_at: Option<Rfc3339>,
}

/// A key with its new secret. It has no `Debug`, which would print the secret.
#[derive(Serialize, Deserialize)]
pub(super) struct WithSecret {
    pub(super) key: Shown,
    api_key: String,
}

// === impl Shown ===

impl From<ApiKey> for Shown {
    fn from(key: ApiKey) -> Self {
        let now = SystemClock::shared().wall();
        let secrets = key.secrets.iter().map(|secret| ShownSecret {
            created_at: Rfc3339(secret.created_at),
            expires_at: secret.expires_at.map(Rfc3339),
            last_used_at: secret.last_used_at.map(Rfc3339),
        });
        Self {
            state: key.state(now),
            secrets: secrets.collect(),
            id: key.id,
            version: key.revision,
            caller: key.caller,
            settings: Settings {
                description: key.description,
                scopes: key.rights.scopes,
                accounts: key.rights.accounts.map(Arc::unwrap_or_clone),
                default_account: key.rights.default_account,
                expires_at: key.expires_at.map(Rfc3339),
            },
            created_at: Rfc3339(key.created_at),
            created_by: key.created_by,
            revoked_at: key.revoked_at.map(Rfc3339),
        }
    }
}

// === impl WithSecret ===

impl WithSecret {
    pub(super) fn new(key: ApiKey, secret: &NewSecret) -> Result<Self, Failure> {
        let api_key = serde_json::to_value(secret).map_err(Failure::failed)?;
        Ok(Self {
            key: key.into(),
            api_key: api_key.as_str().unwrap_or_default().to_owned(),
        })
    }

    /// The text after the key was created.
    pub(super) fn created(&self) -> String {
        self.text("Created the key", "")
    }

    /// The text after the key was rotated.
    pub(super) fn rotated(&self) -> String {
        let earlier = self.key.secrets.iter().filter_map(|s| s.expires_at);
        // A secret is not accepted after the key has expired.
        let ends = earlier.map(|at| self.key.settings.expires_at.map_or(at, |end| at.min(end)));
        let earlier = match ends.max() {
            Some(until) => format!("The earlier secret is accepted until {until}.\n\n"),
            None => "No earlier secret is accepted any more.\n\n".to_owned(),
        };
        self.text("Rotated the secret of the key", &earlier)
    }

    fn text(&self, done: &str, more: &str) -> String {
        format!(
            "{done} of {}. This is the API key; it is not shown again:\n{}\n\n{more}{}",
            self.key.caller,
            self.api_key,
            table(std::slice::from_ref(&self.key))
        )
    }
}

/// A line for each key.
pub(super) fn table(keys: &[Shown]) -> String {
    let mut text = String::new();
    let line = |cells: [&str; 6]| {
        let [id, caller, state, expires, used, scopes] = cells;
        format!("{id:36}  {caller:20}  {state:8}  {expires:29}  {used:29}  {scopes}")
    };
    let head = ["ID", "CALLER", "STATE", "EXPIRES", "LAST USED", "SCOPES"];
    let _ = writeln!(text, "{}", line(head));
    for key in keys {
        let time = |at: Option<Rfc3339>| at.map_or_else(|| "-".to_owned(), |at| at.to_string());
        let used = key.secrets.iter().filter_map(|secret| secret.last_used_at);
        let state = match key.state {
            KeyState::Active => "active",
            KeyState::Expired => "expired",
            KeyState::Revoked => "revoked",
        };
        let scopes: Vec<String> = key.settings.scopes.iter().map(|s| s.to_string()).collect();
        let cells = [
            &*key.id.to_string(),
            key.caller.as_str(),
            state,
            &*time(key.settings.expires_at),
            &*time(used.max()),
            &*scopes.join(","),
        ];
        let _ = writeln!(text, "{}", line(cells));
    }
    text
}
