//! Changes: their prices, their progress, and schedule changes by the airline.

use std::time::Duration;

use serde_json::{Value, json};

use crate::after_sales::{Ticketed, cents, segment};
use crate::client::{Top, json_of, start_on_clock};

fn tickets(detail: &Value, index: usize) -> Value {
    let details = &detail["flight_book_order_detail_list"]["flight_book_order_detail"];
    details[index]["ticket_nos"]["string"].clone()
}

async fn status(top: &Top, number: &Value) -> Value {
    let rows = top.changes(json!({"change_order_no": number})).await;
    rows[0]["status"].clone()
}

/// Creates a change that must succeed; returns its number and total.
async fn created(top: &Top, input: &Value) -> (Value, Value) {
    let answer = top.change(input).await;
    assert_eq!(answer["is_success"], true, "{answer}");
    (
        answer["change_order_no"].clone(),
        answer["total_amount"].clone(),
    )
}

#[tokio::test]
async fn a_change_is_created_paid_and_ticketed_and_moves_the_order() {
    let (top, clock) = start_on_clock().await;
    let order = top.ticketed("C-1", 1).await;
    let (ticket, _) = order.price();
    let answer = top.change(&order.change("OUT-1")).await;
    assert_eq!(answer["is_success"], true, "{answer}");
    assert_eq!(answer["status"], 2);
    assert_eq!(answer["out_change_no"], "OUT-1");
    assert!(answer["last_pay_time"].is_string());
    let fees = &answer["change_fee_details"]["change_fee_detail"][0]["change_fee"];
    assert_eq!(cents(&fees["service_fee"]), (ticket * 5 + 50) / 100);
    assert_eq!(fees["tax_fee"], 0);
    let total = answer["total_amount"].clone();
    assert_eq!(
        cents(&total),
        cents(&fees["service_fee"]) + cents(&fees["upgrade_fee"])
    );
    let number = answer["change_order_no"].clone();

    let wrong = json!(total.as_f64().unwrap() + 0.01);
    let refused = top.pay_change(&number, &wrong).await;
    assert_eq!(refused["error_code_info"], "isv.CHANGE_FEE_CHANGED");
    let paid = top.pay_change(&number, &total).await;
    assert_eq!(paid["status"], 3);
    assert_eq!(paid["pay_amount"], total);
    assert!(paid["pay_time"].is_string() && paid["trade_no"].is_string());
    let again = top.pay_change(&number, &total).await;
    assert_eq!(again["error_code_info"], "isv.CHANGE_ALREADY_PAID");
    assert_eq!(
        top.detail("C-1").await["flight_route"],
        order.detail["flight_route"]
    );

    clock.advance_steady(Duration::from_secs(600));
    let row = top.changes(json!({"order_id": order.id})).await[0].clone();
    assert_eq!(row["status"], 5);
    assert_eq!(row["total_amount"], total);
    let passenger = &row["passenger_list"]["changed_passenger"][0];
    assert_eq!(
        passenger["original_ticket_nos"]["string"],
        tickets(&order.detail, 0)
    );
    let original = &row["original_flight_segment_list"]["flight_segment"][0];
    assert_eq!(*original, order.segment());
    let detail = top.detail("C-1").await;
    assert_eq!(tickets(&detail, 0), passenger["ticket_nos"]["string"]);
    assert_ne!(tickets(&detail, 0), tickets(&order.detail, 0));
    assert_eq!(segment(&detail)["dep_time"], "2030-05-21 08:45:00");
    let details = &detail["flight_book_order_detail_list"]["flight_book_order_detail"];
    let cabin = &details[0]["flight_segment_cabin_relation"]["flight_segment_item"][0];
    assert_eq!(cabin["flight_segment_id"], segment(&detail)["id"]);

    let refused = top.cancel_change(&number).await;
    assert_eq!(refused["error_code_info"], "isv.CHANGE_STATUS_NOT_ALLOWED");
    let again = top.pay_change(&number, &total).await;
    assert_eq!(again["error_code_info"], "isv.CHANGE_ALREADY_PAID");
    let listed = top.get(&format!("changes?change_order_no={number}")).await;
    let cents = cents(&total);
    assert_eq!(
        listed["items"],
        json!([{
            "change_order_no": number.to_string(), "order_id": order.id.to_string(),
            "out_change_no": "OUT-1", "status": 5,
            "total": format!("{}.{:02}", cents / 100, cents % 100),
            "effects": {"pay": 1, "cancel": 0},
        }])
    );
    assert_eq!(top.effects("C-1").await["change"], 1);
    assert_eq!(top.counts("C-1", "change_pay").await, (4, 1));

    // A changed segment can be changed again, and refunded, by its new or its old id.
    let moved = Ticketed { detail, ..order };
    let mut input = moved.change("OUT-2");
    input["changed_flight_segment_list"][0]["dep_time"] = json!("2030-05-22 08:45:00");
    created(&top, &input).await;
    let mut input = moved.refund(1);
    input["flight_segment_id_list"] = json!([original["id"]]);
    assert_eq!(top.render(&input).await["is_success"], true);
}

