//! What TOP reports about orders, refunds and changes.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fliggy_gateway::clock::ManualClock;
use serde_json::{Value, json};

use crate::client::{Top, start_on_clock_with};
use crate::tmc::Tmc;

const TRADE: &str = "alitrip_flight_TradeNotify";
const PAYMENT: &str = "alitrip_flight_PayNotification";
const REFUND: &str = "alitrip_flight_RefundNotify";
const CHANGE: &str = "alitrip_flight_ChangeStatusNotify";
const FLIGHT: &str = "alitrip_flight_FlightChange";

/// Checks a content against `openapi/top/topics.json`.
fn check(topic: &str, content: &Value) {
    let text = include_str!("../../openapi/top/topics.json");
    let topics: Value = serde_json::from_str(text).unwrap();
    let mut topics = topics["topics"].as_array().unwrap().iter();
    let known = topics.find(|known| known["name"] == topic).unwrap();
    let fields = known["fields"].as_array().unwrap();
    let names: BTreeSet<&str> = fields.iter().map(|f| f["name"].as_str().unwrap()).collect();
    for name in content.as_object().unwrap().keys() {
        assert!(names.contains(name.as_str()), "{topic}: {name}");
    }
    for field in fields {
        let value = &content[field["name"].as_str().unwrap()];
        if value.is_null() {
            assert_eq!(field["required"], false, "{topic}: {field}");
            continue;
        }
        let fits = match field["type"].as_str().unwrap() {
            "String" | "Date" => value.is_string(),
            "Number" => value.is_u64(),
            "Boolean" => value.is_boolean(),
            other => panic!("{other}"),
        };
        assert!(fits, "{topic}: {field} {value}");
        if let Some(values) = field["values"].as_array() {
            assert!(
                values.iter().any(|known| known["value"] == *value),
                "{field} {value}"
            );
        }
    }
}

/// The next message, checked and confirmed.
async fn next(tmc: &mut Tmc) -> (String, Value) {
    let (topic, content) = tmc.take().await;
    check(&topic, &content);
    (topic, content)
}

async fn expect(tmc: &mut Tmc, topic: &str, members: Value) -> Value {
    let (found, content) = next(tmc).await;
    assert_eq!(found, topic, "{content}");
    for (name, value) in members.as_object().unwrap() {
        assert_eq!(content[name], *value, "{topic}: {name}");
    }
    content
}

/// A simulator whose leases do not end while a confirmation is on its way and the clock is moved.
async fn start_patient() -> (Top, Arc<ManualClock>) {
    start_on_clock_with(|config| config.timing.message_lease = Duration::from_secs(86_400)).await
}

fn pass(clock: &ManualClock) {
    clock.advance_steady(Duration::from_secs(600));
}

async fn paid(top: &Top, tmc: &mut Tmc, number: &str) -> u64 {
    let id = top.booked(number).await;
    assert_eq!(top.pay(id).await["is_success"], true);
    let order_no = id.to_string();
    let trade = expect(tmc, TRADE, json!({"order_no": order_no, "type": "1"})).await;
    let payment = expect(tmc, PAYMENT, json!({"order_no": order_no})).await;
    assert_eq!(trade["alipay_trade_no"], payment["alipay_trade_no"]);
    assert!(trade["trade_no"].is_string());
    assert_ne!(trade["id"], payment["id"]);
    id
}

#[tokio::test]
async fn an_order_is_reported_when_paid_ticketed_by_itself_and_closed() {
    let (top, clock) = start_patient().await;
    let mut tmc = Tmc::connect(&top).await;
    let id = paid(&top, &mut tmc, "F-1").await;
    // Nobody reads the order until the message comes.
    pass(&clock);
    let order_no = id.to_string();
    expect(&mut tmc, TRADE, json!({"order_no": order_no, "type": "3"})).await;
    assert_eq!(top.detail("F-1").await["order_status"], "出票成功");

    let id = top.booked("F-2").await;
    let input = json!({"order_id": id});
    top.call("close", "close_order_request", &input).await;
    expect(
        &mut tmc,
        TRADE,
        json!({"order_no": id.to_string(), "type": "2"}),
    )
    .await;

    let id = top.booked("F-3").await;
    clock.advance_steady(Duration::from_secs(30 * 60));
    expect(
        &mut tmc,
        TRADE,
        json!({"order_no": id.to_string(), "type": "2"}),
    )
    .await;

    let id = top.booked("F-4").await;
    for (to, event) in [("paid", "1"), ("ticketed", "3"), ("closed", "2")] {
        top.advance(&format!("orders/{id}"), to).await;
        expect(
            &mut tmc,
            TRADE,
            json!({"order_no": id.to_string(), "type": event}),
        )
        .await;
        if to == "paid" {
            expect(&mut tmc, PAYMENT, json!({})).await;
        }
        // The same status again is no news.
        top.advance(&format!("orders/{id}"), to).await;
    }
    let order = top.booked("F-5").await;
    top.advance(&format!("orders/{order}"), "closed").await;
    expect(
        &mut tmc,
        TRADE,
        json!({"order_no": order.to_string(), "type": "2"}),
    )
    .await;
}

