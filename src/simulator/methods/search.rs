//! alitrip.flight.service.search

use jiff::civil::Date;
use serde_json::{Value, json};

use super::{Context, Done, Refusal, check_channel, object};
use crate::simulator::gate::PlatformError;
use crate::simulator::offer::{Offer, OfferKind};
use crate::simulator::timetable::{self, Flight};

/// TOP's response when there is no offer (seed).
pub(super) fn no_offer() -> Refusal {
    Refusal::business("isv.NO_OFFER", "搜索询价无报价")
}

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    check_channel(context)?;
    let input = context.input;
    let none = Vec::new();
    let journeys = input["search_od_info_list"].as_array().unwrap_or(&none);
    let round_trip = input["trip_type"].as_u64() == Some(2);
    if journeys.len() != if round_trip { 2 } else { 1 } {
        let why = "one journey for a one way trip, two for a round trip";
        return Err(PlatformError::invalid("search_od_info_list", why).into());
    }
    let today = timetable::today(context.ledger.now());
    let named = input["search_mode"].as_u64() == Some(2);
    let mut legs = Vec::new();
    for journey in journeys {
        legs.push(flights(
            journey,
            named,
            today,
            context.config.listing_flights,
        )?);
    }
    let has_infant = input["has_infant"].as_bool() == Some(true);
    let class = input["cabin_class"].as_str().unwrap_or("ALL_CABIN");
    let cabin = journeys
        .iter()
        .flat_map(|journey| journey["search_selected_flight_list"].as_array())
        .flatten()
        .find_map(|flight| flight["cabin_code"].as_str());
    let mut items = Vec::new();
    let ways = legs.iter().map(Vec::len).min().unwrap_or(0);
    for index in 0..ways {
        let flights: Vec<Flight> = legs.iter().map(|leg| leg[index].clone()).collect();
        for kind in OfferKind::sold_on(index, named) {
            let offer = Offer::new(*kind, flights.clone());
            let sold = offer.kind.is_in_class(class)
                && cabin.is_none_or(|cabin| cabin == offer.kind.cabin().0)
                && (!has_infant || offer.infant.is_some());
            if sold {
                items.push(Value::Object(object(offer.json())));
            }
        }
    }
    if items.is_empty() {
        return Err(no_offer());
    }
    Ok(Done {
        answer: object(json!({"flight_item_list": items})),
        changed: None,
    })
}

/// The flights of one journey: all flights of the day, or the named ones.
fn flights(
    journey: &Value,
    named: bool,
    today: Date,
    listing: usize,
) -> Result<Vec<Flight>, Refusal> {
    let text = |name: &str| journey[name].as_str().unwrap_or_default();
    let (from, to) = (text("dep_city_code"), text("arr_city_code"));
    let date: Date = text("dep_date")
        .parse()
        .map_err(|_| PlatformError::invalid("search_od_info_list.dep_date", "yyyy-MM-dd"))?;
    if !timetable::is_city(from) || !timetable::is_city(to) || from == to || date < today {
        return Err(no_offer());
    }
    let none = Vec::new();
    let wanted = journey["search_selected_flight_list"]
        .as_array()
        .unwrap_or(&none);
    // search_mode 2 requires named flights, and the other modes find nothing if flights are named (seed).
    if named == wanted.is_empty() {
        return Err(no_offer());
    }
    if !named {
        return Ok(timetable::day(from, to, date, listing));
    }
    let flights: Vec<Flight> = timetable::day(from, to, date, timetable::MOST)
        .into_iter()
        .filter(|flight| wanted.iter().any(|wanted| fits(wanted, flight)))
        .collect();
    if flights.is_empty() {
        Err(no_offer())
    } else {
        Ok(flights)
    }
}

fn fits(wanted: &Value, flight: &Flight) -> bool {
    let agrees = |name: &str, found: &str| {
        wanted[name]
            .as_str()
            .is_none_or(|value| value.trim().is_empty() || value == found)
    };
    wanted["market_flight_no"].as_str() == Some(flight.number.as_str())
        && agrees("dep_airport_code", &flight.from_airport)
        && agrees("arr_airport_code", &flight.to_airport)
        && agrees("flight_time", &timetable::wire(flight.departure))
}
