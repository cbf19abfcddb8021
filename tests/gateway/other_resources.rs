//! Fliggy returns another order, refund or change than requested: the gateway shows no data of other
//! passengers, and concludes nothing from the response.

use fliggy_gateway::domain::operation::Kind;
use serde_json::{Value, json};

use crate::matrix::{method, prepared};
use crate::ticket::{Ticket, problem, ticketed_by};
use crate::world::{Answer, World, booking};

const NAME: &str = "别人旅客";
const DOCUMENT: &str = "110101199203070032";
const MOBILE: &str = "13900000009";

/// A ticketed order of another passenger.
async fn another_traveller(world: &World, number: &str) -> Ticket {
    let mut body = booking(&world.offer().await, number);
    let passenger = &mut body["passengers"][0];
    passenger["name"] = json!(NAME);
    passenger["document"]["number"] = json!(DOCUMENT);
    passenger["birth_date"] = json!("1992-03-07");
    passenger["mobile"] = json!(MOBILE);
    ticketed_by(world, &body).await
}

async fn delay(world: &World, ticket: &Ticket) {
    let path = format!("/_simulator/orders/{}/schedule-change", ticket.id);
    let changed = world.post_with(&path, &[], &json!({"minutes": 120})).await;
    assert_eq!(changed.status, 201, "{changed:?}");
}

/// Another passenger's orders: one with a refund, one with a change and a schedule change.
pub(crate) async fn somebody_else(world: &World) {
    let ticket = another_traveller(world, "ELSE-REFUND").await;
    ticket.refunded(world, "ELSE-R", "voluntary").await;
    let ticket = another_traveller(world, "ELSE-CHANGE").await;
    ticket.changed(world, "ELSE-C").await;
    delay(world, &ticket).await;
}

