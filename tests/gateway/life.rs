//! The life of an order, from the search to the refund, over real HTTP: writes without a response in
//! time are found, executed once, and listed in operations and events.

use std::time::Duration;

use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::ticket::{Ticket, advance, change_path, problem, ticketed};
use crate::world::{Answer, World, booking, created, search, search_on};

/// Longer than any upstream process takes in these worlds, but shorter than the deadline to pay.
const LONG: Duration = Duration::from_secs(100);

/// A world where tickets, fees and refunds take a minute, and time passes only when the test
/// advances it.
async fn slow_world() -> World {
    World::start_with(&[], |simulator| {
        let timing = &mut simulator.timing;
        timing.ticket_after = Duration::from_secs(60);
        timing.fees_after = Duration::from_secs(60);
        timing.refund_after = Duration::from_secs(60);
    })
    .await
}

async fn pay_change(world: &World, change: &Value, key: &str, wait: u32) -> Answer {
    let total = json!({"total_price": change["total_price"]});
    let path = change_path(change, "/payment");
    world.write_within(&path, key, &total, wait).await
}

impl World {
    async fn read(&self, path: &str) -> Value {
        let read = self.get(path).await;
        assert_eq!(read.status, 200, "{read:?}");
        read.body
    }

    /// Asserts the timeline of an operation that was unknown until it was found.
    async fn was_found(&self, answer: &Answer) {
        let operation = self.operation(answer.operation()).await;
        let timeline = operation["timeline"].as_array().unwrap();
        let mut states: Vec<_> = timeline.iter().map(|entry| &entry["state"]).collect();
        states.dedup();
        let expected = ["accepted", "sending", "unknown", "succeeded"];
        assert_eq!(states, expected, "{operation:#}");
        let last = timeline.last().unwrap()["what"].as_str().unwrap();
        assert!(last.contains("found: "), "{operation:#}");
        assert_eq!(created(&operation), answer.created(), "{operation:#}");
    }

    /// The number of events of this kind about this subject.
    async fn event_count(&self, kind: &str, subject: &Value) -> usize {
        let events = self.events().await;
        let of_it = |e: &&Value| e["type"] == kind && e["subject"] == *subject;
        events.iter().filter(of_it).count()
    }
}

