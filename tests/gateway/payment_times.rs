//! Impossible and doubtful times of payment, in orders and changes.

use serde_json::{Value, json};

use crate::ticket::{problem, ticketed};
use crate::world::World;

const OF_ORDERS: (&str, &str) = ("alitrip.flight.service.queryorderdetail", "pay_time");
const OF_CHANGES: (&str, &str) = (
    "alitrip.flight.change.order.query",
    "change_order_list.pay_time",
);

/// A gateway that reads this time of payment in every order, or in every change.
async fn with_payment_time((method, path): (&str, &str), time: &str) -> World {
    let rows = json!([{"method": method, "side": "answer", "path": path, "constant": time}]);
    let rows = rows.to_string();
    World::start_with(&[("GATEWAY__TOP__CONTRACT__OVERRIDES", &rows)], |_| {}).await
}

fn path(order: &Value, what: &str) -> String {
    format!("/v1/orders/{}{what}", order["order_id"].as_str().unwrap())
}

#[tokio::test]
async fn an_order_with_a_payment_in_1970_counts_as_unpaid() {
    let world = with_payment_time(OF_ORDERS, "1970-01-01 08:00:00").await;
    let order = world.booked("ZERO-1").await;
    let shown = world.get(&path(&order, "")).await;
    assert_eq!(shown.body["paid_at"], Value::Null, "{shown:?}");
    assert_eq!(shown.body["available_actions"], json!(["pay", "close"]));
    let other = world.booked("ZERO-2").await;
    let closed = world
        .write(&path(&other, "/close"), "close", &json!({}))
        .await;
    assert_eq!(closed.status, 200, "{closed:?}");
    // A payment that was lost and not executed is not found paid.
    let lost = world.booked("sim.pay.timeout_nothing.zero").await;
    let lost = world.pay(&lost, "lost", 20).await;
    assert_eq!(problem(&lost), (504, "not_executed"), "{lost:?}");
    let paid = world.pay(&order, "pay", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(world.effects("ZERO-1", "pay").await, 1);
}

#[tokio::test]
async fn an_order_with_a_payment_before_its_booking_is_neither_paid_nor_closed() {
    let world = with_payment_time(OF_ORDERS, "2020-01-01 00:00:00").await;
    let order = world.booked("DOUBT-1").await;
    let shown = world.get(&path(&order, "")).await;
    assert_eq!(shown.body["paid_at"], Value::Null, "{shown:?}");
    assert_eq!(shown.body["available_actions"], json!([]));
    let paid = world.pay(&order, "pay", 20).await;
    assert_eq!(problem(&paid), (409, "order_not_payable"), "{paid:?}");
    assert!(
        paid.body["detail"]
            .as_str()
            .unwrap()
            .contains("implausible payment time"),
        "{paid:?}"
    );
    let closed = world
        .write(&path(&order, "/close"), "close", &json!({}))
        .await;
    assert_eq!(problem(&closed), (409, "order_not_closable"), "{closed:?}");
    assert_eq!(
        (world.received("pay").await, world.received("close").await),
        (0, 0)
    );
}

#[tokio::test]
async fn impossible_and_doubtful_payment_times_of_a_change_follow_the_same_rule() {
    for (time, paid, cancelled) in [
        ("1970-01-01 08:00:00", (200, "-"), (200, "-")),
        (
            "2020-01-01 00:00:00",
            (409, "change_not_payable"),
            (409, "change_not_cancellable"),
        ),
    ] {
        let world = with_payment_time(OF_CHANGES, time).await;
        let mut changes = Vec::new();
        for number in ["CHANGE-1", "CHANGE-2"] {
            let ticket = ticketed(&world, number).await;
            changes.push(ticket.changed(&world, &format!("change-{number}")).await);
        }
        let of = |change: &Value, what: &str| {
            let number = change["change_order_no"].as_str().unwrap();
            format!("/v1/changes/{number}{what}")
        };
        let total = json!({"total_price": changes[0]["total_price"]});
        let to = of(&changes[0], "/payment");
        let answer = world.write_within(&to, "pay", &total, 20).await;
        assert_eq!(problem(&answer), paid, "{time} {answer:?}");
        let to = of(&changes[1], "/cancel");
        let answer = world.write(&to, "cancel", &json!({})).await;
        assert_eq!(problem(&answer), cancelled, "{time} {answer:?}");
    }
}
