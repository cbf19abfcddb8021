//! The envelope of every response: `{"…_response": {…}}` or `{"error_response": {…}}`.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::{DeserializeOwned, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use serde_json::error::Category;
use serde_json::value::RawValue;

use super::lenient::{Field, Key, Object, bounded, room};

/// A response of TOP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Envelope<A> {
    /// The response of the method.
    Answer(A),
    /// The platform returned an error instead.
    Error(ErrorResponse),
}

/// The platform's own error. An error with code 0 and no sub code is still an error here, although the official SDK
/// treats it as success.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorResponse {
    /// Platform code (documented table), e.g. 27.
    pub code: Option<i64>,
    /// The text of the code.
    pub msg: Option<String>,
    /// The more specific code, e.g. `isv.permission-ip-whitelist-limit`.
    pub sub_code: Option<String>,
    /// The text of the sub code.
    pub sub_msg: Option<String>,
    /// The id of the call, for support cases.
    pub request_id: Option<String>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct WireError {
    code: Field<i64>,
    msg: Field<String>,
    sub_code: Field<String>,
    sub_msg: Field<String>,
    request_id: Field<String>,
}

impl ErrorResponse {
    /// The code, if TOP refuses the session of the call: 26 missing, 27 invalid, or 53 not sufficient any more (documented).
    #[must_use]
    pub fn session_code(&self) -> Option<i64> {
        self.code.filter(|code| matches!(code, 26 | 27 | 53))
    }

    /// The duration of TOP's ban of the app in seconds, if this error reports a ban (code 7).
    #[must_use]
    pub fn ban_seconds(&self) -> Option<u64> {
        let text = self.sub_msg.as_deref().filter(|_| self.code == Some(7));
        text.and_then(ban_seconds)
    }
}

/// A ban is capped at one day.
const LONGEST_BAN: u64 = 86_400;

/// The number in "This ban will last for N more seconds".
fn ban_seconds(text: &str) -> Option<u64> {
    let (_, rest) = text.split_once("ban will last for ")?;
    let (number, _) = rest.split_once(" more second")?;
    let number = number.trim();
    if number.is_empty() || !number.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    // A number too large to parse is capped as well.
    let seconds = number.parse().unwrap_or(u64::MAX);
    (seconds > 0).then(|| seconds.min(LONGEST_BAN))
}

impl From<WireError> for ErrorResponse {
    fn from(wire: WireError) -> Self {
        let at_most = |text: Field<String>, longest| {
            let text = text.lossy()?;
            Some(capped(&text, longest).to_owned())
        };
        Self {
            code: wire.code.lossy(),
            msg: at_most(wire.msg, LONGEST_TEXT),
            sub_code: at_most(wire.sub_code, LONGEST_WORD),
            sub_msg: at_most(wire.sub_msg, LONGEST_TEXT),
            request_id: at_most(wire.request_id, LONGEST_WORD),
        }
    }
}

/// The maximum length of an error text, in characters.
pub(crate) const LONGEST_TEXT: usize = 1_000;
/// The maximum length of a code, a request id or a status phrase, in characters.
pub(crate) const LONGEST_WORD: usize = 100;

/// The start of an upstream text. Texts are capped because some are stored in the journal, logged and returned.
pub(crate) fn capped(text: &str, longest: usize) -> &str {
    match text.char_indices().nth(longest) {
        Some((end, _)) => &text[..end],
        None => text,
    }
}

/// The error for a body that is not a TOP response. Such a body proves nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("unreadable response: {reason}")]
pub struct Unreadable {
    /// The reason. Never contains a part of the body.
    pub reason: &'static str,
}

const ERROR_ROOT: &str = "error_response";
const ROOT_SUFFIX: &str = "_response";

