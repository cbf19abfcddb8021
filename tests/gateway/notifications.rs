//! TOP's messages: lookups that they wake, events that they report, and those that cannot be used.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::held::Traps;
use crate::world::{Answer, CHIEF, COSTS, KEYS, TRIPS, World, booking, poll};

const TMC: (&str, &str) = ("GATEWAY__NOTIFICATIONS__MODE", "tmc");
const HTTP: (&str, &str) = ("GATEWAY__NOTIFICATIONS__MODE", "http");
const QUICK: (&str, &str) = ("GATEWAY__NOTIFICATIONS__HTTP__INTERVAL", "20ms");

const TRADES: &str = "alitrip_flight_TradeNotify";

/// Publishes a message at TOP; returns the ids of its deliveries.
async fn publish(world: &World, topic: &str, content: Value) -> Vec<String> {
    let body = json!({"topic": topic, "content": content});
    let published = world.post_with("/_simulator/messages", &[], &body).await;
    assert_eq!(published.status, 201, "{published:?}");
    let ids = published.body["ids"].as_array().unwrap();
    ids.iter()
        .map(|id| id.as_str().unwrap().to_owned())
        .collect()
}

/// Reports that an order was paid (1), closed (2) or ticketed (3).
async fn trade(world: &World, id: &str, order_no: &str, kind: &str) -> Vec<String> {
    publish(
        world,
        TRADES,
        json!({"id": id, "order_no": order_no, "type": kind}),
    )
    .await
}

/// The messages at TOP.
async fn at_top(world: &World) -> Vec<Value> {
    let listed = world.get("/_simulator/messages").await;
    listed.body["items"].as_array().unwrap().clone()
}

/// Waits until TOP's messages fulfil a condition.
async fn until_at_top(world: &World, what: &str, fulfil: impl Fn(&[Value]) -> bool) -> Vec<Value> {
    poll(what, || at_top(world), |messages| fulfil(messages)).await
}

async fn until_all_confirmed(world: &World) -> Vec<Value> {
    until_at_top(world, "all confirmed", |messages| {
        !messages.is_empty() && messages.iter().all(|m| m["state"] == "confirmed")
    })
    .await
}

async fn message_fault(world: &World, rule: Value) {
    let added = world
        .post_with("/_simulator/messages/faults", &[], &rule)
        .await;
    assert_eq!(added.status, 201, "{added:?}");
}

async fn end_message_faults(world: &World) {
    let rules = format!("{}/_simulator/messages/faults", world.top);
    let ended = reqwest::Client::new().delete(rules).send().await.unwrap();
    assert_eq!(ended.status(), 204);
}

async fn channel(world: &World, state: &str) {
    let set = json!({"state": state});
    let set = world
        .post_with("/_simulator/messages/channel", &[], &set)
        .await;
    assert_eq!(set.status, 204, "{set:?}");
}

async fn until_connected(world: &World, connected: bool) {
    let is_it = |listed: &Answer| (listed.body["connections"].as_u64().unwrap() > 0) == connected;
    poll("connections", || world.get("/_simulator/messages"), is_it).await;
}

/// The events that this caller sees, each as type, subject and fact.
async fn facts(world: &World, caller: &[(&str, &str)]) -> Vec<[String; 3]> {
    let page = world.get_with("/v1/events?limit=200", caller).await;
    assert_eq!(page.status, 200, "{page:?}");
    let items = page.body["items"].as_array().unwrap();
    let text = |event: &Value, member: &str| event[member].as_str().unwrap().to_owned();
    items
        .iter()
        .map(|event| ["type", "subject", "fact"].map(|member| text(event, member)))
        .collect()
}

fn fact(kind: &str, subject: &str, fact: &str) -> [String; 3] {
    [kind, subject, fact].map(str::to_owned)
}

