//! What of a result is not as the request asked for it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A field of what was found that differs from the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The field. (`part` in journals of before.)
    #[serde(alias = "part")]
    pub field: DifferingField,
    /// What the request asked for. (`asked` in journals of before.)
    #[serde(alias = "asked")]
    #[schema(example = "1580.00")]
    pub expected: String,
    /// What Fliggy has.
    #[schema(example = "1590.00")]
    pub found: String,
}

/// A field of an order that is compared with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferingField {
    /// The total (yuan).
    TotalPrice,
    /// The amount that was paid (yuan).
    PaidPrice,
    /// The time of departure of a flight (+08:00), on the same day.
    DepartureTime,
    /// The day of departure of a flight (+08:00).
    DepartureDate,
    /// A flight: neither its marketing nor its operating number is the one that was asked for.
    FlightNo,
    /// How many flights there are.
    FlightCount,
    /// How many passengers there are.
    PassengerCount,
}

impl DifferingField {
    /// The field in words.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::TotalPrice => "the total",
            Self::PaidPrice => "the paid amount",
            Self::DepartureTime | Self::DepartureDate => "a departure on",
            Self::FlightNo => "flight",
            Self::FlightCount => "a number of flights of",
            Self::PassengerCount => "a number of passengers of",
        }
    }

    /// Whether it is another trip then, which a person must decide on. Otherwise it is the one that was
    /// asked for, on other terms.
    #[must_use]
    pub fn makes_another_trip(self) -> bool {
        match self {
            Self::TotalPrice | Self::PaidPrice | Self::DepartureTime => false,
            Self::DepartureDate | Self::FlightNo | Self::FlightCount | Self::PassengerCount => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_is_read_in_the_words_of_earlier_journals() {
        let stored = r#"{"part":"total_price","asked":"1580.00","found":"1590.00"}"#;
        let difference = Difference {
            field: DifferingField::TotalPrice,
            expected: "1580.00".to_owned(),
            found: "1590.00".to_owned(),
        };
        assert_eq!(
            serde_json::from_str::<Difference>(stored).unwrap(),
            difference
        );
    }
}
