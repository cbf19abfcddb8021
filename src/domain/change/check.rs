//! Validates a change before anything is read.

use std::collections::HashSet;

use super::RequestedChange;
use crate::domain::party::MOST_PASSENGERS;
use crate::domain::passenger::format;
use crate::domain::refund::check::{LONGEST_TEXT, MOST_SEGMENTS, is_line};
use crate::domain::violation::{Violation, Violations};

/// Checks a change and reports all violations at once. Whether the flights have departed is checked later, so that a
/// replay of the request passes this check even a year later.
///
/// # Errors
/// All violations. The messages contain no personal data.
pub fn check(requested: &RequestedChange) -> Result<(), Vec<Violation>> {
    let mut violations = Violations::default();
    let v = &mut violations;
    v.require(
        (1..=MOST_PASSENGERS).contains(&requested.passengers.len()),
        "/passengers",
        "passenger_count",
        "expected 1 to 9 passengers",
    );
    let mut seen = HashSet::new();
    for (index, passenger) in requested.passengers.iter().enumerate() {
        v.require(
            seen.insert(passenger),
            format_args!("/passengers/{index}"),
            "twice",
            "the passenger is listed twice",
        );
    }
    v.require(
        (1..=MOST_SEGMENTS).contains(&requested.targets.len()),
        "/segments",
        "segment_count",
        "expected 1 to 16 segments",
    );
    let mut seen = HashSet::new();
    for (index, target) in requested.targets.iter().enumerate() {
        let at = format!("/segments/{index}");
        v.require_text(
            &target.replaces,
            is_line(&target.replaces, 255),
            format_args!("{at}/replaces"),
            "malformed",
            "expected a segment_id of the order, such as \"CZ8957PKXXMN0520\"",
        );
        v.require_text(
            &target.segment.segment_id,
            is_line(&target.segment.segment_id, 255),
            format_args!("{at}/segment/segment_id"),
            "malformed",
            "expected a segment_id of the offer, such as \"CZ8957PKXXMN0520\"",
        );
        v.require(
            seen.insert(target.replaces.as_str()),
            format_args!("{at}/replaces"),
            "twice",
            "the segment is replaced twice",
        );
        v.require(
            target.cabin.segment_id == target.segment.segment_id,
            format_args!("{at}/cabin/segment_id"),
            "unknown_segment",
            "the cabin belongs to another segment",
        );
        v.require_text(
            &target.cabin.cabin,
            is_line(&target.cabin.cabin, 16),
            format_args!("{at}/cabin/cabin"),
            "malformed",
            "expected a booking class, such as \"Y\"",
        );
        v.require(
            target.segment.arrival_time > target.segment.departure_time,
            format_args!("{at}/segment/arrival_time"),
            "arrival_before_departure",
            "must be after departure",
        );
    }
    check_texts(v, requested);
    violations.finish(())
}

fn check_texts(v: &mut Violations, requested: &RequestedChange) {
    if let Some(id) = &requested.solution_id {
        v.require_text(
            id,
            is_line(id, 512),
            "/solution_id",
            "malformed",
            "expected the solution_id of an offer, such as \"SOL-TEST-0001\"",
        );
    }
    if let Some(remark) = &requested.remark {
        let remark = remark.expose();
        v.require_text(
            remark,
            is_line(remark, LONGEST_TEXT),
            "/remark",
            "malformed",
            "expected 1 to 500 characters in one line, such as \"请保留原座位\"",
        );
    }
    let Some(contact) = &requested.contact else {
        return;
    };
    if let Some(name) = &contact.name {
        let name = name.expose();
        v.require_text(
            name,
            format::is_name(name),
            "/contact/name",
            "malformed",
            "expected a name of 1 to 64 characters, such as \"张三\"",
        );
    }
    v.require(
        format::is_mobile(
            contact.mobile_country_code.as_str(),
            contact.mobile.expose(),
        ),
        "/contact/mobile",
        "malformed",
        "expected 5 to 15 digits; in mainland China 11 of them, beginning with 13 to 19, such as \"13800000000\"",
    );
}