#[tokio::test]
async fn a_message_wakes_the_lookup_of_a_payment_that_lost_its_response() {
    // The clock does not advance, so no lookup becomes due by itself.
    let world = World::frozen(&[TMC], |journal| Arc::new(journal)).await;
    let order = world.booked("MSG-1").await;
    let id = order["order_id"].as_str().unwrap();
    let drop_all = json!({"fault": "drop", "times": null});
    message_fault(&world, drop_all).await;
    world
        .fault(json!({"method": "pay", "fault": "hang_then_succeed"}))
        .await;
    let unknown = world.pay(&order, "pay", 1).await;
    assert_eq!(unknown.status, 202, "{unknown:?}");
    let waiting = world.until_state(unknown.operation(), "unknown").await;
    let timeline = waiting["timeline"].to_string();
    assert!(!timeline.contains("lookup 1"), "{timeline}");

    end_message_faults(&world).await;
    trade(&world, "m-1", id, "1").await;
    let paid = world.until_state(unknown.operation(), "succeeded").await;
    let timeline = paid["timeline"].to_string();
    assert!(timeline.contains("TOP sent the message m-1"), "{timeline}");
    assert_eq!(world.effects("MSG-1", "pay").await, 1);
    // The message and the operation report one fact.
    let all = facts(&world, &[]).await;
    let paid = fact("order.paid", id, "paid");
    let told = all.iter().filter(|known| **known == paid);
    assert_eq!(told.count(), 1, "{all:?}");
}

#[tokio::test]
async fn a_message_during_a_lookup_makes_another_lookup_due() {
    // The clock does not advance, so no lookup becomes due by itself.
    // The response to a lookup may come much later than the messages, also on a busy machine.
    let patient = [
        TMC,
        ("GATEWAY__TOP__DEADLINE", "30s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "30s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "30s"),
        ("GATEWAY__RECONCILE__ATTENTION_AFTER", "1m"),
        ("GATEWAY__SERVER__SHUTDOWN_GRACE", "40s"),
    ];
    let world = World::frozen(&patient, |journal| Arc::new(journal)).await;
    let order = world.booked("MSG-5").await;
    let id = order["order_id"].as_str().unwrap();
    message_fault(&world, json!({"fault": "drop", "times": null})).await;
    world
        .fault(json!({"method": "pay", "fault": "timeout_nothing"}))
        .await;
    let unknown = world.pay(&order, "pay", 1).await;
    assert_eq!(unknown.status, 202, "{unknown:?}");
    world.until_state(unknown.operation(), "unknown").await;
    end_message_faults(&world).await;

    // The first lookup reads the unpaid order, and its response comes late. So does the response to the lookup of the
    // booking, which the message makes due too; the two lookups may begin in any order.
    let slow = json!({"method": "detail", "fault": "slow", "delay_ms": 10_000, "times": 2});
    world.fault(slow).await;
    let looked_up = world.received("queryorderdetail").await;
    trade(&world, "m-1", id, "2").await;
    world
        .until_received("queryorderdetail", looked_up + 2)
        .await;
    // Both messages of the payment come before the response.
    crate::ticket::advance(&world, &format!("orders/{id}"), "paid").await;
    until_all_confirmed(&world).await;
    let operation = world.operation(unknown.operation()).await;
    let timeline = operation["timeline"].to_string();
    assert!(!timeline.contains("lookup 1"), "{timeline}");
    world.until_state(unknown.operation(), "succeeded").await;
}

