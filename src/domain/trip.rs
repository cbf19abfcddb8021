//! Airports, flights, segments, journeys.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::nullable::{required_nullable, required_nullable_u16, whole};
use super::text::{text_traits, text_type};
use super::time::LocalTime;

macro_rules! iata_code {
    ($(#[$meta:meta])* $name:ident, $expected:literal) => {
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, ToSchema)]
        $(#[$meta])*
        pub struct $name([u8; 3]);

        impl $name {
            const EXPECTED: &'static str = $expected;

            fn parse_text(s: &str) -> Option<Self> {
                let code: [u8; 3] = s.as_bytes().try_into().ok()?;
                code.iter().all(u8::is_ascii_uppercase).then_some(Self(code))
            }

            /// The three letters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                std::str::from_utf8(&self.0).unwrap_or_default()
            }

            /// The three letters as bytes.
            #[must_use]
            pub(super) const fn letters(self) -> [u8; 3] {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        text_traits!($name, |value, serializer| serializer
            .serialize_str(value.as_str()));
    };
}

iata_code!(
    /// IATA code of an airport: three capital letters.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3, example = "PKX")]
    AirportCode,
    "an airport code of three capital letters, such as \"PKX\""
);

iata_code!(
    /// IATA code of a city: three capital letters. Not an airport: Beijing is `BJS`, with the
    /// airports `PEK` and `PKX`.
    #[schema(value_type = String, pattern = "^[A-Z]{3}$", min_length = 3, max_length = 3, example = "BJS")]
    CityCode,
    "a city code of three capital letters, such as \"BJS\""
);

text_type!(
    /// Flight number: airline designator and number, e.g. `CZ8957`.
    #[schema(
        value_type = String,
        pattern = "^[A-Z0-9]{2}[0-9]{1,4}[A-Z]?$",
        min_length = 3,
        max_length = 7,
        example = "CZ8957"
    )]
    FlightNo,
    |b| {
        let b = match b {
            [rest @ .., b'A'..=b'Z'] if rest.len() >= 3 => rest,
            _ => b,
        };
        matches!(b.len(), 3..=6)
            && b[..2]
                .iter()
                .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
            && b[2..].iter().all(u8::is_ascii_digit)
    },
    "a flight number such as \"CZ8957\""
);

text_type!(
    /// Booking class (cabin code), e.g. `Y`, `Z` or `R1`.
    #[schema(
        value_type = String,
        pattern = "^[A-Z][A-Z0-9]{0,2}$",
        min_length = 1,
        max_length = 3,
        example = "Y"
    )]
    CabinCode,
    |b| matches!(b.len(), 1..=3)
        && b[0].is_ascii_uppercase()
        && b.iter().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit()),
    "a booking class such as \"Y\""
);

impl CityCode {
    /// A code known to be valid.
    pub(super) const fn constant(code: [u8; 3]) -> Self {
        Self(code)
    }
}

/// Kind of trip.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TripType {
    /// One way.
    OneWay,
    /// Outbound and return.
    RoundTrip,
    /// Fliggy's code is not listed here.
    Other,
}

impl TripType {
    /// TOP's number (documented for one way; for round trips, inferred from the code of an existing client).
    #[must_use]
    pub const fn wire(self) -> Option<u8> {
        match self {
            Self::OneWay => Some(1),
            Self::RoundTrip => Some(2),
            Self::Other => None,
        }
    }

    /// The trip type for TOP's number.
    #[must_use]
    pub const fn from_wire(number: i64) -> Self {
        match number {
            1 => Self::OneWay,
            2 => Self::RoundTrip,
            _ => Self::Other,
        }
    }

    /// Number of journeys, if it is known.
    #[must_use]
    pub const fn journeys(self) -> Option<usize> {
        match self {
            Self::OneWay => Some(1),
            Self::RoundTrip => Some(2),
            Self::Other => None,
        }
    }
}

/// Cabin classes for a search.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CabinClass {
    /// Every cabin.
    #[default]
    Any,
    /// Economy.
    Economy,
    /// First and business.
    FirstBusiness,
    /// First.
    First,
    /// Business.
    Business,
}

impl CabinClass {
    /// TOP's code (documented).
    #[must_use]
    pub const fn wire(self) -> &'static str {
        match self {
            Self::Any => "ALL_CABIN",
            Self::Economy => "Y",
            Self::FirstBusiness => "FC",
            Self::First => "F",
            Self::Business => "C",
        }
    }
}

