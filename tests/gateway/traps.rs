//! Traps: responses that would cost money if the gateway trusted them.

mod after_sales;

use fliggy_gateway::clock::SystemClock;
use jiff::SignedDuration;
use serde_json::{Value, json};

use crate::ticket::{advance, problem};
use crate::world::{World, booking, metrics, states};

/// The number of contradiction events of this operation.
async fn contradictions(world: &World, id: &str) -> usize {
    let events = world.events().await;
    let of_it = |e: &&Value| e["type"] == "operation.contradicted" && e["subject"] == id;
    events.iter().filter(of_it).count()
}

fn counter(name: &str) -> f64 {
    let text = metrics().render();
    let line = text
        .lines()
        .find(|line| line.starts_with(&format!("{name} ")));
    line.map_or(0.0, |line| {
        line.rsplit(' ').next().unwrap().parse().unwrap()
    })
}

fn pay_path(order: &Value) -> String {
    format!("/v1/orders/{}/payment", order["order_id"].as_str().unwrap())
}

#[tokio::test]
async fn a_payment_whose_lookups_return_parameter_errors_never_ends_as_not_executed() {
    let attention_after = ("GATEWAY__RECONCILE__ATTENTION_AFTER", "1500ms");
    let world = World::start_with(&[attention_after], |_| {}).await;
    let order = world.booked("PARAM-1").await;
    let only = json!({"out_order_no": "PARAM-1"});
    world
        .fault(json!({"method": "pay", "fault": "timeout_nothing", "delay_ms": 250, "match": only}))
        .await;
    // The order is read before the payment is sent. Every later lookup is refused.
    let broken = async {
        world.until_received("pay", 1).await;
        world
            .fault(
                json!({"method": "detail", "fault": "lookup_error", "times": null, "match": only}),
            )
            .await;
    };
    let (paid, ()) = tokio::join!(world.pay(&order, "k", 1), broken);
    assert_eq!(paid.status, 202, "{paid:?}");
    let operation = world.until_state(paid.operation(), "needs_attention").await;
    assert_eq!(operation["basis"], Value::Null);
    assert_eq!(operation["problem"], Value::Null);
    // A repeated request returns the caller's own operation, which is still open.
    let again = world.pay(&order, "k", 1).await;
    assert_eq!(again.status, 202, "{again:?}");
    assert_eq!(again.operation(), paid.operation());
    // Once lookups work again, the outcome is found.
    world.end_faults().await;
    let operation = world
        .until(paid.operation(), |o| !o["settled_at"].is_null())
        .await;
    assert_eq!(operation["basis"], "absent", "{operation:#}");
    assert_eq!(world.received("pay").await, 1);
}

/// The reconciler's lookups are so far apart, also those of a watch, that a retry is the first to see an effect that
/// became visible after ten minutes.
const RARE: [(&str, &str); 3] = [
    ("GATEWAY__RECONCILE__MAX_INTERVAL", "1h"),
    ("GATEWAY__RECONCILE__MIN_LOOKS", "2"),
    ("GATEWAY__RECONCILE__WATCH", "2400h"),
];

/// Sends a payment that becomes visible only after it was found absent.
async fn absent_then_paid(world: &World, number: &str) -> (Value, String) {
    let order = world.booked(number).await;
    world
        .fault(
            json!({"method": "pay", "fault": "late_visibility", "delay_ms": 600_000,
                      "match": {"out_order_no": number}}),
        )
        .await;
    let paid = world.pay(&order, "first", 20).await;
    assert_eq!(problem(&paid), (504, "not_executed"), "{paid:?}");
    (order, paid.operation().to_owned())
}

