//! The offers in the response to a search: prices, dropped offers with their reasons, and whether an
//! offer can be booked.

use serde_json::{Value, json};

use crate::canned::{Canned, SEARCH};
use crate::ticket::problem;
use crate::world::{Answer, World, booking, search};

fn answer() -> Value {
    serde_json::from_str(include_str!("../cases/11-no-fuel-fee.search-answer.json")).unwrap()
}

fn items(answer: &mut Value) -> &mut Value {
    &mut answer["alitrip_flight_service_search_response"]["flight_item_list"]["flight_item"]
}

async fn searched(answer: &Value) -> (Canned, Answer) {
    searched_for(answer, json!({"adults": 1})).await
}

async fn searched_for(answer: &Value, party: Value) -> (Canned, Answer) {
    let canned = Canned::start(&[(SEARCH, answer.to_string().as_bytes())]).await;
    let mut query = search("BJS", "XMN");
    query["party"] = party;
    let found = canned.world.post_with("/v1/flights/search", &[], &query);
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
async fn a_missing_price_part_is_derived_from_the_others() {
    let (_canned, found) = searched(&answer()).await;
    let prices = &found.body["items"][0]["prices"]["adult"];
    assert_eq!(prices["fuel_fee"], "0.00", "{found:?}");
    assert_eq!(prices["taxes_total"], "50.00");
    assert_eq!(found.body["items"][0]["bookable"], true);
    assert_eq!(notice(&found, "offers_dropped"), None);
}

#[tokio::test]
async fn a_dropped_offer_is_reported_with_its_reason_and_not_as_no_quote() {
    let mut listing = answer();
    let item = items(&mut listing)[0].clone();
    let rows = items(&mut listing).as_array_mut().unwrap();
    rows[0]["adt_total_fee"] = Value::Null;
    rows.push(rows[0].clone());
    rows.push(item);
    rows[2]["solution_id"] = json!("");
    let (_canned, found) = searched(&listing).await;
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
async fn offers_reported_as_bookable_are_accepted_by_booking() {
    let mut listing = answer();
    let good = items(&mut listing)[0].clone();
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
    *items(&mut listing) = rows.collect();
    let (canned, found) = searched(&listing).await;
    let offers = found.body["items"].as_array().unwrap();
    assert_eq!(offers.len(), cases.len(), "{found:?}");
    for (at, (offer, (pointer, _, obstacle))) in offers.iter().zip(&cases).enumerate() {
        let reason = offer["not_bookable_reason"].as_str();
        let fits = |part: &&str| reason.is_some_and(|reason| reason.contains(part));
        assert_eq!(
            offer["bookable"],
            obstacle.is_none(),
            "{pointer}: {reason:?}"
        );
        assert!(obstacle.as_ref().is_none_or(fits), "{pointer}: {reason:?}");
        // The upstream returns no response to bookings, so an accepted booking has no outcome.
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
                // Setting `bookable` does not help: booking checks the offer itself.
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

fn reason(offer: &Value) -> &str {
    offer["not_bookable_reason"].as_str().unwrap_or_default()
}

#[tokio::test]
async fn an_offer_shows_the_price_of_each_passenger_and_of_the_party() {
    let mut listing = answer();
    let rows = items(&mut listing).as_array_mut().unwrap();
    rows.push(rows[0].clone());
    rows[1]["inf_flight_item_price"] = Value::Null;
    let party = json!({"adults": 2, "children": 1, "infants": 1});
    let (_canned, found) = searched_for(&listing, party).await;
    let offer = &found.body["items"][0];
    for (kind, total) in [
        ("adult", "850.00"),
        ("child", "410.00"),
        ("infant", "80.00"),
    ] {
        assert_eq!(offer["prices"][kind]["total"], total, "{found:?}");
    }
    assert_eq!(offer["party_total"], "2190.00");
    assert_eq!(offer["bookable"], true, "{offer}");
    // An adult and a child have prices; the infant has no fare.
    let offer = &found.body["items"][1];
    assert_eq!(offer["party_total"], Value::Null);
    assert_eq!(offer["bookable"], false);
    assert!(reason(offer).contains("/prices/infant:"), "{offer}");
}

#[tokio::test]
async fn seats_are_a_number_and_are_compared_with_the_party() {
    let mut listing = answer();
    let good = items(&mut listing)[0].clone();
    let cases = [
        (json!("A"), json!({"left": 9, "plus": true}), true),
        (json!("3"), json!({"left": 3, "plus": false}), true),
        (json!(3), json!({"left": 3, "plus": false}), true),
        (json!("2"), json!({"left": 2, "plus": false}), false),
        (json!("L"), Value::Null, true),
        (json!("0"), Value::Null, true),
        (Value::Null, Value::Null, true),
    ];
    let rows = cases.iter().map(|(wire, _, _)| {
        let mut item = good.clone();
        item["flight_segment_cabin_relation"]["flight_segment_item"][0]["cabin_quantity"] =
            wire.clone();
        item
    });
    *items(&mut listing) = rows.collect();
    // Three of the four passengers need a seat.
    let party = json!({"adults": 2, "children": 1, "infants": 1});
    let (canned, found) = searched_for(&listing, party).await;
    let offers = found.body["items"].as_array().unwrap();
    assert_eq!(offers.len(), cases.len(), "{found:?}");
    for (offer, (wire, seats, bookable)) in offers.iter().zip(&cases) {
        assert_eq!(offer["cabins"][0]["seats"], *seats, "{wire}");
        assert_eq!(offer["bookable"], *bookable, "{wire}: {offer}");
        if !bookable {
            assert!(
                reason(offer).contains("/cabins/0/seats: seats needed: 3"),
                "{offer}"
            );
        }
    }
    // A search for one passenger shows the same offer as bookable. A booking of it for three
    // passengers is refused by the same rule.
    let mut listing = answer();
    items(&mut listing)[0]["flight_segment_cabin_relation"]["flight_segment_item"][0]["cabin_quantity"] =
        json!("2");
    let (one, found) = searched(&listing).await;
    let offer = &found.body["items"][0];
    assert_eq!(offer["bookable"], true);
    let mut body = booking(offer, "SEATS-1");
    for number in ["E12345678", "E87654321"] {
        let mut more = body["passengers"][0].clone();
        more["document"] = json!({"type": "passport", "number": number});
        body["passengers"].as_array_mut().unwrap().push(more);
    }
    body["total_price"] = json!("2550.00");
    let refused = one.world.write("/v1/orders", "seats", &body).await;
    assert_eq!(
        problem(&refused),
        (422, "offer_not_bookable"),
        "{refused:?}"
    );
    let error = &refused.body["errors"][0];
    assert_eq!(error["pointer"], "/offer/cabins/0/seats", "{refused:?}");
    assert_eq!(error["code"], "too_few_seats");
    for canned in [canned, one] {
        canned
            .until_called("alitrip.flight.service.airbook", 0)
            .await;
    }
}

#[tokio::test]
async fn segments_contain_the_names_of_their_cities() {
    let mut listing = answer();
    let good = items(&mut listing)[0].clone();
    let cases = [
        (json!("BJS"), json!("PKX"), json!("北京")),
        (Value::Null, json!("PKX"), json!("北京")),
        (json!("XIY"), json!("XIY"), json!("西安")),
        (json!("ZZZ"), json!("PKX"), Value::Null),
        (Value::Null, json!("ZZZ"), Value::Null),
    ];
    let rows = cases.iter().map(|(city, airport, _)| {
        let mut item = good.clone();
        let segment = &mut item["flight_route"]["flight_journey_list"]["flight_journey"][0]["flight_segment_list"]
            ["flight_segment"][0];
        segment["dep_city_code"] = city.clone();
        segment["dep_airport"] = airport.clone();
        item
    });
    *items(&mut listing) = rows.collect();
    let (_canned, found) = searched(&listing).await;
    let offers = found.body["items"].as_array().unwrap();
    assert_eq!(offers.len(), cases.len(), "{found:?}");
    for (offer, (city, airport, name)) in offers.iter().zip(&cases) {
        let segment = &offer["journeys"][0]["segments"][0];
        assert_eq!(segment["departure_city_name"], *name, "{city} {airport}");
        assert_eq!(segment["arrival_city_name"], "厦门");
        assert_eq!(offer["bookable"], true, "{offer}");
    }
}

#[tokio::test]
async fn fields_that_the_gateway_added_to_an_offer_never_set_a_price() {
    let world = World::start().await;
    let good = booking(&world.offer().await, "ADDED-1");
    // A total that is not the sum is refused.
    let mut body = good.clone();
    body["offer"]["prices"]["adult"]["total"] = json!("1.00");
    body["total_price"] = json!("1.00");
    let refused = world.write("/v1/orders", "k1", &body).await;
    assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
    let places: Vec<_> = refused.body["errors"].as_array().unwrap().iter().collect();
    let pointers: Vec<_> = places
        .iter()
        .map(|e| e["pointer"].as_str().unwrap())
        .collect();
    assert_eq!(pointers, ["/offer/prices/adult/total", "/total_price"]);
    assert_eq!(world.received("airbook").await, 0);
    // Display-only fields are not checked.
    let mut body = good.clone();
    body["offer"]["party_total"] = json!("1.00");
    let segment = &mut body["offer"]["journeys"][0]["segments"][0];
    segment["departure_city_name"] = json!("上海");
    segment["arrival_city_name"] = Value::Null;
    let booked = world.write("/v1/orders", "k2", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(booked.created()["total_price"], good["total_price"]);
    // A missing price is reported like any other missing field.
    let mut body = good;
    body["offer"].as_object_mut().unwrap().remove("party_total");
    let refused = world.write("/v1/orders", "k3", &body).await;
    assert_eq!(refused.body["errors"][0]["pointer"], "/offer/party_total");
}
