//! Booking: creates and holds an order (`alitrip.flight.service.airbook`).

use crate::domain::operation::{Difference, DifferingField, Failure, Kind, Receipt, intent};
use crate::domain::order::{Order, OrderReceipt, OrderStatus};
use crate::domain::time::{LocalDate, LocalTime};
use crate::domain::trip::Segment;
use crate::operations::reads::orders::OrderKey;
use crate::operations::reconcile::evidence::{
    CreatedNumbers, Effect, Finding, Known, Observed, Target,
};
use serde_json::{Map, Value};

use crate::domain::booking::{self, Booking};
use crate::domain::ids::{AccountName, HashKey};
use crate::domain::offer::OfferRules;
use crate::domain::personal::Personal;
use crate::operations::classify::Reference;
use crate::operations::masking::Names;
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::method::Method;
use crate::top::wire::AirBook;
use crate::translate::{self, Context};

/// A booking that has passed its checks.
#[derive(Debug)]
pub struct Book {
    /// The booking.
    pub booking: Booking,
    /// Fields for the wire object that the gateway does not interpret.
    pub extra: Option<Map<String, Value>>,
}

impl Write for Book {
    type Method = AirBook;
    type Intent = intent::Book;

    const KIND: Kind = Kind::Book;

    fn intent(&self, key: &HashKey, account: &AccountName) -> intent::Book {
        let booking = &self.booking;
        intent::Book {
            out_order_no: booking.out_order_no.clone(),
            total: booking.total_price,
            segments: booking::segments_fingerprint(&booking.offer.journeys),
            passengers: booking.passenger_ids(key, account).collect(),
            rules: Some(rules(booking)),
        }
    }

    fn duplicate(&self, key: &HashKey, account: &AccountName) -> Option<[u8; 32]> {
        Some(booking::duplicate_key(key, account, &self.booking))
    }