/// Decodes a response of `method`. Accepts the method's own root, any other single `…_response` root, and the bare
/// object that TOP returns to calls with `simplify`.
///
/// # Errors
/// When the body is empty, cut off, not JSON, nested too deep, or has another structure.
pub fn decode<A: DeserializeOwned>(method: &str, body: &[u8]) -> Result<Envelope<A>, Unreadable> {
    let body = trimmed(body);
    let Some(first) = body.first() else {
        return Err(Unreadable {
            reason: "the body is empty",
        });
    };
    if *first == b'<' {
        return Err(Unreadable {
            reason: "the body is markup, not JSON",
        });
    }
    decode_json(method, body).map_err(Unreadable::from)
}

/// Decodes into a tree, for overrides. A node takes many times the memory of a short value's text, so a response that
/// consists of very short values is refused.
///
/// # Errors
/// As [`decode`], or when the tree would take too much memory.
pub fn decode_tree(method: &str, body: &[u8]) -> Result<Envelope<Value>, Unreadable> {
    if nodes(body).saturating_mul(NODE) > room(body.len()) {
        return Err(Unreadable {
            reason: "the JSON has too many values for its length",
        });
    }
    decode(method, body)
}

/// The memory of a tree node, including its place in the parent.
const NODE: usize = 2 * size_of::<Value>();

/// An upper bound for the number of values in the JSON. If the end of a string is misread, the count changes by no more
/// than the length of the string.
fn nodes(body: &[u8]) -> usize {
    let (mut count, mut in_string, mut escaped) = (1, false, false);
    for byte in body {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b',' | b'[' | b'{' if !in_string => count += 1,
            _ => {}
        }
    }
    count
}

fn decode_json<A: DeserializeOwned>(method: &str, body: &[u8]) -> Result<Envelope<A>, Failure> {
    match decode_once(method, body) {
        Err(Failure::Json(Category::Syntax)) => texts(body)
            .iter()
            .find_map(|text| decode_once(method, readable_strings(text).as_bytes()).ok())
            .ok_or(Failure::Json(Category::Syntax)),
        other => other,
    }
}

/// The body without leading whitespace and byte order marks.
#[must_use]
pub fn trimmed(body: &[u8]) -> &[u8] {
    let body = body.trim_ascii_start();
    body.strip_prefix(b"\xEF\xBB\xBF").map_or(body, trimmed)
}

/// The object under the response's root as raw JSON, to return upstream's own fields next to ours. `None` if the body
/// is an error or not a response.
#[must_use]
pub fn inner_raw(body: &[u8]) -> Option<&RawValue> {
    let body = trimmed(body);
    let roots: Roots<'_> = serde_json::from_slice(body).ok()?;
    match roots.choose("").ok()? {
        Root::Answer(raw) => Some(raw),
        Root::Simplified => serde_json::from_slice(body).ok(),
        Root::Error(_) => None,
    }
}

enum Failure {
    Json(Category),
    TooDeep,
    Shape(&'static str),
}

impl From<serde_json::Error> for Failure {
    fn from(error: serde_json::Error) -> Self {
        // serde_json has no error category for the recursion limit.
        if error.to_string().starts_with("recursion limit") {
            return Self::TooDeep;
        }
        Self::Json(error.classify())
    }
}

impl From<Failure> for Unreadable {
    fn from(failure: Failure) -> Self {
        let reason = match failure {
            Failure::Json(Category::Eof) => "the body is cut off",
            Failure::Json(Category::Syntax | Category::Io) => "the body is not JSON",
            Failure::Json(Category::Data) => "the JSON has an unexpected structure",
            Failure::TooDeep => "the JSON is nested too deep",
            Failure::Shape(reason) => reason,
        };
        Self { reason }
    }
}

fn decode_once<A: DeserializeOwned>(method: &str, body: &[u8]) -> Result<Envelope<A>, Failure> {
    // If the whole body is valid UTF-8, its thousands of strings need no separate check. If not, a broken character in
    // an unread field does no harm.
    let first = bounded(body.len(), || match std::str::from_utf8(body) {
        Ok(text) => first_root(serde_json::Deserializer::from_str(text)),
        Err(_) => first_root(serde_json::Deserializer::from_slice(body)),
    })?;
    match first {
        Some(envelope) => Ok(envelope),
        None => bounded(body.len(), || decode_by_keys(method, body)),
    }
}

fn first_root<'de, A: DeserializeOwned, R: serde_json::de::Read<'de>>(
    mut json: serde_json::Deserializer<R>,
) -> Result<Option<Envelope<A>>, Failure> {
    let first = json.deserialize_map(FirstRoot(PhantomData))?;
    json.end()?;
    Ok(first)
}

/// The slow path, for responses that do not begin with their only root.
fn decode_by_keys<A: DeserializeOwned>(method: &str, body: &[u8]) -> Result<Envelope<A>, Failure> {
    let roots: Roots<'_> = serde_json::from_slice(body)?;
    match roots.choose(method)? {
        Root::Answer(raw) => Ok(Envelope::Answer(object(raw.get().as_bytes())?)),
        Root::Error(raw) => {
            let error: WireError = object(raw.get().as_bytes())?;
            Ok(Envelope::Error(error.into()))
        }
        Root::Simplified => Ok(Envelope::Answer(object(body)?)),
    }
}

fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, Failure> {
    let Object(field) = serde_json::from_slice(json)?;
    required_object(field).map_err(Failure::Shape)
}

fn required_object<T>(field: Field<T>) -> Result<T, &'static str> {
    match field {
        Field::Value(value) => Ok(value),
        Field::Absent | Field::Unreadable => Err("the root contains no object"),
    }
}

