//! A row that configuration adds to the classification.

use serde::{Deserialize, Serialize};

/// One row. All conditions that are set must hold; rows of the configuration come before the
/// built-in ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorRow {
    /// The TOP method, as a pattern with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// The code of the error response or of the business answer. Integers are kept as text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The sub code, as a pattern with `*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sub_code: Option<String>,
    /// A part of any of the texts of the answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// What such an answer means.
    pub verdict: RowVerdict,
    /// The hint that the problem shows to the caller.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What an answer of upstream means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RowVerdict {
    /// Upstream refused, and did nothing.
    Rejected,
    /// It may have been done; look it up.
    Unknown,
    /// The call was refused before it reached the business service.
    NotExecuted,
    /// A lookup says that there is no such thing.
    NotFound,
}
