//! The Taobao users: one per account, and one that belongs to no account.

use std::collections::BTreeSet;
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::{Value, json};

use super::SimulatorConfig;
use super::facts::TOPICS;
use super::messages::DEFAULT_GROUP;
use super::order::wire_time;
use crate::clock::SharedClock;

/// The first of the user ids that are given to accounts without a configured one.
const FIRST_USER_ID: i64 = 2_200_000_000_001;
/// The user that belongs to no configured account: the wrong choice on the authorisation page.
const ANOTHER_USER: &str = "another-user";
const ANOTHER_NICK: &str = "另一位用户";
/// The first candidate for that user's id.
const ANOTHER_USER_ID: i64 = 2_209_999_999_999;
/// The platform of Taobao's own users (documented, and the default).
const PLATFORM: &str = "tbUIC";

/// A Taobao user.
#[derive(Debug, Clone)]
pub(super) struct User {
    /// The name of the account.
    pub(super) account: String,
    /// The account name; for the user without an account, a Chinese name.
    pub(super) nick: Arc<str>,
    pub(super) user_id: i64,
    /// The message group.
    pub(super) group: Arc<str>,
    /// Whether the account is configured.
    configured: bool,
    /// The topics whose messages the user has permitted. None: all.
    topics: Option<BTreeSet<String>>,
    created: Timestamp,
    modified: Timestamp,
}

/// A user, as the control API shows it.
#[derive(Debug, Serialize)]
pub(super) struct Row<'a> {
    account: &'a str,
    nick: &'a str,
    user_id: i64,
    group: &'a str,
    topics: Option<&'a BTreeSet<String>>,
}

impl User {
    /// Whether messages of this topic are published for the user.
    pub(super) fn permits(&self, topic: &str) -> bool {
        let topics = self.topics.as_ref();
        topics.is_none_or(|topics| topics.contains(topic))
    }

    pub(super) fn row(&self) -> Row<'_> {
        Row {
            account: &self.account,
            nick: &self.nick,
            user_id: self.user_id,
            group: &self.group,
            topics: self.topics.as_ref(),
        }
    }

    /// A field of `tmc_user`. None: there is no such field.
    pub(super) fn field(&self, name: &str, simplify: bool) -> Option<Value> {
        Some(match name {
            "created" => json!(wire_time(self.created)),
            "modified" => json!(wire_time(self.modified)),
            "group_name" => json!(*self.group),
            // The simulator has no `taobao.tmc.user.cancel`.
            "is_valid" => json!(true),
            "topics" => {
                let topics: Vec<&str> = match &self.topics {
                    Some(topics) => topics.iter().map(String::as_str).collect(),
                    None => TOPICS.to_vec(),
                };
                match (simplify, topics.is_empty()) {
                    (true, _) => json!(topics),
                    (false, true) => json!({}),
                    (false, false) => json!({"string": topics}),
                }
            }
            "user_id" => json!(self.user_id),
            "user_nick" => json!(*self.nick),
            "user_platform" => json!(PLATFORM),
            _ => return None,
        })
    }
}

/// All users, in the order of their accounts; the one without an account is the last.
#[derive(Debug, Clone)]
pub(super) struct Users {
    clock: SharedClock,
    all: Vec<User>,
}

impl Users {
    pub(super) fn new(config: &SimulatorConfig) -> Self {
        let now = config.clock.wall();
        let accounts: BTreeSet<&str> = config.sessions.values().map(String::as_str).collect();
        let known = accounts.contains(ANOTHER_USER);
        let user = |account: &str, nick: &str, user_id, configured| User {
            account: account.to_owned(),
            nick: nick.into(),
            user_id,
            group: group_of(config, account),
            configured,
            topics: None,
            created: now,
            modified: now,
        };
        let mut all: Vec<User> = (FIRST_USER_ID..)
            .zip(accounts)
            .map(|(user_id, account)| {
                let user_id = config.user_ids.get(account).copied().unwrap_or(user_id);
                user(account, account, user_id, true)
            })
            .collect();
        let unused = |id: &i64| all.iter().all(|user| user.user_id != *id);
        let another = (ANOTHER_USER_ID..).find(unused).filter(|_| !known);
        all.extend(another.map(|id| user(ANOTHER_USER, ANOTHER_NICK, id, false)));
        Self {
            clock: config.clock.clone(),
            all,
        }
    }

    pub(super) fn all(&self) -> &[User] {
        &self.all
    }

    /// The first configured account: a message without an account is published for it.
    pub(super) fn first_configured(&self) -> Option<&User> {
        self.all.iter().find(|user| user.configured)
    }

    pub(super) fn get(&self, account: &str) -> Option<&User> {
        self.all.iter().find(|user| user.account == account)
    }

    pub(super) fn by_nick(&self, nick: &str) -> Option<&User> {
        self.all.iter().find(|user| *user.nick == *nick)
    }

    /// Replaces the topics that a user has permitted; None permits all.
    pub(super) fn permit(
        &mut self,
        account: &str,
        topics: Option<BTreeSet<String>>,
    ) -> Option<&User> {
        let now = self.clock.wall();
        let user = self.all.iter_mut().find(|user| user.account == account)?;
        user.topics = topics;
        user.modified = now;
        Some(user)
    }
}

fn group_of(config: &SimulatorConfig, account: &str) -> Arc<str> {
    let group = config.groups.get(account).map(String::as_str);
    group.unwrap_or(DEFAULT_GROUP).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;

    #[test]
    fn the_user_without_an_account_has_an_unused_id_and_is_never_the_default() {
        let clock = Arc::new(ManualClock::new());
        let mut config = SimulatorConfig::sandbox(clock);
        config.user_ids = [("default".to_owned(), ANOTHER_USER_ID)].into();
        let users = Users::new(&config);
        let another = users.get(ANOTHER_USER).unwrap();
        assert_eq!(another.user_id, ANOTHER_USER_ID + 1);
        let first = users.first_configured().unwrap();
        assert_eq!(first.account, "default");
        config
            .sessions
            .insert("s".to_owned(), ANOTHER_USER.to_owned());
        assert_eq!(Users::new(&config).all().len(), 2);
    }
}
