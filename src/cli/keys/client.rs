//! The client of a running gateway.

use std::error::Error;
use std::net::IpAddr;
use std::path::Path;
use std::time::Duration;

use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderValue, IF_MATCH, LOCATION};
use reqwest::{Method, StatusCode, Url, redirect};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;
use serde_json::Value;

use super::super::{Failure, note};
use super::option;
use super::view::Shown;
use crate::secret_file;

/// How long a running gateway may take to respond.
const TIMEOUT: Duration = Duration::from_secs(30);
/// The environment variable that contains the API key.
const KEY_VARIABLE: &str = "GATEWAY_API_KEY";

/// See the module documentation.
pub(super) struct Client {
    http: reqwest::Client,
    /// The address of the gateway, without a slash at the end.
    base: String,
    /// The value of `Authorization`.
    authorization: Option<HeaderValue>,
}

#[derive(Deserialize)]
struct Page {
    items: Vec<Shown>,
    next_cursor: Option<String>,
}

// === impl Client ===

impl Client {
    pub(super) fn new(url: &str, key_file: Option<&Path>) -> Result<Self, Failure> {
        let url = address(url).map_err(Failure::Usage)?;
        let base = url.as_str().trim_end_matches('/').to_owned();
        let authorization = authorization(key_file).map_err(Failure::Usage)?;
        let http = reqwest::Client::builder()
            .timeout(TIMEOUT)
            .redirect(redirect::Policy::none())
            // A proxy of the environment would receive the API keys.
            .no_proxy()
            // A key must not be created twice.
            .retry(reqwest::retry::never())
            .build()
            .map_err(Failure::failed)?;
        if url.scheme() == "http" && !is_this_machine(&url) {
            note(&format!(
                "warning: API keys are sent to {base} without encryption; use https"
            ));
        }
        Ok(Self {
            http,
            base,
            authorization,
        })
    }

    pub(super) async fn list(&self) -> Result<Vec<Shown>, Failure> {
        let mut keys = Vec::new();
        let mut path = "/v1/keys?limit=200".to_owned();
        loop {
            let page: Page = self.send(Method::GET, &path, None, None).await?;
            keys.extend(page.items);
            match page.next_cursor {
                Some(cursor) => path = format!("/v1/keys?limit=200&cursor={cursor}"),
                None => return Ok(keys),
            }
        }
    }

    pub(super) async fn send<T: for<'de> Deserialize<'de>>(
        &self,
        method: Method,
        path: &str,
        version: Option<i64>,
        body: Option<&Value>,
    ) -> Result<T, Failure> {
        let is_read = method == Method::GET;
        let mut request = self.http.request(method, format!("{}{path}", self.base));
        if let Some(value) = &self.authorization {
            request = request.header(AUTHORIZATION, value);
        }
        if let Some(version) = version {
            request = request.header(IF_MATCH, version);
        }
        if let Some(body) = body {
            let json = serde_json::to_vec(body).map_err(Failure::failed)?;
            request = request.header(CONTENT_TYPE, "application/json").body(json);
        }
        let unanswered = |error| self.unanswered(&error, is_read);
        let response = request.send().await.map_err(unanswered)?;
        let status = response.status();
        if status.is_redirection() {
            return Err(self.redirected(status, response.headers().get(LOCATION)));
        }
        let bytes = response.bytes().await.map_err(unanswered)?;
        if status.is_success() {
            return serde_json::from_slice(&bytes).map_err(|_| self.foreign(status, is_read));
        }
        let problem: Value = serde_json::from_slice(&bytes).unwrap_or_default();
        Err(match problem["code"].as_str() {
            None => self.foreign(status, is_read),
            Some("not_found") => Failure::failed(format!(
                "the gateway refused: 404 not_found. {} has no API of keys; check that --url is the address of the \
                 gateway without /v1, and that the gateway has the version of this command",
                self.base
            )),
            Some("unauthorized") if self.authorization.is_none() => Failure::failed(format!(
                "the gateway requires an API key. Set {KEY_VARIABLE} to the API key of an operator, or name a file \
                 that contains it with --api-key-file"
            )),
            Some(code) => Failure::failed(describe(status, code, &problem)),
        })
    }

    /// There is no response, or only a part of one.
    fn unanswered(&self, error: &reqwest::Error, is_read: bool) -> Failure {
        let base = &self.base;
        let mut cause: &dyn Error = error;
        while let Some(next) = cause.source() {
            cause = next;
        }
        Failure::failed(if error.is_connect() {
            format!(
                "no connection to {base}: {cause}. Check that the gateway is running and that --url is its address"
            )
        } else {
            let unclear = unclear(is_read);
            format!("no complete response from {base}: {cause}{unclear}")
        })
    }