/// One flight from take-off to landing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Segment {
    /// Fliggy's id of the segment, opaque; referenced by `cabins`.
    #[schema(example = "CZ8957PKXXMN0520")]
    pub segment_id: String,
    /// Marketing airline, two characters; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "CZ")]
    pub marketing_airline: Option<String>,
    /// Marketing flight number.
    pub marketing_flight_no: FlightNo,
    /// Operating airline, two characters; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "CZ")]
    pub operating_airline: Option<String>,
    /// Operating flight number; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "CZ8957")]
    pub operating_flight_no: Option<String>,
    /// Whether it is a codeshare flight; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = false)]
    pub code_share: Option<bool>,
    /// Departure airport.
    pub departure_airport: AirportCode,
    /// Departure terminal; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "T1")]
    pub departure_terminal: Option<String>,
    /// Scheduled departure (+08:00).
    pub departure_time: LocalTime,
    /// Arrival airport.
    pub arrival_airport: AirportCode,
    /// Arrival terminal; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "T3")]
    pub arrival_terminal: Option<String>,
    /// Scheduled arrival (+08:00).
    pub arrival_time: LocalTime,
    /// Aircraft type; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "321")]
    pub aircraft: Option<String>,
    /// City of departure; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<CityCode>)]
    pub departure_city: Option<CityCode>,
    /// City of arrival; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<CityCode>)]
    pub arrival_city: Option<CityCode>,
    /// Chinese name of the city of departure; null if the gateway does not know it. For display
    /// only: the booking does not read it.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<String>, example = "北京")]
    pub departure_city_name: Option<Cow<'static, str>>,
    /// Chinese name of the city of arrival; null if the gateway does not know it. For display only.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<String>, example = "厦门")]
    pub arrival_city_name: Option<Cow<'static, str>>,
    /// Duration in minutes; null if not reported.
    #[serde(deserialize_with = "required_nullable_u16")]
    #[schema(required = true, minimum = 0, maximum = 65535, example = 170)]
    pub duration_minutes: Option<u16>,
    /// Number of stops on the way; null if not reported.
    #[serde(deserialize_with = "required_nullable_u16")]
    #[schema(required = true, minimum = 0, maximum = 65535, example = 0)]
    pub stops: Option<u16>,
    /// Cities of the stops, as named by Fliggy.
    #[schema(example = json!([]))]
    pub stop_cities: Vec<String>,
}

/// A journey from one place to another: one segment, or several with transfers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// The segments in flight order.
    pub segments: Vec<Segment>,
}

/// Cabin of one segment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SegmentCabin {
    /// The segment it belongs to.
    #[schema(example = "CZ8957PKXXMN0520")]
    pub segment_id: String,
    /// Booking class.
    #[schema(example = "Z")]
    pub cabin: String,
    /// Cabin class (`Y`, `C`, `F`); null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "Y")]
    pub cabin_class: Option<String>,
    /// Name of the cabin class in Chinese; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "经济舱")]
    pub cabin_class_name: Option<String>,
    /// Seats left; null if Fliggy does not report them in a known format.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<Seats>)]
    pub seats: Option<Seats>,
}

/// Number of seats left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"left": 9, "plus": true}))]
pub struct Seats {
    /// The number of seats left; the minimum if `plus` is `true`.
    #[serde(deserialize_with = "whole::<_, _, { u16::MAX as i64 }>")]
    #[schema(minimum = 0, maximum = 65535, example = 9)]
    pub left: u16,
    /// Whether there may be more than `left`: Fliggy counts up to nine seats, and beyond that
    /// reports only that there are more. An app can show `9+`.
    #[schema(example = true)]
    pub plus: bool,
}

impl Seats {
    /// Reads a number from 1, or `A` for more than nine (inferred). Every other format counts as
    /// unknown, even `0`, so that an unlisted format never causes an offer to be refused.
    #[must_use]
    pub fn from_wire(text: &str) -> Option<Self> {
        if text == "A" {
            return Some(Self {
                left: 9,
                plus: true,
            });
        }
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let left = text.parse().ok().filter(|left| digits && *left > 0)?;
        Some(Self { left, plus: false })
    }

    /// Whether there are seats for this many passengers, as far as is known.
    #[must_use]
    pub const fn are_enough_for(self, passengers: u16) -> bool {
        self.plus || self.left >= passengers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_have_three_capital_letters() {
        assert_eq!("PKX".parse::<AirportCode>().unwrap().to_string(), "PKX");
        for bad in ["", "pkx", "PK", "PKXX", "P1X", "北"] {
            assert!(bad.parse::<CityCode>().is_err(), "{bad}");
        }
    }

    #[test]
    fn flight_numbers() {
        for good in ["CZ8957", "3U1", "9C8888", "HU1234A", "G52701", "CZ1A"] {
            assert!(good.parse::<FlightNo>().is_ok(), "{good}");
        }
        for bad in [
            "", "CZ", "cz8957", "CZ12345", "CZ 895", "CZ12AB", "CZA", "航8957",
        ] {
            assert!(bad.parse::<FlightNo>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_segment_with_an_omitted_field_is_refused() {
        let cabin = serde_json::json!({
            "segment_id": "S", "cabin": "Y", "cabin_class": null, "cabin_class_name": null,
        });
        let error = serde_json::from_value::<SegmentCabin>(cabin).unwrap_err();
        assert!(error.to_string().contains("missing field `seats`"));
    }

    #[test]
    fn seats_are_a_number_or_unknown() {
        let seats = |left, plus| Some(Seats { left, plus });
        for (wire, expected) in [
            ("1", seats(1, false)),
            ("9", seats(9, false)),
            ("12", seats(12, false)),
            ("A", seats(9, true)),
            // Not listed. No conclusion is drawn, least of all that the flight is full.
            ("0", None),
            ("00", None),
            ("a", None),
            ("L", None),
            ("C", None),
            (">9", None),
            ("9+", None),
            ("+9", None),
            ("-1", None),
            ("3.5", None),
            ("65536", None),
            ("", None),
        ] {
            assert_eq!(Seats::from_wire(wire), expected, "{wire}");
        }
    }

    #[test]
    fn seats_are_compared_with_the_passengers_who_need_one() {
        for (left, plus, passengers, enough) in [
            (3, false, 3, true),
            (3, false, 4, false),
            (0, false, 1, false),
            (0, false, 0, true),
            (9, true, 9, true),
            (9, true, 200, true),
        ] {
            let seats = Seats { left, plus };
            assert_eq!(seats.are_enough_for(passengers), enough, "{seats:?}");
        }
    }
}
