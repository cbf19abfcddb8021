//! Configuration: built-in defaults < file (TOML) < environment (`GATEWAY__SECTION__KEY`).
//!
//! The `config` crate merges the layers into one raw tree. Each section then reads its keys and collects
//! problems, so that a failed start reports all of them at once.

use std::collections::BTreeMap;
use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use config::{Environment, File, FileFormat, Map, Source, Value, ValueKind};
use serde::Serialize;

pub mod accounts;
pub mod after_sales;
pub mod auth;
mod error_map;
pub mod feed;
pub mod notifications;
pub mod reconcile;
pub mod server;
mod show;
mod status_map;
pub mod store;
mod table;
pub mod telemetry;
pub mod top;
mod value;
pub mod watcher;
pub mod webhooks;

pub use accounts::Account;
pub use auth::{Auth, AuthMode, Key, LOCAL};
pub use feed::Feed;
pub use notifications::Notifications;
pub use reconcile::Reconcile;
pub use server::Server;
pub use store::Store;
pub use telemetry::{LogFormat, Telemetry};
pub use top::{Proxy, Top};
pub use watcher::Watcher;
pub use webhooks::Webhooks;

use crate::domain::ids::AccountName;
use crate::domain::order::OrderStatus;
use crate::operations::classify::ErrorRow;
use crate::top::contract::{Override, Overrides, Registry};
use crate::top::sign::SignMethod;
use table::{Problems, Table};

const DEFAULTS: &str = include_str!("config/defaults.toml");
const SANDBOX: &str = include_str!("config/sandbox.toml");
const PREFIX: &str = "GATEWAY";

/// The default of `store.url` in the sandbox: a new journal for each run.
pub const SANDBOX_STORE: &str = "sqlite://(a fresh file for each run)";

/// Which built-in defaults apply.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Profile {
    /// For real calls: secrets and user-specific values have no default.
    Serve,
    /// For the sandbox: everything has a default.
    Sandbox,
}

/// The complete, valid configuration.
#[derive(Debug, Clone, Serialize)]
pub struct Config {
    /// The listener of the REST API.
    pub server: Server,
    /// The Taobao Open Platform.
    pub top: Top,
    /// The purchasing accounts by name; at least one.
    pub accounts: BTreeMap<AccountName, Account>,
    /// The journal's database.
    pub store: Store,
    /// Who may call.
    pub auth: Auth,
    /// How unknown outcomes are resolved.
    pub reconcile: Reconcile,
    /// How TOP's messages are received.
    pub notifications: Notifications,
    /// The feed of events.
    pub feed: Feed,
    /// When unfinished orders, refunds and changes are read again.
    pub watcher: Watcher,
    /// Deliveries of events to endpoints of callers.
    pub webhooks: Webhooks,
    /// Additional rows for the classification of upstream refusals.
    pub error_map: Vec<ErrorRow>,
    /// Additional upstream status phrases, each with the order status that it means.
    pub status_map: BTreeMap<String, OrderStatus>,
    /// Logs and metrics.
    pub telemetry: Telemetry,
}

/// All problems of the configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// One sentence each, sorted.
    pub problems: Vec<String>,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.problems.len() {
            1 => write!(f, "the configuration has a problem:")?,
            n => write!(f, "the configuration has {n} problems:")?,
        }
        for problem in &self.problems {
            write!(f, "\n  - {problem}")?;
        }
        Ok(())
    }
}

impl std::error::Error for ConfigError {}