#[tokio::test]
async fn a_late_effect_is_reported_at_once_and_an_undone_one_never() {
    let (top, _clock) = start_patient().await;
    let mut tmc = Tmc::connect(&top).await;
    let undone = top.booked("sim.pay.success_without_effect.1").await;
    assert_eq!(top.pay(undone).await["is_success"], true);
    let late = top.booked("sim.pay.late_visibility.1").await;
    let input = json!({"order_id": late});
    let response = top.raw("pay", "pay_order_request", &input).await.unwrap();
    assert_eq!(response.status(), 502);
    expect(
        &mut tmc,
        TRADE,
        json!({"order_no": late.to_string(), "type": "1"}),
    )
    .await;
    let detail = top.detail("sim.pay.late_visibility.1").await;
    assert_eq!(detail["order_status"], "生单预定成功");
}

#[tokio::test]
async fn a_refund_is_reported() {
    let (top, clock) = start_patient().await;
    let order = top.ticketed("F-6", 1).await;
    let mut tmc = Tmc::connect(&top).await;
    for _ in 0..3 {
        next(&mut tmc).await;
    }
    let rendered = top.render(&order.refund(1)).await;
    let apply = async |number: &str| {
        let input = order.application(number, 1, &rendered["all_refund_fee"]);
        top.refund(&input).await["refund_order_no"].clone()
    };
    let event = |event: &str, number: &Value, more: bool| {
        json!({
            "message_type": event, "order_no": order.id, "refund_order_no": number,
            "multi_refund_flag": more,
        })
    };
    let rejected = apply("R-1").await;
    expect(
        &mut tmc,
        REFUND,
        event("REFUND_CREATE_MSG", &rejected, false),
    )
    .await;
    top.advance(&format!("refunds/{rejected}"), "failed").await;
    expect(
        &mut tmc,
        REFUND,
        event("REFUND_CLOSE_MSG", &rejected, false),
    )
    .await;
    let refunded = apply("R-2").await;
    expect(
        &mut tmc,
        REFUND,
        event("REFUND_CREATE_MSG", &refunded, false),
    )
    .await;
    pass(&clock);
    expect(
        &mut tmc,
        REFUND,
        event("REFUND_SUCCESS_MSG", &refunded, false),
    )
    .await;
    let url = format!("{}/_simulator/refunds/{refunded}/supplement", top.base);
    let response = top.post(&url, &json!({})).await;
    let row: Value = crate::client::json_of(response).await;
    let more: Value = row["refund_order_no"]
        .as_str()
        .unwrap()
        .parse::<u64>()
        .unwrap()
        .into();
    expect(&mut tmc, REFUND, event("REFUND_CREATE_MSG", &more, true)).await;
    pass(&clock);
    expect(&mut tmc, REFUND, event("REFUND_SUCCESS_MSG", &more, true)).await;
}

#[tokio::test]
async fn every_status_of_a_change_is_reported() {
    let (top, clock) = start_patient().await;
    let number = "sim.change.fees_later.1";
    let order = top.ticketed(number, 1).await;
    let mut tmc = Tmc::connect(&top).await;
    for _ in 0..3 {
        next(&mut tmc).await;
    }
    let answer = top.change(&order.change("C-1")).await;
    let change = answer["change_order_no"].clone();
    let status = |change: &Value, status: u64| json!({"order_no": order.id, "change_order_no": change, "status": status});
    expect(&mut tmc, CHANGE, status(&change, 1)).await;
    pass(&clock);
    expect(&mut tmc, CHANGE, status(&change, 2)).await;
    let row = top.changes(json!({"change_order_no": change})).await[0].clone();
    top.pay_change(&change, &row["total_amount"]).await;
    expect(&mut tmc, CHANGE, status(&change, 3)).await;
    pass(&clock);
    expect(&mut tmc, CHANGE, status(&change, 5)).await;

    let mut input = order.change("C-2");
    let detail = top.detail(number).await;
    let segment = crate::after_sales::segment(&detail);
    input["changed_flight_segment_list"][0]["flight_segment_id"] = segment["id"].clone();
    input["changed_flight_segment_list"][0]["dep_time"] = json!("2030-05-22 08:45:00");
    let answer = top.change(&input).await;
    let change = answer["change_order_no"].clone();
    expect(&mut tmc, CHANGE, status(&change, 2)).await;
    top.cancel_change(&change).await;
    expect(&mut tmc, CHANGE, status(&change, 4)).await;
}

#[tokio::test]
async fn a_schedule_change_is_reported() {
    let (top, _clock) = start_patient().await;
    let mut tmc = Tmc::connect(&top).await;
    let id = top.booked("F-7").await;
    let url = format!("{}/_simulator/orders/{id}/schedule-change", top.base);
    top.post(&url, &json!({"minutes": 120})).await;
    let members =
        json!({"order_id": id, "change_type": 2, "new_depart_time": "2030-05-20 10:45:00"});
    expect(&mut tmc, FLIGHT, members).await;
    top.post(&url, &json!({"cancelled": true})).await;
    let content = expect(&mut tmc, FLIGHT, json!({"order_id": id, "change_type": 1})).await;
    assert!(content.get("new_flight_no").is_none());
}
