//! What the frames of the channel say: the connection, commands of a client, and messages.

use std::net::IpAddr;

use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};

pub use super::content::Unusable;
use super::content::content;
use super::frame::{Frame, FrameType, Value};
use crate::domain::personal::Personal;
use crate::top::sign::{SignMethod, base_string, sign};

/// The maximum length of a topic, in bytes (documented for publishers).
const MAX_TOPIC: usize = 256;
/// The maximum length of the reason in [`failed`], in characters (the official client cuts it there).
const MAX_REASON: usize = 128;

/// A client that connects.
#[derive(Debug)]
pub struct Connect<'a> {
    /// The app key.
    pub app_key: &'a str,
    /// The app secret; it signs the frame.
    pub secret: &'a SecretString,
    /// The group whose messages are read.
    pub group: &'a str,
    /// Now, in ms since 1970-01-01 UTC.
    pub now_ms: i64,
    /// The name and version of the client. TOP accepts any text.
    pub sdk: &'a str,
    /// The address of this host.
    pub address: IpAddr,
    /// The token from `taobao.tmc.auth.get`, which the official client fetches for production servers.
    pub token: Option<&'a SecretString>,
    /// The number of this request.
    pub flag: i32,
}

impl Connect<'_> {
    /// The first frame of a connection, with the headers of the official client of 2021.
    #[must_use]
    pub fn frame(&self) -> Frame {
        let timestamp = self.now_ms.to_string();
        let signed = [
            ("app_key", self.app_key),
            ("group_name", self.group),
            ("timestamp", &timestamp),
        ];
        let signature = sign(
            SignMethod::Md5,
            self.secret,
            &base_string(signed.into_iter()),
        );
        let text = |text: &str| Value::Text(text.to_owned());
        let token = self
            .token
            .map_or(Value::Void, |token| text(token.expose_secret()));
        let mut frame = Frame::new(FrameType::Connect)
            .with("app_key", text(self.app_key))
            .with("group_name", text(self.group))
            .with("timestamp", Value::Text(timestamp.clone()))
            .with("sign", Value::Text(signature))
            .with("sdk", text(self.sdk))
            .with("intranet_ip", Value::Text(self.address.to_string()))
            .with("minor_group", text("default"))
            .with("filter_exp", text("*"))
            .with("token", token);
        frame.flag = Some(self.flag);
        frame
    }
}

/// What a frame with the type `Send` asks for: the header `__kind`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A client asks for the messages that wait for it.
    PullRequest,
    /// A client confirms a message; it is not sent again.
    Confirm,
    /// A message, or one that a client publishes.
    Data,
    /// A client cannot process a message; it is sent again later.
    Failed,
}

impl Kind {
    const ALL: [Self; 4] = [Self::PullRequest, Self::Confirm, Self::Data, Self::Failed];

    const fn byte(self) -> i8 {
        match self {
            Self::PullRequest => 1,
            Self::Confirm => 2,
            Self::Data => 3,
            Self::Failed => 20,
        }
    }

    /// The kind of a frame, if it has a known one.
    #[must_use]
    pub fn of(frame: &Frame) -> Option<Self> {
        let number = frame.get("__kind")?.number()?;
        let mut known = Self::ALL.into_iter();
        known.find(|kind| i64::from(kind.byte()) == number)
    }
}

fn command(token: &SecretString, kind: Kind) -> Frame {
    let mut frame = Frame::new(FrameType::Send).with("__kind", Value::Byte(kind.byte()));
    frame.token = Some(token.expose_secret().to_owned());
    frame
}

/// Asks for the messages that wait.
#[must_use]
pub fn pull_request(token: &SecretString) -> Frame {
    command(token, Kind::PullRequest)
}

/// Confirms a message by the id of its delivery. TOP does not respond; if the frame is lost, the message comes again.
#[must_use]
pub fn confirm(token: &SecretString, id: i64) -> Frame {
    command(token, Kind::Confirm).with("id", Value::Int64(id))
}

/// Reports that a message could not be processed, so that TOP sends it again in about five minutes.
#[must_use]
pub fn failed(token: &SecretString, id: i64, reason: &str) -> Frame {
    let reason: String = reason.chars().take(MAX_REASON).collect();
    command(token, Kind::Failed)
        .with("id", Value::Int64(id))
        .with("msg", Value::Text(reason))
}

/// A message of TOP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// The id of this delivery; confirms it. Another delivery of the same message may have another id.
    pub id: i64,
    /// The topic.
    pub topic: String,
    /// The content, JSON by convention. It may contain personal data.
    pub content: Result<Personal<String>, Unusable>,
    /// The Taobao user whom it concerns.
    pub user_id: Option<i64>,
    /// When it was published.
    pub published_at: Option<Timestamp>,
    /// How often it was sent before.
    pub retried: Option<i64>,
}

/// A message without an id. It cannot even be confirmed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the message has no id")]
pub struct NoId;

impl Message {
    /// Reads a frame with the kind `Data`.
    ///
    /// # Errors
    /// [`NoId`].
    pub fn read(frame: &Frame) -> Result<Self, NoId> {
        let number = |name: &str| frame.get(name).and_then(Value::number);
        let id = number("id").ok_or(NoId)?;
        let topic = usable_topic(frame.get("topic").and_then(Value::text));
        let content = match topic {
            Some(_) => content(frame.get("content")).map(Personal::from),
            None => Err(Unusable::NoTopic),
        };
        Ok(Self {
            id,
            topic: topic.unwrap_or_default(),
            content,
            user_id: number("userid"),
            published_at: number("time").and_then(time),
            retried: number("retried"),
        })
    }
}

/// The topic, unless it is blank or too long.
pub(super) fn usable_topic(topic: Option<String>) -> Option<String> {
    topic.filter(|topic| !topic.trim().is_empty() && topic.len() <= MAX_TOPIC)
}

/// .NET peers write dates as ticks of 100 ns since the year 1.
const TICKS_AT_1970: i64 = 621_355_968_000_000_000;

fn time(number: i64) -> Option<Timestamp> {
    let ms = if number >= TICKS_AT_1970 {
        (number - TICKS_AT_1970) / 10_000
    } else {
        number
    };
    Timestamp::from_millisecond(ms).ok()
}

#[cfg(test)]
mod tests;
