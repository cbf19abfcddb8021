//! `?include=`: additional members of an order, and of the result of a write.

use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

use crate::canned::{Canned, DETAIL};
use crate::other_resources::somebody_else;
use crate::ticket::{change_path, family, problem, ticketed};
use crate::world::{CHIEF, COSTS, KEYS, TRIPS, World, booking};

fn kinds(page: &Value) -> Vec<&str> {
    let items = page["items"].as_array().unwrap().iter();
    items.map(|o| o["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn an_order_can_include_its_operations_refunds_and_changes() {
    let world = World::start().await;
    let ticket = family(&world, "WITH-1").await;
    let refund = ticket.refund_of(&world, "WITH-R-1", 1).await;
    let path = ticket.path("/refunds");
    let refund = world.done(&path, "WITH-R-1", &refund).await;
    let mut change = ticket.later("WITH-C-1");
    change["passengers"] = json!([ticket.passenger(0)]);
    let change = world
        .done(&ticket.path("/changes"), "WITH-C-1", &change)
        .await;
    let cancel = change_path(&change, "/cancel");
    let path_with_all = ticket.path("?include=operations,refunds,changes");
    let order = world.get(&path_with_all).await;
    assert_eq!(order.status, 200, "{order:?}");
    assert_eq!(order.body["order_id"], ticket.id);
    assert_eq!(
        kinds(&order.body["operations"]),
        ["change", "refund", "pay", "book"]
    );
    let member = |page: &str, name: &str| order.body[page]["items"][0][name].clone();
    assert_eq!(
        member("refunds", "refund_order_no"),
        refund["refund_order_no"]
    );
    assert_eq!(
        member("changes", "change_order_no"),
        change["change_order_no"]
    );
    // The child's ticket is being refunded, and the adult's changed.
    assert_eq!(order.body["available_actions"], json!([]));
    assert_eq!(order.body.get("upstream"), None);

    world.done(&cancel, "WITH-X-1", &json!({})).await;
    let order = world.get(&path_with_all).await.body;
    assert_eq!(
        kinds(&order["operations"]),
        ["change_cancel", "change", "refund", "pay", "book"]
    );
    assert_eq!(order["available_actions"], json!(["refund", "change"]));

    let reference = "/v1/orders/by-reference/WITH-1?include=upstream,changes";
    let order = world.get(reference).await.body;
    assert!(order["upstream"]["order_id"].is_number(), "{order:#}");
    assert!(order["changes"]["upstream"].is_object(), "{order:#}");
    for left_out in ["operations", "refunds", "rules"] {
        assert_eq!(order.get(left_out), None, "{left_out}");
    }
}

#[tokio::test]
async fn a_caller_sees_only_its_own_operations_on_an_order() {
    let world = World::start_with(KEYS, |_| {}).await;
    let headers = [TRIPS, ("Idempotency-Key", "book"), ("Prefer", "wait=20")];
    let body = booking(&world.offer().await, "OWN-1");
    let booked = world.post_with("/v1/orders", &headers, &body).await;
    let id = booked.created()["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}?include=operations,rules");
    for (key, seen) in [(TRIPS, 1), (COSTS, 0), (CHIEF, 1)] {
        let order = world.get_with(&path, &[key]).await;
        assert_eq!(order.status, 200, "{order:?}");
        let shown = order.body["operations"]["items"].as_array().unwrap().len();
        assert_eq!(shown, seen, "{key:?}");
        // The rules belong to the order, and every caller may see them.
        let rule = &order.body["rules"]["refund_rule"];
        assert_eq!(*rule, body["offer"]["refund_rule"]);
    }
}

#[tokio::test]
async fn the_rules_of_the_booked_offer_are_kept_without_personal_data() {
    let world = World::start().await;
    let mut body = booking(&world.offer().await, "RULES-1");
    let name = body["passengers"][0]["name"].as_str().unwrap().to_owned();
    // The number of the ID card contains the date of birth, 1990-03-07.
    body["passengers"][0]["birth_date"] = json!(null);
    body["contact"]["phone"] = json!("+86 (10) 8765 4321");
    let rule = format!("{name}(1990/3/7)的票不得退改,电话13912345678或010-87654321");
    body["offer"]["change_rule"] = json!(rule);
    // A rule longer than a message of Fliggy's, with a date and a price in each step.
    let steps: Vec<_> = (1..=20)
        .map(|day| format!("2026-12-{day:02} 08:00前收取{day}0.00元;"))
        .collect();
    body["offer"]["refund_rule"] = json!(steps.concat());
    let booked = world.done("/v1/orders", "RULES-1", &body).await;
    let id = booked["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}?include=rules");
    let rules = world.get(&path).await.body["rules"].clone();
    assert_eq!(rules["refund_rule"], body["offer"]["refund_rule"]);
    assert_eq!(rules["baggage_rule"], body["offer"]["baggage_rule"]);
    assert_eq!(rules["change_rule"], "***(***)的票不得退改,电话***或***");

    // An order that this gateway did not book has no rules.
    let journal = std::fs::read(world.journal()).unwrap();
    assert!(!journal.windows(11).any(|bytes| bytes == b"13912345678"));
    let plain = world.get(&format!("/v1/orders/{id}")).await.body;
    assert_eq!(plain.get("rules"), None, "{plain:#}");
}

#[tokio::test]
async fn unknown_include_values_are_refused_with_the_allowed_ones() {
    let world = World::start().await;
    let order = world.booked("WORDS-1").await;
    let id = order["order_id"].as_str().unwrap();
    for words in ["", "everything", "refunds,", "refunds;changes", "Rules"] {
        let refused = world.get(&format!("/v1/orders/{id}?include={words}")).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
        let detail = refused.body["detail"].as_str().unwrap();
        assert!(detail.contains("operations, refunds, changes"), "{detail}");
    }
}

#[tokio::test]
async fn a_failed_read_of_refunds_fails_the_whole_read() {
    let world = World::start().await;
    somebody_else(&world).await;
    let ticket = ticketed(&world, "HALF-1").await;
    let rule = json!({
        "method": "refund_list", "fault": "another_order", "match": {"out_order_no": "HALF-1"},
    });
    let refused = world
        .under_fault(rule, world.get(&ticket.path("?include=refunds")))
        .await;
    assert_eq!(
        problem(&refused),
        (502, "upstream_unreadable"),
        "{refused:?}"
    );
}

#[tokio::test]
async fn a_write_includes_upstreams_object_on_request() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "UP-1");
    let booked = world
        .sent("/v1/orders?include=upstream", "UP-1", &body, 20)
        .await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let upstream = &booked.body["upstream"];
    assert_eq!(upstream["out_order_no"], "UP-1", "{booked:?}");
    // `include` is not part of the request: the same key is the same request.
    let again = world.write("/v1/orders", "UP-1", &body).await;
    assert_eq!(again.status, 201, "{again:?}");
    assert_eq!(again.body.get("upstream"), None, "{again:?}");
    assert_eq!(world.received_for("airbook", "UP-1").await, 1);
    let operation = world.operation(booked.operation()).await;
    assert_eq!(operation.get("upstream"), None, "{operation:#}");

    let wrong = world.write("/v1/orders?include=all", "UP-2", &body).await;
    assert_eq!(problem(&wrong), (400, "invalid_request"), "{wrong:?}");
}

