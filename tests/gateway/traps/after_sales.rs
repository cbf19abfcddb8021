//! Traps after ticketing: responses that would cause a second refund, change or payment, or lose an
//! executed one.

use std::time::Duration;

use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use serde_json::{Value, json};

use super::{RARE, contradictions};
use crate::ticket::{Ticket, change_path, family, problem, there_and_back, ticketed};
use crate::world::{Answer, World, states};

/// Longer than `late_visibility` hides an effect in these tests, and shorter than the time to pay.
const LATE: Duration = Duration::from_secs(601);

/// The next call of this method takes effect, but lookups show the effect only after [`LATE`].
async fn late(world: &World, method: &str) {
    world
        .fault(json!({"method": method, "fault": "late_visibility", "delay_ms": 600_000}))
        .await;
}

/// Creates a refund and a change of other orders, which the same lookups find.
async fn another_refund_and_change(world: &World) {
    let refunded = ticketed(world, "CONTROL-1").await;
    refunded.refunded(world, "CONTROL-R-1", "voluntary").await;
    let changed = ticketed(world, "CONTROL-2").await;
    changed.changed(world, "CONTROL-C-1").await;
}

async fn inject(world: &World, method: &str, fault: &str) {
    world.fault(json!({"method": method, "fault": fault})).await;
}

/// The same request under another number, naming the earlier operation if there is one.
fn under(body: &Value, number: &str, retry_of: Option<&Answer>) -> Value {
    let mut body = body.clone();
    for name in ["out_refund_no", "out_change_no"] {
        if body.get(name).is_some() {
            body[name] = json!(number);
        }
    }
    if let Some(earlier) = retry_of {
        body["retry_of"] = json!(earlier.operation());
    }
    body
}

/// Applies for a refund; the number is the key.
async fn apply(world: &World, ticket: &Ticket, body: &Value) -> Answer {
    let key = body["out_refund_no"].as_str().unwrap();
    world.sent(&ticket.path("/refunds"), key, body, 20).await
}

async fn change(world: &World, ticket: &Ticket, body: &Value) -> Answer {
    let key = body["out_change_no"].as_str().unwrap();
    world.sent(&ticket.path("/changes"), key, body, 20).await
}

async fn pay_change(world: &World, change: &Value, key: &str, wait: u32) -> Answer {
    let total = json!({"total_price": change["total_price"]});
    world
        .write_within(&change_path(change, "/payment"), key, &total, wait)
        .await
}

/// A gateway and a simulator, both without these fields in responses.
async fn without(fields: &[(&str, &str)], more: &[(&str, &str)]) -> World {
    let rows: Vec<Value> = fields
        .iter()
        .map(|(method, path)| {
            json!({"method": format!("alitrip.flight.{method}"), "side": "answer", "path": path,
                   "drop": true})
        })
        .collect();
    let rows = json!(rows);
    let overrides: Vec<Override> = serde_json::from_value(rows.clone()).unwrap();
    let overrides = Overrides::build(Registry::embedded(), &overrides).unwrap();
    let rows = rows.to_string();
    let mut env = vec![("GATEWAY__TOP__CONTRACT__OVERRIDES", rows.as_str())];
    env.extend(more);
    World::start_with(&env, |simulator| simulator.overrides = overrides).await
}

#[tokio::test]
async fn no_other_write_runs_on_an_order_while_its_refund_is_unknown() {
    let world = World::start().await;
    let ticket = family(&world, "OPEN-1").await;
    let adult = ticket.refund_of(&world, "OPEN-R-1", 0).await;
    let child = ticket.refund_of(&world, "OPEN-R-2", 1).await;
    let later = ticket.later("OPEN-C-1");
    inject(&world, "refund", "hang_then_succeed").await;
    let (first, (second, third)) = tokio::join!(apply(&world, &ticket, &adult), async {
        world.until_received("refund_create", 1).await;
        tokio::join!(
            apply(&world, &ticket, &child),
            change(&world, &ticket, &later)
        )
    });
    assert_eq!(first.status, 201, "{first:?}");
    for answer in [&second, &third] {
        let open = (409, "operation_in_progress");
        assert_eq!(problem(answer), open, "{answer:?}");
        assert_eq!(answer.operation(), first.operation());
    }
    assert_eq!(world.received("refund_create").await, 1);
    assert_eq!(world.received("change_create").await, 0);
}