#[tokio::test]
async fn law_6_a_message_reveals_that_a_refused_payment_was_executed() {
    let world = World::start_with(&[TMC], |_| {}).await;
    let order = world.booked("MSG-2").await;
    let id = order["order_id"].as_str().unwrap();
    world
        .fault(json!({"method": "pay", "fault": "refuse"}))
        .await;
    let refused = world.pay(&order, "pay", 20).await;
    world.until_state(refused.operation(), "rejected").await;
    // Somebody pays the order in Fliggy's own application.
    crate::ticket::advance(&world, &format!("orders/{id}"), "paid").await;
    let contradicted = world
        .until_state(refused.operation(), "needs_attention")
        .await;
    assert_eq!(
        contradicted["attention"], "contradicted",
        "{contradicted:#}"
    );
    let all = facts(&world, &[]).await;
    let timeline = contradicted["timeline"].to_string();
    assert!(timeline.contains("TOP sent the message"), "{timeline}");
    let is_told = |known: &[String; 3]| known[0] == "operation.contradicted";
    assert!(all.iter().any(is_told), "{all:?}");
}

#[tokio::test]
async fn law_4_a_message_decides_where_a_read_shows_no_payment_and_no_absence() {
    let world = World::start_with(&[TMC], |_| {}).await;
    let order = world.booked("MSG-3").await;
    let id = order["order_id"].as_str().unwrap();
    // Every read shows an unlisted status.
    let rule = json!({"method": "detail", "fault": "unknown_status"});
    world
        .under_fault(rule, async {
            world
                .fault(json!({"method": "pay", "fault": "hang_then_nothing"}))
                .await;
            let unknown = world.pay(&order, "pay", 1).await;
            assert_eq!(unknown.status, 202, "{unknown:?}");
            let looked_up = world.received("queryorderdetail").await;
            trade(&world, "m-1", id, "2").await;
            world
                .until_received("queryorderdetail", looked_up + 2)
                .await;
            let operation = world.operation(unknown.operation()).await;
            assert_eq!(operation["state"], "unknown", "{operation:#}");
            trade(&world, "m-2", id, "1").await;
            let paid = world.until_state(unknown.operation(), "succeeded").await;
            // No read showed the payment, so the lookups continue.
            assert_eq!(paid["confirmed_at"], Value::Null, "{paid:#}");
        })
        .await;
}

#[tokio::test]
async fn law_4_a_success_on_a_message_is_not_confirmed_by_the_same_message() {
    let traps = Traps::default();
    let journal = traps.clone();
    // The clock does not advance, so no lookup becomes due by itself.
    let world = World::frozen(&[TMC], |inner| journal.around(inner)).await;
    let order = world.booked("MSG-8").await;
    let id = order["order_id"].as_str().unwrap();
    // Every read shows an unlisted status.
    let rule = json!({"method": "detail", "fault": "unknown_status"});
    world
        .under_fault(rule, async {
            world
                .fault(json!({"method": "pay", "fault": "hang_then_nothing"}))
                .await;
            let unknown = world.pay(&order, "pay", 1).await;
            let operation = unknown.operation();
            world.until_state(operation, "unknown").await;
            // An operator asks for a lookup. The request reads the row twice: for its owner, and for the lookup.
            let (mut owner, mut row) = (traps.hold_get(), traps.hold_get());
            let reconcile = format!("/v1/operations/{operation}/reconcile");
            let nothing = json!({});
            let looked_up = world.post_with(&reconcile, &[], &nothing);
            let steps = async {
                owner.requested().await;
                owner.release();
                row.requested().await;
                // Meanwhile the message settles the operation.
                trade(&world, "m-1", id, "1").await;
                world.until_state(operation, "succeeded").await;
                row.release();
            };
            let (looked_up, ()) = tokio::join!(looked_up, steps);
            assert_eq!(looked_up.status, 200, "{looked_up:?}");
            assert_eq!(looked_up.body["state"], "succeeded");
            assert_eq!(looked_up.body["confirmed_at"], Value::Null, "{looked_up:?}");
        })
        .await;
}

