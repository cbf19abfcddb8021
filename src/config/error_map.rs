//! `[[error_map]]`: additional rows for the classification of upstream refusals.

use config::Value;

use super::table::{Problems, Table};
use super::value;
use crate::operations::classify::ErrorRow;

fn row(index: usize, value: Value, problems: &Problems) -> Option<ErrorRow> {
    let path = format!("error_map[{index}]");
    let mut table = Table::new(path.clone(), Some(value), None, problems);
    let method = table.optional("method", value::text);
    let code = table.optional("code", value::text_or_integer);
    let sub_code = table.optional("sub_code", value::text);
    let text = table.optional("text", value::text);
    let verdict = table.required("verdict", value::word);
    let hint = table.optional("hint", value::text);
    table.finish();
    problems.unless(
        code.is_some() || sub_code.is_some() || text.is_some(),
        || {
            format!(
                "`{path}` has none of `code`, `sub_code` and `text`, so it would match every \
                 response"
            )
        },
    );
    Some(ErrorRow {
        method,
        code,
        sub_code,
        text,
        verdict: verdict?,
        hint,
    })
}

/// Reads all rows. An invalid row is omitted and its problem recorded.
pub(crate) fn read(rows: Option<Vec<Value>>, problems: &Problems) -> Vec<ErrorRow> {
    rows.unwrap_or_default()
        .into_iter()
        .enumerate()
        .filter_map(|(index, value)| row(index, value, problems))
        .collect()
}