#[tokio::test]
async fn refunds_and_changes_without_the_callers_numbers_are_found_by_their_passengers() {
    let unnamed = [
        ("refund.list", "refund_order_list.out_refund_no"),
        ("change.order.query", "change_order_list.out_change_no"),
    ];
    let world = without(&unnamed, &[]).await;
    let ticket = family(&world, "NAMELESS-1").await;
    // The order already has another refund, which is not taken for the new one.
    let child = ticket.refund_of(&world, "NAMELESS-R-1", 1).await;
    let before = apply(&world, &ticket, &child).await;
    assert_eq!(before.status, 201, "{before:?}");
    inject(&world, "refund", "timeout_done").await;
    let adult = ticket.refund_of(&world, "NAMELESS-R-2", 0).await;
    let found = apply(&world, &ticket, &adult).await;
    assert_eq!(found.status, 201, "{found:?}");
    let ledger = ticket.refund_ledger(&world).await;
    assert_eq!(ledger.len(), 2);
    assert_eq!(ledger[0]["out_refund_no"], "NAMELESS-R-2");
    assert_eq!(
        found.created()["refund_order_no"],
        ledger[0]["refund_order_no"],
        "{found:?}"
    );

    let ticket = ticketed(&world, "NAMELESS-2").await;
    inject(&world, "change", "timeout_done").await;
    let created = change(&world, &ticket, &ticket.later("NAMELESS-C-1")).await;
    assert_eq!(created.status, 201, "{created:?}");
    let ledger = ticket.change_ledger(&world).await;
    assert_eq!(
        created.created()["change_order_no"],
        ledger[0]["change_order_no"]
    );
    for answer in [&found, &created] {
        let operation = world.operation(answer.operation()).await;
        let expected = ["accepted", "sending", "unknown", "succeeded"];
        assert_eq!(states(&operation), expected, "{operation:#}");
    }
}

#[tokio::test]
async fn a_list_with_unreadable_rows_never_proves_a_refund_absent() {
    let numberless = [("refund.list", "refund_order_list.refund_order_no")];
    let attention_after = ("GATEWAY__RECONCILE__ATTENTION_AFTER", "1500ms");
    let world = without(&numberless, &[attention_after]).await;
    let ticket = ticketed(&world, "ROWS-1").await;
    inject(&world, "refund", "timeout_done").await;
    let body = ticket.refund_of(&world, "ROWS-R-1", 0).await;
    let open = world
        .write_within(&ticket.path("/refunds"), "k", &body, 0)
        .await;
    assert_eq!(open.status, 202, "{open:?}");
    let operation = world.until_state(open.operation(), "needs_attention").await;
    assert_eq!(operation["basis"], Value::Null);
    assert_eq!(operation["problem"], Value::Null);
    // The open refund still locks its order.
    let second = apply(&world, &ticket, &under(&body, "ROWS-R-2", None)).await;
    assert_eq!(problem(&second), (409, "operation_in_progress"));
    assert_eq!(world.received("refund_create").await, 1);
}

#[tokio::test]
async fn an_absent_refund_or_change_is_retried_with_retry_of_after_a_lookup() {
    let world = World::start().await;
    another_refund_and_change(&world).await;
    let ticket = family(&world, "REPEAT-1").await;
    let adult = ticket.refund_of(&world, "REPEAT-R-1", 0).await;
    inject(&world, "refund", "timeout_nothing").await;
    let first = apply(&world, &ticket, &adult).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    assert_eq!(first.body["retry"], "new_key");
    let child = ticket.refund_of(&world, "REPEAT-R-2", 1).await;
    // The child's refund repeats nothing, and its success does not account for the adult's refund.
    let other = apply(&world, &ticket, &child).await;
    assert_eq!(other.status, 201, "{other:?}");
    let refused = apply(&world, &ticket, &under(&adult, "REPEAT-R-3", None)).await;
    assert_eq!(problem(&refused), (409, "retry_of_required"), "{refused:?}");
    assert_eq!(refused.operation(), first.operation());
    assert_eq!(world.received("refund_create").await, 3);
    let lookups = world.received("refund_list").await;
    // The caller's number may be used again, because nothing was applied for with it.
    let mut repeated = under(&adult, "REPEAT-R-1", Some(&first));
    repeated["reason"] = json!("行程取消");
    let second = world
        .write_within(&ticket.path("/refunds"), "repeat", &repeated, 20)
        .await;
    assert_eq!(second.status, 201, "{second:?}");
    // A lookup of the first refund, and a read of the list before the second.
    assert!(world.received("refund_list").await >= lookups + 2);
    assert_eq!(world.effects("REPEAT-1", "refund").await, 2);
    // The existing refunds belong to the second and the third operation, so they contradict nothing.
    let first = world.operation(first.operation()).await;
    assert_eq!(first["contradicted"], false);

    let ticket = ticketed(&world, "REPEAT-2").await;
    let request = ticket.later("REPEAT-C-1");
    inject(&world, "change", "timeout_nothing").await;
    let first = change(&world, &ticket, &request).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    let blind = change(&world, &ticket, &under(&request, "REPEAT-C-2", None)).await;
    assert_eq!(problem(&blind), (409, "retry_of_required"), "{blind:?}");
    let lookups = world.received("change_query").await;
    let second = change(
        &world,
        &ticket,
        &under(&request, "REPEAT-C-3", Some(&first)),
    )
    .await;
    assert_eq!(second.status, 201, "{second:?}");
    assert!(world.received("change_query").await >= lookups + 2);
    assert_eq!(world.effects("REPEAT-2", "change").await, 1);
}

