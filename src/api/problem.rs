//! Problems (RFC 9457): the form of every failure and refusal.

use std::borrow::Cow;
use std::fmt;

use axum::http::header::{ALLOW, CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::request_log;
use crate::domain::refund::RefundQuote;

mod answers;
mod catalogue;
mod code;

pub(crate) use answers::text_header;
pub use answers::{API, BODY, ProblemAnswers, READ, RESTRICTED, WRITE, answers};
pub use catalogue::{catalogue, entry};
pub use code::{Code, CodeSpec, Retry, SideEffects};

/// The media type of every problem.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The header that names the operation of a write.
pub const OPERATION_ID: HeaderName = HeaderName::from_static("operation-id");

/// A refusal or failure, to be returned to the caller. Kept small, because many `Result`s have it as their error.
pub struct Problem {
    body: Box<ProblemBody>,
    headers: HeaderMap,
}

/// A problem as defined by RFC 9457. Its further members say whether the request may have changed
/// something upstream, and what to do next.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[schema(as = Problem)]
pub struct ProblemBody {
    /// The page that explains the code, relative to the gateway.
    #[serde(rename = "type")]
    #[schema(format = "uri-reference", example = "/problems/invalid_request")]
    kind: String,
    /// A short sentence, the same for every occurrence of the code.
    title: Cow<'static, str>,
    /// The HTTP status of the response.
    #[schema(minimum = 400, maximum = 599)]
    status: u16,
    /// What is wrong with this request. Never contains personal data or values of the request.
    detail: String,
    /// The operation as a resource, if there is one that the caller may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uri-reference", nullable = false)]
    instance: Option<String>,
    /// The reason; match on this.
    code: Code,
    /// The id of the request, as in the header `X-Request-Id` and in the log.
    request_id: String,
    /// Whether this request may have changed something upstream.
    side_effects: SideEffects,
    /// What to do next.
    retry: Retry,
    /// The id of the operation in the journal, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "uuid", nullable = false)]
    operation_id: Option<String>,
    /// What to do about the problem.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    hint: Option<Cow<'static, str>>,
    /// Everything that is wrong with the request.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[schema(required = false)]
    errors: Vec<FieldError>,
    /// Upstream's error.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub(super) upstream: Option<UpstreamFault>,
    /// The current quote, with `refund_fee_changed`, `refund_fee_unknown`, `quote_expired` and
    /// `order_not_refundable`, if one could be obtained.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<RefundQuote>, nullable = false)]
    quote: Option<RefundQuote>,
}

/// One thing that is wrong with the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FieldError {
    /// The place: a JSON Pointer into the body (`/passengers/0/name`), or a parameter such as
    /// `query/limit`, `path/order_id` or `header/Idempotency-Key`.
    #[schema(example = "/passengers/0/document/number")]
    pub pointer: String,
    /// What is wrong, as a word for programs.
    #[schema(value_type = String, example = "missing")]
    pub code: Cow<'static, str>,
    /// What is wrong, as a sentence. Never repeats the value.
    pub message: String,
}

impl FieldError {
    /// An error at `pointer`.
    pub fn new(
        pointer: impl Into<String>,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            pointer: pointer.into(),
            code: code.into(),
            message: message.into(),
        }
    }
}

/// An error that upstream returned.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct UpstreamFault {
    /// The TOP method that was called.
    #[schema(example = "alitrip.flight.service.pay")]
    pub method: String,
    /// TOP's error code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub code: Option<String>,
    /// TOP's sub code.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub sub_code: Option<String>,
    /// The text of the error, as received.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub message: Option<String>,
    /// TOP's request id. Fliggy's support asks for it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub request_id: Option<String>,
}

impl Problem {
    /// A problem with this code. Its detail is the code's meaning unless [`Problem::detail`] replaces it.
    #[must_use]
    pub fn new(code: Code) -> Self {
        let spec = code.spec();
        Self {
            body: Box::new(ProblemBody {
                kind: format!("/problems/{}", spec.word),
                title: spec.title.into(),
                status: spec.status.as_u16(),
                detail: spec.meaning.to_owned(),
                instance: None,
                code,
                request_id: String::new(),
                side_effects: spec.side_effects,
                retry: spec.retry,
                operation_id: None,
                hint: spec.hint.map(Cow::Borrowed),
                errors: Vec::new(),
                upstream: None,
                quote: None,
            }),
            headers: match spec.retry_after {
                Some(seconds) => HeaderMap::from_iter([(RETRY_AFTER, seconds.into())]),
                None => HeaderMap::new(),
            },
        }
    }

