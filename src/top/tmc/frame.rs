//! The binary frames of the channel: one frame is the payload of one WebSocket message.
//!
//! `version:u8 type:u8 header* 0x0000`, where a header is a `u16` type with a payload. The official peers write all
//! numbers in little-endian order. [`Frame::decode`] also reads what other peers are known to send; [`Frame::encode`]
//! writes only what the official ones do.

use std::fmt;

/// The version that this codec writes, unless a peer used another one.
pub const VERSION: u8 = 2;

/// The type of a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FrameType {
    /// The first frame of a client: who it is, with a signature.
    Connect,
    /// The response to it: a token, or a refusal.
    ConnectAck,
    /// A command or a message, in either direction.
    Send,
    /// The response to a frame that carries a flag.
    SendAck,
}

impl FrameType {
    const ALL: [Self; 4] = [Self::Connect, Self::ConnectAck, Self::Send, Self::SendAck];

    const fn byte(self) -> u8 {
        match self {
            Self::Connect => 0,
            Self::ConnectAck => 1,
            Self::Send => 2,
            Self::SendAck => 3,
        }
    }
}

/// The value of a custom header.
#[derive(Clone, PartialEq, Eq)]
pub enum Value {
    /// Null. A text of length zero is read as null, as the official clients do.
    Void,
    /// Text.
    Text(String),
    /// An 8-bit number.
    Byte(i8),
    /// A 16-bit number.
    Int16(i16),
    /// A 32-bit number.
    Int32(i32),
    /// A 64-bit number.
    Int64(i64),
    /// Milliseconds since 1970-01-01 UTC.
    Date(i64),
    /// Bytes.
    Bytes(Vec<u8>),
}

impl Value {
    /// The number, however it was written: peers choose different widths, and some write decimal text.
    #[must_use]
    pub fn number(&self) -> Option<i64> {
        match self {
            Self::Byte(n) => Some((*n).into()),
            Self::Int16(n) => Some((*n).into()),
            Self::Int32(n) => Some((*n).into()),
            Self::Int64(n) | Self::Date(n) => Some(*n),
            Self::Text(text) => text.trim().parse().ok(),
            Self::Void | Self::Bytes(_) => None,
        }
    }

    /// The text; a number as decimal text.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(text.clone()),
            Self::Void | Self::Bytes(_) => None,
            Self::Byte(_) | Self::Int16(_) | Self::Int32(_) | Self::Int64(_) | Self::Date(_) => {
                self.number().map(|number| number.to_string())
            }
        }
    }
}

/// Prints types and lengths only: a message may contain personal data, such as the id of a user.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Void => f.write_str("Void"),
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Byte(_) => f.write_str("Byte"),
            Self::Int16(_) => f.write_str("Int16"),
            Self::Int32(_) => f.write_str("Int32"),
            Self::Int64(_) => f.write_str("Int64"),
            Self::Date(_) => f.write_str("Date"),
            Self::Bytes(bytes) => write!(f, "Bytes({} bytes)", bytes.len()),
        }
    }
}

/// A frame.
#[derive(Clone, PartialEq, Eq)]
pub struct Frame {
    /// The version of the protocol. A response has the version of its request.
    pub version: u8,
    /// Its type.
    pub frame_type: FrameType,
    /// An error code; absent if zero.
    pub status_code: Option<i32>,
    /// An error message.
    pub status_phrase: Option<String>,
    /// The number of a request, repeated in its response.
    pub flag: Option<i32>,
    /// The token of the connection: a secret, because whoever knows it can confirm messages.
    pub token: Option<String>,
    /// Custom headers, in the order in which they stand in the frame.
    pub custom: Vec<(String, Value)>,
}

impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame")
            .field("version", &self.version)
            .field("frame_type", &self.frame_type)
            .field("status_code", &self.status_code)
            .field("flag", &self.flag)
            .field("token", &self.token.as_ref().map(|_| "***"))
            .field("custom", &self.custom.len())
            .finish_non_exhaustive()
    }
}

/// Why bytes are not a frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// It ends inside a header, or before the end of the headers.
    #[error("the frame is cut short")]
    CutShort,
    /// The type is none of the known ones.
    #[error("unknown frame type {0}")]
    UnknownType(u8),
    /// A header has an unknown type.
    #[error("unknown header type {0}")]
    UnknownHeader(u16),
    /// Bytes follow the end of the headers.
    #[error("bytes follow the end of the frame")]
    TrailingBytes,
    /// A text or byte array is longer than the format can express.
    #[error("a value is too long for a frame")]
    TooLong,
}

