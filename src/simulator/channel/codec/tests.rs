use proptest::prelude::*;

use super::*;

const BINARY: u8 = 2;

fn frame(first: u8, payload: &[u8], mask: Option<[u8; 4]>) -> Vec<u8> {
    let mut out = vec![first];
    let bit = if mask.is_some() { 0x80 } else { 0 };
    match payload.len() {
        short @ 0..=125 => out.push(bit | u8::try_from(short).unwrap()),
        middle @ 126..=0xffff => {
            out.push(bit | 126);
            out.extend(u16::try_from(middle).unwrap().to_be_bytes());
        }
        long => {
            out.push(bit | 127);
            out.extend(u64::try_from(long).unwrap().to_be_bytes());
        }
    }
    out.extend(mask.iter().flatten());
    let key = mask.unwrap_or_default();
    out.extend(
        payload
            .iter()
            .zip(key.iter().cycle())
            .map(|(byte, key)| byte ^ key),
    );
    out
}

/// Decodes bytes that arrive in these parts.
fn decoded<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> io::Result<Vec<Incoming>> {
    let (mut codec, mut buffer, mut found) = (Codec::default(), BytesMut::new(), Vec::new());
    for part in parts {
        buffer.extend_from_slice(part);
        while let Some(frame) = codec.decode(&mut buffer)? {
            found.push(frame);
        }
    }
    assert!(buffer.is_empty());
    Ok(found)
}

#[test]
fn frames_of_every_length_are_read_however_they_are_split() {
    for length in [0, 1, 125, 126, 127, 0xffff, 0x1_0000] {
        let payload: Vec<u8> = (0..=255).cycle().take(length).collect();
        for mask in [None, Some([7, 0, 255, 3])] {
            let mut bytes = frame(0x80 | BINARY, &payload, mask);
            bytes.extend(frame(0x80 | BINARY, b"next", mask));
            let expected = [
                Incoming::Binary(payload.clone().into()),
                Incoming::Binary(Bytes::from_static(b"next")),
            ];
            // Every boundary in the headers and around the payload; in a long payload, every 997th.
            let near = |at: &usize| *at < 300 || *at + 32 > bytes.len() || at.is_multiple_of(997);
            for at in (0..=bytes.len()).filter(near) {
                let (first, second) = bytes.split_at(at);
                assert_eq!(decoded([first, second]).unwrap(), expected, "{length} {at}");
            }
        }
    }
}

#[test]
fn only_final_binary_frames_are_messages() {
    for (first, expected) in [
        (BINARY, Incoming::Ignored),
        (0x80, Incoming::Ignored),
        (0x81, Incoming::Ignored),
        (0x89, Incoming::Ignored),
        (0x8a, Incoming::Ignored),
        (0x88, Incoming::Close),
        (0x82, Incoming::Binary(Bytes::from_static(b"x"))),
    ] {
        let bytes = frame(first, b"x", Some([1, 2, 3, 4]));
        assert_eq!(decoded([&bytes[..]]).unwrap(), [expected], "{first:x}");
    }
}

#[test]
fn a_frame_that_is_too_long_is_an_error_before_its_payload_arrives() {
    let mut bytes = vec![0x82, 127];
    bytes.extend((MAX_PAYLOAD + 1).to_be_bytes());
    assert!(decoded([&bytes[..]]).is_err());
    let payload = vec![0; usize::try_from(MAX_PAYLOAD).unwrap()];
    assert_eq!(
        decoded([&frame(0x82, &payload, None)[..]]).unwrap().len(),
        1
    );
    assert!(decoded([&[0x83, 0][..]]).is_err());
}

proptest! {
    #[test]
    fn what_is_written_is_read_byte_by_byte(
        payloads in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..400), 0..4),
    ) {
        let (mut codec, mut written) = (Codec::default(), BytesMut::new());
        for payload in &payloads {
            codec.encode(payload.clone().into(), &mut written).unwrap();
        }
        let read = decoded(written.chunks(1)).unwrap();
        let expected: Vec<_> =
            payloads.into_iter().map(|payload| Incoming::Binary(payload.into())).collect();
        prop_assert_eq!(read, expected);
    }

    #[test]
    fn masked_frames_are_read_in_any_parts(
        payload in prop::collection::vec(any::<u8>(), 0..300),
        mask in any::<[u8; 4]>(),
        size in 1_usize..64,
    ) {
        let bytes = frame(0x82, &payload, Some(mask));
        let read = decoded(bytes.chunks(size)).unwrap();
        prop_assert_eq!(read, [Incoming::Binary(payload.into())]);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        let (mut codec, mut buffer) = (Codec::default(), BytesMut::from(&bytes[..]));
        while let Ok(Some(_)) = codec.decode(&mut buffer) {}
    }
}
