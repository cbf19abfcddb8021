//! Parses raw configuration values. No message repeats an invalid value, since it may be a secret under
//! the wrong key.

use std::fmt::Display;
use std::net::SocketAddr;
use std::time::Duration;

use bytesize::ByteSize;
use config::{Value, ValueKind};
use humantime_serde::re::humantime;
use reqwest::Url;
use secrecy::SecretString;
use serde::de::{self, DeserializeOwned, IntoDeserializer};

/// Parses a value, or returns a message that names what was expected.
pub(crate) type Parse<T> = fn(&Value) -> Result<T, String>;

/// The type of the value, for messages.
pub(crate) fn kind_of(value: &Value) -> &'static str {
    match value.kind {
        ValueKind::Nil => "nothing",
        ValueKind::Boolean(_) => "a boolean",
        ValueKind::I64(_) | ValueKind::I128(_) | ValueKind::U64(_) | ValueKind::U128(_) => {
            "an integer"
        }
        ValueKind::Float(_) => "a number with a fraction",
        ValueKind::String(_) => "text",
        ValueKind::Table(_) => "a table",
        ValueKind::Array(_) => "a list",
    }
}

fn expected<T>(what: &str, value: &Value) -> Result<T, String> {
    Err(format!("expected {what}, found {}", kind_of(value)))
}

/// Non-empty text, trimmed.
pub(crate) fn text(value: &Value) -> Result<String, String> {
    match &value.kind {
        ValueKind::String(text) if text.trim().is_empty() => Err("must not be empty".to_owned()),
        ValueKind::String(text) => Ok(text.trim().to_owned()),
        _ => expected("text", value),
    }
}

/// Text, or an integer written without quotes, as people write application keys and error codes.
pub(crate) fn text_or_integer(value: &Value) -> Result<String, String> {
    match &value.kind {
        ValueKind::I64(number) => Ok(number.to_string()),
        _ => text(value),
    }
}

/// A secret given directly in the configuration.
pub(crate) fn secret(value: &Value) -> Result<SecretString, String> {
    text_or_integer(value).map(SecretString::from)
}

/// One of the variants of an enum.
pub(crate) fn word<T: DeserializeOwned>(value: &Value) -> Result<T, String> {
    let word = text(value)?;
    T::deserialize(word.as_str().into_deserializer()).map_err(|Expected(words)| words)
}

/// The variants of an enum; serde's own error would repeat the refused value.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Expected(String);

impl de::Error for Expected {
    fn custom<T: Display>(_: T) -> Self {
        Self("expected a different value".to_owned())
    }

    fn unknown_variant(_: &str, words: &'static [&'static str]) -> Self {
        let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
        match quoted.split_last() {
            Some((last, others)) if !others.is_empty() => {
                Self(format!("expected {} or {last}", others.join(", ")))
            }
            Some(_) | None => Self(format!("expected {}", quoted.concat())),
        }
    }
}

/// `true` or `false`; the environment supplies it as text.
pub(crate) fn boolean(value: &Value) -> Result<bool, String> {
    match &value.kind {
        ValueKind::Boolean(flag) => Ok(*flag),
        ValueKind::String(text) => text
            .trim()
            .parse()
            .map_err(|_| "expected `true` or `false`".to_owned()),
        _ => expected("`true` or `false`", value),
    }
}

/// An integer from 1 to 2^32 - 1: no count in this configuration may be zero.
pub(crate) fn count(value: &Value) -> Result<u32, String> {
    match integer(value)? {
        Some(0) => Err("must be at least 1".to_owned()),
        Some(number) => Ok(number),
        None => Err(format!("expected an integer from 1 to {}", u32::MAX)),
    }
}

/// An integer that may be zero.
pub(crate) fn count_or_zero(value: &Value) -> Result<u32, String> {
    let number = integer(value)?;
    number.ok_or_else(|| format!("expected an integer from 0 to {}", u32::MAX))
}

fn integer(value: &Value) -> Result<Option<u32>, String> {
    match &value.kind {
        ValueKind::I64(number) => Ok(u32::try_from(*number).ok()),
        ValueKind::String(text) => Ok(text.trim().replace('_', "").parse().ok()),
        _ => expected("an integer", value),
    }
}

/// The id of a Taobao user.
pub(crate) fn user_id(value: &Value) -> Result<i64, String> {
    let number = text_or_integer(value)?.parse().ok();
    number
        .filter(|number| *number > 0)
        .ok_or_else(|| "expected the id of a Taobao user, a positive integer".to_owned())
}

/// A duration such as `5500ms`, `3s`, `2m`. A bare number has no unit and is refused, except `0`.
pub(crate) fn duration_or_zero(value: &Value) -> Result<Duration, String> {
    const EXPECTED: &str = "a duration with a unit, such as \"5500ms\", \"3s\" or \"2m\"";
    match &value.kind {
        ValueKind::String(text) if text.trim() == "0" => Ok(Duration::ZERO),
        ValueKind::I64(0) => Ok(Duration::ZERO),
        ValueKind::String(text) => {
            humantime::parse_duration(text.trim()).map_err(|_| format!("expected {EXPECTED}"))
        }
        _ => expected(EXPECTED, value),
    }
}

