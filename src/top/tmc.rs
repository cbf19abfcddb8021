//! The message service of TOP (TMC): frames of the WebSocket channel and the messages in them.
//!
//! Source: the official SDKs (`toplink`), read and measured; TOP publishes no specification of the frames.

pub mod frame;
pub mod message;