#[tokio::test]
async fn receipts_contain_the_passengers_and_alipays_trade_number() {
    let world = World::start().await;
    let ticket = family(&world, "RECEIPT-1").await;
    let all = json!(ticket.passengers());
    let answers = async |path: &str, key: &str, body: &Value| {
        let answer = world.sent(path, key, body, 20).await;
        assert!(matches!(answer.status, 200 | 201), "{answer:?}");
        answer.created().clone()
    };
    let mut body: Value =
        serde_json::from_str(include_str!("../../openapi/examples/booking.json")).unwrap();
    body["out_order_no"] = json!("RECEIPT-1");
    body["allow_duplicate"] = json!(true);
    let booked = answers("/v1/orders", "book-RECEIPT-1", &body).await;
    assert_eq!(booked["passenger_ids"], all);
    let total = json!({"total_price": booked["total_price"]});
    let payment = ticket.path("/payment");
    let paid = answers(&payment, "pay-RECEIPT-1", &total).await;
    assert_eq!(paid["passenger_ids"], all);
    assert_eq!(paid["alipay_trade_no"], ticket.order["alipay_trade_no"]);
    assert!(paid["alipay_trade_no"].is_string(), "{paid:#}");

    let refund = ticket.refund_of(&world, "RECEIPT-R", 1).await;
    let refund = answers(&ticket.path("/refunds"), "RECEIPT-R", &refund).await;
    assert_eq!(refund["passenger_ids"], json!([ticket.passenger(1)]));
    let mut change = ticket.later("RECEIPT-C");
    change["passengers"] = json!([ticket.passenger(0)]);
    let change = answers(&ticket.path("/changes"), "RECEIPT-C", &change).await;
    assert_eq!(change["passenger_ids"], json!([ticket.passenger(0)]));
    let cancel = change_path(&change, "/cancel");
    let cancelled = answers(&cancel, "RECEIPT-X", &json!({})).await;
    assert_eq!(cancelled["passenger_ids"], json!([ticket.passenger(0)]));
}

