//! `alitrip.flight.service.airbook`.

use super::{Context, Unreadable, optional, parts, required};
use crate::domain::booking::Booking;
use crate::domain::offer::Fare;
use crate::domain::operation::intent;
use crate::domain::order::OrderReceipt;
use crate::domain::passenger::{Contact, MemberBuyer, Passenger, PassengerType};
use crate::domain::personal::Personal;
use crate::domain::text::visible;
use crate::domain::time::LocalDate;
use crate::domain::trip::{Journey, Segment, SegmentCabin};
use crate::top::wire::{self, Yuan};

/// The request for a checked booking. `channel` is the account's channel name (渠道名称). Fares for
/// children and infants are sent only if there are such passengers.
#[must_use]
pub fn request(booking: &Booking, channel: &str) -> wire::CreateOrderRequest {
    let offer = &booking.offer;
    let adult = &offer.prices.adult;
    let fare_for = |kind| {
        let is_needed = booking.passengers.iter().any(|p| p.kind == kind);
        offer.prices.of(kind).filter(|_| is_needed)
    };
    let child = fare_for(PassengerType::Child);
    let infant = fare_for(PassengerType::Infant);
    let yuan = |fare: Option<&Fare>, part: fn(&Fare) -> crate::domain::money::Money| {
        fare.map(|fare| Yuan(part(fare)))
    };
    wire::CreateOrderRequest {
        out_order_no: booking.out_order_no.as_str().to_owned(),
        external_agent_name: channel.to_owned(),
        trip_type: offer.trip_type.wire(),
        solution_id: offer.solution_id.clone(),
        flight_journey_list: offer.journeys.iter().map(journey).collect(),
        flight_segment_cabin_relation: offer.cabins.iter().map(cabin).collect(),
        total_price: Yuan(booking.total_price),
        passenger_list: booking.passengers.iter().map(passenger).collect(),
        contact: contact(&booking.contact),
        allow_register_or_query_member: booking.allow_register_or_query_member,
        member_buyer: booking.member_buyer.as_ref().map(member_buyer),
        adt_flight_item_price: Yuan(adult.fare),
        adt_build_fee: Yuan(adult.airport_fee),
        adt_oil_fee: Yuan(adult.fuel_fee),
        adt_total_fee: Yuan(adult.taxes_total),
        chd_flight_item_price: yuan(child, |f| f.fare),
        chd_build_fee: yuan(child, |f| f.airport_fee),
        chd_oil_fee: yuan(child, |f| f.fuel_fee),
        chd_total_fee: yuan(child, |f| f.taxes_total),
        inf_flight_item_price: yuan(infant, |f| f.fare),
        inf_build_fee: yuan(infant, |f| f.airport_fee),
        inf_oil_fee: yuan(infant, |f| f.fuel_fee),
        inf_total_fee: yuan(infant, |f| f.taxes_total),
    }
}

fn journey(journey: &Journey) -> wire::FlightJourneyRequest {
    wire::FlightJourneyRequest {
        flight_segment_list: journey.segments.iter().map(segment).collect(),
    }
}

fn segment(s: &Segment) -> wire::FlightSegmentRequest {
    wire::FlightSegmentRequest {
        id: s.segment_id.clone(),
        marketing_airline: s.marketing_airline.as_deref().map(visible),
        marketing_flight_no: s.marketing_flight_no.as_str().to_owned(),
        operating_airline: s.operating_airline.as_deref().map(visible),
        operating_flight_no: s.operating_flight_no.as_deref().map(visible),
        code_share: s.code_share,
        dep_airport: s.departure_airport,
        dep_term: s.departure_terminal.as_deref().map(visible),
        dep_time: s.departure_time.to_wire(),
        arr_airport: s.arrival_airport,
        arr_term: s.arrival_terminal.as_deref().map(visible),
        arr_time: s.arrival_time.to_wire(),
        equip_type: s.aircraft.as_deref().map(visible),
    }
}

fn cabin(cabin: &SegmentCabin) -> wire::FlightSegmentItemRequest {
    wire::FlightSegmentItemRequest {
        flight_segment_id: cabin.segment_id.clone(),
        cabin: cabin.cabin.clone(),
        cabin_class: cabin.cabin_class.as_deref().map(visible),
        cabin_class_name: cabin.cabin_class_name.as_deref().map(visible),
    }
}

fn birthday(date: LocalDate) -> Personal<String> {
    Personal::new(date.to_wire_midnight())
}

fn passenger(p: &Passenger) -> wire::PassengerRequest {
    wire::PassengerRequest {
        name: p.name.clone(),
        kind: p.kind.wire(),
        credential_type: p.document.kind.wire(),
        credential_no: p.document.number.clone(),
        birthday: p.born_on().map(birthday),
        mobile_country_code: p
            .mobile_country_code
            .as_ref()
            .map(|code| code.as_str().to_owned()),
        mobile_phone_number: p.mobile.clone(),
        gender: p.gender.map(|gender| gender.wire()),
        nationality: p.nationality.as_ref().map(|c| c.as_str().to_owned()),
        expire_date: p.document.expires_on.map(|date| date.to_string()),
    }
}

fn contact(c: &Contact) -> wire::ContactRequest {
    wire::ContactRequest {
        name: c.name.clone(),
        mobile_country_code: c.mobile_country_code.as_str().to_owned(),
        mobile_phone_number: c.mobile.clone(),
        phone: c.phone.clone(),
        email: c.email.clone(),
        credential_type: c.document.as_ref().map(|d| d.kind.wire()),
        credential_no: c.document.as_ref().map(|d| d.number.clone()),
    }
}

