//! Offers: found by a search, booked by a booking.

mod check;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::money::Money;
use super::nullable::required_nullable;
use super::party::Party;
use super::passenger::PassengerType;
use super::trip::{Journey, SegmentCabin, TripType};

pub use self::check::check;

/// An offer of one seller at one price: one journey, or two for a round trip. Pass it to the booking exactly as the
/// search returned it; every field is required there, even if it is null.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    /// Fliggy's key of the offer, opaque and short-lived.
    #[schema(example = "SOL-TEST-0001")]
    pub solution_id: String,
    /// Name of the shop; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "tb123456")]
    pub seller: Option<String>,
    /// Kind of seller; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<Supply>)]
    pub supply: Option<Supply>,
    /// Kind of trip.
    pub trip_type: TripType,
    /// The itinerary: one journey, or two for a round trip.
    pub journeys: Vec<Journey>,
    /// Cabin of every segment.
    pub cabins: Vec<SegmentCabin>,
    /// Prices per passenger.
    pub prices: Prices,
    /// Total for the party of the search (yuan): the sum of `total` over its passengers. Null if the offer has no fare
    /// for one of the passengers. For display only: the booking does not read it.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<Money>, example = "1580.00")]
    pub party_total: Option<Money>,
    /// Rule for refunds, in Chinese; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "起飞前48小时以前收取票面价10%,之后收取30%")]
    pub refund_rule: Option<String>,
    /// Rule for changes, in Chinese; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "起飞前48小时以前收取票面价5%,之后收取20%")]
    pub change_rule: Option<String>,
    /// Baggage allowance, in Chinese; null if not reported.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, example = "手提8KG,托运20KG")]
    pub baggage_rule: Option<String>,
    /// Set if the price is only for members of the airline's programme.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<MemberFare>)]
    pub member_fare: Option<MemberFare>,
    /// Whether this gateway can book the offer for the party of the search.
    #[schema(example = true)]
    pub bookable: bool,
    /// Why the offer is not bookable; null if it is. If the reason is the party (seats, fares), search again with
    /// another party.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true)]
    pub not_bookable_reason: Option<String>,
}

/// The rules of an offer, as returned by the search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OfferRules {
    /// Rule for refunds, in Chinese; null if not reported.
    #[schema(required = true, example = "起飞前48小时以前收取票面价10%,之后收取30%")]
    pub refund_rule: Option<String>,
    /// Rule for changes, in Chinese; null if not reported.
    #[schema(required = true, example = "起飞前48小时以前收取票面价5%,之后收取20%")]
    pub change_rule: Option<String>,
    /// Baggage allowance, in Chinese; null if not reported.
    #[schema(required = true, example = "手提8KG,托运20KG")]
    pub baggage_rule: Option<String>,
}

/// Kind of seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Supply {
    /// Fliggy itself (自营).
    Own,
    /// An agent.
    Agent,
    /// The airline's flagship store.
    Flagship,
    /// Another kind.
    Other,
}

/// Prices per passenger, by passenger type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Prices {
    /// Per adult.
    pub adult: Fare,
    /// Per child; null if the offer has no child fare.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<Fare>)]
    pub child: Option<Fare>,
    /// Per infant; null if the offer has no infant fare.
    #[serde(deserialize_with = "required_nullable")]
    #[schema(required = true, value_type = Option<Fare>)]
    pub infant: Option<Fare>,
}

impl Prices {
    /// The fare for a passenger type, if there is one.
    #[must_use]
    pub const fn of(&self, kind: PassengerType) -> Option<&Fare> {
        match kind {
            PassengerType::Adult => Some(&self.adult),
            PassengerType::Child => self.child.as_ref(),
            PassengerType::Infant => self.infant.as_ref(),
        }
    }

    /// The total for a party, or `None` if a fare is missing or the sum is too large for an amount.
    #[must_use]
    pub fn for_party(&self, party: Party) -> Option<Money> {
        party.counts().try_fold(Money::ZERO, |sum, (kind, count)| {
            sum.checked_add(self.of(kind)?.sum()?.checked_mul(u32::from(count))?)
        })
    }
}