#[tokio::test]
async fn an_order_goes_from_search_to_refund_although_its_writes_time_out() {
    let world = slow_world().await;
    let hangs = "hang_then_succeed";
    let number = format!("sim.pay.{hangs}.change.{hangs}.1");

    // Search and book.
    let offer = world.offer_on(search("BJS", "XMN")).await;
    let body = booking(&offer, &number);
    let booked = world.write("/v1/orders", "book", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let order_id = booked.created()["order_id"].clone();
    let order_path = format!("/v1/orders/{}", order_id.as_str().unwrap());
    let order = world.read(&order_path).await;
    assert_eq!(order["status"], "booked");
    assert_eq!(order["available_actions"], json!(["pay", "close"]));

    // The payment times out, and is found.
    let paid = world.pay(booked.created(), "pay", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(paid.created()["status"], "paid");
    assert_eq!(paid.created()["paid_price"], body["total_price"]);
    world.was_found(&paid).await;
    let order = world.read(&order_path).await;
    assert_eq!(order["available_actions"], json!([]), "no ticket yet");

    // The tickets are issued.
    world.clock.advance_steady(LONG);
    let order = world.read(&order_path).await;
    assert_eq!(order["status"], "ticketed");
    assert_eq!(order["available_actions"], json!(["refund", "change"]));
    let first_ticket = order["passengers"][0]["tickets"][0].clone();
    assert!(first_ticket["ticket_no"].is_string(), "{order:#}");
    let ticket = Ticket {
        id: order["order_id"].as_str().unwrap().to_owned(),
        order,
    };
    assert_eq!(first_ticket["segment_ids"], json!([ticket.segment(0)]));

    // A change to the next day times out, and is found.
    let next_day = world.offer_on(search_on("BJS", "XMN", "2030-05-21")).await;
    let mut request = json!({
        "out_change_no": "LIFE-C-1",
        "passengers": [ticket.passenger(0)],
        "segments": [{
            "replaces": ticket.segment(0),
            "segment": next_day["journeys"][0]["segments"][0],
            "cabin": next_day["cabins"][0],
        }],
    });
    request["max_total"] = json!("500.00");
    let created = world
        .write_within(&ticket.path("/changes"), "change", &request, 20)
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.created()["out_change_no"], "LIFE-C-1");
    assert_eq!(created.created()["status"], "awaiting_payment");
    assert_eq!(created.created()["fee_above_limit"], false);
    world.was_found(&created).await;
    let change_no = created.created()["change_order_no"].clone();
    let change_address = created.header("location").unwrap().to_owned();
    assert_eq!(change_path(created.created(), ""), change_address);
    let change = world.read(&change_address).await;
    assert_eq!(change["available_actions"], json!(["pay", "cancel"]));
    assert_eq!(change["total_price"], created.created()["total_price"]);

    // The payment of the change times out too, and is found.
    world
        .fault(json!({"method": "change_pay", "fault": hangs, "match": {"out_order_no": number}}))
        .await;
    let paid_change = pay_change(&world, created.created(), "pay-change", 20).await;
    assert_eq!(paid_change.status, 200, "{paid_change:?}");
    assert_eq!(paid_change.created()["status"], "awaiting_ticketing");
    assert!(
        paid_change.created()["paid_at"].is_string(),
        "{paid_change:?}"
    );
    world.was_found(&paid_change).await;

    // The new ticket is issued, and the order has the new route.
    world.clock.advance_steady(LONG);
    let change = world.read(&change_address).await;
    assert_eq!(change["status"], "ticketed");
    assert_eq!(change["available_actions"], json!([]));
    let passenger = &change["passengers"][0];
    assert_eq!(passenger["segment_ids"], json!([ticket.segment(0)]));
    let original = &passenger["original_tickets"][0]["ticket_no"];
    assert_eq!(original, &first_ticket["ticket_no"]);
    let new_ticket = &passenger["tickets"][0]["ticket_no"];
    assert!(new_ticket.is_string(), "{change:#}");
    let changes = world.read(&ticket.path("/changes")).await;
    assert_eq!(changes["items"].as_array().unwrap().len(), 1, "{changes:#}");
    let moved = world.read(&order_path).await;
    assert_eq!(moved["status"], "ticketed");
    assert_eq!(
        moved["passengers"][0]["tickets"],
        json!([{
            "ticket_no": new_ticket,
            "segment_ids": [moved["journeys"][0]["segments"][0]["segment_id"]],
        }])
    );
    assert_eq!(
        moved["journeys"][0]["segments"][0]["departure_time"],
        "2030-05-21T08:45:00+08:00"
    );

    // A refund with a proof: quoted, uploaded, applied for. The application times out, and is
    // found.
    let selection = json!({"kind": "flight_changed", "passengers": [ticket.passenger(0)]});
    let quote = world
        .post_with(&ticket.path("/refund-quote"), &[], &selection)
        .await;
    assert_eq!(quote.status, 200, "{quote:?}");
    let expected = ["refundable", "calculated", "attachment_wanted"];
    assert_eq!(expected.map(|name| quote.body[name] == true), [true; 3]);
    let content = b"\x89PNG\r\n\x1a\n and a picture of the notice board";
    let file = Part::bytes(content.as_slice()).file_name("proof.png");
    let form = Form::new().text("order_id", ticket.id.clone());
    let attachment = world.upload(form.part("file", file)).await;
    assert_eq!(attachment.status, 201, "{attachment:?}");
    let attachment = attachment.body;
    world
        .fault(json!({"method": "refund", "fault": hangs, "match": {"out_order_no": number}}))
        .await;
    let application = json!({
        "out_refund_no": "LIFE-R-1",
        "quote_id": quote.body["quote_id"],
        "attachments": [attachment["attachment_id"]],
        "reason": "航班时刻变更",
    });
    let applied = world
        .write_within(&ticket.path("/refunds"), "refund", &application, 20)
        .await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(applied.created()["out_refund_no"], "LIFE-R-1");
    assert_eq!(applied.created()["fee"], quote.body["fee"]);
    assert_eq!(applied.created()["attachment_awaited"], false);
    world.was_found(&applied).await;
    let refund_no = applied.created()["refund_order_no"].clone();
    let refund_address = applied.header("location").unwrap().to_owned();
    let refund = world.read(&refund_address).await;
    assert_eq!(refund["attachments"], json!([attachment["attachment_id"]]));

    // The money is refunded.
    world.clock.advance_steady(LONG);
    let refund = world.read(&refund_address).await;
    assert_eq!(refund["status"], "refunded");
    assert!(refund["refunded_at"].is_string(), "{refund:#}");
    assert_eq!(refund["refund_amount"], quote.body["refund_amount"]);
    let refunds = world.read(&ticket.path("/refunds")).await;
    assert_eq!(refunds["items"][0]["status"], "refunded", "{refunds:#}");

    // The journal has each operation once.
    let listed = world.read("/v1/operations").await;
    let listed = listed["items"].as_array().unwrap();
    let kinds: Vec<_> = listed.iter().map(|operation| &operation["kind"]).collect();
    assert_eq!(kinds, ["refund", "change_pay", "change", "pay", "book"]);
    let steps = [&applied, &paid_change, &created, &paid, &booked];
    for (operation, answer) in listed.iter().zip(steps) {
        assert_eq!(operation["id"], answer.operation());
        assert_eq!(operation["state"], "succeeded");
        let settled = world
            .event_count("operation.settled", &operation["id"])
            .await;
        assert_eq!(settled, 1, "{operation:#}");
        let unknown = world
            .event_count("operation.unknown", &operation["id"])
            .await;
        assert_eq!(unknown, usize::from(operation["kind"] != "book"));
    }
    let facts = [
        ("order.booked", &order_id),
        ("order.paid", &order_id),
        ("order.ticketed", &order_id),
        ("change.created", &change_no),
        ("change.awaiting_payment", &change_no),
        ("change.awaiting_ticketing", &change_no),
        ("change.ticketed", &change_no),
        ("refund.created", &refund_no),
        ("refund.refunded", &refund_no),
    ];
    for (fact, subject) in facts {
        world.until_event(fact, subject).await;
    }
    // One event for the end of each operation, one for each that was unknown, one for each fact, and no others.
    assert_eq!(world.events().await.len(), 5 + 4 + facts.len());

    // Each write was sent to Fliggy once.
    for method in [
        "airbook",
        "pay",
        "change_create",
        "change_pay",
        "refund_create",
        "upload",
    ] {
        let calls = world.get("/_simulator/calls").await.body;
        let once = json!({"received": 1, "effects": 1});
        assert_eq!(calls["counts"][method], once, "{method}");
    }
    let ledger = &world.ledger(&number).await[0];
    let effects = json!({"book": 1, "pay": 1, "close": 0, "refund": 1, "change": 1});
    assert_eq!(ledger["effects"], effects);
    let of_the_change = &ticket.change_ledger(&world).await[0]["effects"];
    assert_eq!(*of_the_change, json!({"pay": 1, "cancel": 0}));
}

#[tokio::test]
async fn a_change_whose_fees_arrive_later_is_paid_once_they_are_known() {
    let world = slow_world().await;
    let ticket = ticketed(&world, "sim.change.fees_later.1").await;
    let mut request = ticket.later("LATER-1");
    request["max_total"] = json!("1.00");
    let created = world
        .write_within(&ticket.path("/changes"), "change", &request, 20)
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.created()["status"], "submitted");
    assert_eq!(created.created()["total_price"], Value::Null);
    assert_eq!(created.created()["fee_above_limit"], Value::Null);
    let address = created.header("location").unwrap().to_owned();
    let change = world.read(&address).await;
    assert_eq!(change["available_actions"], json!(["cancel"]));
    let early = json!({"total_price": "50.00"});
    let refused = world
        .write_within(
            &change_path(created.created(), "/payment"),
            "early",
            &early,
            20,
        )
        .await;
    assert_eq!(problem(&refused), (409, "change_not_payable"));
    assert_eq!(refused.body["side_effects"], "none");
    assert_eq!(world.received("change_pay").await, 0);

    world.clock.advance_steady(LONG);
    let change = world.read(&address).await;
    assert_eq!(change["status"], "awaiting_payment");
    assert!(change["total_price"].is_string(), "{change:#}");
    // A replay reports the fees, too.
    let again = world
        .write_within(&ticket.path("/changes"), "change", &request, 20)
        .await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created()["total_price"], change["total_price"]);
    assert_eq!(again.created()["fee_above_limit"], true, "{again:?}");
    // Only the total confirmed with the payment counts, whether or not it is above the limit.
    let paid = pay_change(&world, &change, "pay", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(paid.created()["status"], "awaiting_ticketing");
    assert_eq!(world.received("change_create").await, 1);
    assert_eq!(world.received("change_pay").await, 1);
}

