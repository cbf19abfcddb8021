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
use crate::api::auth::Admitted;
use crate::api::context::AccountContext;
use crate::api::extract::{Json, not_encoded, unread};
use crate::api::outcome::problem_of;
use crate::api::problem::{API, BODY, Code, FieldError, Problem, READ, RESTRICTED};
use crate::domain::attachment::FileType;
use crate::domain::ids::OrderId;
use crate::domain::operation::{Cause, Failure};
use crate::operations::writes::attachments::File;
use crate::problem_answers;

/// A file, and the order that it belongs to.
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
    /// Fliggy's order id; required if the file is uploaded after the application. An empty value counts
    /// as absent, because HTML forms send one.
    // Not the schema of an order id, because Swagger UI would send that schema's example.
    #[schema(required = false, value_type = Option<String>, nullable = false, example = "")]
    order_id: Option<OrderId>,
}

/// An uploaded attachment.
#[derive(Debug, Serialize, ToSchema)]
pub struct AttachmentAnswer {
    /// Fliggy's id of the file, for `attachments` of an application.
    #[schema(example = "FILE-0001")]
    attachment_id: String,
    /// The type of the file.
    #[serde(rename = "type")]
    kind: FileType,
    /// The length of the file, in bytes.
    #[schema(minimum = 1)]
    bytes: usize,
    /// SHA-256 of the file, in hexadecimal.
    #[schema(
        pattern = "^[0-9a-f]{64}$",
        example = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"
    )]
    sha256: String,
    /// The order that the file belongs to; null if the request named none.
    #[schema(required = true, value_type = Option<OrderId>)]
    order_id: Option<OrderId>,
    /// Whether the same file was uploaded before for the same order. It was then not sent again.
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
/// Uploads the proof that special refunds require (`flight_changed`, `illness`, `denied_boarding`):
/// before the application, which then names the file in `attachments`, or after it, with the order's id. JPEG,
/// PNG or PDF, recognised by the content. A file that Fliggy has accepted for an order is not sent again.
/// The gateway stores its hash and Fliggy's id, not the file.
#[utoipa::path(
    post,
    path = "/v1/attachments",
    operation_id = "upload_attachment",
    tag = "refunds",
    params(super::super::params::AccountHeader),
    request_body(content = UploadRequest, content_type = "multipart/form-data"),
    responses(
        (status = 201, description = "Fliggy has accepted the file.", body = AttachmentAnswer, example = json!(super::super::examples::attachment(false))),
        (status = 200, description = "Fliggy had accepted the file before.", body = AttachmentAnswer, example = json!(super::super::examples::attachment(true))),
        UploadProblems,
    ),
)]
pub async fn upload_attachment(
    context: AccountContext,
    Parts(file, order_id, permit): Parts,
) -> Result<Response, Problem> {
    let (kind, bytes) = (file.kind, file.content.len());
    let sha256 = hex::encode(file.digest);
    let uploaded = context
        .services
        .uploads
        .upload(context.account, order_id, file, permit)
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

/// The problem of a failed upload. A file that was sent may have arrived even if the response was lost.
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

/// The complete parts of an upload, and the permit to hold the file in memory.
pub struct Parts(File, Option<OrderId>, OwnedSemaphorePermit);

impl FromRequest<ApiState> for Parts {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &ApiState) -> Result<Self, Problem> {
        not_encoded(request.headers())?;
        // Acquired before the first byte is read: the permits limit how many files are in memory at once.
        let permit = Arc::clone(&state.limits.uploads)
            .try_acquire_owned()
            .map_err(|_| Problem::new(Code::Overloaded))?;
        let admitted = request.extensions().get::<Admitted>().cloned();
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
                    return Err(wrong("twice", "two parts have the same name"));
                }
                Some(_) | None => {
                    return Err(wrong(
                        "unknown",
                        "there is a part other than file and order_id",
                    ));
                }
            }
        }
        Admitted::again(admitted.as_ref())?;
        let file = file
            .ok_or_else(|| Problem::invalid(FieldError::new("/file", "missing", "is missing")))?;
        Ok(Self(file, order_id, permit))
    }
}

/// Reads the file chunk by chunk, and stops as soon as the file has to be refused.
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
        .detail("According to its first bytes, the file is neither JPEG nor PNG nor PDF.")
        .hint("Convert the file to one of these types; renaming it is not enough.")
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
        let message = "is not a complete multipart/form-data body";
        return Problem::invalid(FieldError::new("", "not_multipart", message));
    }
    problem
}
