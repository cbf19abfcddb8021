//! The request that render and create share: passengers, segments and fees.

use serde_json::Value;

use super::{Context, Refusal, list};
use crate::simulator::itinerary::{Itinerary, shown_passenger};
use crate::simulator::order::{Cents, Order, RefundTerms, Status};
use crate::simulator::refund::{REVIEWED, Share};

/// Voluntary. A guess: the seed names only types 2 and 100.
const VOLUNTARY: u64 = 1;
/// Involuntary, by an airline's epidemic policy (seed).
const EPIDEMIC: u64 = 100;

/// A valid request for a refund.
pub(super) struct RefundRequest {
    pub(super) order: Order,
    pub(super) apply_type: u64,
    /// Places of the segments, and their current ids.
    pub(super) places: Vec<usize>,
    pub(super) segment_ids: Vec<String>,
    pub(super) shares: Vec<Share>,
    /// Places of the passengers that already have such a refund.
    pub(super) held: Vec<usize>,
}

impl RefundRequest {
    pub(super) fn fee(&self) -> Cents {
        self.shares.iter().map(|share| share.fee).sum()
    }

    pub(super) fn back(&self) -> Cents {
        self.shares.iter().map(Share::back).sum()
    }
}

/// Checks a request; `extra` is added to the fee.
pub(super) fn read(context: &mut Context<'_>, extra: Cents) -> Result<RefundRequest, Refusal> {
    let input = context.input;
    let order = context.order()?;
    match order.progress.status {
        Status::Ticketed => {}
        Status::Booked | Status::Paid | Status::Closed | Status::Failed => {
            let text = "当前订单状态不可退票";
            return Err(Refusal::business("isv.ORDER_STATUS_NOT_ALLOWED", text));
        }
    }
    let apply_type = input["refund_apply_type"].as_u64().unwrap_or_default();
    if ![VOLUNTARY, REVIEWED, EPIDEMIC].contains(&apply_type) {
        return Err(Refusal::business("isv.PARAMETER_ERROR", "退票类型不支持"));
    }
    let itinerary = context.ledger.itinerary(&order);
    let passengers = itinerary
        .find_passengers(list(input, "passenger_list"))
        .ok_or_else(Refusal::other_passengers)?;
    let places = places(&itinerary, list(input, "flight_segment_id_list"))
        .ok_or_else(Refusal::other_segments)?;
    let segments = itinerary.segments();
    let text = |place: &usize, name: &str| segments[*place][name].as_str().unwrap_or_default();
    let has_policy = |place: &usize| {
        let airline = text(place, "marketing_flight_no").get(..2);
        airline.is_some_and(|airline| context.config.epidemic_airlines.contains(airline))
    };
    if apply_type == EPIDEMIC && !places.iter().all(has_policy) {
        let seed = "退票规则有更新,返回订单详情页后,请重新进行申请提交。";
        return Err(Refusal::text(seed));
    }
    let segment_ids = places.iter().map(|place| text(place, "id").to_owned());
    let segment_ids = segment_ids.collect();
    let mut shares: Vec<Share> = passengers
        .iter()
        .map(|&index| share(&itinerary, index, places.len(), apply_type))
        .collect();
    let RefundTerms { extra_fee, .. } = order.refund_terms;
    if let Some(first) = shares.first_mut() {
        first.fee = first.fee + extra_fee + extra;
    }
    let refunds = &mut context.ledger.refunds;
    let held = passengers
        .into_iter()
        .filter(|index| refunds.holds(order.order_id, *index, &places))
        .collect();
    Ok(RefundRequest {
        order,
        apply_type,
        places,
        segment_ids,
        shares,
        held,
    })
}

/// The places of these segments; all places if none is given.
fn places(itinerary: &Itinerary, ids: &[Value]) -> Option<Vec<usize>> {
    if ids.is_empty() {
        return Some((0..itinerary.places()).collect());
    }
    let mut places = Vec::new();
    for id in ids {
        let place = itinerary.find_segment(id.as_str()?)?;
        if places.contains(&place) {
            return None;
        }
        places.push(place);
    }
    places.sort_unstable();
    Some(places)
}

fn share(itinerary: &Itinerary, index: usize, places: usize, apply_type: u64) -> Share {
    let (ticket, tax) = itinerary.paid(index, places);
    Share {
        index,
        passenger: shown_passenger(itinerary.passenger(index)),
        paid: ticket + tax,
        // A rate whose result has cents, so that clients that only handle whole yuan are detected.
        fee: match apply_type {
            VOLUNTARY => ticket.share(123, 1_000),
            _ => Cents(0),
        },
    }
}