const END: u16 = 0;
const CUSTOM: u16 = 1;
const STATUS_CODE: u16 = 2;
const STATUS_PHRASE: u16 = 3;
const FLAG: u16 = 4;
const TOKEN: u16 = 5;

impl Frame {
    /// A frame without headers.
    #[must_use]
    pub fn new(frame_type: FrameType) -> Self {
        Self {
            version: VERSION,
            frame_type,
            status_code: None,
            status_phrase: None,
            flag: None,
            token: None,
            custom: Vec::new(),
        }
    }

    /// Adds a custom header.
    #[must_use]
    pub fn with(mut self, name: &str, value: Value) -> Self {
        self.custom.push((name.to_owned(), value));
        self
    }

    /// The value of a custom header. If a name is repeated, the last one counts.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        let mut headers = self.custom.iter().rev();
        headers.find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Reads a frame.
    ///
    /// # Errors
    /// How the bytes break the official format, if they match no known deviation of it either.
    pub fn decode(bytes: &[u8]) -> Result<Self, FrameError> {
        let mut error = None;
        for dialect in DIALECTS {
            match decode(bytes, *dialect) {
                Ok(frame) => return Ok(frame),
                Err(found) => _ = error.get_or_insert(found),
            }
        }
        Err(error.unwrap_or(FrameError::CutShort))
    }

    /// Writes the frame: little-endian, headers in the order of the official clients.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode(&self) -> Result<Vec<u8>, FrameError> {
        self.write(false)
    }

    /// Writes the frame with big-endian numbers, as some peers do.
    ///
    /// # Errors
    /// [`FrameError::TooLong`].
    pub fn encode_big_endian(&self) -> Result<Vec<u8>, FrameError> {
        self.write(true)
    }

    fn write(&self, big: bool) -> Result<Vec<u8>, FrameError> {
        let out = vec![self.version, self.frame_type.byte()];
        let mut writer = Writer { out, big };
        if let Some(code) = self.status_code.filter(|code| *code > 0) {
            writer.number(STATUS_CODE.to_le_bytes());
            writer.number(code.to_le_bytes());
        }
        if let Some(phrase) = self.status_phrase.as_ref().filter(|text| !text.is_empty()) {
            writer.number(STATUS_PHRASE.to_le_bytes());
            writer.counted(phrase.as_bytes())?;
        }
        if let Some(flag) = self.flag.filter(|flag| *flag > 0) {
            writer.number(FLAG.to_le_bytes());
            writer.number(flag.to_le_bytes());
        }
        if let Some(token) = self.token.as_ref().filter(|text| !text.is_empty()) {
            writer.number(TOKEN.to_le_bytes());
            writer.counted(token.as_bytes())?;
        }
        for (name, value) in &self.custom {
            writer.number(CUSTOM.to_le_bytes());
            writer.counted(name.as_bytes())?;
            writer.value(value)?;
        }
        writer.number(END.to_le_bytes());
        Ok(writer.out)
    }
}

struct Writer {
    out: Vec<u8>,
    big: bool,
}

impl Writer {
    /// Writes the bytes of a number, which are given in little-endian order.
    fn number<const N: usize>(&mut self, mut bytes: [u8; N]) {
        if self.big {
            bytes.reverse();
        }
        self.out.extend(bytes);
    }

    fn counted(&mut self, bytes: &[u8]) -> Result<(), FrameError> {
        let length = i32::try_from(bytes.len()).map_err(|_| FrameError::TooLong)?;
        self.number(length.to_le_bytes());
        self.out.extend(bytes);
        Ok(())
    }

    fn value(&mut self, value: &Value) -> Result<(), FrameError> {
        match value {
            Value::Void => self.out.push(0),
            Value::Text(text) => {
                self.out.push(1);
                self.counted(text.as_bytes())?;
            }
            Value::Byte(n) => self.out.extend([2, n.to_le_bytes()[0]]),
            Value::Int16(n) => {
                self.out.push(3);
                self.number(n.to_le_bytes());
            }
            Value::Int32(n) => {
                self.out.push(4);
                self.number(n.to_le_bytes());
            }
            Value::Int64(n) => {
                self.out.push(5);
                self.number(n.to_le_bytes());
            }
            Value::Date(n) => {
                self.out.push(6);
                self.number(n.to_le_bytes());
            }
            Value::Bytes(bytes) => {
                self.out.push(7);
                self.counted(bytes)?;
            }
        }
        Ok(())
    }
}

