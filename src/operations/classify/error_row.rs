//! A row that configuration adds to the classification of responses.

use serde::{Deserialize, Serialize};

/// One row. All conditions that are set must hold. Configured rows take precedence over the built-in ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorRow {
    /// The TOP method, as a pattern with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The code of the error response or of the business response. Integers are kept as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The sub code, as a pattern with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_code: Option<String>,
    /// A part of any text of the response.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What such a response means.
    pub verdict: RowVerdict,
    /// The hint that the problem shows to the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What a response of upstream means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowVerdict {
    /// Upstream refused the write and did nothing.
    Rejected,
    /// The write may have been executed; the gateway looks it up.
    Unknown,
    /// The call was refused before it reached the business service.
    NotExecuted,
    /// The object of a read does not exist.
    NotFound,
}
