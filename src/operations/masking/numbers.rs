//! Masks the numbers of persons in a text that also contains dates and prices, which stay.

use std::ops::Range;

use crate::domain::time::LocalDate;

/// A shorter number is not a telephone or document number.
const SHORTEST: usize = 7;
/// The largest number of groups in which a number is written: `+86 (10) 8765 4321` has four.
const GROUPS: usize = 6;
/// The largest number of separators between two groups.
const SEPARATORS: usize = 3;

/// The digits of a telephone or document number without leading zeros, if it has enough to be recognised.
pub(super) fn digits_of(number: &str) -> Option<String> {
    let digits: String = number.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_start_matches('0');
    (digits.len() >= SHORTEST).then(|| digits.to_owned())
}

/// Masks numbers that are part of a known number or contain one, however they are grouped; mobile numbers with
/// separators; and words in which at least seven digits follow a letter, such as passport numbers.
pub(super) fn without_numbers(text: &str, known: &[String]) -> String {
    let groups = groups(text);
    let mut personal = Vec::new();
    for (number, first) in groups.iter().enumerate() {
        let follows_letter = text[..first.start].ends_with(|c: char| c.is_ascii_alphabetic());
        if follows_letter && first.len() >= SHORTEST {
            personal.push(word_around(text, first.clone()));
        }
        let mut together: Vec<&str> = Vec::new();
        let mut end = first.start;
        for group in groups[number..].iter().take(GROUPS) {
            if !are_separators(&text[end..group.start]) {
                break;
            }
            end = group.end;
            together.push(&text[group.clone()]);
            if is_mobile(&together) || is_known(&together, known) {
                personal.push(word_around(text, first.start..end));
            }
        }
    }
    hidden(text, personal)
}

/// Masks a date in the usual forms: `1990-05-01`, `1990/5/1`, `19900501`, `1990年5月1日`.
pub(super) fn without_date(text: &str, date: LocalDate) -> String {
    let compact = date.to_string().replace('-', "");
    let date = date.get();
    let parts = [date.year(), date.month().into(), date.day().into()];
    let groups = groups(text);
    let mut found = Vec::new();
    for (number, first) in groups.iter().enumerate() {
        if text[first.clone()] == compact {
            found.push(first.clone());
        }
        let Some([year, month, day]) = groups.get(number..number + 3) else {
            continue;
        };
        let values = [year, month, day].map(|group| text[group.clone()].parse::<i16>().ok());
        let between = [year.end..month.start, month.end..day.start];
        if values == parts.map(Some) && between.iter().all(|b| are_of_date(&text[b.clone()])) {
            let day_word = text[day.end..]
                .strip_prefix('日')
                .map_or(0, |_| '日'.len_utf8());
            found.push(year.start..day.end + day_word);
        }
    }
    hidden(text, found)
}

/// Whether these are the groups of a mobile number: `138 0013 8000`.
fn is_mobile(groups: &[&str]) -> bool {
    groups.iter().map(|group| group.len()).eq([3, 4, 4])
        && matches!(groups[0].as_bytes(), [b'1', b'3'..=b'9', ..])
}

/// Whether the groups together are part of a known number, or contain one that begins in the first group and ends in
/// the last.
fn is_known(groups: &[&str], known: &[String]) -> bool {
    let digits = groups.concat();
    let first = groups.first().map_or(0, |group| group.len());
    let last = groups.last().map_or(0, |group| group.len());
    let bare = digits.trim_start_matches('0');
    known.iter().any(|known| {
        let is_part = |number: &str| number.len() >= SHORTEST && known.contains(number);
        is_part(&digits)
            || is_part(bare)
            || (0..first).any(|at| {
                digits[at..].starts_with(known.as_str()) && at + known.len() > digits.len() - last
            })
    })
}

/// The positions of the runs of digits.
fn groups(text: &str) -> Vec<Range<usize>> {
    let mut groups: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices(|c: char| c.is_ascii_digit()) {
        match groups.last_mut() {
            Some(last) if last.end == at => last.end = at + 1,
            Some(_) | None => groups.push(at..at + 1),
        }
    }
    groups
}

/// Whether this text may separate the groups of one number.
fn are_separators(between: &str) -> bool {
    between.chars().count() <= SEPARATORS
        && between
            .chars()
            .all(|c| c.is_whitespace() || "-‐–－()()".contains(c))
}

/// Whether this text may separate the parts of one date.
fn are_of_date(between: &str) -> bool {
    between.chars().count() <= SEPARATORS
        && between
            .chars()
            .all(|c| c.is_whitespace() || "-‐–－/／.年月".contains(c))
}

/// Extends the range by the letters and digits around it, and by the `+` of a country code.
fn word_around(text: &str, range: Range<usize>) -> Range<usize> {
    let is_part = |c: char| c.is_ascii_alphanumeric();
    let before = text[..range.start].trim_end_matches(is_part);
    let before = before.strip_suffix('+').unwrap_or(before);
    let after = text[range.end..].trim_start_matches(is_part);
    before.len()..text.len() - after.len()
}

/// Masks these ranges, which are sorted by their starts and may overlap.
fn hidden(text: &str, ranges: Vec<Range<usize>>) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut until = 0;
    for range in ranges {
        if range.start >= until {
            shown.push_str(&text[until..range.start]);
            shown.push_str("***");
        }
        until = until.max(range.end);
    }
    shown.push_str(&text[until..]);
    shown
}
