//! Differences between a result and its request.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A field whose value at Fliggy differs from the request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The field that differs.
    // `part` in earlier journals.
    #[serde(alias = "part")]
    pub field: DifferingField,
    /// The requested value.
    // `asked` in earlier journals.
    #[serde(alias = "asked")]
    #[schema(example = "1580.00")]
    pub expected: String,
    /// The value at Fliggy.
    #[schema(example = "1590.00")]
    pub found: String,
}

/// A field of an order that is compared with the request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DifferingField {
    /// The total (yuan).
    TotalPrice,
    /// The paid amount (yuan).
    PaidPrice,
    /// The departure time of a flight (+08:00), on the requested day.
    DepartureTime,
    /// The departure date of a flight (+08:00).
    DepartureDate,
    /// A flight number: neither the marketing nor the operating number is the requested one.
    FlightNo,
    /// The number of flights.
    FlightCount,
    /// The number of passengers.
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

    /// Whether such a difference makes it a different trip, on which a person must decide. Otherwise it is the
    /// requested trip on other terms.
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
    fn a_difference_of_an_earlier_journal_can_be_read() {
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
