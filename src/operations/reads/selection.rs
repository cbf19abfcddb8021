//! Who and what of an order a refund or change is about.

use super::orders::OrderKey;
use crate::domain::ids::{AccountName, OrderId, PassengerId};
use crate::domain::operation::{Baseline, Cause, Failure};
use crate::domain::order::{Order, OrderPassenger, OrderStatus};
use crate::domain::payment::{DOUBTFUL, Payment};
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

/// What has no tickets cannot be refunded or changed. Whether tickets can be is Fliggy's to say, and
/// a status that is not listed never stands in the way.
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

/// The travellers of the order with these ids.
pub(in crate::operations) fn travellers<'a>(
    order: &'a Order,
    wanted: &[PassengerId],
) -> Result<Vec<&'a OrderPassenger>, Failure> {
    wanted
        .iter()
        .enumerate()
        .map(|(index, id)| {
            let is_it = |p: &&OrderPassenger| p.passenger_id.as_ref() == Some(id);
            order.passengers.iter().find(is_it).ok_or_else(|| {
                let nameless = order.passengers.iter().any(|p| p.passenger_id.is_none());
                let or = if nameless {
                    ", or one whom Fliggy does not tell from the others: it hides a document, or masks \
                     several alike"
                } else {
                    ""
                };
                Failure::of(Cause::PassengerNotInOrder).with_detail(format!(
                    "/passengers/{index} names no passenger of the order{or}"
                ))
            })
        })
        .collect()
}

/// Whether the order has these segments. An itinerary that Fliggy does not tell refuses none.
pub(in crate::operations) fn check_segments<'a>(
    order: &Order,
    wanted: impl Iterator<Item = &'a str>,
) -> Result<(), Failure> {
    let segments = || order.journeys.iter().flat_map(|j| &j.segments);
    if segments().next().is_none() {
        return Ok(());
    }
    for (index, id) in wanted.enumerate() {
        if !segments().any(|s| s.segment_id == id) {
            return Err(Failure::of(Cause::SegmentNotInOrder)
                .with_detail(format!("segment {index} is none of the order's")));
        }
    }
    Ok(())
}

/// Ids of the chosen segments, or of all where none is chosen. None where Fliggy does not tell the
/// itinerary.
pub(in crate::operations) fn segment_ids(order: &Order, chosen: &[String]) -> Option<Vec<String>> {
    if !chosen.is_empty() {
        return Some(chosen.to_vec());
    }
    let segments = order.journeys.iter().flat_map(|j| &j.segments);
    let ids: Vec<_> = segments.map(|s| s.segment_id.clone()).collect();
    (!ids.is_empty()).then_some(ids)
}

/// How the order stands before a refund or change of it is sent, by the numbers that Fliggy and the
/// caller gave to those that it has. Rows that cannot be read would leave open which one is new, and the
/// caller's number must name none of them. `noun` is what they are, and what the caller numbers.
pub(in crate::operations) fn baseline_of<'a>(
    order: &Order,
    rows: impl Iterator<Item = (u64, Option<&'a str>)>,
    dropped: usize,
    ours: &str,
    (noun, numbered): (&str, &str),
) -> Result<Baseline, Failure> {
    if dropped > 0 {
        return Err(Failure::of(Cause::UpstreamUnreadable).with_detail(format!(
            "the {noun}s that the order has already cannot all be read, so a new one could not be told \
             from them"
        )));
    }
    let mut numbers = Vec::new();
    for (number, told) in rows {
        if told == Some(ours) {
            return Err(Failure::of(Cause::NumberTaken)
                .with_detail(format!(
                    "the order has a {noun} with this out_{noun}_no: {number}"
                ))
                .with_hint(Some(format!("Take a new number for every {numbered}."))));
        }
        numbers.push(number);
    }
    Ok(Baseline {
        numbers,
        travellers: everybody(order),
    })
}

/// Everybody who travels on the order, as far as Fliggy tells.
fn everybody(order: &Order) -> Vec<PassengerId> {
    let ids = order
        .passengers
        .iter()
        .filter_map(|p| p.passenger_id.clone());
    ids.collect()
}

/// Those who travel on the order. Fliggy knows of others, such as its contact.
pub(in crate::operations) fn names_on(order: &Order) -> Names {
    let mut known = Vec::new();
    for traveller in &order.passengers {
        known.extend(traveller.name.clone());
        known.extend(traveller.document.as_ref().map(|d| d.number.clone()));
        known.extend(traveller.mobile.clone());
    }
    Names::some(known)
}

/// A traveller who cannot be named to Fliggy.
pub(in crate::operations) fn unnamed(_: Unnamed) -> Failure {
    Failure::of(Cause::ReadFailed)
        .with_detail("upstream does not tell name and document of a passenger")
}
