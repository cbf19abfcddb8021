//! `GET /oauth/callback`: the page to which Taobao sends the browser after an authorisation. No key is required: `state` is
//! proof that an operator began it.

use std::fmt::Write as _;

use axum::Router;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::header::{
    ALLOW, CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::Deserialize;

use super::refused;
use crate::api::ApiState;
use crate::api::problem::{Code, Problem};
use crate::domain::time::Rfc3339;
use crate::html::escaped;
use crate::operations::accounts::authorise::Typed;
use crate::operations::accounts::status::AccountStatus;

/// The path of the page.
pub const PATH: &str = "/oauth/callback";

/// Taobao's parameters. `error` and `error_description` are not shown, because anyone can write them into a link.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Parameters {
    code: Option<Typed>,
    state: Option<String>,
}

pub(in crate::api) fn routes() -> Router<ApiState> {
    Router::new().route(PATH, get(callback))
}

async fn callback(
    method: Method,
    State(state): State<ApiState>,
    parameters: Result<Query<Parameters>, QueryRejection>,
) -> Response {
    // A link checker must not use up the code.
    if method != Method::GET {
        return Problem::new(Code::MethodNotAllowed)
            .header(ALLOW, HeaderValue::from_static("GET"))
            .into_response();
    }
    // Parameters that cannot be read are not those of a link of this gateway.
    let parameters = parameters.map_or_else(|_| Parameters::default(), |query| query.0);
    match complete(&state, parameters).await {
        Ok(account) => page(StatusCode::OK, &authorised(&account)),
        Err(problem) => {
            let mut response = page(problem.status(), &failed(&problem));
            // Without its code, the request log would take the page for a failure of the router, and replace it.
            response.extensions_mut().insert(problem.code());
            response
        }
    }
}

async fn complete(state: &ApiState, parameters: Parameters) -> Result<AccountStatus, Problem> {
    let accounts = &state.services()?.accounts;
    let begun = parameters.state.unwrap_or_default();
    let code = parameters.code.map(Into::into);
    accounts.complete(&begun, code).await.map_err(refused)
}

fn authorised(account: &AccountStatus) -> String {
    let until = account.session.expires.map_or_else(String::new, |(at, _)| {
        let at = Rfc3339(at);
        format!(
            "<p>The session expires at <span id=\"expires\">{at}</span>. 授权有效期至 <span>{at}</span>。</p>"
        )
    });
    format!(
        "<h1 id=\"result\">Authorised 授权成功</h1><p>The purchasing account <b id=\"account\">{}</b> is authorised. \
         采购账号已授权。</p>{until}<p>You can close this page. 可以关闭本页面。</p>",
        escaped(account.name.as_str())
    )
}

fn failed(problem: &Problem) -> String {
    let mut text = format!(
        "<h1 id=\"result\">Not authorised 授权失败</h1><p><b id=\"code\">{}</b>: {}</p>",
        escaped(problem.code().as_str()),
        escaped(problem.body().detail())
    );
    if let Some(hint) = problem.advice() {
        // Writing to a string cannot fail.
        let _ = write!(text, "<p id=\"hint\">{}</p>", escaped(hint));
    }
    text
}

fn page(status: StatusCode, content: &str) -> Response {
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8"),
        // The address of the page contains a code.
        (REFERRER_POLICY, "no-referrer"),
        (CACHE_CONTROL, "no-store"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        ),
    ];
    let body = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"><title>fliggy-gateway</title>\
         <style>body{{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:3rem auto;padding:0 1rem;overflow-wrap:anywhere}}\
         h1{{font-size:1.5rem}}span{{white-space:nowrap}}</style>\
         </head><body><main>{content}</main></body></html>"
    );
    (status, headers, body).into_response()
}
