//! Requests that work unchanged in the sandbox (tests send them), and their responses.

mod accounts;
mod keys;
mod webhooks;

use serde_json::{Value, json};

pub(super) use accounts::{account, accounts, authorization_link, enter_session, topics};
pub(super) use keys::{key, key_settings, key_with_secret, keys, new_key};
pub(super) use webhooks::{
    attempts, deliveries, message, new_webhook, ping, webhook, webhook_with_secret, webhooks,
};

const ORDER_ID: &str = "7359082668148200003";
const OPERATION_ID: &str = "01976c5e-7b2a-7c31-9d3e-8f2b6a1c4d50";

/// A search that finds the offer of the booking. It names the flight.
pub(super) fn search() -> Value {
    json!({
        "journeys": [{
            "from": "BJS", "to": "XMN", "date": "2030-05-20",
            "flights": [{
                "flight_no": "CZ8957", "departure_time": "2030-05-20T08:45:00+08:00",
                "from_airport": "PKX", "to_airport": "XMN",
            }],
        }],
        "party": {"adults": 1, "children": 1, "infants": 0},
    })
}

/// A booking of an offer that the sandbox has for sale.
pub(super) fn booking() -> Value {
    // The file is compiled in, and a test reads it.
    serde_json::from_str(include_str!("../../openapi/examples/booking.json")).unwrap_or_default()
}

/// The payment of the booked order.
pub(super) fn payment() -> Value {
    json!({ "total_price": booking()["total_price"] })
}

/// The result of the search.
pub(super) fn offers() -> Value {
    json!({"items": [booking()["offer"]], "notices": []})
}

/// The stages of the booked order.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Booked,
    Paid,
    Closed,
}

/// The receipt of the order.
fn receipt(stage: Stage) -> Value {
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
        "alipay_trade_no": paid.then_some("2030050122001400000000000001"),
        "passenger_ids": passenger_ids(),
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
        members.shift_remove("passenger_ids");
        members.extend([
            ("seller".to_owned(), offer["seller"].clone()),
            ("ticketed_at".to_owned(), Value::Null),
            ("passengers".to_owned(), Value::Array(passengers)),
            ("trip_type".to_owned(), offer["trip_type"].clone()),
            ("journeys".to_owned(), offer["journeys"].clone()),
            ("available_actions".to_owned(), json!([])),
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
        "tickets": [],
    })
}

const REFUND_NO: &str = "4966000000001";
const CHANGE_NO: &str = "4988000000001";
const OUT_REFUND_NO: &str = "REFUND-20300502-000001";
const OUT_CHANGE_NO: &str = "CHANGE-20300502-000001";

/// A voluntary refund of all tickets. The passengers have the same ids in every sandbox, because its
/// key is known.
pub(super) fn refund_quote_request() -> Value {
    // The file is compiled in, and a test reads it.
    serde_json::from_str(include_str!("../../openapi/examples/refund-quote.json"))
        .unwrap_or_default()
}

fn passenger_ids() -> Vec<Value> {
    let request = refund_quote_request();
    let ids = request["passengers"].as_array().into_iter().flatten();
    ids.cloned().collect()
}

/// The sandbox's quote for that refund.
pub(super) fn refund_quote() -> Value {
    let mut passengers = refund_passengers(true);
    for passenger in &mut passengers {
        passenger["refundable"] = json!(true);
    }
    json!({
        "quote_id": format!("rq_{}", "01".repeat(60)),
        "order_id": ORDER_ID,
        "kind": "voluntary",
        "refundable": true,
        "not_refundable_reason": null,
        "calculated": true,
        "fee": "184.50",
        "refund_amount": "1395.50",
        "passengers": passengers,
        "segments": [],
        "valid_until": "2030-05-02T09:15:00+08:00",
        "attachment_wanted": false,
    })
}

