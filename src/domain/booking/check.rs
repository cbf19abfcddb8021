//! Validates a booking before it is sent.

use std::collections::HashSet;

use super::{Booking, Violation};
use crate::domain::offer::{self, MemberRole};
use crate::domain::passenger::{
    CallingCode, Document, DocumentType, MemberBuyer, Passenger, PassengerType, format, id_card,
};
use crate::domain::text::document_number;
use crate::domain::time::{LocalDate, LocalTime};
use crate::domain::violation::Violations;

/// Checks a booking and reports all violations at once. `now` is the time on the +08:00 clock.
///
/// # Errors
/// All violations. The messages contain no personal data.
pub fn check(booking: &Booking, now: LocalTime) -> Result<(), Vec<Violation>> {
    let mut violations = Violations::default();
    let v = &mut violations;
    check_offer(v, booking, now);
    check_passengers(v, booking, now);
    check_contact(v, booking, now);
    check_member_fare(v, booking, now);
    check_total(v, booking);
    violations.finish(())
}

fn check_offer(v: &mut Violations, booking: &Booking, now: LocalTime) {
    let offer = &booking.offer;
    if offer.bookable {
        v.extend(offer::check(offer, now, booking.party()));
        return;
    }
    let reason = offer.not_bookable_reason.as_deref();
    v.add_about_offer(
        "/offer/bookable",
        "offer_not_bookable",
        reason.unwrap_or("the search marked this offer as not bookable"),
    );
}

fn check_passengers(v: &mut Violations, booking: &Booking, now: LocalTime) {
    let passengers = &booking.passengers;
    for (code, message) in booking.party().faults() {
        v.add("/passengers", code, message);
    }
    let segments = || booking.offer.journeys.iter().flat_map(|j| &j.segments);
    let trip = Trip {
        today: now.date(),
        departure: segments().next().map(|s| s.departure_time.date()),
        arrival: segments().last().map(|s| s.arrival_time.date()),
    };
    let mut seen = HashSet::new();
    for (i, passenger) in passengers.iter().enumerate() {
        let at = format!("/passengers/{i}");
        check_passenger(v, &at, passenger, &trip);
        v.require(
            booking.offer.prices.of(passenger.kind).is_some(),
            format_args!("{at}/type"),
            "no_fare_for_type",
            "the offer has no fare for this kind of passenger",
        );
        let document = &passenger.document;
        let number = document_number(document.number.expose());
        v.require(
            seen.insert((document.kind, number)),
            format_args!("{at}/document/number"),
            "same_document",
            "another passenger has the same document",
        );
    }
}

/// The days against which a passenger's dates are checked.
struct Trip {
    today: LocalDate,
    departure: Option<LocalDate>,
    arrival: Option<LocalDate>,
}

fn check_passenger(v: &mut Violations, at: &str, passenger: &Passenger, trip: &Trip) {
    check_name(v, at, passenger.name.expose());
    check_document(
        v,
        &format!("{at}/document"),
        &passenger.document,
        trip.arrival,
    );
    let given = passenger.birth_date.as_ref().map(|date| *date.expose());
    check_birth_date(v, at, &passenger.document, given, trip.today);
    check_age(v, at, passenger, trip.departure);
    if let Some(mobile) = &passenger.mobile {
        match &passenger.mobile_country_code {
            Some(country) => check_mobile(v, at, country, mobile.expose()),
            None => v.add(
                format_args!("{at}/mobile_country_code"),
                "missing",
                "a mobile number needs its country code",
            ),
        }
    }
}

fn check_age(v: &mut Violations, at: &str, passenger: &Passenger, departure: Option<LocalDate>) {
    let (fits, code, message): (fn(i16) -> bool, _, _) = match passenger.kind {
        // A passenger of any age may travel on an adult fare.
        PassengerType::Adult => return,
        PassengerType::Child => (
            |age| (2..12).contains(&age),
            "not_a_child",
            "a child is 2 to 11 years old on the day of departure",
        ),
        PassengerType::Infant => (
            |age| (0..2).contains(&age),
            "not_an_infant",
            "an infant is under 2 years old on the day of departure",
        ),
    };
    let pointer = format!("{at}/birth_date");
    match (passenger.born_on(), departure) {
        (None, _) => v.add(
            pointer,
            "missing",
            "a child or infant needs a date of birth",
        ),
        (Some(born), Some(departure)) => {
            v.require(fits(age_on(born, departure)), pointer, code, message);
        }
        (Some(_), None) => {}
    }
}

/// Full years on a day; negative before birth.
fn age_on(born: LocalDate, day: LocalDate) -> i16 {
    let (born, day) = (born.get(), day.get());
    let before_birthday = (day.month(), day.day()) < (born.month(), born.day());
    day.year() - born.year() - i16::from(before_birthday)
}

fn check_name(v: &mut Violations, at: &str, name: &str) {
    v.require_text(
        name,
        format::is_name(name),
        format_args!("{at}/name"),
        "name_format",
        "a name has 1 to 64 characters, not only blanks, such as \"李四\" or \"LI/SI\"",
    );
}

fn check_mobile(v: &mut Violations, at: &str, country: &CallingCode, mobile: &str) {
    v.require_text(
        mobile,
        format::is_mobile(country.as_str(), mobile),
        format_args!("{at}/mobile"),
        "mobile_format",
        "a mobile number has 5 to 15 digits; with country code 86 it has 11 and begins with 13 to 19, such \
         as \"13800000000\"",
    );
}

