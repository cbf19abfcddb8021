//! `[top]`: the Taobao Open Platform: endpoint, signing, limits and retries.

use std::fmt;
use std::time::Duration;

use config::Value;
use reqwest::Url;
use secrecy::SecretString;
use serde::{Serialize, Serializer};

use super::after_sales::{Change, Refund};
use super::show::{MASK, masked, optional_url_text, url_text};
use super::table::{Problems, Table};
use super::{Override, SignMethod, value};

/// The Taobao Open Platform.
#[derive(Debug, Clone, Serialize)]
pub struct Top {
    /// The URL that calls are sent to.
    #[serde(serialize_with = "url_text")]
    pub endpoint: Url,
    /// AppKey of the application on TOP.
    pub app_key: String,
    /// AppSecret of the application; signs every call.
    #[serde(serialize_with = "masked")]
    pub app_secret: SecretString,
    /// How calls are signed.
    pub sign_method: SignMethod,
    /// How long a call may take, from its first byte to the last byte of the response.
    #[serde(with = "humantime_serde")]
    pub deadline: Duration,
    /// How long connecting may take. Nothing has been sent when it expires.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// An optional HTTP proxy for the calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<Proxy>,
    /// The maximum size of a response, in bytes after decompression.
    pub max_answer: usize,
    /// Rate and concurrency limits for calls to TOP.
    pub quota: Quota,
    /// How often a read is retried. Writes are never retried.
    pub retry: Retry,
    /// Overrides of the built-in contract.
    pub contract: Contract,
    /// How accounts are authorised.
    pub oauth: OAuth,
    /// Parameters of refund requests.
    pub refund: Refund,
    /// Parameters of change requests.
    pub change: Change,
}

/// `[top.quota]`: one budget per application key, shared by callers and reconciler.
#[derive(Debug, Clone, Serialize)]
pub struct Quota {
    /// Calls per second.
    pub requests_per_second: u32,
    /// Calls allowed at once after a pause.
    pub burst: u32,
    /// How many of `requests_per_second` the reconciler may use.
    pub looks_per_second: u32,
    /// Maximum number of concurrent calls.
    pub max_concurrent: u32,
    /// How long a call may wait for a permit before it is refused with `rate_limited`.
    #[serde(with = "humantime_serde")]
    pub max_wait: Duration,
}

/// `[top.retry]`: retries of reads.
#[derive(Debug, Clone, Serialize)]
pub struct Retry {
    /// Total number of calls, including the first.
    pub attempts: u32,
    /// The pause before the second call; doubles, with jitter.
    #[serde(with = "humantime_serde")]
    pub base: Duration,
    /// The longest pause.
    #[serde(with = "humantime_serde")]
    pub max: Duration,
}

/// `[top.contract]`.
#[derive(Debug, Clone, Serialize)]
pub struct Contract {
    /// Corrections of single fields. They apply to requests and responses without a rebuild.
    pub overrides: Vec<Override>,
}

/// `[top.oauth]`.
#[derive(Debug, Clone, Serialize)]
pub struct OAuth {
    /// Taobao's page on which a user authorises the app.
    #[serde(serialize_with = "url_text")]
    pub authorize_url: Url,
    /// The callback address (回调地址) that is registered for the app.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "optional_url_text"
    )]
    pub callback_url: Option<Url>,
}

/// The URL of a proxy. It is printed without user and password.
#[derive(Clone)]
pub struct Proxy(Url);

impl Proxy {
    /// The URL including credentials.
    #[must_use]
    pub fn url(&self) -> &Url {
        &self.0
    }

    fn shown(&self) -> String {
        let mut url = self.0.clone();
        if value::has_credentials(&url) {
            // Both setters fail only for a URL without a host; this URL has one.
            let _ = url.set_username(MASK);
            let _ = url.set_password(None);
        }
        url.to_string()
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.shown())
    }
}

impl Serialize for Proxy {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_str(&self.shown())
    }
}

fn endpoint(value: &Value) -> Result<Url, String> {
    let url = value::http_url(value)?;
    if url.query().is_some() || url.fragment().is_some() || value::has_credentials(&url) {
        return Err("must be a URL without credentials, query or fragment".to_owned());
    }
    Ok(url)
}

/// The callback may have a query, but no fragment.
fn callback(value: &Value) -> Result<Url, String> {
    const EXAMPLE: &str = "https://gateway.example.com/oauth/callback";
    let url = value::http_url(value).map_err(|_| format!("expected a URL such as {EXAMPLE:?}"))?;
    if url.fragment().is_some() || value::has_credentials(&url) {
        return Err("must be a URL without credentials and fragment".to_owned());
    }
    let is_local = url.host_str().is_some_and(super::is_loopback_host);
    if url.scheme() == "http" && !is_local {
        return Err("must be an https URL, because Taobao appends a code to it".to_owned());
    }
    Ok(url)
}

