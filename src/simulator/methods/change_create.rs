//! alitrip.flight.change.order.create

use serde_json::{Value, json};

use super::change_query::fee_details;
use super::{Context, Done, JUMP, Refusal, list, object};
use crate::simulator::change::{Change, Fees, Move, NewChange, Traveller};
use crate::simulator::faults::Fault;
use crate::simulator::itinerary::{Itinerary, shown_passenger, tickets};
use crate::simulator::ledger::Changed;
use crate::simulator::offer::{Offer, OfferKind};
use crate::simulator::order::{Cents, Order, Status, wire_time};
use crate::simulator::timetable::{self, Flight};

/// The reason type with fees.
const VOLUNTARY: u64 = 0;

/// The refusal for a ticket that cannot be changed.
pub(super) const NOT_ALLOWED: (&str, &str) = ("isv.CHANGE_NOT_ALLOWED", "该客票不可改签");

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let input = context.input;
    let order = context.order()?;
    match order.progress.status {
        Status::Ticketed => {}
        Status::Booked | Status::Paid | Status::Closed | Status::Failed => {
            let text = "当前订单状态不可改签";
            return Err(Refusal::business("isv.ORDER_STATUS_NOT_ALLOWED", text));
        }
    }
    let earlier = context.ledger.changes.ticketed(order.order_id);
    let itinerary = Itinerary::of(&order, &earlier);
    let passengers = itinerary
        .find_passengers(list(input, "passenger_list"))
        .ok_or_else(Refusal::other_passengers)?;
    let now = timetable::local(context.ledger.now());
    let mut moves: Vec<Move> = Vec::new();
    for asked in list(input, "changed_flight_segment_list") {
        let id = asked["flight_segment_id"].as_str().unwrap_or_default();
        let place = itinerary
            .find_segment(id)
            .filter(|place| moves.iter().all(|earlier| earlier.place != *place))
            .ok_or_else(Refusal::other_segments)?;
        let target = target(asked, &order.flights[place]).filter(|(f, _)| f.departure > now);
        let (flight, kind) = target.ok_or_else(no_such_flight)?;
        moves.push(Move {
            place,
            original: itinerary.segments()[place].clone(),
            flight,
            kind,
        });
    }
    check_others(context, &order, &passengers, &moves)?;
    let free = input["change_reason_type"].as_u64() != Some(VOLUNTARY);
    let mut travellers = passengers
        .iter()
        .map(|&index| traveller(&order, &itinerary, &earlier, &moves, index, free))
        .collect::<Option<Vec<_>>>()
        .ok_or_else(no_such_flight)?;
    let fees_later = context.fault == Some(Fault::FeesLater);
    if !fees_later {
        check_fees(input, &travellers)?;
    }
    if let (Some(Fault::PriceJump), Some(first)) = (context.fault, travellers.first_mut()) {
        first.fees.service = first.fees.service + JUMP;
    }
    let change = context.ledger.create_change(NewChange {
        account: context.account.to_owned(),
        order_id: order.order_id,
        out_change_no: input["out_change_no"]
            .as_str()
            .unwrap_or_default()
            .to_owned(),
        reason_type: input["change_reason_type"].as_u64().unwrap_or_default(),
        travellers,
        moves,
        fees_later,
    });
    Ok(Done {
        answer: object(json!({
            "change_order_no": change.change_order_no,
            "order_id": change.order_id,
            "out_change_no": change.out_change_no,
            "status": change.progress.number(),
            "total_amount": change.fees_known().then(|| change.total().json()),
            "change_fee_details": fee_details(&change),
            "last_pay_time": change.progress.pay_before.map(wire_time),
        })),
        changed: Some(Changed::Change(change.change_order_no)),
    })
}

fn no_such_flight() -> Refusal {
    Refusal::business("isv.FLIGHT_NOT_MATCH", "目标航班不存在或舱位不可售")
}