/// The passengers of the refund. A list contains neither segments nor amounts.
fn refund_passengers(in_detail: bool) -> Vec<Value> {
    travellers()
        .into_iter()
        .zip([("123.00", "947.00"), ("61.50", "448.50")])
        .map(|(traveller, (fee, amount))| {
            let shown = |value: &str| in_detail.then(|| value.to_owned());
            json!({
                "passenger_id": traveller["passenger_id"],
                "name": traveller["name"],
                "type": traveller["type"],
                "segment_ids": in_detail.then(segment_ids),
                "refundable": null,
                "not_refundable_reason": null,
                "fee": shown(fee),
                "refund_amount": shown(amount),
                "kept_ticket_fee": shown(fee),
                "kept_taxes": shown("0.00"),
                "used_value": shown("0.00"),
                "kept_change_fee": shown("0.00"),
                "kept_upgrade_fee": shown("0.00"),
            })
        })
        .collect()
}

fn segment_ids() -> Vec<Value> {
    let segment = &booking()["offer"]["journeys"][0]["segments"][0];
    vec![segment["segment_id"].clone()]
}

/// The application for the quoted refund, with the accepted fee.
pub(super) fn refund_request() -> Value {
    json!({
        "out_refund_no": OUT_REFUND_NO,
        "kind": "voluntary",
        "passengers": passenger_ids(),
        "fee": "184.50",
        "reason": "行程取消",
    })
}

/// The receipt of the application.
fn refund_receipt() -> Value {
    json!({
        "refund_order_no": REFUND_NO,
        "order_id": ORDER_ID,
        "out_refund_no": OUT_REFUND_NO,
        "kind": "voluntary",
        "status": "applied",
        "fee": "184.50",
        "refund_amount": null,
        "applied_at": null,
        "refunded_at": null,
        "attachment_awaited": false,
        "passenger_ids": passenger_ids(),
    })
}

/// The refund in full, completed.
pub(super) fn refund() -> Value {
    let mut refund = refund_row();
    refund["reason"] = json!("行程取消");
    refund["trade_no"] = json!("2030050300000000000001");
    refund["passengers"] = json!(refund_passengers(true));
    refund["segments"] = json!(segment_ids());
    refund
}

/// The refund as an item of the list.
fn refund_row() -> Value {
    json!({
        "refund_order_no": REFUND_NO,
        "order_id": ORDER_ID,
        "out_refund_no": OUT_REFUND_NO,
        "kind": "voluntary",
        "kind_code": 1,
        "status": "refunded",
        "status_code": 3,
        "supplementary": false,
        "fee": "184.50",
        "refund_amount": "1395.50",
        "applied_at": "2030-05-02T09:00:00+08:00",
        "refunded_at": "2030-05-03T09:00:00+08:00",
        "reason": null,
        "rejected_because": null,
        "trade_no": null,
        "passengers": refund_passengers(false),
        "segments": [],
        "attachments": [],
        "attachment_awaited": false,
    })
}

/// The refunds of an order.
pub(super) fn refunds() -> Value {
    json!({"items": [refund_row()], "next_cursor": null, "dropped": 0})
}

/// The passengers with id, name and type only.
fn travellers() -> Vec<Value> {
    let booking = booking();
    let passengers = booking["passengers"].as_array().into_iter().flatten();
    passengers
        .zip(passenger_ids())
        .map(|(passenger, id)| {
            json!({"passenger_id": id, "name": passenger["name"], "type": passenger["type"]})
        })
        .collect()
}

/// An uploaded proof.
pub(super) fn attachment(already_uploaded: bool) -> Value {
    json!({
        "attachment_id": "FILE-0001",
        "type": "jpeg",
        "bytes": 48213,
        "sha256": "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "order_id": ORDER_ID,
        "already_uploaded": already_uploaded,
    })
}

/// A change of all passengers to a later flight.
pub(super) fn change_request() -> Value {
    // The file is compiled in, and a test reads it.
    serde_json::from_str(include_str!("../../openapi/examples/change.json")).unwrap_or_default()
}

/// The stages of the change.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ChangeStage {
    Created,
    Paid,
    Cancelled,
}

/// The price of the change in the sandbox.
const CHANGE_TOTAL: &str = "205.00";