#[tokio::test]
async fn retry_of_an_absent_refund_looks_up_first_and_finds_it_applied_for() {
    let world = World::start_with(&RARE, |_| {}).await;
    another_refund_and_change(&world).await;
    let ticket = ticketed(&world, "FOUND-1").await;
    let body = ticket.refund_of(&world, "FOUND-R-1", 0).await;
    late(&world, "refund").await;
    let first = apply(&world, &ticket, &body).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    world.clock.advance_steady(LATE);
    let second = apply(&world, &ticket, &under(&body, "FOUND-R-2", Some(&first))).await;
    assert_eq!(
        problem(&second),
        (409, "evidence_contradicts"),
        "{second:?}"
    );
    let operation = world
        .until_state(first.operation(), "needs_attention")
        .await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
    assert_eq!(world.received("refund_create").await, 2);
}

#[tokio::test]
async fn law_6_evidence_after_absent_locks_the_order_or_the_change() {
    let world = World::start().await;
    another_refund_and_change(&world).await;
    let [refunds, changes, pays] = [
        ticketed(&world, "LATE-R").await,
        ticketed(&world, "LATE-C").await,
        ticketed(&world, "LATE-P").await,
    ];
    let refund = refunds.refund_of(&world, "LATE-R-1", 0).await;
    let request = changes.later("LATE-C-1");
    let created = pays.changed(&world, "LATE-P-1").await;
    for method in ["refund", "change", "change_pay"] {
        late(&world, method).await;
    }
    let (one, two, three) = tokio::join!(
        apply(&world, &refunds, &refund),
        change(&world, &changes, &request),
        pay_change(&world, &created, "pay-1", 20)
    );
    for answer in [&one, &two, &three] {
        assert_eq!(problem(answer), (504, "not_executed"), "{answer:?}");
    }
    world.clock.advance_steady(LATE);
    for answer in [&one, &two, &three] {
        let id = answer.operation();
        let operation = world.until_state(id, "needs_attention").await;
        assert_eq!(operation["contradicted"], true, "{operation:#}");
        assert_eq!(operation["settled_at"], Value::Null);
        assert_eq!(contradictions(&world, id).await, 1);
    }
    // Every further write is refused, whatever its kind, and whether or not it names the earlier one.
    let pay_again = change_path(&created, "/payment");
    let mut total = json!({"total_price": created["total_price"]});
    total["retry_of"] = json!(three.operation());
    for refused in [
        apply(&world, &refunds, &under(&refund, "LATE-R-2", None)).await,
        apply(&world, &refunds, &under(&refund, "LATE-R-3", Some(&one))).await,
        change(&world, &refunds, &refunds.later("LATE-C-9")).await,
        change(&world, &changes, &under(&request, "LATE-C-2", Some(&two))).await,
        pay_change(&world, &created, "pay-2", 20).await,
        world.write_within(&pay_again, "pay-3", &total, 20).await,
        world
            .write_within(&change_path(&created, "/cancel"), "cancel", &json!({}), 20)
            .await,
    ] {
        let locked = (409, "operation_in_progress");
        assert_eq!(problem(&refused), locked, "{refused:?}");
    }
    for (method, count) in [("refund_create", 2), ("change_pay", 1)] {
        assert_eq!(world.received(method).await, count, "{method}");
    }
    assert_eq!(world.effects("LATE-R", "refund").await, 1);
    assert_eq!(world.effects("LATE-C", "change").await, 1);
}

