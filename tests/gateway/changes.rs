//! Changes: created, paid, cancelled; and schedule changes by the airlines.

use std::time::Duration;

use serde_json::{Value, json};

use crate::ticket::{Ticket, advance, family, fen, field_errors, problem, ticketed};
use crate::world::{Answer, World};

fn number(change: &Value) -> &str {
    change["change_order_no"].as_str().unwrap()
}

fn path(change: &Value, rest: &str) -> String {
    format!("/v1/changes/{}{rest}", number(change))
}

async fn read(world: &World, change: &Value) -> Value {
    let answer = world.get(&path(change, "")).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.body
}

/// Status, Fliggy's number for it, and the available actions.
fn overview(change: &Value) -> (&str, i64, Vec<&str>) {
    let actions = change["available_actions"].as_array().unwrap();
    (
        change["status"].as_str().unwrap(),
        change["status_code"].as_i64().unwrap(),
        actions.iter().map(|a| a.as_str().unwrap()).collect(),
    )
}

async fn pay(world: &World, change: &Value, key: &str, total: &Value) -> Answer {
    let headers = [("Idempotency-Key", key), ("Prefer", "wait=20")];
    let body = json!({"total_price": total});
    world
        .post_with(&path(change, "/payment"), &headers, &body)
        .await
}

async fn cancel(world: &World, change: &Value, key: &str) -> Answer {
    let headers = [("Idempotency-Key", key), ("Prefer", "wait=20")];
    world
        .post_with(&path(change, "/cancel"), &headers, &json!({}))
        .await
}

async fn actions_of_order(world: &World, id: &str) -> Value {
    let order = world.get(&format!("/v1/orders/{id}")).await;
    order.body["available_actions"].clone()
}

#[tokio::test]
async fn a_change_is_created_paid_and_ticketed() {
    let world = World::start().await;
    let ticket = family(&world, "CHANGE-1").await;
    let request = ticket.later("C-1");
    let created = ticket.change(&world, &request).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(
        created.header("location"),
        Some(&*path(created.created(), ""))
    );
    assert_eq!(created.created()["status"], "awaiting_payment");
    assert_eq!(created.created()["order_id"], ticket.id);
    assert_eq!(created.created()["out_change_no"], "C-1");
    assert_eq!(created.created()["fee_above_limit"], Value::Null);
    assert!(created.created()["pay_before"].is_string());
    assert_eq!(created.created()["paid_at"], Value::Null);
    let total = created.created()["total_price"].clone();

    let change = read(&world, created.created()).await;
    assert_eq!(
        overview(&change),
        ("awaiting_payment", 2, vec!["pay", "cancel"])
    );
    assert_eq!(change["kind"], "voluntary");
    assert_eq!(change["total_price"], total);
    // 5 % of the ticket prices (1000 and 500 yuan), plus the fare difference of the new flight.
    let passengers = change["passengers"].as_array().unwrap();
    let fees = passengers.iter().map(|p| &p["fee"]);
    let service: Vec<_> = fees.clone().map(|fee| fee["service_fee"].clone()).collect();
    assert_eq!(service, [json!("50.00"), json!("25.00")]);
    let sum: i64 = fees
        .flat_map(|fee| ["service_fee", "upgrade_fee", "tax_fee"].map(|part| fen(&fee[part])))
        .sum();
    assert_eq!(sum, fen(&total));
    for (index, passenger) in passengers.iter().enumerate() {
        assert_eq!(passenger["passenger_id"], ticket.passenger(index));
        assert_eq!(passenger["segment_ids"], json!([ticket.segment(0)]));
        assert_eq!(passenger["tickets"], json!([]));
        let original = &ticket.order["passengers"][index]["tickets"][0];
        assert_eq!(original["segment_ids"], json!([ticket.segment(0)]));
        assert_eq!(
            passenger["original_tickets"],
            json!([{"ticket_no": original["ticket_no"], "segment_ids": null}])
        );
    }
    assert_eq!(
        change["original_segments"],
        ticket.order["journeys"][0]["segments"]
    );
    let target = &request["segments"][0];
    let segment = &change["segments"][0];
    assert_eq!(segment["replaces"], target["replaces"]);
    for field in ["marketing_flight_no", "departure_time", "arrival_time"] {
        assert_eq!(segment[field], target["segment"][field], "{field}");
    }
    assert_eq!(segment["cabin"], target["cabin"]["cabin"]);
    let listed = world.get(&ticket.path("/changes")).await.body;
    assert_eq!(listed["items"], json!([change]));
    assert_eq!(
        (&listed["next_cursor"], &listed["dropped"]),
        (&Value::Null, &json!(0))
    );
    let upstream = world
        .get(&path(created.created(), "?include=upstream"))
        .await
        .body;
    assert!(
        upstream["upstream"]["change_order_list"].is_object(),
        "{upstream:#}"
    );

    let paid = pay(&world, created.created(), "pay", &total).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(paid.created()["status"], "awaiting_ticketing");
    assert!(paid.created()["paid_at"].is_string() && paid.created()["trade_no"].is_string());
    assert_eq!(
        overview(&read(&world, created.created()).await),
        ("awaiting_ticketing", 3, vec![])
    );
    // The order shows the old flight until the new ticket is issued.
    let order = world.get(&ticket.path("")).await.body;
    assert_eq!(order["journeys"], ticket.order["journeys"]);

    advance(
        &world,
        &format!("changes/{}", number(created.created())),
        "ticketed",
    )
    .await;
    let change = read(&world, created.created()).await;
    assert_eq!(overview(&change), ("ticketed", 5, vec![]));
    let number_of = |passengers: &Value| passengers[0]["tickets"][0]["ticket_no"].clone();
    let new = number_of(&change["passengers"]);
    assert_ne!(new, number_of(&ticket.order["passengers"]));
    let order = world.get(&ticket.path("")).await.body;
    assert_eq!(number_of(&order["passengers"]), new);
    let departs = &order["journeys"][0]["segments"][0]["departure_time"];
    assert_eq!(departs, &target["segment"]["departure_time"]);
    assert_eq!(order["available_actions"], json!(["refund", "change"]));

    // A replay of any of these writes reads the change again and executes nothing.
    for again in [
        ticket.change(&world, &request).await,
        pay(&world, created.created(), "pay", &total).await,
    ] {
        assert!(again.status < 300, "{again:?}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.created()["status"], "ticketed");
    }
    let ledger = ticket.change_ledger(&world).await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0]["effects"], json!({"pay": 1, "cancel": 0}));
    assert_eq!(ledger[0]["total"], total);
    for (answer, kind, subject) in [
        (&created, "change", &*ticket.id),
        (&paid, "change_pay", number(created.created())),
    ] {
        let operation = world.operation(answer.operation()).await;
        assert_eq!(
            (&operation["kind"], &operation["state"]),
            (&json!(kind), &json!("succeeded"))
        );
        assert_eq!(operation["subject"], subject);
    }
}

