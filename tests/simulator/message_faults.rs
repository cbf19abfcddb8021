//! Faults of the delivery of messages.

use std::time::Duration;

use fliggy_gateway::top::tmc::frame::{Frame, Value as Header};
use serde_json::json;

use crate::client::{start, start_on_clock};
use crate::tmc::Tmc;

#[tokio::test]
async fn drop_and_duplicate() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    top.message_fault(json!({"fault": "drop", "topic": "a"}))
        .await;
    top.message_fault(json!({"fault": "duplicate", "topic": "a", "times": 1}))
        .await;
    assert!(top.publish("a", json!({"n": 1})).await.is_empty());
    let other = top.publish("b", json!({"n": 2})).await;
    let twice = top.publish("a", json!({"n": 3})).await;
    assert_eq!(twice.len(), 2);
    assert_eq!(tmc.message().await.id, other[0]);
    let (frame, first) = tmc.delivery().await;
    let (again, second) = tmc.delivery().await;
    assert_eq!((first.id, second.id), (twice[0], twice[1]));
    assert_eq!(first.content, second.content);
    assert_eq!((first.retried, second.retried), (None, None));
    assert_eq!(frame.get("dataid"), again.get("dataid"));
    let rules = top.get("messages/faults").await;
    assert_eq!(
        rules["items"][0],
        json!({"fault": "drop", "topic": "a", "times": 1, "struck": 1})
    );
    let url = format!("{}/_simulator/messages/faults", top.base);
    assert_eq!(top.http.delete(&url).send().await.unwrap().status(), 204);
    assert_eq!(top.get("messages/faults").await["items"], json!([]));
    for rule in [
        json!({"fault": "no_such"}),
        json!({"fault": "drop", "times": 0}),
    ] {
        assert_eq!(top.post(&url, &rule).await.status(), 422);
    }
}

#[tokio::test]
async fn delay_and_reorder() {
    let (top, clock) = start_on_clock().await;
    let mut tmc = Tmc::connect(&top).await;
    top.message_fault(json!({"fault": "delay", "delay_ms": 60_000}))
        .await;
    let late = top.publish("a", json!({})).await;
    top.message_fault(json!({"fault": "reorder"})).await;
    let held = top.publish("a", json!({})).await;
    let third = top.publish("a", json!({})).await;
    assert_eq!(tmc.message().await.id, third[0]);
    assert_eq!(tmc.message().await.id, held[0]);
    top.row_is(late[0], "waiting").await;
    clock.advance_steady(Duration::from_secs(60));
    assert_eq!(tmc.message().await.id, late[0]);
}

#[tokio::test]
async fn disconnect() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    top.message_fault(json!({"fault": "disconnect"})).await;
    let ids = top.publish("a", json!({})).await;
    tmc.closed().await;
    let mut tmc = Tmc::connect(&top).await;
    let message = tmc.message().await;
    assert_eq!((message.id, message.retried), (ids[0], None));
}

#[tokio::test]
async fn garbage_unreadable_gzip_and_big_endian() {
    let top = start().await;
    let mut tmc = Tmc::connect(&top).await;
    let publish = async |fault: &str| {
        top.message_fault(json!({"fault": fault})).await;
        top.publish("a", json!({"n": 12_345})).await[0]
    };
    let id = publish("garbage").await;
    assert!(Frame::decode(&tmc.bytes().await).is_err());
    assert_eq!(tmc.message().await.id, id);

    let id = publish("unreadable").await;
    let message = tmc.message().await;
    assert_eq!(
        (
            message.id,
            message.content.as_ref().unwrap().expose().as_str()
        ),
        (id, "{\"n\":")
    );

    let id = publish("gzip").await;
    let (frame, message) = tmc.delivery().await;
    assert!(matches!(frame.get("content"), Some(Header::Bytes(_))));
    assert_eq!(
        (
            message.id,
            message.content.as_ref().unwrap().expose().as_str()
        ),
        (id, "{\"n\":12345}")
    );

    let id = publish("big_endian").await;
    let bytes = tmc.bytes().await;
    assert_eq!(bytes[2..4], [0, 5]);
    let frame = Frame::decode(&bytes).unwrap();
    assert_eq!(frame.get("id"), Some(&Header::Int64(id)));
}

#[tokio::test]
async fn early() {
    let (top, clock) = start_on_clock().await;
    let mut tmc = Tmc::connect(&top).await;
    let order = top.booked("E-1").await;
    top.message_fault(json!({"fault": "early", "delay_ms": 60_000}))
        .await;
    assert_eq!(top.pay(order).await["is_success"], true);
    let (topic, content) = tmc.take().await;
    assert_eq!(topic, "alitrip_flight_TradeNotify");
    assert_eq!(content["type"], "1");
    assert_eq!(top.detail("E-1").await["order_status"], "生单预定成功");
    clock.advance_steady(Duration::from_secs(60));
    assert_eq!(top.detail("E-1").await["order_status"], "支付成功");
}

#[tokio::test]
async fn early_hides_a_schedule_change_a_refund_and_a_change() {
    let (top, clock) = start_on_clock().await;
    let order = top.ticketed("E-2", 1).await;
    top.message_fault(json!({"fault": "early", "times": null, "delay_ms": 60_000}))
        .await;
    let url = format!(
        "{}/_simulator/orders/{}/schedule-change",
        top.base, order.id
    );
    top.post(&url, &json!({"minutes": 120})).await;
    let flights = async || {
        let (method, param) = ("flightchange.order.query", "query_flight_change_order_req");
        let answer = top
            .call(method, param, &json!({"order_id": order.id}))
            .await;
        answer["result"].to_string().matches("change_type").count()
    };
    let rendered = top.render(&order.refund(1)).await;
    let refund = order.application("R-1", 1, &rendered["all_refund_fee"]);
    assert_eq!(top.refund(&refund).await["is_success"], true);
    assert_eq!(flights().await, 0);
    assert_eq!(top.refunds(order.id).await.len(), 0);
    clock.advance_steady(Duration::from_secs(60));
    assert_eq!(flights().await, 1);
    assert_eq!(top.refunds(order.id).await.len(), 1);
    let changed = top.ticketed("E-3", 1).await;
    clock.advance_steady(Duration::from_secs(60));
    let answer = top.change(&changed.change("C-1")).await;
    assert_eq!(answer["is_success"], true, "{answer}");
    assert_eq!(top.changes(json!({"order_id": changed.id})).await.len(), 0);
    clock.advance_steady(Duration::from_secs(60));
    assert_eq!(top.changes(json!({"order_id": changed.id})).await.len(), 1);
}
