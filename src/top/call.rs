//! One call to TOP, and what may be concluded when it ends.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;

use super::departure::Departure;
use super::envelope::ErrorResponse;
use super::method::Effect;

/// Which share of the quota a call draws on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lane {
    /// A caller waits for the answer.
    Caller,
    /// A look of the reconciler: its own small share, and never retried by the stack, because the
    /// reconciler itself decides when to look again.
    Look,
    /// A look at an operation that is settled: behind the others, with half of their share at most.
    Watch,
}

/// A file part: sent as multipart, never signed.
#[derive(Clone)]
pub struct FilePart {
    /// The parameter's name.
    pub name: Cow<'static, str>,
    /// The file's name as told to TOP.
    pub file_name: String,
    /// The content.
    pub content: Bytes,
}

// A proof is somebody's, and so is often the name of its file.
impl std::fmt::Debug for FilePart {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FilePart")
            .field("name", &self.name)
            .field("length", &self.content.len())
            .finish_non_exhaustive()
    }
}

/// A call before it is signed. Cheap to clone, because a read may be tried again.
#[derive(Clone)]
pub struct Call {
    /// TOP's name of the method.
    pub method: Arc<str>,
    /// What the method does upstream.
    pub effect: Effect,
    /// Which share of the quota pays for it.
    pub lane: Lane,
    /// The session of the purchasing account; `None` for methods that need none.
    pub session: Option<SecretString>,
    /// The application's parameters: names and texts. They hold personal data.
    pub params: Arc<[(String, String)]>,
    /// The file, for uploads.
    pub file: Option<FilePart>,
    /// When the body may leave, if the call is a write.
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

/// What came back over HTTP, before anyone judged it.
#[derive(Clone)]
pub struct Received {
    /// HTTP status.
    pub status: u16,
    /// The whole body, inflated.
    pub body: Bytes,
}

/// What can be known of a call that ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Delivery {
    /// No byte of it reached TOP.
    NotSent,
    /// TOP answered.
    Answered,
    /// It may have reached TOP, and may have been done.
    MaybeSent,
}

impl Delivery {
    /// The word for logs and metrics.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotSent => "not_sent",
            Self::Answered => "answered",
            Self::MaybeSent => "maybe_sent",
        }
    }
}

/// Why a call ended without a usable answer. Says what may be concluded: see [`CallError::delivery`].
#[derive(Clone, Debug, thiserror::Error)]
pub enum CallError {
    /// Nothing left this process.
    #[error("nothing was sent: {0}")]
    NotSent(#[source] NotSent),
    /// TOP answered with an `error_response`.
    #[error("TOP answered with error {}", .0.code.map_or_else(|| "?".to_owned(), |c| c.to_string()))]
    Refused(Box<ErrorResponse>),
    /// The call may have been delivered, and no usable answer came.
    #[error("no usable answer: {0}")]
    Lost(#[source] Lost),
}

/// Why nothing was sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotSent {
    /// No connection could be opened.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The connection broke, or the peer answered on it, before the request was sent.
    #[error("the connection to TOP broke before the request was sent")]
    Broken,
    /// The quota is used up, or TOP has banned the app for a while.
    #[error("the quota of TOP calls is used up")]
    Quota {
        /// When to come back.
        retry_after: Duration,
    },
    /// The request could not be written down.
    #[error("the request cannot be encoded")]
    Encode,
    /// The time in which it was allowed to go out had passed.
    #[error("the time to send had passed")]
    TooLate,
    /// The gateway is stopping.
    #[error("the gateway is stopping")]
    Stopping,
}

/// Why no connection could be opened, and to where. Holds neither credentials nor a path or query.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no connection to TOP ({route}): {cause}")]
pub struct ConnectError {
    /// Where to.
    pub route: Route,
    /// Why not.
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

/// The step at which opening a connection failed. The texts are those of the system, the TLS library
/// or the HTTP library.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectCause {
    /// The name of the host has no address.
    #[error("the host name cannot be resolved ({0})")]
    Dns(String),
    /// Nothing listens at the address.
    #[error("connection refused")]
    Refused,
    /// Not open within `top.connect_timeout`.
    #[error("not open within top.connect_timeout")]
    Timeout,
    /// The TLS handshake failed.
    #[error("the TLS handshake failed ({0})")]
    Tls(String),
    /// The proxy could not be reached, or did not open a tunnel.
    #[error("the proxy could not be used ({0})")]
    Proxy(String),
    /// Anything else, such as no route to the host.
    #[error("{0}")]
    Other(String),
}

/// How an answer got lost.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    /// No complete answer within the deadline.
    #[error("no answer within the deadline")]
    Deadline,
    /// The connection broke after the request may have gone out.
    #[error("the connection broke")]
    Connection,
    /// An HTTP status that TOP does not use for answers.
    #[error("HTTP status {0}")]
    Status(u16),
    /// A body larger than the cap.
    #[error("the answer is larger than the cap")]
    TooLarge,
    /// A body that is no answer of TOP.
    #[error("the answer cannot be read: {0}")]
    Unreadable(&'static str),
}

impl CallError {
    /// What may be concluded. Everything but the two certain cases counts as perhaps delivered.
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
    fn neither_a_file_nor_its_name_are_printed() {
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
