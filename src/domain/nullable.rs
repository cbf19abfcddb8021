//! Fields that are required even if their value is `null`.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer};

/// Reads a value that may be `null` but not omitted: as a `deserialize_with` function it disables
/// serde's rule that a missing `Option` is `None`. Callers pass an offer from search to booking; a
/// field that they lose on the way must not go unnoticed.
pub(crate) fn required_nullable<'de, D, T>(deserializer: D) -> Result<Option<T>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::deserialize(deserializer)
}

/// Like [`required_nullable`], for a whole number. `2.0` is accepted, because some languages write whole numbers with
/// a decimal point.
pub(crate) fn required_nullable_u16<'de, D>(deserializer: D) -> Result<Option<u16>, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Option::<Whole<{ u16::MAX }>>::deserialize(deserializer)?.map(|whole| whole.0))
}

/// Reads a whole number that must not be `null`, with a maximum.
pub(crate) fn whole<'de, D, const MAX: u16>(deserializer: D) -> Result<u16, D::Error>
where
    D: Deserializer<'de>,
{
    Ok(Whole::<MAX>::deserialize(deserializer)?.0)
}

struct Whole<const MAX: u16>(u16);

impl<'de, const MAX: u16> Deserialize<'de> for Whole<MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_u16(WholeVisitor)
    }
}

struct WholeVisitor<const MAX: u16>;

impl<const MAX: u16> Visitor<'_> for WholeVisitor<MAX> {
    type Value = Whole<MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {MAX}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        match u16::try_from(number) {
            Ok(number) if number <= MAX => Ok(Whole(number)),
            _ => Err(E::invalid_value(
                serde::de::Unexpected::Unsigned(number),
                &self,
            )),
        }
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "whole and within the range"
        )]
        if number.fract() == 0.0 && (0.0..=f64::from(MAX)).contains(&number) {
            Ok(Whole(number as u16))
        } else {
            Err(E::invalid_value(
                serde::de::Unexpected::Float(number),
                &self,
            ))
        }
    }
}

/// The largest integer that every JSON reader represents exactly: 2^53 - 1.
const LARGEST: i64 = 9_007_199_254_740_991;

/// Reads a whole number from 0 to 2^53 - 1 that must not be `null`. `2.0` is accepted, too.
pub(crate) fn whole_number<'de, D>(deserializer: D) -> Result<i64, D::Error>
where
    D: Deserializer<'de>,
{
    deserializer.deserialize_i64(NumberVisitor)
}

struct NumberVisitor;

impl Visitor<'_> for NumberVisitor {
    type Value = i64;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a whole number from 0 to 9007199254740991")
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<i64, E> {
        if (0..=LARGEST).contains(&number) {
            Ok(number)
        } else {
            Err(E::invalid_value(
                serde::de::Unexpected::Signed(number),
                &self,
            ))
        }
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<i64, E> {
        self.visit_i64(i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<i64, E> {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "whole and within the range"
        )]
        if number.fract() == 0.0 && (0.0..=LARGEST as f64).contains(&number) {
            Ok(number as i64)
        } else {
            Err(E::invalid_value(
                serde::de::Unexpected::Float(number),
                &self,
            ))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_whole_number_may_have_a_decimal_point() {
        let read = |json: &str| whole_number(&mut serde_json::Deserializer::from_str(json)).ok();
        for (json, expected) in [
            ("0", Some(0)),
            ("86400.0", Some(86_400)),
            ("9007199254740991", Some(LARGEST)),
            ("9007199254740992", None),
            ("18446744073709551615", None),
            ("0.5", None),
            ("-1", None),
            ("null", None),
            ("\"1\"", None),
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
    }

    #[test]
    fn a_whole_number_may_have_a_decimal_point() {
        let read =
            |json: &str| required_nullable_u16(&mut serde_json::Deserializer::from_str(json)).ok();
        for (json, expected) in [
            ("170", Some(Some(170))),
            ("170.0", Some(Some(170))),
            ("null", Some(None)),
            ("0.5", None),
            ("-1", None),
            ("65536", None),
            ("\"1\"", None),
        ] {
            assert_eq!(read(json), expected, "{json}");
        }
    }
}