#[tokio::test]
async fn late_fees_become_known() {
    let (top, clock) = start_on_clock().await;
    for (index, by_time) in [true, false].into_iter().enumerate() {
        let order = top
            .ticketed(&format!("sim.change.fees_later.{index}"), 1)
            .await;
        let answer = top.change(&order.change(&format!("LATER-{index}"))).await;
        assert_eq!(answer["status"], 1);
        assert!(answer.get("total_amount").is_none());
        assert!(answer.get("change_fee_details").is_none());
        let number = &answer["change_order_no"];
        let early = top.pay_change(number, &Value::Null).await;
        assert_eq!(early["error_code_info"], "isv.CHANGE_STATUS_NOT_ALLOWED");
        assert!(
            top.changes(json!({"change_order_no": number})).await[0]
                .get("total_amount")
                .is_none()
        );
        if by_time {
            clock.advance_steady(Duration::from_secs(600));
        } else {
            let row = top
                .advance(&format!("changes/{number}"), "awaiting_payment")
                .await;
            assert_eq!(row["status"], 2);
        }
        let row = top.changes(json!({"change_order_no": number})).await[0].clone();
        assert_eq!(row["status"], 2);
        assert!(row["last_pay_time"].is_string());
        let paid = top.pay_change(number, &row["total_amount"]).await;
        assert_eq!(paid["status"], 3, "{paid}");
    }
}

#[tokio::test]
async fn a_closed_change_never_blocks_another() {
    let (top, clock) = start_on_clock().await;
    let order = top.ticketed("CLOSED", 1).await;
    let (first, total) = created(&top, &order.change("X-1")).await;
    let second = top.change(&order.change("X-2")).await;
    assert_eq!(second["error_code_info"], "isv.CHANGE_ALREADY_EXIST");
    let cancelled = top.cancel_change(&first).await;
    assert_eq!(cancelled["status"], 4);
    let again = top.cancel_change(&first).await;
    assert_eq!(again["error_code_info"], "isv.CHANGE_STATUS_NOT_ALLOWED");
    let refused = top.pay_change(&first, &total).await;
    assert_eq!(refused["error_code_info"], "isv.CHANGE_CLOSED");
    let same = top.change(&order.change("X-1")).await;
    assert_eq!(same["error_code_info"], "isv.CHANGE_ALREADY_EXIST");

    let (unpaid, _) = created(&top, &order.change("X-3")).await;
    clock.advance_steady(Duration::from_secs(30 * 60));
    let row = top.changes(json!({"change_order_no": unpaid})).await[0].clone();
    assert_eq!(row["status"], 4);
    assert!(row["close_reason"].is_string());

    let (rejected, total) = created(&top, &order.change("X-4")).await;
    assert_eq!(top.pay_change(&rejected, &total).await["status"], 3);
    top.advance(&format!("changes/{rejected}"), "closed").await;
    let row = top.changes(json!({"change_order_no": rejected})).await[0].clone();
    assert_eq!(row["status"], 4);
    assert!(row["pay_time"].is_string());
    assert_eq!(
        tickets(&top.detail("CLOSED").await, 0),
        tickets(&order.detail, 0)
    );

    let (last, _) = created(&top, &order.change("X-5")).await;
    let row = top.advance(&format!("changes/{last}"), "ticketed").await;
    assert_eq!(
        (&row["status"], &row["effects"]["pay"]),
        (&json!(5), &json!(0))
    );
    assert_eq!(status(&top, &last).await, 5);
    let numbers: Vec<Value> = top
        .changes(json!({"order_id": order.id}))
        .await
        .iter()
        .map(|row| row["change_order_no"].clone())
        .collect();
    assert_eq!(numbers, [last, rejected, unpaid, first]);
}

