//! What a search says of its offers: their prices, which were left out and why, and whether they can
//! be booked.

use serde_json::{Value, json};

use crate::canned::{Canned, SEARCH};
use crate::ticket::problem;
use crate::world::{Answer, booking, search};

fn answer() -> Value {
    serde_json::from_str(include_str!("../cases/11-no-fuel-fee.search-answer.json")).unwrap()
}

fn items(answer: &mut Value) -> &mut Value {
    &mut answer["alitrip_flight_service_search_response"]["flight_item_list"]["flight_item"]
}

async fn searched(answer: &Value) -> (Canned, Answer) {
    let canned = Canned::start(&[(SEARCH, answer.to_string().as_bytes())]).await;
    let asked = search("BJS", "XMN");
    let found = canned.world.post_with("/v1/flights/search", &[], &asked);
    let found = found.await;
    assert_eq!(found.status, 200, "{found:?}");
    (canned, found)
}

fn notice<'a>(found: &'a Answer, code: &str) -> Option<&'a str> {
    let notices = found.body["notices"].as_array().unwrap();
    let notice = notices.iter().find(|notice| notice["code"] == code)?;
    notice["message"].as_str()
}

#[tokio::test]
async fn a_price_part_that_the_others_tell_is_derived() {
    let (_canned, found) = searched(&answer()).await;
    let prices = &found.body["items"][0]["prices"]["adult"];
    assert_eq!(prices["fuel_fee"], "0.00", "{found:?}");
    assert_eq!(prices["taxes_total"], "50.00");
    assert_eq!(found.body["items"][0]["bookable"], true);
    assert_eq!(notice(&found, "offers_dropped"), None);
}

#[tokio::test]
async fn an_offer_that_is_left_out_says_why_and_is_not_called_no_quote() {
    let mut told = answer();
    let item = items(&mut told)[0].clone();
    let rows = items(&mut told).as_array_mut().unwrap();
    rows[0]["adt_total_fee"] = Value::Null;
    rows.push(rows[0].clone());
    rows.push(item);
    rows[2]["solution_id"] = json!("");
    let (_canned, found) = searched(&told).await;
    assert_eq!(found.body["items"], json!([]));
    let message = notice(&found, "offers_dropped").unwrap();
    assert!(
        message.ends_with("adt_oil_fee (2), solution_id (1)."),
        "{message}"
    );
    for claim in ["no_offers", "no_own_shop"] {
        assert_eq!(notice(&found, claim), None, "{found:?}");
    }
}

#[tokio::test]
async fn what_is_called_bookable_is_what_booking_accepts() {
    let mut told = answer();
    let good = items(&mut told)[0].clone();
    let segment =
        "/flight_route/flight_journey_list/flight_journey/0/flight_segment_list/flight_segment/0";
    let cabins = "/flight_segment_cabin_relation/flight_segment_item";
    let cases = [
        ("/seller_nick".to_owned(), json!("another shop"), None),
        (
            "/flight_route/trip_type".to_owned(),
            json!(3),
            Some("/trip_type:"),
        ),
        (
            "/flight_route/trip_type".to_owned(),
            json!(2),
            Some("/journeys:"),
        ),
        (
            format!("{segment}/dep_time"),
            json!("2020-05-20 08:45:00"),
            Some("departed"),
        ),
        (
            format!("{segment}/arr_time"),
            json!("2030-05-20 08:00:00"),
            Some("/arrival_time:"),
        ),
        (format!("{segment}/id"), json!("ANOTHER"), Some("/cabins")),
        (
            format!("{cabins}/0/flight_segment_id"),
            json!("ANOTHER"),
            Some("/cabins"),
        ),
    ];
    let rows = cases.iter().map(|(pointer, value, _)| {
        let mut item = good.clone();
        *item.pointer_mut(pointer).unwrap() = value.clone();
        item
    });
    *items(&mut told) = rows.collect();
    let (canned, found) = searched(&told).await;
    let offers = found.body["items"].as_array().unwrap();
    assert_eq!(offers.len(), cases.len(), "{found:?}");
    for (at, (offer, (pointer, _, obstacle))) in offers.iter().zip(&cases).enumerate() {
        let reason = offer["not_bookable_reason"].as_str();
        let fits = |wanted: &&str| reason.is_some_and(|reason| reason.contains(wanted));
        assert_eq!(
            offer["bookable"],
            obstacle.is_none(),
            "{pointer}: {reason:?}"
        );
        assert!(obstacle.as_ref().is_none_or(fits), "{pointer}: {reason:?}");
        // Upstream's booking is not there, so what is accepted has no outcome.
        let body = booking(offer, &format!("OFFER-{at}"));
        let key = format!("k{at}");
        let booked = canned
            .world
            .write_within("/v1/orders", &key, &body, 0)
            .await;
        match obstacle {
            None => assert_eq!(booked.status, 202, "{pointer}: {booked:?}"),
            Some(_) => {
                let refused = (422, "offer_not_bookable");
                assert_eq!(problem(&booked), refused, "{pointer}: {booked:?}");
                // A caller who says otherwise is not believed.
                let mut body = body;
                body["offer"]["bookable"] = json!(true);
                body["offer"]["not_bookable_reason"] = Value::Null;
                let forged = canned.world.write("/v1/orders", "forged", &body).await;
                assert_eq!(forged.status, 400, "{pointer}: {forged:?}");
            }
        }
    }
    canned
        .until_called("alitrip.flight.service.airbook", 1)
        .await;
}