/// A duration longer than zero.
pub(crate) fn duration(value: &Value) -> Result<Duration, String> {
    match duration_or_zero(value)? {
        Duration::ZERO => Err("must be longer than zero".to_owned()),
        duration => Ok(duration),
    }
}

/// A size in bytes: an integer, or text such as `512KiB`, `8MiB`, `1GiB`, `1000kB`.
pub(crate) fn size(value: &Value) -> Result<usize, String> {
    const EXPECTED: &str = "a size in bytes, such as 1048576 or \"8MiB\"";
    let bytes = match &value.kind {
        ValueKind::I64(number) => u64::try_from(*number).ok(),
        ValueKind::String(text) => parse_size(text.trim()),
        _ => return expected(EXPECTED, value),
    };
    match bytes.and_then(|bytes| usize::try_from(bytes).ok()) {
        Some(0) => Err("must be at least 1 byte".to_owned()),
        Some(bytes) => Ok(bytes),
        None => Err(format!("expected {EXPECTED}")),
    }
}

fn parse_size(text: &str) -> Option<u64> {
    let mut text = text.replace('_', "");
    // `8M` is 8 MiB; bytesize would read 8 MB.
    if text.ends_with(['k', 'K', 'm', 'M', 'g', 'G']) {
        text.push_str("iB");
    }
    let bytes = text.parse::<ByteSize>().ok()?.as_u64();
    // bytesize returns `u64::MAX` for a size that is too large.
    (bytes < u64::MAX).then_some(bytes)
}

/// An address to listen on, `ip:port`.
pub(crate) fn socket_addr(value: &Value) -> Result<SocketAddr, String> {
    text(value)?
        .parse()
        .map_err(|_| "expected an IP address and a port, such as \"127.0.0.1:8080\"".to_owned())
}

/// An `http` or `https` URL with a host.
pub(crate) fn http_url(value: &Value) -> Result<Url, String> {
    let problem = || "expected a URL such as \"https://gw.api.taobao.com/router/rest\"".to_owned();
    let url: Url = text(value)?.parse().map_err(|_| problem())?;
    if !matches!(url.scheme(), "http" | "https") || !url.has_host() {
        return Err(problem());
    }
    Ok(url)
}

/// Whether a URL contains a user or a password.
pub(crate) fn has_credentials(url: &Url) -> bool {
    !url.username().is_empty() || url.password().is_some()
}

/// A list of texts; the environment supplies it separated by commas.
pub(crate) fn texts(value: &Value) -> Result<Vec<String>, String> {
    match &value.kind {
        ValueKind::Array(items) => items.iter().map(text).collect(),
        ValueKind::String(list) => Ok(list
            .split(',')
            .map(|item| item.trim().to_owned())
            .filter(|item| !item.is_empty())
            .collect()),
        _ => expected("a list of texts", value),
    }
}

/// A list of any values; the environment supplies it as JSON.
pub(crate) fn list(value: &Value) -> Result<Vec<Value>, String> {
    match &value.kind {
        ValueKind::Array(items) => Ok(items.clone()),
        ValueKind::String(json) => {
            let items: Vec<Value> = serde_json::from_str(json)
                .map_err(|_| "expected a list (in the environment: a JSON array)".to_owned())?;
            Ok(items)
        }
        _ => expected("a list", value),
    }
}

/// Exactly `N` bytes as hexadecimal digits.
pub(crate) fn hex_bytes<const N: usize>(text: &str) -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| format!("expected {} hexadecimal digits ({N} bytes)", 2 * N))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::LogFormat;

    #[test]
    fn an_unknown_variant_is_not_repeated_and_the_known_ones_are_listed() {
        let read = |text: &str| word::<LogFormat>(&Value::new(None, text));
        assert_eq!(read(" json "), Ok(LogFormat::Json));
        assert_eq!(read("xml"), Err("expected `pretty` or `json`".to_owned()));
    }

    #[test]
    fn sizes_and_durations_accept_common_spellings() {
        let bytes = |text: &str| size(&Value::new(None, text));
        assert_eq!(bytes("8MiB"), Ok(8 << 20));
        assert_eq!(bytes("512 kib"), Ok(512 << 10));
        assert_eq!(bytes("1_000"), Ok(1000));
        assert_eq!(bytes("2kB"), Ok(2000));
        assert_eq!(bytes("8M"), Ok(8 << 20));
        assert_eq!(bytes("1.5MiB"), Ok(3 << 19));
        for refused in ["", "0", "MiB", "-1", "0.5", "99999999999GiB", "8MiBs"] {
            assert!(bytes(refused).is_err(), "{refused}");
        }

        let time = |text: &str| duration(&Value::new(None, text));
        assert_eq!(time("5500ms"), Ok(Duration::from_millis(5500)));
        assert_eq!(time("2m"), Ok(Duration::from_secs(120)));
        for refused in ["", "0", "0s", "5", "5 parsecs", "-1s"] {
            assert!(time(refused).is_err(), "{refused}");
        }
        assert!(
            duration(&Value::new(None, 5)).is_err(),
            "a number without a unit is refused"
        );
    }
}