/// The receipt of the change.
fn change_receipt(stage: ChangeStage) -> Value {
    let paid = stage == ChangeStage::Paid;
    json!({
        "change_order_no": CHANGE_NO,
        "order_id": ORDER_ID,
        "out_change_no": OUT_CHANGE_NO,
        "status": match stage {
            ChangeStage::Created => "awaiting_payment",
            ChangeStage::Paid => "awaiting_ticketing",
            ChangeStage::Cancelled => "closed",
        },
        "total_price": CHANGE_TOTAL,
        "fee_above_limit": (stage == ChangeStage::Created).then_some(false),
        "pay_before": "2030-05-02T10:30:00+08:00",
        "paid_at": paid.then_some("2030-05-02T10:05:00+08:00"),
        "trade_no": paid.then_some("2030050200000000000001"),
        "passenger_ids": passenger_ids(),
    })
}

/// The payment of the change.
pub(super) fn change_payment() -> Value {
    json!({"total_price": CHANGE_TOTAL})
}

/// The change in full, not paid.
pub(super) fn change() -> Value {
    let request = change_request();
    let target = &request["segments"][0];
    let (segment, cabin) = (&target["segment"], &target["cabin"]);
    let fees = [("50.00", "90.00"), ("25.00", "40.00")];
    let passengers: Vec<Value> = travellers()
        .into_iter()
        .zip(fees)
        .map(|(mut traveller, (service, upgrade))| {
            traveller["fee"] =
                json!({"service_fee": service, "upgrade_fee": upgrade, "tax_fee": "0.00"});
            traveller["segment_ids"] = json!([target["replaces"]]);
            traveller["tickets"] = json!([]);
            traveller["original_tickets"] =
                json!([{"ticket_no": "999-0000000001", "segment_ids": null}]);
            traveller
        })
        .collect();
    json!({
        "change_order_no": CHANGE_NO,
        "order_id": ORDER_ID,
        "out_change_no": OUT_CHANGE_NO,
        "status": "awaiting_payment",
        "status_code": 2,
        "kind": "voluntary",
        "total_price": CHANGE_TOTAL,
        "created_at": "2030-05-02T10:00:00+08:00",
        "pay_before": "2030-05-02T10:30:00+08:00",
        "paid_at": null,
        "trade_no": null,
        "close_reason": null,
        "passengers": passengers,
        "original_segments": booking()["offer"]["journeys"][0]["segments"],
        "segments": [{
            "replaces": target["replaces"],
            "marketing_flight_no": segment["marketing_flight_no"],
            "operating_flight_no": segment["operating_flight_no"],
            "departure_city": segment["departure_city"],
            "arrival_city": segment["arrival_city"],
            "departure_airport": segment["departure_airport"],
            "arrival_airport": segment["arrival_airport"],
            "departure_time": segment["departure_time"],
            "arrival_time": segment["arrival_time"],
            "cabin": cabin["cabin"],
            "cabin_class": cabin["cabin_class"],
        }],
        "available_actions": ["pay", "cancel"],
    })
}

/// The changes of an order.
pub(super) fn changes() -> Value {
    json!({"items": [change()], "next_cursor": null, "dropped": 0})
}

/// A schedule change: the airline moved the flight by two hours.
pub(super) fn flight_changes() -> Value {
    let flight = |departure: &str, arrival: &str| {
        json!({
            "flight_no": "CZ8957", "date": "2030-05-20", "departure_airport": "PKX",
            "arrival_airport": "XMN", "departure_time": departure, "arrival_time": arrival,
        })
    };
    json!({
        "items": [{
            "order_id": ORDER_ID,
            "kind": "changed",
            "kind_code": 2,
            "sub_type": 1,
            "reason": "计划变更",
            "notified_at": "2030-05-18T09:00:00+08:00",
            "old": flight("2030-05-20T08:45:00+08:00", "2030-05-20T11:35:00+08:00"),
            "new": flight("2030-05-20T10:45:00+08:00", "2030-05-20T13:35:00+08:00"),
            "unreadable": [],
        }],
        "next_cursor": null,
    })
}