fn check_document(
    v: &mut Violations,
    at: &str,
    document: &Document,
    valid_until: Option<LocalDate>,
) {
    let number = document.number.expose();
    let pointer = format!("{at}/number");
    match document.kind {
        DocumentType::IdCard => {
            if !id_card::is_formed(number) {
                v.require_text(
                    number,
                    false,
                    pointer,
                    "id_card_format",
                    "an ID card number has 18 characters: 17 digits and a digit or X, such as \
                     \"11010519491231002X\"",
                );
            } else if !id_card::checksum_holds(number) {
                v.add(
                    pointer,
                    "id_card_checksum",
                    "the check character (the last one) is wrong: there is a mistake in the number",
                );
            } else if id_card::birth_date(number).is_none() {
                v.add(
                    pointer,
                    "id_card_birth_date",
                    "digits 7 to 14 must be a date, such as 19491231",
                );
            }
        }
        DocumentType::Passport => v.require_text(
            number,
            format::is_passport_number(number),
            pointer,
            "passport_format",
            "a passport number has 5 to 17 letters and digits, such as \"E12345678\"",
        ),
        DocumentType::StudentCard
        | DocumentType::MilitaryOfficerCard
        | DocumentType::HomeReturnPermit
        | DocumentType::TaiwanCompatriotPermit
        | DocumentType::HongKongMacaoTravelPermit
        | DocumentType::SeafarerCard
        | DocumentType::ForeignPermanentResidentCard
        | DocumentType::PoliceOfficerCard
        | DocumentType::SoldierCard
        | DocumentType::TaiwanTravelPermit
        | DocumentType::TaiwanEntryPermit
        | DocumentType::HouseholdRegister
        | DocumentType::BirthCertificate
        | DocumentType::DrivingLicence
        | DocumentType::HongKongMacaoResidencePermit
        | DocumentType::TaiwanResidencePermit => v.require_text(
            number,
            format::is_document_number(number),
            pointer,
            "document_format",
            "a document number has 1 to 64 characters, not only blanks, such as \"H00000001\"",
        ),
    }
    if let (Some(expires), Some(until)) = (document.expires_on, valid_until) {
        v.require(
            expires >= until,
            format_args!("{at}/expires_on"),
            "document_expired",
            "the document expires before the trip ends",
        );
    }
}

fn check_birth_date(
    v: &mut Violations,
    at: &str,
    document: &Document,
    given: Option<LocalDate>,
    today: LocalDate,
) {
    let Some(given) = given else { return };
    let pointer = format!("{at}/birth_date");
    v.require(
        given <= today,
        &pointer,
        "birth_date_future",
        "the date of birth must not be in the future",
    );
    if document.kind == DocumentType::IdCard
        && id_card::checksum_holds(document.number.expose())
        && let Some(on_card) = id_card::birth_date(document.number.expose())
    {
        v.require(
            on_card == given,
            &pointer,
            "birth_date_differs",
            "does not match the ID card number",
        );
    }
}

fn check_contact(v: &mut Violations, booking: &Booking, now: LocalTime) {
    let contact = &booking.contact;
    check_name(v, "/contact", contact.name.expose());
    check_mobile(
        v,
        "/contact",
        &contact.mobile_country_code,
        contact.mobile.expose(),
    );
    if let Some(phone) = &contact.phone {
        let phone = phone.expose();
        v.require_text(
            phone,
            format::is_phone(phone),
            "/contact/phone",
            "phone_format",
            "a phone number has 5 to 20 digits, blanks, '+', '-' and parentheses, such as \"010-00000000\"",
        );
    }
    if let Some(email) = &contact.email {
        let email = email.expose();
        v.require_text(
            email,
            format::is_email(email),
            "/contact/email",
            "email_format",
            "an e-mail address is written name@example.com",
        );
    }
    if let Some(document) = &contact.document {
        check_document(v, "/contact/document", document, Some(now.date()));
    }
}

fn check_member_fare(v: &mut Violations, booking: &Booking, now: LocalTime) {
    if let Some(buyer) = &booking.member_buyer {
        check_member_buyer(v, buyer, now);
    }
    let Some(fare) = &booking.offer.member_fare else {
        return;
    };
    v.require(
        booking.allow_register_or_query_member == Some(true),
        "/allow_register_or_query_member",
        "member_permission_missing",
        "a member fare needs `true` here: it permits Fliggy to look up or register the member with the airline",
    );
    v.require(
        fare.who == MemberRole::Passenger || booking.member_buyer.is_some(),
        "/member_buyer",
        "member_buyer_missing",
        "the buyer must be the member: send `member_buyer` with all its fields",
    );
}

fn check_member_buyer(v: &mut Violations, buyer: &MemberBuyer, now: LocalTime) {
    let at = "/member_buyer";
    check_name(v, at, buyer.name.expose());
    check_document(
        v,
        "/member_buyer/document",
        &buyer.document,
        Some(now.date()),
    );
    let born = Some(*buyer.birth_date.expose());
    check_birth_date(v, at, &buyer.document, born, now.date());
    check_mobile(v, at, &buyer.mobile_country_code, buyer.mobile.expose());
}

fn check_total(v: &mut Violations, booking: &Booking) {
    let has_all_fares = booking
        .passengers
        .iter()
        .all(|p| booking.offer.prices.of(p.kind).is_some());
    match booking.sum() {
        Some(sum) if sum == booking.total_price => {}
        Some(sum) => v.add(
            "/total_price",
            "total_differs",
            format!("the fares and taxes of the passengers add up to {sum}"),
        ),
        // A missing fare is reported at its passenger.
        None if has_all_fares => v.add(
            "/total_price",
            "total_too_large",
            "the sum of fares and taxes is too large for an order",
        ),
        None => {}
    }
}

#[cfg(test)]
mod tests;
