use serde_json::{Value, json};

use super::*;
use crate::domain::change::{ChangeKind, flight_at};
use crate::domain::money::Money;
use crate::domain::order::Ticket;
use crate::translate::samples;

fn translated(wire: wire::ChangeQueryResponse) -> ChangeList {
    answer(wire, &samples::context()).unwrap()
}

fn read(list: Value) -> ChangeList {
    let wire = json!({"change_order_list": list, "is_success": true});
    translated(serde_json::from_value(wire).unwrap())
}

/// The fees of the passengers of a change, in the order of the passengers.
fn fees(passengers: Value, details: Value) -> Vec<Option<String>> {
    let found = read(json!([{
        "change_order_no": 1, "status": 2,
        "passenger_list": passengers, "change_fee_details": details,
    }]));
    assert_eq!(found.dropped, 0);
    let fee = |p: &ChangePassenger| p.fee?.service_fee.map(|fee| fee.to_string());
    found.changes[0].passengers.iter().map(fee).collect()
}

fn who(number: &str) -> Value {
    json!({"name": "测试旅客", "credential_type": 0, "credential_no": number})
}

fn fee(number: &str, service_fee: u32) -> Value {
    json!({"passenger": who(number), "change_fee": {"service_fee": service_fee}})
}

#[test]
fn the_request_equals_the_sample() {
    let order_id = OrderId::new(1_234_125_412);
    let both = request(order_id, ChangeOrderNo::new(4_988_000_000_001));
    samples::same_request::<wire::ChangeQuery>(&both);
    let of_order = serde_json::to_value(request(order_id, None)).unwrap();
    assert_eq!(of_order, json!({"order_id": 1_234_125_412}));
}

#[test]
fn the_sample_is_read_as_a_ticketed_change() {
    let list = translated(samples::answer::<wire::ChangeQuery>());
    assert_eq!((list.changes.len(), list.dropped), (1, 0));
    let change = &list.changes[0];
    assert_eq!(
        (change.status, change.status_code),
        (ChangeStatus::Ticketed, 5)
    );
    assert_eq!(change.kind, Some(ChangeKind::Voluntary));
    assert_eq!(change.out_change_no.as_deref(), Some("TESTC20300502000001"));
    assert_eq!(change.total_price, Money::parse("40").ok());
    assert_eq!(
        change.paid_at.unwrap().to_string(),
        "2030-05-02T10:05:00+08:00"
    );
    let [one] = change.passengers.as_slice() else {
        panic!("{:?}", change.passengers);
    };
    assert_eq!(one.passenger_id, samples::traveller().passenger_id);
    let ticket = |number: &str| Ticket {
        ticket_no: number.to_owned(),
        segment_ids: None,
    };
    assert_eq!(one.tickets, [ticket("999-0000000003")]);
    assert_eq!(one.original_tickets, [ticket("999-0000000001")]);
    assert_eq!(one.segment_ids, Some(vec!["CZ8957PKXXMN0520".to_owned()]));
    assert_eq!(one.fee.unwrap().service_fee, change.total_price);
    let was = &change.original_segments[0];
    assert_eq!(
        flight_at(&was.marketing_flight_no, was.departure_time),
        "CZ8957@2030-05-20T08:45"
    );
    let is = &change.segments[0];
    assert_eq!(is.replaces.as_ref(), Some(&was.segment_id));
    assert_eq!(is.departure_city.unwrap().as_str(), "BJS");
    assert!(!format!("{list:?}").contains("测试"));
}

#[test]
fn every_passenger_has_the_segments_that_the_change_replaces() {
    for (segments, segment_ids) in [
        (json!(null), None),
        (json!([]), None),
        (json!([{"flight_segment_id": "S1"}]), Some(vec!["S1"])),
        (
            json!([{"flight_segment_id": "S1"}, {"flight_segment_id": "S2"}]),
            Some(vec!["S1", "S2"]),
        ),
        // One id is missing.
        (json!([{"flight_segment_id": "S1"}, {"cabin": "Y"}]), None),
    ] {
        let by_tickets = json!({"passenger_list": [who("1"), who("2")]});
        let by_fees = json!({"change_fee_details": [fee("1", 5), fee("2", 5)]});
        for mut row in [by_tickets, by_fees] {
            row["change_order_no"] = json!(1);
            row["status"] = json!(2);
            row["changed_flight_segment_list"] = segments.clone();
            let found = read(json!([row]));
            let passengers = found.changes[0].passengers.iter();
            let ids: Vec<_> = passengers
                .map(|p| Some(p.segment_ids.as_ref()?.iter().map(String::as_str).collect()))
                .collect();
            assert_eq!(ids, [segment_ids.clone(), segment_ids.clone()], "{row}");
        }
    }
}