/// The requested flight of the timetable, between the cities of the flight it replaces.
fn target(asked: &Value, replaced: &Flight) -> Option<(Flight, OfferKind)> {
    let text = |name: &str| asked[name].as_str();
    let (from, to) = (&replaced.from_city, &replaced.to_city);
    if text("dep_city_code") != Some(from) || text("arr_city_code") != Some(to) {
        return None;
    }
    let departure = text("dep_time")?;
    let date = departure.get(..10)?.parse().ok()?;
    let agrees = |name: &str, found: &str| text(name).is_none_or(|asked| asked == found);
    let flight = timetable::day(from, to, date, timetable::MOST)
        .into_iter()
        .find(|flight| {
            text("marketing_flight_no") == Some(&flight.number)
                && departure == timetable::wire(flight.departure)
                && agrees("dep_airport", &flight.from_airport)
                && agrees("arr_airport", &flight.to_airport)
                && agrees("arr_time", &timetable::wire(flight.arrival()))
        })?;
    let kind = OfferKind::of_cabin(text("cabin")?)?;
    Some((flight, kind))
}

/// Checks that no refund, no other change and no earlier use of the caller's number conflicts.
fn check_others(
    context: &mut Context<'_>,
    order: &Order,
    passengers: &[usize],
    moves: &[Move],
) -> Result<(), Refusal> {
    let exists = |text: &str| Refusal::business("isv.CHANGE_ALREADY_EXIST", text);
    let out_change_no = context.input["out_change_no"].as_str().unwrap_or_default();
    let changes = &context.ledger.changes;
    if changes.has_reference(context.account, out_change_no) {
        return Err(exists("外部改签单号重复"));
    }
    let places: Vec<usize> = moves.iter().map(|one| one.place).collect();
    for index in passengers {
        if context
            .ledger
            .refunds
            .holds(order.order_id, *index, &places)
        {
            return Err(Refusal::business(NOT_ALLOWED.0, NOT_ALLOWED.1));
        }
        if context
            .ledger
            .changes
            .is_open(order.order_id, *index, &places)
        {
            return Err(exists("该乘机人已有未完成的改签单"));
        }
    }
    Ok(())
}

/// A passenger with the fees of the change. None: a flight is not sold to passengers of this type.
fn traveller(
    order: &Order,
    itinerary: &Itinerary,
    earlier: &[Change],
    moves: &[Move],
    index: usize,
    free: bool,
) -> Option<Traveller> {
    let passenger = itinerary.passenger(index);
    let (ticket, _) = itinerary.paid(index, 1);
    let mut fees = Fees::default();
    let mut fares = Vec::new();
    for one in moves {
        let offer = Offer::new(one.kind, vec![one.flight.clone()]);
        let fare = offer.fare(passenger["type"].as_u64())?.fare;
        let worth = worth(earlier, index, one.place).unwrap_or(ticket);
        if !free {
            fees.service = fees.service + ticket.share(5, 100);
            fees.upgrade = fees.upgrade + Cents((fare.0 - worth.0).max(0));
        }
        fares.push(fare.max(worth));
    }
    Some(Traveller {
        index,
        passenger: shown_passenger(passenger),
        fees,
        fares,
        original_tickets: tickets(order, earlier, index),
    })
}

/// The value of a segment's ticket after its newest change.
fn worth(earlier: &[Change], index: usize, place: usize) -> Option<Cents> {
    earlier.iter().find_map(|change| {
        let at = change.moves.iter().position(|one| one.place == place)?;
        let traveller = change.travellers.iter().find(|t| t.index == index)?;
        traveller.fares.get(at).copied()
    })
}

/// Checks that the fees in the request equal the actual fees.
fn check_fees(input: &Value, travellers: &[Traveller]) -> Result<(), Refusal> {
    let sum = |part: fn(&Fees) -> Cents| travellers.iter().map(|t| part(&t.fees)).sum();
    let costs: [(&str, Cents); 4] = [
        ("service_fee", sum(|fees| fees.service)),
        ("upgrade_fee", sum(|fees| fees.upgrade)),
        ("tax_fee", sum(|fees| fees.tax)),
        ("total_amount", sum(|fees| fees.total())),
    ];
    let agrees = |(name, cost): &(&str, Cents)| {
        input[*name].is_null() || Cents::of(&input[*name]) == Some(*cost)
    };
    if costs.iter().all(agrees) {
        Ok(())
    } else {
        Err(Refusal::change_fee_changed())
    }
}