#[tokio::test]
async fn a_route_moves_once_the_last_passenger_is_changed() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("TWO", 2).await;
    let (one, _) = created(&top, &order.change("T-1")).await;
    top.advance(&format!("changes/{one}"), "ticketed").await;
    let half = top.detail("TWO").await;
    assert_eq!(segment(&half), order.segment());
    assert_ne!(tickets(&half, 0), tickets(&order.detail, 0));
    assert_eq!(tickets(&half, 1), tickets(&order.detail, 1));
    let mut input = order.change("T-2");
    input["passenger_list"] = json!([order.passenger(1)]);
    let (other, _) = created(&top, &input).await;
    top.advance(&format!("changes/{other}"), "ticketed").await;
    let whole = top.detail("TWO").await;
    assert_eq!(segment(&whole)["dep_time"], "2030-05-21 08:45:00");
}

#[tokio::test]
async fn a_dearer_cabin_costs_the_difference_and_an_involuntary_change_nothing() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("DEAR", 1).await;
    let mut input = order.change("D-1");
    input["changed_flight_segment_list"][0]["cabin"] = json!("J");
    input["change_reason_type"] = json!(1);
    let (free, total) = created(&top, &input).await;
    assert_eq!(total, 0);
    top.cancel_change(&free).await;
    input["change_reason_type"] = json!(0);
    input["out_change_no"] = json!("D-2");
    input["total_amount"] = json!(1);
    let refused = top.change(&input).await;
    assert_eq!(refused["error_code_info"], "isv.CHANGE_FEE_CHANGED");
    input.as_object_mut().unwrap().remove("total_amount");
    let answer = top.change(&input).await;
    let fees = answer["change_fee_details"]["change_fee_detail"][0]["change_fee"].clone();
    let (ticket, _) = order.price();
    assert!(cents(&fees["upgrade_fee"]) > ticket);
    top.cancel_change(&answer["change_order_no"]).await;
    input["out_change_no"] = json!("D-3");
    for name in ["service_fee", "upgrade_fee", "tax_fee"] {
        input[name] = fees[name].clone();
    }
    input["total_amount"] = answer["total_amount"].clone();
    created(&top, &input).await;
}