impl From<String> for ConfigError {
    fn from(problem: String) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl Config {
    /// Merges the layers, reads secrets from their files and checks everything.
    ///
    /// # Errors
    /// All problems at once: unknown keys, missing keys, values of the wrong type, contradictions,
    /// unreadable secrets. No message contains a secret.
    pub fn load(
        file: Option<&Path>,
        env: impl Iterator<Item = (String, String)>,
        profile: Profile,
    ) -> Result<Self, ConfigError> {
        let problems = Problems::default();
        let tree = merge(file, env, profile)?;
        // The sandbox profile has a default for every key.
        let fallback = merge(None, std::iter::empty(), Profile::Sandbox)?;
        let mut root = Table::new(String::new(), Some(tree), Some(fallback), &problems);
        let server = Server::read(root.table("server"));
        let top = Top::read(root.table("top"));
        let accounts = accounts::read(root.table("accounts"));
        let store = Store::read(root.table("store"));
        let auth = Auth::read(root.table("auth"));
        let reconcile = Reconcile::read(root.table("reconcile"));
        let notifications = Notifications::read(root.table("notifications"));
        let feed = Feed::read(root.table("feed"));
        let watcher = Watcher::read(root.table("watcher"));
        let webhooks = Webhooks::read(root.table("webhooks"));
        let rows = root.optional("error_map", value::list);
        let error_map = error_map::read(rows, &problems);
        let status_map = status_map::read(root.table("status_map"));
        let telemetry = Telemetry::read(root.table("telemetry"));
        root.finish();

        contradictions(
            &problems,
            profile,
            server.as_ref(),
            top.as_ref(),
            &accounts,
            auth.as_ref(),
            reconcile.as_ref(),
        );
        if let Some(store) = &store {
            unauthorised(&problems, &accounts, store);
            let has_callback = top
                .as_ref()
                .is_some_and(|top| top.oauth.callback_url.is_some());
            problems.unless(!has_callback || store.seal_key.is_some(), || {
                "`top.oauth.callback_url` is set, but `store.seal_key` is not: sessions could not be stored".to_owned()
            });
        }
        if let Some(notifications) = &notifications {
            // The sandbox gives its accounts the user ids of its simulator.
            if profile == Profile::Serve {
                notifications.check_accounts(&accounts, &problems);
            }
        }
        let config = (|| {
            Some(Self {
                server: server?,
                top: top?,
                accounts,
                store: store?,
                auth: auth?,
                reconcile: reconcile?,
                notifications: notifications?,
                feed: feed?,
                watcher: watcher?,
                webhooks: webhooks?,
                error_map,
                status_map,
                telemetry: telemetry?,
            })
        })();
        let mut problems = problems.into_vec();
        problems.sort();
        match config {
            Some(config) if problems.is_empty() => Ok(config),
            _ => Err(ConfigError { problems }),
        }
    }

    /// The account for a call that names no account: the only one, or the one called `default`.
    #[must_use]
    pub fn default_account(&self) -> Option<&AccountName> {
        let mut names = self.accounts.keys();
        match (names.next(), names.next()) {
            (Some(only), None) => Some(only),
            _ => self
                .accounts
                .keys()
                .find(|name| name.to_string() == "default"),
        }
    }

    /// Sets the callback address of authorisations for a gateway that calls a simulator: its own page at this address. TOP
    /// accepts only the address that is registered for the app.
    pub fn complete_callback(&mut self, listener: SocketAddr) {
        if self.top.calls_simulator() && self.top.oauth.callback_url.is_none() {
            self.top.oauth.callback_url = format!("http://{listener}/oauth/callback").parse().ok();
        }
    }

    /// The effective configuration as TOML, with `***` for each secret.
    ///
    /// # Errors
    /// A value that TOML cannot represent; a loaded configuration has none.
    pub fn redacted(&self) -> Result<String, ConfigError> {
        toml::to_string(self)
            .map_err(|error| format!("cannot print the configuration as TOML: {error}").into())
    }
}

/// Rules that concern more than one section.
fn contradictions(
    problems: &Problems,
    profile: Profile,
    server: Option<&Server>,
    top: Option<&Top>,
    accounts: &BTreeMap<AccountName, Account>,
    auth: Option<&Auth>,
    reconcile: Option<&Reconcile>,
) {
    if let (Some(server), Some(auth)) = (server, auth) {
        problems.unless(
            auth.mode == AuthMode::Keys || server.listen.ip().is_loopback(),
            || {
                format!(
                    "`auth.mode` is `none`, but `server.listen` is {}: without keys the gateway may \
                     only listen on a loopback address",
                    server.listen
                )
            },
        );
    }
    if let (Some(top), Some(reconcile)) = (top, reconcile) {
        problems.unless(reconcile.settle_window >= top.deadline, || {
            "`reconcile.settle_window` must not be shorter than `top.deadline`, or a call still in \
             flight would count as not executed"
                .to_owned()
        });
        // The sandbox calls its own simulator and ignores the endpoint.
        if profile == Profile::Serve && !top.calls_simulator() {
            reconcile.check_floor(problems);
        }
    }
    if let Some(top) = top
        && let Err(misfits) = Overrides::build(Registry::embedded(), &top.contract.overrides)
    {
        for misfit in misfits {
            problems.add(format!("`top.contract.overrides`: {misfit}"));
        }
    }
    if let (Some(server), Some(top)) = (server, top) {
        problems.unless(
            server.shutdown_grace > top.deadline + Duration::from_secs(1),
            || {
                "`server.shutdown_grace` must be more than 1 s longer than `top.deadline`, so that a \
                 call in flight can finish and be committed"
                    .to_owned()
            },
        );
    }
    if let Some(auth) = auth {
        for (name, key) in &auth.keys {
            for account in key.accounts.iter().flatten() {
                problems.unless(accounts.contains_key(account), || {
                    format!("`auth.keys.{name}.accounts` names the unknown account `{account}`")
                });
            }
            if let Some(account) = &key.default_account {
                problems.unless(accounts.contains_key(account), || {
                    format!(
                        "`auth.keys.{name}.default_account` names the unknown account `{account}`"
                    )
                });
                let is_own = |own: &Vec<AccountName>| own.contains(account);
                problems.unless(key.accounts.as_ref().is_none_or(is_own), || {
                    format!(
                        "`auth.keys.{name}.default_account` is `{account}`, which `auth.keys.{name}.accounts` does not list"
                    )
                });
            }
        }
    }
}

/// An account needs a session, or a key with which a session can be stored later.
fn unauthorised(problems: &Problems, accounts: &BTreeMap<AccountName, Account>, store: &Store) {
    for (name, account) in accounts {
        problems.unless(account.session.is_some() || store.seal_key.is_some(), || {
            format!(
                "`accounts.{name}.session` is missing: set it or `accounts.{name}.session_file`, or set \
                 `store.seal_key_file` and authorise the account while the gateway runs"
            )
        });
    }
}

fn is_loopback_host(host: &str) -> bool {
    host == "localhost"
        || host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|ip| ip.is_loopback())
}

