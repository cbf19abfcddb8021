//! `alitrip.flight.service.search`.

use std::collections::BTreeMap;

use super::{Context, Unreadable, parts, required};
use crate::domain::city::city_of_airport;
use crate::domain::money::Money;
use crate::domain::offer::{Fare, MemberFare, MemberRole, Membership, Offer, Prices, Supply};
use crate::domain::search::{NamedFlight, SearchAnswer, SearchJourney, SearchQuery};
use crate::domain::trip::{AirportCode, CityCode};
use crate::top::lenient::{Field, List, NumberItem};
use crate::top::wire;

/// The request for a checked search. `channel` is the account's channel name (渠道名称).
#[must_use]
pub fn request(query: &SearchQuery, channel: &str) -> wire::SearchFlightInfoReq {
    wire::SearchFlightInfoReq {
        external_agent_name: channel.to_owned(),
        search_mode: query.mode().wire(),
        trip_type: query.trip_type().wire(),
        cabin_class: query.cabin_class.wire(),
        has_child: query.party.children > 0,
        has_infant: query.party.infants > 0,
        search_od_info_list: query.journeys.iter().map(journey_request).collect(),
    }
}

fn journey_request(journey: &SearchJourney) -> wire::SearchOdInfo {
    let last = journey.flights.len().saturating_sub(1);
    let flights = journey.flights.iter().enumerate().map(|(i, flight)| {
        // The journey starts and ends in the requested cities; the city of a transfer is derived from its airport.
        let from = if i == 0 {
            journey.from
        } else {
            city(flight.from_airport, journey.from)
        };
        let to = if i == last {
            journey.to
        } else {
            city(flight.to_airport, journey.to)
        };
        flight_request(flight, from, to)
    });
    wire::SearchOdInfo {
        dep_city_code: journey.from,
        arr_city_code: journey.to,
        dep_date: journey.date,
        search_selected_flight_list: flights.collect(),
    }
}

fn city(airport: AirportCode, otherwise: CityCode) -> CityCode {
    city_of_airport(airport.as_str())
        .or_else(|| airport.as_str().parse().ok())
        .unwrap_or(otherwise)
}

fn flight_request(
    flight: &NamedFlight,
    from: CityCode,
    to: CityCode,
) -> wire::SearchSelectedFlight {
    wire::SearchSelectedFlight {
        market_flight_no: flight.flight_no.as_str().to_owned(),
        operator_flight_no: flight
            .operating_flight_no
            .as_ref()
            .map(|no| no.as_str().to_owned()),
        flight_time: flight.departure_time.to_wire(),
        dep_city_code: from,
        arr_city_code: to,
        dep_airport_code: flight.from_airport,
        arr_airport_code: flight.to_airport,
        cabin_code: flight.cabin.as_ref().map(|c| c.as_str().to_owned()),
    }
}

/// The offers of a response. An offer without the data that a booking needs is dropped and counted.
/// [`Offer::judge`] sets the party's total and whether the other offers can be booked.
///
/// # Errors
/// None today: a response without readable offers gives an empty list.
pub fn answer(
    answer: wire::SearchResponse,
    _context: &Context<'_>,
) -> Result<SearchAnswer, Unreadable> {
    let items = answer.flight_item_list.0;
    let mut found = SearchAnswer {
        offers: Vec::with_capacity(items.len()),
        dropped: BTreeMap::new(),
    };
    for item in items {
        match offer(item) {
            Ok(offer) => found.offers.push(offer),
            Err(Unreadable { field }) => *found.dropped.entry(field).or_default() += 1,
        }
    }
    Ok(found)
}