/// A write whose outcome is not known yet.
pub(super) fn open(kind: &str) -> Value {
    let subject = match kind {
        "book" => booking()["out_order_no"].clone(),
        "change_pay" | "change_cancel" => json!(CHANGE_NO),
        _ => json!(ORDER_ID),
    };
    json!({
        "id": OPERATION_ID,
        "kind": kind,
        "state": "unknown",
        "basis": null,
        "subject": subject,
        "account": "default",
        "version": 4,
        "created_at": "2030-05-01T10:08:07.120+08:00",
        "settled_at": null,
        "confirmed_at": null,
        "contradicted": false,
        "attention": null,
        "differs": [],
        "retry_of": null,
        "order": null,
        "refund": null,
        "change": null,
        "raw": null,
        "found": null,
        "recorded": null,
        "problem": null,
        "timeline": timeline(),
    })
}

/// The response to a write that has succeeded. It has no timeline.
pub(super) fn done(kind: &str) -> Value {
    let mut operation = open(kind);
    operation["state"] = json!("succeeded");
    operation["version"] = json!(3);
    operation["settled_at"] = json!("2030-05-01T10:08:07.690+08:00");
    let (member, receipt) = match kind {
        "book" => ("order", receipt(Stage::Booked)),
        "pay" => ("order", receipt(Stage::Paid)),
        "close" => ("order", receipt(Stage::Closed)),
        "refund" => ("refund", refund_receipt()),
        "change" => ("change", change_receipt(ChangeStage::Created)),
        "change_pay" => ("change", change_receipt(ChangeStage::Paid)),
        _ => ("change", change_receipt(ChangeStage::Cancelled)),
    };
    operation[member] = receipt;
    if let Value::Object(members) = &mut operation {
        members.shift_remove("timeline");
    }
    operation
}

fn timeline() -> Value {
    json!([
        {"at": "2030-05-01T10:08:07.120+08:00", "state": "accepted", "what": "accepted"},
        {"at": "2030-05-01T10:08:07.133+08:00", "state": "sending", "what": "sending"},
        {"at": "2030-05-01T10:08:12.641+08:00", "state": "unknown",
         "what": "no conclusive response; lookups follow"},
    ])
}

/// A payment that timed out and that a lookup found executed.
pub(super) fn settled() -> Value {
    let mut operation = done("pay");
    operation["version"] = json!(5);
    operation["settled_at"] = json!("2030-05-01T10:08:13.150+08:00");
    operation["confirmed_at"] = operation["settled_at"].clone();
    let mut timeline = timeline();
    if let Some(timeline) = timeline.as_array_mut() {
        timeline.push(json!({
            "at": "2030-05-01T10:08:13.150+08:00", "state": "succeeded",
            "what": "lookup 1: found: the order is paid",
        }));
    }
    operation["timeline"] = timeline;
    operation
}

/// A page of operations.
pub(super) fn operations() -> Value {
    json!({"items": [done("pay")], "next_cursor": null})
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
            "available_actions",
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
            "type": "order.paid",
            "subject": ORDER_ID,
            "fact": "paid",
            "account": "default",
            "order_id": ORDER_ID,
            "out_order_no": "TRIP-20300501-000001",
            "operation_id": OPERATION_ID,
            "at": "2030-05-01T10:08:13.150+08:00",
        }],
        "next_after": 7,
    })
}

pub(super) fn notifications() -> Value {
    json!({
        "items": [{
            "topic": "alitrip_flight_TradeNotify",
            "id": "msg-0001",
            "state": "quarantined",
            "reason": "unknown_account",
            "members": ["alipay_trade_no: text", "id: text", "order_no: text", "trade_no: text", "type: text"],
            "account": null,
            "user_id": "2200000000001",
            "order_no": ORDER_ID,
            "published_at": "2030-05-01T10:08:13+08:00",
            "received_at": "2030-05-01T10:08:13.150+08:00",
            "deliveries": 1,
        }],
        "next_cursor": null,
    })
}
