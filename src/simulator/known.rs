//! The order that every account has from the start. It serves as a control: a gateway whose lookup finds this
//! order, while the same lookup does not find another order, can conclude that the other order is absent.

use jiff::SignedDuration;
use serde_json::json;

use super::ledger::{Ledger, NewOrder};
use super::offer::{Offer, OfferKind};
use super::timetable;

/// Its `out_order_no`.
const OUT_ORDER_NO: &str = "SIM-KNOWN-ORDER";
/// How long ago it was booked; it was closed because it was not paid.
const BOOKED_BEFORE: SignedDuration = SignedDuration::from_hours(24);

/// Adds the order to the ledger.
pub(super) fn seed(ledger: &mut Ledger, account: &str) {
    let booked_at = ledger.now() - BOOKED_BEFORE;
    let departs = timetable::today(ledger.now());
    let offer = Offer::new(OfferKind::Own, timetable::day("BJS", "XMN", departs, 1));
    let traveller = json!({
        "name": "沈约",
        "type": 0,
        "credential_type": 1,
        "credential_no": "P00000000",
    });
    let segments: Vec<_> = offer.flights.iter().map(timetable::Flight::json).collect();
    let id = ledger
        .insert(NewOrder {
            out_order_no: OUT_ORDER_NO.to_owned(),
            account: account.to_owned(),
            seller: offer.seller().to_owned(),
            total: offer.adult.fare + offer.adult.taxes(),
            details: vec![json!({"passenger": traveller})],
            passengers: vec![traveller],
            route: json!({
                "trip_type": 1,
                "flight_journey_list": [{"flight_segment_list": segments}],
            }),
            flights: offer.flights,
        })
        .order_id;
    ledger.close_silently(id, booked_at);
}
