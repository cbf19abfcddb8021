use std::path::Path;

use proptest::prelude::*;

use super::*;

/// The frame in a file of `tests/vectors/tmc`: hexadecimal bytes after a comment.
pub(in crate::top::tmc) fn vector(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/tmc");
    let text = std::fs::read_to_string(folder.join(name).with_extension("hex")).unwrap();
    let digits: String = text
        .lines()
        .filter(|line| !line.starts_with('#'))
        .flat_map(str::split_whitespace)
        .collect();
    hex::decode(digits).unwrap()
}

const VECTORS: [&str; 12] = [
    "confirm",
    "connect-2016",
    "connect-2021",
    "connect-ack-accepted",
    "connect-ack-refused",
    "data-gzip",
    "data-text",
    "failed",
    "publish",
    "pull-request",
    "send-ack",
    "send-ack-refused",
];

#[test]
fn every_vector_is_read_and_written_back_byte_by_byte() {
    for name in VECTORS {
        let bytes = vector(name);
        let frame = Frame::decode(&bytes).unwrap();
        assert_eq!(frame.encode().unwrap(), bytes, "{name}");
    }
}

#[test]
fn the_headers_of_a_frame_are_read() {
    let refused = Frame::decode(&vector("connect-ack-refused")).unwrap();
    assert_eq!(refused.frame_type, FrameType::ConnectAck);
    assert_eq!(refused.status_code, Some(25));
    assert_eq!(refused.status_phrase.as_deref(), Some("Invalid signature"));
    assert_eq!((refused.flag, refused.token), (Some(1), None));
    let data = Frame::decode(&vector("data-text")).unwrap();
    assert_eq!(
        data.get("id"),
        Some(&Value::Int64(7_104_300_007_405_429_232))
    );
    assert_eq!(data.get("time"), Some(&Value::Date(1_380_941_758_000)));
}

#[test]
fn a_repeated_header_has_its_last_value() {
    let frame = Frame::new(FrameType::Send)
        .with("id", Value::Byte(1))
        .with("id", Value::Byte(2));
    let read = Frame::decode(&frame.encode().unwrap()).unwrap();
    assert_eq!(read.get("id"), Some(&Value::Byte(2)));
}

/// A writer for the known deviations.
struct Foreign {
    big: bool,
    out: Vec<u8>,
}

impl Foreign {
    fn new(version: u8, big: bool) -> Self {
        Self {
            big,
            out: vec![version, 3],
        }
    }

    fn number<const N: usize>(&mut self, little: [u8; N]) {
        let mut bytes = little;
        if self.big {
            bytes.reverse();
        }
        self.out.extend(bytes);
    }

    fn text(&mut self, text: &str) {
        self.number(i32::try_from(text.len()).unwrap().to_le_bytes());
        self.out.extend(text.as_bytes());
    }

    fn custom(&mut self, name: &str, number: i64) {
        self.number(1_u16.to_le_bytes());
        self.text(name);
        self.out.push(5);
        self.number(number.to_le_bytes());
    }

    fn end(mut self) -> Vec<u8> {
        self.number(0_u16.to_le_bytes());
        self.out
    }
}

#[test]
fn deviations_of_known_peers_are_read() {
    for (what, version, big, status) in [
        ("version 1", 1, false, None),
        ("big-endian", 2, true, None),
        ("a short status", 2, false, Some(7_i16)),
        ("a short status, big-endian", 2, true, Some(7)),
    ] {
        let mut peer = Foreign::new(version, big);
        if let Some(status) = status {
            peer.number(2_u16.to_le_bytes());
            peer.number(status.to_le_bytes());
            peer.number(3_u16.to_le_bytes());
            peer.text("App Call Limited");
        }
        peer.custom("id", 513);
        peer.custom("dataid", 770);
        let frame = Frame::decode(&peer.end()).unwrap();
        assert_eq!(frame.version, version, "{what}");
        assert_eq!(frame.status_code, status.map(i32::from), "{what}");
        assert_eq!(frame.status_phrase.is_some(), status.is_some(), "{what}");
        assert_eq!(frame.get("id"), Some(&Value::Int64(513)), "{what}");
        assert_eq!(frame.get("dataid"), Some(&Value::Int64(770)), "{what}");
    }
}

