//! The documentation of the problems that an operation can return.

use std::collections::BTreeMap;

use serde_json::json;
use utoipa::openapi::extensions::ExtensionsBuilder;
use utoipa::openapi::schema::{ObjectBuilder, Type};
use utoipa::openapi::{ContentBuilder, HeaderBuilder, Ref, RefOr, Response, ResponseBuilder};

use super::{Code, FieldError, MEDIA_TYPE, Problem, UpstreamFault};

/// The problem responses of an operation by HTTP status.
pub type ProblemAnswers = BTreeMap<String, RefOr<Response>>;

/// The problems of every operation that requires an API key.
pub const API: &[Code] = &[
    Code::InvalidRequest,
    Code::Unauthorized,
    Code::ScopeMissing,
    Code::Internal,
    Code::Overloaded,
    Code::ShuttingDown,
];

/// The additional problems of operations on a purchasing account, and of operations that may concern other callers.
pub const RESTRICTED: &[Code] = &[Code::Forbidden];

/// The problems of every operation with a request body.
pub const BODY: &[Code] = &[
    Code::RequestTimeout,
    Code::PayloadTooLarge,
    Code::UnsupportedMediaType,
];

/// The problems of every operation that reads from upstream.
pub const READ: &[Code] = &[
    Code::RateLimited,
    Code::UpstreamRejected,
    Code::UpstreamRefused,
    Code::UpstreamUnreadable,
    Code::UpstreamUnavailable,
    Code::UpstreamTimeout,
    Code::ChannelNotAssigned,
    Code::SessionMissing,
    Code::SessionInvalid,
    Code::IpNotAllowed,
    Code::ClockSkew,
    Code::PermissionDenied,
];

/// The problems of every journaled write, besides [`API`] and [`BODY`].
pub const WRITE: &[Code] = &[
    Code::IdempotencyKeyMissing,
    Code::OperationInProgress,
    Code::AlreadyDone,
    Code::RetryOfRequired,
    Code::EvidenceContradicts,
    Code::IdempotencyKeyReused,
    Code::UpstreamRejected,
    Code::RateLimited,
    Code::UpstreamRefused,
    Code::UpstreamUnavailable,
    Code::ChannelNotAssigned,
    Code::SessionMissing,
    Code::SessionInvalid,
    Code::IpNotAllowed,
    Code::ClockSkew,
    Code::PermissionDenied,
    Code::JournalUnavailable,
    Code::NotSent,
    Code::NotExecuted,
];

/// Declares a type that lists the problem responses of an operation, for `responses(…)` of
/// `#[utoipa::path]`:
///
/// ```ignore
/// problem_answers!(pub BookProblems = API, BODY, WRITE, &[Code::OfferNotBookable]);
///
/// #[utoipa::path(post, path = "/v1/orders", responses((status = 201, body = Order), BookProblems))]
/// ```
#[macro_export]
macro_rules! problem_answers {
    ($(#[$meta:meta])* $vis:vis $name:ident = $($codes:expr),+ $(,)?) => {
        $(#[$meta])*
        #[derive(Debug)]
        $vis struct $name;

        impl ::utoipa::IntoResponses for $name {
            fn responses() -> $crate::api::problem::ProblemAnswers {
                $crate::api::problem::answers(&[$($codes),+])
            }
        }
    };
}

/// The extension of a problem response that lists its codes.
const CODES: &str = "x-problem-codes";

/// One response for each status. It lists its codes and has an example of the first.
#[must_use]
pub fn answers(groups: &[&[Code]]) -> ProblemAnswers {
    let is_write = groups
        .iter()
        .any(|codes| codes.contains(&Code::IdempotencyKeyMissing));
    let mut by_status: BTreeMap<u16, Vec<Code>> = BTreeMap::new();
    for code in groups.iter().copied().flatten().copied() {
        let codes = by_status.entry(code.spec().status.as_u16()).or_default();
        if !codes.contains(&code) {
            codes.push(code);
        }
    }
    by_status
        .into_iter()
        .map(|(status, mut codes)| {
            codes.sort_unstable();
            (status.to_string(), RefOr::T(answer(&codes, is_write)))
        })
        .collect()
}

fn answer(codes: &[Code], is_write: bool) -> Response {
    let entries: Vec<String> = codes
        .iter()
        .map(|code| {
            let (word, title) = (code.as_str(), code.spec().title);
            format!("- [`{word}`](/problems/{word}): {title}.")
        })
        .collect();
    let words: Vec<&str> = codes.iter().map(|code| code.as_str()).collect();
    let example = codes.first().map(|code| example(*code, is_write));
    let content = ContentBuilder::new()
        .schema(Some(Ref::from_schema_name("Problem")))
        .example(example.and_then(|body| serde_json::to_value(body).ok()))
        .build();
    let mut response = ResponseBuilder::new()
        .description(entries.join("\n"))
        .content(MEDIA_TYPE, content)
        .extensions(Some(
            ExtensionsBuilder::new().add(CODES, json!(words)).build(),
        ))
        .header("X-Request-Id", text_header("The id of the request."));
    if codes.iter().any(|code| code.spec().retry_after.is_some()) {
        let seconds = ObjectBuilder::new().schema_type(Type::Integer).build();
        let header = HeaderBuilder::new()
            .schema(Some(seconds))
            .description(Some("Seconds to wait before the next attempt."))
            .build();
        response = response.header("Retry-After", header);
    }
    if codes.contains(&Code::Unauthorized) {
        let header = text_header("`Bearer`: an API key is required.");
        response = response.header("WWW-Authenticate", header);
    }
    response.build()
}

pub(crate) fn text_header(description: &str) -> utoipa::openapi::Header {
    HeaderBuilder::new()
        .schema(Some(ObjectBuilder::new().schema_type(Type::String).build()))
        .description(Some(description))
        .build()
}

/// An example of a problem with this code.
fn example(code: Code, is_write: bool) -> super::ProblemBody {
    let problem = Problem::new(code);
    let problem = match code {
        Code::InvalidRequest => problem
            .detail("/passengers/0/document/number: is missing")
            .error(FieldError::new(
                "/passengers/0/document/number",
                "missing",
                "is missing",
            )),
        Code::UpstreamRejected => problem.upstream(UpstreamFault {
            method: "alitrip.flight.service.queryorderdetail".to_owned(),
            code: Some("15".to_owned()),
            sub_code: Some("isv.PARAMETER_ERROR".to_owned()),
            message: Some("请求参数错误".to_owned()),
            request_id: Some("16mrtlto4sk4m".to_owned()),
        }),
        Code::NotExecuted => problem.operation("0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71"),
        _ => problem,
    };
    let mut body = *problem.body;
    if !is_write {
        body.retry = body.retry.without_key();
    }
    body.request_id = "0197a3f0-5c1d-7e02-8f2b-1c5b7a4e9d30".to_owned();
    body
}
