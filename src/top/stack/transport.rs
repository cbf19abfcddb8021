//! The HTTP transport: sends one POST and reads the whole response body, decompressed and limited in size.

use std::error::Error as _;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use reqwest::header::{CONNECTION, CONTENT_TYPE, HeaderValue};
use tower::Service;

use super::held::Held;
use super::sign::{Signed, SignedBody};
use crate::top::call::{CallError, ConnectCause, ConnectError, Lost, NotSent, Received, Route};

/// The settings of an HTTP client for TOP.
#[derive(Clone, Debug)]
pub struct TransportSettings {
    /// The address of TOP's gateway.
    pub endpoint: reqwest::Url,
    /// The time limit for opening a connection: name resolution, TCP, proxy and TLS together.
    pub connect_timeout: Duration,
    /// An HTTP proxy; none unless configured.
    pub proxy: Option<reqwest::Url>,
    /// The largest decompressed response, in bytes.
    pub max_answer: usize,
}

/// An HTTP client for TOP.
#[derive(Clone, Debug)]
pub struct Transport {
    client: reqwest::Client,
    /// Shared, because a stack is cloned several times per call.
    endpoint: Arc<reqwest::Url>,
    route: Route,
    max_answer: usize,
}

/// How long an idle connection for reads is kept.
const READ_IDLE: Duration = Duration::from_secs(20);
/// How long sent bytes may stay unacknowledged before the kernel closes the connection.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);
/// The maximum length of a library's error text about a failed connection, in characters.
const LONGEST_REASON: usize = 160;

// === impl Transport ===

impl Transport {
    /// The client for reads.
    ///
    /// # Errors
    /// When the TLS backend or the proxy cannot be set up.
    pub fn for_reads(settings: &TransportSettings) -> Result<Self, reqwest::Error> {
        Self::build(settings, |builder| builder.pool_idle_timeout(READ_IDLE))
    }

    /// The client for writes. Each write opens its own connection, sends one request and closes the connection.
    ///
    /// So no data left on a connection by an earlier response can be mistaken for the response to a later write, and no
    /// write uses a connection that the server is closing as idle.
    ///
    /// # Errors
    /// When the TLS backend or the proxy cannot be set up.
    pub fn for_writes(settings: &TransportSettings) -> Result<Self, reqwest::Error> {
        Self::build(settings, |builder| {
            builder.pool_max_idle_per_host(0).default_headers(
                [(CONNECTION, HeaderValue::from_static("close"))]
                    .into_iter()
                    .collect(),
            )
        })
    }

    fn build(
        settings: &TransportSettings,
        pool: impl FnOnce(reqwest::ClientBuilder) -> reqwest::ClientBuilder,
    ) -> Result<Self, reqwest::Error> {
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("fliggy-gateway/", env!("CARGO_PKG_VERSION")))
            // A write over HTTP/2 may be replayed by the protocol itself.
            .http1_only()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            // An HTTP_PROXY in the environment must not receive sessions and passenger data by accident.
            .no_proxy()
            .referer(false)
            .connect_timeout(settings.connect_timeout)
            .tcp_user_timeout(UNACKNOWLEDGED)
            .tcp_nodelay(true);
        builder = pool(builder);
        if let Some(proxy) = &settings.proxy {
            builder = builder.proxy(reqwest::Proxy::all(proxy.clone())?);
        }
        Ok(Self {
            client: builder.build()?,
            route: Route {
                endpoint: host_and_port(&settings.endpoint).into(),
                proxy: settings.proxy.as_ref().map(|url| host_and_port(url).into()),
            },
            endpoint: Arc::new(settings.endpoint.clone()),
            max_answer: settings.max_answer,
        })
    }
}

impl Service<Signed> for Transport {
    type Response = Received;
    type Error = CallError;
    type Future = Pin<Box<dyn Future<Output = Result<Received, CallError>> + Send>>;

