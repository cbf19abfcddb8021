//! Which addresses a webhook may have. A caller chooses the URL, so that the policy decides which hosts a caller can make
//! the gateway connect to.
//!
//! A URL is checked when it is set and before each attempt ([`check_url`]). The addresses of a host name are checked when
//! the connection is opened ([`AllowList::allows_ip`]), because the name may resolve to different addresses later.

use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;
use serde::{Serialize, Serializer};

mod classes;

use classes::Class;

/// The longest URL of a webhook, in bytes.
const LONGEST_URL: usize = 2048;

/// The entries of `webhooks.allow`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AllowList {
    entries: Vec<Entry>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Entry {
    /// A network; a single address is a network of one.
    Network(IpNet),
    /// A host name, in lower case and without a trailing dot.
    Host(String),
    /// All host names that end with this suffix, which includes the leading dot.
    Suffix(String),
}

/// An entry of `webhooks.allow` is not valid. The text does not repeat it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "entry {number}: {problem}expected a network such as \"10.0.0.0/8\", an IP address, a host name such as \
     \"apps.internal\", or all names below a domain such as \"*.corp.example\""
)]
pub struct BadEntry {
    /// 1 for the first entry.
    pub number: usize,
    problem: &'static str,
}

/// The URL of a webhook is not allowed. The texts are for the caller and do not repeat the URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAllowed {
    /// It is not an absolute URL with a host.
    #[error("expected a URL such as \"https://apps.example.com/hooks/flights\"")]
    NotUrl,
    /// It is longer than 2048 bytes.
    #[error("the URL is longer than 2048 bytes; use a shorter one")]
    TooLong,
    /// Another scheme than https and http.
    #[error("expected an https URL such as \"https://apps.example.com/hooks/flights\"")]
    Scheme,
    /// It contains a user name or a password.
    #[error(
        "the URL must not contain a user name or password; verify the signature of each delivery instead"
    )]
    Credentials,
    /// It contains a fragment.
    #[error("the URL must not contain a fragment (`#…`), which is never sent")]
    Fragment,
    /// http to a host that is not listed.
    #[error(
        "http is allowed only for hosts and networks in `webhooks.allow`; use https, or ask the operator to add the host"
    )]
    PlainHttp,
    /// The address is neither public nor listed.
    #[error(
        "the address is private; use the URL of a public host, or ask the operator to add its network to \
         `webhooks.allow`, for example \"10.0.0.0/8\""
    )]
    Private,
    /// The address is never a target, even if it is listed.
    #[error(
        "the address is reserved (link-local, cloud metadata, multicast, documentation, or one that embeds another \
         address) and can never receive events; use the URL of the endpoint's host"
    )]
    Reserved,
}

/// Parses the URL of a webhook and checks it.
///
/// # Errors
/// The first reason why it is not allowed.
pub fn parse_url(text: &str, allow: &AllowList) -> Result<Url, NotAllowed> {
    if text.len() > LONGEST_URL {
        return Err(NotAllowed::TooLong);
    }
    let url = text.parse().map_err(|_| NotAllowed::NotUrl)?;
    check_url(&url, allow)?;
    Ok(url)
}

/// Checks the URL of a webhook, without resolving its host name.
///
/// A URL with http is accepted if its host is listed. If the host is a name that is not listed, http is accepted if any
/// network is listed: whether the name resolves to an address in it is checked when the connection is opened.
///
/// # Errors
/// The first reason why it is not allowed.
pub fn check_url(url: &Url, allow: &AllowList) -> Result<(), NotAllowed> {
    let plain_http = match url.scheme() {
        "https" => false,
        "http" => true,
        _ => return Err(NotAllowed::Scheme),
    };
    if url.as_str().len() > LONGEST_URL {
        return Err(NotAllowed::TooLong);
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(NotAllowed::Credentials);
    }
    if url.fragment().is_some() {
        return Err(NotAllowed::Fragment);
    }
    let host = url.host_str().unwrap_or_default();
    if host.trim_end_matches('.').is_empty() {
        return Err(NotAllowed::NotUrl);
    }
    // The `Url` has already turned other spellings of an IPv4 address, such as 0x7f.1, into four numbers.
    match host.trim_matches(['[', ']']).parse() {
        Ok(ip) => allow.check_ip(ip, false, plain_http),
        Err(_) if !plain_http || allow.lists_host(host) || allow.has_network() => Ok(()),
        Err(_) => Err(NotAllowed::PlainHttp),
    }
}

