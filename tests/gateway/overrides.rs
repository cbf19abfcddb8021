//! Overrides correct the contract by configuration: with a simulator on the same corrected wire, the
//! gateway still searches, books and pays.

use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use serde_json::{Value, json};

use crate::world::{World, booking};

/// Overrides of every kind, on every method of these writes and reads, in requests and responses.
fn corrections() -> Value {
    let of = |method: &str, side: &str, path: &str, what: Value| {
        let mut row = json!({
            "method": format!("alitrip.flight.service.{method}"), "side": side, "path": path,
        });
        row.as_object_mut()
            .unwrap()
            .extend(what.as_object().unwrap().clone());
        row
    };
    json!([
        // Names, in requests and responses, including the object parameter.
        of(
            "search",
            "request",
            "search_flight_info_req",
            json!({"rename": "query"})
        ),
        of(
            "search",
            "request",
            "search_flight_info_req.external_agent_name",
            json!({"rename": "channel"})
        ),
        of(
            "search",
            "answer",
            "flight_item_list.solution_id",
            json!({"rename": "item_key"})
        ),
        of(
            "pay",
            "request",
            "pay_order_request.order_id",
            json!({"rename": "id", "type": "String"})
        ),
        of("pay", "answer", "pay_time", json!({"rename": "paid_at"})),
        // Wrappers of lists: another wrapper, and none.
        of(
            "search",
            "answer",
            "flight_item_list",
            json!({"rename": "items", "wrapper": "item"})
        ),
        of(
            "queryorderdetail",
            "answer",
            "flight_book_order_detail_list",
            json!({"wrapper": ""})
        ),
        // Types.
        of(
            "search",
            "request",
            "search_flight_info_req.has_child",
            json!({"type": "String"})
        ),
        of(
            "queryorderdetail",
            "answer",
            "total_price",
            json!({"type": "String"})
        ),
        of(
            "queryorderdetail",
            "answer",
            "order_id",
            json!({"type": "String"})
        ),
        // Values.
        of(
            "search",
            "answer",
            "flight_item_list.supply_source_type",
            json!({"values": {"1": "OWN", "2": "AGENT", "3": "FLAGSHIP"}})
        ),
        of(
            "queryorderdetail",
            "answer",
            "order_status",
            json!({"values": {"生单预定成功": "BOOKED", "支付成功": "PAID"}})
        ),
        // Places.
        of(
            "search",
            "answer",
            "flight_item_list.adt_build_fee",
            json!({"move": "flight_item_list.fees.build"})
        ),
        of(
            "queryorderdetail",
            "answer",
            "real_pay_price",
            json!({"move": "payment.amount"})
        ),
        // A constant, and a field that does not exist.
        of(
            "search",
            "answer",
            "flight_item_list.baggage_rule",
            json!({"constant": "20KG"})
        ),
        of("pay", "answer", "alipay_trade_no", json!({"drop": true})),
    ])
}

async fn corrected(rows: &Value) -> World {
    let overrides: Vec<Override> = serde_json::from_value(rows.clone()).unwrap();
    let overrides = Overrides::build(Registry::embedded(), &overrides).unwrap();
    let rows = rows.to_string();
    World::start_with(
        &[("GATEWAY__TOP__CONTRACT__OVERRIDES", &rows)],
        |simulator| simulator.overrides = overrides,
    )
    .await
}

#[tokio::test]
async fn an_overridden_contract_still_searches_books_and_pays() {
    let world = corrected(&corrections()).await;
    let offer = world.offer_of_now().await;
    assert_eq!(offer["baggage_rule"], "20KG");
    assert_eq!(offer["supply"], "own");
    let body = booking(&offer, "OVERRIDES-1");
    let booked = world.write("/v1/orders", "b", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let booked = booked.created();
    let paid = world.pay(booked, "k", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(
        (&paid.created()["status"], &paid.created()["paid_price"]),
        (&json!("paid"), &booked["total_price"])
    );
    let path = format!("/v1/orders/{}", booked["order_id"].as_str().unwrap());
    let order = world.get(&format!("{path}?include=upstream")).await;
    assert_eq!(order.body["passengers"][0]["name"], "测试旅客", "{order:?}");
    // `upstream` shows the fields as Fliggy sent them.
    let upstream = &order.body["upstream"];
    assert_eq!(upstream["order_status"], "PAID", "{upstream}");
    assert!(upstream["payment"]["amount"].is_number(), "{upstream}");
    assert!(
        upstream["flight_book_order_detail_list"].is_array(),
        "{upstream}"
    );
    assert!(upstream["order_id"].is_string(), "{upstream}");
}

#[tokio::test]
async fn a_lost_payment_is_found_through_an_overridden_contract() {
    let world = corrected(&corrections()).await;
    let booked = world.booked("sim.pay.hang_then_succeed.overrides").await;
    let paid = world.pay(&booked, "k", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(world.received("pay").await, 1);
}

#[tokio::test]
async fn without_the_overrides_the_same_wire_is_not_understood() {
    // The counter-test: the simulator really uses another wire.
    let rows: Vec<Override> = serde_json::from_value(corrections()).unwrap();
    let overrides = Overrides::build(Registry::embedded(), &rows).unwrap();
    let world = World::start_with(&[], |simulator| simulator.overrides = overrides).await;
    let search = crate::world::search("BJS", "XMN");
    let found = world.post_with("/v1/flights/search", &[], &search).await;
    assert_eq!(found.status, 502, "{found:?}");
}
