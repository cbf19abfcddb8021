//! The HTTP methods of the message service (documented): reading and confirming messages, and the token of the channel.

use secrecy::SecretString;
use serde::{Deserialize, Deserializer};

use super::content::{Unusable, usable_text};
use super::message::{Message, NoId, usable_topic};
use crate::domain::time::LocalTime;
use crate::top::lenient::{Element, Field, List};
use crate::top::method::PlatformMethod;

/// The group that is meant if a call names none (documented).
const DEFAULT_GROUP: &str = "default";

/// The number of messages that one call reads, so that their contents fit into a response. TOP allows 200.
pub const QUANTITY: usize = 50;
/// The least that TOP allows.
pub const LEAST: usize = 10;

/// `taobao.tmc.messages.consume`: reads messages. Those that are not confirmed are returned again later.
#[derive(Debug, Clone, Copy)]
pub struct Consume;

impl PlatformMethod for Consume {
    const NAME: &'static str = "taobao.tmc.messages.consume";
    type Answer = ConsumeAnswer;
}

impl Consume {
    /// The parameters, for at most this many messages.
    #[must_use]
    pub fn params(group: &str, quantity: usize) -> Vec<(String, String)> {
        let mut params = of_group(group);
        params.push(("quantity".to_owned(), quantity.to_string()));
        params
    }
}

/// `taobao.tmc.messages.confirm`: confirms messages by their ids.
#[derive(Debug, Clone, Copy)]
pub struct Confirm;

impl PlatformMethod for Confirm {
    const NAME: &'static str = "taobao.tmc.messages.confirm";
    type Answer = ConfirmAnswer;
}

impl Confirm {
    /// The parameters. TOP allows 200 ids.
    #[must_use]
    pub fn params(group: &str, ids: &[i64]) -> Vec<(String, String)> {
        let ids: Vec<_> = ids.iter().map(i64::to_string).collect();
        let mut params = of_group(group);
        params.push(("s_message_ids".to_owned(), ids.join(",")));
        params
    }
}

/// `taobao.tmc.auth.get`: the token of a connection. The official client calls it before each connection to production.
#[derive(Debug, Clone, Copy)]
pub struct GetToken;

impl PlatformMethod for GetToken {
    const NAME: &'static str = "taobao.tmc.auth.get";
    type Answer = TokenAnswer;
}

impl GetToken {
    /// The parameters.
    #[must_use]
    pub fn params(group: &str) -> Vec<(String, String)> {
        vec![("group".to_owned(), group.to_owned())]
    }
}

fn of_group(group: &str) -> Vec<(String, String)> {
    if group == DEFAULT_GROUP {
        return Vec::new();
    }
    vec![("group_name".to_owned(), group.to_owned())]
}

/// The response of [`Consume`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConsumeAnswer {
    /// The messages.
    pub messages: List<ConsumedMessage>,
}

/// A message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct ConsumedMessage {
    id: Field<i64>,
    topic: Field<String>,
    content: Field<String>,
    user_id: Field<i64>,
    pub_time: Field<String>,
}

impl Element for ConsumedMessage {
    const WRAPPER: &'static str = "tmc_message";
}

// The content may contain personal data.
impl std::fmt::Debug for ConsumedMessage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ConsumedMessage").finish_non_exhaustive()
    }
}

impl ConsumedMessage {
    /// The message, as the channel would have delivered it.
    ///
    /// # Errors
    /// [`NoId`].
    pub fn message(self) -> Result<Message, NoId> {
        let id = self.id.lossy().ok_or(NoId)?;
        let topic = usable_topic(self.topic.lossy());
        let content = match (&topic, self.content) {
            (None, _) => Err(Unusable::NoTopic),
            (_, Field::Unreadable) => Err(Unusable::Undecodable),
            (_, content) => usable_text(content.lossy().unwrap_or_default()),
        };
        let published_at = self.pub_time.lossy();
        let published_at = published_at.and_then(|time| LocalTime::parse_wire(&time).ok());
        Ok(Message {
            id,
            topic: topic.unwrap_or_default(),
            content: content.map(Into::into),
            user_id: self.user_id.lossy(),
            published_at: published_at.and_then(LocalTime::timestamp),
            retried: None,
        })
    }
}

