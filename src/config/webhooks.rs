//! `[webhooks]`: deliveries of events to endpoints of callers.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use config::Value;
use reqwest::Certificate;
use serde::{Serialize, Serializer};

use super::table::{Problems, Table};
use super::value;
use crate::domain::webhook::Retries;
use crate::notifications::webhooks::address::AllowList;

/// Deliveries of events to endpoints of callers.
#[derive(Debug, Clone, Serialize)]
pub struct Webhooks {
    /// The targets that are allowed in addition to public addresses over https.
    pub allow: Arc<AllowList>,
    /// The time limit for an attempt.
    #[serde(with = "humantime_serde")]
    pub timeout: Duration,
    /// The time limit for opening a connection.
    #[serde(with = "humantime_serde")]
    pub connect_timeout: Duration,
    /// The maximum number of concurrent attempts per endpoint.
    pub concurrency: u32,
    /// The maximum number of webhooks per caller.
    pub max_per_caller: u32,
    /// Certificate authorities in addition to those of the operating system.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<CaFile>,
    /// When failed deliveries are attempted again.
    pub retry: Retry,
}

/// `[webhooks.retry]`.
#[derive(Debug, Clone, Serialize)]
pub struct Retry {
    /// The pause after the first failed attempt.
    #[serde(with = "humantime_serde")]
    pub first: Duration,
    /// The longest pause.
    #[serde(with = "humantime_serde")]
    pub longest: Duration,
    /// A delivery is given up when its attempts have failed for so long.
    #[serde(with = "humantime_serde")]
    pub give_up_after: Duration,
    /// A webhook is paused when all of its attempts have failed for so long.
    #[serde(with = "humantime_serde")]
    pub pause_after: Duration,
}

/// A file of certificates in PEM format, and what it contained at the start.
#[derive(Debug, Clone)]
pub struct CaFile {
    /// Its path.
    pub path: PathBuf,
    /// Its certificates; at least one.
    pub certificates: Vec<Certificate>,
}

/// An attempt must not last longer than this.
const LONGEST_TIMEOUT: Duration = Duration::from_secs(60);
/// One endpoint must not take all resources.
const MOST_CONCURRENT: u32 = 64;

impl Webhooks {
    pub(crate) fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let allow = table.required("allow", allow_list);
        let timeout = table.required("timeout", value::duration);
        let connect_timeout = table.required("connect_timeout", value::duration);
        let concurrency = table.required("concurrency", value::count);
        let max_per_caller = table.required("max_per_caller", value::count);
        let ca_file = table.optional("ca_file", ca_file);
        let retry = Retry::read(table.table("retry"));
        table.finish();
        let webhooks = Self {
            allow: Arc::new(allow?),
            timeout: timeout?,
            connect_timeout: connect_timeout?,
            concurrency: concurrency?,
            max_per_caller: max_per_caller?,
            ca_file,
            retry: retry?,
        };
        webhooks.check(problems);
        Some(webhooks)
    }

    fn check(&self, problems: &Problems) {
        problems.unless(self.timeout <= LONGEST_TIMEOUT, || {
            "`webhooks.timeout` must be at most 60s".to_owned()
        });
        problems.unless(self.connect_timeout < self.timeout, || {
            "`webhooks.connect_timeout` must be shorter than `webhooks.timeout`".to_owned()
        });
        problems.unless(self.concurrency <= MOST_CONCURRENT, || {
            format!("`webhooks.concurrency` must be at most {MOST_CONCURRENT}")
        });
    }

    /// The certificates of `ca_file`; empty if it is not set.
    #[must_use]
    pub fn authorities(&self) -> Vec<Certificate> {
        self.ca_file
            .as_ref()
            .map_or_else(Vec::new, |file| file.certificates.clone())
    }
}

impl Retry {
    fn read(mut table: Table<'_>) -> Option<Self> {
        let problems = table.problems();
        let first = table.required("first", value::duration);
        let longest = table.required("longest", value::duration);
        let give_up_after = table.required("give_up_after", value::duration);
        let pause_after = table.required("pause_after", value::duration);
        table.finish();
        let retry = Self {
            first: first?,
            longest: longest?,
            give_up_after: give_up_after?,
            pause_after: pause_after?,
        };
        problems.unless(retry.first <= retry.longest, || {
            "`webhooks.retry.longest` must not be shorter than `webhooks.retry.first`".to_owned()
        });
        problems.unless(retry.longest < retry.give_up_after, || {
            "`webhooks.retry.give_up_after` must be longer than `webhooks.retry.longest`".to_owned()
        });
        problems.unless(retry.longest < retry.pause_after, || {
            "`webhooks.retry.pause_after` must be longer than `webhooks.retry.longest`".to_owned()
        });
        Some(retry)
    }

    /// The schedule of attempts.
    #[must_use]
    pub const fn schedule(&self) -> Retries {
        Retries {
            first: self.first,
            longest: self.longest,
            give_up_after: self.give_up_after,
            pause_after: self.pause_after,
        }
    }
}

impl Serialize for CaFile {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        self.path.serialize(out)
    }
}

fn allow_list(value: &Value) -> Result<AllowList, String> {
    let entries = value::texts(value)?;
    AllowList::parse(entries.iter().map(String::as_str)).map_err(|error| error.to_string())
}

/// Reads the file at once, so that a mistake stops the start and not the deliveries.
fn ca_file(value: &Value) -> Result<CaFile, String> {
    let path = PathBuf::from(value::text(value)?);
    let pem = std::fs::read(&path).map_err(|error| {
        let (path, error) = (path.display(), error.kind());
        format!(
            "cannot read {path}: {error}; set the path of a file of certificates, or remove the key"
        )
    })?;
    let problem = || {
        format!(
            "{} is not a list of certificates in PEM format; each begins with a line \"-----BEGIN CERTIFICATE-----\"",
            path.display()
        )
    };
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|_| problem())?;
    // Reading the file decodes only its text; building a client also checks the certificates.
    let client = reqwest::Client::builder().tls_certs_only(certificates.iter().cloned());
    if certificates.is_empty() || client.build().is_err() {
        return Err(problem());
    }
    Ok(CaFile { path, certificates })
}
