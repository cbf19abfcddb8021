//! The HTTP client for deliveries: one POST per attempt, to addresses that the policy allows.

use std::error::Error;
use std::fmt;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER};
use reqwest::{Certificate, Client, Response, StatusCode, Url};

use super::address::{AllowList, check_url};
use super::message::SignedMessage;
use crate::domain::webhook::{AttemptResult, Outcome};

/// The settings of the client (`[webhooks]`).
#[derive(Clone, Debug)]
pub struct ClientSettings {
    /// The targets that are allowed in addition to public ones.
    pub allow: Arc<AllowList>,
    /// The time limit for an attempt, from the resolution of the name to the end of the response.
    pub timeout: Duration,
    /// The time limit for opening a connection: name resolution, TCP and TLS together.
    pub connect_timeout: Duration,
    /// Certificate authorities in addition to those of the operating system.
    pub authorities: Vec<Certificate>,
}

/// An HTTP client for deliveries.
#[derive(Clone, Debug)]
pub struct WebhookClient {
    https: Client,
    /// Differs from `https` in the addresses to which it may connect.
    http: Client,
    allow: Arc<AllowList>,
}

/// How long an idle connection is kept. Shorter than servers usually keep one (5 s or more), so that few requests are sent
/// on a connection that the server is closing.
const IDLE: Duration = Duration::from_secs(4);
/// How much of a response body is read, in bytes, so that the connection can be used again.
const LONGEST_BODY: usize = 16 << 10;
/// How long the body is read, within the time limit of the attempt. The outcome is already known.
const LONGEST_READ: Duration = Duration::from_secs(1);
/// The maximum length of a library's error text about a failed connection, in characters.
const LONGEST_REASON: usize = 160;

// === impl WebhookClient ===

impl WebhookClient {
    /// A client.
    ///
    /// # Errors
    /// When TLS cannot be set up.
    pub fn new(settings: &ClientSettings) -> Result<Self, reqwest::Error> {
        let build = |plain_http| {
            let allow = settings.allow.clone();
            let builder = Client::builder()
                .user_agent(concat!("fliggy-gateway/", env!("CARGO_PKG_VERSION")))
                .http1_only()
                // The dispatcher decides when an attempt is repeated.
                .retry(reqwest::retry::never())
                // The target of a redirect is not the endpoint that the owner registered.
                .redirect(reqwest::redirect::Policy::none())
                // A proxy would resolve the names itself.
                .no_proxy()
                .no_gzip()
                .referer(false)
                .dns_resolver(Resolver { allow, plain_http })
                .connect_timeout(settings.connect_timeout)
                .timeout(settings.timeout)
                .pool_idle_timeout(IDLE)
                .tcp_nodelay(true);
            let builder = if plain_http {
                // It opens no TLS connections, so it loads no certificates of the operating system.
                builder.tls_certs_only([])
            } else {
                builder
                    .https_only(true)
                    .tls_certs_merge(settings.authorities.iter().cloned())
            };
            builder.build()
        };
        Ok(Self {
            https: build(false)?,
            http: build(true)?,
            allow: settings.allow.clone(),
        })
    }

    /// Sends the message once. Always returns within `webhooks.timeout`.
    pub async fn send(&self, url: &Url, message: &SignedMessage) -> AttemptResult {
        // The resolver sees no IP addresses in URLs, and the configuration may have changed since the URL was set.
        if check_url(url, &self.allow).is_err() {
            return without_status(Outcome::NotAllowed);
        }
        let client = match url.scheme() {
            "https" => &self.https,
            _ => &self.http,
        };
        let sent = client
            .post(url.clone())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &message.id)
            .header("webhook-timestamp", message.timestamp)
            .header("webhook-signature", &message.signature)
            .body(message.body.clone())
            .send()
            .await;
        match sent {
            Ok(response) => {
                let result = with_status(response.status(), response.headers());
                discard(response).await;
                result
            }
            Err(error) => {
                let outcome = outcome_of(&error);
                if outcome == Outcome::NotConnected {
                    log_reason(url, &error);
                }
                without_status(outcome)
            }
        }
    }
}

/// Reads the body, so that the connection can be used again. A body that is long, slow or broken does not change the
/// outcome; its connection is closed.
async fn discard(mut response: Response) {
    let read = async {
        let mut length = 0;
        while let Ok(Some(chunk)) = response.chunk().await {
            length += chunk.len();
            if length > LONGEST_BODY {
                return;
            }
        }
    };
    let _ = tokio::time::timeout(LONGEST_READ, read).await;
}

fn with_status(status: StatusCode, headers: &HeaderMap) -> AttemptResult {
    let outcome = match status {
        _ if status.is_success() => Outcome::Delivered,
        StatusCode::GONE => Outcome::Gone,
        _ => Outcome::Refused,
    };
    let retry_after = match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => retry_after(headers),
        _ => None,
    };
    AttemptResult {
        outcome,
        status: Some(status.as_u16()),
        retry_after,
    }
}

const fn without_status(outcome: Outcome) -> AttemptResult {
    AttemptResult {
        outcome,
        status: None,
        retry_after: None,
    }
}

/// `Retry-After` in seconds. An HTTP date is ignored: the clock of the endpoint may be wrong.
fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let seconds: u32 = headers
        .get(RETRY_AFTER)?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds.into()))
}

fn outcome_of(error: &reqwest::Error) -> Outcome {
    if causes(error).any(|cause| cause.is::<Forbidden>()) {
        Outcome::NotAllowed
    } else if error.is_connect() {
        // Includes the end of the time for opening the connection.
        Outcome::NotConnected
    } else if error.is_timeout() {
        Outcome::TimedOut
    } else {
        Outcome::Interrupted
    }
}

fn causes<'a>(error: &'a reqwest::Error) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(error.source(), |error| (*error).source())
}

/// Logs why there is no connection, which is not recorded with the attempt. The last cause is the most specific; unlike
/// `error` itself, it does not contain the URL.
fn log_reason(url: &Url, error: &reqwest::Error) {
    let reason = causes(error)
        .last()
        .map(ToString::to_string)
        .unwrap_or_default();
    let reason: String = reason.chars().take(LONGEST_REASON).collect();
    let host = url.host_str().unwrap_or_default();
    tracing::debug!(host, reason, "no connection to the endpoint of a webhook");
}

// === impl Resolver ===

/// Resolves host names to those of their addresses that are allowed. The connection is opened to an address that was
/// checked, so a name that resolves to another address later (DNS rebinding) gains nothing.
struct Resolver {
    allow: Arc<AllowList>,
    plain_http: bool,
}

/// A name resolves only to addresses that are not allowed.
#[derive(Debug)]
struct Forbidden;

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let (allow, plain_http) = (self.allow.clone(), self.plain_http);
        Box::pin(async move {
            let listed = allow.lists_host(name.as_str());
            let found: Vec<SocketAddr> =
                tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            let (allowed, others): (Vec<_>, Vec<_>) = found
                .into_iter()
                .partition(|address| allow.allows_ip(address.ip(), listed, plain_http));
            if allowed.is_empty() && !others.is_empty() {
                return Err(Forbidden.into());
            }
            Ok(Box::new(allowed.into_iter()) as Addrs)
        })
    }
}

impl fmt::Display for Forbidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name has no address that `webhooks.allow` permits")
    }
}

impl Error for Forbidden {}

#[cfg(test)]
mod tests;
