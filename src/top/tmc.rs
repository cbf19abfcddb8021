//! The message service of TOP (TMC): the WebSocket channel, and the HTTP methods that replace it.
//!
//! Source: the official SDKs (`toplink`), read and measured; TOP publishes no specification of the frames.

pub mod channel;
pub mod content;
pub mod frame;
pub mod http;
pub mod message;
pub mod users;
