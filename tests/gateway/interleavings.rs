//! Commits that are slow, fail, or succeed without an acknowledgement, between a sender, the sweep
//! and the reconciler. The clock stands still, so the test fixes the order of steps.

use std::time::Duration;

use serde_json::{Value, json};

use crate::held::{NOT_SENT, SENDING, SUCCEEDED, Traps};
use crate::ticket::advance;
use crate::world::{Answer, World, booking, states};

/// The deadline is 1 s, so an operation is stale after 3 s without an update.
const JUST_FRESH: Duration = Duration::from_millis(2_900);
/// After [`JUST_FRESH`], long enough to be stale, but within the second in which a write may be sent.
const JUST_STALE: Duration = Duration::from_millis(200);

async fn frozen(traps: &Traps) -> World {
    World::frozen(&[], |journal| traps.around(journal)).await
}

/// Lets the reconciler run a pass: the end of a lookup wakes it.
async fn pass(world: &World, unknown: &str) {
    let reconciled = world
        .post_with(
            &format!("/v1/operations/{unknown}/reconcile"),
            &[],
            &json!({}),
        )
        .await;
    assert_eq!(reconciled.status, 200, "{reconciled:?}");
}

/// A booking that stays unknown while the clock stands still.
async fn unknown(world: &World, number: &str) -> String {
    let fault = json!({
        "method": "airbook", "fault": "timeout_nothing", "match": {"out_order_no": number},
    });
    world.fault(fault).await;
    let booking = booking(&world.offer().await, number);
    let answer = world.write_within("/v1/orders", number, &booking, 0).await;
    assert_eq!(answer.status, 202, "{answer:?}");
    let id = answer.operation().to_owned();
    world.until_state(&id, "unknown").await;
    id
}

fn paid_once(answer: &Answer) {
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.created()["status"], "paid", "{answer:?}");
}

#[tokio::test]
async fn law_8_a_sweep_ends_only_operations_still_accepted_at_the_revision_it_read() {
    let traps = Traps::default();
    let world = frozen(&traps).await;
    let order = world.booked("SWEEP-1").await;
    let other = unknown(&world, "SWEEP-2").await;

    // The payment is prepared just before it becomes stale, and its commit takes longer.
    let mut sending = traps.hold(SENDING);
    let mut swept = traps.hold(NOT_SENT);
    let payment = async {
        world
            .fault(json!({
                "method": "detail", "fault": "slow", "delay_ms": 300,
                "match": {"out_order_no": "SWEEP-1"},
            }))
            .await;
        world.pay(&order, "pay-1", 10).await
    };
    let steps = async {
        world
            .until_received_for("queryorderdetail", "SWEEP-1", 1)
            .await;
        world.clock.advance_steady(JUST_FRESH);
        sending.requested().await;
        world.clock.advance_steady(JUST_STALE);
        pass(&world, &other).await;
        swept.requested().await;
        sending.release();
        world.until_received_for("pay", "SWEEP-1", 1).await;
        swept.release();
    };
    let (answer, ()) = tokio::join!(payment, steps);
    paid_once(&answer);
    let operation = world.operation(answer.operation()).await;
    assert_eq!(states(&operation), ["accepted", "sending", "succeeded"]);

    let again = world.pay(&order, "pay-1", 10).await;
    paid_once(&again);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(world.received_for("pay", "SWEEP-1").await, 1);
    assert_eq!(world.effects("SWEEP-1", "pay").await, 1);
}

#[tokio::test]
async fn law_2_a_sender_whose_operation_was_swept_sends_nothing() {
    let traps = Traps::default();
    let world = frozen(&traps).await;
    let order = world.booked("SWEPT-1").await;
    let other = unknown(&world, "SWEPT-2").await;

    let mut sending = traps.hold(SENDING);
    let steps = async {
        sending.requested().await;
        world.clock.advance_steady(JUST_FRESH + JUST_STALE);
        pass(&world, &other).await;
        let path = format!(
            "/v1/operations?subject={}",
            order["order_id"].as_str().unwrap()
        );
        let limit = tokio::time::Instant::now() + Duration::from_secs(20);
        while world.get(&path).await.body["items"][0]["basis"] != "not_sent" {
            assert!(tokio::time::Instant::now() < limit, "not swept");
            pass(&world, &other).await;
        }
        sending.release();
    };
    let (answer, ()) = tokio::join!(world.pay(&order, "pay-1", 10), steps);
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.body["code"], "not_sent", "{answer:?}");
    assert_eq!(answer.body["side_effects"], "none");
    assert_eq!(world.received_for("pay", "SWEPT-1").await, 0);

    // Nothing was sent, so the same key pays.
    paid_once(&world.pay(&order, "pay-1", 10).await);
    assert_eq!(world.effects("SWEPT-1", "pay").await, 1);
}

