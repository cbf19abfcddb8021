//! Fields that are required even if their value is `null`.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, Unexpected, Visitor};
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
    Ok(Option::<Whole<u16, { u16::MAX as i64 }>>::deserialize(deserializer)?.map(|whole| whole.0))
}

/// The largest integer that every JSON reader represents exactly: 2^53 - 1.
pub(crate) const LARGEST: i64 = 9_007_199_254_740_991;

/// Reads a whole number that must not be `null`, from 0 to a maximum of at most [`LARGEST`]. `2.0` is accepted, too.
pub(crate) fn whole<'de, D, T, const MAX: i64>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<i64>,
{
    Ok(Whole::<T, MAX>::deserialize(deserializer)?.0)
}

struct Whole<T, const MAX: i64>(T);

impl<'de, T: TryFrom<i64>, const MAX: i64> Deserialize<'de> for Whole<T, MAX> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_i64(WholeVisitor(PhantomData))
    }
}

struct WholeVisitor<T, const MAX: i64>(PhantomData<T>);

impl<T: TryFrom<i64>, const MAX: i64> WholeVisitor<T, MAX> {
    fn within<E: Error>(&self, number: i64, found: Unexpected<'_>) -> Result<Whole<T, MAX>, E> {
        let within = (0..=MAX).contains(&number).then_some(number);
        within
            .and_then(|number| T::try_from(number).ok())
            .map(Whole)
            .ok_or_else(|| E::invalid_value(found, self))
    }
}

impl<T: TryFrom<i64>, const MAX: i64> Visitor<'_> for WholeVisitor<T, MAX> {
    type Value = Whole<T, MAX>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a whole number from 0 to {MAX}")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Self::Value, E> {
        let found = Unexpected::Unsigned(number);
        self.within(i64::try_from(number).unwrap_or(i64::MAX), found)
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Self::Value, E> {
        let found = Unexpected::Signed(number);
        if number < 0 {
            return Err(E::invalid_type(found, &self));
        }
        self.within(number, found)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Self::Value, E> {
        let found = Unexpected::Float(number);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_precision_loss,
            reason = "whole and within the range"
        )]
        if number.fract() == 0.0 && (0.0..=MAX as f64).contains(&number) {
            self.within(number as i64, found)
        } else {
            Err(E::invalid_value(found, &self))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_whole_number_may_have_a_decimal_point() {
        let read = |json: &str| {
            whole::<_, i64, LARGEST>(&mut serde_json::Deserializer::from_str(json)).ok()
        };
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
