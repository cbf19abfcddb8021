//! Payments after their deadline.

use serde_json::{Value, json};

use crate::ticket::{problem, ticketed};
use crate::world::World;

/// A gateway that reads this deadline in every order, or in every change.
async fn until(method: &str, path: &str, time: &str) -> World {
    let rows = json!([{"method": method, "side": "answer", "path": path, "constant": time}]);
    let rows = rows.to_string();
    World::start_with(&[("GATEWAY__TOP__CONTRACT__OVERRIDES", &rows)], |_| {}).await
}

fn is_too_late(answer: &crate::world::Answer, code: &str) {
    assert_eq!(problem(answer), (409, code), "{answer:?}");
    assert_eq!(
        answer.body["detail"],
        "the time limit for payment has passed"
    );
}

#[tokio::test]
async fn an_order_can_be_paid_exactly_while_pay_is_an_available_action() {
    const DETAIL: &str = "alitrip.flight.service.queryorderdetail";
    for (time, in_time) in [
        ("2020-01-01 00:00:00", false),
        ("2099-01-01 00:00:00", true),
    ] {
        let world = until(DETAIL, "last_pay_time", time).await;
        let order = world.booked("LATE-1").await;
        let id = order["order_id"].as_str().unwrap();
        let shown = world.get(&format!("/v1/orders/{id}")).await;
        let actions = shown.body["available_actions"].as_array().unwrap();
        assert_eq!(actions.contains(&json!("pay")), in_time, "{actions:?}");
        let paid = world.pay(&order, "pay", 20).await;
        if in_time {
            assert_eq!(paid.status, 200, "{paid:?}");
        } else {
            is_too_late(&paid, "order_not_payable");
        }
        assert_eq!(world.received("pay").await, u64::from(in_time));
    }
}

#[tokio::test]
async fn a_change_can_be_paid_exactly_while_pay_is_an_available_action() {
    let method = "alitrip.flight.change.order.query";
    let path = "change_order_list.last_pay_time";
    let world = until(method, path, "2020-01-01 00:00:00").await;
    let ticket = ticketed(&world, "LATE-2").await;
    let change: Value = ticket.changed(&world, "late-change").await;
    let number = change["change_order_no"].as_str().unwrap();
    let shown = world.get(&format!("/v1/changes/{number}")).await;
    assert_eq!(shown.body["available_actions"], json!(["cancel"]));
    let total = json!({"total_price": change["total_price"]});
    let to = format!("/v1/changes/{number}/payment");
    let paid = world.write_within(&to, "pay", &total, 20).await;
    is_too_late(&paid, "change_not_payable");
    assert_eq!(world.received("change_pay").await, 0);
}
