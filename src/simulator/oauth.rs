//! Taobao's OAuth pages: `/authorize`, where a user authorises the app, and `/token`.
//!
//! Documented: the parameters, `code`, `state` and the members of an error in a redirect, HTTP 400 with `error` and
//! `error_description` for `/token`, and the descriptions. Inferred: the other words. The page itself is the
//! simulator's own.

mod page;

use axum::extract::{RawQuery, State as Shared};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, HeaderValue, LOCATION};
use http::{HeaderMap, StatusCode};
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::{Value, json};

use super::answer::Delivery;
use super::gate::{PlatformError, given};
use super::params::{Params, read};
use super::platform::{PlatformMethod, token_answer};
use super::sessions::GrantError;
use super::state::State;
use super::verdict::Verdict;
use super::{Simulator, SimulatorConfig};

/// The page needs no script and nothing from elsewhere. There is no `form-action`: browsers apply it to the redirect
/// after the form too, and that leads to the app.
const POLICY: &str =
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'";

/// `GET /authorize`
pub(super) async fn show(
    Shared(simulator): Shared<Simulator>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Response {
    let params = read(query.as_deref(), &headers, b"").params;
    match redirect_uri(simulator.config(), &params) {
        Ok(target) => {
            let state = simulator.state();
            let text = page::authorise(simulator.config(), state.users.all(), &params, &target);
            html(StatusCode::OK, text)
        }
        Err(why) => html(StatusCode::BAD_REQUEST, page::error(why)),
    }
}

/// `POST /authorize`, the form of the page.
pub(super) async fn decide(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = read(None, &headers, &body).params;
    match simulator.decide(&params) {
        Ok(target) => redirect(&target),
        Err(why) => html(StatusCode::BAD_REQUEST, page::error(why)),
    }
}

/// `POST /token`
pub(super) async fn token(
    Shared(simulator): Shared<Simulator>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let params = read(None, &headers, &body).params;
    let (status, verdict) = simulator.exchange(&params);
    let complete = matches!(verdict.delivery, Delivery::Json(_));
    let mut response = simulator.send(verdict, &headers).await;
    if complete {
        *response.status_mut() = status;
        let json = HeaderValue::from_static("application/json;charset=UTF-8");
        response.headers_mut().insert(CONTENT_TYPE, json);
        let no_store = HeaderValue::from_static("no-store");
        response.headers_mut().insert(CACHE_CONTROL, no_store);
    }
    response
}

/// Checks a request for authorisation. Only a valid one may lead to a redirect.
fn redirect_uri(config: &SimulatorConfig, params: &Params) -> Result<Url, &'static str> {
    if given(params, "client_id") != Some(config.app_key.as_str()) {
        return Err("client_id is not the app key of this simulator.");
    }
    if given(params, "response_type") != Some("code") {
        return Err("response_type must be code.");
    }
    let uri = given(params, "redirect_uri").ok_or("redirect_uri is missing.")?;
    let uri = Url::parse(uri).ok();
    uri.filter(|uri| ["http", "https"].contains(&uri.scheme()))
        .ok_or("redirect_uri must be an absolute http or https address.")
}