/// The price for one passenger: `fare` plus `taxes_total`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Fare {
    /// Ticket price without taxes (yuan).
    pub fare: Money,
    /// Airport construction fee (yuan).
    pub airport_fee: Money,
    /// Fuel surcharge (yuan).
    pub fuel_fee: Money,
    /// Total of taxes and fees (yuan).
    pub taxes_total: Money,
    /// Price for one passenger (yuan): the sum of `fare` and `taxes_total`. A booking with another value is refused.
    #[schema(example = "1020.00")]
    pub total: Money,
}

impl Fare {
    /// The sum of fare and taxes, or `None` if it is too large for an amount. Prices always use this sum, because
    /// `total` may come from a caller.
    #[must_use]
    pub fn sum(&self) -> Option<Money> {
        self.fare.checked_add(self.taxes_total)
    }
}

/// The rule of a member fare. Booking it requires `allow_register_or_query_member: true`, because Fliggy registers the
/// passenger (or the buyer) with the airline if the membership is missing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct MemberFare {
    /// Fliggy's name of the rule.
    #[schema(example = "MEMBER")]
    pub rule: String,
    /// Who must be the member.
    pub who: MemberRole,
    /// The memberships that qualify.
    #[schema(min_items = 1)]
    pub membership: Vec<Membership>,
}

/// Who must be a member.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MemberRole {
    /// Every passenger.
    Passenger,
    /// The buyer, who must be named in the booking (`member_buyer`).
    Buyer,
}

/// A kind of membership.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Membership {
    /// Only people who have never been registered with the airline.
    New,
    /// Any member.
    Any,
}

#[cfg(test)]
mod tests {
    use utoipa::PartialSchema;

    use super::*;
    use crate::domain::trip::{Seats, Segment};

    #[test]
    fn every_field_is_required_in_the_schema() {
        for schema in [
            Offer::schema(),
            Prices::schema(),
            Fare::schema(),
            MemberFare::schema(),
            Segment::schema(),
            SegmentCabin::schema(),
            Seats::schema(),
        ] {
            let json = serde_json::to_value(schema).unwrap();
            let properties = json["properties"].as_object().unwrap().len();
            assert_eq!(json["required"].as_array().unwrap().len(), properties);
            assert_eq!(json["additionalProperties"], false);
        }
    }

    fn yuan(text: &str) -> Money {
        text.parse().unwrap()
    }

    fn fare(fare: &str, taxes: &str) -> Fare {
        Fare {
            fare: yuan(fare),
            airport_fee: Money::ZERO,
            fuel_fee: yuan(taxes),
            taxes_total: yuan(taxes),
            // Not used for pricing.
            total: yuan("0.01"),
        }
    }

    #[test]
    fn a_party_pays_fare_and_taxes_for_every_passenger() {
        let prices = Prices {
            adult: fare("800", "70"),
            child: Some(fare("400.50", "10")),
            infant: None,
        };
        for (adults, children, infants, total) in [
            (1, 0, 0, Some("870")),
            (2, 0, 0, Some("1740")),
            (2, 3, 0, Some("2971.50")),
            (0, 1, 0, Some("410.50")),
            (1, 0, 1, None),
            (0, 0, 0, Some("0")),
        ] {
            let party = Party {
                adults,
                children,
                infants,
            };
            assert_eq!(prices.for_party(party), total.map(yuan), "{party:?}");
        }
        let expensive = Prices {
            adult: fare("99999999.99", "0"),
            child: Some(fare("99999999.99", "0.01")),
            infant: None,
        };
        let one = Party::default();
        assert_eq!(expensive.for_party(one), Some(Money::MAX));
        assert_eq!(expensive.for_party(Party { adults: 2, ..one }), None);
        assert_eq!(expensive.for_party(Party { children: 1, ..one }), None);
    }
}
