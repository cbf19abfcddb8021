//! `keys`: lists and changes API keys, in the journal of a gateway that does not run, or through a running one.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use reqwest::Method;
use serde::Serialize;
use serde_json::json;
use tokio::sync::watch;

use super::{
    Failure, KeyPlaceArgs, KeySettingsArgs, KeysCommand, block_on, note, print, print_all,
};
use crate::access::keys::Keys;
use crate::access::service::{KeyService, KeySettings, Refused};
use crate::clock::{SharedClock, SystemClock};
use crate::config::{Config, Profile};
use crate::domain::access::Rights;
use crate::domain::api_key::{ApiKey, KeyState, RotateError, Rotation};
use crate::domain::ids::{CallerName, KeyId};
use crate::gateway::open_journal;
use crate::store::{Store, Warning};
use client::Client;
use view::{Settings, Shown, WithSecret, table};

mod client;
mod view;

/// The creator of keys in the journal of a gateway that does not run.
const HERE: &str = "command line";

pub(super) fn run(command: &KeysCommand) -> Result<(), Failure> {
    let place = command.place();
    block_on(async {
        let opened = Place::open(command).await?;
        let done = opened.run(command).await;
        opened.close().await;
        match done? {
            Done::Keys(keys) => show(place, &keys, || table(&keys)),
            Done::Key(key) => show(place, &key, || table(std::slice::from_ref(&key))),
            Done::Created(key) => show_secret(place, &key, || key.created(), "was created"),
            Done::Rotated(key) => show_secret(place, &key, || key.rotated(), "has a new secret"),
        }
    })
}

/// What a command did.
enum Done {
    /// Listed these keys.
    Keys(Vec<Shown>),
    /// Changed this key.
    Key(Box<Shown>),
    /// Created this key.
    Created(Box<WithSecret>),
    /// Gave this key a new secret.
    Rotated(Box<WithSecret>),
}

/// Prints the result, as JSON if requested.
fn show<T: Serialize>(
    place: &KeyPlaceArgs,
    result: &T,
    text: impl FnOnce() -> String,
) -> Result<(), Failure> {
    print(&rendered(place, result, text)?)
}

/// Prints a key with its new secret. If that fails, nobody has the secret, so the error says how to replace it.
fn show_secret(
    place: &KeyPlaceArgs,
    key: &WithSecret,
    text: impl FnOnce() -> String,
    what: &str,
) -> Result<(), Failure> {
    let text = rendered(place, key, text)?;
    print_all(&text).map_err(|error| {
        let (id, caller) = (key.key.id, &key.key.caller);
        Failure::failed(format!(
            "the key {id} of {caller} {what}, but its API key was lost because it could not be printed: {error}. \
             Run `keys rotate {id} --replace-newest`, or `keys revoke {id}`"
        ))
    })
}

fn rendered<T: Serialize>(
    place: &KeyPlaceArgs,
    result: &T,
    text: impl FnOnce() -> String,
) -> Result<String, Failure> {
    if !place.json {
        return Ok(text());
    }
    let json = serde_json::to_string_pretty(result).map_err(Failure::failed)?;
    Ok(json + "\n")
}

// === impl Settings ===

impl Settings {
    /// The settings of a new key.
    fn new(args: &KeySettingsArgs) -> Self {
        let mut settings = Self::default();
        settings.set(args);
        settings
    }

    /// Takes over the settings that the command line names.
    fn set(&mut self, args: &KeySettingsArgs) {
        if let Some(description) = &args.description {
            self.description = Some(description.clone()).filter(|text| !text.is_empty());
        }
        if !args.scopes.is_empty() {
            self.scopes = args.scopes.iter().copied().collect();
        }
        if let Some(accounts) = &args.accounts {
            self.accounts.clone_from(&accounts.0);
        }
        if let Some(account) = &args.default_account {
            self.default_account.clone_from(&account.0);
        }
        if let Some(expires) = &args.expires {
            self.expires_at = expires.0;
        }
    }

    fn checked(&self, before: Option<&ApiKey>, config: &Config) -> Result<KeySettings, Failure> {
        let now = SystemClock::shared().wall();
        let settings = KeySettings {
            description: self.description.clone(),
            rights: Rights {
                scopes: self.scopes,
                accounts: self.accounts.clone().map(Arc::new),
                default_account: self.default_account.clone(),
            },
            expires_at: self.expires_at.map(|at| at.0),
        };
        let found = settings.violations(before, |name| config.accounts.contains_key(name), now);
        if found.is_empty() {
            return Ok(settings);
        }
        let lines = found
            .iter()
            .map(|v| format!("{} {}", option(&v.pointer), v.message));
        Err(Failure::Usage(lines.collect::<Vec<_>>().join("; ")))
    }
}