#[tokio::test]
async fn a_change_is_cancelled_once_and_another_is_created() {
    let world = World::start().await;
    let ticket = ticketed(&world, "CANCEL-1").await;
    let created = ticket.changed(&world, "X-1").await;
    let cancelled = cancel(&world, &created, "cancel").await;
    assert_eq!(cancelled.status, 200, "{cancelled:?}");
    assert_eq!(cancelled.created()["status"], "closed");
    let change = read(&world, &created).await;
    assert_eq!(overview(&change), ("closed", 4, vec![]));
    assert_eq!(change["close_reason"], "用户取消");
    // The replay reads the change, so it reports fields that the cancellation itself did not.
    let again = cancel(&world, &created, "cancel").await;
    assert_eq!(
        (again.status, &again.created()["status"]),
        (200, &json!("closed")),
        "{again:?}"
    );
    assert_eq!(again.created()["out_change_no"], "X-1");
    assert_eq!(again.created()["total_price"], created["total_price"]);
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = cancel(&world, &created, "cancel-2").await;
    assert_eq!(problem(&other), (409, "already_done"), "{other:?}");
    let paid = pay(&world, &created, "pay", &created["total_price"]).await;
    assert_eq!(problem(&paid), (409, "change_not_payable"), "{paid:?}");
    assert_eq!(paid.body["side_effects"], "none");
    assert_eq!(world.received("change_pay").await, 0);
    assert_eq!(world.received("change_cancel").await, 1);
    // A closed change blocks nothing.
    let second = ticket.changed(&world, "X-2").await;
    assert_ne!(number(&second), number(&created));
    let listed = world.get(&ticket.path("/changes")).await.body;
    let states: Vec<_> = listed["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| overview(row).0)
        .collect();
    assert_eq!(states, ["awaiting_payment", "closed"]);
}

#[tokio::test]
async fn an_unpaid_change_closes_after_its_deadline() {
    let world = World::start().await;
    let ticket = ticketed(&world, "LATE-1").await;
    let created = ticket.changed(&world, "L-1").await;
    // The deadline to pay has passed, but Fliggy has not closed the change yet.
    world.clock.jump_wall(jiff::SignedDuration::from_mins(31));
    assert_eq!(
        overview(&read(&world, &created).await),
        ("awaiting_payment", 2, vec!["cancel"])
    );
    world.clock.advance_steady(Duration::from_secs(31 * 60));
    let change = read(&world, &created).await;
    assert_eq!(overview(&change), ("closed", 4, vec![]));
    let paid = pay(&world, &created, "pay", &created["total_price"]).await;
    assert_eq!(problem(&paid), (409, "change_not_payable"), "{paid:?}");
    let cancelled = cancel(&world, &created, "cancel").await;
    assert_eq!(problem(&cancelled), (409, "already_done"), "{cancelled:?}");
    assert_eq!(world.received("change_pay").await, 0);
    assert_eq!(world.received("change_cancel").await, 0);
}

#[tokio::test]
async fn a_change_is_paid_once_and_only_for_the_agreed_total() {
    let world = World::start().await;
    let ticket = ticketed(&world, "PAY-1").await;
    let created = ticket.changed(&world, "P-1").await;
    let total = created["total_price"].clone();
    for other in ["0.00", "9999.00"] {
        let refused = pay(&world, &created, other, &json!(other)).await;
        assert_eq!(problem(&refused), (409, "price_changed"), "{refused:?}");
        assert_eq!(refused.body["side_effects"], "none");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains(total.as_str().unwrap()), "{detail}");
    }
    assert_eq!(world.received("change_pay").await, 0);
    // The price rises between the check and the payment, so Fliggy refuses the payment.
    world
        .fault(json!({"method": "change_pay", "fault": "price_jump"}))
        .await;
    let refused = pay(&world, &created, "jump", &total).await;
    assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
    assert_eq!(refused.body["side_effects"], "none");
    let change = read(&world, &created).await;
    assert_eq!(fen(&change["total_price"]), fen(&total) + 1000);
    let paid = pay(&world, &created, "pay", &change["total_price"]).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    let again = pay(&world, &created, "pay-2", &change["total_price"]).await;
    assert_eq!(problem(&again), (409, "already_done"), "{again:?}");
    assert_eq!(again.operation(), paid.operation());
    let cancelled = cancel(&world, &created, "cancel").await;
    assert_eq!(
        problem(&cancelled),
        (409, "change_not_cancellable"),
        "{cancelled:?}"
    );
    assert_eq!(cancelled.body["side_effects"], "none");
    assert_eq!(world.received("change_cancel").await, 0);
    assert_eq!(world.received("change_pay").await, 2);
    let ledger = ticket.change_ledger(&world).await;
    assert_eq!(ledger[0]["effects"], json!({"pay": 1, "cancel": 0}));
}