fn merge(
    file: Option<&Path>,
    env: impl Iterator<Item = (String, String)>,
    profile: Profile,
) -> Result<Value, ConfigError> {
    let file = file.map(read_file).transpose()?;
    let environment = Environment::with_prefix(PREFIX)
        .prefix_separator("__")
        .separator("__")
        .source(Some(env.collect()));

    let build = |layers: &[&str]| {
        let mut builder = config::Config::builder();
        for layer in layers {
            builder = builder.add_source(File::from_str(layer, FileFormat::Toml));
        }
        builder
            .add_source(environment.clone())
            .build()
            .and_then(|config| config.collect())
            .map_err(|error| ConfigError::from(error.to_string()))
    };
    let file = file.as_deref().unwrap_or_default();
    match profile {
        Profile::Serve => Ok(build(&[DEFAULTS, file])?.into()),
        Profile::Sandbox => {
            let mut tree: Value = build(&[DEFAULTS, SANDBOX, file])?.into();
            drop_replaced_secrets(&mut tree, &build(&[file])?);
            Ok(tree)
        }
    }
}

/// Drops a default secret of the sandbox if the user sets the `_file` key instead.
fn drop_replaced_secrets(tree: &mut Value, user: &Map<String, Value>) {
    let ValueKind::Table(entries) = &mut tree.kind else {
        return;
    };
    for (key, theirs) in user {
        if let ValueKind::Table(theirs) = &theirs.kind {
            if let Some(ours) = entries.get_mut(key) {
                drop_replaced_secrets(ours, theirs);
            }
        } else if let Some(secret) = key.strip_suffix("_file")
            && !user.contains_key(secret)
        {
            entries.remove(secret);
        }
    }
}

/// Reads the file and checks its syntax. The parser of the `config` crate would quote the invalid line,
/// which may contain a secret.
fn read_file(path: &Path) -> Result<String, ConfigError> {
    let shown = PathBuf::from(path);
    let shown = shown.display();
    let text = std::fs::read_to_string(path)
        .map_err(|error| format!("cannot read {shown}: {}", error.kind()))?;
    match toml::from_str::<toml::Table>(&text) {
        Ok(_) => Ok(text),
        Err(error) => {
            let at = error.span().map_or(0, |span| span.start);
            let line = text.as_bytes()[..at.min(text.len())]
                .iter()
                .filter(|byte| **byte == b'\n')
                .count();
            Err(format!(
                "{shown} is not valid TOML, line {}: {}",
                line + 1,
                error.message()
            )
            .into())
        }
    }
}

#[cfg(test)]
mod tests;