#[tokio::test]
async fn a_change_above_the_limit_is_cancelled_and_does_not_block_another() {
    let world = slow_world().await;
    let ticket = ticketed(&world, "DEAR-1").await;
    let mut request = ticket.later("DEAR-C-1");
    request["max_total"] = json!("1.00");
    let created = world
        .write_within(&ticket.path("/changes"), "dear", &request, 20)
        .await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.created()["fee_above_limit"], true);
    let again = world
        .write_within(&ticket.path("/changes"), "dear", &request, 20)
        .await;
    assert_eq!(again.created()["fee_above_limit"], true, "{again:?}");

    let cancel = change_path(created.created(), "/cancel");
    let cancelled = world.write_within(&cancel, "cancel", &json!({}), 20).await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(cancelled.created()["status"], "closed");
    let change_no = &created.created()["change_order_no"];
    assert_eq!(world.event_count("change.closed", change_no).await, 1);
    let late = pay_change(&world, created.created(), "late", 20).await;
    assert_eq!(problem(&late), (409, "change_not_payable"), "{late:?}");
    assert_eq!(world.received("change_pay").await, 0);
    let twice = world.write_within(&cancel, "twice", &json!({}), 20).await;
    assert_eq!(problem(&twice), (409, "already_done"), "{twice:?}");

    let second = ticket.changed(&world, "DEAR-C-2").await;
    assert_ne!(
        second["change_order_no"],
        created.created()["change_order_no"]
    );
    let paid = pay_change(&world, &second, "pay", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(world.effects("DEAR-1", "change").await, 2);
    assert_eq!(world.received("change_cancel").await, 1);
}

