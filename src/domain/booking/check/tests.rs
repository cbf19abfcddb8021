use serde_json::{Value, json};

use super::*;
use crate::domain::booking::{duplicate_key, segments_fingerprint};
use crate::domain::ids::HashKey;

/// A number with a valid check character.
fn id_card(first_17: &str) -> String {
    format!("{first_17}{}", id_card::check_character(first_17).unwrap())
}

fn good() -> Value {
    json!({
        "out_order_no": "T-1",
        "offer": {
            "solution_id": "SOL-1", "seller": null, "supply": "own", "trip_type": "one_way",
            "journeys": [{"segments": [{
                "segment_id": "S1", "marketing_airline": "CZ", "marketing_flight_no": "CZ8957",
                "operating_airline": null, "operating_flight_no": null, "code_share": false,
                "departure_airport": "PKX", "departure_terminal": null,
                "departure_time": "2030-05-20T08:45:00+08:00",
                "arrival_airport": "XMN", "arrival_terminal": null,
                "arrival_time": "2030-05-20T11:35:00+08:00", "aircraft": null,
                "departure_city": "BJS", "arrival_city": null,
                "departure_city_name": "北京", "arrival_city_name": null, "duration_minutes": 170,
                "stops": 0, "stop_cities": []
            }]}],
            "cabins": [{"segment_id": "S1", "cabin": "Z", "cabin_class": "Y",
                "cabin_class_name": null, "seats": {"left": 2, "plus": false}}],
            "prices": {
                "adult": {"fare": "800.00", "airport_fee": "50.00", "fuel_fee": "20.00",
                    "taxes_total": "70.00", "total": "870.00"},
                "child": {"fare": "400.00", "airport_fee": "0.00", "fuel_fee": "10.00",
                    "taxes_total": "10.00", "total": "410.00"},
                "infant": null
            },
            "party_total": "1280.00",
            "refund_rule": null, "change_rule": null, "baggage_rule": null,
            "member_fare": null, "bookable": true, "not_bookable_reason": null
        },
        "passengers": [
            {"name": "测试旅客", "type": "adult",
             "document": {"type": "id_card", "number": id_card("11010119900307001")},
             "birth_date": "1990-03-07", "mobile_country_code": "86", "mobile": "13800000000"},
            {"name": "测试儿童", "type": "child",
             "document": {"type": "id_card", "number": id_card("11010120240307001")}}
        ],
        "contact": {"name": "测试联系人", "mobile_country_code": "86", "mobile": "13800000000",
            "email": "test@example.com"},
        "total_price": "1280.00"
    })
}

fn booking(value: Value) -> Booking {
    serde_json::from_value(value).unwrap()
}

fn violations(value: Value) -> Vec<(String, &'static str)> {
    let now = "2030-05-01T10:00:00+08:00".parse().unwrap();
    match check(&booking(value), now) {
        Ok(()) => Vec::new(),
        Err(all) => all.into_iter().map(|v| (v.pointer, v.code)).collect(),
    }
}

/// The good booking with one field replaced (the infant fare is `null` unless replaced).
fn with(pointer: &str, value: Value) -> Value {
    with_all(&[(pointer, value)])
}

fn with_all(changes: &[(&str, Value)]) -> Value {
    let mut all = good();
    for (pointer, value) in changes {
        let (parent, field) = pointer.rsplit_once('/').unwrap();
        match all.pointer_mut(parent).unwrap() {
            Value::Object(map) => {
                map.insert(field.to_owned(), value.clone());
            }
            Value::Array(list) => list[field.parse::<usize>().unwrap()] = value.clone(),
            _ => panic!("{pointer}"),
        }
    }
    all
}

#[test]
fn a_good_booking_passes() {
    assert_eq!(violations(good()), []);
}

