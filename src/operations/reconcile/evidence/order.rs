//! What an order says: booked, paid, closed.

use super::Finding;
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::money::Money;
use crate::domain::operation::{Cause, Difference, DifferingField, Receipt};
use crate::domain::order::{Order, OrderReceipt, OrderStatus};
use crate::domain::payment::{DOUBTFUL, Payment};
use crate::domain::time::LocalTime;
use crate::domain::trip::Segment;

fn happened(order: &Order) -> Finding {
    Finding::Happened(Box::new(Receipt::Order(OrderReceipt::from(order))))
}

/// What was booked.
pub(super) struct Booked<'a> {
    pub(super) out_order_no: &'a OutOrderNo,
    pub(super) total: Money,
    /// Each flight with its departure.
    pub(super) segments: &'a [String],
    pub(super) passengers: usize,
    pub(super) not_before: Option<LocalTime>,
}

/// Whether it is the order that was booked. An order that bears our reference and was booked after the send
/// is; the finding lists the parts that differ from the request.
pub(super) fn booked(order: &Order, asked: &Booked<'_>) -> Finding {
    if !order.is_for(asked.out_order_no) {
        return Finding::Inconclusive("the order found has another reference");
    }
    if let (Some(booked_at), Some(earliest)) = (order.booked_at, asked.not_before)
        && booked_at < earliest
    {
        return Finding::Inconclusive("the order found was booked before this was sent");
    }
    if order.status == OrderStatus::Failed {
        return Finding::Inconclusive("the order found is marked as failed");
    }
    let Some(total) = order.total_price else {
        return Finding::Inconclusive("the order found has no total");
    };
    if order.passengers.is_empty() && asked.passengers > 0 {
        return Finding::Inconclusive("the order found has no passengers");
    }
    let flights: Vec<&Segment> = order.journeys.iter().flat_map(|j| &j.segments).collect();
    if flights.is_empty() && !asked.segments.is_empty() {
        return Finding::Inconclusive("the order found has no flights");
    }
    let mut differences = Vec::new();
    let mut compare = |field, expected: String, found: String| {
        if expected != found {
            differences.push(Difference {
                field,
                expected,
                found,
            });
        }
    };
    compare(
        DifferingField::TotalPrice,
        asked.total.to_string(),
        total.to_string(),
    );
    compare(
        DifferingField::PassengerCount,
        asked.passengers.to_string(),
        order.passengers.len().to_string(),
    );
    compare(
        DifferingField::FlightCount,
        asked.segments.len().to_string(),
        flights.len().to_string(),
    );
    if flights.len() == asked.segments.len() {
        for (asked, found) in asked.segments.iter().zip(flights) {
            compare_flight(asked, found, &mut compare);
        }
    }
    if differences.is_empty() {
        return happened(order);
    }
    if order.booked_at.is_none() {
        return Finding::Inconclusive(
            "the order found differs, and does not tell when it was booked",
        );
    }
    let receipt = Receipt::Order(OrderReceipt::from(order));
    Finding::Differs(Box::new(receipt), differences)
}

/// Compares a flight with one that was asked for, written `CZ8957@2030-05-20T08:45`.
fn compare_flight(
    asked: &str,
    found: &Segment,
    compare: &mut impl FnMut(DifferingField, String, String),
) {
    let Some((number, departure)) = asked.split_once('@') else {
        return;
    };
    let flown_as = found.operating_flight_no.as_deref() == Some(number);
    if !flown_as {
        let sold_as = found.marketing_flight_no.to_string();
        compare(DifferingField::FlightNo, number.to_owned(), sold_as);
    }
    let time = found.departure_time.to_string();
    let time = time.get(..departure.len()).unwrap_or(&time);
    let day = |time: &str| time.split('T').next().map(str::to_owned);
    let part = if day(departure) == day(time) {
        DifferingField::DepartureTime
    } else {
        DifferingField::DepartureDate
    };
    compare(part, departure.to_owned(), time.to_owned());
}

/// Whether the order is paid.
pub(super) fn paid(order: &Order, order_id: OrderId, total: Money) -> Finding {
    if order.order_id != order_id {
        return Finding::Inconclusive("the answer is about another order");
    }
    match order.payment() {
        Payment::Made => match order.paid_price.filter(|paid| *paid > Money::ZERO) {
            Some(paid) if paid != total => {
                let difference = Difference {
                    field: DifferingField::PaidPrice,
                    expected: total.to_string(),
                    found: paid.to_string(),
                };
                let receipt = Receipt::Order(OrderReceipt::from(order));
                Finding::Differs(Box::new(receipt), vec![difference])
            }
            Some(_) | None => happened(order),
        },
        Payment::NotMade => Finding::NotHappened("the order is not paid"),
        Payment::Impossible => {
            Finding::Refuted(Cause::OrderNotPayable, "the order is closed and not paid")
        }
        Payment::Unclear => Finding::Inconclusive("the order's status is not listed"),
        Payment::Doubtful => Finding::Inconclusive(DOUBTFUL),
    }
}

/// Whether the order is closed.
pub(super) fn closed(order: &Order, order_id: OrderId) -> Finding {
    if order.order_id != order_id {
        return Finding::Inconclusive("the answer is about another order");
    }
    match (order.payment(), order.status) {
        (Payment::Made, _) => Finding::Refuted(Cause::OrderNotClosable, "the order is paid"),
        (Payment::Doubtful, _) => Finding::Inconclusive(DOUBTFUL),
        (_, OrderStatus::Closed) => happened(order),
        (_, OrderStatus::Booked) => Finding::NotHappened("the order is open"),
        (
            _,
            OrderStatus::Creating
            | OrderStatus::Paid
            | OrderStatus::Ticketing
            | OrderStatus::Ticketed
            | OrderStatus::Failed
            | OrderStatus::Other,
        ) => Finding::Inconclusive("the order's status decides nothing"),
    }
}