#[tokio::test]
async fn a_change_that_was_paid_elsewhere_is_not_paid_again() {
    let world = World::start().await;
    let ticket = ticketed(&world, "PAY-2").await;
    let created = ticket.changed(&world, "P-2").await;
    let what = format!("changes/{}", number(&created));
    for to in ["awaiting_ticketing", "ticketed"] {
        advance(&world, &what, to).await;
        let refused = pay(&world, &created, to, &created["total_price"]).await;
        assert_eq!(problem(&refused), (409, "already_done"), "{refused:?}");
        let refused = cancel(&world, &created, &format!("cancel-{to}")).await;
        assert_eq!(
            problem(&refused),
            (409, "change_not_cancellable"),
            "{refused:?}"
        );
    }
    assert_eq!(world.received("change_pay").await, 0);
    assert_eq!(world.received("change_cancel").await, 0);
}

#[tokio::test]
async fn a_change_above_the_limit_is_created_and_marked() {
    let world = World::start().await;
    let ticket = ticketed(&world, "LIMIT-1").await;
    let total = {
        let created = ticket.changed(&world, "LIMIT").await;
        assert_eq!(cancel(&world, &created, "LIMIT-cancel").await.status, 200);
        created["total_price"].clone()
    };
    let below = format!("{}.{:02}", (fen(&total) - 1) / 100, (fen(&total) - 1) % 100);
    for (number, limit, above) in [
        ("ABOVE", json!(below), json!(true)),
        ("EQUAL", total.clone(), json!(false)),
        ("NONE", Value::Null, Value::Null),
    ] {
        let mut request = ticket.later(number);
        request["max_total"] = limit;
        let created = ticket.change(&world, &request).await;
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(created.created()["total_price"], total);
        assert_eq!(created.created()["fee_above_limit"], above, "{number}");
        let again = ticket.change(&world, &request).await;
        assert_eq!(again.created()["fee_above_limit"], above, "{number}");
        let cancelled = cancel(&world, created.created(), &format!("{number}-cancel")).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
    }
}