/// Writes for other passengers do not account for the lost write, because the gateway can distinguish them.
#[tokio::test]
async fn an_absent_refund_or_change_stays_watched_after_the_same_write_for_others() {
    let world = World::start().await;
    another_refund_and_change(&world).await;
    let refunds = family(&world, "OTHERS-1").await;
    let adult = refunds.refund_of(&world, "OTHERS-R-1", 0).await;
    let child = refunds.refund_of(&world, "OTHERS-R-2", 1).await;
    let changes = family(&world, "OTHERS-2").await;
    let (mut one, mut other) = (changes.later("OTHERS-C-1"), changes.later("OTHERS-C-2"));
    one["passengers"] = json!([changes.passenger(0)]);
    other["passengers"] = json!([changes.passenger(1)]);
    for method in ["refund", "change"] {
        late(&world, method).await;
    }
    let (lost_refund, lost_change) = tokio::join!(
        apply(&world, &refunds, &adult),
        change(&world, &changes, &one)
    );
    for answer in [&lost_refund, &lost_change] {
        assert_eq!(problem(answer), (504, "not_executed"), "{answer:?}");
    }
    let child = under(&child, "OTHERS-R-2", Some(&lost_refund));
    let other = under(&other, "OTHERS-C-2", Some(&lost_change));
    let done = [
        apply(&world, &refunds, &child).await,
        change(&world, &changes, &other).await,
    ];
    for answer in &done {
        assert_eq!(answer.status, 201, "{answer:?}");
    }
    world.clock.advance_steady(LATE);
    for answer in [&lost_refund, &lost_change] {
        let id = answer.operation();
        let operation = world.until_state(id, "needs_attention").await;
        assert_eq!(operation["contradicted"], true, "{operation:#}");
        assert_eq!(contradictions(&world, id).await, 1);
    }
    for answer in &done {
        let operation = world.operation(answer.operation()).await;
        assert_eq!(operation["state"], "succeeded");
    }
}

/// The same passenger, but another number: the later application accounts only for its own refund.
#[tokio::test]
async fn law_6_an_absent_refund_that_appears_after_another_of_its_passenger_contradicts() {
    let world = World::start_with(&RARE, |_| {}).await;
    another_refund_and_change(&world).await;
    let ticket = there_and_back(&world, "AFTER-1").await;
    let mut bodies = Vec::new();
    for (number, journey) in [("AFTER-R-1", 0), ("AFTER-R-2", 1)] {
        let mut selection = ticket.all("voluntary");
        selection["segments"] = json!([ticket.segment(journey)]);
        let quote = ticket.quote(&world, &selection).await;
        bodies.push(json!({"out_refund_no": number, "quote_id": quote["quote_id"]}));
    }
    late(&world, "refund").await;
    let first = apply(&world, &ticket, &bodies[0]).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    let second = under(&bodies[1], "AFTER-R-2", Some(&first));
    let second = apply(&world, &ticket, &second).await;
    assert_eq!(second.status, 201, "{second:?}");
    world.clock.advance_steady(LATE);
    let path = format!("/v1/operations/{}/reconcile", first.operation());
    let reconciled = world.post_with(&path, &[], &json!({})).await;
    assert_eq!(reconciled.status, 200, "{reconciled:?}");
    let operation = world
        .until_state(first.operation(), "needs_attention")
        .await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
    let second = world.operation(second.operation()).await;
    assert_eq!(second["state"], "succeeded", "{second:#}");
}

#[tokio::test]
async fn law_6_a_refund_looks_up_every_earlier_one_that_it_could_repeat() {
    let world = World::start_with(&RARE, |_| {}).await;
    another_refund_and_change(&world).await;
    let ticket = family(&world, "EVERY-1").await;
    let adult = ticket.refund_of(&world, "EVERY-R-1", 0).await;
    let child = ticket.refund_of(&world, "EVERY-R-2", 1).await;
    let all = ticket.all("voluntary");
    let quote = ticket.quote(&world, &all).await;
    let both = json!({"out_refund_no": "EVERY-R-3", "quote_id": quote["quote_id"]});
    late(&world, "refund").await;
    let first = apply(&world, &ticket, &adult).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    inject(&world, "refund", "timeout_nothing").await;
    let second = apply(&world, &ticket, &child).await;
    assert_eq!(problem(&second), (504, "not_executed"), "{second:?}");
    world.clock.advance_steady(LATE);
    // The third application names only the newer operation, but the older one was executed.
    let third = apply(&world, &ticket, &under(&both, "EVERY-R-3", Some(&second))).await;
    assert_eq!(problem(&third), (409, "evidence_contradicts"), "{third:?}");
    assert_eq!(world.received("refund_create").await, 3);
    let first = world.operation(first.operation()).await;
    assert_eq!(first["state"], "needs_attention", "{first:#}");
}