#[tokio::test]
async fn law_4_an_operator_who_resolves_on_a_message_confirms_nothing() {
    let world = World::start_with(&[TMC], |_| {}).await;
    let order = world.booked("MSG-9").await;
    let id = order["order_id"].as_str().unwrap();
    world
        .fault(json!({"method": "pay", "fault": "refuse"}))
        .await;
    let refused = world.pay(&order, "pay", 20).await;
    let operation = refused.operation();
    world.until_state(operation, "rejected").await;
    // Every read shows an unlisted status from now on.
    let rule = json!({"method": "detail", "fault": "unknown_status"});
    world
        .under_fault(rule, async {
            trade(&world, "m-1", id, "1").await;
            let open = world.until_state(operation, "needs_attention").await;
            let version = format!("\"{}\"", open["version"]);
            let resolve = format!("/v1/operations/{operation}/resolve");
            let body = json!({"outcome": "succeeded", "reason": "seen in the statement"});
            let headers = [("If-Match", version.as_str())];
            let resolved = world.post_with(&resolve, &headers, &body).await;
            assert_eq!(resolved.status, 200, "{resolved:?}");
            assert_eq!(resolved.body["state"], "succeeded");
            assert_eq!(resolved.body["confirmed_at"], Value::Null, "{resolved:?}");
        })
        .await;
}

#[tokio::test]
async fn a_payment_that_a_message_reports_is_not_sent_again() {
    let world = World::start_with(&[TMC], |_| {}).await;
    let order = world.booked("MSG-6").await;
    let id = order["order_id"].as_str().unwrap();
    trade(&world, "m-1", id, "1").await;
    until_all_confirmed(&world).await;
    // The read shows the order as payable.
    let refused = world.pay(&order, "pay", 20).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (409, &json!("already_done"))
    );
    assert_eq!(refused.body["side_effects"], "none");
    assert_eq!(world.received_for("pay", "MSG-6").await, 0);
}

#[tokio::test]
async fn law_5_a_payment_that_a_message_reports_is_not_absent() {
    let world = World::start_with(
        &[TMC, ("GATEWAY__RECONCILE__ATTENTION_AFTER", "3s")],
        |_| {},
    )
    .await;
    let order = world.booked("MSG-7").await;
    let id = order["order_id"].as_str().unwrap();
    world
        .fault(json!({"method": "pay", "fault": "hang_then_nothing"}))
        .await;
    let unknown = world.pay(&order, "pay", 1).await;
    assert_eq!(unknown.status, 202, "{unknown:?}");
    trade(&world, "m-1", id, "1").await;
    // Reads show the order as payable for the whole settle window.
    let undecided = world
        .until_state(unknown.operation(), "needs_attention")
        .await;
    assert_eq!(undecided["attention"], "undecided", "{undecided:#}");
}

