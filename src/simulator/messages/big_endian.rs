//! Writes a message with big-endian numbers, as some peers do. The codec writes little-endian numbers only.

use crate::top::tmc::frame::{Frame, FrameError, Value};

/// The frame, which must be one of type `Send` without status and flag.
pub(super) fn encode(frame: &Frame) -> Result<Vec<u8>, FrameError> {
    let mut out = vec![frame.version, 2];
    if let Some(token) = &frame.token {
        out.extend(5_u16.to_be_bytes());
        counted(&mut out, token.as_bytes())?;
    }
    for (name, value) in &frame.custom {
        out.extend(1_u16.to_be_bytes());
        counted(&mut out, name.as_bytes())?;
        match value {
            Value::Void => out.push(0),
            Value::Text(text) => {
                out.push(1);
                counted(&mut out, text.as_bytes())?;
            }
            Value::Byte(n) => out.extend([2, n.to_be_bytes()[0]]),
            Value::Int16(n) => {
                out.push(3);
                out.extend(n.to_be_bytes());
            }
            Value::Int32(n) => {
                out.push(4);
                out.extend(n.to_be_bytes());
            }
            Value::Int64(n) => {
                out.push(5);
                out.extend(n.to_be_bytes());
            }
            Value::Date(n) => {
                out.push(6);
                out.extend(n.to_be_bytes());
            }
            Value::Bytes(bytes) => {
                out.push(7);
                counted(&mut out, bytes)?;
            }
        }
    }
    out.extend(0_u16.to_be_bytes());
    Ok(out)
}

fn counted(out: &mut Vec<u8>, bytes: &[u8]) -> Result<(), FrameError> {
    let length = i32::try_from(bytes.len()).map_err(|_| FrameError::TooLong)?;
    out.extend(length.to_be_bytes());
    out.extend(bytes);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::top::tmc::frame::FrameType;

    #[test]
    fn the_codec_reads_the_frame() {
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
        let written = encode(&frame).unwrap();
        assert_ne!(written, frame.encode().unwrap());
        assert_eq!(Frame::decode(&written), Ok(frame));
    }
}
