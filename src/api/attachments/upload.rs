//! `POST /v1/attachments`

use std::sync::Arc;

use axum::extract::multipart::{Field, Multipart, MultipartError};
use axum::extract::{FromRequest, Request};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use bytes::BytesMut;
use serde::Serialize;
use sha2::{Digest, Sha256};
use tokio::sync::OwnedSemaphorePermit;
use utoipa::ToSchema;

use crate::api::ApiState;
use crate::api::context::AccountContext;
use crate::api::extract::{Json, not_encoded, unread};
use crate::api::outcome::problem_of;
use crate::api::problem::{API, BODY, Code, FieldError, Problem, READ, RESTRICTED};
use crate::domain::attachment::FileType;
use crate::domain::ids::OrderId;
use crate::domain::operation::{Cause, Failure};
use crate::operations::writes::attachments::File;
use crate::problem_answers;

/// A file and what it belongs to.
#[derive(Debug, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(
    dead_code,
    reason = "describes parts that the handler reads one by one"
)]
pub struct UploadRequest {
    /// The file: JPEG, PNG or PDF, by its content.
    #[schema(value_type = String, format = Binary, content_media_type = "application/octet-stream")]
    file: Vec<u8>,
    /// Fliggy's order id; needed where the file comes after the application. Empty is left out, as
    /// forms have it.
    // Not the schema of an order id: Swagger UI would send its example.
    #[schema(required = false, value_type = Option<String>, nullable = false, example = "")]
    order_id: Option<OrderId>,
}

/// An attachment that Fliggy has.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentAnswer {
    /// Fliggy's id of it, for `attachments` of an application.
    #[schema(example = "FILE-0001")]
    attachment_id: String,
    /// What it is.
    #[serde(rename = "type")]
    kind: FileType,
    /// Its length, in bytes.
    #[schema(minimum = 1)]
    bytes: usize,
    /// SHA-256 of its content, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    sha256: String,
    /// The order that it belongs to; null if none was said.
    #[schema(required = true, value_type = Option<OrderId>)]
    order_id: Option<OrderId>,
    /// The same file was uploaded before for the same order; it was not sent again.
    already_uploaded: bool,
}

problem_answers!(
    UploadProblems = API,
    RESTRICTED,
    BODY,
    READ,
    &[
        Code::OrderNotFound,
        Code::JournalUnavailable,
        Code::UploadUnknown
    ]
);

/// Upload an attachment
///
/// The proof that special refunds want (`flight_changed`, `illness`, `denied_boarding`): before the
/// application, which then names it in `attachments`, or after it, with the order's id. JPEG, PNG or
/// PDF, told by the content. A file that Fliggy has taken for an order is not sent again. The gateway
/// keeps its hash and Fliggy's id, not the file.
#[utoipa::path(
    post,
    path = "/v1/attachments",
    operation_id = "upload_attachment",
    tag = "refunds",
    params(super::super::params::AccountHeader),
    request_body(content = UploadRequest, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Fliggy has it.", body = AttachmentAnswer, example = json!(super::super::examples::attachment(false))),
        (status = 200, description = "Fliggy has had it before.", body = AttachmentAnswer, example = json!(super::super::examples::attachment(true))),
        UploadProblems,
    ),
)]
pub async fn upload_attachment(
    context: AccountContext,
    Parts(file, order_id, place): Parts,
) -> Result<Response, Problem> {
    let (kind, bytes) = (file.kind, file.content.len());
    let sha256 = hex::encode(file.digest);
    let uploaded = context
        .services
        .uploads
        .upload(context.account, order_id, file, place)
        .await
        .map_err(|failure| not_uploaded(&failure))?;
    let status = if uploaded.before {
        StatusCode::OK
    } else {
        StatusCode::CREATED
    };
    let answer = AttachmentAnswer {
        attachment_id: uploaded.attachment.file_id.clone(),
        kind,
        bytes,
        sha256,
        order_id,
        already_uploaded: uploaded.before,
    };
    Ok((status, Json(answer)).into_response())
}

