//! `alitrip.flight.change.order.query`.

use super::parts::{self, Traveller};
use super::{Context, Unreadable, optional, required};
use crate::domain::change::{
    Change, ChangeFee, ChangeList, ChangePassenger, ChangeStatus, ChangedSegment,
};
use crate::domain::ids::{ChangeOrderNo, OrderId};
use crate::domain::payment_time::PaymentTime;
use crate::top::lenient::List;
use crate::top::wire;

/// The request for all changes of an order, or for one change.
#[must_use]
pub fn request(
    order_id: Option<OrderId>,
    change_order_no: Option<ChangeOrderNo>,
) -> wire::QueryChangeOrderRequest {
    wire::QueryChangeOrderRequest {
        order_id: order_id.map(OrderId::get),
        change_order_no: change_order_no.map(ChangeOrderNo::get),
    }
}

/// The changes. Unreadable rows are counted.
///
/// # Errors
/// None today: a response without readable rows gives an empty list.
pub fn answer(
    answer: wire::ChangeQueryResponse,
    context: &Context<'_>,
) -> Result<ChangeList, Unreadable> {
    let rows = answer.change_order_list.unwrap_or_default().0;
    let mut list = ChangeList {
        changes: Vec::with_capacity(rows.len()),
        dropped: 0,
    };
    for row in rows {
        match change(row, context) {
            Ok(change) => list.changes.push(change),
            Err(Unreadable { .. }) => list.dropped += 1,
        }
    }
    Ok(list)
}

fn change(row: wire::ChangeOrder, context: &Context<'_>) -> Result<Change, Unreadable> {
    let status_code = required(row.status, "status")?;
    // The original flights are known from the order; a partial list would mislead.
    let original_segments = row
        .original_flight_segment_list
        .into_iter()
        .map(parts::segment)
        .collect::<Result<_, _>>()
        .unwrap_or_default();
    let created_at = row.create_time.lossy();
    let paid_at = PaymentTime::assess(row.pay_time.lossy(), created_at, context.now);
    let segments: Vec<_> = row
        .changed_flight_segment_list
        .into_iter()
        .map(changed_segment)
        .collect();
    let mut passengers = passengers(row.passenger_list, row.change_fee_details, context)?;
    // A change moves all of its passengers on all of its segments, so a partial list would mislead.
    let replaced: Option<Vec<_>> = segments.iter().map(|s| s.replaces.clone()).collect();
    let replaced = replaced.filter(|ids| !ids.is_empty());
    for passenger in &mut passengers {
        passenger.segment_ids.clone_from(&replaced);
    }
    Ok(Change {
        change_order_no: required(row.change_order_no, "change_order_no")?,
        order_id: optional(row.order_id, "order_id")?,
        out_change_no: optional(row.out_change_no, "out_change_no")?,
        status: ChangeStatus::from_wire(status_code),
        status_code,
        kind: row
            .change_reason_type
            .lossy()
            .and_then(|code| context.vocabulary.change_kinds.kind(code)),
        total_price: optional(row.total_amount, "total_amount")?,
        created_at,
        pay_before: optional(row.last_pay_time, "last_pay_time")?,
        paid_at: paid_at.known(),
        payment_unclear: paid_at == PaymentTime::Unclear,
        trade_no: row.trade_no.lossy(),
        close_reason: row.close_reason.lossy(),
        passengers,
        original_segments,
        segments,
    })
}