#[tokio::test]
async fn law_6_a_response_after_another_outcome_was_recorded_contradicts_it() {
    let traps = Traps::default();
    let world = frozen(&traps).await;
    // Lookups of this account are known to show orders.
    let fault =
        json!({"method": "airbook", "fault": "timeout_done", "match": {"out_order_no": "LATE-0"}});
    world.fault(fault).await;
    let shown = booking(&world.offer().await, "LATE-0");
    let shown = world.write_within("/v1/orders", "shown", &shown, 0).await;
    world.until_state(shown.operation(), "unknown").await;
    pass(&world, shown.operation()).await;
    world.until_state(shown.operation(), "succeeded").await;
    // Lookups do not show the order while the save of its outcome is held back.
    world
        .fault(json!({
            "method": "detail", "fault": "lookup_not_found", "times": null,
            "match": {"out_order_no": "LATE-1"},
        }))
        .await;
    let mut answered = traps.hold(SUCCEEDED);
    let booking = booking(&world.offer().await, "LATE-1");
    let first = world.write_within("/v1/orders", "late", &booking, 0).await;
    assert_eq!(first.status, 202, "{first:?}");
    let id = first.operation().to_owned();
    answered.requested().await;
    world.clock.advance_steady(JUST_FRESH + JUST_STALE);
    let other = unknown(&world, "LATE-2").await;
    pass(&world, &other).await;
    world.until_state(&id, "unknown").await;
    let settled = |operation: &Value| operation["state"] != "unknown";
    let absent = world.looked_up_until(&id, settled).await;
    assert_eq!(absent["basis"], "absent", "{absent:#}");

    answered.release();
    let contradicted = world.until_state(&id, "needs_attention").await;
    assert_eq!(contradicted["contradicted"], true, "{contradicted:#}");
    // The order that the response names is kept, and its number cannot be booked again.
    assert!(
        contradicted["found"]["order"]["order_id"].is_string(),
        "{contradicted:#}"
    );
    let again = world.write("/v1/orders", "late-2", &booking).await;
    assert_eq!(again.body["code"], "operation_in_progress", "{again:?}");
    let events = world.events().await;
    let contradictions = events
        .iter()
        .filter(|e| e["type"] == "operation.contradicted" && e["operation_id"] == id.as_str());
    assert_eq!(contradictions.count(), 1, "{events:#?}");
    assert_eq!(world.effects("LATE-1", "book").await, 1);
}

#[tokio::test]
async fn law_6_a_retry_is_not_sent_once_the_earlier_operation_is_contradicted() {
    let traps = Traps::default();
    let world = frozen(&traps).await;
    let order = world.booked("REPEAT-1").await;
    let fault = json!({
        "method": "pay", "fault": "timeout_nothing", "match": {"out_order_no": "REPEAT-1"},
    });
    world.fault(fault).await;
    let first = world.pay(&order, "first", 0).await;
    let first = first.operation().to_owned();
    world.until_state(&first, "unknown").await;
    let absent = |operation: &Value| operation["basis"] == "absent";
    world.looked_up_until(&first, absent).await;

    let id = order["order_id"].as_str().unwrap();
    let mut sending = traps.hold(SENDING);
    let body = json!({"total_price": order["total_price"], "retry_of": first});
    let path = format!("/v1/orders/{id}/payment");
    let repeat = world.write_within(&path, "repeat", &body, 10);
    let steps = async {
        // The retry has looked up the first payment. Now the first payment takes effect, and a
        // lookup sees it.
        sending.requested().await;
        advance(&world, &format!("orders/{id}"), "paid").await;
        pass(&world, &first).await;
        world.until_state(&first, "needs_attention").await;
        sending.release();
    };
    let (repeat, ()) = tokio::join!(repeat, steps);
    assert_eq!(repeat.status, 503, "{repeat:?}");
    assert_eq!(repeat.body["code"], "not_sent", "{repeat:?}");
    assert_eq!(world.received_for("pay", "REPEAT-1").await, 1);
}

#[tokio::test]
async fn an_outcome_is_saved_again_until_the_journal_accepts_it() {
    let traps = Traps::default();
    let world = frozen(&traps).await;
    let order = world.booked("REFUSED-1").await;
    for _ in 0..3 {
        traps.refuse(SUCCEEDED);
    }
    let answer = world.pay(&order, "pay-1", 20).await;
    paid_once(&answer);
    assert_eq!(traps.left(), 0);
    let operation = world.operation(answer.operation()).await;
    assert_eq!(states(&operation), ["accepted", "sending", "succeeded"]);
    assert_eq!(world.received_for("pay", "REFUSED-1").await, 1);
}

#[tokio::test]
async fn an_unacknowledged_commit_is_found_in_the_journal() {
    let traps = Traps::default();
    let world = frozen(&traps).await;
    let order = world.booked("UNACKNOWLEDGED-1").await;

    // Without an acknowledgement nothing is sent, whatever the journal contains.
    traps.leave_unacknowledged(SENDING);
    let answer = world.pay(&order, "pay-1", 20).await;
    assert_eq!(answer.status, 503, "{answer:?}");
    assert_eq!(answer.body["code"], "journal_unavailable", "{answer:?}");
    assert_eq!(answer.body["side_effects"], "none");
    assert_eq!(world.received_for("pay", "UNACKNOWLEDGED-1").await, 0);

    traps.leave_unacknowledged(SUCCEEDED);
    let answer = world.pay(&order, "pay-1", 20).await;
    paid_once(&answer);
    assert_eq!(traps.left(), 0);
    let operation = world.operation(answer.operation()).await;
    assert_eq!(states(&operation), ["accepted", "sending", "succeeded"]);
    let settled = operation["timeline"].as_array().unwrap().iter();
    assert_eq!(settled.filter(|e| e["state"] == "succeeded").count(), 1);
    assert_eq!(world.received_for("pay", "UNACKNOWLEDGED-1").await, 1);
}