/// Why a file has no id. One that was sent may have arrived, whatever became of the answer.
fn not_uploaded(failure: &Failure) -> Problem {
    let problem = problem_of(failure, None);
    let lost = matches!(
        failure.cause,
        Cause::UpstreamTimeout | Cause::UpstreamUnavailable | Cause::UpstreamUnreadable
    );
    if !lost {
        return problem;
    }
    match &problem.body().upstream {
        Some(upstream) => Problem::new(Code::UploadUnknown).upstream(upstream.clone()),
        None => Problem::new(Code::UploadUnknown),
    }
}

/// The parts of an upload, whole, and its place among the files that are in memory.
pub struct Parts(File, Option<OrderId>, OwnedSemaphorePermit);

impl FromRequest<ApiState> for Parts {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        not_encoded(request.headers())?;
        // Before the first byte is read: so many files are in memory at once, and no more.
        let place = Arc::clone(&state.limits.uploads)
            .try_acquire_owned()
            .map_err(|_| Problem::new(Code::Overloaded))?;
        let mut parts = Multipart::from_request(request, state).await.map_err(|_| {
            Problem::new(Code::UnsupportedMediaType)
                .hint("Send `Content-Type: multipart/form-data` with a part `file`.")
        })?;
        let (mut file, mut order_id) = (None, None);
        while let Some(part) = parts.next_field().await.map_err(unread_part)? {
            let wrong = |code: &'static str, message: &str| {
                Problem::invalid(FieldError::new("", code, message))
            };
            match part.name() {
                Some("file") if file.is_none() => {
                    file = Some(read_file(part, state.limits.max_attachment).await?);
                }
                Some("order_id") if order_id.is_none() => {
                    let text = read_text(part).await?;
                    if text.is_empty() {
                        continue;
                    }
                    let id = text.parse::<OrderId>().map_err(|error| {
                        let message = error.to_string();
                        Problem::invalid(FieldError::new("/order_id", "malformed", message))
                    })?;
                    order_id = Some(id);
                }
                Some("file" | "order_id") => {
                    return Err(wrong("twice", "a part of this name came twice"));
                }
                Some(_) | None => {
                    return Err(wrong(
                        "unknown",
                        "there is a part other than file and order_id",
                    ));
                }
            }
        }
        let file = file
            .ok_or_else(|| Problem::invalid(FieldError::new("/file", "missing", "is missing")))?;
        Ok(Self(file, order_id, place))
    }
}

/// Reads the file as it comes, and no further than is needed to refuse it.
async fn read_file(mut part: Field<'_>, longest: usize) -> Result<File, Problem> {
    let mut content = BytesMut::new();
    let mut digest = Sha256::new();
    let mut kind = None;
    while let Some(chunk) = part.chunk().await.map_err(unread_part)? {
        if content.len() + chunk.len() > longest {
            return Err(Problem::new(Code::PayloadTooLarge)
                .detail(format!("The file is longer than {longest} bytes.")));
        }
        digest.update(&chunk);
        content.extend_from_slice(&chunk);
        if kind.is_none() && content.len() >= FileType::TOLD_BY {
            kind = Some(FileType::of(&content).ok_or_else(not_a_proof)?);
        }
    }
    Ok(File {
        kind: kind.ok_or_else(not_a_proof)?,
        digest: digest.finalize().into(),
        content: content.freeze(),
    })
}

fn not_a_proof() -> Problem {
    Problem::new(Code::UnsupportedMediaType)
        .detail("The file is neither JPEG nor PNG nor PDF, by its first bytes.")
        .hint("Convert it to one of these; renaming it is not enough.")
}

async fn read_text(mut part: Field<'_>) -> Result<String, Problem> {
    const LONGEST: usize = 64;
    let mut text = Vec::new();
    while let Some(chunk) = part.chunk().await.map_err(unread_part)? {
        if text.len() + chunk.len() > LONGEST {
            let error = FieldError::new("/order_id", "malformed", "is too long");
            return Err(Problem::invalid(error));
        }
        text.extend_from_slice(&chunk);
    }
    Ok(String::from_utf8_lossy(&text).trim().to_owned())
}

#[expect(
    clippy::needless_pass_by_value,
    reason = "used as a function of map_err"
)]
fn unread_part(error: MultipartError) -> Problem {
    let problem = unread(error.status(), &error);
    if problem.code() == Code::InvalidRequest {
        let message = "is no whole multipart/form-data";
        return Problem::invalid(FieldError::new("", "not_multipart", message));
    }
    problem
}