fn offer(item: wire::FlightItem) -> Result<Offer, Unreadable> {
    let route = required(item.flight_route.0, "flight_route")?;
    let (trip_type, journeys) = parts::itinerary(route)?;
    let trip_type = trip_type.ok_or(Unreadable { field: "trip_type" })?;
    if journeys.is_empty() {
        return Err(Unreadable {
            field: "flight_journey_list",
        });
    }
    let cabins = parts::cabins(item.flight_segment_cabin_relation)?;
    if cabins.is_empty() {
        return Err(Unreadable {
            field: "flight_segment_cabin_relation",
        });
    }
    let adult = fare(
        item.adt_flight_item_price,
        item.adt_build_fee,
        item.adt_oil_fee,
        item.adt_total_fee,
    )
    .map_err(|part| Unreadable {
        field: match part {
            Part::Ticket => "adt_flight_item_price",
            Part::Airport => "adt_build_fee",
            Part::Fuel => "adt_oil_fee",
            Part::Total => "adt_total_fee",
        },
    })?;
    let child = fare(
        item.chd_flight_item_price,
        item.chd_build_fee,
        item.chd_oil_fee,
        item.chd_total_fee,
    );
    let infant = fare(
        item.inf_flight_item_price,
        item.inf_build_fee,
        item.inf_oil_fee,
        item.inf_total_fee,
    );
    let (member_fare, not_bookable_reason) = match member_fare(
        item.member_restrict,
        item.member_type,
        item.member_sub_type_list,
    ) {
        Ok(fare) => (fare, None),
        Err(reason) => (None, Some(reason)),
    };
    Ok(Offer {
        solution_id: required(item.solution_id, "solution_id")?,
        seller: item.seller_nick.lossy(),
        supply: item
            .supply_source_type
            .lossy()
            .map(|kind| match kind.as_str() {
                "1" => Supply::Own,
                "2" => Supply::Agent,
                "3" => Supply::Flagship,
                _ => Supply::Other,
            }),
        trip_type,
        journeys,
        cabins,
        prices: Prices {
            adult,
            child: child.ok(),
            infant: infant.ok(),
        },
        refund_rule: item.refund_rule.lossy(),
        change_rule: item.change_rule.lossy(),
        baggage_rule: item.baggage_rule.lossy(),
        member_fare,
        // Set by `Offer::judge`, which knows the party.
        party_total: None,
        bookable: not_bookable_reason.is_none(),
        not_bookable_reason,
    })
}

enum Part {
    Ticket,
    Airport,
    Fuel,
    Total,
}

/// A fare, or the part of it that is missing. One tax or the total of taxes may be missing if the other two amounts
/// determine it; both taxes may be missing if their total is zero.
fn fare(
    ticket: Field<Money>,
    airport: Field<Money>,
    fuel: Field<Money>,
    total: Field<Money>,
) -> Result<Fare, Part> {
    let reported = |field: Field<Money>, part| match field {
        Field::Value(money) => Ok(Some(money)),
        Field::Absent => Ok(None),
        Field::Unreadable => Err(part),
    };
    let fare = ticket.lossy().ok_or(Part::Ticket)?;
    let taxes = (
        reported(airport, Part::Airport)?,
        reported(fuel, Part::Fuel)?,
        reported(total, Part::Total)?,
    );
    let (airport_fee, fuel_fee, taxes_total) = match taxes {
        (Some(airport), Some(fuel), Some(total)) => (airport, fuel, total),
        (Some(airport), Some(fuel), None) => {
            let total = airport.checked_add(fuel).ok_or(Part::Total)?;
            (airport, fuel, total)
        }
        (Some(airport), None, Some(total)) => {
            let fuel = total.checked_sub(airport).ok_or(Part::Fuel)?;
            (airport, fuel, total)
        }
        (None, Some(fuel), Some(total)) => {
            let airport = total.checked_sub(fuel).ok_or(Part::Airport)?;
            (airport, fuel, total)
        }
        (None, None, Some(Money::ZERO)) => (Money::ZERO, Money::ZERO, Money::ZERO),
        (None, _, _) => return Err(Part::Airport),
        (Some(_), None, None) => return Err(Part::Fuel),
    };
    Ok(Fare {
        fare,
        airport_fee,
        fuel_fee,
        taxes_total,
        total: fare.checked_add(taxes_total).ok_or(Part::Total)?,
    })
}