#[tokio::test]
async fn fees_that_arrive_later_are_shown_once_known() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FEES-1").await;
    world
        .fault(json!({"method": "change_create", "fault": "fees_later"}))
        .await;
    let mut request = ticket.later("F-1");
    request["max_total"] = json!("0.01");
    let created = ticket.change(&world, &request).await;
    assert_eq!(created.status, 201, "{created:?}");
    assert_eq!(created.created()["status"], "submitted");
    for unknown in ["total_price", "pay_before", "fee_above_limit"] {
        assert_eq!(created.created()[unknown], Value::Null, "{unknown}");
    }
    let change = read(&world, created.created()).await;
    assert_eq!(overview(&change), ("submitted", 1, vec!["cancel"]));
    assert_eq!(change["total_price"], Value::Null);
    let early = pay(&world, created.created(), "early", &json!("0.00")).await;
    assert_eq!(problem(&early), (409, "change_not_payable"), "{early:?}");
    assert_eq!(world.received("change_pay").await, 0);

    world.clock.advance_steady(Duration::from_secs(2));
    let change = read(&world, created.created()).await;
    assert_eq!(
        overview(&change),
        ("awaiting_payment", 2, vec!["pay", "cancel"])
    );
    assert!(change["pay_before"].is_string());
    // A replay reports the fees, and whether the total is above the limit.
    let again = ticket.change(&world, &request).await;
    assert_eq!(again.created()["status"], "awaiting_payment", "{again:?}");
    assert_eq!(again.created()["total_price"], change["total_price"]);
    assert_eq!(again.created()["fee_above_limit"], true);
    let paid = pay(&world, created.created(), "pay", &change["total_price"]).await;
    assert_eq!(paid.status, 200, "{paid:?}");
}

#[tokio::test]
async fn an_early_change_may_be_cancelled_before_its_fees_are_known() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FEES-2").await;
    world
        .fault(json!({"method": "change_create", "fault": "fees_later"}))
        .await;
    let created = ticket.changed(&world, "F-2").await;
    let cancelled = cancel(&world, &created, "cancel").await;
    assert_eq!(
        (cancelled.status, &cancelled.created()["status"]),
        (200, &json!("closed")),
        "{cancelled:?}"
    );
}

#[tokio::test]
async fn a_change_after_a_schedule_change_is_free_but_still_needs_payment() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FREE-1").await;
    for (kind, code) in [("flight_changed", 1), ("epidemic", 2)] {
        let mut request = ticket.later(&format!("FREE-{code}"));
        request["kind"] = json!(kind);
        let created = ticket.change(&world, &request).await;
        assert_eq!(created.status, 201, "{created:?}");
        assert_eq!(created.created()["total_price"], "0.00");
        let change = read(&world, created.created()).await;
        assert_eq!(change["kind"], kind);
        assert_eq!(overview(&change).2, ["pay", "cancel"]);
        let cancelled = cancel(&world, created.created(), kind).await;
        assert_eq!(cancelled.status, 200, "{cancelled:?}");
    }
    let mut request = ticket.later("FREE-PAID");
    request["kind"] = json!("flight_changed");
    let created = ticket.change(&world, &request).await;
    let paid = pay(&world, created.created(), "pay", &json!("0")).await;
    assert_eq!(
        (paid.status, &paid.created()["status"]),
        (200, &json!("awaiting_ticketing")),
        "{paid:?}"
    );
}

