//! Replays, and the resolution of an open operation.

use serde_json::{Value, json};

use crate::world::{World, booking};

#[tokio::test]
async fn a_booking_is_replayed_after_its_flight_has_departed() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "DEPARTED-1");
    let first = world.write("/v1/orders", "departed", &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    // The flight is in May 2030.
    world
        .clock
        .jump_wall(jiff::SignedDuration::from_hours(24 * 365 * 6));
    let again = world.write("/v1/orders", "departed", &body).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created()["order_id"], first.created()["order_id"]);
    // Under another key it is a new request, which is too late. Another body under the same key is
    // refused.
    let late = world.write("/v1/orders", "too-late", &body).await;
    assert_eq!(late.status, 400, "{late:?}");
    let mut other = body.clone();
    other["contact"]["name"] = json!("王五");
    let reused = world.write("/v1/orders", "departed", &other).await;
    assert_eq!(reused.body["code"], "idempotency_key_reused", "{reused:?}");
    assert_eq!(world.received("airbook").await, 1);
}

#[tokio::test]
async fn law_9_an_operation_that_could_not_be_looked_up_cannot_be_resolved() {
    let world = World::start().await;
    let offer = world.offer().await;
    world
        .fault(json!({"method": "book", "fault": "timeout_nothing"}))
        .await;
    world
        .fault(json!({"method": "detail", "fault": "app_call_limited", "seconds": 600}))
        .await;
    let headers = [("Idempotency-Key", "unseen"), ("Prefer", "wait=0")];
    let first = world
        .post_with("/v1/orders", &headers, &booking(&offer, "UNSEEN-1"))
        .await;
    assert_eq!(first.status, 202, "{first:?}");
    world.until_received("queryorderdetail", 1).await;
    let path = format!("/v1/operations/{}", first.operation());
    let resolution = json!({"outcome": "not_executed", "reason": "support says so"});
    // The result of the one lookup may not be in the journal yet.
    let refused = loop {
        let read = world.get(&path).await;
        let tag = read.header("etag").unwrap().to_owned();
        let answer = world
            .post_with(
                &format!("{path}/resolve"),
                &[("If-Match", &tag)],
                &resolution,
            )
            .await;
        let sending = answer.body["code"] == "resolve_refused";
        if answer.status != 412 && !sending {
            break answer;
        }
    };
    assert_eq!(refused.body["code"], "rate_limited", "{refused:?}");
    assert!(refused.header("retry-after").is_some());
    assert_eq!(world.operation(first.operation()).await["state"], "unknown");
}

#[tokio::test]
async fn an_order_is_closed_once_and_never_after_payment() {
    let world = World::start().await;
    let order = world.booked("CLOSE-1").await;
    let close = |id: &Value| format!("/v1/orders/{}/close", id.as_str().unwrap());
    let path = close(&order["order_id"]);
    let done = world.write(&path, "close-1", &json!({})).await;
    assert_eq!(done.status, 200, "{done:?}");
    let again = world.write(&path, "close-1-again", &json!({})).await;
    assert_eq!(again.body["code"], "already_done", "{again:?}");
    assert_eq!(again.status, 409);

    let paid = world.booked("CLOSE-2").await;
    assert_eq!(world.pay(&paid, "pay-2", 5).await.status, 200);
    let refused = world
        .write(&close(&paid["order_id"]), "close-2", &json!({}))
        .await;
    assert_eq!(refused.body["code"], "order_not_closable", "{refused:?}");
    assert_eq!(refused.body["side_effects"], "none");
    assert_eq!(world.received("close").await, 1);
}
