//! WebSocket frames (RFC 6455), without the automatic answers of the usual libraries.

use std::io::{self, Cursor};

use bytes::{BufMut, Bytes, BytesMut};
use tokio_tungstenite::tungstenite::protocol::frame::FrameHeader;
use tokio_tungstenite::tungstenite::protocol::frame::coding::{Control, Data, OpCode};
use tokio_util::codec::{Decoder, Encoder};

/// The longest payload that is read.
const MAX_PAYLOAD: u64 = 1 << 20;

/// A frame of the client.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Incoming {
    /// A complete binary message.
    Binary(Bytes),
    /// The client closes the connection.
    Close,
    /// PING, PONG, text, or a frame that is not final.
    Ignored,
}

/// Reads frames with or without a mask, and writes binary frames without one.
#[derive(Debug, Default)]
pub(super) struct Codec {
    /// The header of the frame whose payload is being read.
    header: Option<(FrameHeader, usize)>,
}

impl Decoder for Codec {
    type Item = Incoming;
    type Error = io::Error;

    fn decode(&mut self, source: &mut BytesMut) -> io::Result<Option<Incoming>> {
        if self.header.is_none() {
            let mut cursor = Cursor::new(&source[..]);
            let parsed = FrameHeader::parse(&mut cursor).map_err(io::Error::other)?;
            let Some((header, length)) = parsed else {
                return Ok(None);
            };
            let read = usize::try_from(cursor.position()).map_err(io::Error::other)?;
            let length = Some(length)
                .filter(|length| *length <= MAX_PAYLOAD)
                .and_then(|length| usize::try_from(length).ok())
                .ok_or_else(|| io::Error::other("the frame is too long"))?;
            let _ = source.split_to(read);
            self.header = Some((header, length));
        }
        let Some((_, length)) = &self.header else {
            return Ok(None);
        };
        if source.len() < *length {
            source.reserve(*length - source.len());
            return Ok(None);
        }
        let mut payload = source.split_to(*length);
        let Some((header, _)) = self.header.take() else {
            return Ok(None);
        };
        if let Some(mask) = header.mask {
            for (byte, key) in payload.iter_mut().zip(mask.iter().cycle()) {
                *byte ^= key;
            }
        }
        Ok(Some(match header.opcode {
            OpCode::Control(Control::Close) => Incoming::Close,
            OpCode::Data(Data::Binary) if header.is_final => Incoming::Binary(payload.freeze()),
            OpCode::Data(_) | OpCode::Control(_) => Incoming::Ignored,
        }))
    }
}

impl Encoder<Bytes> for Codec {
    type Error = io::Error;

    fn encode(&mut self, payload: Bytes, target: &mut BytesMut) -> io::Result<()> {
        let header = FrameHeader {
            opcode: OpCode::Data(Data::Binary),
            ..FrameHeader::default()
        };
        let length = u64::try_from(payload.len()).map_err(io::Error::other)?;
        header
            .format(length, &mut target.writer())
            .map_err(io::Error::other)?;
        target.extend_from_slice(&payload);
        Ok(())
    }
}

#[cfg(test)]
mod tests;