#[tokio::test]
async fn law_6_evidence_after_absent_raises_the_contradiction_and_blocks_a_second_payment() {
    let world = World::start().await;
    let alarms = counter("gateway_contradictions_total");
    let (order, first) = absent_then_paid(&world, "LATE-1").await;
    world
        .clock
        .advance_steady(std::time::Duration::from_secs(601));
    let operation = world.until_state(&first, "needs_attention").await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
    assert_eq!(operation["settled_at"], Value::Null);
    assert!(counter("gateway_contradictions_total") >= alarms + 1.0);
    assert_eq!(contradictions(&world, &first).await, 1);
    // The subject is locked, even for a request that names the earlier payment.
    let second = world.pay(&order, "second", 5).await;
    assert_eq!(
        problem(&second),
        (409, "operation_in_progress"),
        "{second:?}"
    );
    let mut body = json!({"total_price": order["total_price"], "retry_of": first});
    let third = world.write(&pay_path(&order), "third", &body).await;
    assert_eq!(problem(&third), (409, "operation_in_progress"), "{third:?}");
    // Lookups continue and settle nothing; an operator must decide.
    let reconciled = world
        .post_with(
            &format!("/v1/operations/{first}/reconcile"),
            &[],
            &json!({}),
        )
        .await;
    assert_eq!(
        reconciled.body["state"], "needs_attention",
        "{reconciled:?}"
    );
    body = json!({"outcome": "succeeded", "reason": "the debit is on the bill"});
    // This lookup and later ones are counted, but they do not change the version that the operator has
    // read.
    let version = reconciled.body["version"].to_string();
    let path = format!("/v1/operations/{first}/resolve");
    let resolved = world
        .post_with(&path, &[("If-Match", &version)], &body)
        .await;
    assert_eq!(resolved.status, 200, "{resolved:?}");
    assert_eq!(resolved.body["state"], "succeeded");
    let fourth = world.pay(&order, "fourth", 5).await;
    assert_eq!(problem(&fourth), (409, "already_done"), "{fourth:?}");
    assert_eq!(world.received("pay").await, 1);
    assert_eq!(world.effects("LATE-1", "pay").await, 1);
}

/// Longer than the first step of a watch.
const MINUTE: std::time::Duration = std::time::Duration::from_secs(61);

#[tokio::test]
async fn law_6_a_refused_payment_is_watched() {
    let world = World::start().await;
    for (number, fault) in [
        ("WATCH-1", json!({"fault": "refuse"})),
        ("WATCH-2", json!({"fault": "refuse_unlisted"})),
    ] {
        let order = world.booked(number).await;
        let mut rule = fault;
        rule["method"] = json!("pay");
        rule["match"] = json!({"out_order_no": number});
        world.fault(rule).await;
        let refused = world.pay(&order, number, 20).await;
        assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
        let id = order["order_id"].as_str().unwrap();
        advance(&world, &format!("orders/{id}"), "paid").await;
        world.clock.advance_steady(MINUTE);
        let operation = world
            .until_state(refused.operation(), "needs_attention")
            .await;
        assert_eq!(operation["contradicted"], true, "{operation:#}");
        assert_eq!(contradictions(&world, refused.operation()).await, 1);
    }
}

#[tokio::test]
async fn law_3_a_lost_payment_of_a_closed_order_is_rejected_after_two_lookups_and_watched() {
    let world = World::start().await;
    let order = world.booked("sim.pay.timeout_nothing.refuted").await;
    let id = order["order_id"].as_str().unwrap();
    let (answer, ()) = tokio::join!(world.pay(&order, "lost", 20), async {
        world
            .until_received_for("pay", "sim.pay.timeout_nothing.refuted", 1)
            .await;
        advance(&world, &format!("orders/{id}"), "closed").await;
    });
    assert_eq!(problem(&answer), (409, "order_not_payable"), "{answer:?}");
    let operation = world.operation(answer.operation()).await;
    let timeline = operation["timeline"].as_array().unwrap();
    let closed = |entry: &&Value| {
        let what = entry["what"].as_str().unwrap();
        what.ends_with("the order is closed and not paid")
    };
    assert!(timeline.iter().filter(closed).count() >= 2, "{operation:#}");
    advance(&world, &format!("orders/{id}"), "paid").await;
    world.clock.advance_steady(MINUTE);
    let operation = world
        .until_state(answer.operation(), "needs_attention")
        .await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
}

