//! One test for each law of writes that no unit test covers or that needs the whole gateway running.

use std::time::Duration;

use serde_json::{Value, json};
use sqlx::{Connection, SqliteConnection};

use crate::world::{Answer, World, booking};

fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or("-"))
}

pub(crate) fn states(operation: &Value) -> Vec<&str> {
    let timeline = operation["timeline"].as_array().unwrap();
    timeline
        .iter()
        .map(|entry| entry["state"].as_str().unwrap())
        .collect()
}

/// A deadline so long that no sweep and no timeout interferes, even on a slow machine, and the
/// settings that must match it.
const PATIENT: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "60s"),
    ("GATEWAY__SERVER__SHUTDOWN_GRACE", "90s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "61s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "61s"),
    ("GATEWAY__RECONCILE__ATTENTION_AFTER", "62s"),
];

/// A second connection to the journal, as another process would have.
async fn intruder(world: &World) -> SqliteConnection {
    let url = format!("sqlite://{}", world.journal().display());
    SqliteConnection::connect(&url).await.unwrap()
}

async fn run(connection: &mut SqliteConnection, sql: &'static str) {
    sqlx::raw_sql(sql).execute(connection).await.unwrap();
}

#[tokio::test]
async fn law_1_nothing_is_sent_when_the_journal_cannot_store_the_intent() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "LAW-1");
    let mut intruder = intruder(&world).await;
    for (break_it, restore) in [
        // A full disk makes an insert fail like this.
        (
            "CREATE TRIGGER full BEFORE INSERT ON operations BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER full",
        ),
        // The timeline belongs to the intent: neither is stored without the other.
        (
            "CREATE TRIGGER full BEFORE INSERT ON timeline BEGIN SELECT RAISE(ABORT, 'full'); END",
            "DROP TRIGGER full",
        ),
        // Another process has locked the file.
        ("BEGIN IMMEDIATE", "ROLLBACK"),
    ] {
        run(&mut intruder, break_it).await;
        let refused = world.write("/v1/orders", "k", &body).await;
        assert_eq!(
            problem(&refused),
            (503, "journal_unavailable"),
            "{break_it}: {refused:?}"
        );
        assert_eq!(refused.body["side_effects"], "none");
        assert_eq!(refused.body["retry"], "same_key");
        if break_it.starts_with("BEGIN") {
            let ready = world.get("/readyz").await;
            assert_eq!(problem(&ready), (503, "journal_unavailable"));
        }
        run(&mut intruder, restore).await;
    }
    assert_eq!(world.received("airbook").await, 0);
    assert_eq!(world.get("/v1/operations").await.body["items"], json!([]));
    // Once the journal is repaired, the same key books.
    assert_eq!(world.get("/readyz").await.status, 200);
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test]
async fn law_1_nothing_is_sent_when_the_sending_state_is_not_acknowledged() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "LAW-1B");
    let mut intruder = intruder(&world).await;
    let full = "CREATE TRIGGER full BEFORE UPDATE ON operations WHEN NEW.state = 'sending' \
                BEGIN SELECT RAISE(ABORT, 'full'); END";
    run(&mut intruder, full).await;
    let refused = world.write("/v1/orders", "k", &body).await;
    assert_eq!(
        problem(&refused),
        (503, "journal_unavailable"),
        "{refused:?}"
    );
    let operation = world.operation(refused.operation()).await;
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(states(&operation), ["accepted", "not_executed"]);
    assert_eq!(world.received("airbook").await, 0);
    run(&mut intruder, "DROP TRIGGER full").await;
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test]
async fn law_1_an_outcome_that_cannot_be_stored_is_looked_up() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "LAW-1C");
    let mut intruder = intruder(&world).await;
    let full = "CREATE TRIGGER full BEFORE UPDATE ON operations WHEN OLD.state = 'sending' \
                BEGIN SELECT RAISE(ABORT, 'full'); END";
    run(&mut intruder, full).await;
    let headers = [("Idempotency-Key", "k"), ("Prefer", "wait=0")];
    let open = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!(open.status, 202, "{open:?}");
    world.until_received("airbook", 1).await;
    run(&mut intruder, "DROP TRIGGER full").await;
    let operation = world.settled(open.operation()).await;
    assert_eq!(operation["state"], "succeeded", "{operation:#}");
    assert_eq!(world.received("airbook").await, 1);
}

