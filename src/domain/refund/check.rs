//! Validates a refund before anything is read.

use std::collections::HashSet;

use super::{RefundSelection, Violation};
use crate::domain::party::MOST_PASSENGERS;
use crate::domain::personal::Personal;
use crate::domain::violation::Violations;

/// Maximum number of segments in a selection.
pub const MOST_SEGMENTS: usize = 16;
/// Maximum number of attachments in an application.
pub const MOST_ATTACHMENTS: usize = 20;
/// Maximum length of a caller's text, in characters.
pub const LONGEST_TEXT: usize = 500;

/// Checks the selection to be refunded.
///
/// # Errors
/// All violations.
pub fn check_selection(selection: &RefundSelection) -> Result<(), Vec<Violation>> {
    let mut violations = Violations::default();
    let v = &mut violations;
    let count = selection.passengers.len();
    v.require(
        (1..=MOST_PASSENGERS).contains(&count),
        "/passengers",
        "passenger_count",
        "expected 1 to 9 passengers",
    );
    let mut seen = HashSet::new();
    for (index, passenger) in selection.passengers.iter().enumerate() {
        v.require(
            seen.insert(passenger),
            format_args!("/passengers/{index}"),
            "twice",
            "the passenger is listed twice",
        );
    }
    v.require(
        selection.segments.len() <= MOST_SEGMENTS,
        "/segments",
        "too_many",
        "expected at most 16 segments",
    );
    let mut seen = HashSet::new();
    for (index, segment) in selection.segments.iter().enumerate() {
        let at = format!("/segments/{index}");
        v.require_text(
            segment,
            is_line(segment, 255),
            &at,
            "malformed",
            "expected a segment_id of the order, such as \"CZ8957PKXXMN0520\"",
        );
        v.require(
            seen.insert(segment),
            &at,
            "twice",
            "the segment is listed twice",
        );
    }
    violations.finish(())
}

/// Checks the remaining fields of an application.
///
/// # Errors
/// All violations. The messages do not quote the reason.
pub fn check_application(
    reason: Option<&Personal<String>>,
    attachments: &[String],
) -> Result<(), Vec<Violation>> {
    let mut violations = Violations::default();
    let v = &mut violations;
    if let Some(reason) = reason {
        let reason = reason.expose();
        v.require_text(
            reason,
            is_line(reason, LONGEST_TEXT),
            "/reason",
            "malformed",
            "expected 1 to 500 characters in one line, such as \"航班延误\"",
        );
    }
    v.require(
        attachments.len() <= MOST_ATTACHMENTS,
        "/attachments",
        "too_many",
        "expected at most 20 attachments",
    );
    let mut seen = HashSet::new();
    for (index, attachment) in attachments.iter().enumerate() {
        let at = format!("/attachments/{index}");
        v.require_text(
            attachment,
            is_line(attachment, 255),
            &at,
            "malformed",
            "expected the attachment_id of an upload, such as \"FILE-0001\"",
        );
        v.require(
            seen.insert(attachment),
            &at,
            "twice",
            "the attachment is listed twice",
        );
    }
    violations.finish(())
}

/// Whether a text is not blank and has at most `longest` characters. Texts contain no invisible
/// characters, hence no line breaks.
pub(in crate::domain) fn is_line(text: &str, longest: usize) -> bool {
    let count = text.chars().take(longest + 1).count();
    (1..=longest).contains(&count) && !text.chars().all(char::is_whitespace)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::refund::RefundKind;

    fn selection(passengers: &[u8], segments: &[&str]) -> RefundSelection {
        RefundSelection {
            kind: RefundKind::Voluntary,
            passengers: passengers
                .iter()
                .map(|n| format!("psg_{n:032x}").parse().unwrap())
                .collect(),
            segments: segments.iter().map(|s| (*s).to_owned()).collect(),
        }
    }

    fn codes(result: Result<(), Vec<Violation>>) -> Vec<&'static str> {
        result
            .err()
            .unwrap_or_default()
            .iter()
            .map(|v| v.code)
            .collect()
    }

    #[test]
    fn rules_of_a_selection() {
        assert_eq!(check_selection(&selection(&[1, 2], &["A", "B"])), Ok(()));
        for (wrong, code) in [
            (selection(&[], &[]), "passenger_count"),
            (
                selection(&[1, 2, 3, 4, 5, 6, 7, 8, 9, 10], &[]),
                "passenger_count",
            ),
            (selection(&[1, 1], &[]), "twice"),
            (selection(&[1], &["A", "A"]), "twice"),
            (selection(&[1], &[" "]), "malformed"),
        ] {
            assert_eq!(codes(check_selection(&wrong)), [code]);
        }
    }

    #[test]
    fn rules_of_an_application() {
        let reason = |text: &str| Personal::new(text.to_owned());
        let files = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            check_application(Some(&reason("航班延误")), &files(&["F-1"])),
            Ok(())
        );
        for (text, attachments, code) in [
            ("a\nb", files(&[]), "malformed"),
            ("a\u{202e}b", files(&[]), "invisible_character"),
            (" ", files(&[]), "malformed"),
            ("x", files(&["F", "F"]), "twice"),
            ("x", files(&[""]), "malformed"),
        ] {
            assert_eq!(
                codes(check_application(Some(&reason(text)), &attachments)),
                [code]
            );
        }
        let long = reason(&"长".repeat(501));
        assert_eq!(codes(check_application(Some(&long), &[])), ["malformed"]);
    }
}
