//! Searches.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::city::city_of_airport;
use super::offer::Offer;
use super::party::Party;
use super::time::{LocalDate, LocalTime};
use super::trip::{AirportCode, CabinClass, CabinCode, CityCode, FlightNo, TripType};
use super::violation::Violations;

pub use super::violation::Violation;

/// A search.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchQuery {
    /// The outbound journey and, for a round trip, the return.
    #[schema(min_items = 1, max_items = 2)]
    pub journeys: Vec<SearchJourney>,
    /// Cabin class; `any` if left out.
    #[serde(default)]
    #[schema(required = false)]
    pub cabin_class: CabinClass,
    /// The party; one adult if left out.
    #[serde(default)]
    #[schema(required = false)]
    pub party: Party,
}

impl SearchQuery {
    /// Kind of trip: two journeys are a round trip.
    #[must_use]
    pub fn trip_type(&self) -> TripType {
        if self.journeys.len() == 2 {
            TripType::RoundTrip
        } else {
            TripType::OneWay
        }
    }

    /// Whether to list all flights or to quote the named ones.
    #[must_use]
    pub fn mode(&self) -> SearchMode {
        if self.journeys.iter().any(|j| !j.flights.is_empty()) {
            SearchMode::Selected
        } else {
            SearchMode::Listing
        }
    }
}

/// One journey of a search.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SearchJourney {
    /// City of departure: a city code, not an airport (`BJS`, not `PEK`).
    #[schema(example = "BJS")]
    pub from: CityCode,
    /// City of arrival: a city code.
    #[schema(example = "XMN")]
    pub to: CityCode,
    /// Day of departure (+08:00).
    pub date: LocalDate,
    /// The flights to quote, if they are known: faster and less likely to time out than a list of
    /// all flights. Name flights for every journey or for none.
    #[serde(default)]
    #[schema(required = false, max_items = 10)]
    pub flights: Vec<NamedFlight>,
}

/// A flight requested by its number.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NamedFlight {
    /// Marketing flight number.
    pub flight_no: FlightNo,
    /// Scheduled departure (+08:00).
    pub departure_time: LocalTime,
    /// Airport of departure.
    #[schema(example = "PKX")]
    pub from_airport: AirportCode,
    /// Airport of arrival.
    #[schema(example = "XMN")]
    pub to_airport: AirportCode,
    /// Operating flight number; only for codeshare flights.
    #[schema(value_type = Option<FlightNo>)]
    pub operating_flight_no: Option<FlightNo>,
    /// Requested booking class.
    #[schema(value_type = Option<CabinCode>)]
    pub cabin: Option<CabinCode>,
}

/// The kind of quote requested from Fliggy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SearchMode {
    /// All flights of the day: slow, times out easily.
    Listing,
    /// Named flights.
    Selected,
}

impl SearchMode {
    /// TOP's number: 2 comes from the seed, 0 is inferred from the code of an existing client.
    #[must_use]
    pub const fn wire(self) -> u8 {
        match self {
            Self::Listing => 0,
            Self::Selected => 2,
        }
    }
}

/// The result of a search.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct SearchAnswer {
    /// The offers that could be read, in Fliggy's order.
    pub offers: Vec<Offer>,
    /// Number of offers that could not be read, by TOP's name of the missing or unreadable field
    /// that a booking needs.
    pub dropped: BTreeMap<&'static str, usize>,
}

/// An example of a party.
const PARTY: &str = r#"{"adults": 2, "children": 1, "infants": 0}"#;

/// Maximum number of flights that a journey may name.
const MOST_FLIGHTS: usize = 10;

/// Checks a search before it is sent, reporting all violations at once; returns the kind of quote.
///
/// # Errors
/// All violations.
pub fn check(query: &SearchQuery, today: LocalDate) -> Result<SearchMode, Vec<Violation>> {
    let mut violations = Violations::default();
    violations.require(
        matches!(query.journeys.len(), 1 | 2),
        "/journeys",
        "journey_count",
        "a search has one journey, or two for a round trip",
    );
    for (i, journey) in query.journeys.iter().enumerate() {
        check_journey(&mut violations, &format!("/journeys/{i}"), journey, today);
    }
    let named = query.journeys.iter().filter(|j| !j.flights.is_empty());
    let named = named.count();
    violations.require(
        named == 0 || named == query.journeys.len(),
        "/journeys",
        "flights_for_some_journeys",
        "name flights for every journey or for none",
    );
    if let [first, second] = query.journeys.as_slice() {
        violations.require(
            second.date >= first.date,
            "/journeys/1/date",
            "return_before_departure",
            "the return is before the outbound journey",
        );
        violations.require(
            second.from == first.to && second.to == first.from,
            "/journeys/1",
            "not_a_round_trip",
            "the second journey must be the return; search other trips as one-way trips",
        );
    }
    for (code, message) in query.party.faults() {
        violations.add("/party", code, format!("{message}, such as {PARTY}"));
    }
    violations.finish(query.mode())
}

