//! Refunds: quotes, applications, payouts; and every way in which an application is refused.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use jiff::SignedDuration;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::ticket::{
    PATIENT, Ticket, advance, family, fen, field_errors, problem, there_and_back, ticketed,
    ticketed_by,
};
use crate::world::{Answer, World, booking};

/// The text of the seed's question 9.
const RULES_CHANGED: &str = "退票规则有更新,返回订单详情页后,请重新进行申请提交。";

fn by(quote: &Value) -> Value {
    json!({"quote_id": quote["quote_id"]})
}

/// An application that states all values of a quote itself.
fn stated(selection: &Value, fee: &str) -> Value {
    let mut body = selection.clone();
    body["fee"] = json!(fee);
    body
}

fn unknown_fee(selection: &Value) -> Value {
    let mut body = selection.clone();
    body["accept_unknown_fee"] = json!(true);
    body
}

/// Asserts that no application reached Fliggy, and that the response reports that.
async fn nothing_sent(world: &World, answer: &Answer) {
    assert_eq!(answer.body["side_effects"], "none", "{answer:?}");
    assert_eq!(world.received("refund_create").await, 0, "{answer:?}");
}

// --- quotes

#[tokio::test]
async fn a_quote_contains_fee_and_amount_of_every_passenger() {
    let world = World::start().await;
    let ticket = family(&world, "QUOTE-1").await;
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    assert_eq!(quote["order_id"], ticket.id);
    assert_eq!(quote["kind"], "voluntary");
    assert_eq!(
        (&quote["refundable"], &quote["not_refundable_reason"]),
        (&json!(true), &Value::Null)
    );
    assert_eq!(quote["calculated"], true);
    assert_eq!(quote["attachment_wanted"], false);
    assert_eq!(quote["segments"], json!([]));
    assert!(quote.get("upstream").is_none());
    // 12.3 % of the tickets (1000 and 500 yuan); the taxes (70 and 10) are refunded.
    let shown: Vec<_> = quote["passengers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| {
            (
                p["fee"].as_str().unwrap(),
                p["refund_amount"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(shown, [("123.00", "947.00"), ("61.50", "448.50")]);
    for (index, part) in quote["passengers"].as_array().unwrap().iter().enumerate() {
        assert_eq!(part["passenger_id"], ticket.passenger(index));
        assert_eq!(part["name"], ticket.order["passengers"][index]["name"]);
        assert_eq!(part["segment_ids"], json!([ticket.segment(0)]));
        assert_eq!(part["refundable"], true);
        assert_eq!(part["kept_ticket_fee"], part["fee"]);
        for nothing in [
            "kept_taxes",
            "used_value",
            "kept_change_fee",
            "kept_upgrade_fee",
        ] {
            assert_eq!(part[nothing], "0.00", "{nothing}");
        }
    }
    assert_eq!(quote["fee"], "184.50");
    assert_eq!(quote["refund_amount"], "1395.50");
    let paid = fen(&ticket.order["total_price"]);
    assert_eq!(fen(&quote["fee"]) + fen(&quote["refund_amount"]), paid);
    // A quote for one passenger alone.
    let one = json!({"kind": "voluntary", "passengers": [ticket.passenger(1)]});
    let one = ticket.quote(&world, &one).await;
    assert_eq!(one["fee"], "61.50");
    assert_eq!(one["passengers"].as_array().unwrap().len(), 1);
    // A flight change costs nothing and needs a proof.
    let moved = ticket.quote(&world, &ticket.all("flight_changed")).await;
    assert_eq!(moved["fee"], "0.00");
    assert_eq!(moved["attachment_wanted"], true);
    assert_eq!(world.received("refund_create").await, 0);
}

#[tokio::test]
async fn a_quote_for_an_already_refunded_ticket_gives_the_reason() {
    let world = World::start().await;
    let ticket = family(&world, "QUOTE-2").await;
    let one = json!({"kind": "voluntary", "passengers": [ticket.passenger(0)]});
    let first = ticket.quote(&world, &one).await;
    let applied = ticket.apply(&world, "QR-1", &by(&first)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let again = ticket.quote(&world, &ticket.all("voluntary")).await;
    assert_eq!(again["refundable"], false, "{again:#}");
    assert_eq!(again["not_refundable_reason"], "该乘机人已有退票申请");
    let shown: Vec<_> = again["passengers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| (p["refundable"].clone(), p["not_refundable_reason"].clone()))
        .collect();
    assert_eq!(
        shown,
        [
            (json!(false), json!("该乘机人已有退票申请")),
            (json!(true), Value::Null)
        ]
    );
    // The refund cannot be applied for by quote or by fee, and the problem gives the reason.
    let fee = again["fee"].as_str().unwrap();
    for (number, body) in [
        ("QR-2", stated(&ticket.all("voluntary"), fee)),
        ("QR-4", by(&again)),
    ] {
        let refused = ticket.apply(&world, number, &body).await;
        assert_eq!(
            problem(&refused),
            (409, "order_not_refundable"),
            "{refused:?}"
        );
        assert_eq!(refused.body["side_effects"], "none");
        let quote = &refused.body["quote"];
        assert_eq!(quote["not_refundable_reason"], "该乘机人已有退票申请");
    }
    // The child's ticket can still be refunded.
    let other = json!({"kind": "voluntary", "passengers": [ticket.passenger(1)], "fee": "61.50"});
    let applied = ticket.apply(&world, "QR-3", &other).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(world.received("refund_create").await, 2);
}

#[tokio::test]
async fn a_number_that_the_list_does_not_return_is_applied_for_once() {
    let row: Override = serde_json::from_value(json!({
        "method": "alitrip.flight.refund.list", "side": "answer",
        "path": "refund_order_list.out_refund_no", "drop": true,
    }))
    .unwrap();
    let overrides = Overrides::build(Registry::embedded(), &[row]).unwrap();
    let world = World::start_with(&[], |simulator| simulator.overrides = overrides).await;
    let ticket = family(&world, "NUMBER-1").await;
    let of = |place: usize| json!({"kind": "voluntary", "passengers": [ticket.passenger(place)]});
    let first = ticket.quote(&world, &of(0)).await;
    let applied = ticket.apply(&world, "NR-1", &by(&first)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    // The other passenger under the same number and another key.
    let mut body = by(&ticket.quote(&world, &of(1)).await);
    body["out_refund_no"] = json!("NR-1");
    let again = world
        .write(&ticket.path("/refunds"), "another", &body)
        .await;
    assert_eq!(problem(&again), (409, "already_done"), "{again:?}");
    assert_eq!(again.body["side_effects"], "none");
    assert_eq!(world.received("refund_create").await, 1);
}

#[tokio::test]
async fn segments_are_refunded_one_by_one() {
    let world = World::start().await;
    let ticket = there_and_back(&world, "QUOTE-3").await;
    // Fliggy lists ticket numbers by passenger: with two segments, the segment of a number is
    // unknown.
    let issued = &ticket.order["passengers"][0]["tickets"][0];
    assert!(issued["ticket_no"].is_string(), "{issued}");
    assert_eq!(issued["segment_ids"], Value::Null);
    let both = ticket.quote(&world, &ticket.all("voluntary")).await;
    let mut back = ticket.all("voluntary");
    back["segments"] = json!([ticket.segment(1)]);
    let half = ticket.quote(&world, &back).await;
    assert_eq!(half["segments"], json!([ticket.segment(1)]));
    let segments_of = |found: &Value| found["passengers"][0]["segment_ids"].clone();
    let all = json!([ticket.segment(0), ticket.segment(1)]);
    assert_eq!(segments_of(&both), all);
    assert_eq!(segments_of(&half), json!([ticket.segment(1)]));
    assert!(fen(&half["fee"]) < fen(&both["fee"]), "{half:#}");
    let applied = ticket.apply(&world, "SEG-1", &by(&half)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(applied.created()["fee"], half["fee"]);
    let number = applied.created()["refund_order_no"].as_str().unwrap();
    let refund = world.get(&format!("/v1/refunds/{number}")).await.body;
    assert_eq!(refund["segments"], json!([ticket.segment(1)]));
    assert_eq!(segments_of(&refund), json!([ticket.segment(1)]));
    // The outward segment can still be refunded.
    let mut there = ticket.all("voluntary");
    there["segments"] = json!([ticket.segment(0)]);
    assert_eq!(ticket.quote(&world, &there).await["refundable"], true);
    assert_eq!(ticket.quote(&world, &back).await["refundable"], false);
}

#[tokio::test]
async fn items_that_are_not_in_the_order_are_neither_quoted_nor_applied_for() {
    let world = World::start().await;
    let ticket = ticketed(&world, "QUOTE-4").await;
    let stranger = format!("psg_{}", "0".repeat(32));
    let selections = [
        (
            json!({"kind": "voluntary", "passengers": [ticket.passenger(0), stranger]}),
            (422, "passenger_not_in_order"),
            "/passengers/1",
        ),
        (
            json!({"kind": "voluntary", "passengers": [ticket.passenger(0)],
                   "segments": [ticket.segment(0), "CA0000"]}),
            (422, "segment_not_in_order"),
            "segment 1",
        ),
    ];
    for (selection, expected, place) in selections {
        let applied = ticket
            .apply(&world, "NOT-IN-ORDER", &stated(&selection, "123.00"))
            .await;
        for answer in [ticket.ask_quote(&world, &selection).await, applied] {
            assert_eq!(problem(&answer), expected, "{answer:?}");
            let detail = answer.body["detail"].as_str().unwrap();
            assert!(detail.contains(place), "{detail}");
            nothing_sent(&world, &answer).await;
        }
    }
    assert_eq!(world.received("refund_render").await, 0);
    let nowhere = world
        .post_with("/v1/orders/7/refund-quote", &[], &ticket.all("voluntary"))
        .await;
    assert_eq!(problem(&nowhere), (404, "order_not_found"), "{nowhere:?}");
}

#[tokio::test]
async fn an_order_without_tickets_is_closed_and_not_refunded() {
    let world = World::start().await;
    let booked = world.booked("QUOTE-5").await;
    let path = format!("/v1/orders/{}", booked["order_id"].as_str().unwrap());
    let order = world.get(&path).await.body;
    let selection = json!({
        "kind": "voluntary", "passengers": [order["passengers"][0]["passenger_id"]],
    });
    let mut body = stated(&selection, "123.00");
    body["out_refund_no"] = json!("UNPAID-1");
    let quote = world
        .post_with(&format!("{path}/refund-quote"), &[], &selection)
        .await;
    let applied = world.write(&format!("{path}/refunds"), "k", &body).await;
    for answer in [quote, applied] {
        assert_eq!(
            problem(&answer),
            (409, "order_not_refundable"),
            "{answer:?}"
        );
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("not paid"), "{detail}");
        nothing_sent(&world, &answer).await;
    }
    let listed = world.get(&format!("{path}/refunds")).await;
    assert_eq!(listed.body["items"], json!([]), "{listed:?}");
}

#[tokio::test]
async fn a_kind_without_a_number_is_refused_until_one_is_configured() {
    let world = World::start().await;
    let ticket = ticketed(&world, "KIND-1").await;
    let selection = ticket.all("illness");
    let applied = ticket
        .apply(&world, "ILL-1", &stated(&selection, "0.00"))
        .await;
    for answer in [ticket.ask_quote(&world, &selection).await, applied] {
        assert_eq!(problem(&answer), (422, "kind_not_mapped"), "{answer:?}");
        let detail = answer.body["detail"].as_str().unwrap();
        assert!(detail.contains("`illness`"), "{detail}");
        nothing_sent(&world, &answer).await;
    }
    assert_eq!(world.received("refund_render").await, 0);

    let row = ("GATEWAY__TOP__REFUND__KINDS__ILLNESS", "2");
    let world = World::start_with(&[row], |_| {}).await;
    let ticket = ticketed(&world, "KIND-2").await;
    let quote = ticket.quote(&world, &ticket.all("illness")).await;
    assert_eq!(quote["attachment_wanted"], true);
    let applied = ticket.apply(&world, "ILL-2", &by(&quote)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(applied.created()["kind"], "illness");
    assert_eq!(
        ticket.refund_ledger(&world).await[0]["refund_apply_type"],
        2
    );
}

#[tokio::test]
async fn a_quote_shows_upstreams_fields_and_accepts_extra_fields() {
    let world = World::start().await;
    let ticket = ticketed(&world, "QUOTE-6").await;
    let path = ticket.path("/refund-quote?include=upstream");
    let mut selection = ticket.all("voluntary");
    let quote = world.post_with(&path, &[], &selection).await;
    assert_eq!(quote.status, 200, "{quote:?}");
    let upstream = &quote.body["upstream"];
    assert_eq!(upstream["calculate_success"], true, "{upstream}");
    assert!(upstream["all_refund_fee"].is_number(), "{upstream}");
    let plain = ticket.quote(&world, &ticket.all("voluntary")).await;
    assert_eq!(quote.body["fee"], plain["fee"]);
    // Unknown fields are sent, and Fliggy decides.
    selection["extra"] = json!({"no_such_field": 1});
    let refused = ticket.ask_quote(&world, &selection).await;
    assert_eq!(problem(&refused), (502, "upstream_refused"), "{refused:?}");
    assert!(
        refused.body["upstream"]
            .to_string()
            .contains("no_such_field")
    );
    let mut body = by(&plain);
    body["extra"] = json!({"no_such_field": 1});
    let refused = ticket.apply(&world, "EXTRA-1", &body).await;
    assert_eq!(problem(&refused), (502, "upstream_refused"), "{refused:?}");
    assert_eq!(refused.body["side_effects"], "none");
    assert_eq!(ticket.refund_ledger(&world).await.len(), 0);
}

#[tokio::test]
async fn every_wrong_field_of_a_refund_is_named() {
    let world = World::start().await;
    let ticket = ticketed(&world, "CHECK-1").await;
    let (id, segment) = (ticket.passenger(0), ticket.segment(0));
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    for (body, wrong) in [
        (
            json!({"kind": "voluntary", "passengers": [], "fee": "1.00"}),
            vec![("/passengers", "passenger_count")],
        ),
        (
            json!({"kind": "voluntary", "passengers": [id, id], "segments": [segment, segment, " "], "fee": "1.00"}),
            vec![
                ("/passengers/1", "twice"),
                ("/segments/1", "twice"),
                ("/segments/2", "malformed"),
            ],
        ),
        (
            json!({"kind": "voluntary", "passengers": [id], "fee": "1.00", "reason": "a\nb", "attachments": ["F", "F", ""]}),
            vec![
                ("/reason", "malformed"),
                ("/attachments/1", "twice"),
                ("/attachments/2", "malformed"),
            ],
        ),
        (
            json!({"passengers": [id], "fee": "1.00"}),
            vec![("/quote_id", "missing")],
        ),
        (
            json!({"kind": "voluntary", "passengers": [id]}),
            vec![("/fee", "missing")],
        ),
        (
            json!({"kind": "voluntary", "passengers": [id], "fee": "1.00", "accept_unknown_fee": true}),
            vec![("/accept_unknown_fee", "contradiction")],
        ),
        (
            json!({"quote_id": quote["quote_id"], "fee": "123.00"}),
            vec![("/quote_id", "repeated")],
        ),
        (
            json!({"quote_id": quote["quote_id"], "kind": "voluntary"}),
            vec![("/quote_id", "repeated")],
        ),
        (json!({"quote_id": "rq_00"}), vec![("/quote_id", "invalid")]),
        (
            json!({"kind": "whim", "passengers": [id], "fee": "1.00"}),
            vec![("/kind", "not_listed")],
        ),
        (
            json!({"kind": "voluntary", "passengers": ["李四"], "fee": "1.00"}),
            vec![("/passengers/0", "invalid")],
        ),
        (
            json!({"kind": "voluntary", "passengers": [id], "fee": 1}),
            vec![("/fee", "wrong_type")],
        ),
        (
            json!({"kind": "voluntary", "passengers": [id], "fees": "1.00"}),
            vec![("/fees", "unknown_field")],
        ),
    ] {
        let refused = ticket.apply(&world, "CHECK", &body).await;
        assert_eq!(
            problem(&refused),
            (400, "invalid_request"),
            "{body} {refused:?}"
        );
        assert_eq!(field_errors(&refused), wrong, "{body}");
        nothing_sent(&world, &refused).await;
    }
    let long = ticket.apply(&world, &"x".repeat(65), &by(&quote)).await;
    assert_eq!(
        field_errors(&long),
        [("/out_refund_no", "invalid")],
        "{long:?}"
    );
    let selection = json!({"kind": "voluntary", "passengers": [id, id]});
    let refused = ticket.ask_quote(&world, &selection).await;
    assert_eq!(
        field_errors(&refused),
        [("/passengers/1", "twice")],
        "{refused:?}"
    );
}

// --- applications

#[tokio::test]
async fn an_application_by_quote_sends_the_fee_that_render_computed() {
    let world = World::start().await;
    let ticket = family(&world, "APPLY-1").await;
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    let mut body = by(&quote);
    body["reason"] = json!("行程取消");
    let applied = ticket.apply(&world, "R-1", &body).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let number = applied.created()["refund_order_no"].as_str().unwrap();
    let path = format!("/v1/refunds/{number}");
    assert_eq!(applied.header("location"), Some(&*path));
    assert_eq!(applied.created()["status"], "applied");
    assert_eq!(applied.created()["out_refund_no"], "R-1");
    assert_eq!(applied.created()["fee"], quote["fee"]);
    assert_eq!(applied.created()["attachment_awaited"], false);
    let ledger = ticket.refund_ledger(&world).await;
    assert_eq!(ledger.len(), 1);
    assert_eq!(ledger[0]["refund_order_no"], number);
    assert_eq!(ledger[0]["all_refund_fee"], quote["fee"]);
    assert_eq!(ledger[0]["refund_apply_type"], 1);
    assert_eq!(ledger[0]["passengers"], 2);

    let refund = world.get(&path).await;
    assert_eq!(refund.status, 200, "{refund:?}");
    assert_eq!(refund.body["reason"], "行程取消");
    assert_eq!(refund.body["kind"], "voluntary");
    assert_eq!(refund.body["refund_amount"], quote["refund_amount"]);
    assert_eq!(refund.body["supplementary"], false);
    assert_eq!(refund.body["refunded_at"], Value::Null);
    for (part, quoted) in refund.body["passengers"]
        .as_array()
        .unwrap()
        .iter()
        .zip(quote["passengers"].as_array().unwrap())
    {
        for field in ["passenger_id", "name", "type", "fee", "refund_amount"] {
            assert_eq!(part[field], quoted[field], "{field}");
        }
    }
    // The list has the same fields; they are null or empty where Fliggy's list lacks them.
    let listed = world.get(&ticket.path("/refunds")).await.body;
    let row = &listed["items"][0];
    let members = |value: &Value| {
        let members = value.as_object().unwrap().keys();
        members.cloned().collect::<Vec<_>>()
    };
    assert_eq!(members(row), members(&refund.body));
    for (name, shown) in refund.body.as_object().unwrap() {
        match name.as_str() {
            "reason" => assert_eq!(row[name], Value::Null),
            "segments" => assert_eq!(
                (&row[name], shown),
                (&json!([]), &json!([ticket.segment(0)]))
            ),
            "passengers" => {
                let passenger = &row["passengers"][0];
                assert_eq!(members(passenger), members(&shown[0]));
                assert_eq!(passenger["name"], shown[0]["name"]);
                assert_eq!(passenger["fee"], Value::Null);
            }
            _ => assert_eq!(&row[name], shown, "{name}"),
        }
    }
    let upstream = world.get(&format!("{path}?include=upstream")).await;
    assert_eq!(upstream.body["upstream"]["out_refund_no"], "R-1");

    // The operation and its event.
    let operation = world.operation(applied.operation()).await;
    assert_eq!(operation["kind"], "refund");
    assert_eq!(operation["state"], "succeeded");
    assert_eq!(operation["subject"], ticket.id);
    let events = world.events().await;
    let about = |e: &&Value| e["operation_id"] == applied.operation();
    assert!(events.iter().any(|e| about(&e)), "{events:#?}");
}

#[tokio::test]
async fn a_repeated_application_is_read_again_and_not_sent_again() {
    let world = World::start().await;
    let ticket = ticketed(&world, "APPLY-2").await;
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    let applied = ticket.apply(&world, "R-2", &by(&quote)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let again = ticket.apply(&world, "R-2", &by(&quote)).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.operation(), applied.operation());
    assert_eq!(again.created()["status"], "applied");
    // The refund is processed, and then paid out: a replay reports the new status.
    for (seconds, status) in [(2, "in_progress"), (3, "refunded")] {
        world.clock.advance_steady(Duration::from_secs(seconds));
        let again = ticket.apply(&world, "R-2", &by(&quote)).await;
        assert_eq!(
            (again.status, &again.created()["status"]),
            (201, &json!(status)),
            "{again:?}"
        );
        assert_eq!(
            again.created()["refund_order_no"],
            applied.created()["refund_order_no"]
        );
    }
    let number = applied.created()["refund_order_no"].as_str().unwrap();
    let refund = world.get(&format!("/v1/refunds/{number}")).await.body;
    assert_eq!(refund["status"], "refunded");
    assert!(refund["refunded_at"].is_string() && refund["trade_no"].is_string());
    // The replay works even when the quote is too old for a new application.
    world.clock.jump_wall(SignedDuration::from_mins(16));
    let again = ticket.apply(&world, "R-2", &by(&quote)).await;
    assert_eq!(
        (again.status, &again.created()["status"]),
        (201, &json!("refunded")),
        "{again:?}"
    );
    // Another body under the key is another request.
    let mut other = by(&quote);
    other["reason"] = json!("另一个");
    let reused = ticket.apply(&world, "R-2", &other).await;
    assert_eq!(
        problem(&reused),
        (422, "idempotency_key_reused"),
        "{reused:?}"
    );
    assert_eq!(world.received("refund_create").await, 1);
}

#[tokio::test]
async fn a_second_application_under_the_same_number_is_not_sent() {
    let world = World::start().await;
    let ticket = family(&world, "APPLY-3").await;
    let of = |index| json!({"kind": "voluntary", "passengers": [ticket.passenger(index)]});
    let (adult, child) = (of(0), of(1));
    let first = ticket.quote(&world, &adult).await;
    let applied = ticket.apply(&world, "SAME", &by(&first)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let second = ticket.quote(&world, &child).await;
    let mut body = by(&second);
    body["out_refund_no"] = json!("SAME");
    let headers = [("Idempotency-Key", "other"), ("Prefer", "wait=20")];
    let refused = world
        .post_with(&ticket.path("/refunds"), &headers, &body)
        .await;
    // The existing refund is not taken for the requested refund.
    assert_eq!(problem(&refused), (409, "already_done"), "{refused:?}");
    assert_eq!(refused.body["side_effects"], "none");
    assert!(
        refused.body["hint"]
            .as_str()
            .unwrap()
            .contains("new number")
    );
    assert_eq!(world.received("refund_create").await, 1);
    assert_eq!(ticket.refund_ledger(&world).await.len(), 1);
}

#[tokio::test]
async fn a_stated_fee_that_differs_returns_the_quote() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FEE-1").await;
    let all = ticket.all("voluntary");
    let refused = ticket
        .apply(&world, "FEE-R-1", &stated(&all, "122.99"))
        .await;
    assert_eq!(
        problem(&refused),
        (409, "refund_fee_changed"),
        "{refused:?}"
    );
    assert_eq!(refused.body["retry"], "new_key");
    let detail = refused.body["detail"].as_str().unwrap();
    assert!(
        detail.contains("123.00") && detail.contains("122.99"),
        "{detail}"
    );
    nothing_sent(&world, &refused).await;
    let quote = &refused.body["quote"];
    assert_eq!(quote["fee"], "123.00");
    assert_eq!(quote["kind"], "voluntary");
    // The quote can be applied for; the number can be used again, because nothing was sent with
    // it.
    let headers = [("Idempotency-Key", "new"), ("Prefer", "wait=20")];
    let mut body = by(quote);
    body["out_refund_no"] = json!("FEE-R-1");
    let applied = world
        .post_with(&ticket.path("/refunds"), &headers, &body)
        .await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(
        ticket.refund_ledger(&world).await[0]["all_refund_fee"],
        "123.00"
    );
    // A replay repeats the refusal, with the current quote.
    let again = ticket
        .apply(&world, "FEE-R-1", &stated(&all, "122.99"))
        .await;
    assert_eq!(again.status, 409, "{again:?}");
    assert_eq!(world.received("refund_create").await, 1);
}

#[tokio::test]
async fn a_fee_that_rises_at_the_last_moment_returns_the_new_quote() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FEE-2").await;
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    world
        .fault(json!({"method": "refund_create", "fault": "price_jump"}))
        .await;
    let refused = ticket.apply(&world, "JUMP-1", &by(&quote)).await;
    assert_eq!(
        problem(&refused),
        (409, "refund_fee_changed"),
        "{refused:?}"
    );
    assert_eq!(refused.body["side_effects"], "none");
    assert!(
        refused.body["upstream"]["message"]
            .as_str()
            .unwrap()
            .contains("退票手续费发生变化"),
        "{refused:?}"
    );
    let fresh = refused.body["quote"].clone();
    assert_eq!(fen(&fresh["fee"]), fen(&quote["fee"]) + 1000, "{fresh:#}");
    assert_eq!(world.received("refund_create").await, 1);
    let operation = world.operation(refused.operation()).await;
    assert_eq!(operation["state"], "rejected");
    // The same key reports the same outcome, with the current quote.
    let again = ticket.apply(&world, "JUMP-1", &by(&quote)).await;
    assert_eq!(problem(&again), (409, "refund_fee_changed"), "{again:?}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.body["quote"]["fee"], fresh["fee"]);
    assert_eq!(world.received("refund_create").await, 1);
    let applied = ticket.apply(&world, "JUMP-2", &by(&fresh)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(
        ticket.refund_ledger(&world).await[0]["all_refund_fee"],
        fresh["fee"]
    );
    assert_eq!(world.received("refund_create").await, 2);
}

#[tokio::test]
async fn a_quote_is_valid_only_for_its_order_account_and_gateway() {
    let other = [
        ("GATEWAY__ACCOUNTS__OTHER__SESSION", "other-session"),
        ("GATEWAY__ACCOUNTS__OTHER__CHANNEL", "SANDBOX"),
    ];
    let world = World::start_with(&other, |simulator| {
        let other = ("other-session".to_owned(), "other".to_owned());
        simulator.sessions.extend([other]);
    })
    .await;
    let ticket = ticketed(&world, "SEALED-1").await;
    let elsewhere = ticketed(&world, "SEALED-2").await;
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    let name = quote["quote_id"].as_str().unwrap();
    let (start, last) = name.split_at(name.len() - 1);
    let tampered = format!("{start}{}", if last == "0" { "1" } else { "0" });
    let mut body = by(&quote);
    body["out_refund_no"] = json!("SEALED");
    let headers = [("Idempotency-Key", "k"), ("Gateway-Account", "other")];
    let answers = [
        elsewhere.apply(&world, "SEALED", &by(&quote)).await,
        ticket
            .apply(&world, "SEALED", &json!({"quote_id": tampered}))
            .await,
        world
            .post_with(&ticket.path("/refunds"), &headers, &body)
            .await,
    ];
    for answer in answers {
        assert_eq!(problem(&answer), (400, "invalid_request"), "{answer:?}");
        assert_eq!(field_errors(&answer), [("/quote_id", "unknown_quote")]);
        nothing_sent(&world, &answer).await;
    }
    let applied = ticket.apply(&world, "SEALED", &by(&quote)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    // The other account does not have the order.
    let path = ticket.path("/refunds");
    let hidden = world.get_with(&path, &[("Gateway-Account", "other")]).await;
    assert_eq!(problem(&hidden), (404, "order_not_found"), "{hidden:?}");
}

#[tokio::test]
async fn an_expired_quote_returns_a_new_one() {
    let world = World::start().await;
    let ticket = ticketed(&world, "OLD-1").await;
    let quote = ticket.quote(&world, &ticket.all("voluntary")).await;
    let until: jiff::Timestamp = quote["valid_until"].as_str().unwrap().parse().unwrap();
    let left = until.duration_since(fliggy_gateway::clock::Clock::wall(&*world.clock));
    assert!(left <= SignedDuration::from_mins(15) && left > SignedDuration::from_mins(10));
    world.clock.jump_wall(SignedDuration::from_mins(16));
    let refused = ticket.apply(&world, "OLD", &by(&quote)).await;
    assert_eq!(problem(&refused), (409, "quote_expired"), "{refused:?}");
    nothing_sent(&world, &refused).await;
    let fresh = &refused.body["quote"];
    assert_eq!(fresh["fee"], quote["fee"]);
    assert_ne!(fresh["quote_id"], quote["quote_id"]);
    let applied = ticket.apply(&world, "OLD-2", &by(fresh)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
}

/// Forwards all calls between the gateway and the simulator, and records the applications.
#[derive(Clone)]
struct Tap {
    behind: String,
    applications: Arc<Mutex<Vec<String>>>,
    http: reqwest::Client,
}

impl Tap {
    /// Listens in front of the simulator of this world, and starts a gateway that calls the tap.
    async fn world(
        behind: &World,
        more: &[(&str, &str)],
        stop: CancellationToken,
    ) -> (Self, World) {
        let tap = Self {
            behind: behind.top.clone(),
            applications: Arc::default(),
            http: reqwest::Client::new(),
        };
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let router = axum::Router::new().fallback(pass).with_state(tap.clone());
        let stopped = stop.clone();
        tokio::spawn(async move {
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped.cancelled_owned())
                .await
                .unwrap();
        });
        let mut world = World::on(address, more, stop).await;
        // Control API and ledger are called directly.
        world.top.clone_from(&behind.top);
        (tap, world)
    }

    /// The request objects of the applications so far.
    fn sent(&self) -> Vec<Value> {
        let texts = self.applications.lock().unwrap();
        let objects = texts.iter().map(|text| serde_json::from_str(text).unwrap());
        objects.collect()
    }
}

async fn pass(State(tap): State<Tap>, headers: HeaderMap, body: Bytes) -> Vec<u8> {
    let object = form_urlencoded::parse(&body)
        .find(|(name, _)| name == "create_refund_request")
        .map(|(_, object)| object.into_owned());
    tap.applications.lock().unwrap().extend(object);
    let sent = tap
        .http
        .post(format!("{}/router/rest", tap.behind))
        .header("content-type", headers["content-type"].clone())
        .body(body)
        .send()
        .await
        .unwrap();
    sent.bytes().await.unwrap().to_vec()
}

/// A fee that cannot be computed is sent as configured.
async fn applies_with_an_unknown_fee(form: Option<&str>, expected: Option<Value>) {
    let stop = CancellationToken::new();
    let behind = World::start().await;
    let more: Vec<_> = form
        .map(|form| ("GATEWAY__TOP__REFUND__EMPTY_FEE", form))
        .into_iter()
        .collect();
    let (tap, world) = Tap::world(&behind, &more, stop).await;
    let ticket = family(&world, "UNKNOWN-1").await;
    world
        .fault(json!({"method": "refund_render", "fault": "calculate_failed"}))
        .await;
    let of = |index| json!({"kind": "voluntary", "passengers": [ticket.passenger(index)]});
    let (adult, child) = (of(0), of(1));
    let quote = ticket.quote(&world, &adult).await;
    assert_eq!(quote["calculated"], false);
    for nothing in ["fee", "refund_amount"] {
        assert_eq!(quote[nothing], Value::Null, "{nothing}");
        assert_eq!(quote["passengers"][0][nothing], Value::Null, "{nothing}");
    }
    // Without consent, neither a quote nor a fee is enough, and no operation is created.
    let silent = ticket.apply(&world, "U-1", &by(&quote)).await;
    assert_eq!(problem(&silent), (409, "refund_fee_unknown"), "{silent:?}");
    nothing_sent(&world, &silent).await;
    let fee = ticket.apply(&world, "U-1", &stated(&adult, "123.00")).await;
    assert_eq!(problem(&fee), (409, "refund_fee_unknown"), "{fee:?}");
    nothing_sent(&world, &fee).await;
    // With consent: by quote, and by stating all values of the quote.
    let mut accepted = by(&quote);
    accepted["accept_unknown_fee"] = json!(true);
    for (number, body) in [("U-2", accepted), ("U-3", unknown_fee(&child))] {
        let applied = ticket.apply(&world, number, &body).await;
        assert_eq!(applied.status, 201, "{applied:?}");
        assert_eq!(applied.created()["fee"], Value::Null);
        assert_eq!(applied.created()["refund_amount"], Value::Null);
    }
    let sent = tap.sent();
    assert_eq!(sent.len(), 2);
    for application in sent {
        assert_eq!(
            application.get("all_refund_fee"),
            expected.as_ref(),
            "{application}"
        );
    }
    for row in ticket.refund_ledger(&world).await {
        assert_eq!(row["all_refund_fee"], Value::Null);
    }
}

#[tokio::test]
async fn an_unknown_fee_is_omitted_by_default() {
    applies_with_an_unknown_fee(None, None).await;
    applies_with_an_unknown_fee(Some("absent"), None).await;
}

#[tokio::test]
async fn an_unknown_fee_is_sent_as_null_if_configured() {
    applies_with_an_unknown_fee(Some("null"), Some(Value::Null)).await;
}

#[tokio::test]
async fn an_unknown_fee_is_sent_as_an_empty_string_if_configured() {
    applies_with_an_unknown_fee(Some(""), Some(json!(""))).await;
}

#[tokio::test]
async fn a_known_fee_is_sent_to_the_cent() {
    let behind = World::start().await;
    let (tap, world) = Tap::world(&behind, &[], CancellationToken::new()).await;
    let ticket = family(&world, "CENT-1").await;
    let mut body =
        json!({"kind": "voluntary", "passengers": [ticket.passenger(1)], "fee": "61.50"});
    body["segments"] = json!([ticket.segment(0)]);
    let applied = ticket.apply(&world, "CENT", &body).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    let sent = tap.sent();
    assert_eq!(sent.len(), 1);
    assert_eq!(sent[0]["all_refund_fee"], json!(61.5));
    assert_eq!(
        sent[0]["flight_segment_id_list"],
        json!([ticket.segment(0)])
    );
    // A free refund costs 0, which is not "unknown".
    let mut free = body.clone();
    free["kind"] = json!("flight_changed");
    free["passengers"] = json!([ticket.passenger(0)]);
    free["fee"] = json!("0");
    let applied = ticket.apply(&world, "FREE", &free).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(tap.sent()[1]["all_refund_fee"].as_f64(), Some(0.0));
}

#[tokio::test]
async fn consent_to_an_unknown_fee_is_not_consent_to_a_known_one() {
    let world = World::start().await;
    let ticket = ticketed(&world, "CONSENT-1").await;
    let body = unknown_fee(&ticket.all("voluntary"));
    let refused = ticket.apply(&world, "CONSENT", &body).await;
    assert_eq!(
        problem(&refused),
        (409, "refund_fee_changed"),
        "{refused:?}"
    );
    nothing_sent(&world, &refused).await;
    assert_eq!(refused.body["quote"]["fee"], "123.00");
}

#[tokio::test]
async fn an_epidemic_without_a_policy_is_refused_with_the_seeds_advice() {
    let world = World::start().await;
    let ticket = ticketed(&world, "FAQ-9").await;
    let selection = ticket.all("epidemic");
    let quote = ticket.ask_quote(&world, &selection).await;
    let applied = ticket
        .apply(&world, "FAQ-9-1", &stated(&selection, "0.00"))
        .await;
    for answer in [&quote, &applied] {
        nothing_sent(&world, answer).await;
    }
    // The problem is the same if only the application reveals that there is no policy.
    let moved = ticket.quote(&world, &ticket.all("flight_changed")).await;
    world
        .fault(
            json!({"method": "refund_create", "fault": "refuse_unlisted", "text": RULES_CHANGED}),
        )
        .await;
    let sent = ticket.apply(&world, "FAQ-9-2", &by(&moved)).await;
    assert_eq!(sent.body["side_effects"], "none", "{sent:?}");
    assert_eq!(world.received("refund_create").await, 1);
    for answer in [quote, applied, sent] {
        assert_eq!(problem(&answer), (422, "refund_kind_refused"), "{answer:?}");
        let hint = answer.body["hint"].as_str().unwrap();
        for part in [
            "type 100",
            "epidemic policy",
            "`flight_changed`",
            "type 2",
            "attachment",
            "reviews",
        ] {
            assert!(hint.contains(part), "{part}: {hint}");
        }
        let message = answer.body["upstream"]["message"].as_str().unwrap();
        assert!(message.contains("退票规则有更新"), "{message}");
    }
    // An airline with a policy accepts the refund, free of charge.
    let search = json!({"journeys": [{"from": "BJS", "to": "XMN", "date": "2030-05-20"}]});
    let found = world.post_with("/v1/flights/search", &[], &search).await;
    let items = found.body["items"].as_array().unwrap();
    let offer = items
        .iter()
        .find(|o| {
            o["journeys"][0]["segments"][0]["marketing_airline"] == "CA"
                && o["member_fare"].is_null()
        })
        .unwrap();
    let ticket = ticketed_by(&world, &booking(offer, "FAQ-9-CA")).await;
    let applied = ticket.refunded(&world, "FAQ-9-3", "epidemic").await;
    assert_eq!(applied["fee"], "0.00");
    assert_eq!(
        ticket.refund_ledger(&world).await[0]["refund_apply_type"],
        100
    );
}

#[tokio::test]
async fn a_refused_application_does_not_block_the_next() {
    let world = World::start().await;
    let ticket = ticketed(&world, "NEXT-1").await;
    let first = ticket.refunded(&world, "NEXT-R-1", "voluntary").await;
    let number = first["refund_order_no"].as_str().unwrap();
    advance(&world, &format!("refunds/{number}"), "failed").await;
    let refund = world.get(&format!("/v1/refunds/{number}")).await.body;
    assert_eq!(refund["status"], "rejected");
    assert_eq!(refund["rejected_because"], "材料不符");
    let second = ticket.refunded(&world, "NEXT-R-2", "voluntary").await;
    assert_ne!(second["refund_order_no"], first["refund_order_no"]);
    assert_eq!(second["status"], "applied");
}

#[tokio::test]
async fn only_one_write_on_an_order_runs_at_a_time() {
    let world = World::start_with(PATIENT, |_| {}).await;
    let ticket = family(&world, "ONE-1").await;
    let of = |index| json!({"kind": "voluntary", "passengers": [ticket.passenger(index)]});
    let (adult, child) = (stated(&of(0), "123.00"), stated(&of(1), "61.50"));
    world
        .fault(json!({"method": "refund_create", "fault": "slow", "delay_ms": 2000}))
        .await;
    let later = ticket.later("ONE-C-1");
    let (one, (two, three)) = tokio::join!(ticket.apply(&world, "ONE-R-1", &adult), async {
        world.until_received("refund_create", 1).await;
        tokio::join!(
            ticket.apply(&world, "ONE-R-2", &child),
            ticket.change(&world, &later)
        )
    });
    assert_eq!(one.status, 201, "{one:?}");
    for answer in [&two, &three] {
        assert_eq!(
            problem(answer),
            (409, "operation_in_progress"),
            "{answer:?}"
        );
        assert_eq!(answer.operation(), one.operation());
    }
    assert_eq!(ticket.refund_ledger(&world).await.len(), 1);
    let now = ticket.apply(&world, "ONE-R-3", &child).await;
    assert_eq!(now.status, 201, "{now:?}");
}

// --- reads

#[tokio::test]
async fn a_supplementary_refund_is_listed_with_its_kind() {
    let world = World::start().await;
    let ticket = ticketed(&world, "LIST-1").await;
    let first = ticket.refunded(&world, "LIST-R-1", "voluntary").await;
    let number = first["refund_order_no"].as_str().unwrap();
    advance(&world, &format!("refunds/{number}"), "refunded").await;
    let more = world
        .post_with(
            &format!("/_simulator/refunds/{number}/supplement"),
            &[],
            &json!({}),
        )
        .await;
    assert_eq!(more.status, 201, "{more:?}");
    let listed = world.get(&ticket.path("/refunds")).await;
    assert_eq!(listed.status, 200, "{listed:?}");
    assert_eq!(listed.body["next_cursor"], Value::Null);
    assert_eq!(listed.body["dropped"], 0);
    let rows = listed.body["items"].as_array().unwrap();
    let shown: Vec<_> = rows
        .iter()
        .map(|row| {
            let text = |name: &str| row[name].as_str().unwrap_or("-").to_owned();
            (
                row["supplementary"] == true,
                text("status"),
                text("fee"),
                text("refund_amount"),
            )
        })
        .collect();
    let word = str::to_owned;
    assert_eq!(
        shown,
        [
            (true, word("applied"), word("0.00"), word("123.00")),
            (false, word("refunded"), word("123.00"), word("947.00")),
        ]
    );
    for row in rows {
        assert_eq!(row["out_refund_no"], "LIST-R-1");
        assert_eq!(row["kind"], "voluntary");
        assert_eq!(row["passengers"][0]["passenger_id"], ticket.passenger(0));
        assert_eq!(row["passengers"][0]["name"], "测试旅客");
    }
    assert!(rows[1]["refunded_at"].is_string());
    let path = format!(
        "/v1/refunds/{}",
        rows[0]["refund_order_no"].as_str().unwrap()
    );
    let refund = world.get(&path).await;
    assert_eq!(refund.body["supplementary"], true, "{refund:?}");
}

#[tokio::test]
async fn a_refund_that_does_not_exist_returns_not_found() {
    let world = World::start().await;
    let unknown = world.get("/v1/refunds/4966999999999").await;
    assert_eq!(problem(&unknown), (404, "refund_not_found"), "{unknown:?}");
    let listed = world.get("/v1/orders/7/refunds").await;
    assert_eq!(problem(&listed), (404, "order_not_found"), "{listed:?}");
    for bad in [
        "/v1/refunds/x",
        "/v1/refunds/0",
        "/v1/refunds/9223372036854775808",
    ] {
        let refused = world.get(bad).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{bad}");
        assert_eq!(
            field_errors(&refused)[0].0,
            "path/refund_order_no",
            "{refused:?}"
        );
    }
    // A response without a refund does not prove that the refund is absent.
    world
        .fault(json!({"method": "refund_detail", "fault": "lookup_system_error", "times": null}))
        .await;
    let failed = world.get("/v1/refunds/4966999999999").await;
    assert_eq!(
        problem(&failed),
        (503, "upstream_unavailable"),
        "{failed:?}"
    );
}

#[tokio::test]
async fn an_unlisted_status_is_passed_on_as_its_number() {
    let world = World::start().await;
    let ticket = ticketed(&world, "ODD-1").await;
    world
        .fault(json!({"method": "refund_create", "fault": "unknown_status"}))
        .await;
    let applied = ticket.refunded(&world, "ODD-R-1", "voluntary").await;
    let number = applied["refund_order_no"].as_str().unwrap();
    let refund = world.get(&format!("/v1/refunds/{number}")).await.body;
    assert_eq!(
        (&refund["status"], &refund["status_code"]),
        (&json!("other"), &json!(9))
    );
    let listed = world.get(&ticket.path("/refunds")).await.body;
    assert_eq!(listed["items"][0]["status"], "other");
}

// --- attachments of refunds

fn proof(order: Option<&Ticket>) -> reqwest::multipart::Form {
    let part = reqwest::multipart::Part::bytes(&b"%PDF-1.7\nproof"[..]).file_name("proof.pdf");
    let form = reqwest::multipart::Form::new().part("file", part);
    match order {
        Some(ticket) => form.text("order_id", ticket.id.clone()),
        None => form,
    }
}

#[tokio::test]
async fn a_proof_may_follow_the_application() {
    let world = World::start().await;
    let ticket = ticketed(&world, "PROOF-1").await;
    let quote = ticket.quote(&world, &ticket.all("flight_changed")).await;
    let applied = ticket.apply(&world, "PROOF-R-1", &by(&quote)).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(applied.created()["attachment_awaited"], true);
    let number = applied.created()["refund_order_no"].as_str().unwrap();
    let path = format!("/v1/refunds/{number}");
    assert_eq!(world.get(&path).await.body["attachment_awaited"], true);
    // Time alone does not advance the refund.
    world.clock.advance_steady(Duration::from_secs(60));
    let refund = world.get(&path).await.body;
    assert_eq!(
        (&refund["status"], &refund["attachment_awaited"]),
        (&json!("applied"), &json!(true))
    );
    // A file without an order does not count as the proof.
    assert_eq!(world.upload(proof(None)).await.status, 201);
    assert_eq!(world.get(&path).await.body["attachment_awaited"], true);
    // Fliggy's list contains no attachments.
    let listed = world.get(&ticket.path("/refunds")).await.body;
    assert_eq!(listed["items"][0]["attachment_awaited"], Value::Null);
    let uploaded = world.upload(proof(Some(&ticket))).await;
    assert_eq!(uploaded.status, 201, "{uploaded:?}");
    let refund = world.get(&path).await.body;
    assert_eq!(refund["attachment_awaited"], false, "{refund:#}");
    assert_eq!(
        refund["attachments"],
        json!([uploaded.body["attachment_id"]])
    );
    let again = ticket.apply(&world, "PROOF-R-1", &by(&quote)).await;
    assert_eq!(again.created()["attachment_awaited"], false, "{again:?}");
    for (seconds, status) in [(2, "in_progress"), (3, "refunded")] {
        world.clock.advance_steady(Duration::from_secs(seconds));
        assert_eq!(world.get(&path).await.body["status"], status);
    }
}

#[tokio::test]
async fn a_proof_may_precede_the_application() {
    let world = World::start().await;
    let ticket = ticketed(&world, "PROOF-2").await;
    let uploaded = world.upload(proof(None)).await;
    assert_eq!(uploaded.status, 201, "{uploaded:?}");
    let quote = ticket.quote(&world, &ticket.all("flight_changed")).await;
    let mut body = by(&quote);
    body["attachments"] = json!(["FILE-NOBODY-HAS"]);
    let unknown = ticket.apply(&world, "PROOF-R-2", &body).await;
    assert_eq!(problem(&unknown), (422, "upstream_rejected"), "{unknown:?}");
    assert_eq!(unknown.body["side_effects"], "none");
    body["attachments"] = json!([uploaded.body["attachment_id"]]);
    let applied = ticket.apply(&world, "PROOF-R-3", &body).await;
    assert_eq!(applied.status, 201, "{applied:?}");
    assert_eq!(applied.created()["attachment_awaited"], false);
    assert_eq!(ticket.refund_ledger(&world).await[0]["files"], 1);
    world.clock.advance_steady(Duration::from_secs(2));
    let number = applied.created()["refund_order_no"].as_str().unwrap();
    let refund = world.get(&format!("/v1/refunds/{number}")).await.body;
    assert_eq!(refund["status"], "in_progress");
    assert_eq!(
        refund["attachments"],
        json!([uploaded.body["attachment_id"]])
    );
}