    async fn request(
        &self,
        upstream: &Upstream,
        account: &AccountName,
    ) -> Result<Ready<<AirBook as Method>::Request>, Failure> {
        let channel = upstream.channel(account)?;
        Ok(Ready {
            names: Names::everybody(personal(&self.booking)),
            ..Ready::of(translate::book::request(&self.booking, channel))
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(
        answer: <AirBook as Method>::Answer,
        requested: &intent::Book,
        context: &Context<'_>,
    ) -> Read {
        Read {
            reference: Reference::of(&answer.out_order_no, |number| {
                number == requested.out_order_no.as_str()
            }),
            // An order that failed at once holds no seats, so the operation is looked up.
            receipt: translate::book::answer(answer, requested, context)
                .ok()
                .filter(|receipt| receipt.status != OrderStatus::Failed)
                .map(Receipt::Order),
        }
    }
}

// === impl Effect ===

impl Effect for intent::Book {
    fn target(&self) -> Target {
        Target::Order(OrderKey::Reference(self.out_order_no.clone()))
    }

    fn judge(&self, known: &Known<'_>, observed: &Observed<'_>) -> Finding {
        match observed {
            Observed::Absent => Finding::NotHappened("upstream has no such order"),
            Observed::Order(order) if known.created_by_others.contains(&order.order_id.get()) => {
                Finding::Inconclusive("the order found was created by another operation")
            }
            Observed::Order(order)
                if known.made.is_some_and(|made| made != order.order_id.get()) =>
            {
                Finding::Inconclusive(
                    "the order found is not the one named in the response to the send",
                )
            }
            Observed::Order(order) => booked(order, self, known.not_before),
            Observed::Refunds(_)
            | Observed::Changes(_)
            | Observed::Change(_)
            | Observed::Nothing(_) => Finding::of_other(observed),
        }
    }

    fn unread(&self, made: CreatedNumbers) -> Result<Receipt, &'static str> {
        Ok(Receipt::Order(OrderReceipt {
            passenger_ids: self.passengers.clone(),
            ..OrderReceipt::unread(made.order_id.ok_or("order_id")?)
        }))
    }
}

/// Whether this is the order that was booked: it has our reference and was booked after the send. The finding
/// lists the fields that differ from the request.
fn booked(order: &Order, requested: &intent::Book, not_before: Option<LocalTime>) -> Finding {
    if !order.is_for(&requested.out_order_no) {
        return Finding::Inconclusive("the order found has another reference");
    }
    if let (Some(booked_at), Some(earliest)) = (order.booked_at, not_before)
        && booked_at < earliest
    {
        return Finding::Inconclusive("the order found was booked before the send");
    }
    if order.status == OrderStatus::Failed {
        return Finding::Inconclusive("the order found is marked as failed");
    }
    let Some(total) = order.total_price else {
        return Finding::Inconclusive("the order found has no total");
    };
    if order.passengers.is_empty() && !requested.passengers.is_empty() {
        return Finding::Inconclusive("the order found has no passengers");
    }
    let flights: Vec<&Segment> = order.journeys.iter().flat_map(|j| &j.segments).collect();
    if flights.is_empty() && !requested.segments.is_empty() {
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
        requested.total.to_string(),
        total.to_string(),
    );
    compare(
        DifferingField::PassengerCount,
        requested.passengers.len().to_string(),
        order.passengers.len().to_string(),
    );
    compare(
        DifferingField::FlightCount,
        requested.segments.len().to_string(),
        flights.len().to_string(),
    );
    if flights.len() == requested.segments.len() {
        for (requested, found) in requested.segments.iter().zip(flights) {
            compare_flight(requested, found, &mut compare);
        }
    }
    if differences.is_empty() {
        return Finding::happened(Receipt::Order(OrderReceipt::from(order)));
    }
    if order.booked_at.is_none() {
        return Finding::Inconclusive(
            "the order found differs from the request and has no booking time",
        );
    }
    let receipt = Receipt::Order(OrderReceipt::from(order));
    Finding::Differs(Box::new(receipt), differences)
}

/// Compares a flight with a requested one, written `CZ8957@2030-05-20T08:45`.
fn compare_flight(
    requested: &str,
    found: &Segment,
    compare: &mut impl FnMut(DifferingField, String, String),
) {
    let Some((number, departure)) = requested.split_once('@') else {
        return;
    };
    let operated_as_requested = found.operating_flight_no.as_deref() == Some(number);
    if !operated_as_requested {
        let marketing = found.marketing_flight_no.to_string();
        compare(DifferingField::FlightNo, number.to_owned(), marketing);
    }
    let time = found.departure_time.to_string();
    let time = time.get(..departure.len()).unwrap_or(&time);
    let day = |time: &str| time.split('T').next().map(str::to_owned);
    let field = if day(departure) == day(time) {
        DifferingField::DepartureTime
    } else {
        DifferingField::DepartureDate
    };
    compare(field, departure.to_owned(), time.to_owned());
}

/// The rules of the booked offer, masked. The rules come with the caller's request, so they can contain anything.
fn rules(booking: &Booking) -> OfferRules {
    let names = Names::everybody(personal(booking));
    let kept = |rule: &Option<String>| rule.as_deref().map(|rule| names.clean_rule(rule));
    let offer = &booking.offer;
    OfferRules {
        refund_rule: kept(&offer.refund_rule),
        change_rule: kept(&offer.change_rule),
        baggage_rule: kept(&offer.baggage_rule),
    }
}

/// All personal data of a booking.
fn personal(booking: &Booking) -> Vec<Personal<String>> {
    let contact = &booking.contact;
    let mut values = vec![contact.name.clone(), contact.mobile.clone()];
    values.extend(contact.phone.clone());
    values.extend(contact.email.clone());
    values.extend(contact.document.iter().map(|d| d.number.clone()));
    for passenger in &booking.passengers {
        values.push(passenger.name.clone());
        values.push(passenger.document.number.clone());
        values.extend(passenger.mobile.clone());
        values.extend(passenger.born_on().map(birth_date));
    }
    if let Some(buyer) = &booking.member_buyer {
        values.push(buyer.name.clone());
        values.push(buyer.document.number.clone());
        values.push(buyer.mobile.clone());
        values.push(birth_date(*buyer.birth_date.expose()));
    }
    values
}

/// A date of birth, which is masked in all usual forms.
fn birth_date(date: LocalDate) -> Personal<String> {
    Personal::new(date.to_string())
}
