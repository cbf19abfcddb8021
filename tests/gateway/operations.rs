//! Operations in the API.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection as _, SqliteConnection};

use crate::ticket::{advance, problem};
use crate::world::{Answer, COSTS, KEYS, TRIPS, World, booking, search};

fn agree(answer: &Answer) {
    let timeline = answer.body["timeline"].as_array().unwrap();
    let last = &timeline.last().unwrap()["state"];
    assert_eq!(*last, answer.body["state"], "{answer:#?}");
}

/// A call that must return before its `wait` ends.
async fn soon(call: impl Future<Output = Answer>) -> Answer {
    let limit = Duration::from_secs(40);
    tokio::time::timeout(limit, call).await.expect("a response")
}

#[tokio::test]
async fn a_wait_ends_when_an_operator_must_decide() {
    let attention_after = [("GATEWAY__RECONCILE__ATTENTION_AFTER", "1500ms")];
    let world = World::start_with(&attention_after, |_| {}).await;
    let order = world.booked("WAIT").await;
    let only = json!({"out_order_no": "WAIT"});
    world
        .fault(json!({"method": "pay", "fault": "timeout_nothing", "delay_ms": 250, "match": only}))
        .await;
    // The order is read before the payment is sent. Every later lookup is refused.
    let broken = async {
        world.until_received_for("pay", "WAIT", 1).await;
        let rule =
            json!({"method": "detail", "fault": "lookup_error", "times": null, "match": only});
        world.fault(rule).await;
    };
    let (waited, ()) = tokio::join!(soon(world.pay(&order, "pay", 60)), broken);
    assert_eq!(waited.status, 202, "{waited:?}");
    assert_eq!(waited.body["state"], "needs_attention", "{waited:?}");
    assert_eq!(waited.header("retry-after"), Some("60"));
    agree(&waited);
    let path = format!("/v1/operations/{}?wait=60s", waited.operation());
    let read = soon(world.get(&path)).await;
    assert_eq!(read.body["state"], "needs_attention", "{read:?}");
    // A replay does not wait either.
    let replayed = soon(world.pay(&order, "pay", 60)).await;
    assert_eq!(replayed.body["state"], "needs_attention", "{replayed:?}");
}

#[tokio::test]
async fn state_and_timeline_of_a_response_agree() {
    let world = World::start().await;
    let offer = world.offer().await;
    let bookings = (0..40).map(|i| {
        let number = format!("AGREE-{i}");
        let body = booking(&offer, &number);
        let world = &world;
        async move {
            let answer = world.write_within("/v1/orders", &number, &body, 0).await;
            if answer.status == 202 {
                agree(&answer);
            }
            for _ in 0..5 {
                let path = format!("/v1/operations/{}", answer.operation());
                agree(&world.get(&path).await);
            }
            answer.status
        }
    });
    let statuses = futures::future::join_all(bookings).await;
    assert!(statuses.contains(&202), "{statuses:?}");
}

#[tokio::test]
async fn a_list_does_not_read_the_timeline() {
    let world = World::start().await;
    world.booked("LIST").await;
    let url = format!("sqlite://{}", world.journal().display());
    let mut journal = SqliteConnection::connect(&url).await.unwrap();
    sqlx::raw_sql("ALTER TABLE timeline RENAME TO gone")
        .execute(&mut journal)
        .await
        .unwrap();
    journal.close().await.unwrap();

    let list = world.get("/v1/operations").await;
    assert_eq!(list.status, 200, "{list:?}");
    let operation = &list.body["items"][0];
    assert_eq!(operation.get("timeline"), None, "{operation:#}");
    let id = operation["id"].as_str().unwrap();
    let one = world.get(&format!("/v1/operations/{id}")).await;
    assert_eq!(one.status, 503, "{one:?}");
}

