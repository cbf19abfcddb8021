//! The party: how many passengers travel together.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::nullable::whole;
use super::passenger::PassengerType;

/// Maximum number of passengers in an order.
pub const MOST_PASSENGERS: usize = 9;

/// The number of passengers of each type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({"adults": 2, "children": 1, "infants": 0}))]
pub struct Party {
    /// Adults.
    #[serde(deserialize_with = "whole::<_, _, 9>")]
    #[schema(minimum = 0, maximum = 9, example = 2)]
    pub adults: u16,
    /// Children, 2 to 11 years old on the day of departure; 0 if left out.
    #[serde(default, deserialize_with = "whole::<_, _, 9>")]
    #[schema(required = false, minimum = 0, maximum = 9, example = 1)]
    pub children: u16,
    /// Infants, under 2 years old on the day of departure; 0 if left out. They have no seat, and
    /// each infant needs an adult.
    #[serde(default, deserialize_with = "whole::<_, _, 9>")]
    #[schema(required = false, minimum = 0, maximum = 9, example = 0)]
    pub infants: u16,
}

impl Default for Party {
    /// One adult.
    fn default() -> Self {
        Self {
            adults: 1,
            children: 0,
            infants: 0,
        }
    }
}

impl Party {
    /// The party of these passengers.
    #[must_use]
    pub fn of(kinds: impl IntoIterator<Item = PassengerType>) -> Self {
        let mut party = Self {
            adults: 0,
            children: 0,
            infants: 0,
        };
        for kind in kinds {
            let count = match kind {
                PassengerType::Adult => &mut party.adults,
                PassengerType::Child => &mut party.children,
                PassengerType::Infant => &mut party.infants,
            };
            *count = count.saturating_add(1);
        }
        party
    }

    /// The passenger types in the party, with their counts.
    pub fn counts(self) -> impl Iterator<Item = (PassengerType, u16)> {
        [
            (PassengerType::Adult, self.adults),
            (PassengerType::Child, self.children),
            (PassengerType::Infant, self.infants),
        ]
        .into_iter()
        .filter(|(_, count)| *count > 0)
    }

    /// The number of passengers who need a seat: infants do not.
    #[must_use]
    pub fn seats(self) -> u16 {
        self.adults.saturating_add(self.children)
    }

    /// The order rules that the party violates, each with a code and a message. Search and booking
    /// apply the same rules.
    pub fn faults(self) -> impl Iterator<Item = (&'static str, &'static str)> {
        let all = usize::from(self.seats()) + usize::from(self.infants);
        let count = (
            "passenger_count",
            "an order has 1 to 9 passengers",
            (1..=MOST_PASSENGERS).contains(&all),
        );
        let infants = (
            "infant_without_adult",
            "every infant needs an adult of its own",
            self.infants <= self.adults,
        );
        [count, infants]
            .into_iter()
            .filter(|(_, _, holds)| !holds)
            .map(|(code, message, _)| (code, message))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(adults: u16, children: u16, infants: u16) -> Party {
        Party {
            adults,
            children,
            infants,
        }
    }

    #[test]
    fn rules_of_bookable_parties() {
        for (party, expected) in [
            (Party::default(), vec![]),
            (party(9, 0, 0), vec![]),
            (party(4, 1, 4), vec![]),
            // The airline decides whether a child may travel alone.
            (party(0, 1, 0), vec![]),
            (party(0, 0, 0), vec!["passenger_count"]),
            (party(5, 0, 5), vec!["passenger_count"]),
            (party(1, 0, 2), vec!["infant_without_adult"]),
            (
                party(0, 8, 2),
                vec!["passenger_count", "infant_without_adult"],
            ),
            (party(u16::MAX, u16::MAX, u16::MAX), vec!["passenger_count"]),
        ] {
            let codes: Vec<_> = party.faults().map(|(code, _)| code).collect();
            assert_eq!(codes, expected, "{party:?}");
        }
    }

    #[test]
    fn a_party_is_counted_from_its_passengers() {
        use PassengerType::{Adult, Child, Infant};
        let counted = Party::of([Infant, Adult, Child, Adult]);
        assert_eq!(counted, party(2, 1, 1));
        assert_eq!(counted.seats(), 3);
        let counts: Vec<_> = party(2, 0, 1).counts().collect();
        assert_eq!(counts, [(Adult, 2), (Infant, 1)]);
    }

    #[test]
    fn the_json_form_of_a_party() {
        let read = |json: &str| serde_json::from_str::<Party>(json);
        assert_eq!(read(r#"{"adults": 2}"#).unwrap(), party(2, 0, 0));
        let all = r#"{"adults": 1.0, "children": 2, "infants": 1}"#;
        assert_eq!(read(all).unwrap(), party(1, 2, 1));
        for (json, expected) in [
            (r#"{"adults": 10}"#, "a whole number from 0 to 9"),
            (r#"{"adults": -1}"#, "a whole number from 0 to 9"),
            (r#"{"adults": "2"}"#, "a whole number from 0 to 9"),
            (r#"{"children": 1}"#, "missing field `adults`"),
            (r#"{"adults": 1, "babies": 1}"#, "unknown field"),
        ] {
            let error = read(json).unwrap_err().to_string();
            assert!(error.contains(expected), "{json}: {error}");
        }
    }
}