#[tokio::test]
async fn law_2_a_sender_delayed_past_its_window_does_not_send() {
    // No sweep interferes: the sender itself must notice that it is too late.
    let world = World::start_with(PATIENT, |_| {}).await;
    let order = world.booked("LAW-2").await;
    let delay = Duration::from_millis(2_500);
    let slow = json!({"method": "detail", "fault": "slow", "delay_ms": delay.as_millis()});
    world.fault(slow).await;
    let seen = world.received("queryorderdetail").await;
    let held_up = async {
        // The payment is accepted and its order is read; the next save of the payment has to wait.
        world.until_received("queryorderdetail", seen + 1).await;
        let read = tokio::time::Instant::now() + delay;
        let mut intruder = intruder(&world).await;
        run(&mut intruder, "BEGIN IMMEDIATE").await;
        tokio::time::sleep_until(read).await;
        // The window to send starts during this loop, and time advances past its end in any case. The
        // writer gives up after two seconds.
        for _ in 0..12 {
            world.clock.advance_steady(Duration::from_millis(1_100));
            tokio::time::sleep(Duration::from_millis(80)).await;
        }
        run(&mut intruder, "ROLLBACK").await;
    };
    let (paid, ()) = tokio::join!(world.pay(&order, "k", 20), held_up);
    assert_eq!(problem(&paid), (503, "not_sent"), "{paid:?}");
    let operation = world.operation(paid.operation()).await;
    assert_eq!(operation["basis"], "not_sent");
    assert_eq!(states(&operation), ["accepted", "sending", "not_executed"]);
    assert_eq!(world.received("pay").await, 0);
}

#[tokio::test]
async fn law_3_a_write_without_a_response_stays_open_until_it_is_found() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "sim.book.hang_then_succeed.3");
    let headers = [("Idempotency-Key", "k"), ("Prefer", "wait=0")];
    let open = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!(open.status, 202, "{open:?}");
    assert_eq!(
        open.header("location"),
        Some(&*format!("/v1/operations/{}", open.operation()))
    );
    assert!(open.header("retry-after").is_some());
    let operation = world.settled(open.operation()).await;
    assert_eq!(
        states(&operation),
        ["accepted", "sending", "unknown", "succeeded"]
    );
}

#[tokio::test]
async fn law_5_a_lookup_without_a_control_settles_once_the_list_provides_one() {
    // Nothing was ever found on this account, so not finding the order proves nothing by itself.
    let world = World::start().await;
    world
        .fault(json!({"method": "list", "fault": "lookup_error", "times": null}))
        .await;
    let body = booking(&world.offer().await, "sim.book.timeout_nothing.5");
    let headers = [("Idempotency-Key", "k"), ("Prefer", "wait=0")];
    let open = world.post_with("/v1/orders", &headers, &body).await;
    let looked_up = |operation: &Value| {
        states(operation)
            .iter()
            .filter(|s| **s == "unknown")
            .count()
            >= 2
    };
    world.until(open.operation(), looked_up).await;
    let seen = world.received("queryorderlist").await;
    world.until_received("queryorderlist", seen + 10).await;
    let operation = world.operation(open.operation()).await;
    assert_eq!(operation["state"], "unknown", "{operation:#}");
    // The list contains an order that the lookup finds, so the booked order is absent.
    world.end_faults().await;
    let operation = world.settled(open.operation()).await;
    assert_eq!(operation["basis"], "absent", "{operation:#}");
}