fn member_buyer(b: &MemberBuyer) -> wire::MemberBuyerRequest {
    wire::MemberBuyerRequest {
        name: b.name.clone(),
        credential_type: b.document.kind.wire(),
        credential_no: b.document.number.clone(),
        birthday: birthday(*b.birth_date.expose()),
        mobile_country_code: b.mobile_country_code.as_str().to_owned(),
        mobile_phone_number: b.mobile.clone(),
    }
}

/// The order that was created.
///
/// # Errors
/// The response has no order id, has another `out_order_no`, or its total is garbled.
pub fn answer(
    answer: wire::AirBookResponse,
    requested: &intent::Book,
    context: &Context<'_>,
) -> Result<OrderReceipt, Unreadable> {
    let order_id = required(answer.order_id, "order_id")?;
    let reported = optional(answer.out_order_no, "out_order_no")?;
    let out_order_no = requested.out_order_no.as_str();
    if reported.is_some_and(|reported| reported != out_order_no) {
        return Err(Unreadable {
            field: "out_order_no",
        });
    }
    let (status, status_text) = parts::status(answer.order_status, &context.vocabulary.statuses);
    Ok(OrderReceipt {
        out_order_no: Some(out_order_no.to_owned()),
        status,
        status_text,
        total_price: optional(answer.total_price, "total_price")?,
        booked_at: answer.book_time.lossy(),
        pay_before: answer.last_pay_time.lossy(),
        ..OrderReceipt::unread(order_id)
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::domain::money::Money;
    use crate::domain::offer::Offer;
    use crate::domain::order::OrderStatus;
    use crate::translate::{samples, search};

    fn member_offer() -> Offer {
        let found = search::answer(samples::answer::<wire::Search>(), &samples::context()).unwrap();
        found.offers.into_iter().nth(1).unwrap()
    }

    fn booking() -> Booking {
        let card = |number: &str| json!({"type": "id_card", "number": number});
        serde_json::from_value(json!({
            "out_order_no": "TEST20300501000001",
            "offer": member_offer(),
            "passengers": [
                {"name": "测试旅客", "type": "adult", "document": card("110101199003070000"),
                 "birth_date": "1990-03-07", "gender": "male",
                 "mobile_country_code": "86", "mobile": "13000000000"},
                {"name": "测试儿童", "type": "child", "document": card("110101202403070000"),
                 "gender": "female", "mobile_country_code": "86", "mobile": "13000000000"},
            ],
            "contact": {"name": "测试联系人", "mobile_country_code": "86",
                "mobile": "13000000000", "email": "test@example.com"},
            "total_price": "1160",
            "allow_register_or_query_member": true,
            "member_buyer": {"name": "测试旅客", "document": card("110101199003070000"),
                "birth_date": "1990-03-07", "mobile_country_code": "86", "mobile": "13000000000"},
        }))
        .unwrap()
    }

    fn requested(out_order_no: &str) -> intent::Book {
        intent::Book {
            out_order_no: out_order_no.parse().unwrap(),
            total: Money::parse("1160").unwrap(),
            segments: Vec::new(),
            passengers: Vec::new(),
            rules: None,
        }
    }

    #[test]
    fn the_request_equals_the_sample() {
        samples::same_request::<wire::AirBook>(&request(&booking(), "TEST_CHANNEL"));
    }

    #[test]
    fn fares_are_sent_only_for_the_types_of_the_passengers() {
        let mut booking = booking();
        booking.passengers.truncate(1);
        let json = serde_json::to_value(request(&booking, "C")).unwrap();
        assert!(json.get("adt_total_fee").is_some());
        assert!(json.get("chd_flight_item_price").is_none());
        assert!(json.get("inf_flight_item_price").is_none());
    }

    #[test]
    fn permission_is_never_assumed() {
        let mut booking = booking();
        booking.allow_register_or_query_member = None;
        booking.member_buyer = None;
        let json = serde_json::to_value(request(&booking, "C")).unwrap();
        assert!(json.get("allow_register_or_query_member").is_none());
        assert!(json.get("member_buyer").is_none());
    }

    #[test]
    fn expiry_dates_are_sent_as_days() {
        let mut booking = booking();
        booking.passengers[0].document.expires_on = "2035-01-01".parse().ok();
        let json = serde_json::to_value(request(&booking, "C")).unwrap();
        assert_eq!(json["passenger_list"][0]["expire_date"], "2035-01-01");
    }

    #[test]
    fn a_printed_request_contains_no_personal_data() {
        let printed = format!("{:?}", request(&booking(), "C"));
        for secret in ["测试", "110101", "13000000000", "test@example.com", "1990"] {
            assert!(!printed.contains(secret), "{printed}");
        }
    }

    #[test]
    fn the_sample_is_read_as_the_booked_order() {
        let context = samples::context();
        let (requested, other) = (requested("TEST20300501000001"), requested("ANOTHER"));
        let wire = || samples::answer::<wire::AirBook>();
        let receipt = answer(wire(), &requested, &context).unwrap();
        assert_eq!(receipt.order_id.get(), 1_234_125_412);
        assert_eq!(receipt.status, OrderStatus::Booked);
        assert_eq!(receipt.total_price.unwrap().to_string(), "1160.00");
        let pay_before = receipt.pay_before.unwrap().to_string();
        assert_eq!(pay_before, "2030-05-01T10:30:00+08:00");
        let error = answer(wire(), &other, &context).unwrap_err();
        assert_eq!(error.field, "out_order_no");
        let empty = wire::AirBookResponse::default();
        assert_eq!(
            answer(empty, &requested, &context).unwrap_err().field,
            "order_id"
        );
    }
}
