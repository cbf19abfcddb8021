//! Requests that are refused before they reach the router, because they are not valid HTTP or exceed a
//! limit. The response is a problem, like every other failure.

use axum::http::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE};
use axum::http::{HeaderValue, Response};
use bytes::Bytes;

use super::problem::{Code, MEDIA_TYPE, Problem};
use super::request_log::{self, REQUEST_ID};
use super::{ApiState, NO_STORE};

/// What is wrong with such a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Malformed {
    /// It cannot be parsed.
    Syntax,
    /// Its first line is too long.
    UriTooLong,
    /// Its head is too long, or has too many headers.
    HeadTooLarge,
    /// It has no `Host`, or several.
    Host,
}

impl Malformed {
    fn problem(self) -> Problem {
        match self {
            Self::Syntax => Problem::new(Code::InvalidRequest)
                .detail("The request is not valid HTTP/1.1.")
                .hint("Use an HTTP client library, and plain HTTP/1.1 without TLS."),
            Self::UriTooLong => Problem::new(Code::UriTooLong),
            Self::HeadTooLarge => Problem::new(Code::HeadTooLarge),
            Self::Host => Problem::new(Code::InvalidRequest)
                .detail("An HTTP/1.1 request must have exactly one `Host` header.")
                .hint("Send one `Host` header; a proxy on the way may have dropped or added one."),
        }
    }

    /// Logs and counts the request, and returns the response, which closes the connection.
    #[must_use]
    pub fn answer(self, state: &ApiState) -> Response<Bytes> {
        let request_id = state.clock.new_uuid().to_string();
        let problem = self.problem().request_id(&request_id);
        let status = problem.code().spec().status;
        request_log::refused(state, status, &request_id);
        // A struct of strings and numbers always serialises.
        let body = serde_json::to_vec(&problem.into_body()).unwrap_or_default();
        let mut response = Response::new(Bytes::from(body));
        *response.status_mut() = status;
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
        headers.insert(CACHE_CONTROL, NO_STORE);
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        if let Ok(id) = HeaderValue::from_str(&request_id) {
            headers.insert(REQUEST_ID, id);
        }
        response
    }
}
