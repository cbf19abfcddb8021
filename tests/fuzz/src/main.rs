//! Fuzzes what arrives on TOP's message channel: the frames and the contents of the messages in them.
#![no_main]
#![allow(dead_code, reason = "only the parsers are used")]

#[path = "../../../src/top/tmc/content.rs"]
mod content;
#[path = "../../../src/top/tmc/frame.rs"]
mod frame;

use content::{MAX_CONTENT, content};
use frame::Frame;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Ok(read) = Frame::decode(bytes) else {
        return;
    };
    for (_, value) in &read.custom {
        if let Ok(text) = content(Some(value)) {
            assert!(text.len() <= MAX_CONTENT);
        }
    }
    let written = read.encode().expect("a frame that was read can be written");
    let again = Frame::decode(&written).expect("a frame that was written can be read");
    // Numbers below one are not written, as by the official clients.
    let mut expected = read;
    expected.status_code = expected.status_code.filter(|code| *code > 0);
    expected.flag = expected.flag.filter(|flag| *flag > 0);
    assert_eq!(again, expected);
});