    fn poll_ready(&mut self, _cx: &mut Context<'_>) -> Poll<Result<(), CallError>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, signed: Signed) -> Self::Future {
        let request = self.client.post(reqwest::Url::clone(&self.endpoint));
        let departure = signed.departure;
        let request = match signed.body {
            SignedBody::Form(form) => {
                let request = request.header(
                    CONTENT_TYPE,
                    "application/x-www-form-urlencoded;charset=UTF-8",
                );
                match &departure {
                    Some(departure) => {
                        request.body(reqwest::Body::wrap(Held::new(form, departure.clone())))
                    }
                    None => request.body(form),
                }
            }
            SignedBody::Multipart(texts, file) => {
                let form = texts
                    .into_iter()
                    .fold(reqwest::multipart::Form::new(), |form, (name, value)| {
                        form.text(name, value)
                    });
                let length = file.content.len() as u64;
                let part = reqwest::multipart::Part::stream_with_length(file.content, length)
                    .file_name(file.file_name);
                request.multipart(form.part(file.name, part))
            }
        };
        let max = self.max_answer;
        let route = self.route.clone();
        Box::pin(async move {
            let sent = request.send().await;
            let unsent = sent.as_ref().err().and_then(|error| unsent(error, route));
            let unsent = match departure {
                // A response that arrives before the body has left is not a response to this request.
                Some(departure) => departure.withhold(unsent.unwrap_or(NotSent::Broken)),
                None => unsent,
            };
            if let Some(why) = unsent {
                return Err(CallError::NotSent(why));
            }
            let response = sent.map_err(|error| lost(&error))?;
            let status = response.status().as_u16();
            Ok(Received {
                status,
                body: whole(response, max).await?,
            })
        })
    }
}

/// Reads the whole body. A body that is received in one piece is not copied.
async fn whole(mut response: reqwest::Response, max: usize) -> Result<Bytes, CallError> {
    let announced = response.content_length().unwrap_or_default();
    let mut next = async || response.chunk().await.map_err(|error| lost(&error));
    let Some(first) = next().await? else {
        return Ok(Bytes::new());
    };
    let mut more = next().await?;
    if more.is_none() && first.len() <= max {
        return Ok(first);
    }
    let announced = usize::try_from(announced).unwrap_or(max).min(max);
    let mut body = BytesMut::with_capacity(announced.max(first.len()));
    body.extend_from_slice(&first);
    while body.len() <= max {
        match more {
            Some(chunk) => body.extend_from_slice(&chunk),
            None => return Ok(body.freeze()),
        }
        more = next().await?;
    }
    Err(CallError::Lost(Lost::TooLarge))
}

/// The authority of a URL without its credentials.
fn host_and_port(url: &reqwest::Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The reason why the request was never sent, if the HTTP client's error proves that.
fn unsent(error: &reqwest::Error, route: Route) -> Option<NotSent> {
    if error.is_builder() {
        Some(NotSent::Encode)
    } else if error.is_connect() {
        let cause = connect_cause(error, route.proxy.is_some());
        Some(NotSent::Connect(ConnectError { route, cause }))
    } else {
        None
    }
}

/// The step at which opening the connection failed. The HTTP client does not export its error types, so errors of name
/// resolution and of tunnels are recognised by their texts; a test covers every kind of connection.
fn connect_cause(error: &reqwest::Error, proxied: bool) -> ConnectCause {
    if error.is_timeout() {
        return ConnectCause::Timeout;
    }
    let causes: Vec<_> = std::iter::successors(error.source(), |error| (*error).source()).collect();
    let has_cause = |text: &str| causes.iter().any(|e| e.to_string().starts_with(text));
    let refused = causes.iter().any(|error| {
        let io = error.downcast_ref::<std::io::Error>();
        io.is_some_and(|io| io.kind() == std::io::ErrorKind::ConnectionRefused)
    });
    // The last cause is the most specific. It is a library's text about data from the peer, so it is truncated.
    let last = causes.last().map(ToString::to_string).unwrap_or_default();
    let last: String = last.chars().take(LONGEST_REASON).collect();
    let dns = has_cause("dns error");
    let tcp = has_cause("tcp ");
    let tunnel = has_cause("tunnel error");
    match (dns, refused) {
        // With a proxy, only the proxy's own name is resolved, and only its address is connected to.
        (true, _) | (_, true) if proxied => ConnectCause::Proxy(last),
        _ if tunnel || (proxied && tcp) => ConnectCause::Proxy(last),
        (true, _) => ConnectCause::Dns(last),
        (_, true) => ConnectCause::Refused,
        _ if tcp => ConnectCause::Other(last),
        // The connection is open and no tunnel failed, so the TLS handshake must have failed.
        _ => ConnectCause::Tls(last),
    }
}

fn lost(error: &reqwest::Error) -> CallError {
    CallError::Lost(if error.is_timeout() {
        Lost::Deadline
    } else {
        Lost::Connection
    })
}
