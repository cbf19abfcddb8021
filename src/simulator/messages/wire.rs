//! A delivery in the forms in which TOP sends it.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value as Json, json};

use super::{Delivery, MessageFault};
use crate::simulator::order::wire_time;
use crate::top::tmc::frame::{Frame, FrameType, Value};

/// The app that publishes the messages: that of TOP's own sample.
const PUBLISHER: &str = "12499723";
/// A longer content is sent as gzip.
const LONGEST_TEXT: usize = 1024;
/// The version of the frames without byte arrays.
const VERSION_WITHOUT_BYTES: u8 = 1;

impl Delivery {
    /// The payloads of the WebSocket frames of this delivery. Empty if the message cannot be written.
    pub(in crate::simulator) fn frames(&self, version: u8, token: &SecretString) -> Vec<Bytes> {
        let frame = self.frame(version, token);
        let written = if self.fault == Some(MessageFault::BigEndian) {
            frame.encode_big_endian()
        } else {
            frame.encode()
        };
        let Ok(written) = written else {
            return Vec::new();
        };
        let mut frames = Vec::new();
        if self.fault == Some(MessageFault::Garbage) {
            frames.push(garbage());
        }
        frames.push(written.into());
        frames
    }

    fn frame(&self, version: u8, token: &SecretString) -> Frame {
        let message = &self.message;
        let text = |text: &str| Value::Text(text.to_owned());
        let mut frame = Frame::new(FrameType::Send)
            .with("__kind", Value::Byte(3))
            .with("id", Value::Int64(message.id))
            .with("topic", text(&message.topic))
            .with("publisher", text(PUBLISHER))
            .with("userid", Value::Int64(message.user_id))
            .with("nick", text(&message.user_nick))
            .with("time", Value::Date(message.published_at.as_millisecond()))
            .with("outtime", Value::Date(self.sent_at.as_millisecond()))
            .with("dataid", Value::Int64(message.data_id))
            .with("content", self.content_value(version));
        if message.deliveries > 1 {
            let retried = i32::try_from(message.deliveries - 1).unwrap_or(i32::MAX);
            frame = frame.with("retried", Value::Int32(retried));
        }
        frame.version = version;
        frame.token = Some(token.expose_secret().to_owned());
        frame
    }

    fn content_value(&self, version: u8) -> Value {
        let content = self.content();
        let packs = content.len() > LONGEST_TEXT || self.fault == Some(MessageFault::Gzip);
        let packed = (packs && version != VERSION_WITHOUT_BYTES)
            .then(|| gzip(content.as_bytes()).ok())
            .flatten();
        packed.map_or_else(|| Value::Text(content.to_owned()), Value::Bytes)
    }

    /// The `tmc_message` of an HTTP response.
    pub(in crate::simulator) fn json(&self) -> Json {
        let message = &self.message;
        json!({
            "id": message.id,
            "topic": &*message.topic,
            "content": self.content(),
            "pub_time": wire_time(message.published_at),
            "pub_app_key": PUBLISHER,
            "user_id": message.user_id,
            "user_nick": &*message.user_nick,
        })
    }
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes)?;
    encoder.finish()
}

/// Bytes that are no frame: the type does not exist, the rest is random.
fn garbage() -> Bytes {
    let mut bytes = vec![2, 0xff];
    for _ in 0..4 {
        bytes.extend(uuid::Uuid::new_v4().as_bytes());
    }
    bytes.into()
}
