//! Requests that work as they are in the sandbox (tests send them), and the answers they get.

use serde_json::{Value, json};

const ORDER_ID: &str = "7359082668148200003";
const OPERATION_ID: &str = "01976c5e-7b2a-7c31-9d3e-8f2b6a1c4d50";

/// A search that finds the offer of the booking: the flight is known, so it is named.
pub(super) fn search() -> Value {
    json!({
        "journeys": [{
            "from": "BJS", "to": "XMN", "date": "2030-05-20",
            "flights": [{
                "flight_no": "CZ8957", "departure_time": "2030-05-20T08:45:00+08:00",
                "from_airport": "PKX", "to_airport": "XMN",
            }],
        }],
        "with_children": true,
    })
}

/// A booking of an offer that the sandbox has for sale.
pub(super) fn booking() -> Value {
    // The file is part of the program and read by a test.
    serde_json::from_str(include_str!("../../openapi/examples/booking.json")).unwrap_or_default()
}

/// The payment of that booking.
pub(super) fn payment() -> Value {
    json!({ "total_price": booking()["total_price"] })
}

/// What the search finds.
pub(super) fn offers() -> Value {
    json!({"items": [booking()["offer"]], "notices": []})
}

/// How the order of that booking stands.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Booked,
    Paid,
    Closed,
}

/// The order in short.
pub(super) fn receipt(stage: Stage) -> Value {
    let total = &booking()["total_price"];
    let paid = stage == Stage::Paid;
    let (status, text) = match stage {
        Stage::Booked => ("booked", "生单预定成功"),
        Stage::Paid => ("paid", "已支付"),
        Stage::Closed => ("closed", "已关闭"),
    };
    json!({
        "order_id": ORDER_ID,
        "out_order_no": booking()["out_order_no"],
        "status": status,
        "status_text": text,
        "total_price": total,
        "paid_price": paid.then_some(total),
        "booked_at": "2030-05-01T10:05:00+08:00",
        "pay_before": "2030-05-01T10:35:00+08:00",
        "paid_at": paid.then_some("2030-05-01T10:08:12+08:00"),
        "trade_no": paid.then_some("2030050122001400000000000001"),
    })
}

/// The order in full, paid.
pub(super) fn order() -> Value {
    let booking = booking();
    let offer = &booking["offer"];
    let passengers: Vec<Value> = booking["passengers"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|passenger| passenger_of(passenger, offer))
        .collect();
    let mut order = receipt(Stage::Paid);
    if let Value::Object(members) = &mut order {
        members.extend([
            ("seller".to_owned(), offer["seller"].clone()),
            ("ticketed_at".to_owned(), Value::Null),
            ("alipay_trade_no".to_owned(), members["trade_no"].clone()),
            ("passengers".to_owned(), Value::Array(passengers)),
            ("trip_type".to_owned(), offer["trip_type"].clone()),
            ("journeys".to_owned(), offer["journeys"].clone()),
        ]);
    }
    order
}

fn passenger_of(passenger: &Value, offer: &Value) -> Value {
    let kind = passenger["type"].as_str().unwrap_or_default();
    let fare = &offer["prices"][kind];
    json!({
        "passenger_id": "psg_0123456789abcdef0123456789abcdef",
        "name": passenger["name"],
        "type": kind,
        "document": {
            "type": passenger["document"]["type"],
            "number": passenger["document"]["number"],
        },
        "birth_date": passenger["birth_date"],
        "mobile_country_code": passenger["mobile_country_code"],
        "mobile": passenger["mobile"],
        "fare": {
            "ticket_price": fare["fare"],
            "taxes_total": fare["taxes_total"],
            "airport_fee": fare["airport_fee"],
            "fuel_fee": fare["fuel_fee"],
        },
        "cabins": offer["cabins"],
        "ticket_numbers": [],
    })
}

/// A write whose outcome is not known yet.
pub(super) fn open(kind: &str) -> Value {
    let subject = match kind {
        "book" => booking()["out_order_no"].clone(),
        _ => json!(ORDER_ID),
    };
    json!({
        "id": OPERATION_ID,
        "kind": kind,
        "state": "unknown",
        "basis": null,
        "version": 4,
        "account": "default",
        "subject": subject,
        "created_at": "2030-05-01T10:08:07.120+08:00",
        "settled_at": null,
        "contradicted": false,
        "timeline": story(),
        "result": null,
        "problem": null,
    })
}

fn story() -> Value {
    json!([
        {"at": "2030-05-01T10:08:07.120+08:00", "state": "accepted", "what": "accepted"},
        {"at": "2030-05-01T10:08:07.133+08:00", "state": "sending", "what": "the one send begins"},
        {"at": "2030-05-01T10:08:12.641+08:00", "state": "unknown",
         "what": "no answer that says what was done; looking"},
    ])
}

/// A payment that timed out and was found made.
pub(super) fn settled() -> Value {
    let mut operation = open("pay");
    operation["state"] = json!("succeeded");
    operation["version"] = json!(5);
    operation["settled_at"] = json!("2030-05-01T10:08:13.150+08:00");
    operation["result"] = receipt(Stage::Paid);
    if let Some(story) = operation["timeline"].as_array_mut() {
        story.push(json!({
            "at": "2030-05-01T10:08:13.150+08:00", "state": "succeeded",
            "what": "look 1: the order is paid",
        }));
    }
    operation
}

/// A page of operations: their stories are left out.
pub(super) fn operations() -> Value {
    let mut operation = settled();
    operation["timeline"] = json!([]);
    json!({"items": [operation], "next_cursor": null})
}

/// A page of orders: fares, cabins and tickets are left out.
pub(super) fn orders() -> Value {
    let mut order = order();
    if let Some(passengers) = order["passengers"].as_array_mut() {
        for passenger in passengers {
            passenger["fare"] = Value::Null;
            passenger["cabins"] = json!([]);
        }
    }
    if let Value::Object(members) = &mut order {
        for detail in [
            "pay_before",
            "ticketed_at",
            "trade_no",
            "trip_type",
            "journeys",
        ] {
            members.shift_remove(detail);
        }
    }
    json!({"items": [order], "next_cursor": null, "dropped": 0})
}

/// A page of the feed.
pub(super) fn events() -> Value {
    json!({
        "items": [{
            "sequence": 7,
            "type": "order_paid",
            "subject": ORDER_ID,
            "fact": "paid",
            "operation_id": OPERATION_ID,
            "at": "2030-05-01T10:08:13.150+08:00",
        }],
        "next_after": 7,
    })
}
