//! `[[error_map]]`: further rows for the classification of upstream's refusals.

use config::Value;
use serde::Serialize;

use super::table::{Problems, Table};
use super::value;

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
    pub verdict: Verdict,
    /// What a caller is told to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

/// What an answer of upstream means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Upstream said no, and did nothing.
    Rejected,
    /// It may have been done; look.
    Unknown,
    /// The call was refused before it reached the business service.
    NotExecuted,
    /// A lookup says that there is no such thing.
    NotFound,
}

fn verdict(value: &Value) -> Result<Verdict, String> {
    match value::text(value)?.as_str() {
        "rejected" => Ok(Verdict::Rejected),
        "unknown" => Ok(Verdict::Unknown),
        "not_executed" => Ok(Verdict::NotExecuted),
        "not_found" => Ok(Verdict::NotFound),
        _ => Err("expected `rejected`, `unknown`, `not_executed` or `not_found`".to_owned()),
    }
}

impl ErrorRow {
    fn read(index: usize, value: Value, problems: &Problems) -> Option<Self> {
        let path = format!("error_map[{index}]");
        let mut table = Table::new(path.clone(), Some(value), None, problems);
        let method = table.optional("method", value::text);
        let code = table.optional("code", value::text_or_integer);
        let sub_code = table.optional("sub_code", value::text);
        let text = table.optional("text", value::text);
        let verdict = table.required("verdict", verdict);
        let hint = table.optional("hint", value::text);
        table.finish();
        problems.unless(code.is_some() || sub_code.is_some() || text.is_some(), || {
            format!(
                "`{path}` has none of `code`, `sub_code` and `text`, so it would match every answer"
            )
        });
        Some(Self {
            method,
            code,
            sub_code,
            text,
            verdict: verdict?,
            hint,
        })
    }
}

/// All rows; a row that is wrong is left out and has told why.
pub(crate) fn read(rows: Option<Vec<Value>>, problems: &Problems) -> Vec<ErrorRow> {
    rows.unwrap_or_default()
        .into_iter()
        .enumerate()
        .filter_map(|(index, row)| ErrorRow::read(index, row, problems))
        .collect()
}
