//! Turns the message of a serde error into one that repeats nothing of the request.

/// The code and the message of one error.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Reason {
    pub(super) code: &'static str,
    pub(super) message: String,
    /// The missing or unknown field, below the place that serde reports.
    pub(super) field: Option<String>,
}

/// Rewrites a message of serde. `value` is the value at the place of the error: a message that quotes
/// it is replaced entirely, unless it comes from one of our own types.
pub(super) fn of(message: &str, value: Option<&str>) -> Reason {
    let message = without_position(message);
    let reason = |code, message: String| Reason {
        code,
        message,
        field: None,
    };
    if let Some(rest) = message.strip_prefix("missing field ") {
        let mut reason = reason("missing", "is missing".to_owned());
        reason.field = quoted_identifier(rest);
        return reason;
    }
    if let Some(rest) = message.strip_prefix("duplicate field ") {
        let mut reason = reason("duplicate", "is given twice".to_owned());
        reason.field = quoted_identifier(rest);
        return reason;
    }
    if let Some(rest) = message.strip_prefix("unknown field ") {
        let mut reason = reason("unknown_field", "is not a field of this request".to_owned());
        reason.field = quoted_identifier(rest);
        return reason;
    }
    let rewritten = [
        ("invalid type: ", "wrong_type"),
        ("invalid value: ", "invalid"),
        ("invalid length ", "wrong_length"),
        ("unknown variant ", "not_listed"),
    ];
    for (start, code) in rewritten {
        if message.starts_with(start) {
            // The text before the last "expected" quotes the value, which may itself contain that word.
            return match message.rsplit_once(", expected ") {
                Some((_, expected)) => reason(code, format!("expected {expected}")),
                None => reason(code, "is not valid".to_owned()),
            };
        }
    }
    // The messages of our own types name the expected form and quote nothing.
    if message.starts_with("expected ") {
        return reason("invalid", message.to_owned());
    }
    let quoted = value.is_some_and(|value| !value.is_empty() && message.contains(value));
    if quoted || message.contains('"') {
        return reason("invalid", "is not valid".to_owned());
    }
    reason("invalid", message.to_owned())
}

/// Removes the position that serde_json appends: the pointer already gives the place.
fn without_position(message: &str) -> &str {
    message
        .rsplit_once(" at line ")
        .filter(|(_, place)| {
            place
                .bytes()
                .all(|byte| byte.is_ascii_digit() || b" column".contains(&byte))
        })
        .map_or(message, |(message, _)| message)
}

/// The name in backticks, if it looks like a field name: callers also put values where names belong.
fn quoted_identifier(text: &str) -> Option<String> {
    let name = text.strip_prefix('`')?.split('`').next()?;
    let plain = name.len() <= 64
        && name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_' || byte.is_ascii_digit())
        && !name.bytes().all(|byte| byte.is_ascii_digit());
    plain.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(text: &str) -> String {
        of(text, None).message
    }

    #[test]
    fn messages_never_contain_values() {
        let evil = r#"invalid type: string "张三, expected nothing", expected a number at line 3 column 9"#;
        assert_eq!(message(evil), "expected a number");
        assert_eq!(
            message("unknown variant `张三`, expected one of `adult`, `child`"),
            "expected one of `adult`, `child`"
        );
        assert_eq!(
            of("the name 张三 is bad", Some("张三")).message,
            "is not valid"
        );
        assert_eq!(of("unknown field `张三`, expected `a`", None).field, None);
        assert_eq!(of("unknown field `110101199003070011`", None).field, None);
    }

    #[test]
    fn a_missing_field_is_named_and_our_own_messages_are_kept() {
        let reason = of("missing field `out_order_no` at line 1 column 2", None);
        assert_eq!(reason.field.as_deref(), Some("out_order_no"));
        assert_eq!(
            message("must be a string such as 950.00"),
            "must be a string such as 950.00"
        );
    }
}