#[test]
fn four_is_closed_and_five_is_ticketed() {
    for (status, found) in [
        (json!(4), ChangeStatus::Closed),
        (json!(5), ChangeStatus::Ticketed),
        (json!("5"), ChangeStatus::Ticketed),
        (json!(0), ChangeStatus::Other),
    ] {
        let list = read(json!([{"change_order_no": 1, "status": status}]));
        assert_eq!(list.changes[0].status, found, "{status}");
    }
}

#[test]
fn an_empty_list_in_every_form() {
    for list in [
        json!(null),
        json!({}),
        json!([]),
        json!({"change_order": []}),
    ] {
        let found = read(list);
        assert_eq!((found.changes.len(), found.dropped), (0, 0));
    }
}

#[test]
fn unreadable_rows_are_counted() {
    for (field, value) in [
        ("change_order_no", json!(null)),
        ("change_order_no", json!("x")),
        ("status", json!(null)),
        ("status", json!("paid")),
        ("order_id", json!("x")),
        ("out_change_no", json!([1])),
        ("total_amount", json!(-1)),
        ("last_pay_time", json!("soon")),
        (
            "change_fee_details",
            json!([{"change_fee": {"tax_fee": "some"}}]),
        ),
        ("change_fee_details", json!([{"change_fee": [1]}])),
    ] {
        let mut row = json!({"change_order_no": 5, "status": 1});
        row[field] = value.clone();
        let found = read(json!([{"change_order_no": 4, "status": 1}, row]));
        assert_eq!(
            (found.changes.len(), found.dropped),
            (1, 1),
            "{field} {value}"
        );
    }
}

#[test]
fn an_implausible_payment_time_counts_as_absent() {
    for (pay_time, paid, unclear) in [
        ("1970-01-01 08:00:00", false, false),
        ("0000-00-00 00:00:00", false, false),
        ("2030-05-02 10:05:00", true, false),
        ("2030-05-02 09:00:00", false, true),
    ] {
        let list = read(json!([{
            "change_order_no": 1, "status": 2, "create_time": "2030-05-02 10:00:00",
            "pay_time": pay_time,
        }]));
        let change = &list.changes[0];
        let found = (change.paid_at.is_some(), change.payment_unclear);
        assert_eq!(found, (paid, unclear), "{pay_time}");
    }
}

#[test]
fn informative_fields_may_be_garbled() {
    let found = read(json!([{
        "change_order_no": 5, "status": 1, "create_time": "?", "change_reason_type": "?",
        "original_flight_segment_list": [{"id": "S"}],
        "changed_flight_segment_list": [{"dep_airport": "nowhere", "cabin": "V"}],
    }]));
    let change = &found.changes[0];
    assert_eq!((change.created_at, change.kind), (None, None));
    assert!(change.original_segments.is_empty());
    assert_eq!(change.segments[0].departure_airport, None);
    assert_eq!(change.segments[0].cabin.as_deref(), Some("V"));
}

#[test]
fn fees_are_joined_by_passenger() {
    let some = |fees: &[&str]| {
        fees.iter()
            .map(|f| Some((*f).to_owned()))
            .collect::<Vec<_>>()
    };
    let two = json!([who("A1"), who("B2")]);
    // By id, whatever the order and number of the fees.
    assert_eq!(
        fees(two.clone(), json!([fee("B2", 20), fee("A1", 10)])),
        some(&["10.00", "20.00"])
    );
    assert_eq!(
        fees(two.clone(), json!([fee("B2", 20)])),
        [None, Some("20.00".to_owned())]
    );
    // By index, if a document is missing on either side and the lists have the same length.
    let without_documents = json!([{"name": "甲"}, {"name": "乙"}]);
    let by_place =
        json!([{"change_fee": {"service_fee": 10}}, {"change_fee": {"service_fee": 20}}]);
    assert_eq!(
        fees(without_documents.clone(), by_place.clone()),
        some(&["10.00", "20.00"])
    );
    assert_eq!(fees(two.clone(), by_place), some(&["10.00", "20.00"]));
    assert_eq!(
        fees(
            without_documents.clone(),
            json!([fee("A1", 10), fee("B2", 20)])
        ),
        some(&["10.00", "20.00"])
    );
    assert_eq!(
        fees(
            without_documents,
            json!([{"change_fee": {"service_fee": 10}}])
        ),
        [None, None]
    );
    // Never another passenger's fee.
    assert_eq!(
        fees(two.clone(), json!([fee("C3", 1), fee("D4", 2)])),
        [None, None]
    );
    assert_eq!(
        fees(
            json!([{"name": "甲"}, who("A1")]),
            json!([fee("A1", 10), fee("B2", 20)])
        ),
        [None, Some("10.00".to_owned())]
    );
    // Before tickets exist, the fees name the passengers.
    assert_eq!(fees(json!({}), json!([fee("A1", 10)])), some(&["10.00"]));
    assert_eq!(fees(two, json!([])), [None, None]);
}
