//! `alitrip.flight.service.upload`: stores an attachment upstream as proof for an involuntary refund (seed). All fields
//! are inferred: `file_name` and `order_id` are texts, `file_content` is the file.

use serde::Deserialize;

use crate::top::lenient::Field;
use crate::top::method::{Effect, Method};

/// `alitrip.flight.service.upload`.
#[derive(Debug, Clone, Copy)]
pub struct Upload;

impl Method for Upload {
    const NAME: &'static str = "alitrip.flight.service.upload";
    const EFFECT: Effect = Effect::Upload;
    /// The parameter of the file. There is no request object, only text parameters.
    const PARAM: &'static str = "file_content";
    type Request = ();
    type Answer = UploadResponse;
}

/// The response.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub struct UploadResponse {
    /// The id of the file, for use in an application.
    pub file_id: Field<String>,
    /// Address of the stored file.
    pub uploaded_file_url: Field<String>,
    /// Business success.
    pub is_success: Field<bool>,
    /// Business error text.
    pub error_msg: Field<String>,
    /// Business error code.
    pub error_code_info: Field<String>,
    /// Id of the call, for support cases.
    pub request_id: Field<String>,
}

super::answer_verdict!(UploadResponse);