#[tokio::test]
async fn a_booking_of_another_order_under_the_same_number_is_not_shown() {
    let world = World::start().await;
    let number = "SAME-1";
    let first = world.booked(number).await;
    // The first order is gone; another gateway books an order under the same number.
    let reset = world.post_with("/_simulator/reset", &[], &json!({})).await;
    assert_eq!(reset.status / 100, 2, "{reset:?}");
    let other = World::on(world.top.clone(), &[], CancellationToken::new()).await;
    other.booked("SAME-0").await;
    let second = other.booked(number).await;
    assert_ne!(second["order_id"], first["order_id"]);

    let id = second["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}?include=operations,rules");
    let shown = world.get(&path).await.body;
    assert_eq!(shown["out_order_no"], number, "{shown:#}");
    assert!(kinds(&shown["operations"]).is_empty(), "{shown:#}");
    assert_eq!(shown["rules"], Value::Null, "{shown:#}");
    let shown = other.get(&path).await.body;
    assert_eq!(kinds(&shown["operations"]), ["book"]);
    assert!(shown["rules"].is_object(), "{shown:#}");
}

#[tokio::test]
async fn the_rules_of_a_refused_booking_are_not_those_of_the_order() {
    let world = World::start().await;
    let number = "REFUSED-RULES-1";
    let body = booking(&world.offer().await, number);
    world
        .fault(json!({"method": "book", "fault": "refuse"}))
        .await;
    let refused = world.write_within("/v1/orders", "refused", &body, 20).await;
    assert_eq!(problem(&refused).0 / 100, 4, "{refused:?}");
    let other = World::on(world.top.clone(), &[], CancellationToken::new()).await;
    let booked = other.booked(number).await;
    let id = booked["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}?include=rules");
    let shown = world.get(&path).await.body;
    assert_eq!(shown.get("rules"), Some(&Value::Null), "{shown:#}");
    assert!(other.get(&path).await.body["rules"].is_object());
}

#[tokio::test]
async fn operations_on_a_change_created_elsewhere_are_shown() {
    let world = World::start().await;
    let ticket = family(&world, "ELSEWHERE-1").await;
    let other = World::on(world.top.clone(), &[], CancellationToken::new()).await;
    let change = ticket.changed(&other, "ELSEWHERE-C-1").await;
    let cancel = change_path(&change, "/cancel");
    world.done(&cancel, "ELSEWHERE-X-1", &json!({})).await;
    let path = ticket.path("?include=operations,changes");
    let order = world.get(&path).await.body;
    assert_eq!(
        kinds(&order["operations"]),
        ["change_cancel", "pay", "book"]
    );
}

#[tokio::test]
async fn older_operations_on_an_order_are_paged() {
    let world = World::start().await;
    let order = world.booked("MANY-1").await;
    let id = order["order_id"].as_str().unwrap();
    let payment = format!("/v1/orders/{id}/payment");
    for number in 0..51 {
        let body = json!({"total_price": "0.01"});
        let refused = world
            .write_within(&payment, &format!("many-{number}"), &body, 20)
            .await;
        assert_eq!(problem(&refused), (409, "price_changed"), "{refused:?}");
    }
    let path = format!("/v1/orders/{id}?include=operations");
    let page = world.get(&path).await.body["operations"].clone();
    assert_eq!(kinds(&page).len(), 50);
    let cursor = page["next_cursor"].as_str().expect("the page is cut");
    let older = async |subject: &str| {
        let path = format!("/v1/operations?subject={subject}&cursor={cursor}");
        let page = world.get(&path).await.body;
        assert_eq!(page["next_cursor"], Value::Null);
        page
    };
    assert_eq!(kinds(&older(id).await), ["pay"]);
    assert_eq!(kinds(&older("MANY-1").await), ["book"]);
}