#[tokio::test]
async fn an_absent_change_payment_is_retried_once_it_is_known_not_to_be_executed() {
    let world = World::start().await;
    let ticket = ticketed(&world, "PAY-AGAIN").await;
    let created = ticket.changed(&world, "PAY-AGAIN-1").await;
    inject(&world, "change_pay", "timeout_nothing").await;
    let first = pay_change(&world, &created, "pay-1", 20).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    let blind = pay_change(&world, &created, "pay-2", 20).await;
    assert_eq!(problem(&blind), (409, "retry_of_required"), "{blind:?}");
    let path = change_path(&created, "/payment");
    let mut total = json!({"total_price": created["total_price"]});
    total["retry_of"] = json!(first.operation());
    let second = world.write_within(&path, "pay-3", &total, 20).await;
    assert_eq!(second.status, 200, "{second:?}");
    assert_eq!(second.created()["status"], "awaiting_ticketing");
    assert_eq!(second.body["retry_of"], first.operation());
    let third = pay_change(&world, &created, "pay-4", 20).await;
    assert_eq!(problem(&third), (409, "already_done"), "{third:?}");
    assert_eq!(world.received("change_pay").await, 2);
    let ledger = ticket.change_ledger(&world).await;
    assert_eq!(ledger[0]["effects"], json!({"pay": 1, "cancel": 0}));
}

#[tokio::test]
async fn law_4_is_success_alone_does_not_prove_a_change_payment() {
    let world = World::start().await;
    let ticket = ticketed(&world, "PLAIN-YES").await;
    let created = ticket.changed(&world, "PLAIN-YES-1").await;
    inject(&world, "change_pay", "success_without_effect").await;
    let paid = pay_change(&world, &created, "k", 1).await;
    assert_eq!(paid.status, 202, "{paid:?}");
    let operation = world.until_state(paid.operation(), "needs_attention").await;
    assert!(!states(&operation).contains(&"succeeded"), "{operation:#}");
    let change_no = &created["change_order_no"];
    let events = world.events().await;
    let paid_events = events
        .iter()
        .filter(|e| e["type"] == "change.awaiting_ticketing" && e["subject"] == *change_no);
    assert_eq!(paid_events.count(), 0);
    let again = pay_change(&world, &created, "other", 1).await;
    assert_eq!(problem(&again), (409, "operation_in_progress"), "{again:?}");
    assert_eq!(world.received("change_pay").await, 1);
}

#[tokio::test]
async fn a_change_whose_price_has_changed_is_not_paid() {
    let world = World::start().await;
    let ticket = ticketed(&world, "OTHER-TOTAL").await;
    let created = ticket.changed(&world, "OTHER-TOTAL-1").await;
    inject(&world, "change_query", "price_jump").await;
    let dearer = pay_change(&world, &created, "k", 20).await;
    assert_eq!(problem(&dearer), (409, "price_changed"), "{dearer:?}");
    assert_eq!(dearer.body["side_effects"], "none");
    let wrong = json!({"total_price": "0.01"});
    let path = change_path(&created, "/payment");
    let wrong = world.write_within(&path, "wrong", &wrong, 20).await;
    assert_eq!(problem(&wrong), (409, "price_changed"), "{wrong:?}");
    assert_eq!(world.received("change_pay").await, 0);
    // Nothing was sent, so the first key is free, and the requested total is correct again.
    let paid = pay_change(&world, &created, "k", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(world.received("change_pay").await, 1);
}

/// Fliggy closes unpaid changes by itself, so a change that is found closed later is no
/// contradiction.
#[tokio::test]
async fn a_cancellation_that_appears_late_is_no_contradiction() {
    let world = World::start().await;
    let ticket = ticketed(&world, "CLOSED-LATE").await;
    let created = ticket.changed(&world, "CLOSED-LATE-1").await;
    late(&world, "change_cancel").await;
    let path = change_path(&created, "/cancel");
    let first = world.write_within(&path, "k", &json!({}), 20).await;
    assert_eq!(problem(&first), (504, "not_executed"), "{first:?}");
    world.clock.advance_steady(LATE);
    let operation = world
        .until(first.operation(), |o| {
            o["timeline"].to_string().contains("by itself")
        })
        .await;
    assert_eq!(operation["state"], "not_executed", "{operation:#}");
    assert_eq!(operation["contradicted"], false);
    // A retry gets the problem that the change is closed.
    let again = json!({"retry_of": first.operation()});
    let again = world.write_within(&path, "again", &again, 20).await;
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(world.received("change_cancel").await, 1);
}