/// The response of [`Confirm`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ConfirmAnswer {
    /// Whether the messages are confirmed.
    pub is_success: Field<bool>,
}

/// The response of [`GetToken`].
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TokenAnswer {
    /// The token: a secret.
    #[serde(deserialize_with = "secret")]
    pub result: Option<SecretString>,
}

fn secret<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SecretString>, D::Error> {
    let text = Field::<String>::deserialize(deserializer)?;
    Ok(text.lossy().map(SecretString::from))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::envelope::{Envelope, decode};

    fn consumed(body: &str) -> Vec<Result<Message, NoId>> {
        let answer = decode::<ConsumeAnswer>(Consume::NAME, body.as_bytes()).unwrap();
        let Envelope::Answer(answer) = answer else {
            panic!("{answer:?}");
        };
        let messages = answer.messages.into_iter();
        messages.map(ConsumedMessage::message).collect()
    }

    #[test]
    fn the_published_sample_is_read() {
        let body = r#"{"tmc_messages_consume_response":{"messages":{"tmc_message":[{"user_id":123456789,
            "user_nick":"usernick","content":"{\"num_iid\":15380658823}","id":7104300007405429232,
            "pub_time":"2013-10-05 10:55:58","pub_app_key":"12499723","topic":"taobao_item_ItemStockChanged"}]}}}"#;
        let [Ok(message)] = &*consumed(body) else {
            panic!("not one message");
        };
        assert_eq!(message.id, 7_104_300_007_405_429_232);
        assert_eq!(message.topic, "taobao_item_ItemStockChanged");
        let content = message.content.as_ref().unwrap().expose();
        assert_eq!(content, r#"{"num_iid":15380658823}"#);
        assert_eq!(message.user_id, Some(123_456_789));
        let published_at = "2013-10-05T02:55:58Z".parse().unwrap();
        assert_eq!(message.published_at, Some(published_at));
    }

    #[test]
    fn a_response_without_messages_is_read_in_any_form() {
        for body in [
            r#"{"tmc_messages_consume_response":{"messages":{}}}"#,
            r#"{"tmc_messages_consume_response":{"request_id":"x"}}"#,
            r#"{"tmc_messages_consume_response":{"messages":{"tmc_message":[]}}}"#,
            r#"{"tmc_messages_consume_response":{}}"#,
        ] {
            assert!(consumed(body).is_empty(), "{body}");
        }
    }

    #[test]
    fn a_message_is_read_as_far_as_it_can_be() {
        let body = r#"{"tmc_messages_consume_response":{"messages":{"tmc_message":[
            {"id":"7","topic":"t"},{"topic":"t","content":"{}"},{"id":8,"content":"{}"},{"id":9,"topic":"t","content":{"a":1}}]}}}"#;
        let read: Vec<_> = consumed(body)
            .into_iter()
            .map(|message| message.map(|m| (m.id, m.content.map(|text| text.expose().clone()))))
            .collect();
        assert_eq!(
            read,
            [
                Ok((7, Ok(String::new()))),
                Err(NoId),
                Ok((8, Err(Unusable::NoTopic))),
                Ok((9, Err(Unusable::Undecodable))),
            ]
        );
    }

    #[test]
    fn only_another_group_than_the_default_one_is_named() {
        assert_eq!(Consume::params("default", LEAST).len(), 1);
        let named = Confirm::params("flights", &[1, 2]);
        let expected = [("group_name", "flights"), ("s_message_ids", "1,2")];
        assert_eq!(named, expected.map(|(n, v)| (n.to_owned(), v.to_owned())));
    }

    #[test]
    fn a_token_is_not_printed() {
        let answer: TokenAnswer = serde_json::from_str(r#"{"result":"canary"}"#).unwrap();
        assert!(answer.result.is_some());
        assert!(!format!("{answer:?}").contains("canary"));
    }
}