/// The passengers with their tickets and fees, which Fliggy reports in two lists. If only the fee list names
/// passengers, the result contains those.
fn passengers(
    tickets: List<wire::ChangedPassenger>,
    fees: List<wire::ChangeFeeDetail>,
    context: &Context<'_>,
) -> Result<Vec<ChangePassenger>, Unreadable> {
    let mut fees = fees
        .into_iter()
        .map(|detail| {
            let who = optional(detail.passenger.0, "passenger")?.unwrap_or_default();
            let fee = optional(detail.change_fee.0, "change_fee")?.unwrap_or_default();
            Ok((parts::traveller(who, context), change_fee(fee)?))
        })
        .collect::<Result<Vec<_>, Unreadable>>()?;
    parts::drop_shared_ids(
        &mut fees,
        |(who, _)| &mut who.passenger_id,
        |(who, _)| who.name.as_ref(),
    );
    let mut passengers: Vec<_> = tickets.into_iter().map(|p| ticketed(p, context)).collect();
    parts::drop_shared_ids(
        &mut passengers,
        |p| &mut p.passenger_id,
        |p| p.name.as_ref(),
    );
    if passengers.is_empty() {
        let from_fees = |(who, fee)| ChangePassenger { fee, ..named(who) };
        return Ok(fees.into_iter().map(from_fees).collect());
    }
    let joined: Vec<_> = (0..passengers.len())
        .map(|at| fee_of(&passengers, at, &fees))
        .collect();
    for (passenger, fee) in passengers.iter_mut().zip(joined) {
        passenger.fee = fee;
    }
    Ok(passengers)
}

/// The fee of the passenger at an index of the list: the fee with the same id. Without ids, it is the fee at the same
/// index, if both lists have the same length and that fee does not belong to another passenger.
fn fee_of(
    passengers: &[ChangePassenger],
    at: usize,
    fees: &[(Traveller, Option<ChangeFee>)],
) -> Option<ChangeFee> {
    let id = passengers.get(at)?.passenger_id.as_ref();
    let of_id = |(who, _): &&(Traveller, _)| id.is_some() && who.passenger_id.as_ref() == id;
    if let Some((_, fee)) = fees.iter().find(of_id) {
        return *fee;
    }
    let (who, fee) = fees.get(at).filter(|_| passengers.len() == fees.len())?;
    let free = match &who.passenger_id {
        None => true,
        Some(theirs) => {
            let is_theirs = |p: &ChangePassenger| p.passenger_id.as_ref() == Some(theirs);
            id.is_none() && !passengers.iter().any(is_theirs)
        }
    };
    free.then_some(*fee).flatten()
}

fn ticketed(p: wire::ChangedPassenger, context: &Context<'_>) -> ChangePassenger {
    let who = wire::TravellerAnswer {
        name: p.name,
        kind: p.kind,
        credential_type: p.credential_type,
        credential_no: p.credential_no,
    };
    ChangePassenger {
        // The order's segments are not reported here: a ticket may cover more than the change
        // moves.
        tickets: parts::tickets(p.ticket_nos, None),
        original_tickets: parts::tickets(p.original_ticket_nos, None),
        ..named(parts::traveller(who, context))
    }
}

fn named(who: Traveller) -> ChangePassenger {
    ChangePassenger {
        passenger_id: who.passenger_id,
        name: who.name,
        kind: who.kind,
        ..ChangePassenger::default()
    }
}

fn change_fee(fee: wire::ChangeFee) -> Result<Option<ChangeFee>, Unreadable> {
    let fee = ChangeFee {
        service_fee: optional(fee.service_fee, "service_fee")?,
        upgrade_fee: optional(fee.upgrade_fee, "upgrade_fee")?,
        tax_fee: optional(fee.tax_fee, "tax_fee")?,
    };
    let any_fee = fee.service_fee.or(fee.upgrade_fee).or(fee.tax_fee);
    Ok(any_fee.map(|_| fee))
}

fn changed_segment(s: wire::ChangedFlightSegment) -> ChangedSegment {
    ChangedSegment {
        replaces: s.flight_segment_id.lossy(),
        marketing_flight_no: s.marketing_flight_no.lossy(),
        operating_flight_no: s.operating_flight_no.lossy(),
        departure_city: s.dep_city_code.lossy(),
        arrival_city: s.arr_city_code.lossy(),
        departure_airport: s.dep_airport.lossy(),
        arrival_airport: s.arr_airport.lossy(),
        departure_time: s.dep_time.lossy(),
        arrival_time: s.arr_time.lossy(),
        cabin: s.cabin.lossy(),
        cabin_class: s.cabin_class.lossy(),
    }
}

#[cfg(test)]
mod tests;