/// How a peer deviates from the official format. The first dialect in which the bytes are a complete frame counts.
#[derive(Debug, Clone, Copy)]
struct Dialect {
    big: bool,
    /// `tmc.js` writes the status code with 16 bits.
    short_status: bool,
    /// As the official clients read: an unknown header has no payload, and bytes after the end are ignored.
    lenient: bool,
}

const DIALECTS: &[Dialect] = &[
    Dialect::new(false, false, false),
    Dialect::new(false, true, false),
    Dialect::new(true, false, false),
    Dialect::new(true, true, false),
    Dialect::new(false, false, true),
];

impl Dialect {
    const fn new(big: bool, short_status: bool, lenient: bool) -> Self {
        Self {
            big,
            short_status,
            lenient,
        }
    }
}

fn decode(bytes: &[u8], dialect: Dialect) -> Result<Frame, FrameError> {
    let mut reader = Reader {
        rest: bytes,
        big: dialect.big,
    };
    let [version] = reader.array()?;
    let [byte] = reader.array()?;
    let frame_type = FrameType::ALL
        .into_iter()
        .find(|known| known.byte() == byte)
        .ok_or(FrameError::UnknownType(byte))?;
    let mut frame = Frame::new(frame_type);
    frame.version = version;
    loop {
        match reader.u16()? {
            END => break,
            CUSTOM => {
                let name = reader.text()?.unwrap_or_default();
                let value = reader.value()?;
                frame.custom.push((name, value));
            }
            STATUS_CODE => {
                let code = if dialect.short_status {
                    reader.i16()?.into()
                } else {
                    reader.i32()?
                };
                frame.status_code = (code != 0).then_some(code);
            }
            STATUS_PHRASE => frame.status_phrase = reader.text()?,
            FLAG => frame.flag = Some(reader.i32()?),
            TOKEN => frame.token = reader.text()?,
            _ if dialect.lenient => {}
            other => return Err(FrameError::UnknownHeader(other)),
        }
    }
    if !reader.rest.is_empty() && !dialect.lenient {
        return Err(FrameError::TrailingBytes);
    }
    Ok(frame)
}

struct Reader<'a> {
    rest: &'a [u8],
    big: bool,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], FrameError> {
        let (taken, rest) = self
            .rest
            .split_at_checked(length)
            .ok_or(FrameError::CutShort)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let (taken, rest) = self
            .rest
            .split_first_chunk::<N>()
            .ok_or(FrameError::CutShort)?;
        self.rest = rest;
        Ok(*taken)
    }

    /// The bytes of a number in little-endian order.
    fn little<const N: usize>(&mut self) -> Result<[u8; N], FrameError> {
        let mut bytes = self.array()?;
        if self.big {
            bytes.reverse();
        }
        Ok(bytes)
    }

    fn u16(&mut self) -> Result<u16, FrameError> {
        self.little().map(u16::from_le_bytes)
    }

    fn i16(&mut self) -> Result<i16, FrameError> {
        self.little().map(i16::from_le_bytes)
    }

    fn i32(&mut self) -> Result<i32, FrameError> {
        self.little().map(i32::from_le_bytes)
    }

    fn i64(&mut self) -> Result<i64, FrameError> {
        self.little().map(i64::from_le_bytes)
    }

    /// A negative length counts as zero.
    fn bytes(&mut self) -> Result<&'a [u8], FrameError> {
        let length = usize::try_from(self.i32()?).unwrap_or(0);
        self.take(length)
    }

    /// Replaces bytes that are not UTF-8: the rest of the frame, such as the id to confirm, stays readable.
    fn text(&mut self) -> Result<Option<String>, FrameError> {
        let bytes = self.bytes()?;
        Ok((!bytes.is_empty()).then(|| String::from_utf8_lossy(bytes).into_owned()))
    }

    fn value(&mut self) -> Result<Value, FrameError> {
        let [format] = self.array()?;
        Ok(match format {
            0 => Value::Void,
            2 => Value::Byte(i8::from_le_bytes(self.array()?)),
            3 => Value::Int16(self.i16()?),
            4 => Value::Int32(self.i32()?),
            5 => Value::Int64(self.i64()?),
            6 => Value::Date(self.i64()?),
            7 => Value::Bytes(self.bytes()?.to_vec()),
            // The official clients read 1 and any other format as text.
            _ => self.text()?.map_or(Value::Void, Value::Text),
        })
    }
}

#[cfg(test)]
pub(super) mod tests;