fn check_journey(violations: &mut Violations, at: &str, journey: &SearchJourney, today: LocalDate) {
    for (field, code) in [("from", journey.from), ("to", journey.to)] {
        if let Some(city) = city_of_airport(code.as_str()) {
            violations.add(
                format_args!("{at}/{field}"),
                "airport_in_place_of_city",
                format!("{code} is an airport; search for its city, {city}"),
            );
        }
    }
    violations.require(
        journey.from != journey.to,
        format_args!("{at}/to"),
        "same_city",
        "departure and arrival are the same city",
    );
    violations.require(
        journey.date >= today,
        format_args!("{at}/date"),
        "date_past",
        "the day of departure is past",
    );
    violations.require(
        journey.flights.len() <= MOST_FLIGHTS,
        format_args!("{at}/flights"),
        "too_many_flights",
        "at most 10 flights can be named",
    );
    for (i, flight) in journey.flights.iter().enumerate() {
        violations.require(
            flight.departure_time.date() >= journey.date,
            format_args!("{at}/flights/{i}/departure_time"),
            "flight_on_another_day",
            "the flight departs before the day of the journey (+08:00)",
        );
        violations.require(
            flight.from_airport != flight.to_airport,
            format_args!("{at}/flights/{i}/to_airport"),
            "same_airport",
            "departure and arrival are the same airport",
        );
    }
    if let Some(first) = journey.flights.first() {
        violations.require(
            first.departure_time.date() <= journey.date,
            format_args!("{at}/flights/0/departure_time"),
            "flight_on_another_day",
            "the first flight departs after the day of the journey (+08:00)",
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(json: &str) -> SearchQuery {
        serde_json::from_str(json).unwrap()
    }

    fn codes(json: &str) -> Vec<&'static str> {
        let today = "2030-05-01".parse().unwrap();
        match check(&query(json), today) {
            Ok(_) => Vec::new(),
            Err(violations) => violations.into_iter().map(|v| v.code).collect(),
        }
    }

    const NAMED: &str = r#"{"journeys":[{"from":"BJS","to":"XMN","date":"2030-05-20","flights":[
        {"flight_no":"CZ8957","departure_time":"2030-05-20T08:45:00+08:00","from_airport":"PKX","to_airport":"XMN"}]}]}"#;

    #[test]
    fn a_named_flight_selects_the_mode() {
        let today = "2030-05-20".parse().unwrap();
        assert_eq!(check(&query(NAMED), today), Ok(SearchMode::Selected));
        let listing = query(r#"{"journeys":[{"from":"SHA","to":"XMN","date":"2030-05-20"}]}"#);
        assert_eq!(check(&listing, today), Ok(SearchMode::Listing));
        assert_eq!(
            (SearchMode::Listing.wire(), SearchMode::Selected.wire()),
            (0, 2)
        );
    }

    #[test]
    fn an_airport_is_refused_and_its_city_suggested() {
        let today = "2030-05-01".parse().unwrap();
        let airport = query(r#"{"journeys":[{"from":"PEK","to":"XMN","date":"2030-05-20"}]}"#);
        let violations = check(&airport, today).unwrap_err();
        assert_eq!(violations.len(), 1);
        assert_eq!(violations[0].pointer, "/journeys/0/from");
        assert!(violations[0].message.contains("BJS"));
    }

    #[test]
    fn invalid_searches_are_refused() {
        for (json, expected) in [
            (r#"{"journeys":[]}"#, vec!["journey_count"]),
            (
                r#"{"journeys":[{"from":"BJS","to":"BJS","date":"2030-04-30"}]}"#,
                vec!["same_city", "date_past"],
            ),
            (
                r#"{"journeys":[{"from":"BJS","to":"XMN","date":"2030-05-20"},
                    {"from":"XMN","to":"BJS","date":"2030-05-19"}]}"#,
                vec!["return_before_departure"],
            ),
            (
                r#"{"journeys":[{"from":"BJS","to":"XMN","date":"2030-05-20"},
                    {"from":"SHA","to":"BJS","date":"2030-05-21"}]}"#,
                vec!["not_a_round_trip"],
            ),
        ] {
            assert_eq!(codes(json), expected, "{json}");
        }
        let other_day = NAMED.replace("05-20T08", "05-21T08");
        assert_eq!(codes(&other_day), ["flight_on_another_day"]);
        let some = NAMED.replace(
            "]}]}",
            r#"]},{"from":"XMN","to":"BJS","date":"2030-05-21"}]}"#,
        );
        assert_eq!(codes(&some), ["flights_for_some_journeys"]);
    }

    #[test]
    fn a_party_that_cannot_be_booked_is_refused_with_the_expected_form() {
        for (party, expected) in [
            (r#"{"adults":2,"children":1,"infants":2}"#, vec![]),
            (r#"{"adults":0}"#, vec!["passenger_count"]),
            (r#"{"adults":6,"children":4}"#, vec!["passenger_count"]),
            (r#"{"adults":1,"infants":2}"#, vec!["infant_without_adult"]),
        ] {
            let json = format!(
                r#"{{"journeys":[{{"from":"BJS","to":"XMN","date":"2030-05-20"}}],"party":{party}}}"#
            );
            assert_eq!(codes(&json), expected, "{json}");
            let today = "2030-05-01".parse().unwrap();
            for violation in check(&query(&json), today).err().unwrap_or_default() {
                assert_eq!(violation.pointer, "/party");
                assert!(violation.message.contains(PARTY), "{violation:?}");
            }
        }
        assert!(serde_json::from_str::<Party>(PARTY).is_ok());
    }

    #[test]
    fn unknown_fields_are_refused() {
        let json = r#"{"journeys":[],"search_mode":2}"#;
        assert!(serde_json::from_str::<SearchQuery>(json).is_err());
        let json = r#"{"journeys":[],"with_children":true}"#;
        assert!(serde_json::from_str::<SearchQuery>(json).is_err());
    }
}
