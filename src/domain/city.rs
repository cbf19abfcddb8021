//! Cities and their airports: which codes differ, and the Chinese names.

mod names;

use self::names::NAMES;
use super::trip::{AirportCode, CityCode};

/// Mainland airports whose code differs from their city's. All other airports share the code of
/// their city (`XMN`), including one airport in a city with several (`SHA`, `CTU`).
const AIRPORTS: &[(&str, CityCode)] = &[
    ("NAY", CityCode::constant(*b"BJS")),
    ("PEK", CityCode::constant(*b"BJS")),
    ("PKX", CityCode::constant(*b"BJS")),
    ("PVG", CityCode::constant(*b"SHA")),
    ("TFU", CityCode::constant(*b"CTU")),
    ("XIY", CityCode::constant(*b"SIA")),
];

/// The city of an airport whose code is not a city code. `None` for codes that a search accepts.
#[must_use]
pub fn city_of_airport(code: &str) -> Option<CityCode> {
    AIRPORTS
        .iter()
        .find(|(airport, _)| *airport == code)
        .map(|(_, city)| *city)
}

/// The Chinese name of a city or, if no city is given, of the airport's city. `None` if the table
/// does not contain it.
#[must_use]
pub fn city_name(city: Option<CityCode>, airport: AirportCode) -> Option<&'static str> {
    let code = city.map_or(airport.letters(), CityCode::letters);
    // Compared as numbers, because comparing slices costs several times as much.
    let number = |[a, b, c]: [u8; 3]| u32::from_be_bytes([0, a, b, c]);
    let row = NAMES.binary_search_by_key(&number(code), |(code, _)| number(*code));
    NAMES.get(row.ok()?).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn airports_whose_code_is_not_a_city_code() {
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
    fn names_are_sorted_and_chinese_only() {
        assert!(NAMES.is_sorted_by(|(a, _), (b, _)| a < b));
        for (code, name) in NAMES {
            assert!(code.iter().all(u8::is_ascii_uppercase), "{name}");
            let han = |c: char| ('\u{4e00}'..='\u{9fff}').contains(&c);
            assert!(name.chars().count() >= 2 && name.chars().all(han), "{name}");
        }
    }

    #[test]
    fn an_airport_has_the_name_of_its_city() {
        for (airport, city) in AIRPORTS {
            let airport = airport.parse().unwrap();
            let name = city_name(None, airport);
            assert!(name.is_some(), "{airport}");
            assert_eq!(name, city_name(Some(*city), airport), "{airport}");
        }
    }

    #[test]
    fn a_given_city_takes_precedence_over_the_airport() {
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