/// Reads the usual response, whose first key is its root, in one pass. The value is `None` if all keys must be
/// considered together.
struct FirstRoot<A>(PhantomData<A>);

impl<'de, A: DeserializeOwned> Visitor<'de> for FirstRoot<A> {
    type Value = Option<Envelope<A>>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a response of TOP")
    }

    fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Self::Value, M::Error> {
        let envelope = match map.next_key::<Key<'de>>()? {
            None => None,
            Some(Key(key)) if key == ERROR_ROOT => {
                let error: WireError = map.next_value_seed(InnerObject(PhantomData))?;
                Some(Envelope::Error(error.into()))
            }
            Some(Key(key)) if key.ends_with(ROOT_SUFFIX) => Some(Envelope::Answer(
                map.next_value_seed(InnerObject(PhantomData))?,
            )),
            Some(_) => {
                map.next_value::<IgnoredAny>()?;
                None
            }
        };
        let mut alone = true;
        while let Some((Key(key), IgnoredAny)) = map.next_entry::<Key<'de>, IgnoredAny>()? {
            alone &= !key.ends_with(ROOT_SUFFIX);
        }
        Ok(envelope.filter(|_| alone))
    }
}

struct InnerObject<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for InnerObject<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        let Object(field) = Object::deserialize(deserializer)?;
        required_object(field).map_err(serde::de::Error::custom)
    }
}

struct Roots<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

enum Root<'a> {
    Answer(&'a RawValue),
    Error(&'a RawValue),
    Simplified,
}

impl<'a> Roots<'a> {
    /// Selects the root among the keys. A body that contains several responses, or a response and an error, is
    /// unreadable, because it proves neither.
    fn choose(&self, method: &str) -> Result<Root<'a>, Failure> {
        let named = root_name(method);
        let mut error = None;
        let mut answers = Vec::new();
        for (key, value) in &self.0 {
            if key == ERROR_ROOT {
                if error.replace(*value).is_some() {
                    return Err(Failure::Shape("the body contains several errors"));
                }
            } else if key.ends_with(ROOT_SUFFIX) {
                answers.push((key, *value));
            }
        }
        match (error, answers.as_slice()) {
            (Some(error), []) => Ok(Root::Error(error)),
            (Some(_), _) => Err(Failure::Shape("the body contains a response and an error")),
            (None, [(_, answer)]) => Ok(Root::Answer(answer)),
            (None, []) => {
                let known = |k: &Cow<'_, str>| k == "is_success" || k == "request_id";
                if self.0.iter().any(|(key, _)| known(key)) {
                    Ok(Root::Simplified)
                } else {
                    Err(Failure::Shape("the body contains no response"))
                }
            }
            (None, several) => {
                let mut ours = several.iter().filter(|(key, _)| ***key == *named);
                match (ours.next(), ours.next()) {
                    (Some((_, answer)), None) => Ok(Root::Answer(answer)),
                    _ => Err(Failure::Shape("the body contains several responses")),
                }
            }
        }
    }
}