#[tokio::test]
async fn passengers_come_from_the_request_where_the_order_hides_their_documents() {
    let row = json!([{
        "method": "alitrip.flight.service.queryorderdetail", "side": "answer",
        "path": "flight_book_order_detail_list.passenger.credential_no", "drop": true,
    }])
    .to_string();
    let world = World::start_with(
        &[("GATEWAY__TOP__CONTRACT__OVERRIDES", row.as_str())],
        |_| {},
    )
    .await;
    let body = booking(&world.offer().await, "HIDDEN-1");
    let booked = world.sent("/v1/orders", "k", &body, 20).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    let ids = booked.created()["passenger_ids"].clone();
    assert_eq!(ids.as_array().unwrap().len(), 1, "{booked:?}");
    let again = world.write("/v1/orders", "k", &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created()["passenger_ids"], ids, "{again:?}");

    let mut body = booking(&world.offer().await, "HIDDEN-2");
    body["allow_duplicate"] = json!(true);
    world
        .fault(json!({"method": "book", "fault": "timeout_done"}))
        .await;
    let found = world.done("/v1/orders", "k2", &body).await;
    assert_eq!(found["passenger_ids"], ids, "{found:#}");
}

#[tokio::test]
async fn an_order_with_another_number_of_travellers_shows_those_that_were_read() {
    // The order detail shows one traveller and the total of one; two travellers are booked.
    let detail = include_bytes!("../cases/07-trip-type-3.detail-answer.json");
    let canned = Canned::start(&[(DETAIL, detail)]).await;
    let world = &canned.world;
    let mut body: Value =
        serde_json::from_str(include_str!("../../openapi/examples/booking.json")).unwrap();
    body["out_order_no"] = json!("FIELD-1");
    let open = world.write("/v1/orders", "k", &body).await;
    let id = open.operation();
    let seen = world.until_state(id, "needs_attention").await;
    let mut differs = seen["differs"].as_array().unwrap().iter();
    assert!(differs.any(|d| d["field"] == "passenger_count"), "{seen:#}");
    let ids = seen["found"]["order"]["passenger_ids"].clone();
    assert_eq!(ids.as_array().unwrap().len(), 1, "{seen:#}");
    let resolution = json!({"outcome": "succeeded", "reason": "the child was booked apart"});
    let version = seen["version"].to_string();
    let path = format!("/v1/operations/{id}/resolve");
    let resolved = world
        .post_with(&path, &[("If-Match", &version)], &resolution)
        .await;
    assert_eq!(resolved.created()["passenger_ids"], ids, "{resolved:?}");
    let again = world.write("/v1/orders", "k", &body).await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created()["passenger_ids"], ids, "{again:?}");
}

#[tokio::test]
async fn no_action_is_offered_when_a_refund_cannot_be_read() {
    let row = json!([{
        "method": "alitrip.flight.refund.list", "side": "answer",
        "path": "refund_order_list.refund_order_no", "drop": true,
    }])
    .to_string();
    let world = World::start_with(
        &[("GATEWAY__TOP__CONTRACT__OVERRIDES", row.as_str())],
        |_| {},
    )
    .await;
    let ticket = family(&world, "UNREAD-1").await;
    let shown = world.get(&ticket.path("?include=refunds")).await.body;
    assert_eq!(shown["available_actions"], json!(["refund", "change"]));
    let refund = ticket.refund_of(&world, "UNREAD-R-1", 0).await;
    world
        .done(&ticket.path("/refunds"), "UNREAD-R-1", &refund)
        .await;
    let shown = world.get(&ticket.path("?include=refunds")).await.body;
    assert_eq!(shown["refunds"]["dropped"], 1, "{shown:#}");
    assert_eq!(shown["available_actions"], json!([]), "{shown:#}");
}

#[tokio::test]
async fn a_write_waits_for_upstreams_object_for_one_deadline_at_most() {
    let world = World::start().await;
    world
        .fault(json!({
            "method": "detail", "fault": "http_500_empty", "delay_ms": 700, "times": null,
            "match": {"out_order_no": "SLOW-1"},
        }))
        .await;
    let body = booking(&world.offer().await, "SLOW-1");
    let booked = world
        .sent("/v1/orders?include=upstream", "SLOW-1", &body, 20)
        .await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(booked.body.get("upstream"), None, "{booked:?}");
    assert_eq!(booked.created()["out_order_no"], "SLOW-1");
    // The deadline is 1 s: there is no time for a third attempt.
    assert!(world.received_for("queryorderdetail", "SLOW-1").await <= 2);
}