#[tokio::test]
async fn every_message_of_an_order_is_an_event_of_the_caller_that_booked_it() {
    let world = World::start_with(&[KEYS, &[TMC]].concat(), |_| {}).await;
    let search = crate::world::search("BJS", "XMN");
    let found = world
        .post_with("/v1/flights/search", &[TRIPS], &search)
        .await;
    let body = booking(&found.body["items"][0], "MSG-4");
    let headers = [TRIPS, ("Idempotency-Key", "book")];
    let booked = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let id = booked.created()["order_id"].as_str().unwrap().to_owned();

    trade(&world, "m-1", &id, "1").await;
    let pay = json!({"id": "m-2", "order_no": id, "alipay_trade_no": "1"});
    publish(&world, "alitrip_flight_PayNotification", pay).await;
    trade(&world, "m-3", &id, "3").await;
    let refund = |id: &str, kind: &str, more: bool| json!({"id": id, "message_type": kind, "order_no": 1, "refund_order_no": 4966, "multi_refund_flag": more});
    let number: u64 = id.parse().unwrap();
    let mut refunds = vec![
        refund("m-4", "REFUND_CREATE_MSG", false),
        refund("m-5", "REFUND_SUCCESS_MSG", false),
        refund("m-6", "REFUND_SUCCESS_MSG", true),
        refund("m-7", "REFUND_SUCCESS_MSG", true),
        refund("m-8", "REFUND_CLOSE_MSG", false),
    ];
    refunds[4]["refund_order_no"] = json!(4967);
    for content in &mut refunds {
        content["order_no"] = json!(number);
        publish(&world, "alitrip_flight_RefundNotify", content.clone()).await;
    }
    for (id, status) in [
        ("m-9", 1),
        ("m-10", 2),
        ("m-11", 3),
        ("m-12", 5),
        ("m-13", 4),
        ("m-14", 9),
    ] {
        let content =
            json!({"id": id, "order_no": number, "change_order_no": 4988, "status": status});
        publish(&world, "alitrip_flight_ChangeStatusNotify", content).await;
    }
    let moved = json!({"message_id": "m-15", "order_id": number, "change_type": 1});
    publish(&world, "alitrip_flight_FlightChange", moved).await;
    until_all_confirmed(&world).await;

    let mut all = facts(&world, &[TRIPS]).await;
    all.retain(|[kind, ..]| !kind.starts_with("operation."));
    let expected = [
        fact("order.booked", &id, "booked"),
        fact("order.paid", &id, "paid"),
        fact("order.ticketed", &id, "ticketed"),
        fact("refund.created", "4966", "created"),
        fact("refund.refunded", "4966", "refunded"),
        fact("refund.refunded", "4966", "supplementary/m-6"),
        fact("refund.refunded", "4966", "supplementary/m-7"),
        fact("refund.created", "4967", "created"),
        fact("refund.rejected", "4967", "rejected"),
        fact("change.created", "4988", "created"),
        fact("change.awaiting_payment", "4988", "awaiting_payment"),
        fact("change.awaiting_ticketing", "4988", "awaiting_ticketing"),
        fact("change.ticketed", "4988", "ticketed"),
        fact("change.rejected", "4988", "rejected"),
        fact("order.flight_changed", &id, "m-15"),
    ];
    assert_eq!(all, expected);
    let page = world.get_with("/v1/events?limit=200", &[TRIPS]).await.body;
    for event in page["items"].as_array().unwrap() {
        assert_eq!(event["out_order_no"], "MSG-4", "{event:#}");
        let is_first = event["type"] == "operation.unknown";
        assert!(is_first || event["order_id"] == *id, "{event:#}");
    }
    assert!(facts(&world, &[COSTS]).await.is_empty());
    assert!(facts(&world, &[CHIEF]).await.len() >= expected.len());
}

#[tokio::test]
async fn a_message_about_an_unknown_order_is_an_event_for_operators() {
    let world = World::start_with(&[KEYS, &[TMC]].concat(), |_| {}).await;
    trade(&world, "m-1", "1234125412", "3").await;
    until_all_confirmed(&world).await;
    let told = [
        fact("order.paid", "1234125412", "paid"),
        fact("order.ticketed", "1234125412", "ticketed"),
    ];
    assert_eq!(facts(&world, &[CHIEF]).await, told);
    assert!(facts(&world, &[TRIPS]).await.is_empty());
    let page = world.get_with("/v1/events?limit=200", &[CHIEF]).await.body;
    let event = &page["items"][0];
    assert_eq!(event["order_id"], "1234125412");
    assert_eq!(
        [&event["out_order_no"], &event["operation_id"]],
        [&Value::Null; 2]
    );
}

