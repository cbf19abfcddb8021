//! The content of a message. Depends on the frames only, so that it is fuzzed with them (`tests/fuzz`).

use std::io::Read;

use flate2::read::GzDecoder;

use super::frame::Value;

/// The maximum length of a message's content, in bytes. TOP accepts 122,880 bytes from a publisher (documented).
pub const MAX_CONTENT: usize = 1 << 20;

/// Why the content of a message cannot be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// The message has no topic, or one that is too long.
    #[error("no usable topic")]
    NoTopic,
    /// The content is not gzip, or not UTF-8.
    #[error("undecodable content")]
    Undecodable,
    /// The content is longer than [`MAX_CONTENT`].
    #[error("content that is too long")]
    TooLong,
}

/// The content: text, gzip of text, or plain bytes. Bytes after the gzip data are ignored, as the official client does.
/// A message without content has an empty one.
///
/// # Errors
/// [`Unusable::Undecodable`], [`Unusable::TooLong`].
pub fn content(value: Option<&Value>) -> Result<String, Unusable> {
    let bytes = match value {
        None | Some(Value::Void) => return Ok(String::new()),
        Some(Value::Bytes(bytes)) => bytes,
        Some(value) => return usable_text(value.text().unwrap_or_default()),
    };
    let mut inflated = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let cap = u64::try_from(MAX_CONTENT).unwrap_or(u64::MAX);
        let mut reader = GzDecoder::new(bytes.as_slice()).take(cap + 1);
        let read = reader.read_to_end(&mut inflated);
        read.map_err(|_| Unusable::Undecodable)?;
    } else {
        inflated.clone_from(bytes);
    }
    if inflated.len() > MAX_CONTENT {
        return Err(Unusable::TooLong);
    }
    String::from_utf8(inflated).map_err(|_| Unusable::Undecodable)
}

/// The text, unless it is too long.
///
/// # Errors
/// [`Unusable::TooLong`].
pub fn usable_text(text: String) -> Result<String, Unusable> {
    if text.len() > MAX_CONTENT {
        return Err(Unusable::TooLong);
    }
    Ok(text)
}