#[tokio::test]
async fn a_daily_limit_does_not_delay_lookups_for_a_day() {
    let world = World::start().await;
    let order = world.booked("LIMIT-1").await;
    let of_it = json!({"out_order_no": "LIMIT-1"});
    world
        .fault(json!({
            "method": "pay", "fault": "timeout_done", "delay_ms": 400, "match": of_it,
        }))
        .await;
    let (answer, ()) = tokio::join!(world.pay(&order, "pay", 1), async {
        world.until_received_for("pay", "LIMIT-1", 1).await;
        world
            .fault(json!({
                "method": "detail", "fault": "app_call_limited", "seconds": 86_400, "match": of_it,
            }))
            .await;
    });
    let reads = || world.received_for("queryorderdetail", "LIMIT-1");
    world
        .until_received_for("queryorderdetail", "LIMIT-1", 2)
        .await;
    let limited = world
        .until(answer.operation(), |operation| {
            let timeline = operation["timeline"].as_array().unwrap();
            timeline
                .iter()
                .any(|e| e["what"].as_str().unwrap().starts_with("lookup 1"))
        })
        .await;
    assert_eq!(limited["state"], "unknown", "{limited:#}");
    assert_eq!(reads().await, 2, "the payment was looked up again at once");
    world.clock.advance_steady(MINUTE);
    world.until_state(answer.operation(), "succeeded").await;
    assert_eq!(world.received("pay").await, 1);
}

/// A later close is another kind of write, so it does not account for the payment.
#[tokio::test]
async fn an_absent_payment_stays_watched_after_its_order_was_closed() {
    let world = World::start().await;
    let order = world.booked("sim.pay.timeout_nothing.closed").await;
    let first = world.pay(&order, "first", 20).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    let id = order["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}/close");
    let closed = world.write(&path, "close", &json!({})).await;
    assert_eq!(closed.status, 200, "{closed:?}");
    // The payment takes effect nevertheless, and the first step of the watch finds it.
    advance(&world, &format!("orders/{id}"), "paid").await;
    world.clock.advance_steady(MINUTE);
    let operation = world
        .until_state(first.operation(), "needs_attention")
        .await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
    assert_eq!(contradictions(&world, first.operation()).await, 1);
    assert_eq!(world.received("pay").await, 1);
}

#[tokio::test]
async fn law_6_retry_of_an_absent_payment_looks_up_first_and_finds_it_executed() {
    let world = World::start_with(&RARE, |_| {}).await;
    let (order, first) = absent_then_paid(&world, "LATE-2").await;
    let blind = world.pay(&order, "blind", 5).await;
    assert_eq!(problem(&blind), (409, "retry_of_required"), "{blind:?}");
    assert_eq!(blind.operation(), first);
    world
        .clock
        .advance_steady(std::time::Duration::from_secs(601));
    let body = json!({"total_price": order["total_price"], "retry_of": first});
    let second = world.write(&pay_path(&order), "second", &body).await;
    assert_eq!(
        problem(&second),
        (409, "evidence_contradicts"),
        "{second:?}"
    );
    let operation = world.until_state(&first, "needs_attention").await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
    assert_eq!(world.received("pay").await, 1);
}

#[tokio::test]
async fn an_absent_payment_is_retried_with_retry_of_after_a_lookup() {
    let world = World::start().await;
    let order = world.booked("sim.pay.timeout_nothing.7").await;
    let first = world.pay(&order, "first", 20).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    assert_eq!(first.body["retry"], "new_key");
    // The original key keeps reporting the same outcome.
    let again = world.pay(&order, "first", 5).await;
    assert_eq!(problem(&again), (504, "not_executed"));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let before = world.received("queryorderdetail").await;
    let body = json!({"total_price": order["total_price"], "retry_of": first.operation()});
    let second = world.write(&pay_path(&order), "second", &body).await;
    assert_eq!(second.status, 200, "{second:?}");
    assert_eq!(second.created()["status"], "paid");
    // A lookup of the first payment, a read of the order before the second, and a proof after it.
    assert!(world.received("queryorderdetail").await >= before + 3);
    assert_eq!(world.received("pay").await, 2);
    assert_eq!(world.effects("sim.pay.timeout_nothing.7", "pay").await, 1);
    // The payment that was found belongs to the second operation, so it does not contradict the first.
    let first = world.operation(first.operation()).await;
    assert_eq!(first["contradicted"], false);
}

