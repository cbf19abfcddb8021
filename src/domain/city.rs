//! Cities and their airports: where the codes differ, and what the cities are called.

mod names;

use self::names::NAMES;
use super::trip::{AirportCode, CityCode};

/// Airports of the mainland whose code is not their city's. Everywhere else city and airport share
/// a code (`XMN`), also where a city has several airports and one bears its code (`SHA`, `CTU`).
const AIRPORTS: &[(&str, CityCode)] = &[
    ("NAY", CityCode::constant(*b"BJS")),
    ("PEK", CityCode::constant(*b"BJS")),
    ("PKX", CityCode::constant(*b"BJS")),
    ("PVG", CityCode::constant(*b"SHA")),
    ("TFU", CityCode::constant(*b"CTU")),
    ("XIY", CityCode::constant(*b"SIA")),
];

/// The city of an airport whose code is no city code. Nothing for codes that may be searched for.
#[must_use]
pub fn city_of_airport(code: &str) -> Option<CityCode> {
    AIRPORTS
        .iter()
        .find(|(airport, _)| *airport == code)
        .map(|(_, city)| *city)
}

/// The Chinese name of a city or, where no city is given, of the airport's city. Nothing if the
/// table does not have it.
#[must_use]
pub fn city_name(city: Option<CityCode>, airport: AirportCode) -> Option<&'static str> {
    let code = city.map_or(airport.letters(), CityCode::letters);
    // As a number, because comparing slices costs several times as much.
    let number = |[a, b, c]: [u8; 3]| u32::from_be_bytes([0, a, b, c]);
    let row = NAMES.binary_search_by_key(&number(code), |(code, _)| number(*code));
    NAMES.get(row.ok()?).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airports_that_are_no_cities() {
        for (airport, city) in [
            ("PEK", "BJS"),
            ("PKX", "BJS"),
            ("PVG", "SHA"),
            ("XIY", "SIA"),
        ] {
            assert_eq!(city_of_airport(airport).unwrap().as_str(), city);
        }
        for city in ["BJS", "SHA", "XMN", "CTU", "SIA", "CAN"] {
            assert_eq!(city_of_airport(city), None, "{city}");
        }
    }

    #[test]
    fn the_names_are_in_order_and_plain() {
        assert!(NAMES.is_sorted_by(|(a, _), (b, _)| a < b));
        for (code, name) in NAMES {
            assert!(code.iter().all(u8::is_ascii_uppercase), "{name}");
            let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(name.chars().count() >= 2 && name.chars().all(han), "{name}");
        }
    }

    #[test]
    fn an_airport_bears_the_name_of_its_city() {
        for (airport, city) in AIRPORTS {
            let airport = airport.parse().unwrap();
            let name = city_name(None, airport);
            assert!(name.is_some(), "{airport}");
            assert_eq!(name, city_name(Some(*city), airport), "{airport}");
        }
    }

    #[test]
    fn a_city_that_is_named_goes_before_the_airports() {
        for (city, airport, name) in [
            (Some("BJS"), "PKX", Some("北京")),
            (None, "PKX", Some("北京")),
            (None, "XMN", Some("厦门")),
            (Some("SHA"), "XXX", Some("上海")),
            (Some("XXX"), "XMN", None),
            (None, "LHR", None),
        ] {
            let code = city.map(|city| city.parse().unwrap());
            assert_eq!(city_name(code, airport.parse().unwrap()), name, "{city:?}");
        }
    }
}
