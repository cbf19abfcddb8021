//! Parts shared by several methods.

use std::borrow::Cow;

use super::{Context, Unnamed, Unreadable, optional, required};
use crate::domain::change::ChangeStatus;
use crate::domain::city::city_name;
use crate::domain::ids::PassengerId;
use crate::domain::order::{OrderDocument, OrderPassenger, OrderStatus, StatusMap, Ticket};
use crate::domain::passenger::{OrderDocumentType, OrderPassengerType};
use crate::domain::personal::Personal;
use crate::domain::trip::{Journey, Segment, SegmentCabin, TripType};
use crate::top::envelope::{LONGEST_WORD, capped};
use crate::top::lenient::{Field, List, TextItem};
use crate::top::wire;

/// Trip type and journeys of a route. A journey without segments is unreadable.
pub(super) fn itinerary(
    route: wire::FlightRoute,
) -> Result<(Option<TripType>, Vec<Journey>), Unreadable> {
    let trip_type = listed(route.trip_type, TripType::from_wire, TripType::Other);
    let journeys = route
        .flight_journey_list
        .into_iter()
        .map(|journey| {
            let segments = journey
                .flight_segment_list
                .into_iter()
                .map(segment)
                .collect::<Result<Vec<_>, _>>()?;
            if segments.is_empty() {
                return Err(Unreadable {
                    field: "flight_segment_list",
                });
            }
            Ok(Journey { segments })
        })
        .collect::<Result<_, _>>()?;
    Ok((trip_type, journeys))
}

/// A segment. It is unreadable if its flight number, airports or times are missing.
pub(super) fn segment(s: wire::FlightSegment) -> Result<Segment, Unreadable> {
    let small = |field: Field<i64>| field.lossy().and_then(|n| u16::try_from(n).ok());
    let departure_airport = required(s.dep_airport, "dep_airport")?;
    let arrival_airport = required(s.arr_airport, "arr_airport")?;
    let departure_city = s.dep_city_code.lossy();
    let arrival_city = s.arr_city_code.lossy();
    Ok(Segment {
        segment_id: required(s.id, "id")?,
        marketing_airline: s.marketing_airline.lossy(),
        marketing_flight_no: required(s.marketing_flight_no, "marketing_flight_no")?,
        operating_airline: s.operating_airline.lossy(),
        operating_flight_no: s.operating_flight_no.lossy(),
        code_share: s.code_share.lossy(),
        departure_airport,
        departure_terminal: s.dep_term.lossy(),
        departure_time: required(s.dep_time, "dep_time")?,
        arrival_airport,
        arrival_terminal: s.arr_term.lossy(),
        arrival_time: required(s.arr_time, "arr_time")?,
        aircraft: s.equip_type.lossy(),
        departure_city,
        arrival_city,
        departure_city_name: city_name(departure_city, departure_airport).map(Cow::Borrowed),
        arrival_city_name: city_name(arrival_city, arrival_airport).map(Cow::Borrowed),
        duration_minutes: small(s.flight_duration),
        stops: small(s.stop_quantity),
        stop_cities: s.stop_city_list.lossy().map_or_else(Vec::new, |cities| {
            let cities = cities.split([',', '，']).map(str::trim);
            cities
                .filter(|c| !c.is_empty())
                .map(str::to_owned)
                .collect()
        }),
    })
}

/// Cabins per segment.
pub(super) fn cabins(
    items: List<wire::FlightSegmentItem>,
) -> Result<Vec<SegmentCabin>, Unreadable> {
    items
        .into_iter()
        .map(|item| {
            Ok(SegmentCabin {
                segment_id: required(item.flight_segment_id, "flight_segment_id")?,
                cabin: required(item.cabin, "cabin")?,
                cabin_class: item.cabin_class.lossy(),
                cabin_class_name: item.cabin_class_name.lossy(),
                seats: item.cabin_quantity.lossy(),
            })
        })
        .collect()
}

/// A passenger, without fare, cabins and tickets.
pub(super) fn passenger(p: wire::PassengerAnswer, context: &Context<'_>) -> OrderPassenger {
    let document_type = p.credential_type.lossy();
    let number = p.credential_no.lossy();
    OrderPassenger {
        passenger_id: passenger_id(document_type, number.as_ref(), context),
        name: p.name.lossy(),
        kind: passenger_type(p.kind),
        document: number.map(|number| OrderDocument {
            kind: listed(
                p.credential_type,
                OrderDocumentType::from_wire,
                OrderDocumentType::Other,
            ),
            number,
        }),
        birth_date: p.birthday.lossy(),
        mobile_country_code: p.mobile_country_code.lossy(),
        mobile: p.mobile_phone_number.lossy(),
        fare: None,
        cabins: Vec::new(),
        tickets: Vec::new(),
    }
}

fn passenger_type(field: Field<i64>) -> Option<OrderPassengerType> {
    listed(
        field,
        OrderPassengerType::from_wire,
        OrderPassengerType::Other,
    )
}