#[tokio::test]
async fn an_unlisted_change_status_never_blocks_a_payment() {
    let world = World::start().await;
    let ticket = ticketed(&world, "ODD-1").await;
    world
        .fault(json!({"method": "change_create", "fault": "unknown_status"}))
        .await;
    let created = ticket.changed(&world, "O-1").await;
    let change = read(&world, &created).await;
    assert_eq!(overview(&change), ("other", 9, vec!["pay", "cancel"]));
    world
        .fault(json!({"method": "change_pay", "fault": "unknown_status"}))
        .await;
    let paid = pay(&world, &created, "pay", &change["total_price"]).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    // A time of payment shows that the change is paid, whatever its status.
    let change = read(&world, &created).await;
    assert_eq!(overview(&change), ("other", 9, vec![]));
    assert!(change["paid_at"].is_string());
    let ledger = ticket.change_ledger(&world).await;
    assert_eq!(ledger[0]["effects"]["pay"], 1);
}

#[tokio::test]
async fn orders_and_changes_that_do_not_exist_return_not_found() {
    let world = World::start().await;
    let nobodys = json!({"change_order_no": "4988999999999"});
    for answer in [
        world.get(&path(&nobodys, "")).await,
        pay(&world, &nobodys, "pay", &json!("1.00")).await,
        cancel(&world, &nobodys, "cancel").await,
    ] {
        assert_eq!(problem(&answer), (404, "change_not_found"), "{answer:?}");
        assert_eq!(answer.body["side_effects"], "none");
    }
    let ticket = ticketed(&world, "NONE-1").await;
    let elsewhere = Ticket {
        id: "7".to_owned(),
        order: ticket.order.clone(),
    };
    let answer = elsewhere.change(&world, &ticket.later("N-0")).await;
    assert_eq!(problem(&answer), (404, "order_not_found"), "{answer:?}");
    let listed = world.get("/v1/orders/7/changes").await;
    assert_eq!(problem(&listed), (404, "order_not_found"), "{listed:?}");
    let bad = world.get("/v1/changes/x").await;
    assert_eq!(field_errors(&bad)[0].0, "path/change_order_no", "{bad:?}");

    let mut stranger = ticket.later("N-1");
    stranger["passengers"] = json!([format!("psg_{}", "0".repeat(32))]);
    let mut segment = ticket.later("N-2");
    segment["segments"][0]["replaces"] = json!("CA0000");
    let mut departed = ticket.later("N-3");
    departed["segments"][0]["segment"]["departure_time"] = json!("2020-05-21T08:45:00+08:00");
    departed["segments"][0]["segment"]["arrival_time"] = json!("2020-05-21T11:35:00+08:00");
    for (request, expected) in [
        (stranger, (422, "passenger_not_in_order")),
        (segment, (422, "segment_not_in_order")),
        (departed, (409, "order_not_changeable")),
    ] {
        let refused = ticket.change(&world, &request).await;
        assert_eq!(problem(&refused), expected, "{refused:?}");
        assert_eq!(refused.body["side_effects"], "none");
    }
    // Fliggy refuses a flight that is not for sale.
    let mut nowhere = ticket.later("N-4");
    nowhere["segments"][0]["segment"]["marketing_flight_no"] = json!("ZZ1");
    assert_eq!(world.received("change_create").await, 0);
    let refused = ticket.change(&world, &nowhere).await;
    assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
    assert_eq!(world.received("change_create").await, 1);
    assert_eq!(ticket.change_ledger(&world).await.len(), 0);
}

#[tokio::test]
async fn unticketed_orders_and_refunded_tickets_cannot_be_changed() {
    let world = World::start().await;
    let ticket = family(&world, "NOT-1").await;
    let booked = world.booked("NOT-2").await;
    let unpaid = Ticket {
        id: booked["order_id"].as_str().unwrap().to_owned(),
        order: ticket.order.clone(),
    };
    let refused = unpaid.change(&world, &ticket.later("NOT-C-1")).await;
    assert_eq!(
        problem(&refused),
        (409, "order_not_changeable"),
        "{refused:?}"
    );
    assert_eq!(world.received("change_create").await, 0);

    let adult = json!({"kind": "voluntary", "passengers": [ticket.passenger(0)], "fee": "123.00"});
    let applied = ticket.apply(&world, "NOT-R-1", &adult).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let refused = ticket.change(&world, &ticket.later("NOT-C-2")).await;
    assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
    assert_eq!(refused.body["side_effects"], "none");
    // The child is changed alone to a later day, but not twice.
    let mut child = ticket.later("NOT-C-3");
    child["passengers"] = json!([ticket.passenger(1)]);
    let created = ticket.change(&world, &child).await;
    assert_eq!(created.status, 201, "{created:?}");
    child["out_change_no"] = json!("NOT-C-4");
    let refused = ticket.change(&world, &child).await;
    assert_eq!(problem(&refused), (422, "upstream_rejected"), "{refused:?}");
    assert_eq!(ticket.change_ledger(&world).await.len(), 1);
}