// === impl AllowList ===

impl AllowList {
    /// Parses the entries.
    ///
    /// # Errors
    /// The first entry that is not valid.
    pub fn parse<'a>(entries: impl IntoIterator<Item = &'a str>) -> Result<Self, BadEntry> {
        let entries = entries.into_iter().enumerate().map(|(index, text)| {
            Entry::parse(text.trim()).map_err(|problem| BadEntry {
                number: index + 1,
                problem,
            })
        });
        Ok(Self {
            entries: entries.collect::<Result<_, _>>()?,
        })
    }

    /// Whether the host name is listed. Names are compared without case and without a trailing dot.
    #[must_use]
    pub fn lists_host(&self, host: &str) -> bool {
        let host = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
        self.entries.iter().any(|entry| match entry {
            Entry::Network(_) => false,
            Entry::Host(name) => *name == host,
            Entry::Suffix(suffix) => host.len() > suffix.len() && host.ends_with(suffix.as_str()),
        })
    }

    /// Whether the gateway may connect to the address. `host_is_listed` says whether it belongs to a host name that
    /// [`Self::lists_host`]; `plain_http` says whether the connection is without TLS.
    #[must_use]
    pub fn allows_ip(&self, ip: IpAddr, host_is_listed: bool, plain_http: bool) -> bool {
        self.check_ip(ip, host_is_listed, plain_http).is_ok()
    }

    fn check_ip(
        &self,
        ip: IpAddr,
        host_is_listed: bool,
        plain_http: bool,
    ) -> Result<(), NotAllowed> {
        let ip = ip.to_canonical();
        let covered = self.covers(ip);
        let (allowed, otherwise) = match Class::of(ip) {
            Class::Reserved => (false, NotAllowed::Reserved),
            // A listed name must not give access to services on the gateway's own machine.
            Class::Loopback => (covered, NotAllowed::Private),
            Class::Private => (covered || host_is_listed, NotAllowed::Private),
            Class::Public => (
                !plain_http || covered || host_is_listed,
                NotAllowed::PlainHttp,
            ),
        };
        if allowed { Ok(()) } else { Err(otherwise) }
    }

    fn covers(&self, ip: IpAddr) -> bool {
        self.networks().any(|network| network.contains(&ip))
    }

    fn has_network(&self) -> bool {
        self.networks().next().is_some()
    }

    fn networks(&self) -> impl Iterator<Item = &IpNet> {
        self.entries.iter().filter_map(|entry| match entry {
            Entry::Network(network) => Some(network),
            Entry::Host(_) | Entry::Suffix(_) => None,
        })
    }
}

impl Serialize for AllowList {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.collect_seq(self.entries.iter().map(ToString::to_string))
    }
}

// === impl Entry ===

impl Entry {
    fn parse(text: &str) -> Result<Self, &'static str> {
        let network = match text.parse::<IpAddr>() {
            Ok(ip) => Some(IpNet::from(ip)),
            Err(_) => text.parse().ok(),
        };
        if let Some(network) = network {
            return match network {
                _ if network != network.trunc() => {
                    Err("the address of the network has bits after its prefix; ")
                }
                IpNet::V6(v6) if v6.network().to_ipv4_mapped().is_some() => {
                    Err("an IPv4 address is written without `::ffff:`; ")
                }
                _ if classes::is_reserved(&network) => {
                    Err("the network is reserved and can never be a target; ")
                }
                _ => Ok(Self::Network(network)),
            };
        }
        match text.strip_prefix("*.") {
            Some(domain) => host_name(domain).map(|name| Self::Suffix(format!(".{name}"))),
            None => host_name(text).map(Self::Host),
        }
    }
}

/// A host name in the form that it has in a URL.
fn host_name(text: &str) -> Result<String, &'static str> {
    let name = text.strip_suffix('.').unwrap_or(text);
    let is_label = |label: &str| {
        let fits = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.chars().all(fits)
    };
    if !name.split('.').all(is_label) {
        return Err("");
    }
    let url = Url::parse(&format!("http://{name}/")).map_err(|_| "")?;
    match url.host_str() {
        // Numbers such as 127.1 are another spelling of an address.
        Some(host) if host.parse::<IpAddr>().is_err() => Ok(host.to_owned()),
        _ => Err(""),
    }
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Network(network) => network.fmt(f),
            Self::Host(name) => f.write_str(name),
            Self::Suffix(suffix) => write!(f, "*{suffix}"),
        }
    }
}

#[cfg(test)]
mod tests;