#[tokio::test]
async fn law_7_an_order_with_another_total_is_found_but_differs() {
    let world = World::start().await;
    let number = "sim.book.timeout_done.7";
    world
        .fault(
            json!({"method": "detail", "fault": "price_jump", "times": null,
                      "match": {"out_order_no": number}}),
        )
        .await;
    let body = booking(&world.offer().await, number);
    let booked = world.write_within("/v1/orders", "k", &body, 20).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let dearer = &booked.created()["total_price"];
    assert_ne!(*dearer, body["total_price"]);
    let operation = world.operation(booked.operation()).await;
    let requested = &body["total_price"];
    let total = json!([{"field": "total_price", "expected": requested, "found": dearer}]);
    assert_eq!(operation["differs"], total, "{operation:#}");
    assert_eq!(world.received("airbook").await, 1);
}

#[tokio::test]
async fn law_7_a_direct_response_with_another_total_is_looked_up() {
    let world = World::start().await;
    let number = "DEARER";
    world
        .fault(json!({"method": "book", "fault": "price_jump"}))
        .await;
    let body = booking(&world.offer().await, number);
    let booked = world.write_within("/v1/orders", "k", &body, 20).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let operation = world.operation(booked.operation()).await;
    assert_eq!(operation["differs"][0]["field"], "total_price");
    assert_eq!(states(&operation)[2], "unknown", "{operation:#}");
}

/// A lookup that shows a flight at another minute than requested.
#[tokio::test]
async fn law_7_an_order_with_a_retimed_flight_is_found_but_differs() {
    let name = |from: &str, to: &str| {
        let segment = "flight_route.flight_journey_list.flight_segment_list";
        json!({"method": "alitrip.flight.service.queryorderdetail", "side": "answer",
               "path": format!("{segment}.{from}"), "rename": to})
    };
    // The override swaps the names of the two times, so the gateway reads one for the other.
    let rows = json!([name("dep_time", "arr_time"), name("arr_time", "dep_time")]).to_string();
    let more = [("GATEWAY__TOP__CONTRACT__OVERRIDES", rows.as_str())];
    let world = World::start_with(&more, |_| {}).await;
    let body = booking(&world.offer().await, "sim.book.timeout_done.8");
    let booked = world.write_within("/v1/orders", "k", &body, 20).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let operation = world.operation(booked.operation()).await;
    assert_eq!(operation["state"], "succeeded");
    let [difference] = operation["differs"].as_array().unwrap().as_slice() else {
        panic!("{operation:#}");
    };
    assert_eq!(difference["field"], "departure_time", "{difference}");
}

#[tokio::test]
async fn law_8_a_caller_that_disconnects_does_not_stop_its_write() {
    let world = World::start_with(PATIENT, |_| {}).await;
    let number = "LAW-8";
    world
        .fault(json!({"method": "airbook", "fault": "slow", "delay_ms": 2_500}))
        .await;
    let body = booking(&world.offer().await, number);
    let caller = world.write("/v1/orders", "k", &body);
    tokio::select! {
        answer = caller => panic!("a response before the caller disconnected: {answer:?}"),
        () = world.until_received("airbook", 1) => {}
    }
    let listed = world.get("/v1/operations").await;
    let id = listed.body["items"][0]["id"].as_str().unwrap();
    let operation = world.settled(id).await;
    assert_eq!(operation["state"], "succeeded", "{operation:#}");
    // A caller that returns with the same key gets the response.
    let again = world.write("/v1/orders", "k", &body).await;
    assert_eq!((again.status, again.operation()), (201, id), "{again:?}");
    assert_eq!(world.effects(number, "book").await, 1);
}

