//! Prepares messages for the inbox: finds their account, reads their content, and quarantines those that cannot be used.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::domain::ids::{AccountName, HashKey};
use crate::store::{Content, NewMessage};
pub use crate::store::{MessageFilter, MessageState, QuarantineReason, StoredMessage};
use crate::top::tmc::message::Message;
use crate::translate::notice::{Topic, read};

/// The purchasing accounts as messages name them: by their Taobao user ids.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Vec<(AccountName, Option<i64>)>);

impl Accounts {
    /// The accounts with their Taobao user ids, as far as configured.
    #[must_use]
    pub fn new(accounts: impl IntoIterator<Item = (AccountName, Option<i64>)>) -> Self {
        Self(accounts.into_iter().collect())
    }

    /// The account of a message about this user. The only account is meant if the message or the configuration names no
    /// user.
    fn of(&self, user_id: Option<i64>) -> Option<&AccountName> {
        if let [(only, known)] = &*self.0 {
            let is_it = known.is_none() || user_id.is_none() || *known == user_id;
            return is_it.then_some(only);
        }
        let mut named = self.0.iter();
        let found = named.find(|(_, known)| known.is_some() && *known == user_id);
        found.map(|(account, _)| account)
    }
}

/// Prepares a message.
#[must_use]
pub fn prepare(
    message: Message,
    accounts: &Accounts,
    key: &HashKey,
    received_at: Timestamp,
) -> NewMessage {
    let text = message.content.as_ref().map(|text| text.expose().as_str());
    let digest = match text {
        Ok(text) => key.mac(&[message.topic.as_bytes(), text.as_bytes()]),
        // The content is not kept; the delivery identifies the message.
        Err(_) => key.mac(&[message.topic.as_bytes(), b"\0", &message.id.to_le_bytes()]),
    };
    let content = match text {
        Ok(text) => content(&message, text, accounts),
        Err(_) => quarantined(QuarantineReason::Unreadable, ""),
    };
    NewMessage {
        digest: hex::encode(digest),
        topic: message.topic,
        user_id: message.user_id,
        published_at: message.published_at,
        received_at,
        content,
    }
}

fn content(message: &Message, text: &str, accounts: &Accounts) -> Content {
    let Some(topic) = Topic::named(&message.topic) else {
        return quarantined(QuarantineReason::UnknownTopic, text);
    };
    let Ok(notice) = read(topic, text) else {
        return quarantined(QuarantineReason::Unreadable, text);
    };
    match accounts.of(message.user_id) {
        Some(account) => Content::Notice {
            account: account.clone(),
            notice,
        },
        None => Content::Quarantined {
            id: Some(notice.id),
            order_no: notice.order.map(|number| number.0),
            reason: QuarantineReason::UnknownAccount,
            members: members(text),
        },
    }
}

fn quarantined(reason: QuarantineReason, text: &str) -> Content {
    Content::Quarantined {
        id: None,
        order_no: None,
        reason,
        members: members(text),
    }
}

/// The maximum number of members that are named.
const MOST_MEMBERS: usize = 40;
/// The maximum length of a member's name.
const LONGEST_NAME: usize = 64;

/// The names of the members of an object with their JSON types, such as `order_no: number`. Names that may be data rather
/// than names are left out.
fn members(text: &str) -> Vec<String> {
    let Ok(members) = serde_json::from_str::<BTreeMap<String, &RawValue>>(text) else {
        return Vec::new();
    };
    let is_name = |name: &str| {
        (1..=LONGEST_NAME).contains(&name.len())
            && name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
    };
    members
        .iter()
        .filter(|(name, _)| is_name(name))
        .take(MOST_MEMBERS)
        .map(|(name, value)| format!("{name}: {}", type_of(value)))
        .collect()
}

fn type_of(value: &RawValue) -> &'static str {
    match value.get().as_bytes().first() {
        Some(b'{') => "object",
        Some(b'[') => "list",
        Some(b'"') => "text",
        Some(b't' | b'f') => "boolean",
        Some(b'n') => "null",
        _ => "number",
    }
}

#[cfg(test)]
mod tests;