/// The root of a method's responses: without a leading `taobao.`, dots as underscores.
fn root_name(method: &str) -> String {
    let short = method.strip_prefix("taobao.").unwrap_or(method);
    format!("{}{ROOT_SUFFIX}", short.replace('.', "_"))
}

impl<'de> Deserialize<'de> for Roots<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RootsVisitor;

        impl<'de> Visitor<'de> for RootsVisitor {
            type Value = Roots<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a response of TOP")
            }

            fn visit_map<M: MapAccess<'de>>(self, mut map: M) -> Result<Roots<'de>, M::Error> {
                let mut roots = Vec::new();
                while let Some((Key(key), value)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
                    roots.push((key, value));
                }
                Ok(Roots(roots))
            }
        }

        deserializer.deserialize_map(RootsVisitor)
    }
}

/// The possible decodings of the bytes, the most likely first: UTF-8 with errors, or GBK, which older parts of TOP
/// send.
fn texts(body: &[u8]) -> Vec<Cow<'_, str>> {
    let utf8 = String::from_utf8_lossy(body);
    if matches!(utf8, Cow::Borrowed(_)) {
        return vec![utf8];
    }
    let (gbk, _) = encoding_rs::GBK.decode_without_bom_handling(body);
    let count = |matches: fn(&char) -> bool| utf8.chars().filter(matches).count();
    let is_utf8 = count(|c| ('\u{4e00}'..='\u{9fff}').contains(c))
        > count(|c| *c == char::REPLACEMENT_CHARACTER);
    if is_utf8 {
        vec![utf8, gbk]
    } else {
        vec![gbk, utf8]
    }
}