#[tokio::test]
async fn law_9_an_operator_resolves_only_the_version_that_was_read() {
    let world = World::start_with(PATIENT, |_| {}).await;
    let order = world.booked("LAW-9").await;
    let resolve = |id: String| format!("/v1/operations/{id}/resolve");
    let yes = json!({"outcome": "succeeded", "reason": "I saw it"});
    let no = json!({"outcome": "not_executed", "reason": "I did not"});

    // Nobody can resolve the operation while it is being sent.
    let number = json!({"out_order_no": "LAW-9"});
    world
        .fault(json!({"method": "pay", "fault": "slow", "delay_ms": 2_500, "match": number}))
        .await;
    let (paid, ()) = tokio::join!(world.pay(&order, "k", 20), async {
        world.until_received("pay", 1).await;
        let listed = world.get("/v1/operations?state=sending").await;
        let operation = &listed.body["items"][0];
        let path = resolve(operation["id"].as_str().unwrap().to_owned());
        let version = operation["version"].to_string();
        let refused = world
            .post_with(&path, &[("If-Match", &version)], &yes)
            .await;
        assert_eq!(problem(&refused), (409, "resolve_refused"), "{refused:?}");
    });
    assert_eq!(paid.status, 200, "{paid:?}");
    // A settled operation cannot be resolved.
    let settled = world.operation(paid.operation()).await;
    let path = resolve(paid.operation().to_owned());
    let version = settled["version"].to_string();
    let refused = world.post_with(&path, &[("If-Match", &version)], &no).await;
    assert_eq!(problem(&refused), (409, "resolve_refused"), "{refused:?}");

    // An unknown operation, whose lookups are inconclusive for now.
    let body = booking(&world.offer().await, "LAW-9B");
    let silent = json!({"method": "detail", "fault": "lookup_error", "times": null,
                        "match": {"out_order_no": "LAW-9B"}});
    world.fault(silent).await;
    world
        .fault(json!({"method": "airbook", "fault": "timeout_done"}))
        .await;
    let headers = [("Idempotency-Key", "k9"), ("Prefer", "wait=0")];
    let open = world.post_with("/v1/orders", &headers, &body).await;
    let operation = world.until_state(open.operation(), "unknown").await;
    let path = resolve(open.operation().to_owned());
    let missing = world.post_with(&path, &[], &yes).await;
    assert_eq!(problem(&missing), (428, "if_match_missing"), "{missing:?}");
    let stale = (operation["version"].as_i64().unwrap() - 1).to_string();
    let stale = world.post_with(&path, &[("If-Match", &stale)], &yes).await;
    assert_eq!(problem(&stale), (412, "version_mismatch"), "{stale:?}");
    let before = world.received_for("queryorderdetail", "LAW-9B").await;
    let version = operation["version"].to_string();
    let answer = world
        .post_with(&path, &[("If-Match", &version)], &yes)
        .await;
    // The gateway looked up the order and found nothing, so the resolution needs the order id.
    assert_eq!(problem(&answer), (409, "resolve_refused"), "{answer:?}");
    assert!(world.received_for("queryorderdetail", "LAW-9B").await > before);
}

#[tokio::test]
async fn law_9_lookups_do_not_change_the_version_that_an_operator_has_read() {
    let world = World::start().await;
    let number = "sim.book.timeout_done.18";
    let silent = json!({"method": "detail", "fault": "lookup_error", "times": null});
    world.fault(silent).await;
    let body = booking(&world.offer().await, number);
    let open = world.write_within("/v1/orders", "k", &body, 0).await;
    let seen = world.until_state(open.operation(), "unknown").await;
    let lookups = world.received_for("queryorderdetail", number).await;
    let path = format!("/v1/operations/{}", open.operation());
    for _ in 0..5 {
        let reconcile = format!("{path}/reconcile");
        let reconciled = world.post_with(&reconcile, &[], &json!({})).await;
        assert_eq!(
            reconciled.body["version"], seen["version"],
            "{reconciled:?}"
        );
    }
    world
        .until_received_for("queryorderdetail", number, lookups + 5)
        .await;
    let version = seen["version"].to_string();
    let resolution = json!({
        "outcome": "succeeded", "reason": "seen on Fliggy's page", "order_id": "7000000000000000001",
    });
    let resolve = format!("{path}/resolve");
    let resolved = world
        .post_with(&resolve, &[("If-Match", &version)], &resolution)
        .await;
    assert_eq!(resolved.status, 200, "{resolved:?}");
    assert_ne!(resolved.body["version"], seen["version"]);
}