fn reveals_nobody(shown: &Value) {
    let text = shown.to_string();
    for secret in [NAME, DOCUMENT, MOBILE, "ELSE-"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}

fn is_refused(answer: &Answer, what: &str) {
    let refused = (502, "upstream_unreadable");
    assert_eq!(problem(answer), refused, "{what}: {answer:?}");
    let detail = answer.body["detail"].as_str().unwrap();
    assert!(detail.contains("about another"), "{what}: {detail}");
    reveals_nobody(&answer.body);
}

#[tokio::test]
async fn a_read_never_shows_another_order_refund_or_change() {
    let world = World::start().await;
    let refunded = ticketed_by(&world, &booking(&world.offer().await, "MINE-R")).await;
    let refund = refunded.refunded(&world, "MINE-R", "voluntary").await;
    let changed = ticketed_by(&world, &booking(&world.offer().await, "MINE-C")).await;
    let change = changed.changed(&world, "MINE-C").await;
    delay(&world, &changed).await;
    somebody_else(&world).await;

    let number = |resource: &Value, name: &str| resource[name].as_str().unwrap().to_owned();
    for (method, path) in [
        ("detail", refunded.path("")),
        ("detail", "/v1/orders/by-reference/MINE-R".to_owned()),
        ("refund_list", refunded.path("/refunds")),
        (
            "refund_detail",
            format!("/v1/refunds/{}", number(&refund, "refund_order_no")),
        ),
        ("change_query", changed.path("/changes")),
        (
            "change_query",
            format!("/v1/changes/{}", number(&change, "change_order_no")),
        ),
        ("flight_changes", changed.path("/flight-changes")),
    ] {
        let path = format!("{path}?include=upstream");
        let rule = json!({"method": method, "fault": "another_order"});
        world.fault(rule).await;
        is_refused(&world.get(&path).await, &path);
        let own = world.get(&path).await;
        assert_eq!(own.status, 200, "{own:?}");
        reveals_nobody(&own.body);
    }
    let selection = changed.all("voluntary");
    for method in ["detail", "render"] {
        let rule = json!({"method": method, "fault": "another_order"});
        world.fault(rule).await;
        is_refused(&changed.ask_quote(&world, &selection).await, method);
    }
    changed.quote(&world, &selection).await;
}

#[tokio::test]
async fn an_order_without_its_reference_is_not_shown_by_reference() {
    let row = json!([{
        "method": "alitrip.flight.service.queryorderdetail", "side": "answer",
        "path": "out_order_no", "drop": true,
    }])
    .to_string();
    let world = World::start_with(
        &[("GATEWAY__TOP__CONTRACT__OVERRIDES", row.as_str())],
        |_| {},
    )
    .await;
    let order = world.booked("NAMELESS-1").await;
    let found = world.get("/v1/orders/by-reference/NAMELESS-1").await;
    assert_eq!(problem(&found), (502, "upstream_unreadable"), "{found:?}");
    let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
    assert_eq!(world.get(&path).await.status, 200);
}

#[tokio::test]
async fn a_refund_without_its_number_is_accepted_as_the_requested_one() {
    let row = json!([{
        "method": "alitrip.flight.refund.detail", "side": "answer",
        "path": "refund_order_no", "drop": true,
    }])
    .to_string();
    let world = World::start_with(
        &[("GATEWAY__TOP__CONTRACT__OVERRIDES", row.as_str())],
        |_| {},
    )
    .await;
    let ticket = ticketed_by(&world, &booking(&world.offer().await, "NUMBERLESS")).await;
    let refund = ticket.refunded(&world, "NUMBERLESS-R", "voluntary").await;
    let number = &refund["refund_order_no"];
    let path = format!("/v1/refunds/{}", number.as_str().unwrap());
    let found = world.get(&path).await;
    assert_eq!(found.status, 200, "{found:?}");
    assert_eq!(&found.body["refund_order_no"], number);
}

#[tokio::test]
async fn a_replay_shows_its_own_resource_even_if_upstream_returns_another() {
    let world = World::start().await;
    somebody_else(&world).await;
    for kind in Kind::ALL {
        let number = format!("REPLAY-{}", kind.as_str());
        let (path, body) = prepared(&world, kind, &number).await;
        let first = world.write_within(&path, &number, &body, 20).await;
        assert!(matches!(first.status, 200 | 201), "{first:?}");
        let lookup = match kind {
            Kind::Book | Kind::Pay | Kind::Close => "detail",
            Kind::Refund => "refund_detail",
            Kind::Change | Kind::ChangePay | Kind::ChangeCancel => "change_query",
        };
        let only = json!({"out_order_no": number});
        world
            .fault(json!({"method": lookup, "fault": "another_order", "match": only}))
            .await;
        let again = world.write_within(&path, &number, &body, 20).await;
        assert_eq!(again.status, first.status, "{again:?}");
        assert_eq!(again.header("idempotency-replayed"), Some("true"));
        assert_eq!(again.created(), first.created(), "{kind:?}");
        let faults = world.get("/_simulator/faults").await.body;
        let last = faults["items"].as_array().unwrap().last().unwrap();
        assert_eq!(last["struck"], 1, "{kind:?} was not read again: {faults:#}");
    }
}

#[tokio::test]
async fn nothing_is_sent_if_a_check_before_the_send_returns_another_order() {
    let world = World::start().await;
    somebody_else(&world).await;
    for (kind, read) in [
        (Kind::Pay, "detail"),
        (Kind::Close, "detail"),
        (Kind::Refund, "detail"),
        (Kind::Refund, "render"),
        (Kind::Refund, "refund_list"),
        (Kind::Change, "detail"),
        (Kind::Change, "change_query"),
        (Kind::ChangePay, "change_query"),
        (Kind::ChangeCancel, "change_query"),
    ] {
        let number = format!("BEFORE-{}-{read}", kind.as_str());
        let (path, body) = prepared(&world, kind, &number).await;
        let only = json!({"out_order_no": number});
        world
            .fault(json!({"method": read, "fault": "another_order", "match": only}))
            .await;
        let refused = world.write_within(&path, &number, &body, 20).await;
        is_refused(&refused, &number);
        assert_eq!(refused.body["side_effects"], "none", "{refused:?}");
        let sent = world.received_for(method(kind), &number).await;
        assert_eq!(sent, 0, "{number}");
        let operation = world.operation(refused.operation()).await;
        assert_eq!(operation["basis"], "not_sent", "{operation:#}");
        reveals_nobody(&operation);
        // The key is free again.
        let done = world.write_within(&path, &number, &body, 20).await;
        assert!(matches!(done.status, 200 | 201), "{number}: {done:?}");
    }
}

#[tokio::test]
async fn law_5_another_orders_list_is_no_proof_of_absence() {
    let attention_after = [("GATEWAY__RECONCILE__ATTENTION_AFTER", "2s")];
    let world = World::start_with(&attention_after, |_| {}).await;
    somebody_else(&world).await;
    let ticket = ticketed_by(&world, &booking(&world.offer().await, "LOST-R")).await;
    let body = ticket.refund_of(&world, "LOST-R", 0).await;
    let only = json!({"out_order_no": "LOST-R"});
    // The list before the send is correct; every later list belongs to another order.
    world
        .fault(json!({
            "method": "refund", "fault": "timeout_nothing", "delay_ms": 300, "match": only,
        }))
        .await;
    let others = async {
        let sent = "refund_create";
        world.until_received_for(sent, "LOST-R", 1).await;
        world
            .fault(json!({
                "method": "refund_list", "fault": "another_order", "times": null, "match": only,
            }))
            .await;
    };
    let path = ticket.path("/refunds");
    let (first, ()) = tokio::join!(world.write_within(&path, "lost", &body, 0), others);
    assert_eq!(first.status, 202, "{first:?}");
    let id = first.operation();
    let operation = world
        .until(id, |o| {
            o["state"] == "needs_attention" || !o["settled_at"].is_null()
        })
        .await;
    assert_eq!(operation["state"], "needs_attention", "{operation:#}");
    let timeline = operation["timeline"].to_string();
    assert!(
        timeline.contains("upstream returned another order"),
        "{timeline}"
    );
    reveals_nobody(&operation);
}