/// The member rule of an offer: all three fields or none (seed). If only some are present, it is a
/// member fare whose rule cannot be followed; the reason names the missing fields.
fn member_fare(
    restrict: Field<String>,
    kind: Field<i64>,
    sub_types: List<NumberItem>,
) -> Result<Option<MemberFare>, String> {
    if matches!(
        (&restrict, &kind, sub_types.0.as_slice()),
        (Field::Absent, Field::Absent, [])
    ) {
        return Ok(None);
    }
    let who = match kind {
        Field::Value(0) => Some(MemberRole::Passenger),
        Field::Value(1) => Some(MemberRole::Buyer),
        Field::Value(_) | Field::Absent | Field::Unreadable => None,
    };
    let membership: Option<Vec<_>> = sub_types
        .into_iter()
        .map(|NumberItem(number)| match number {
            Field::Value(0) => Some(Membership::New),
            Field::Value(1) => Some(Membership::Any),
            Field::Value(_) | Field::Absent | Field::Unreadable => None,
        })
        .collect();
    let membership = membership.filter(|list| !list.is_empty());
    let missing: Vec<_> = [
        ("member_restrict", !matches!(restrict, Field::Value(_))),
        ("member_type", who.is_none()),
        ("member_sub_type_list", membership.is_none()),
    ]
    .into_iter()
    .filter_map(|(field, missing)| missing.then_some(field))
    .collect();
    match (restrict.lossy(), who, membership) {
        (Some(rule), Some(who), Some(membership)) => Ok(Some(MemberFare {
            rule,
            who,
            membership,
        })),
        _ => Err(format!(
            "the rule of this member fare is incomplete: {} missing or unknown",
            missing.join(", ")
        )),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::translate::samples;

    fn translated(item: &Value) -> SearchAnswer {
        let body = json!({"flight_item_list": [item], "is_success": true});
        answer(serde_json::from_value(body).unwrap(), &samples::context()).unwrap()
    }

    fn sample_item(at: usize) -> Value {
        let root = samples::json::<wire::Search>("response");
        root["alitrip_flight_service_search_response"]["flight_item_list"]["flight_item"][at]
            .clone()
    }

    #[test]
    fn the_request_equals_the_sample() {
        let query: SearchQuery = serde_json::from_value(json!({
            "journeys": [{"from": "BJS", "to": "XMN", "date": "2030-05-20", "flights": [{
                "flight_no": "CZ8957", "departure_time": "2030-05-20T08:45:00+08:00",
                "from_airport": "PKX", "to_airport": "XMN",
            }]}],
            "party": {"adults": 1, "children": 1},
        }))
        .unwrap();
        samples::same_request::<wire::Search>(&request(&query, "TEST_CHANNEL"));
    }

    #[test]
    fn a_transfer_is_requested_with_the_city_of_its_airport() {
        let query: SearchQuery = serde_json::from_value(json!({
            "journeys": [{"from": "BJS", "to": "XMN", "date": "2030-05-20", "flights": [
                {"flight_no": "MU1", "departure_time": "2030-05-20T08:45:00+08:00",
                 "from_airport": "PKX", "to_airport": "PVG"},
                {"flight_no": "MU2", "departure_time": "2030-05-20T12:45:00+08:00",
                 "from_airport": "PVG", "to_airport": "XMN"},
            ]}],
        }))
        .unwrap();
        let flights = &request(&query, "C").search_od_info_list[0].search_selected_flight_list;
        let cities: Vec<_> = flights
            .iter()
            .map(|f| format!("{}-{}", f.dep_city_code, f.arr_city_code))
            .collect();
        assert_eq!(cities, ["BJS-SHA", "SHA-XMN"]);
    }

    #[test]
    fn two_offers_are_read_from_the_sample() {
        let found = answer(samples::answer::<wire::Search>(), &samples::context()).unwrap();
        assert_eq!((found.offers.len(), found.dropped.len()), (2, 0));
        let plain = &found.offers[0];
        assert_eq!(plain.supply, Some(Supply::Own));
        assert_eq!(plain.member_fare, None);
        assert!(plain.bookable);
        assert_eq!(plain.prices.adult.total.to_string(), "870.00");
        let segment = &plain.journeys[0].segments[0];
        assert_eq!(
            segment.departure_time.to_string(),
            "2030-05-20T08:45:00+08:00"
        );
        assert_eq!(segment.departure_city.unwrap().as_str(), "BJS");
        let member = found.offers[1].member_fare.as_ref().unwrap();
        assert_eq!(member.who, MemberRole::Buyer);
        assert_eq!(member.membership, [Membership::Any]);
    }

    #[test]
    fn an_offer_survives_a_json_round_trip() {
        for offer in answer(samples::answer::<wire::Search>(), &samples::context())
            .unwrap()
            .offers
        {
            let json = serde_json::to_string(&offer).unwrap();
            assert_eq!(serde_json::from_str::<Offer>(&json).unwrap(), offer);
        }
    }

    #[test]
    fn an_offer_without_data_for_booking_is_dropped_and_counted() {
        for field in [
            "solution_id",
            "flight_route",
            "flight_segment_cabin_relation",
            "adt_flight_item_price",
        ] {
            let mut item = sample_item(0);
            item.as_object_mut().unwrap().remove(field);
            let found = translated(&item);
            assert_eq!(found.offers, []);
            assert_eq!(found.dropped, BTreeMap::from([(field, 1)]));
        }
        let mut item = sample_item(0);
        item["flight_route"]["flight_journey_list"]["flight_journey"][0]["flight_segment_list"]["flight_segment"]
            [0]["dep_time"] = json!("tomorrow");
        let dropped = translated(&item).dropped;
        assert_eq!(dropped, BTreeMap::from([("dep_time", 1)]));
    }

    #[test]
    fn an_incomplete_member_rule_makes_the_offer_not_bookable() {
        for field in ["member_restrict", "member_type", "member_sub_type_list"] {
            for value in [Value::Null, json!(""), json!({})] {
                let mut item = sample_item(1);
                item[field] = value;
                let found = translated(&item);
                let offer = &found.offers[0];
                assert!(!offer.bookable);
                assert_eq!(offer.member_fare, None);
                let reason = offer.not_bookable_reason.as_deref().unwrap();
                assert!(reason.contains(field), "{reason}");
            }
        }
        let mut item = sample_item(1);
        item["member_type"] = json!(7);
        assert!(!translated(&item).offers[0].bookable);
    }

    #[test]
    fn a_missing_tax_is_derived_or_reported() {
        let null = || json!(null);
        for (build, oil, total, derived) in [
            (json!(50), json!(20), null(), Ok("50.00 20.00 70.00")),
            (json!(50), null(), json!(50), Ok("50.00 0.00 50.00")),
            (json!(50), null(), json!(70), Ok("50.00 20.00 70.00")),
            (null(), json!("20"), json!(70), Ok("50.00 20.00 70.00")),
            (null(), null(), json!(0), Ok("0.00 0.00 0.00")),
            // Reported values are not corrected.
            (json!(50), json!(20), json!(71), Ok("50.00 20.00 71.00")),
            (json!(50), null(), json!(40), Err("adt_oil_fee")),
            (json!(50), null(), null(), Err("adt_oil_fee")),
            (null(), json!(20), json!(10), Err("adt_build_fee")),
            (null(), null(), json!(70), Err("adt_build_fee")),
            (json!(50), json!("?"), json!(70), Err("adt_oil_fee")),
            (json!(50), json!(20), json!("?"), Err("adt_total_fee")),
        ] {
            let mut item = sample_item(0);
            for (field, value) in [("build", build), ("oil", oil), ("total", total)] {
                item[format!("adt_{field}_fee")] = value;
            }
            let found = translated(&item);
            let of = |f: &Fare| format!("{} {} {}", f.airport_fee, f.fuel_fee, f.taxes_total);
            let taxes = found.offers.iter().map(|offer| of(&offer.prices.adult));
            match derived {
                Ok(expected) => assert_eq!(taxes.collect::<Vec<_>>(), [expected]),
                Err(field) => assert_eq!(found.dropped, BTreeMap::from([(field, 1)])),
            }
        }
    }

    #[test]
    fn missing_child_fares_are_none() {
        let mut item = sample_item(0);
        item.as_object_mut().unwrap().remove("chd_build_fee");
        item.as_object_mut().unwrap().remove("chd_total_fee");
        item.as_object_mut().unwrap().remove("adt_total_fee");
        let offer = &translated(&item).offers[0];
        assert_eq!(offer.prices.child, None);
        assert_eq!(offer.prices.adult.taxes_total.to_string(), "70.00");
        assert!(offer.prices.infant.is_some());
    }

    #[test]
    fn a_response_without_offers_gives_an_empty_list() {
        for body in [r#"{"is_success":true}"#, r#"{"flight_item_list":{}}"#] {
            let found = answer(serde_json::from_str(body).unwrap(), &samples::context()).unwrap();
            assert_eq!((found.offers.len(), found.dropped.len()), (0, 0));
        }
    }
}
