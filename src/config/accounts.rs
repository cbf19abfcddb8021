//! `[accounts.<name>]`: the purchasing accounts (采购账号) the gateway may act for.

use std::collections::BTreeMap;
use std::path::PathBuf;

use config::Value;
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;

use super::show::masked_option;
use super::table::{Problems, Table};
use super::{AccountName, value};

/// A purchasing account: one Taobao user.
#[derive(Debug, Clone, Serialize)]
pub struct Account {
    /// Its session key (授权) at the start. None if an operator authorises the account through the gateway.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "masked_option"
    )]
    pub session: Option<SecretString>,
    /// The file of the session. It is read again while the gateway runs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_file: Option<PathBuf>,
    /// The channel name (渠道名称) sent with searches and bookings. Fliggy assigns it; it is not the name of the
    /// account.
    pub channel: String,
    /// The name of the Taobao user (会员名), by which TOP tells the topics of the user's messages. Not needed for an account
    /// that is authorised through the gateway.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "masked_option"
    )]
    pub nick: Option<SecretString>,
    /// The Taobao user id (`user_id` of TOP's messages). Needed if messages are received for several accounts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_id: Option<i64>,
}

impl Account {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let session_file = table.peek("session_file").map(PathBuf::from);
        let session = table.secret("session", "session_file");
        let channel = table.required("channel", value::text_or_integer);
        let nick = table.secret("nick", "nick_file");
        let user_id = table.optional("user_id", value::user_id);
        table.finish();
        Some(Self {
            session,
            session_file,
            channel: channel?,
            nick,
            user_id,
        })
    }
}

pub(crate) fn read(mut table: Table<'_>) -> BTreeMap<AccountName, Account> {
    let problems = table.problems();
    let named: Vec<(String, Value)> = table.named();
    if named.is_empty() {
        problems.add(
            "`accounts` is empty; define at least one purchasing account, such as \
             `[accounts.default]` with `session` and `channel`",
        );
    }
    let mut accounts = BTreeMap::new();
    for (name, value) in named {
        let account = Account::read(table.at(&name, value));
        let name = name.parse().ok().or_else(|| {
            problems.add(format!(
                "`accounts.{name}`: an account name has 1 to 32 lower-case letters, digits, `-` or \
                 `_` and starts with a letter or digit"
            ));
            None
        });
        if let (Some(name), Some(account)) = (name, account) {
            accounts.insert(name, account);
        }
    }
    shared_sessions(&accounts, problems);
    shared_users(&accounts, problems);
    accounts
}

/// Locks on open writes apply within an account, so two names for one Taobao user could pay an order twice.
fn shared_sessions(accounts: &BTreeMap<AccountName, Account>, problems: &Problems) {
    let mut seen: BTreeMap<&str, &AccountName> = BTreeMap::new();
    let is_readable =
        |(name, _): &(&AccountName, _)| !problems.is_broken(&format!("accounts.{name}.session"));
    for (name, account) in accounts.iter().filter(is_readable) {
        if let Some(session) = &account.session
            && let Some(first) = seen.insert(session.expose_secret(), name)
        {
            problems.add(format!(
                "`accounts.{first}` and `accounts.{name}` have the same session, so they are the same \
                 purchasing account; keep one of them"
            ));
        }
    }
}

fn shared_users(accounts: &BTreeMap<AccountName, Account>, problems: &Problems) {
    let mut seen: BTreeMap<i64, &AccountName> = BTreeMap::new();
    for (name, account) in accounts {
        if let Some(user_id) = account.user_id
            && let Some(first) = seen.insert(user_id, name)
        {
            problems.add(format!(
                "`accounts.{first}` and `accounts.{name}` have the same user_id, so they are the same purchasing account; \
                 keep one of them"
            ));
        }
    }
}