#[test]
fn a_big_endian_frame_is_read() {
    let mut frame = Frame::new(FrameType::Send)
        .with("a", Value::Text("content".to_owned()))
        .with("b", Value::Byte(3))
        .with("c", Value::Int16(-2))
        .with("d", Value::Int32(77))
        .with("e", Value::Int64(1 << 60))
        .with("f", Value::Date(1_380_941_758_000))
        .with("g", Value::Bytes(vec![1, 2]))
        .with("h", Value::Void);
    frame.token = Some("token".to_owned());
    let written = frame.encode_big_endian().unwrap();
    assert_ne!(written, frame.encode().unwrap());
    assert_eq!(Frame::decode(&written), Ok(frame));
}

#[test]
fn an_unknown_header_is_skipped_and_an_unknown_format_is_text() {
    let mut bytes = Frame::new(FrameType::Send)
        .with("a", Value::Byte(1))
        .encode()
        .unwrap();
    bytes.splice(2..2, [9, 0]);
    let frame = Frame::decode(&bytes).unwrap();
    assert_eq!(frame.get("a"), Some(&Value::Byte(1)));
    let mut bytes = Frame::new(FrameType::Send)
        .with("a", Value::Text("b".into()))
        .encode()
        .unwrap();
    let format = bytes.len() - 8;
    assert_eq!(bytes[format], 1);
    bytes[format] = 42;
    let frame = Frame::decode(&bytes).unwrap();
    assert_eq!(frame.get("a"), Some(&Value::Text("b".into())));
}

#[test]
fn invalid_utf8_leaves_the_rest_of_the_frame_readable() {
    let mut bytes = Frame::new(FrameType::Send)
        .with("content", Value::Text("xx".into()))
        .with("id", Value::Int64(7))
        .encode()
        .unwrap();
    let at = bytes.windows(2).position(|two| two == b"xx").unwrap();
    bytes[at] = 0xff;
    let frame = Frame::decode(&bytes).unwrap();
    assert_eq!(frame.get("id"), Some(&Value::Int64(7)));
}

#[test]
fn a_broken_frame_is_an_error() {
    assert_eq!(Frame::decode(&[]), Err(FrameError::CutShort));
    assert_eq!(
        Frame::decode(&[2, 7, 0, 0]),
        Err(FrameError::UnknownType(7))
    );
    let whole = vector("data-text");
    for length in 0..whole.len() {
        assert!(Frame::decode(&whole[..length]).is_err(), "{length}");
    }
}

#[test]
fn debug_shows_neither_content_nor_token() {
    let mut frame = Frame::new(FrameType::Send).with("content", Value::Text("canary-1".into()));
    frame.token = Some("canary-2".into());
    frame.status_phrase = Some("canary-3".into());
    let shown = format!("{frame:?}");
    assert!(!shown.contains("canary"), "{shown}");
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Void),
        ".{1,20}".prop_map(Value::Text),
        any::<i8>().prop_map(Value::Byte),
        any::<i16>().prop_map(Value::Int16),
        any::<i32>().prop_map(Value::Int32),
        any::<i64>().prop_map(Value::Int64),
        any::<i64>().prop_map(Value::Date),
        prop::collection::vec(any::<u8>(), 0..20).prop_map(Value::Bytes),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    (
        any::<u8>(),
        prop::sample::select(&FrameType::ALL),
        prop::option::of(1..i32::MAX),
        prop::option::of(".{1,20}"),
        prop::option::of(1..i32::MAX),
        prop::option::of("[a-z0-9-]{1,36}"),
        prop::collection::vec(("[a-z_]{1,12}", value()), 0..8),
    )
        .prop_map(
            |(version, frame_type, status_code, status_phrase, flag, token, custom)| Frame {
                version,
                frame_type,
                status_code,
                status_phrase,
                flag,
                token,
                custom,
            },
        )
}

proptest! {
    #[test]
    fn a_written_frame_reads_back(frame in frame()) {
        prop_assert_eq!(Frame::decode(&frame.encode().unwrap()).unwrap(), frame);
    }

    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        drop(Frame::decode(&bytes));
    }

    #[test]
    fn a_damaged_vector_never_panics(
        name in prop::sample::select(&VECTORS),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut bytes = vector(name);
        for (at, byte) in damage {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        // What can be read can be written, and then reads the same.
        if let Ok(frame) = Frame::decode(&bytes) {
            let again = Frame::decode(&frame.encode().unwrap()).unwrap();
            prop_assert_eq!(again.custom, frame.custom);
        }
    }
}
