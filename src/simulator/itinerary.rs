//! An order's passengers, segments and tickets after its ticketed changes.

use serde_json::{Map, Value, json};

use super::change::{Change, Move};
use super::order::{Cents, Order, Status};
use super::timetable::Flight;

/// An order as `queryorderdetail` returns it. A place is the position of a segment in travel order.
pub(super) struct Itinerary {
    pub(super) route: Value,
    pub(super) details: Vec<Value>,
    /// All ids a segment has had, by place; a caller may still use an old one.
    ids: Vec<Vec<String>>,
}

impl Itinerary {
    /// `changes` are the ticketed ones, newest first.
    pub(super) fn of(order: &Order, changes: &[Change]) -> Self {
        let mut route = order.route.clone();
        let mut details = order.details.clone();
        let mut ids = Vec::new();
        for (place, segment) in segments_mut(&mut route).into_iter().enumerate() {
            let moves = changes.iter().flat_map(|change| {
                let moves = change.moves.iter().filter(move |m| m.place == place);
                moves.map(move |m| (change, m))
            });
            let moves: Vec<(&Change, &Move)> = moves.collect();
            let first = segment["id"].as_str().unwrap_or_default().to_owned();
            let later = moves.iter().map(|(_, m)| m.flight.segment_id());
            ids.push(std::iter::once(first.clone()).chain(later).collect());
            let moved = |index: usize| {
                let mut all = moves.iter().flat_map(|(change, _)| &change.travellers);
                all.any(|traveller| traveller.index == index)
            };
            // All passengers share one route: it changes only when all of them have moved.
            if let Some((_, newest)) = moves.first()
                && (0..details.len()).all(moved)
            {
                *segment = shown_segment(&newest.flight);
                for detail in &mut details {
                    rebook(detail, &first, newest);
                }
            }
        }
        if order.progress.status == Status::Ticketed {
            for (index, detail) in details.iter_mut().enumerate() {
                detail["ticket_nos"] = json!(tickets(order, changes, index));
            }
        }
        Self {
            route,
            details,
            ids,
        }
    }

    pub(super) fn segments(&self) -> Vec<&Value> {
        let journeys = self.route["flight_journey_list"].as_array();
        let mut all = Vec::new();
        for journey in journeys.into_iter().flatten() {
            let segments = journey["flight_segment_list"].as_array();
            all.extend(segments.into_iter().flatten());
        }
        all
    }

    pub(super) fn passenger(&self, index: usize) -> &Value {
        &self.details[index]["passenger"]
    }

    /// Ticket price and taxes for this number of segments: each segment has an equal share.
    pub(super) fn paid(&self, index: usize, places: usize) -> (Cents, Cents) {
        let price = &self.details[index]["flight_price"];
        let part = |name: &str| {
            let whole = Cents::of(&price[name]).unwrap_or_default();
            whole.share(places as i64, self.ids.len().max(1) as i64)
        };
        (part("sell_price"), part("tax"))
    }

    /// The places of the passengers in a request. None if the request lists no passenger, one that is not in
    /// the order, or one twice.
    pub(super) fn find_passengers(&self, asked: &[Value]) -> Option<Vec<usize>> {
        let same = |detail: &Value, asked: &Value| {
            ["name", "credential_no"]
                .iter()
                .all(|name| detail["passenger"][*name] == asked[*name])
        };
        let mut found = Vec::new();
        for asked in asked {
            let index = self.details.iter().position(|detail| same(detail, asked))?;
            if found.contains(&index) {
                return None;
            }
            found.push(index);
        }
        (!found.is_empty()).then_some(found)
    }

    /// The place of the segment with this id.
    pub(super) fn find_segment(&self, id: &str) -> Option<usize> {
        self.ids
            .iter()
            .position(|ids| ids.iter().any(|known| known == id))
    }

    pub(super) fn places(&self) -> usize {
        self.ids.len()
    }
}

/// The tickets of a passenger: the order's own, or the newest change's.
pub(super) fn tickets(order: &Order, changes: &[Change], index: usize) -> Vec<String> {
    let changed = changes.iter().find_map(|change| change.tickets(index));
    let number = order.order_id % 10_000_000 * 100 + index as u64 + 1;
    changed.unwrap_or_else(|| vec![format!("999-{number:010}")])
}

/// The fields of a passenger in after-sales responses.
pub(super) fn shown_passenger(passenger: &Value) -> Value {
    pick(
        passenger,
        &["name", "type", "credential_type", "credential_no"],
    )
}

/// A flight as a segment of an order.
fn shown_segment(flight: &Flight) -> Value {
    pick(
        &flight.json(),
        &[
            "id",
            "marketing_airline",
            "marketing_flight_no",
            "operating_airline",
            "operating_flight_no",
            "code_share",
            "dep_airport",
            "dep_term",
            "dep_time",
            "arr_airport",
            "arr_term",
            "arr_time",
            "equip_type",
        ],
    )
}

fn pick(from: &Value, names: &[&str]) -> Value {
    let kept = names.iter().filter_map(|name| {
        let value = from.get(*name)?;
        Some(((*name).to_owned(), value.clone()))
    });
    Value::Object(Map::from_iter(kept))
}

fn segments_mut(route: &mut Value) -> Vec<&mut Value> {
    let mut all = Vec::new();
    let journeys = route["flight_journey_list"].as_array_mut();
    for journey in journeys.into_iter().flatten() {
        let segments = journey["flight_segment_list"].as_array_mut();
        all.extend(segments.into_iter().flatten());
    }
    all
}

/// Updates a passenger's cabin for the replaced segment.
fn rebook(detail: &mut Value, segment_id: &str, newest: &Move) {
    let (cabin, class, class_name) = newest.kind.cabin();
    let cabins = detail["flight_segment_cabin_relation"].as_array_mut();
    for item in cabins.into_iter().flatten() {
        if item["flight_segment_id"] == segment_id {
            *item = json!({
                "flight_segment_id": newest.flight.segment_id(),
                "cabin": cabin,
                "cabin_class": class,
                "cabin_class_name": class_name,
            });
        }
    }
}
