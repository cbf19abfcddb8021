//! Booking: creates and holds an order (`alitrip.flight.service.airbook`).

use serde_json::{Map, Value};

use crate::domain::booking::{self, Booking};
use crate::domain::ids::{AccountName, HashKey};
use crate::domain::offer::OfferRules;
use crate::domain::operation::{Failure, Intent, Receipt};
use crate::domain::order::OrderStatus;
use crate::domain::personal::Personal;
use crate::operations::classify::Reference;
use crate::operations::masking::Names;
use crate::operations::upstream::Upstream;
use crate::operations::writes::perform::{Read, Ready, Write};
use crate::top::method::Method;
use crate::top::wire::AirBook;
use crate::translate;

/// The characters of a rule that are kept.
const LONGEST_RULE: usize = 2_000;

/// A booking that has passed its checks.
#[derive(Debug)]
pub struct Book {
    /// What is booked.
    pub booking: Booking,
    /// Fields for the wire that the gateway does not know.
    pub extra: Option<Map<String, Value>>,
}

impl Write for Book {
    type Method = AirBook;

    fn intent(&self, key: &HashKey, account: &AccountName) -> Intent {
        let booking = &self.booking;
        Intent::Book {
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
        let channel = &upstream.account(account)?.channel;
        Ok(Ready {
            names: Names::everybody(personal(&self.booking)),
            ..Ready::of(translate::book::request(&self.booking, channel))
        })
    }

    fn extra(&self) -> Option<&Map<String, Value>> {
        self.extra.as_ref()
    }

    fn read(&self, answer: <AirBook as Method>::Answer, upstream: &Upstream) -> Read {
        let asked = &self.booking.out_order_no;
        Read {
            reference: Reference::of(&answer.out_order_no, |told| told == asked.as_str()),
            // An order that failed at once is not one that is held: it is looked at.
            receipt: translate::book::answer(answer, asked, &upstream.statuses)
                .ok()
                .filter(|receipt| receipt.status != OrderStatus::Failed)
                .map(Receipt::Order),
        }
    }
}

/// The rules of the booked offer, as they may be kept. They come with the request, so that anything could be
/// in them.
fn rules(booking: &Booking) -> OfferRules {
    let names = Names::everybody(personal(booking));
    let kept = |text: &Option<String>| {
        let text = text.as_ref()?;
        let start: String = text.chars().take(LONGEST_RULE).collect();
        Some(names.clean(&start))
    };
    let offer = &booking.offer;
    OfferRules {
        refund_rule: kept(&offer.refund_rule),
        change_rule: kept(&offer.change_rule),
        baggage_rule: kept(&offer.baggage_rule),
    }
}

/// Everything in a booking that belongs to a person.
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
    }
    if let Some(buyer) = &booking.member_buyer {
        values.push(buyer.name.clone());
        values.push(buyer.document.number.clone());
        values.push(buyer.mobile.clone());
    }
    values
}