#[tokio::test]
async fn law_9_an_operator_who_contradicts_upstream_is_refused() {
    // Fliggy reports a payment as executed, but no lookup shows it, so it waits for an operator.
    let world = World::start().await;
    let order = world.booked("sim.pay.success_without_effect.9").await;
    let paid = world.pay(&order, "k", 0).await;
    world.until_state(paid.operation(), "needs_attention").await;
    let path = format!("/v1/operations/{}/resolve", paid.operation());
    let version = world.operation(paid.operation()).await["version"].to_string();
    let headers = [("If-Match", version.as_str())];
    let decide = async |body: Value| world.post_with(&path, &headers, &body).await;
    let refused = decide(json!({"outcome": "succeeded", "reason": "they said so"})).await;
    assert_eq!(
        problem(&refused),
        (409, "evidence_contradicts"),
        "{refused:?}"
    );
    let resolved =
        decide(json!({"outcome": "not_executed", "reason": "no debit on the bill"})).await;
    assert_eq!(resolved.status, 200, "{resolved:?}");
    let (state, basis) = (&resolved.body["state"], &resolved.body["basis"]);
    assert_eq!((state, basis), (&json!("not_executed"), &json!("absent")));
    let timeline = resolved.body["timeline"].as_array().unwrap();
    let last = timeline.last().unwrap()["what"].as_str().unwrap();
    assert!(last.contains("no debit on the bill"), "{last}");
}

#[tokio::test]
async fn law_10_one_fact_is_one_event_and_the_feed_keeps_its_order() {
    let world = World::start().await;
    let order = world.booked("sim.pay.timeout_done.10").await;
    let id = order["order_id"].as_str().unwrap();
    assert_eq!(world.pay(&order, "k", 20).await.status, 200);
    // A replay and a lookup add no new facts.
    assert_eq!(world.pay(&order, "k", 20).await.status, 200);
    let other = world.booked("LAW-10").await;
    let close = format!("/v1/orders/{}/close", other["order_id"].as_str().unwrap());
    assert_eq!(world.write(&close, "c", &json!({})).await.status, 200);

    let events = world.events().await;
    let mut seen = std::collections::HashSet::new();
    let mut last = 0;
    for event in &events {
        let sequence = event["sequence"].as_i64().unwrap();
        assert!(sequence > last, "{events:#?}");
        last = sequence;
        let fact = ["type", "subject", "fact"].map(|name| event[name].to_string());
        assert!(seen.insert(fact), "{events:#?}");
    }
    let of = |kind: &str, subject: &str| {
        let found = events
            .iter()
            .filter(|e| e["type"] == kind && e["subject"] == *subject);
        found.count()
    };
    assert_eq!(of("order.booked", id), 1);
    assert_eq!(of("order.paid", id), 1);
    assert_eq!(of("order.closed", other["order_id"].as_str().unwrap()), 1);
    assert_eq!(
        events
            .iter()
            .filter(|e| e["type"] == "operation.unknown")
            .count(),
        1
    );
    // Paging through the feed returns the same feed.
    let mut after = 0;
    let mut paged = Vec::new();
    loop {
        let page = world
            .get(&format!("/v1/events?after={after}&limit=2"))
            .await
            .body;
        let items = page["items"].as_array().unwrap().clone();
        if items.is_empty() {
            assert_eq!(page["next_after"], after);
            break;
        }
        after = page["next_after"].as_i64().unwrap();
        paged.extend(items);
    }
    assert_eq!(paged, events);
}

#[tokio::test]
async fn law_5_lookups_that_find_nothing_at_all_prove_no_absence() {
    let world = World::start_with(&[CONFIRMED_SOON], |_| {}).await;
    let known = booking(&world.offer().await, "BLIND-1");
    let known = world.write("/v1/orders", "known", &known).await;
    let confirmed = |o: &Value| !o["confirmed_at"].is_null();
    world.until(known.operation(), confirmed).await;
    // That proof is old by now, and from now on no lookup of this session finds an order.
    world
        .clock
        .advance_steady(std::time::Duration::from_secs(301));
    world
        .fault(json!({"method": "detail", "fault": "lookup_not_found", "times": null}))
        .await;
    world
        .fault(json!({"method": "book", "fault": "timeout_done"}))
        .await;
    let body = booking(&world.offer_of_now().await, "BLIND-2");
    let lost = world.write_within("/v1/orders", "lost", &body, 0).await;
    let operation = world.until_state(lost.operation(), "needs_attention").await;
    assert_eq!(operation["attention"], "no_control", "{operation:#}");
    world.end_faults().await;
    let operation = world.until_state(lost.operation(), "succeeded").await;
    assert_eq!(operation["attention"], Value::Null, "{operation:#}");
}

