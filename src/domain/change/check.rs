//! Everything that can be found wrong with a change before anything is read.

use std::collections::HashSet;

use super::ChangeWish;
use crate::domain::booking::MOST_PASSENGERS;
use crate::domain::passenger::format;
use crate::domain::refund::check::{LONGEST_TEXT, MOST_SEGMENTS, is_line};
use crate::domain::violation::{Violation, Violations};

/// Checks a change, everything at once. Whether its flights have departed is asked later: the same
/// request is answered the same after a year.
///
/// # Errors
/// All that is wrong with it. The messages hold no personal data.
pub fn check(wish: &ChangeWish) -> Result<(), Vec<Violation>> {
    let mut violations = Violations::default();
    let v = &mut violations;
    v.require(
        (1..=MOST_PASSENGERS).contains(&wish.passengers.len()),
        "/passengers",
        "passenger_count",
        "1 to 9 passengers",
    );
    let mut seen = HashSet::new();
    for (index, passenger) in wish.passengers.iter().enumerate() {
        v.require(
            seen.insert(passenger),
            format_args!("/passengers/{index}"),
            "twice",
            "is named twice",
        );
    }
    v.require(
        (1..=MOST_SEGMENTS).contains(&wish.targets.len()),
        "/segments",
        "segment_count",
        "1 to 16 segments",
    );
    let mut seen = HashSet::new();
    for (index, target) in wish.targets.iter().enumerate() {
        let at = format!("/segments/{index}");
        v.require(
            is_line(&target.replaces, 255),
            format_args!("{at}/replaces"),
            "malformed",
            "is no segment id",
        );
        v.require(
            seen.insert(target.replaces.as_str()),
            format_args!("{at}/replaces"),
            "twice",
            "is replaced twice",
        );
        v.require(
            target.cabin.segment_id == target.segment.segment_id,
            format_args!("{at}/cabin/segment_id"),
            "unknown_segment",
            "is the cabin of another segment",
        );
        v.require(
            is_line(&target.cabin.cabin, 16),
            format_args!("{at}/cabin/cabin"),
            "malformed",
            "is no booking class",
        );
        v.require(
            target.segment.arrival_time > target.segment.departure_time,
            format_args!("{at}/segment/arrival_time"),
            "arrival_before_departure",
            "must be after departure",
        );
    }
    check_texts(v, wish);
    violations.finish(())
}

fn check_texts(v: &mut Violations, wish: &ChangeWish) {
    v.require(
        wish.solution_id.as_ref().is_none_or(|id| is_line(id, 512)),
        "/solution_id",
        "malformed",
        "is no solution id",
    );
    let remark = wish.remark.as_ref();
    v.require(
        remark.is_none_or(|remark| is_line(remark.expose(), LONGEST_TEXT)),
        "/remark",
        "malformed",
        "1 to 500 characters in one line",
    );
    let Some(contact) = &wish.contact else {
        return;
    };
    let name = contact.name.as_ref();
    v.require(
        name.is_none_or(|name| format::is_name(name.expose())),
        "/contact/name",
        "malformed",
        "1 to 64 characters",
    );
    v.require(
        format::is_mobile(
            contact.mobile_country_code.as_str(),
            contact.mobile.expose(),
        ),
        "/contact/mobile",
        "malformed",
        "5 to 15 digits; in mainland China 11 of them, beginning with 13 to 19",
    );
}
