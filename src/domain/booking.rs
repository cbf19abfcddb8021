//! Bookings: what a caller requests, and the checks before it is sent.

mod check;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::ids::{AccountName, HashKey, OutOrderNo, PassengerId};
use super::money::Money;
use super::offer::Offer;
use super::order::document_hash;
use super::party::Party;
use super::passenger::{Contact, MemberBuyer, Passenger};
use super::trip::Journey;
use crate::domain::change::flight_at;

pub use self::check::check;
pub use super::violation::Violation;

/// A booking: an offer, its passengers and a contact.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Booking {
    /// The caller's own order number, a new one for every order.
    pub out_order_no: OutOrderNo,
    /// The offer, exactly as the search returned it.
    pub offer: Offer,
    /// The passengers, at most nine.
    #[schema(min_items = 1, max_items = 9)]
    pub passengers: Vec<Passenger>,
    /// Contact for the order.
    pub contact: Contact,
    /// Total price of the order (yuan): the sum of `fare` and `taxes_total` over the passengers.
    pub total_price: Money,
    /// Permission to look up the membership with the airline, and to register the passenger there if there is none.
    /// Must be `true` for a member fare; the gateway never assumes it.
    pub allow_register_or_query_member: Option<bool>,
    /// The buyer; required if the fare is for members and the buyer must be the member.
    #[schema(value_type = Option<MemberBuyer>)]
    pub member_buyer: Option<MemberBuyer>,
}

impl Booking {
    /// The total for all passengers, or `None` if a fare is missing or the sum is too large for an amount.
    #[must_use]
    pub fn sum(&self) -> Option<Money> {
        self.offer.prices.for_party(self.party())
    }

    /// The number of passengers of each kind.
    #[must_use]
    pub fn party(&self) -> Party {
        Party::of(self.passengers.iter().map(|p| p.kind))
    }

    /// The ids of the passengers, in request order.
    pub fn passenger_ids<'a>(
        &'a self,
        key: &'a HashKey,
        account: &'a AccountName,
    ) -> impl Iterator<Item = PassengerId> + 'a {
        self.passengers
            .iter()
            .map(move |p| document_hash(key, account, p.document.kind, p.document.number.expose()))
    }
}

/// Identifies bookings of the same passengers on the same flights: a keyed hash over the passenger ids and the flights
/// with their days, in any order. Order number, offer and prices do not affect it.
#[must_use]
pub fn duplicate_key(key: &HashKey, account: &AccountName, booking: &Booking) -> [u8; 32] {
    let mut passengers: Vec<_> = booking.passenger_ids(key, account).collect();
    passengers.sort_unstable();
    let mut flights: Vec<_> = booking
        .offer
        .journeys
        .iter()
        .flat_map(|journey| &journey.segments)
        .map(|s| format!("{}@{}", s.marketing_flight_no, s.departure_time.date()))
        .collect();
    flights.sort_unstable();
    let count = passengers.len().to_string();
    let mut parts: Vec<&[u8]> = vec![b"booking", account.as_str().as_bytes(), count.as_bytes()];
    parts.extend(passengers.iter().map(|p| p.as_str().as_bytes()));
    parts.extend(flights.iter().map(String::as_bytes));
    key.mac(&parts)
}

/// The flights of an itinerary with their departures (+08:00, to the minute), in travel order:
/// `CZ8957@2030-05-20T08:45`. An order created by the booking has the same list.
#[must_use]
pub fn segments_fingerprint(journeys: &[Journey]) -> Vec<String> {
    journeys
        .iter()
        .flat_map(|journey| &journey.segments)
        .map(|segment| flight_at(&segment.marketing_flight_no, segment.departure_time))
        .collect()
}
