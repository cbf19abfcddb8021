//! Whether an offer can be booked: search and booking use the same check.

use super::Offer;
use crate::domain::party::Party;
use crate::domain::passenger::PassengerType;
use crate::domain::time::LocalTime;
use crate::domain::violation::{Violation, Violations};

impl Offer {
    /// Sets the offer's total for this party, whether it can be booked for the party at this time
    /// of the +08:00 clock, and why not.
    pub fn judge(&mut self, now: LocalTime, party: Party) {
        self.party_total = self.prices.for_party(party);
        let mut violations = check(self, now, party);
        if self.party_total.is_none() {
            violations.extend(unpriced(self, party));
        }
        let found = violations.into_iter().map(|v| {
            let place = v.pointer.strip_prefix("/offer").unwrap_or(&v.pointer);
            format!("{place}: {}", v.message)
        });
        let reasons: Vec<_> = self
            .not_bookable_reason
            .take()
            .into_iter()
            .chain(found)
            .collect();
        if !reasons.is_empty() {
            self.bookable = false;
            self.not_bookable_reason = Some(reasons.join("; "));
        }
    }
}

/// Why the offer has no price for the party. A booking reports this for each passenger concerned.
fn unpriced(offer: &Offer, party: Party) -> Vec<Violation> {
    let mut violations = Violations::default();
    for (kind, _) in party.counts() {
        violations.require(
            offer.prices.of(kind).is_some(),
            format_args!("/offer/prices/{}", name(kind)),
            "no_fare_for_type",
            "the offer has no fare for this kind of passenger",
        );
    }
    violations.finish(()).err().unwrap_or_else(|| {
        vec![Violation::new(
            "/offer/prices",
            "total_too_large",
            "the sum of fares and taxes is too large for an order",
        )]
    })
}

const fn name(kind: PassengerType) -> &'static str {
    match kind {
        PassengerType::Adult => "adult",
        PassengerType::Child => "child",
        PassengerType::Infant => "infant",
    }
}

/// Checks everything that prevents booking an offer for a party, except missing fares. The pointers
/// are those of a booking. `now` is the time on the +08:00 clock.
#[must_use]
pub fn check(offer: &Offer, now: LocalTime, party: Party) -> Vec<Violation> {
    let mut violations = Violations::default();
    let v = &mut violations;
    for kind in [
        PassengerType::Adult,
        PassengerType::Child,
        PassengerType::Infant,
    ] {
        if let Some(fare) = offer.prices.of(kind) {
            v.require(
                fare.sum() == Some(fare.total),
                format_args!("/offer/prices/{}/total", name(kind)),
                "total_differs",
                "must be the sum of fare and taxes_total, as returned by the search",
            );
        }
    }
    v.require_text(
        &offer.solution_id,
        !offer.solution_id.trim().is_empty(),
        "/offer/solution_id",
        "blank",
        "must not be blank",
    );
    match offer.trip_type.journeys() {
        Some(count) => v.require(
            offer.journeys.len() == count,
            "/offer/journeys",
            "journey_count",
            "a one-way offer has one journey, a round trip two",
        ),
        None => v.add(
            "/offer/trip_type",
            "unknown_trip_type",
            "only one-way trips and round trips can be booked",
        ),
    }
    let mut number = 0;
    let mut arrived: Option<LocalTime> = None;
    for (j, journey) in offer.journeys.iter().enumerate() {
        v.require(
            !journey.segments.is_empty(),
            format_args!("/offer/journeys/{j}/segments"),
            "no_segments",
            "a journey has at least one segment",
        );
        for (s, segment) in journey.segments.iter().enumerate() {
            let at = format_args!("/offer/journeys/{j}/segments/{s}");
            let id = segment.segment_id.as_str();
            v.require_text(
                id,
                !id.trim().is_empty() && ids(offer).position(|first| first == id) == Some(number),
                format_args!("{at}/segment_id"),
                "segment_id",
                "must be set and unique within the offer",
            );
            number += 1;
            let departs = format_args!("{at}/departure_time");
            match arrived {
                None => v.require(
                    segment.departure_time > now,
                    departs,
                    "departure_past",
                    "the flight has departed",
                ),
                Some(arrived) => v.require(
                    segment.departure_time >= arrived,
                    departs,
                    "segment_order",
                    "the flight departs before the previous flight arrives",
                ),
            }
            v.require(
                segment.arrival_time > segment.departure_time,
                format_args!("{at}/arrival_time"),
                "arrival_before_departure",
                "must be after departure",
            );
            arrived = Some(segment.arrival_time.max(segment.departure_time));
        }
    }
    check_cabins(v, offer, party.seats());
    if let Some(fare) = &offer.member_fare {
        v.require(
            !fare.membership.is_empty(),
            "/offer/member_fare/membership",
            "membership_missing",
            "a member fare names the memberships that qualify",
        );
    }
    violations.finish(()).err().unwrap_or_default()
}

// A search runs this check on each of its offers, so avoid allocations.
fn ids(offer: &Offer) -> impl Iterator<Item = &str> {
    let segments = offer.journeys.iter().flat_map(|journey| &journey.segments);
    segments.map(|segment| segment.segment_id.as_str())
}

fn check_cabins(v: &mut Violations, offer: &Offer, passengers: u16) {
    for (c, cabin) in offer.cabins.iter().enumerate() {
        let at = format_args!("/offer/cabins/{c}");
        let id = cabin.segment_id.as_str();
        v.require(
            ids(offer).any(|known| known == id),
            format_args!("{at}/segment_id"),
            "unknown_segment",
            "is not a segment of the offer",
        );
        v.require(
            offer
                .cabins
                .iter()
                .take(c)
                .all(|earlier| earlier.segment_id != id),
            format_args!("{at}/segment_id"),
            "second_cabin",
            "the segment already has a cabin",
        );
        v.require_text(
            &cabin.cabin,
            !cabin.cabin.trim().is_empty(),
            format_args!("{at}/cabin"),
            "blank",
            "must not be blank",
        );
        if let Some(seats) = cabin.seats
            && !seats.are_enough_for(passengers)
        {
            v.add_about_offer(
                format_args!("{at}/seats"),
                "too_few_seats",
                format!(
                    "seats needed: {passengers}; seats left on the flight: {}",
                    seats.left
                ),
            );
        }
    }
    v.require(
        ids(offer).all(|id| offer.cabins.iter().any(|cabin| cabin.segment_id == id)),
        "/offer/cabins",
        "cabin_missing",
        "every segment needs a cabin",
    );
}