#[tokio::test]
async fn another_key_pays_nothing_while_the_payment_is_unknown_or_after_it() {
    let world = World::start().await;
    let order = world.booked("sim.pay.hang_then_succeed.9").await;
    let (first, second) = tokio::join!(world.pay(&order, "one", 20), async {
        world.until_received("pay", 1).await;
        world.pay(&order, "two", 20).await
    });
    assert_eq!(first.status, 200, "{first:?}");
    assert_eq!(
        problem(&second),
        (409, "operation_in_progress"),
        "{second:?}"
    );
    let third = world.pay(&order, "three", 20).await;
    assert_eq!(problem(&third), (409, "already_done"), "{third:?}");
    assert_eq!(world.received("pay").await, 1);
}

#[tokio::test]
async fn the_same_key_on_another_order_is_refused() {
    let world = World::start().await;
    let (one, other) = (world.booked("SAME-1").await, world.booked("SAME-2").await);
    assert_eq!(world.pay(&one, "k", 5).await.status, 200);
    let refused = world.pay(&other, "k", 5).await;
    assert_eq!(
        problem(&refused),
        (422, "idempotency_key_reused"),
        "{refused:?}"
    );
    assert_eq!(world.received("pay").await, 1);
    // Another total for the same order is another request too.
    let mut cheaper = one.clone();
    cheaper["total_price"] = json!("1.00");
    let refused = world.pay(&cheaper, "k", 5).await;
    assert_eq!(
        problem(&refused),
        (422, "idempotency_key_reused"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_307_on_a_payment_sends_one_post() {
    let world = World::start().await;
    let order = world.booked("sim.pay.redirect_307.1").await;
    let paid = world.pay(&order, "k", 20).await;
    assert_eq!(problem(&paid), (504, "not_executed"), "{paid:?}");
    assert_eq!(world.received("pay").await, 1);
}

#[tokio::test]
async fn law_9_a_wall_clock_that_jumps_by_an_hour_settles_nothing() {
    let world = World::start_with(
        &[
            ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "50m"),
            ("GATEWAY__RECONCILE__ATTENTION_AFTER", "55m"),
        ],
        |simulator| simulator.timing.pay_within = std::time::Duration::from_secs(36_000),
    )
    .await;
    let order = world.booked("sim.pay.timeout_nothing.1").await;
    let paid = world.pay(&order, "k", 0).await;
    world.until_state(paid.operation(), "unknown").await;
    for hours in [1, 1, -3] {
        world.clock.jump_wall(SignedDuration::from_hours(hours));
        let before = world.received("queryorderdetail").await;
        world.until_received("queryorderdetail", before + 8).await;
        let operation = world.operation(paid.operation()).await;
        assert_eq!(operation["state"], "unknown", "{operation:#}");
    }
    // Time that really passes does settle it.
    world
        .clock
        .advance_steady(std::time::Duration::from_secs(51 * 60));
    let operation = world.settled(paid.operation()).await;
    assert_eq!(operation["basis"], "absent", "{operation:#}");
}

#[tokio::test]
async fn law_4_is_success_alone_does_not_prove_a_payment() {
    let world = World::start().await;
    let order = world.booked("sim.pay.success_without_effect.1").await;
    let paid = world.pay(&order, "k", 1).await;
    assert_eq!(paid.status, 202, "{paid:?}");
    let operation = world.until_state(paid.operation(), "needs_attention").await;
    assert!(!states(&operation).contains(&"succeeded"), "{operation:#}");
    assert_eq!(
        world
            .effects("sim.pay.success_without_effect.1", "pay")
            .await,
        0
    );
}

#[tokio::test]
async fn a_ban_of_top_executes_nothing_frees_the_key_and_returns_retry_after() {
    let world = World::start().await;
    let order = world.booked("BAN-1").await;
    world
        .fault(json!({"method": "pay", "fault": "app_call_limited", "seconds": 30}))
        .await;
    let first = world.pay(&order, "k", 5).await;
    assert_eq!(problem(&first), (429, "rate_limited"), "{first:?}");
    assert_eq!(first.header("retry-after"), Some("30"), "{first:?}");
    assert_eq!(first.body["side_effects"], "none");
    let operation = world.operation(first.operation()).await;
    assert_eq!(operation["basis"], "refused_by_gateway");
    // The key is free; while the ban lasts nothing is sent under it, not even reads.
    let second = world.pay(&order, "k", 5).await;
    assert_eq!(problem(&second), (429, "rate_limited"), "{second:?}");
    assert_ne!(second.operation(), first.operation());
    let operation = world.operation(second.operation()).await;
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(world.received("pay").await, 1);
    world
        .clock
        .advance_steady(std::time::Duration::from_secs(31));
    let third = world.pay(&order, "k", 5).await;
    assert_eq!(third.status, 200, "{third:?}");
    assert_eq!(world.received("pay").await, 2);
}

#[tokio::test]
async fn a_changed_price_is_not_paid() {
    let world = World::start().await;
    let order = world.booked("PRICE-1").await;
    world
        .fault(json!({"method": "detail", "fault": "price_jump"}))
        .await;
    let refused = world.pay(&order, "k", 5).await;
    assert_eq!(problem(&refused), (409, "price_changed"), "{refused:?}");
    assert_eq!(world.received("pay").await, 0);
    let mut dearer = order.clone();
    dearer["total_price"] = json!("1.00");
    let refused = world.pay(&dearer, "k2", 5).await;
    assert_eq!(problem(&refused), (409, "price_changed"), "{refused:?}");
    assert_eq!(world.received("pay").await, 0);
    // Nothing was sent, so the first key is free, and the requested price is correct again.
    assert_eq!(world.pay(&order, "k", 5).await.status, 200);
}

#[tokio::test]
async fn an_unlisted_order_status_never_blocks_a_payment() {
    let world = World::start().await;
    let order = world.booked("sim.book.unknown_status.1").await;
    assert_eq!(order["status"], "other");
    assert_eq!(order["status_text"], "人工处理中");
    let paid = world.pay(&order, "k", 5).await;
    assert_eq!(paid.status, 200, "{paid:?}");
}

#[tokio::test]
async fn a_wrong_gateway_clock_is_reported() {
    let world = World::start_with(&[], |simulator| simulator.clock = SystemClock::shared()).await;
    let offer = world.offer().await;
    world.clock.jump_wall(SignedDuration::from_hours(1));
    let body = booking(&offer, "SKEW-1");
    let refused = world.write("/v1/orders", "k", &body).await;
    assert_eq!(problem(&refused), (502, "clock_skew"), "{refused:?}");
    assert_eq!(refused.body["side_effects"], "none");
    let read = world.get("/v1/orders/7").await;
    assert_eq!(problem(&read), (502, "clock_skew"), "{read:?}");
    // With a correct clock, the same key books.
    world.clock.jump_wall(SignedDuration::from_hours(-1));
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_response_larger_than_the_limit_is_not_read() {
    let world = World::start_with(
        &[
            ("GATEWAY__TOP__DEADLINE", "5s"),
            ("GATEWAY__RECONCILE__SETTLE_WINDOW", "5s"),
            ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "5s"),
        ],
        |_| {},
    )
    .await;
    let order = world.booked("HUGE-1").await;
    let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
    for fault in [
        "huge_answer",
        "gzip_bomb",
        "deep_json",
        "cut_json",
        "empty_200",
    ] {
        world
            .fault(json!({"method": "detail", "fault": fault}))
            .await;
        let read = world.get(&path).await;
        assert_eq!(
            problem(&read),
            (502, "upstream_unreadable"),
            "{fault}: {read:?}"
        );
    }
    for fault in ["huge_answer", "gzip_bomb"] {
        let number = format!("sim.book.{fault}.9");
        let offer = world.offer().await;
        let headers = [("Idempotency-Key", fault), ("Prefer", "wait=20")];
        let booked = world
            .post_with("/v1/orders", &headers, &booking(&offer, &number))
            .await;
        assert_eq!(booked.status, 201, "{booked:?}");
        let operation = world.operation(booked.operation()).await;
        let was_unknown = operation["timeline"]
            .as_array()
            .unwrap()
            .iter()
            .any(|e| e["state"] == "unknown");
        assert!(was_unknown, "{operation:#}");
        assert_eq!(world.received_for("airbook", &number).await, 1);
    }
}