#[tokio::test]
async fn law_6_another_app_of_the_account_learns_which_operation_to_name() {
    let world = World::start_with(KEYS, |_| {}).await;
    let write = async |app, key: &str, path: &str, body: &Value| {
        let headers = [app, ("Idempotency-Key", key), ("Prefer", "wait=20")];
        world.post_with(path, &headers, body).await
    };
    let search = search("BJS", "XMN");
    let found = world.post_with("/v1/flights/search", &[TRIPS], &search);
    let offer = found.await.body["items"][0].clone();
    let order = write(TRIPS, "book", "/v1/orders", &booking(&offer, "SHARED")).await;
    assert_eq!(order.status, 201, "{order:?}");
    let path = format!(
        "/v1/orders/{}/payment",
        order.created()["order_id"].as_str().unwrap()
    );
    let mut body = json!({"total_price": order.created()["total_price"]});
    world
        .fault(json!({
            "method": "pay", "fault": "timeout_nothing", "match": {"out_order_no": "SHARED"},
        }))
        .await;
    let lost = write(TRIPS, "pay", &path, &body).await;
    assert_eq!(problem(&lost), (504, "not_executed"), "{lost:?}");

    let blind = write(COSTS, "pay", &path, &body).await;
    assert_eq!(problem(&blind), (409, "retry_of_required"), "{blind:?}");
    assert_eq!(blind.body["operation_id"], lost.operation());
    let detail = blind.body["detail"].as_str().unwrap();
    assert!(detail.contains("not_executed (absent)"), "{detail}");
    // Only the id is disclosed; the operation itself is not shown.
    assert!(blind.body.get("instance").is_none(), "{blind:?}");
    let hidden = world
        .get_with(&format!("/v1/operations/{}", lost.operation()), &[COSTS])
        .await;
    assert_eq!(hidden.status, 404);

    body["retry_of"] = blind.body["operation_id"].clone();
    let paid = write(COSTS, "pay", &path, &body).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    // Only the app that paid learns which operation executed the payment.
    for (app, named) in [(TRIPS, Value::Null), (COSTS, json!(paid.operation()))] {
        let again = write(app, "again", &path, &body).await;
        assert_eq!(problem(&again), (409, "already_done"), "{again:?}");
        assert_eq!(again.body["operation_id"], named, "{again:?}");
    }
}

#[tokio::test]
async fn already_done_never_names_the_operation_of_the_request_itself() {
    let world = World::start().await;
    let order = world.booked("ELSEWHERE").await;
    let id = order["order_id"].as_str().unwrap();
    // The order was paid elsewhere, so no operation of the gateway paid it.
    advance(&world, &format!("orders/{id}"), "paid").await;
    let refused = world.pay(&order, "pay", 5).await;
    assert_eq!(problem(&refused), (409, "already_done"), "{refused:?}");
    assert!(refused.body.get("operation_id").is_none(), "{refused:?}");
    assert!(refused.body.get("instance").is_none(), "{refused:?}");
    let operation = world.operation(refused.operation()).await;
    assert!(
        operation["problem"].get("operation_id").is_none(),
        "{operation:#}"
    );
}

#[tokio::test]
async fn law_6_a_clock_days_ahead_at_the_start_does_not_end_a_watch() {
    let world = World::start().await;
    let order = world.booked("AHEAD").await;
    world
        .fault(json!({"method": "pay", "fault": "refuse", "match": {"out_order_no": "AHEAD"}}))
        .await;
    let refused = world.pay(&order, "pay", 20).await;
    assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
    let url = format!("sqlite://{}", world.journal().display());
    let mut journal = SqliteConnection::connect(&url).await.unwrap();
    // As if a process with a correct clock had settled the operation, and this process's clock were
    // ten days ahead.
    sqlx::query(
        "UPDATE operations SET watch_until = watch_until - 864000000, \
         next_look_at = next_look_at - 864000000, \
         findings = json_set(findings, '$.watched_anchor.boot', 'another') WHERE id = ?1",
    )
    .bind(refused.operation())
    .execute(&mut journal)
    .await
    .unwrap();
    let look_up = async || {
        let path = format!("/v1/operations/{}/reconcile", refused.operation());
        let reconciled = world.post_with(&path, &[], &json!({})).await;
        assert_eq!(reconciled.status, 200, "{reconciled:?}");
    };
    let next = async |journal: &mut SqliteConnection| -> Option<i64> {
        sqlx::query_scalar("SELECT next_look_at FROM operations WHERE id = ?1")
            .bind(refused.operation())
            .fetch_one(journal)
            .await
            .unwrap()
    };
    look_up().await;
    assert!(next(&mut journal).await.is_some(), "the watch has ended");
    world.clock.advance_steady(Duration::from_hours(23));
    look_up().await;
    assert!(next(&mut journal).await.is_some(), "the watch has ended");
    // A lookup after the last step ends the watch.
    world.clock.advance_steady(Duration::from_hours(1));
    // A lookup that was already running does not end the watch.
    let limit = tokio::time::Instant::now() + Duration::from_secs(20);
    while next(&mut journal).await.is_some() {
        assert!(tokio::time::Instant::now() < limit, "the watch goes on");
        look_up().await;
    }
}