    /// Sets what is wrong with this request: a sentence without values of the request.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Self {
        self.body.detail = detail.into();
        self
    }

    /// Sets what to do about the problem, in place of the code's own hint.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Cow<'static, str>>) -> Self {
        self.body.hint = Some(hint.into());
        self
    }

    /// Overrides the code's side effects.
    #[must_use]
    pub fn side_effects(mut self, side_effects: SideEffects) -> Self {
        self.body.side_effects = side_effects;
        self
    }

    /// Overrides the code's advice on what to do next.
    #[must_use]
    pub fn retry(mut self, retry: Retry) -> Self {
        self.body.retry = retry;
        self
    }

    /// Sets `Retry-After`, in seconds.
    #[must_use]
    pub fn retry_after(mut self, seconds: u32) -> Self {
        self.headers.insert(RETRY_AFTER, seconds.into());
        self
    }

    /// Sets the operation: `operation_id` and `instance` of the body, and the header `Operation-Id`.
    #[must_use]
    pub fn operation(mut self, id: impl fmt::Display) -> Self {
        self.body.instance = Some(format!("/v1/operations/{id}"));
        self.operation_id(id)
    }

    /// Sets the operation without `instance`, for an operation that the caller may not be allowed to read.
    #[must_use]
    pub fn operation_id(mut self, id: impl fmt::Display) -> Self {
        let id = id.to_string();
        if let Ok(value) = HeaderValue::from_str(&id) {
            self.headers.insert(OPERATION_ID, value);
        }
        self.body.operation_id = Some(id);
        self
    }

    /// Adds one error of the request.
    #[must_use]
    pub fn error(mut self, error: FieldError) -> Self {
        self.body.errors.push(error);
        self
    }

    /// Adds errors of the request.
    #[must_use]
    pub fn errors(mut self, errors: impl IntoIterator<Item = FieldError>) -> Self {
        self.body.errors.extend(errors);
        self
    }

    /// Sets upstream's error.
    #[must_use]
    pub fn upstream(mut self, upstream: UpstreamFault) -> Self {
        self.body.upstream = Some(upstream);
        self
    }

    /// Sets the current quote.
    #[must_use]
    pub fn quote(mut self, quote: RefundQuote) -> Self {
        self.body.quote = Some(quote);
        self
    }

    /// Sets the id of a request that is refused outside the router.
    #[must_use]
    pub(super) fn request_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.body.request_id);
        self
    }

    /// Adds a header to the response.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.insert(name, value);
        self
    }

    /// The status of the response.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.body.code.spec().status
    }

    /// What to do about the problem.
    #[must_use]
    pub fn advice(&self) -> Option<&str> {
        self.body.hint.as_deref()
    }

    /// The code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.body.code
    }

    /// The body as it will be sent, except that the request id may still be empty.
    #[must_use]
    pub fn body(&self) -> &ProblemBody {
        &self.body
    }

    /// The body with the id of the current request.
    #[must_use]
    pub fn into_body(mut self) -> ProblemBody {
        if self.body.request_id.is_empty() {
            self.body.request_id = request_log::current_request_id();
        }
        *self.body
    }

    /// The problem of an invalid request with one error.
    #[must_use]
    pub fn invalid(error: FieldError) -> Self {
        Self::new(Code::InvalidRequest)
            .detail(format!("{}: {}", error.pointer, error.message))
            .error(error)
    }
}

impl ProblemBody {
    /// What is wrong with this request.
    #[must_use]
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<Code> for Problem {
    fn from(code: Code) -> Self {
        Self::new(code)
    }
}

impl fmt::Debug for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.body.fmt(f)
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.body.code.as_str(), self.body.detail)
    }
}

impl std::error::Error for Problem {}

impl IntoResponse for Problem {
    fn into_response(mut self) -> Response {
        if self.body.request_id.is_empty() {
            self.body.request_id = request_log::current_request_id();
        }
        if request_log::has_no_key() {
            self.body.retry = self.body.retry.without_key();
        }
        let code = self.body.code;
        let mut response = (
            code.spec().status,
            [(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE))],
            // A struct of strings and numbers always serialises.
            serde_json::to_vec(&self.body).unwrap_or_default(),
        )
            .into_response();
        if code == Code::Unauthorized {
            response.headers_mut().insert(
                WWW_AUTHENTICATE,
                HeaderValue::from_static("Bearer realm=\"fliggy-gateway\""),
            );
        }
        response.headers_mut().extend(self.headers);
        response.extensions_mut().insert(code);
        response
    }
}

/// A 405 that keeps the `Allow` header of the router's own response.
pub(super) fn method_not_allowed(router: &Response) -> Problem {
    let problem = Problem::new(Code::MethodNotAllowed);
    match router.headers().get(ALLOW) {
        Some(allow) => problem.header(ALLOW, allow.clone()),
        None => problem,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_is_small_enough_for_a_result() {
        assert!(size_of::<Problem>() <= 128);
    }

    #[test]
    fn the_response_has_status_headers_and_operation_id() {
        let response = Problem::new(Code::NotSent)
            .operation("018f")
            .into_response();
        assert_eq!(response.status(), 503);
        let header = |name: &str| response.headers()[name].to_str().unwrap().to_owned();
        assert_eq!(header("content-type"), MEDIA_TYPE);
        assert_eq!(header("retry-after"), "2");
        assert_eq!(header("operation-id"), "018f");
    }

    #[test]
    fn empty_members_are_omitted() {
        let json = serde_json::to_value(Problem::new(Code::NotFound).body()).unwrap();
        let names: Vec<_> = json
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        assert_eq!(
            names,
            [
                "type",
                "title",
                "status",
                "detail",
                "code",
                "request_id",
                "side_effects",
                "retry",
                "hint"
            ]
        );
    }
}
