//! Cities and their airports, where the codes differ.

use super::trip::CityCode;

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
}