/// Makes the strings of a JSON text readable: escapes raw control characters, which TOP was observed to send, and
/// replaces unpaired surrogates.
fn readable_strings(json: &str) -> String {
    let mut out = String::with_capacity(json.len() + 64);
    let mut in_string = false;
    let mut rest = json;
    while let Some(c) = rest.chars().next() {
        let length = match c {
            '\\' if in_string => {
                let (escape, length) = readable_escape(rest);
                out.push_str(escape);
                length
            }
            c if in_string && u32::from(c) < 0x20 => {
                out.push_str(&format!("\\u{:04x}", u32::from(c)));
                1
            }
            c => {
                in_string ^= c == '"';
                out.push(c);
                c.len_utf8()
            }
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    out
}

/// The escape sequence at the start of a text and its length in the text. An unpaired surrogate is replaced with the
/// escape sequence of U+FFFD.
fn readable_escape(text: &str) -> (&str, usize) {
    let unit = |at: usize| {
        let digits = text.get(at..at + 6)?.strip_prefix("\\u")?;
        u16::from_str_radix(digits, 16).ok()
    };
    let length = match unit(0) {
        Some(0xD800..=0xDBFF) if matches!(unit(6), Some(0xDC00..=0xDFFF)) => 12,
        Some(0xD800..=0xDFFF) => return ("\\ufffd", 6),
        Some(_) => 6,
        None => 1 + text[1..].chars().next().map_or(0, char::len_utf8),
    };
    (&text[..length], length)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::top::lenient::{Field, List, NumberItem};

    const METHOD: &str = "alitrip.flight.service.pay";

    #[test]
    fn the_length_of_a_ban_is_read_or_ignored() {
        for (text, seconds) in [
            ("This ban will last for 1 more seconds", Some(1)),
            ("This ban will last for 1 more second", Some(1)),
            (
                "This ban will last for 99999999999 more seconds",
                Some(86_400),
            ),
            (
                "This ban will last for 18446744073709551616 more seconds",
                Some(86_400),
            ),
            ("This ban will last for 0 more seconds", None),
            ("This ban will last for  more seconds", None),
            ("This ban will last for -3 more seconds", None),
            ("", None),
        ] {
            assert_eq!(ban_seconds(text), seconds, "{text}");
        }
    }

    #[derive(Debug, Default, PartialEq, Eq, Deserialize)]
    #[serde(default)]
    struct Plain {
        is_success: Field<bool>,
        text: Field<String>,
        numbers: List<NumberItem>,
    }

    fn read(body: &str) -> Result<Envelope<Plain>, Unreadable> {
        decode(METHOD, body.as_bytes())
    }

    fn success() -> Envelope<Plain> {
        Envelope::Answer(Plain {
            is_success: Field::Value(true),
            ..Plain::default()
        })
    }

    #[test]
    fn accepted_roots() {
        for body in [
            r#"{"alitrip_flight_service_pay_response":{"is_success":true}}"#,
            r#"{"some_other_response":{"is_success":"true","unknown":{"deep":[1]}}}"#,
            r#"{"is_success":true}"#,
            r#"{"request_id":"15rmr1","is_success":true}"#,
            r#"{"stray":1,"alitrip_flight_service_pay_response":{"is_success":true}}"#,
            r#"{"other_response":{},"alitrip_flight_service_pay_response":{"is_success":true}}"#,
            " \n{\"alitrip_flight_service_pay_response\":{\"is_success\":true},\"stray\":[]}\n ",
            "\u{feff}{\"is_success\":true}",
            " \u{feff}\u{feff}\r\n{\"is_success\":true}",
        ] {
            assert_eq!(read(body), Ok(success()), "{body}");
        }
    }

    #[test]
    fn errors_of_the_platform() {
        let body = r#"{"error_response":{"code":"26","msg":"Missing session","sub_msg":"x","request_id":"15r"}}"#;
        let Ok(Envelope::Error(error)) = read(body) else {
            panic!("{:?}", read(body));
        };
        assert_eq!(error.code, Some(26));
        assert_eq!(error.sub_code, None);
        assert_eq!(error.request_id.as_deref(), Some("15r"));
    }

    #[test]
    fn error_texts_are_capped() {
        let long = "长".repeat(100_000);
        let body = serde_json::json!({"error_response": {
            "code": 15, "msg": long, "sub_code": long, "sub_msg": long, "request_id": long,
        }});
        let Ok(Envelope::Error(error)) = read(&body.to_string()) else {
            panic!("no error");
        };
        let length = |text: Option<String>| text.unwrap().chars().count();
        assert_eq!(length(error.msg), LONGEST_TEXT);
        assert_eq!(length(error.sub_msg), LONGEST_TEXT);
        assert_eq!(length(error.sub_code), LONGEST_WORD);
        assert_eq!(length(error.request_id), LONGEST_WORD);
    }

    #[test]
    fn an_error_with_code_zero_is_still_an_error() {
        for body in [
            r#"{"error_response":{"code":"0"}}"#,
            r#"{"error_response":{}}"#,
            r#"{"stray":1,"error_response":{"code":0}}"#,
        ] {
            assert!(matches!(read(body), Ok(Envelope::Error(_))), "{body}");
        }
    }

    #[test]
    fn unreadable_bodies() {
        let deep = format!(
            "{{\"x_response\":{}{}}}",
            "[".repeat(10_000),
            "]".repeat(10_000)
        );
        for body in [
            "",
            "  ",
            "null",
            "7",
            "[]",
            "{}",
            "ok",
            "<html>502</html>",
            r#"{"foo":1}"#,
            r#"{"x_response":null}"#,
            r#"{"x_response":[true]}"#,
            r#"{"x_response":"done"}"#,
            r#"{"error_response":"busy"}"#,
            r#"{"x_response":{"is_success":true"#,
            r#"{"x_response":{"is_success":true}} trailing"#,
            r#"{"x_response":{"is_success":true},"error_response":{}}"#,
            r#"{"error_response":{},"x_response":{"is_success":true}}"#,
            r#"{"x_response":{},"y_response":{}}"#,
            r#"{"is_success":true,"error_response":{},"x_response":{}}"#,
            &deep,
        ] {
            assert!(read(body).is_err(), "{body}");
        }
    }

    #[test]
    fn a_truncated_body_is_distinguished_from_non_json() {
        let reason = |body: &str| read(body).unwrap_err().reason;
        assert_eq!(reason(r#"{"x_response":{"a"#), "the body is cut off");
        assert_eq!(reason("<html>"), "the body is markup, not JSON");
        assert_eq!(reason("not json"), "the body is not JSON");
    }

    #[test]
    fn raw_control_characters_in_strings_are_read() {
        let body = "{\"x_response\":{\"is_success\":true,\"text\":\"a\tb\n\\\"c\"}}";
        let Ok(Envelope::Answer(answer)) = read(body) else {
            panic!("{:?}", read(body));
        };
        assert_eq!(answer.text, Field::Value("a\tb\n\"c".to_owned()));
    }

    #[test]
    fn invalid_utf8_in_a_text_leaves_the_other_fields_readable() {
        let gbk = |text: &str| encoding_rs::GBK.encode(text).0.into_owned();
        let around = |text: &[u8]| {
            let parts: [&[u8]; 3] = [
                br#"{"x_response":{"text":""#,
                text,
                br#"","is_success":true,"numbers":[7]}}"#,
            ];
            parts.concat()
        };
        for (text, expected) in [
            (gbk("会话已过期"), "会话已过期"),
            // In GBK the second byte of this character is a backslash.
            (gbk("不誠"), "不誠"),
            (gbk("誠"), "誠"),
            ("订单\\n不".as_bytes()[..10].to_vec(), "订单\n\u{fffd}"),
            (b"a\xffb".to_vec(), "a\u{fffd}b"),
            (br"a\ud83db".to_vec(), "a\u{fffd}b"),
            (br"a\udc00\ud800".to_vec(), "a\u{fffd}\u{fffd}"),
            (br"\ud800\ud83d\ude00\\".to_vec(), "\u{fffd}\u{1f600}\\"),
            (b"\\ud800\n".to_vec(), "\u{fffd}"),
        ] {
            let Ok(Envelope::Answer(answer)) = decode::<Plain>(METHOD, &around(&text)) else {
                panic!("{expected}: {:?}", decode::<Plain>(METHOD, &around(&text)));
            };
            assert_eq!(answer.text, Field::Value(expected.to_owned()));
            assert_eq!(answer.is_success, Field::Value(true), "{expected}");
            assert_eq!(answer.numbers.0.len(), 1, "{expected}");
        }
        let cut = [b"{\"x_response\":{\"text\":\"".as_slice(), &gbk("会话")].concat();
        assert!(decode::<Plain>(METHOD, &cut).is_err());
    }

    #[test]
    fn the_inner_object_is_available_as_raw_json() {
        let raw = |body: &str| inner_raw(body.as_bytes()).map(|r| r.get().to_owned());
        assert_eq!(
            raw(r#"{"x_response":{"a": 1}}"#).as_deref(),
            Some(r#"{"a": 1}"#)
        );
        assert_eq!(
            raw(r#"{"is_success":true}"#).as_deref(),
            Some(r#"{"is_success":true}"#)
        );
        assert_eq!(raw(r#"{"error_response":{}}"#), None);
        assert_eq!(raw("<html>"), None);
    }

    #[test]
    fn root_names() {
        assert_eq!(
            root_name("taobao.tmc.messages.consume"),
            "tmc_messages_consume_response"
        );
        assert_eq!(root_name(METHOD), "alitrip_flight_service_pay_response");
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(body in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = decode::<Plain>(METHOD, &body);
            let _ = inner_raw(&body);
        }

        #[test]
        fn json_like_text_never_panics(body in r#"[{}\[\]":, a-z_0-9\\\t]{0,80}"#) {
            let _ = decode::<Plain>(METHOD, body.as_bytes());
        }
    }
}