/// The option of the command line that sets this member of a request.
fn option(pointer: &str) -> &str {
    match pointer {
        "/scopes" => "--scopes",
        "/accounts" => "--accounts",
        "/default_account" => "--default-account",
        "/expires_at" => "--expires",
        "/description" => "--description",
        "/overlap_seconds" => "--overlap",
        other => other,
    }
}

/// Checks what depends on the command line alone.
fn check(command: &KeysCommand) -> Result<(), Failure> {
    match command {
        KeysCommand::Update { settings, .. } if settings.is_empty() => Err(Failure::Usage(
            "there is nothing to change; name at least one of --scopes, --accounts, --default-account, --expires \
             and --description"
                .to_owned(),
        )),
        _ => Ok(()),
    }
}

/// Where the keys are.
enum Place {
    /// In the journal of this configuration.
    Journal {
        config: Box<Config>,
        service: Arc<KeyService>,
        store: Arc<dyn Store>,
    },
    /// In a running gateway.
    Gateway(Client),
}

// === impl Place ===

impl Place {
    async fn open(command: &KeysCommand) -> Result<Self, Failure> {
        check(command)?;
        let args = command.place();
        if let Some(url) = &args.url {
            return Client::new(url, args.api_key_file.as_deref()).map(Self::Gateway);
        }
        let config = args.config.load(Profile::Serve)?;
        if let KeysCommand::Create { settings, .. } = command {
            // A refused command must not create the journal.
            Settings::new(settings).checked(None, &config)?;
        }
        let store = journal(&config, command).await?;
        let clock: SharedClock = SystemClock::shared();
        let keys = Arc::new(Keys::new(&config, clock.clone()));
        let service = KeyService::load(keys, store.clone(), clock, watch::Sender::new(()));
        match service.await {
            Ok(service) => Ok(Self::Journal {
                config: Box::new(config),
                service: Arc::new(service),
                store,
            }),
            Err(error) => {
                store.close().await;
                Err(Failure::failed(error))
            }
        }
    }

    /// Releases the journal, also after an error.
    async fn close(&self) {
        if let Self::Journal { store, .. } = self {
            store.close().await;
        }
    }

    async fn run(&self, command: &KeysCommand) -> Result<Done, Failure> {
        match command {
            KeysCommand::List { .. } => self.list().await.map(Done::Keys),
            KeysCommand::Create {
                caller, settings, ..
            } => {
                let created = self.create(caller, &Settings::new(settings)).await?;
                Ok(Done::Created(Box::new(created)))
            }
            KeysCommand::Update { key, settings, .. } => {
                let key = self.find(key).await?;
                let mut changed = key.settings.clone();
                changed.set(settings);
                self.update(&key, &changed)
                    .await
                    .map(Box::new)
                    .map(Done::Key)
            }
            KeysCommand::Rotate {
                key,
                overlap,
                replace_newest,
                ..
            } => {
                let key = self.find(key).await?;
                let rotation = Rotation {
                    overlap: overlap.0,
                    replace_newest: *replace_newest,
                };
                let rotated = self.rotate(key.id, rotation).await?;
                Ok(Done::Rotated(Box::new(rotated)))
            }
            KeysCommand::Revoke { key, .. } => {
                let key = self.find(key).await?;
                self.revoke(key.id).await.map(Box::new).map(Done::Key)
            }
        }
    }

    async fn list(&self) -> Result<Vec<Shown>, Failure> {
        match self {
            Self::Journal { service, .. } => {
                Ok(service.list().into_iter().map(Shown::from).collect())
            }
            Self::Gateway(client) => client.list().await,
        }
    }

    /// The key with this id, or the active key of this caller.
    async fn find(&self, wanted: &str) -> Result<Shown, Failure> {
        let mut keys = self.list().await?.into_iter();
        let found = match wanted.parse::<KeyId>() {
            Ok(id) => keys.find(|key| key.id == id),
            Err(_) => {
                keys.find(|key| key.caller.as_str() == wanted && key.state == KeyState::Active)
            }
        };
        found.ok_or_else(|| {
            Failure::failed(format!(
                "there is no key with the id {wanted:?}, and no active key of a caller of that name; \
                 `keys list` shows all keys"
            ))
        })
    }