/// A value of a closed list; `other` if it is not listed.
fn listed<T>(field: Field<i64>, from_wire: fn(i64) -> T, other: T) -> Option<T> {
    match field {
        Field::Value(number) => Some(from_wire(number)),
        Field::Unreadable => Some(other),
        Field::Absent => None,
    }
}

/// The id of the document's holder, if the document is reported.
fn passenger_id(
    document_type: Option<i64>,
    number: Option<&Personal<String>>,
    context: &Context<'_>,
) -> Option<PassengerId> {
    // Even an unlisted document type distinguishes passengers.
    let wire_type = document_type.and_then(|n| u8::try_from(n).ok());
    let wire_type = wire_type.unwrap_or(u8::MAX);
    number
        .map(|number| PassengerId::derive(context.key, context.account, wire_type, number.expose()))
}

/// Removes ids that several passengers share because their documents are masked identically: such an id does not
/// identify anyone. A passenger that is listed twice under the same name keeps the id.
pub(super) fn drop_shared_ids<T>(
    travellers: &mut [T],
    id: fn(&mut T) -> &mut Option<PassengerId>,
    name: fn(&T) -> Option<&Personal<String>>,
) {
    // A masked name counts as missing.
    let unmasked_name = |who: &T| {
        name(who)
            .filter(|name| !name.expose().contains('*'))
            .cloned()
    };
    let listed: Vec<_> = travellers
        .iter_mut()
        .map(|who| (id(who).clone(), unmasked_name(who)))
        .collect();
    for (at, who) in travellers.iter_mut().enumerate() {
        let (ours, name) = &listed[at];
        let shared = listed
            .iter()
            .enumerate()
            .any(|(other, (theirs, other_name))| {
                other != at && ours == theirs && (name.is_none() || name != other_name)
            });
        if shared {
            *id(who) = None;
        }
    }
}

/// A passenger as reported in refunds and changes.
pub(super) struct Traveller {
    /// `None` if the document is not reported.
    pub(super) passenger_id: Option<PassengerId>,
    pub(super) name: Option<Personal<String>>,
    pub(super) kind: Option<OrderPassengerType>,
}

/// A passenger of a refund or change.
pub(super) fn traveller(p: wire::TravellerAnswer, context: &Context<'_>) -> Traveller {
    let number = p.credential_no.lossy();
    // Without its type, the document would give a different id than in the order.
    let kind = p.credential_type.lossy();
    Traveller {
        passenger_id: kind.and_then(|kind| passenger_id(Some(kind), number.as_ref(), context)),
        name: p.name.lossy(),
        kind: passenger_type(p.kind),
    }
}

/// The passengers for a refund or change request, named as in the order.
pub(super) fn travellers(
    passengers: &[&OrderPassenger],
) -> Result<Vec<wire::TravellerRequest>, Unnamed> {
    passengers
        .iter()
        .map(|p| {
            let document = p.document.as_ref().ok_or(Unnamed)?;
            Ok(wire::TravellerRequest {
                name: p.name.clone().ok_or(Unnamed)?,
                kind: p.kind.and_then(OrderPassengerType::wire),
                credential_type: document.kind.and_then(OrderDocumentType::wire),
                credential_no: document.number.clone(),
            })
        })
        .collect()
}

/// The readable texts of a list.
pub(super) fn texts(items: List<TextItem>) -> Vec<String> {
    items
        .into_iter()
        .filter_map(|item| item.0.lossy())
        .collect()
}

/// The tickets with these numbers. Each names the order's segment if the order has only one.
pub(super) fn tickets(numbers: List<TextItem>, only_segment: Option<&str>) -> Vec<Ticket> {
    let ticket = |ticket_no| Ticket {
        ticket_no,
        segment_ids: only_segment.map(|id| vec![id.to_owned()]),
    };
    texts(numbers).into_iter().map(ticket).collect()
}

/// The status and Fliggy's phrase for it, truncated to a maximum length.
pub(super) fn status(field: Field<String>, statuses: &StatusMap) -> (OrderStatus, String) {
    match field.lossy() {
        Some(text) => (
            statuses.status(&text),
            capped(&text, LONGEST_WORD).to_owned(),
        ),
        None => (OrderStatus::Other, String::new()),
    }
}

/// Checks an identifier in a response about a known object: it may be missing, but must not differ.
pub(super) fn agrees<T: PartialEq<A>, A: ?Sized>(
    reported: Field<T>,
    expected: &A,
    name: &'static str,
) -> Result<(), Unreadable> {
    match optional(reported, name)? {
        Some(reported) if reported != *expected => Err(Unreadable { field: name }),
        Some(_) | None => Ok(()),
    }
}

/// The status of a change; `if_absent` if none is reported. An unlisted code is `Other`; a garbled code makes the
/// response unreadable.
pub(super) fn change_status(
    field: Field<i64>,
    if_absent: ChangeStatus,
) -> Result<ChangeStatus, Unreadable> {
    Ok(optional(field, "status")?.map_or(if_absent, ChangeStatus::from_wire))
}