/// Makes confirming lookups start at once.
const CONFIRMED_SOON: (&str, &str) = ("GATEWAY__RECONCILE__CONFIRM_AFTER", "100ms");

#[tokio::test]
async fn law_6_a_success_reported_by_fliggy_is_confirmed_by_a_lookup() {
    let world = World::start_with(&[CONFIRMED_SOON], |_| {}).await;
    let body = booking(&world.offer().await, "CONFIRMED");
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let close = format!(
        "/v1/orders/{}/close",
        booked.created()["order_id"].as_str().unwrap()
    );
    let confirmed = |o: &Value| !o["confirmed_at"].is_null();
    let operation = world.until(booked.operation(), confirmed).await;
    assert_eq!(operation["state"], "succeeded");
    let closed = world.write(&close, "c", &json!({})).await;
    assert_eq!(closed.status, 200, "{closed:?}");
    world.until(closed.operation(), confirmed).await;
    assert_eq!(
        world
            .events()
            .await
            .iter()
            .filter(|e| e["type"] == "operation.settled")
            .count(),
        2
    );
}

#[tokio::test]
async fn law_6_a_success_whose_lookups_are_inconclusive_is_soon_looked_up_again() {
    let world = World::start_with(&[CONFIRMED_SOON], |_| {}).await;
    world
        .fault(json!({"method": "detail", "fault": "lookup_error", "times": 3}))
        .await;
    let body = booking(&world.offer().await, "INCONCLUSIVE-0");
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let confirmed = |o: &Value| !o["confirmed_at"].is_null();
    // The next step of the schedule comes only after a minute.
    let operation = world.until(booked.operation(), confirmed).await;
    let lookups = operation["timeline"].as_array().unwrap();
    let inconclusive = |entry: &&Value| entry["what"].as_str().unwrap().contains("lookup 3");
    assert!(lookups.iter().any(|e| inconclusive(&e)), "{operation:#}");
    assert_eq!(operation["state"], "succeeded");
}

#[tokio::test]
async fn law_6_a_refusal_that_a_lookup_agrees_with_is_watched_but_not_confirmed() {
    let world = World::start().await;
    let order = world.booked("REFUSED-2").await;
    world
        .fault(json!({"method": "pay", "fault": "refuse_unlisted", "text": "请求参数错误"}))
        .await;
    let refused = world.pay(&order, "k", 20).await;
    assert_eq!(
        problem(&refused),
        (502, "channel_not_assigned"),
        "{refused:?}"
    );
    let operation = world.operation(refused.operation()).await;
    assert_eq!(operation["state"], "rejected", "{operation:#}");
    assert_eq!(operation["confirmed_at"], Value::Null, "{operation:#}");
}

#[tokio::test]
async fn law_6_a_success_that_cannot_be_found_is_contradicted() {
    let world = World::start_with(&[CONFIRMED_SOON], |_| {}).await;
    // The account has a known order, so not finding the new one proves its absence.
    world.booked("HOLLOW-0").await;
    world
        .fault(json!({"method": "book", "fault": "success_without_effect"}))
        .await;
    let body = booking(&world.offer_of_now().await, "HOLLOW-1");
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let operation = world
        .until_state(booked.operation(), "needs_attention")
        .await;
    assert_eq!(operation["contradicted"], true, "{operation:#}");
    assert_eq!(operation["confirmed_at"], Value::Null);
    // No lookup has found the order that the response named.
    assert_eq!(operation["found"], Value::Null, "{operation:#}");
    assert_eq!(operation["recorded"]["order"], *booked.created());
    let repeated = world.write("/v1/orders", "other", &body).await;
    assert_eq!(
        repeated.body["code"], "operation_in_progress",
        "{repeated:?}"
    );
    assert_eq!(world.received("airbook").await, 2);
}