#[tokio::test]
async fn every_wrong_field_of_a_change_is_named() {
    let world = World::start().await;
    let ticket = ticketed(&world, "CHECK-1").await;
    let good = ticket.later("CHECK");
    let with = |pointer: &str, value: Value| {
        let mut request = good.clone();
        match request.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => {
                let (at, name) = pointer.rsplit_once('/').unwrap();
                request.pointer_mut(at).unwrap()[name] = value;
            }
        }
        request
    };
    let id = ticket.passenger(0);
    let segment = &good["segments"][0];
    let contact = json!({"mobile_country_code": "86", "mobile": "13000000000"});
    let named = |name: &str| {
        let mut contact = contact.clone();
        contact["name"] = json!(name);
        contact
    };
    let abroad = json!({"mobile_country_code": "86", "mobile": "12345"});
    for (request, wrong) in [
        (
            with("/passengers", json!([])),
            vec![("/passengers", "passenger_count")],
        ),
        (
            with("/passengers", json!([id, id])),
            vec![("/passengers/1", "twice")],
        ),
        (
            with("/segments", json!([])),
            vec![("/segments", "segment_count")],
        ),
        (
            with("/segments", json!([segment, segment])),
            vec![("/segments/1/replaces", "twice")],
        ),
        (
            with("/segments/0/replaces", json!(" ")),
            vec![("/segments/0/replaces", "malformed")],
        ),
        (
            with("/segments/0/cabin/segment_id", json!("OTHER")),
            vec![("/segments/0/cabin/segment_id", "unknown_segment")],
        ),
        (
            with("/segments/0/cabin/cabin", json!("")),
            vec![("/segments/0/cabin/cabin", "malformed")],
        ),
        (
            with(
                "/segments/0/segment/arrival_time",
                json!("2030-05-21T08:45:00+08:00"),
            ),
            vec![(
                "/segments/0/segment/arrival_time",
                "arrival_before_departure",
            )],
        ),
        (
            with("/solution_id", json!("")),
            vec![("/solution_id", "malformed")],
        ),
        (
            with("/remark", json!("a\nb")),
            vec![("/remark", "malformed")],
        ),
        (
            with("/contact", abroad),
            vec![("/contact/mobile", "malformed")],
        ),
        (
            with("/contact", named("")),
            vec![("/contact/name", "malformed")],
        ),
        (with("/kind", json!("whim")), vec![("/kind", "not_listed")]),
        (
            with("/max_total", json!("-1")),
            vec![("/max_total", "invalid")],
        ),
        (
            with("/out_change_no", json!("a b")),
            vec![("/out_change_no", "invalid")],
        ),
        (
            with("/nonsense", json!(1)),
            vec![("/nonsense", "unknown_field")],
        ),
        (
            with("/segments/0/nonsense", json!(1)),
            vec![("/segments/0/nonsense", "unknown_field")],
        ),
    ] {
        let headers = [("Idempotency-Key", "check")];
        let refused = world
            .post_with(&ticket.path("/changes"), &headers, &request)
            .await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
        assert_eq!(field_errors(&refused), wrong);
        assert_eq!(refused.body["side_effects"], "none");
    }
    assert_eq!(world.received("change_create").await, 0);
    let created = json!({"change_order_no": "4988000000001"});
    for (body, wrong) in [
        (json!({}), ("/total_price", "missing")),
        (json!({"total_price": 1}), ("/total_price", "wrong_type")),
        (json!({"total_price": "1.005"}), ("/total_price", "invalid")),
        (
            json!({"total_price": "1", "total": "1"}),
            ("/total", "unknown_field"),
        ),
    ] {
        let headers = [("Idempotency-Key", "pay")];
        let refused = world
            .post_with(&path(&created, "/payment"), &headers, &body)
            .await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
        assert_eq!(field_errors(&refused), [wrong]);
    }
    let keyless = world
        .post_with(&path(&created, "/cancel"), &[], &json!({}))
        .await;
    assert_eq!(
        problem(&keyless),
        (400, "idempotency_key_missing"),
        "{keyless:?}"
    );
}

