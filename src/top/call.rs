//! One call to TOP, and what the outcome of a call proves.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;

use super::departure::Departure;
use super::envelope::ErrorResponse;
use super::method::Effect;

/// The share of the quota that a call uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A caller is waiting for the response.
    Caller,
    /// A lookup by the reconciler. Lookups have their own small share. The stack never retries them, because the
    /// reconciler decides when to look up again.
    Lookup,
    /// A lookup of a settled operation, or a read of TOP's messages. They come after the other lookups and have at most half
    /// of their share.
    Watch,
}

/// A file part: sent as multipart, never signed.
#[derive(Clone)]
pub struct FilePart {
    /// The parameter's name.
    pub name: Cow<'static, str>,
    /// The file name sent to TOP.
    pub file_name: String,
    /// The content.
    pub content: Bytes,
}

// Both an attachment and its file name may be personal data.
impl std::fmt::Debug for FilePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePart")
            .field("name", &self.name)
            .field("length", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// A call before it is signed. Cheap to clone, because a read may be retried.
#[derive(Clone)]
pub struct Call {
    /// TOP's name of the method.
    pub method: Arc<str>,
    /// What the method does upstream.
    pub effect: Effect,
    /// The share of the quota that the call uses.
    pub lane: Lane,
    /// The session of the purchasing account; `None` for methods that need none.
    pub session: Option<SecretString>,
    /// The application's parameters: names and texts. They contain personal data.
    pub params: Arc<[(String, String)]>,
    /// The file, for uploads.
    pub file: Option<FilePart>,
    /// Controls when the body may leave, if the call is a write.
    pub departure: Option<Departure>,
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.method)
            .field("effect", &self.effect)
            .field("lane", &self.lane)
            .finish_non_exhaustive()
    }
}

/// The raw HTTP response.
#[derive(Clone)]
pub struct Received {
    /// HTTP status.
    pub status: u16,
    /// The whole body, decompressed.
    pub body: Bytes,
}

/// What is known about the delivery of a finished call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// No part of the request body reached TOP.
    NotSent,
    /// TOP sent a response.
    Answered,
    /// The call may have reached TOP and been executed.
    MaybeSent,
}

impl Delivery {
    /// The name in logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Answered => "answered",
            Self::MaybeSent => "maybe_sent",
        }
    }
}

/// Why a call ended without a usable response. See [`CallError::delivery`] for what it proves.
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing left this process.
    #[error("nothing was sent: {0}")]
    NotSent(#[source] NotSent),
    /// TOP returned an `error_response`.
    #[error("TOP returned error {}", .0.code.map_or_else(|| "?".to_owned(), |c| c.to_string()))]
    Refused(Box<ErrorResponse>),
    /// The call may have been delivered, and no usable response was received.
    #[error("no usable response: {0}")]
    Lost(#[source] Lost),
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// No connection could be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke, or the peer sent a response, before the request was sent.
    #[error("the connection to TOP broke before the request was sent")]
    Broken,
    /// The quota is used up, or TOP has banned the app temporarily.
    #[error("the quota of TOP calls is used up")]
    Quota {
        /// When to try again.
        retry_after: Duration,
    },
    /// The request could not be encoded.
    #[error("the request cannot be encoded")]
    Encode,
    /// The time limit for sending had passed.
    #[error("the time limit for sending had passed")]
    TooLate,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
}

/// Why no connection could be opened, and to where. Contains neither credentials nor a path or query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no connection to TOP ({route}): {cause}")]
pub struct ConnectError {
    /// The attempted route.
    pub route: Route,
    /// The cause.
    #[source]
    pub cause: ConnectCause,
}

/// The endpoint of TOP, and the proxy in front of it if there is one, each as `host:port`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Route {
    /// TOP's endpoint.
    pub endpoint: Arc<str>,
    /// The proxy.
    pub proxy: Option<Arc<str>>,
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.endpoint)?;
        match &self.proxy {
            Some(proxy) => write!(f, " through the proxy {proxy}"),
            None => Ok(()),
        }
    }
}

/// The step at which opening a connection failed. The texts come from the system, the TLS library or the HTTP library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectCause {
    /// The host name has no address.
    #[error("the host name cannot be resolved ({0})")]
    Dns(String),
    /// Nothing listens on the address.
    #[error("connection refused")]
    Refused,
    /// The connection was not open within `top.connect_timeout`.
    #[error("not open within top.connect_timeout")]
    Timeout,
    /// The TLS handshake failed.
    #[error("the TLS handshake failed ({0})")]
    Tls(String),
    /// The proxy could not be reached, or did not open a tunnel.
    #[error("the proxy could not be used ({0})")]
    Proxy(String),
    /// Any other cause, such as no route to the host.
    #[error("{0}")]
    Other(String),
}

/// Why a response was lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// No complete response arrived within the deadline.
    #[error("no response within the deadline")]
    Deadline,
    /// The connection broke after the request may have been sent.
    #[error("the connection broke")]
    Connection,
    /// An HTTP status that TOP does not use.
    #[error("HTTP status {0}")]
    Status(u16),
    /// A body larger than the size limit.
    #[error("the response exceeds the size limit")]
    TooLarge,
    /// A body that is not a TOP response.
    #[error("the response cannot be read: {0}")]
    Unreadable(&'static str),
}

impl CallError {
    /// What the error proves. Anything but the two certain cases counts as possibly delivered.
    #[must_use]
    pub fn delivery(&self) -> Delivery {
        match self {
            Self::NotSent(_) => Delivery::NotSent,
            Self::Refused(_) => Delivery::Answered,
            Self::Lost(_) => Delivery::MaybeSent,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_a_file_nor_its_name_is_printed() {
        let file = FilePart {
            name: "file_content".into(),
            file_name: "测试旅客.png".into(),
            content: Bytes::from_static(b"secret"),
        };
        let printed = format!("{file:?}");
        assert!(printed.contains("file_content"), "{printed}");
        for secret in ["测试", "secret", "png"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }
}