fn proxy(value: &Value) -> Result<Proxy, String> {
    value::http_url(value)
        .map(Proxy)
        .map_err(|_| "expected the URL of an HTTP proxy".to_owned())
}

impl Top {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let endpoint = table.required("endpoint", endpoint);
        let app_key = table.required("app_key", value::text_or_integer);
        let app_secret = table.required_secret("app_secret", "app_secret_file");
        let sign_method = table.required("sign_method", value::word);
        let deadline = table.required("deadline", value::duration);
        let connect_timeout = table.required("connect_timeout", value::duration);
        let proxy = table.optional("proxy", proxy);
        let max_answer = table.required("max_answer", value::size);
        let quota = Quota::read(table.table("quota"));
        let retry = Retry::read(table.table("retry"));
        let contract = Contract::read(table.table("contract"));
        let oauth = OAuth::read(table.table("oauth"));
        let refund = Refund::read(table.table("refund"));
        let change = Change::read(table.table("change"));
        table.finish();

        let top = Self {
            endpoint: endpoint?,
            app_key: app_key?,
            app_secret: app_secret?,
            sign_method: sign_method?,
            deadline: deadline?,
            connect_timeout: connect_timeout?,
            proxy,
            max_answer: max_answer?,
            quota: quota?,
            retry: retry?,
            contract: contract?,
            oauth: oauth?,
            refund: refund?,
            change,
        };
        top.check(problems);
        Some(top)
    }

    /// Whether the endpoint is on this machine, so that calls go to a simulator and not to TOP.
    pub(super) fn calls_simulator(&self) -> bool {
        self.endpoint
            .host_str()
            .is_some_and(super::is_loopback_host)
    }

    fn check(&self, problems: &Problems) {
        problems.unless(self.connect_timeout < self.deadline, || {
            "`top.connect_timeout` must be shorter than `top.deadline`".to_owned()
        });
        // Tests call a simulator with shorter deadlines.
        problems.unless(self.calls_simulator() || self.deadline >= Duration::from_secs(5), || {
            "`top.deadline` must be at least 5s, because TOP reports its own timeout only after 5 s"
                .to_owned()
        });
        problems.unless(self.deadline <= Duration::from_secs(60), || {
            "`top.deadline` must be at most 60s".to_owned()
        });
        problems.unless(
            self.quota.looks_per_second <= self.quota.requests_per_second,
            || {
                "`top.quota.looks_per_second` is a share of `top.quota.requests_per_second` and \
                 cannot be larger"
                    .to_owned()
            },
        );
        problems.unless(self.retry.base <= self.retry.max, || {
            "`top.retry.base` must not be longer than `top.retry.max`".to_owned()
        });
        problems.unless(self.retry.attempts <= 10, || {
            "`top.retry.attempts` must be at most 10".to_owned()
        });
    }
}

impl Quota {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let requests_per_second = table.required("requests_per_second", value::count);
        let burst = table.required("burst", value::count);
        let looks_per_second = table.required("looks_per_second", value::count);
        let max_concurrent = table.required("max_concurrent", value::count);
        let max_wait = table.required("max_wait", value::duration_or_zero);
        table.finish();
        Some(Self {
            requests_per_second: requests_per_second?,
            burst: burst?,
            looks_per_second: looks_per_second?,
            max_concurrent: max_concurrent?,
            max_wait: max_wait?,
        })
    }
}

impl Retry {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let attempts = table.required("attempts", value::count);
        let base = table.required("base", value::duration);
        let max = table.required("max", value::duration);
        table.finish();
        Some(Self {
            attempts: attempts?,
            base: base?,
            max: max?,
        })
    }
}

impl OAuth {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let authorize_url = table.required("authorize_url", endpoint);
        let callback_url = table.optional("callback_url", callback);
        table.finish();
        Some(Self {
            authorize_url: authorize_url?,
            callback_url,
        })
    }
}

impl Contract {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let path = table.path_of("overrides");
        let rows = table.required("overrides", value::list);
        table.finish();
        let mut overrides = Vec::new();
        for (index, row) in rows?.into_iter().enumerate() {
            match row.try_deserialize::<Override>() {
                Ok(row) => overrides.push(row),
                Err(error) => problems.add(format!("`{path}[{index}]`: {error}")),
            }
        }
        Some(Self { overrides })
    }
}