#[tokio::test]
async fn the_available_actions_of_an_order_follow_its_status() {
    let world = World::start().await;
    let booked = world.booked("LIFE-1").await;
    let id = booked["order_id"].as_str().unwrap();
    assert_eq!(actions_of_order(&world, id).await, json!(["pay", "close"]));
    assert_eq!(world.pay(&booked, "pay", 20).await.status, 200);
    assert_eq!(actions_of_order(&world, id).await, json!([]));
    advance(&world, &format!("orders/{id}"), "ticketed").await;
    assert_eq!(
        actions_of_order(&world, id).await,
        json!(["refund", "change"])
    );
    // The flight is in May 2030; flown tickets cannot be changed.
    world
        .clock
        .jump_wall(jiff::SignedDuration::from_hours(24 * 365 * 6));
    assert_eq!(actions_of_order(&world, id).await, json!(["refund"]));

    let world = World::start().await;
    let booked = world.booked("LIFE-2").await;
    let id = booked["order_id"].as_str().unwrap();
    world.clock.jump_wall(jiff::SignedDuration::from_mins(31));
    assert_eq!(actions_of_order(&world, id).await, json!(["close"]));
    advance(&world, &format!("orders/{id}"), "closed").await;
    assert_eq!(actions_of_order(&world, id).await, json!([]));
    // An unpaid order with an unlisted status.
    let booked = world.booked("LIFE-3").await;
    let id = booked["order_id"].as_str().unwrap();
    world
        .fault(json!({"method": "queryorderdetail", "fault": "unknown_status"}))
        .await;
    assert_eq!(actions_of_order(&world, id).await, json!(["pay", "close"]));
}

// --- schedule changes by the airlines

#[tokio::test]
async fn schedule_changes_are_listed_as_they_happened() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FLIGHT-1").await;
    let path = ticket.path("/flight-changes");
    let none = world.get(&path).await;
    assert_eq!(none.status, 200, "{none:?}");
    assert_eq!(none.body, json!({"items": [], "next_cursor": null}));
    for what in [json!({"minutes": 120}), json!({"cancelled": true})] {
        let changed = format!("/_simulator/orders/{}/schedule-change", ticket.id);
        let changed = world.post_with(&changed, &[], &what).await;
        assert_eq!(changed.status, 201, "{changed:?}");
    }
    let listed = world.get(&path).await.body;
    let flight = |departure: &str, arrival: &str| {
        json!({
            "flight_no": "CZ8957", "date": "2030-05-20", "departure_airport": "PKX",
            "arrival_airport": "XMN", "departure_time": departure, "arrival_time": arrival,
        })
    };
    let booked = flight("2030-05-20T08:45:00+08:00", "2030-05-20T11:35:00+08:00");
    let moved = flight("2030-05-20T10:45:00+08:00", "2030-05-20T13:35:00+08:00");
    let rows = listed["items"].as_array().unwrap();
    assert_eq!(rows.len(), 2, "{listed:#}");
    for (row, kind, code, reason, old, new) in [
        (&rows[0], "changed", 2, "计划变更", &booked, &moved),
        (&rows[1], "cancelled", 1, "航班取消", &moved, &Value::Null),
    ] {
        assert_eq!(row["order_id"], ticket.id);
        assert_eq!(
            (&row["kind"], &row["kind_code"]),
            (&json!(kind), &json!(code))
        );
        assert_eq!(row["reason"], reason);
        assert_eq!((&row["old"], &row["new"]), (old, new));
        assert!(row["notified_at"].as_str().unwrap().ends_with("+08:00"));
    }
    assert_eq!(listed["next_cursor"], Value::Null);
    let upstream = world.get(&format!("{path}?include=upstream")).await.body;
    let upstream = upstream["upstream"]["result"].to_string();
    assert!(upstream.contains("old_flight_no"), "{upstream}");

    let nowhere = world.get("/v1/orders/7/flight-changes").await;
    assert_eq!(problem(&nowhere), (404, "order_not_found"), "{nowhere:?}");
    let wrong = world.get(&format!("{path}?include=everything")).await;
    assert_eq!(problem(&wrong), (400, "invalid_request"), "{wrong:?}");
}