async fn apply(world: &World, ticket: &Ticket, number: &str) -> Answer {
    let body = ticket.refund_of(world, number, 0).await;
    ticket.apply(world, number, &body).await
}

#[tokio::test]
async fn a_rejected_refund_does_not_block_another() {
    let world = slow_world().await;
    let ticket = ticketed(&world, "AGAIN-1").await;
    let first = apply(&world, &ticket, "first").await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.created()["status"], "applied");
    let number = first.created()["refund_order_no"].as_str().unwrap();
    advance(&world, &format!("refunds/{number}"), "failed").await;
    let read = world.read(&format!("/v1/refunds/{number}")).await;
    assert_eq!(read["status"], "rejected");
    assert!(read["rejected_because"].is_string(), "{read:#}");
    // The operation reports that the refund was applied for; its current status is read from Fliggy.
    let operation = world.operation(first.operation()).await;
    assert_eq!(operation["state"], "succeeded");

    let second = apply(&world, &ticket, "second").await;
    assert_eq!(second.status, 201, "{second:?}");
    assert_ne!(second.created()["refund_order_no"], number);
    assert_eq!(world.effects("AGAIN-1", "refund").await, 2);
    assert_eq!(world.received("refund_create").await, 2);
    let refunds = world.read(&ticket.path("/refunds")).await;
    let statuses: Vec<_> = refunds["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|refund| &refund["status"])
        .collect();
    assert_eq!(statuses, ["applied", "rejected"], "{refunds:#}");
}