#[test]
fn each_mistake_is_reported_at_its_field() {
    let past = "2030-05-01T10:00:00+08:00";
    let infant_fare = json!({"fare": "80.00", "airport_fee": "0", "fuel_fee": "0", "taxes_total": "0", "total": "80.00"});
    let segment = good()["offer"]["journeys"][0].clone();
    let cases: Vec<(&str, Value, &str, &str)> = vec![
        (
            "/offer/bookable",
            json!(false),
            "/offer/bookable",
            "offer_not_bookable",
        ),
        (
            "/offer/solution_id",
            json!(" "),
            "/offer/solution_id",
            "blank",
        ),
        (
            "/offer/trip_type",
            json!("round_trip"),
            "/offer/journeys",
            "journey_count",
        ),
        (
            "/offer/journeys/0/segments/0/departure_time",
            json!(past),
            "/offer/journeys/0/segments/0/departure_time",
            "departure_past",
        ),
        (
            "/offer/journeys/0/segments/0/arrival_time",
            json!("2030-05-20T08:45:00+08:00"),
            "/offer/journeys/0/segments/0/arrival_time",
            "arrival_before_departure",
        ),
        (
            "/offer/cabins/0/cabin",
            json!(""),
            "/offer/cabins/0/cabin",
            "blank",
        ),
        ("/offer/cabins", json!([]), "/offer/cabins", "cabin_missing"),
        (
            "/offer/cabins/0/seats/left",
            json!(1),
            "/offer/cabins/0/seats",
            "too_few_seats",
        ),
        (
            "/offer/prices/adult/total",
            json!("860.00"),
            "/offer/prices/adult/total",
            "total_differs",
        ),
        (
            "/offer/prices/child/fare",
            json!("99999999.99"),
            "/offer/prices/child/total",
            "total_differs",
        ),
        (
            "/total_price",
            json!("1279.99"),
            "/total_price",
            "total_differs",
        ),
        (
            "/passengers/0/name",
            json!(" "),
            "/passengers/0/name",
            "name_format",
        ),
        (
            "/passengers/0/birth_date",
            json!("1990-03-08"),
            "/passengers/0/birth_date",
            "birth_date_differs",
        ),
        (
            "/passengers/0/document/number",
            json!("110101199003070000"),
            "/passengers/0/document/number",
            "id_card_checksum",
        ),
        (
            "/passengers/0/document/number",
            json!("123"),
            "/passengers/0/document/number",
            "id_card_format",
        ),
        (
            "/passengers/0/document/expires_on",
            json!("2030-05-19"),
            "/passengers/0/document/expires_on",
            "document_expired",
        ),
        (
            "/passengers/0/document",
            json!({"type": "passport", "number": "E 1"}),
            "/passengers/0/document/number",
            "passport_format",
        ),
        (
            "/passengers/0/mobile",
            json!("12345678901"),
            "/passengers/0/mobile",
            "mobile_format",
        ),
        (
            "/passengers/0/mobile_country_code",
            Value::Null,
            "/passengers/0/mobile_country_code",
            "missing",
        ),
        (
            "/passengers/1/document",
            json!({"type": "birth_certificate", "number": "B1"}),
            "/passengers/1/birth_date",
            "missing",
        ),
        (
            "/passengers/1/document/number",
            json!(id_card("11010120180520001")),
            "/passengers/1/birth_date",
            "not_a_child",
        ),
        (
            "/passengers/1/document/number",
            json!(id_card("11010120280521001")),
            "/passengers/1/birth_date",
            "not_a_child",
        ),
        (
            "/passengers/1/document/number",
            json!(id_card("11010119900307001")),
            "/passengers/1/document/number",
            "same_document",
        ),
        (
            "/offer/prices/child",
            Value::Null,
            "/passengers/1/type",
            "no_fare_for_type",
        ),
        (
            "/contact/email",
            json!("test@"),
            "/contact/email",
            "email_format",
        ),
        (
            "/contact/phone",
            json!("tel"),
            "/contact/phone",
            "phone_format",
        ),
        (
            "/contact/mobile",
            json!("1"),
            "/contact/mobile",
            "mobile_format",
        ),
        ("/passengers", json!([]), "/passengers", "passenger_count"),
    ];
    for (at, value, pointer, code) in cases {
        let found = violations(with(at, value.clone()));
        assert!(
            found.contains(&(pointer.to_owned(), code)),
            "{at} = {value}: {found:?}"
        );
    }
    let infant = with_all(&[
        ("/offer/prices/infant", infant_fare),
        ("/passengers/0/type", json!("infant")),
    ]);
    let found = violations(infant);
    assert!(
        found.contains(&("/passengers".into(), "infant_without_adult")),
        "{found:?}"
    );
    assert!(
        found.contains(&("/passengers/0/birth_date".into(), "not_an_infant")),
        "{found:?}"
    );
    let late_return = with_all(&[
        ("/offer/trip_type", json!("round_trip")),
        ("/offer/journeys", json!([segment, segment])),
    ]);
    let found = violations(late_return);
    assert!(
        found.iter().any(|(_, code)| *code == "segment_order"),
        "{found:?}"
    );
    assert!(
        found.iter().any(|(_, code)| *code == "segment_id"),
        "{found:?}"
    );
}

#[test]
fn infants_need_no_seat() {
    let born = json!("2030-01-01");
    let document = json!({"type": "passport", "number": "E12345678"});
    let infant =
        json!({"name": "测试婴儿", "type": "infant", "document": document, "birth_date": born});
    let fare = json!({"fare": "80.00", "airport_fee": "0", "fuel_fee": "0", "taxes_total": "0", "total": "80.00"});
    let booking = with_all(&[
        ("/offer/prices/infant", fare),
        ("/passengers/1", infant),
        ("/offer/cabins/0/seats/left", json!(1)),
        ("/total_price", json!("950.00")),
    ]);
    assert_eq!(violations(booking), []);
}