#[tokio::test]
async fn law_6_a_resource_found_again_after_a_contradiction_is_shown() {
    let world = World::start_with(&[CONFIRMED_SOON], |_| {}).await;
    // An order that was found by its number, so lookups by number are known to show orders.
    let known = booking(&world.offer().await, "AGAIN-0");
    let known = world.write("/v1/orders", "known", &known).await;
    let confirmed = |o: &Value| !o["confirmed_at"].is_null();
    world.until(known.operation(), confirmed).await;
    world
        .fault(json!({
            "method": "detail", "fault": "lookup_not_found", "times": null,
            "match": {"out_order_no": "AGAIN-1"},
        }))
        .await;
    let body = booking(&world.offer_of_now().await, "AGAIN-1");
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let id = booked.operation();
    let operation = world.until_state(id, "needs_attention").await;
    assert_eq!(operation["found"], Value::Null, "{operation:#}");
    world.end_faults().await;
    let operation = world.until(id, |o| o["found"].is_object()).await;
    let order_id = &booked.created()["order_id"];
    for shown in ["found", "recorded"] {
        assert_eq!(operation[shown]["order"]["order_id"], *order_id, "{shown}");
    }
}

#[tokio::test]
async fn law_7_what_differs_after_a_contradiction_is_shown_once_two_lookups_agree() {
    let world = World::start_with(&[CONFIRMED_SOON], |_| {}).await;
    // An order that was found by its number, as a control.
    let known = booking(&world.offer().await, "TWICE-0");
    let known = world.write("/v1/orders", "known", &known).await;
    let confirmed = |o: &Value| !o["confirmed_at"].is_null();
    world.until(known.operation(), confirmed).await;
    let number = json!({"out_order_no": "TWICE-1"});
    let absent = json!({"method": "detail", "fault": "lookup_not_found", "match": number});
    let id = world
        .under_fault(absent, async {
            let body = booking(&world.offer_of_now().await, "TWICE-1");
            let booked = world.write("/v1/orders", "k", &body).await;
            assert_eq!(booked.status, 201, "{booked:?}");
            let id = booked.operation().to_owned();
            world.until_state(&id, "needs_attention").await;
            // This rule comes after the first one, so lookups find the order again, with another total.
            world
                .fault(json!({"method": "detail", "fault": "price_jump", "times": null, "match": number}))
                .await;
            id
        })
        .await;
    let shown = world.until(&id, |o| o["found"].is_object()).await;
    assert_eq!(shown["differs"][0]["field"], "total_price", "{shown:#}");
}

#[tokio::test]
async fn law_6_a_booking_refused_by_tops_gateway_is_looked_up_before_a_retry() {
    let world = World::start().await;
    let number = "REFUSED-1";
    let body = booking(&world.offer().await, number);
    world
        .fault(json!({"method": "book", "fault": "invalid_session"}))
        .await;
    let refused = world.write("/v1/orders", "k", &body).await;
    assert_eq!(refused.body["code"], "session_invalid", "{refused:?}");
    let lookups = world.received_for("queryorderdetail", number).await;
    // While the first booking cannot be looked up, it is not retried.
    world
        .fault(json!({"method": "detail", "fault": "lookup_error"}))
        .await;
    let blind = world.write("/v1/orders", "k", &body).await;
    assert_eq!(blind.body["code"], "upstream_unavailable", "{blind:?}");
    assert_eq!(blind.body["side_effects"], "none");
    assert_eq!(world.received_for("airbook", number).await, 1);
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert!(world.received_for("queryorderdetail", number).await >= lookups + 2);
    // The first booking is confirmed as not executed, and is not looked up again.
    let first = world.operation(refused.operation()).await;
    assert_ne!(first["confirmed_at"], Value::Null, "{first:#}");
    assert_eq!(first["basis"], "refused_by_gateway");
}
