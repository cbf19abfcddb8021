//! The main job: search, book, pay, read, close.

use serde_json::json;

use crate::world::{World, booking, search};

#[tokio::test]
async fn an_order_is_searched_booked_paid_and_read() {
    let world = World::start().await;
    let found = world
        .post_with("/v1/flights/search", &[], &search("BJS", "XMN"))
        .await;
    assert_eq!(found.status, 200, "{found:?}");
    let booking = booking(&world.offer().await, "JOURNEY-1");

    let booked = world.write("/v1/orders", "k-book", &booking).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(booked.created()["out_order_no"], "JOURNEY-1");
    assert_eq!(booked.created()["status"], "booked");
    let id = booked.created()["order_id"].as_str().unwrap();
    assert_eq!(
        booked.header("location"),
        Some(&*format!("/v1/orders/{id}"))
    );

    let payment = format!("/v1/orders/{id}/payment");
    let total = json!({"total_price": booking["total_price"]});
    let paid = world.write(&payment, "k-pay", &total).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(paid.created()["status"], "paid");
    assert_eq!(paid.created()["paid_price"], booking["total_price"]);

    for path in [
        format!("/v1/orders/{id}"),
        "/v1/orders/by-reference/JOURNEY-1".to_owned(),
    ] {
        let order = world.get(&path).await;
        assert_eq!(order.status, 200, "{order:?}");
        assert_eq!(order.body["order_id"], id);
        assert_eq!(order.body["passengers"][0]["name"], "测试旅客");
    }

    // The same key again returns the same response, without further calls to Fliggy.
    let again = world.write(&payment, "k-pay", &total).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created(), paid.created());
    // Another key pays nothing.
    let other = world.write(&payment, "k-pay-2", &total).await;
    assert_eq!(
        (other.status, &other.body["code"]),
        (409, &json!("already_done"))
    );
    assert_eq!(world.received("pay").await, 1);
    assert_eq!(world.received("airbook").await, 1);
}

#[tokio::test]
async fn an_unpaid_order_is_closed() {
    let world = World::start().await;
    let booked = world.booked("JOURNEY-2").await;
    let path = format!("/v1/orders/{}/close", booked["order_id"].as_str().unwrap());
    let closed = world.write(&path, "k-close", &json!({})).await;
    assert_eq!(closed.status, 200, "{closed:?}");
    assert_eq!(closed.created()["status"], "closed");
}

#[tokio::test]
async fn a_payment_that_timed_out_but_was_executed_is_found_paid() {
    let world = World::start().await;
    let booked = world.booked("sim.pay.hang_then_succeed.1").await;
    let path = format!(
        "/v1/orders/{}/payment",
        booked["order_id"].as_str().unwrap()
    );
    let total = json!({"total_price": booked["total_price"]});
    let paid = world
        .post_with(
            &path,
            &[("Idempotency-Key", "k"), ("Prefer", "wait=20")],
            &total,
        )
        .await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(paid.created()["status"], "paid");
    assert_eq!(world.received("pay").await, 1);
    let operation = world.settled(paid.operation()).await;
    let states: Vec<_> = operation["timeline"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect();
    assert_eq!(states, ["accepted", "sending", "unknown", "succeeded"]);
}