    fn redirected(&self, status: StatusCode, location: Option<&HeaderValue>) -> Failure {
        let to = location.and_then(|value| value.to_str().ok());
        let to = to.map(|to| format!(" to {}", one_line(to)));
        Failure::failed(format!(
            "{} redirects{} (status {}), which this command does not follow. Set --url to the address of the gateway \
             itself",
            self.base,
            to.unwrap_or_default(),
            status.as_u16()
        ))
    }

    /// The response is not one of a gateway.
    fn foreign(&self, status: StatusCode, is_read: bool) -> Failure {
        // A proxy may have sent the response in place of the gateway's.
        let is_refused = status.is_client_error();
        Failure::failed(format!(
            "{} responds with status {}, but not as a gateway does. Check that --url is the address of the gateway \
             without /v1{}",
            self.base,
            status.as_u16(),
            unclear(is_read || is_refused)
        ))
    }
}

/// What to add to the error if the gateway may have executed the command.
fn unclear(is_read: bool) -> &'static str {
    if is_read {
        ""
    } else {
        ". The command may have been executed; check with `keys list`"
    }
}

/// The address of a gateway. No error repeats the text, which may contain a secret.
fn address(text: &str) -> Result<Url, String> {
    let url = text.parse::<Url>().ok();
    let url = url.filter(|url| matches!(url.scheme(), "http" | "https"));
    let url = url.ok_or(
        "--url must be the address of a gateway with http:// or https://, such as http://127.0.0.1:8080",
    )?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(format!(
            "--url must not contain credentials; set {KEY_VARIABLE} to the API key, or use --api-key-file"
        ));
    }
    if url.query().is_some() || url.fragment().is_some() {
        return Err("--url must not contain a query (`?…`) or a fragment (`#…`)".to_owned());
    }
    Ok(url)
}

/// Whether the connection does not leave this machine.
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let ip = host.trim_matches(['[', ']']).parse::<IpAddr>();
    host == "localhost" || ip.is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// The value of `Authorization`, from the file or else the environment.
fn authorization(file: Option<&Path>) -> Result<Option<HeaderValue>, String> {
    let (key, source) = match file {
        Some(file) => {
            let key = secret_file::read(file).map_err(|error| format!("--api-key-file: {error}"));
            (key?, "the file of --api-key-file")
        }
        None => match std::env::var_os(KEY_VARIABLE) {
            None => return Ok(None),
            Some(key) => {
                let key = key.to_string_lossy();
                if key.trim().is_empty() {
                    return Ok(None);
                }
                (SecretString::from(key.trim()), KEY_VARIABLE)
            }
        },
    };
    let key = key.expose_secret();
    // A space within a key would be accepted by HTTP, but is a mistake.
    let value = if key.bytes().all(|byte| byte.is_ascii_graphic()) {
        HeaderValue::try_from(format!("Bearer {key}")).ok()
    } else {
        None
    };
    let mut value = value.ok_or_else(|| {
        format!(
            "{source} does not contain an API key, which has only ASCII characters and no spaces"
        )
    })?;
    value.set_sensitive(true);
    Ok(Some(value))
}

/// A problem of the gateway in one line.
fn describe(status: StatusCode, code: &str, problem: &Value) -> String {
    let text = |member: &str| problem[member].as_str().map(str::to_owned);
    let mut parts = vec![format!("the gateway refused: {} {code}", status.as_u16())];
    parts.extend(text("detail").or(text("title")));
    for error in problem["errors"].as_array().into_iter().flatten() {
        let part = |member: &str| error[member].as_str().unwrap_or_default();
        parts.push(format!("{} {}", option(part("pointer")), part("message")));
    }
    if code == "unauthorized" {
        // The hint of the API is about headers.
        parts.push(format!(
            "Set {KEY_VARIABLE} or --api-key-file to the API key of an operator"
        ));
    } else {
        parts.extend(text("hint"));
    }
    let parts = parts.iter().map(|part| one_line(part));
    let parts: Vec<_> = parts
        .map(|part| part.trim_end_matches('.').to_owned())
        .collect();
    parts.join(". ")
}

/// The text without line breaks and other control characters.
fn one_line(text: &str) -> String {
    let parts = text.split(char::is_control).map(str::trim);
    let parts: Vec<_> = parts.filter(|part| !part.is_empty()).collect();
    parts.join(" ")
}
