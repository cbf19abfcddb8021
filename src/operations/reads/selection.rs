//! The passengers and segments that a refund or change selects from its order.

use super::orders::OrderKey;
use crate::domain::ids::{AccountName, OrderId, PassengerId};
use crate::domain::operation::{Baseline, Cause, Failure};
use crate::domain::order::{Order, OrderPassenger, OrderStatus};
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::domain::personal::Personal;
use crate::operations::masking::Names;
use crate::operations::upstream::{ReadError, Upstream};
use crate::top::client::ReadOptions;
use crate::translate::Unnamed;

// === impl Upstream ===

impl Upstream {
    /// The order whose tickets are to be refunded or changed.
    pub(in crate::operations) async fn read_ticketed(
        &self,
        account: &AccountName,
        order_id: OrderId,
        refused: Cause,
    ) -> Result<Order, Failure> {
        let key = OrderKey::Id(order_id);
        let found = self
            .read_order(account, &key, ReadOptions::CALLER)
            .await
            .map_err(ReadError::into_failure)?;
        has_tickets(&found.answer, refused)?;
        Ok(found.answer)
    }
}

/// Refuses an order that has no tickets: it can be neither refunded nor changed. Whether tickets can be refunded or
/// changed is Fliggy's decision. An order with an unlisted status is never refused.
fn has_tickets(order: &Order, refused: Cause) -> Result<(), Failure> {
    let detail = match (order.payment(), order.status) {
        (Payment::Made, _) => return Ok(()),
        (Payment::Doubtful, _) => DOUBTFUL,
        (_, OrderStatus::Booked) => "the order is not paid: close it instead",
        (_, OrderStatus::Creating) => "the order is still being booked",
        (_, OrderStatus::Closed) => "the order is closed",
        (
            _,
            OrderStatus::Paid
            | OrderStatus::Ticketing
            | OrderStatus::Ticketed
            | OrderStatus::Failed
            | OrderStatus::Other,
        ) => return Ok(()),
    };
    Err(Failure::of(refused).with_detail(detail))
}

/// The passengers of the order with these ids.
pub(in crate::operations) fn travellers<'a>(
    order: &'a Order,
    requested: &[PassengerId],
) -> Result<Vec<&'a OrderPassenger>, Failure> {
    requested
        .iter()
        .enumerate()
        .map(|(index, id)| {
            let is_requested = |p: &&OrderPassenger| p.passenger_id.as_ref() == Some(id);
            order.passengers.iter().find(is_requested).ok_or_else(|| {
                let nameless = order.passengers.iter().any(|p| p.passenger_id.is_none());
                let reservation = if nameless {
                    ", or a passenger that cannot be identified because Fliggy omits the document or masks \
                     several documents in the same way"
                } else {
                    ""
                };
                Failure::of(Cause::PassengerNotInOrder).with_detail(format!(
                    "/passengers/{index} names no passenger of the order{reservation}"
                ))
            })
        })
        .collect()
}

/// Checks that the order has these segments. If Fliggy reports no itinerary, no segment is refused.
pub(in crate::operations) fn check_segments<'a>(
    order: &Order,
    requested: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    let segments = || order.journeys.iter().flat_map(|j| &j.segments);
    if segments().next().is_none() {
        return Ok(());
    }
    for (index, id) in requested.enumerate() {
        if !segments().any(|s| s.segment_id == id) {
            return Err(Failure::of(Cause::SegmentNotInOrder)
                .with_detail(format!("segment {index} is not in the order")));
        }
    }
    Ok(())
}

/// Ids of the chosen segments, or of all if none is chosen. None if Fliggy does not report the itinerary.
pub(in crate::operations) fn segment_ids(order: &Order, chosen: &[String]) -> Option<Vec<String>> {
    if !chosen.is_empty() {
        return Some(chosen.to_vec());
    }
    let segments = order.journeys.iter().flat_map(|j| &j.segments);
    let ids: Vec<_> = segments.map(|s| s.segment_id.clone()).collect();
    (!ids.is_empty()).then_some(ids)
}

/// The refunds or changes of an order before a new one is sent, by number. Fails if a row cannot be read,
/// because that row could later be mistaken for the new refund or change, or if the caller's number is already used.
/// `noun` names one row, `numbered` the thing that the caller numbers.
pub(in crate::operations) fn baseline_of<'a>(
    order: &Order,
    rows: impl Iterator<Item = (u64, Option<&'a str>)>,
    dropped: usize,
    ours: &str,
    (noun, numbered): (&str, &str),
) -> Result<Baseline, Failure> {
    if dropped > 0 {
        return Err(Failure::of(Cause::UpstreamUnreadable).with_detail(format!(
            "some existing {noun}s of the order cannot be read, so a new {noun} could not be identified"
        )));
    }
    let mut numbers = Vec::new();
    for (number, callers_number) in rows {
        if callers_number == Some(ours) {
            return Err(Failure::of(Cause::NumberTaken)
                .with_detail(format!(
                    "the order already has a {noun} with this out_{noun}_no: {number}"
                ))
                .with_hint(Some(format!("Use a new number for every {numbered}."))));
        }
        numbers.push(number);
    }
    Ok(Baseline {
        numbers,
        travellers: all_passengers(order),
    })
}

/// All passengers of the order that Fliggy identifies.
fn all_passengers(order: &Order) -> Vec<PassengerId> {
    let ids = order
        .passengers
        .iter()
        .filter_map(|p| p.passenger_id.clone());
    ids.collect()
}

/// The names, documents and phone numbers of the passengers. Upstream's texts may name other persons, such as the
/// contact.
pub(in crate::operations) fn names_on(order: &Order) -> Names {
    let mut known = Vec::new();
    for traveller in &order.passengers {
        known.extend(traveller.name.clone());
        known.extend(traveller.document.as_ref().map(|d| d.number.clone()));
        known.extend(traveller.mobile.clone());
        let birth_date = traveller.birth_date.as_ref();
        known.extend(birth_date.map(|date| Personal::new(date.expose().to_string())));
    }
    Names::some(known)
}

/// The failure for a passenger that cannot be named in a request to Fliggy.
pub(in crate::operations) fn unnamed(_: Unnamed) -> Failure {
    Failure::of(Cause::ReadFailed)
        .with_detail("upstream does not report the name and document of a passenger")
}