#[test]
fn display_only_fields_are_not_checked() {
    let segment = "/offer/journeys/0/segments/0";
    let booking = with_all(&[
        ("/offer/party_total", json!("1.00")),
        (&format!("{segment}/departure_city_name"), Value::Null),
        (&format!("{segment}/arrival_city_name"), json!("上海")),
        ("/offer/cabins/0/seats", Value::Null),
    ]);
    assert_eq!(violations(booking), []);
}

#[test]
fn age_is_counted_on_the_day_of_departure() {
    for (born, fits) in [
        ("2028-05-20", true),
        ("2028-05-21", false),
        ("2018-05-21", true),
        ("2018-05-20", false),
    ] {
        let digits = format!("110101{}001", born.replace('-', ""));
        let found = violations(with(
            "/passengers/1/document/number",
            json!(id_card(&digits)),
        ));
        assert_eq!(found.is_empty(), fits, "{born}: {found:?}");
    }
}

#[test]
fn a_child_may_travel_on_an_adult_fare() {
    let adult = with_all(&[
        ("/passengers/1/type", json!("adult")),
        ("/total_price", json!("1740.00")),
    ]);
    assert_eq!(violations(adult), []);
}

#[test]
fn member_fares_need_permission_and_the_buyer_if_required() {
    let fare = |who: &str| json!({"rule": "MEMBER", "who": who, "membership": ["any"]});
    let found = violations(with("/offer/member_fare", fare("buyer")));
    assert_eq!(
        found,
        [
            (
                "/allow_register_or_query_member".to_owned(),
                "member_permission_missing"
            ),
            ("/member_buyer".to_owned(), "member_buyer_missing"),
        ]
    );
    let refused = with_all(&[
        ("/offer/member_fare", fare("passenger")),
        ("/allow_register_or_query_member", json!(false)),
    ]);
    assert_eq!(violations(refused).len(), 1);
    let buyer = json!({"name": "测试旅客", "birth_date": "1990-03-07",
        "document": {"type": "id_card", "number": id_card("11010119900307001")},
        "mobile_country_code": "86", "mobile": "13800000000"});
    let allowed = with_all(&[
        ("/offer/member_fare", fare("buyer")),
        ("/allow_register_or_query_member", json!(true)),
        ("/member_buyer", buyer.clone()),
    ]);
    assert_eq!(violations(allowed), []);
    let mut part = buyer;
    part.as_object_mut().unwrap().remove("mobile");
    let part = with("/member_buyer", part);
    assert!(serde_json::from_value::<Booking>(part).is_err());
}

#[test]
fn all_mistakes_are_reported_at_once_without_personal_data() {
    let bad = with_all(&[
        ("/passengers/0/name", json!("\u{7}张三丰")),
        ("/passengers/0/document/number", json!("110101199003070000")),
        ("/passengers/0/mobile", json!("4412345678")),
        ("/contact/email", json!("zhang-sanfeng")),
        ("/total_price", json!("1.00")),
    ]);
    let now = "2030-05-01T10:00:00+08:00".parse().unwrap();
    let all = check(&booking(bad), now).unwrap_err();
    assert_eq!(all.len(), 5, "{all:?}");
    let printed = format!("{all:?}");
    for secret in ["张三丰", "110101", "4412345678", "sanfeng"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn offer_fields_can_neither_be_omitted_nor_added() {
    let mut lost = good();
    lost["offer"].as_object_mut().unwrap().remove("member_fare");
    let error = serde_json::from_value::<Booking>(lost).unwrap_err();
    assert!(error.to_string().contains("member_fare"));
    let added = with("/offer/discount", json!(1));
    assert!(serde_json::from_value::<Booking>(added).is_err());
}

#[test]
fn a_printed_booking_contains_no_personal_data() {
    let printed = format!("{:?}", booking(good()));
    for secret in [
        "测试",
        "11010119900307",
        "13800000000",
        "test@example.com",
        "1990-03-07",
    ] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn bookings_of_the_same_passengers_on_the_same_flights_have_the_same_key() {
    let key = HashKey::new([3; 32]);
    let account = "main".parse().unwrap();
    let of = |value: Value| duplicate_key(&key, &account, &booking(value));
    let base = of(good());
    let passengers = good()["passengers"].clone();
    assert_eq!(
        base,
        of(with("/passengers", json!([passengers[1], passengers[0]])))
    );
    assert_eq!(base, of(with("/out_order_no", json!("T-2"))));
    assert_eq!(base, of(with("/offer/solution_id", json!("SOL-2"))));
    assert_ne!(base, of(with("/passengers", json!([passengers[0]]))));
    let flight = "/offer/journeys/0/segments/0/marketing_flight_no";
    assert_ne!(base, of(with(flight, json!("CZ8958"))));
    let time = "/offer/journeys/0/segments/0/departure_time";
    assert_ne!(base, of(with(time, json!("2030-05-21T08:45:00+08:00"))));
}

#[test]
fn a_fingerprint_contains_flight_number_and_departure() {
    let journeys = booking(good()).offer.journeys;
    assert_eq!(segments_fingerprint(&journeys), ["CZ8957@2030-05-20T08:45"]);
}