async fn listed(world: &World, query: &str) -> Vec<Value> {
    let page = world
        .get_with(&format!("/v1/notifications?{query}"), &[CHIEF])
        .await;
    assert_eq!(page.status, 200, "{page:?}");
    page.body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn what_cannot_be_used_is_listed_for_operators_and_confirmed() {
    let world = World::start_with(&[KEYS, &[TMC]].concat(), |_| {}).await;
    publish(
        &world,
        "taobao_trade_TradeCreate",
        json!({"buyer_nick": "张三", "oid": 1}),
    )
    .await;
    publish(&world, TRADES, json!("not an object")).await;
    trade(&world, "m-1", "1234125412", "3").await;
    until_all_confirmed(&world).await;

    let quarantined = listed(&world, "state=quarantined").await;
    let shown: Vec<_> = quarantined
        .iter()
        .map(|m| {
            (
                m["topic"].as_str().unwrap(),
                m["reason"].as_str().unwrap(),
                &m["members"],
            )
        })
        .collect();
    assert_eq!(shown[0], (TRADES, "unreadable", &json!([])));
    let members = json!(["buyer_nick: text", "oid: number"]);
    assert_eq!(
        shown[1],
        ("taobao_trade_TradeCreate", "unknown_topic", &members)
    );
    assert_eq!(shown.len(), 2);
    let processed = listed(&world, "state=processed&limit=1").await;
    assert_eq!(processed[0]["id"], "m-1");
    assert_eq!(processed[0]["order_no"], "1234125412");
    // Page by page.
    let first = world
        .get_with("/v1/notifications?limit=2", &[CHIEF])
        .await
        .body;
    let next = first["next_cursor"].as_str().unwrap();
    let rest = listed(&world, &format!("limit=2&cursor={next}")).await;
    assert_eq!(first["items"].as_array().unwrap().len() + rest.len(), 3);

    let refused = world.get_with("/v1/notifications", &[TRIPS]).await;
    assert_eq!(
        (refused.status, &refused.body["code"]),
        (403, &json!("scope_missing"))
    );
    for query in ["state=lost", "cursor=0", "cursor=x", "limit=0", "page=1"] {
        let refused = world
            .get_with(&format!("/v1/notifications?{query}"), &[CHIEF])
            .await;
        assert_eq!(refused.status, 400, "{query}: {refused:?}");
    }
}

#[tokio::test]
async fn a_message_on_hold_is_sent_again() {
    let hold = [TMC, ("GATEWAY__NOTIFICATIONS__QUARANTINE", "hold")];
    let world = World::start_with(&hold, |simulator| {
        simulator.timing.message_lease = Duration::from_millis(200);
    })
    .await;
    publish(&world, "another_topic", json!({})).await;
    let again = until_at_top(&world, "delivered twice", |messages| {
        messages[0]["deliveries"].as_u64().unwrap() >= 2
    })
    .await;
    assert_eq!(again[0]["failure"], "quarantined");
    let is_delivered_again = |listed: &Answer| {
        let items = listed.body["items"].as_array().unwrap();
        assert_eq!(items.len(), 1, "{listed:?}");
        items[0]["deliveries"].as_u64().unwrap() >= 2
    };
    let read = || world.get("/v1/notifications");
    poll("two deliveries", read, is_delivered_again).await;
}

#[tokio::test]
async fn messages_of_several_accounts_and_groups_find_their_account() {
    let accounts = [
        TMC,
        ("GATEWAY__NOTIFICATIONS__GROUP", "first,second"),
        ("GATEWAY__ACCOUNTS__DEFAULT__USER_ID", "11"),
        ("GATEWAY__ACCOUNTS__SECOND__SESSION", "second-session"),
        ("GATEWAY__ACCOUNTS__SECOND__CHANNEL", "SANDBOX"),
        ("GATEWAY__ACCOUNTS__SECOND__USER_ID", "22"),
    ];
    let world = World::start_with(&accounts, |simulator| {
        let named = |name: &str| name.to_owned();
        for (account, group, user) in [
            ("default", "first", 11),
            ("second", "second", 22),
            ("third", "second", 33),
        ] {
            simulator
                .sessions
                .insert(format!("{account}-session"), named(account));
            simulator.groups.insert(named(account), named(group));
            simulator.user_ids.insert(named(account), user);
        }
    })
    .await;
    for (number, account) in [("1", "default"), ("2", "second"), ("3", "third")] {
        let content = json!({"id": number, "order_no": number, "type": "3"});
        let body = json!({"topic": TRADES, "content": content, "account": account});
        let published = world.post_with("/_simulator/messages", &[], &body).await;
        assert_eq!(published.status, 201, "{published:?}");
    }
    until_all_confirmed(&world).await;
    let mut found: Vec<_> = world
        .events()
        .await
        .iter()
        .map(|event| format!("{} {}", event["subject"], event["account"]))
        .collect();
    found.sort();
    found.dedup();
    assert_eq!(found, [r#""1" "default""#, r#""2" "second""#]);
    let listed = world.get("/v1/notifications?state=quarantined").await.body;
    let foreign = &listed["items"][0];
    assert_eq!(foreign["reason"], "unknown_account");
    assert_eq!(
        (&foreign["user_id"], &foreign["order_no"]),
        (&json!("33"), &json!("3"))
    );
}

#[tokio::test]
async fn whatever_the_channel_does_each_fact_is_told_once() {
    let world = World::start_with(&[TMC], |simulator| {
        simulator.timing.message_lease = Duration::from_millis(500);
    })
    .await;
    let faults = [
        "duplicate",
        "delay",
        "disconnect",
        "garbage",
        "gzip",
        "big_endian",
        "reorder",
        "unreadable",
    ];
    for (number, fault) in faults.into_iter().enumerate() {
        message_fault(&world, json!({"fault": fault, "delay_ms": 100})).await;
        trade(&world, &format!("m-{number}"), &format!("70{number}"), "3").await;
        if fault == "reorder" {
            // Delivered before the one that is held.
            trade(&world, "m-8", "708", "3").await;
        }
        until_all_confirmed(&world).await;
    }
    // The message with half of its text is in quarantine.
    let expected = ["700", "701", "702", "703", "704", "705", "708", "706"];
    assert_eq!(ticketed(&world).await, expected);
    assert_eq!(listed_quarantine(&world).await, 1);
}

/// The orders that the feed reports as ticketed.
async fn ticketed(world: &World) -> Vec<String> {
    let page = world.get("/v1/events?limit=200&types=order.ticketed").await;
    let items = page.body["items"].as_array().unwrap();
    let subjects = items.iter().map(|event| event["subject"].as_str().unwrap());
    subjects.map(str::to_owned).collect()
}

async fn listed_quarantine(world: &World) -> usize {
    let page = world.get("/v1/notifications?state=quarantined").await;
    page.body["items"].as_array().unwrap().len()
}

#[tokio::test]
async fn messages_are_read_over_http_while_the_channel_is_gone() {
    let world = World::start_with(&[TMC, QUICK], |_| {}).await;
    until_connected(&world, true).await;
    trade(&world, "m-1", "701", "3").await;
    until_all_confirmed(&world).await;
    channel(&world, "closed").await;
    trade(&world, "m-2", "702", "3").await;
    let confirmed = until_all_confirmed(&world).await;
    assert_eq!(confirmed.len(), 2);
    until_connected(&world, false).await;
    channel(&world, "open").await;
    until_connected(&world, true).await;
    trade(&world, "m-3", "703", "3").await;
    until_all_confirmed(&world).await;
    assert_eq!(ticketed(&world).await, ["701", "702", "703"]);
}

#[tokio::test]
async fn messages_are_read_over_http_if_so_configured() {
    let world = World::start_with(&[HTTP, QUICK], |_| {}).await;
    for number in 0..120 {
        trade(
            &world,
            &format!("m-{number}"),
            &format!("{}", 700 + number),
            "3",
        )
        .await;
    }
    publish(&world, "another_topic", json!({})).await;
    until_at_top(&world, "all confirmed", |messages| {
        messages.len() == 121 && messages.iter().all(|m| m["state"] == "confirmed")
    })
    .await;
    until_connected(&world, false).await;
    assert_eq!(ticketed(&world).await.len(), 120);
    assert_eq!(listed_quarantine(&world).await, 1);
}