impl Simulator {
    /// Where the decision of the user leads to.
    fn decide(&self, params: &Params) -> Result<Url, &'static str> {
        let mut target = redirect_uri(self.config(), params)?;
        let asked = given(params, "redirect_uri").unwrap_or_default();
        let answer = match given(params, "decision") {
            Some("authorise") => {
                let mut state = self.state();
                let state = &mut *state;
                let user = given(params, "user").and_then(|account| state.users.get(account));
                let user = user.ok_or("Choose one of the users.")?;
                let code = state.sessions.authorise(&user.account, asked);
                vec![("code", code.expose_secret().to_owned())]
            }
            Some("refuse") => vec![
                ("error", "access_denied".to_owned()),
                ("error_description", "authorize reject".to_owned()),
            ],
            _ => return Err("decision must be authorise or refuse."),
        };
        let mut query = target.query_pairs_mut();
        query.extend_pairs(answer);
        if let Some(state) = params.get("state") {
            query.append_pair("state", state);
        }
        drop(query);
        Ok(target)
    }

    /// The response of `/token`, and its status.
    fn exchange(&self, params: &Params) -> (StatusCode, Verdict) {
        let (config, method) = (self.config(), PlatformMethod::OauthToken);
        let outcome = |error: &TokenError| format!("error {}", error.error);
        let mut state = self.state();
        let (result, strike) = match check_client(config, params) {
            Ok(()) => {
                let grant = |state: &mut State| grant(params, state);
                state.run_under_fault(config, method, grant, outcome)
            }
            Err(error) => {
                state.record_platform(config, method, None, false, outcome(&error));
                (Err(error), None)
            }
        };
        let (status, json) = match result {
            Ok(answer) => (StatusCode::OK, answer),
            Err(error) => (StatusCode::BAD_REQUEST, error.json()),
        };
        let verdict = Verdict::under(strike.as_ref(), json.to_string(), method.root());
        (status, verdict)
    }
}

/// An error of `/token`.
struct TokenError {
    error: &'static str,
    description: String,
}

impl TokenError {
    fn new(error: &'static str, description: impl Into<String>) -> Self {
        let description = description.into();
        Self { error, description }
    }

    fn json(&self) -> Value {
        json!({"error": self.error, "error_description": self.description})
    }
}

impl From<GrantError> for TokenError {
    fn from(error: GrantError) -> Self {
        let name = match error {
            GrantError::Full => "invalid_request",
            GrantError::Code | GrantError::RedirectUri | GrantError::RefreshToken => {
                "invalid_grant"
            }
        };
        Self::new(name, error.description())
    }
}

impl From<PlatformError> for TokenError {
    /// An injected error.
    fn from(error: PlatformError) -> Self {
        let text = error.sub_msg.unwrap_or_else(|| error.msg.to_owned());
        Self::new("server_error", text)
    }
}

fn check_client(config: &SimulatorConfig, params: &Params) -> Result<(), TokenError> {
    if given(params, "client_id") != Some(config.app_key.as_str()) {
        return Err(TokenError::new("invalid_client", "client_id is invalidate"));
    }
    if given(params, "client_secret") != Some(config.app_secret.expose_secret()) {
        let why = "client_secret is invalidate";
        return Err(TokenError::new("invalid_client", why));
    }
    Ok(())
}

fn grant(params: &Params, state: &mut State) -> Result<Value, TokenError> {
    let required = |name: &str| {
        let missing = || TokenError::new("invalid_request", format!("{name} is required"));
        given(params, name).ok_or_else(missing)
    };
    let issued = match required("grant_type")? {
        "authorization_code" => {
            let (code, uri) = (required("code")?, required("redirect_uri")?);
            state.sessions.redeem(code, Some(uri))?
        }
        "refresh_token" => state.sessions.refresh(required("refresh_token")?)?,
        _ => {
            let why = "grant_type is invalidate";
            return Err(TokenError::new("unsupported_grant_type", why));
        }
    };
    Ok(token_answer(&issued, &state.users))
}

fn html(status: StatusCode, text: String) -> Response {
    let content_type = (CONTENT_TYPE, "text/html; charset=utf-8");
    let mut response = (status, [content_type], text).into_response();
    protect(response.headers_mut());
    response
}

fn redirect(target: &Url) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    protect(response.headers_mut());
    // A parsed address is ASCII, so it is a valid header.
    if let Ok(location) = HeaderValue::try_from(target.as_str()) {
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

/// Keeps codes out of caches and out of the Referer of the next page.
fn protect(headers: &mut HeaderMap) {
    for (name, value) in [
        (CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("content-security-policy"), POLICY),
        (HeaderName::from_static("referrer-policy"), "no-referrer"),
        (HeaderName::from_static("x-content-type-options"), "nosniff"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
}
