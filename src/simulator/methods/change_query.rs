//! alitrip.flight.change.order.query

use serde_json::{Value, json};

use super::{Context, Done, Refusal, object};
use crate::simulator::change::{Change, Move, Traveller};
use crate::simulator::gate::PlatformError;
use crate::simulator::order::wire_time;
use crate::simulator::timetable;

pub(super) fn not_found() -> Refusal {
    Refusal::business("isv.CHANGE_NOT_EXIST", "改签单不存在")
}

pub(super) fn run(context: &mut Context<'_>) -> Result<Done, Refusal> {
    let number = context.input["change_order_no"].as_u64();
    let by_order = !context.input["order_id"].is_null();
    let Some(number) = number else {
        if !by_order {
            return Err(PlatformError::missing("order_id").into());
        }
        let id = context.order()?.order_id;
        return Ok(done(&context.ledger.changes.look_up_of_order(id)));
    };
    let found = if by_order {
        let id = context.order()?.order_id;
        find(context, number).filter(|change| change.order_id == id)
    } else {
        find(context, number)
    };
    let found = found.map(|change| change.change_order_no);
    let seen = found.and_then(|number| context.ledger.changes.look_up(number));
    Ok(done(seen.as_slice()))
}

/// A change of this account.
pub(super) fn find(context: &mut Context<'_>, number: u64) -> Option<Change> {
    let change = context.ledger.changes.by_number(number)?;
    (change.account == context.account).then(|| change.clone())
}

/// The change that a payment or a cancellation names.
pub(super) fn named(context: &mut Context<'_>) -> Result<Change, Refusal> {
    let number = context.input["change_order_no"].as_u64();
    let order_id = context.input["order_id"].as_u64();
    number
        .and_then(|number| find(context, number))
        .filter(|change| order_id.is_none_or(|id| id == change.order_id))
        .ok_or_else(not_found)
}

/// The response with these changes.
pub(super) fn done(changes: &[Change]) -> Done {
    let rows: Vec<Value> = changes.iter().map(row).collect();
    Done {
        answer: object(json!({"change_order_list": rows})),
        changed: None,
    }
}

fn row(change: &Change) -> Value {
    let progress = &change.progress;
    let payment = progress.payment.as_ref();
    let travellers = change.travellers.iter();
    let passengers: Vec<Value> = travellers.map(|t| passenger(change, t)).collect();
    let originals: Vec<&Value> = change.moves.iter().map(|m| &m.original).collect();
    let targets: Vec<Value> = change.moves.iter().map(target).collect();
    Value::Object(object(json!({
        "change_order_no": change.change_order_no,
        "order_id": change.order_id,
        "out_change_no": change.out_change_no,
        "status": progress.number(),
        "change_reason_type": change.reason_type,
        "total_amount": change.fees_known().then(|| change.total().json()),
        "change_fee_details": fee_details(change),
        "passenger_list": passengers,
        "original_flight_segment_list": originals,
        "changed_flight_segment_list": targets,
        "create_time": wire_time(change.created_at),
        "last_pay_time": progress.pay_before.map(wire_time),
        "pay_time": payment.map(|payment| wire_time(payment.at)),
        "trade_no": payment.map(|payment| &payment.trade_no),
        "close_reason": progress.close_reason,
    })))
}

/// `change_fee_details`, once the fees are known.
pub(super) fn fee_details(change: &Change) -> Option<Vec<Value>> {
    let detail = |traveller: &Traveller| {
        let fees = traveller.fees;
        json!({
            "passenger": traveller.passenger,
            "change_fee": {
                "service_fee": fees.service.json(),
                "upgrade_fee": fees.upgrade.json(),
                "tax_fee": fees.tax.json(),
            },
        })
    };
    let travellers = change.travellers.iter();
    change
        .fees_known()
        .then(|| travellers.map(detail).collect())
}

fn passenger(change: &Change, traveller: &Traveller) -> Value {
    let mut passenger = traveller.passenger.clone();
    passenger["original_ticket_nos"] = json!(traveller.original_tickets);
    if let Some(tickets) = change.tickets(traveller.index) {
        passenger["ticket_nos"] = json!(tickets);
    }
    passenger
}

fn target(one: &Move) -> Value {
    let flight = &one.flight;
    let (cabin, class, _) = one.kind.cabin();
    json!({
        "flight_segment_id": one.original["id"],
        "marketing_flight_no": flight.number,
        "operating_flight_no": flight.number,
        "dep_city_code": flight.from_city,
        "arr_city_code": flight.to_city,
        "dep_airport": flight.from_airport,
        "arr_airport": flight.to_airport,
        "dep_time": timetable::wire(flight.departure),
        "arr_time": timetable::wire(flight.arrival()),
        "cabin": cabin,
        "cabin_class": class,
    })
}