    async fn create(
        &self,
        caller: &CallerName,
        settings: &Settings,
    ) -> Result<WithSecret, Failure> {
        match self {
            Self::Journal {
                config, service, ..
            } => {
                let settings = settings.checked(None, config)?;
                let created = service.create(caller.clone(), settings, HERE).await;
                let (key, secret) = created.map_err(refused)?;
                WithSecret::new(key, &secret)
            }
            Self::Gateway(client) => {
                let mut body = serde_json::to_value(settings).map_err(Failure::failed)?;
                body["caller"] = json!(caller);
                client
                    .send(Method::POST, "/v1/keys", None, Some(&body))
                    .await
            }
        }
    }

    async fn update(&self, key: &Shown, settings: &Settings) -> Result<Shown, Failure> {
        match self {
            Self::Journal {
                config, service, ..
            } => {
                let before = service.get(key.id).map_err(refused)?;
                let settings = settings.checked(Some(&before), config)?;
                let updated = service.update(key.id, key.version, settings).await;
                updated.map(Shown::from).map_err(refused)
            }
            Self::Gateway(client) => {
                let body = serde_json::to_value(settings).map_err(Failure::failed)?;
                let path = format!("/v1/keys/{}", key.id);
                client
                    .send(Method::PUT, &path, Some(key.version), Some(&body))
                    .await
            }
        }
    }

    async fn rotate(&self, id: KeyId, rotation: Rotation) -> Result<WithSecret, Failure> {
        match self {
            Self::Journal { service, .. } => {
                let (key, secret) = service.rotate(id, rotation).await.map_err(refused)?;
                WithSecret::new(key, &secret)
            }
            Self::Gateway(client) => {
                let body = json!({
                    "overlap_seconds": rotation.overlap.as_secs(),
                    "replace_newest": rotation.replace_newest,
                });
                let path = format!("/v1/keys/{id}/rotate-secret");
                client.send(Method::POST, &path, None, Some(&body)).await
            }
        }
    }

    async fn revoke(&self, id: KeyId) -> Result<Shown, Failure> {
        match self {
            Self::Journal { service, .. } => {
                service.revoke(id).await.map(Shown::from).map_err(refused)
            }
            Self::Gateway(client) => {
                let path = format!("/v1/keys/{id}/revoke");
                client.send(Method::POST, &path, None, None).await
            }
        }
    }
}

/// Opens the journal of the configuration and prints its path. Only `create` may create it: any other command would
/// find no keys there, most likely because `store.url` is relative and the working directory is another one.
async fn journal(config: &Config, command: &KeysCommand) -> Result<Arc<dyn Store>, Failure> {
    let path = absolute(config.store.path());
    let is_new = is_absent(&path);
    let path = path.display();
    if is_new && !matches!(command, KeysCommand::Create { .. }) {
        return Err(Failure::failed(format!(
            "there is no journal at {path}. Check store.url and the working directory, from which a relative path \
             starts. Only `keys create` creates a journal"
        )));
    }
    let journal = open_journal(config).await.map_err(|error| {
        Failure::failed(format!(
            "{error}. If the gateway is running, name its address, such as --url http://127.0.0.1:8080"
        ))
    })?;
    match journal.converted_from() {
        _ if is_new => note(&format!(
            "created the journal {path}. Start the gateway with the same store.url"
        )),
        None => note(&format!("the journal is {path}")),
        Some(version) => note(&format!(
            "the journal is {path}, converted from version {version}. Earlier gateways cannot use it any more"
        )),
    }
    // Closing the journal removes the mark by which the next start of the gateway would notice it.
    if journal.condition().warnings.contains(&Warning::WalMissing) {
        note(
            "warning: the journal was not closed cleanly and its -wal file is missing, so it may be a copy that lacks \
             later changes (docs/operations.md, \"Restore is dangerous\")",
        );
    }
    Ok(Arc::new(journal))
}

fn absolute(path: &Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}

/// Whether there is no file at the path, or an empty one, which would become a new journal.
fn is_absent(path: &Path) -> bool {
    match path.metadata() {
        Ok(file) => file.len() == 0,
        // After any other error, opening the journal fails and gives the reason.
        Err(error) => error.kind() == ErrorKind::NotFound,
    }
}

fn refused(why: Refused) -> Failure {
    match why {
        Refused::NotRotated(RotateError::TooMany(_)) => Failure::failed(format!(
            "{why}. Wait until then, end both at once with --overlap 0, or replace the newest with --replace-newest if \
             nobody has it"
        )),
        why => Failure::failed(why),
    }
}