#[tokio::test]
async fn a_change_must_match_the_order_and_the_timetable() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("FIT", 1).await;
    let to = |name: &str, value: Value| {
        let mut input = order.change("F-1");
        input["changed_flight_segment_list"][0][name] = value;
        input
    };
    let with = |name: &str, value: Value| {
        let mut input = order.change("F-1");
        input[name] = value;
        input
    };
    let mut stranger = order.passenger(0);
    stranger["credential_no"] = json!("110101199003070009");
    let no_flight = "isv.FLIGHT_NOT_MATCH";
    for (input, code) in [
        (with("order_id", json!(7)), "isv.ORDER_NOT_EXIST"),
        (
            with("passenger_list", json!([stranger])),
            "isv.PASSENGER_NOT_MATCH",
        ),
        (
            to("flight_segment_id", json!("CZ0000")),
            "isv.SEGMENT_NOT_MATCH",
        ),
        (to("marketing_flight_no", json!("CZ0001")), no_flight),
        (to("dep_airport", json!("PEK")), no_flight),
        (to("dep_time", json!("2030-05-21 08:50:00")), no_flight),
        (to("dep_time", json!("2020-05-21 08:45:00")), no_flight),
        (to("arr_city_code", json!("SHA")), no_flight),
        (to("cabin", json!("X")), no_flight),
    ] {
        assert_eq!(top.change(&input).await["error_code_info"], code);
    }
    let id = top.booked("FIT-BOOKED").await;
    let refused = top.change(&with("order_id", json!(id))).await;
    assert_eq!(refused["error_code_info"], "isv.ORDER_STATUS_NOT_ALLOWED");

    let fee = top.render(&order.refund(1)).await["all_refund_fee"].clone();
    top.refund(&order.application("F-R", 1, &fee)).await;
    let refused = top.change(&order.change("F-2")).await;
    assert_eq!(refused["error_code_info"], "isv.CHANGE_NOT_ALLOWED");
    assert_eq!(top.effects("FIT").await["change"], 0);

    let nothing = Vec::<Value>::new();
    assert_eq!(top.changes(json!({"change_order_no": 7})).await, nothing);
    assert_eq!(top.changes(json!({"order_id": order.id})).await, nothing);
    let query = |input: Value| async move {
        let param = "query_change_order_request";
        json_of(top.raw("change.order.query", param, &input).await.unwrap()).await
    };
    let missing = query(json!({})).await;
    assert_eq!(missing["error_response"]["code"], 40);
}

#[tokio::test]
async fn the_airline_moves_and_cancels_flights() {
    let (top, _clock) = start_on_clock().await;
    let order = top.ticketed("MOVED", 1).await;
    let query = async || {
        let input = json!({"order_id": order.id});
        let answer = top
            .call(
                "flightchange.order.query",
                "query_flight_change_order_req",
                &input,
            )
            .await;
        assert_eq!(answer["is_success"], true, "{answer}");
        let list = &answer["result"]["flight_change_order_d_t_o"];
        list.as_array().cloned().unwrap_or_default()
    };
    let schedule = async |change: Value| {
        let url = format!(
            "{}/_simulator/orders/{}/schedule-change",
            top.base, order.id
        );
        top.post(&url, &change).await.status()
    };
    assert_eq!(query().await, Vec::<Value>::new());
    assert_eq!(schedule(json!({"minutes": 120})).await, 201);
    assert_eq!(schedule(json!({"cancelled": true})).await, 201);
    for wrong in [
        json!({}),
        json!({"minutes": 0}),
        json!({"minutes": 5, "cancelled": true}),
    ] {
        assert_eq!(schedule(wrong).await, 422);
    }
    let rows = query().await;
    assert_eq!(rows.len(), 2);
    let moved = &rows[0]["flight_change"];
    assert_eq!(rows[0]["order_id"], order.id);
    assert_eq!(moved["change_type"], 2);
    assert_eq!(moved["old_depart_time"], "2030-05-20 08:45:00");
    assert_eq!(moved["new_depart_time"], "2030-05-20 10:45:00");
    assert_eq!(moved["new_flight_date"], "2030-05-20 00:00:00");
    let cancelled = &rows[1]["flight_change"];
    assert_eq!(cancelled["change_type"], 1);
    assert_eq!(cancelled["old_depart_time"], "2030-05-20 10:45:00");
    assert!(cancelled.get("new_depart_time").is_none());
    assert_eq!(top.counts("MOVED", "flight_changes").await, (2, 0));
}
