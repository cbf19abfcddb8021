//! `extra` adds fields that the gateway does not know, and never replaces a field that it knows.

use std::path::PathBuf;
use std::time::Duration;

use fliggy_gateway::clock::ManualClock;
use fliggy_gateway::config::{Config, Profile};
use fliggy_gateway::domain::ids::HashKey;
use fliggy_gateway::domain::operation::Kind;
use fliggy_gateway::simulator::{self, Simulator, SimulatorConfig};
use fliggy_gateway::store::sqlite::{SqliteJournal, SqliteSettings};
use fliggy_gateway::store::{Rereads, Store};
use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use crate::matrix::{method, prepared};
use crate::ticket::{field_errors, problem, ticketed};
use crate::world::{World, booking, search};

fn on_payment(path: &str, what: Value) -> Value {
    let mut row = json!({
        "method": "alitrip.flight.service.pay", "side": "request",
        "path": format!("pay_order_request.{path}"),
    });
    let what = what.as_object().unwrap().clone();
    row.as_object_mut().unwrap().extend(what);
    row
}

fn contract(rows: &Value) -> Overrides {
    let overrides: Vec<Override> = serde_json::from_value(rows.clone()).unwrap();
    Overrides::build(Registry::embedded(), &overrides).unwrap()
}

/// Pays `paid` with an `extra` that names `other`, in a world whose contract is overridden.
async fn pays_only_without_extra(rows: Value, name: &str, value: impl Fn(u64) -> Value) {
    let text = rows.to_string();
    let overrides = [("GATEWAY__TOP__CONTRACT__OVERRIDES", text.as_str())];
    let world = World::start_with(&overrides, |simulator| {
        simulator.overrides = contract(&rows)
    })
    .await;
    let (paid, other) = (world.booked("EXTRA-A").await, world.booked("EXTRA-B").await);
    let other_id: u64 = other["order_id"].as_str().unwrap().parse().unwrap();
    let path = format!("/v1/orders/{}/payment", paid["order_id"].as_str().unwrap());
    let mut body = json!({"total_price": paid["total_price"], "extra": {name: value(other_id)}});
    let refused = world.write_within(&path, "pay", &body, 5).await;
    assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
    let pointer = format!("/extra/{name}");
    assert_eq!(field_errors(&refused), [(pointer.as_str(), "reserved")]);
    let message = refused.body["errors"][0]["message"].as_str().unwrap();
    assert!(message.contains("top.contract.overrides"), "{message}");
    assert_eq!(refused.header("operation-id"), None);
    assert_eq!(world.received("pay").await, 0);
    let journaled = world.get("/v1/operations?kind=pay").await;
    assert_eq!(journaled.body["items"], json!([]), "{journaled:?}");

    // The key was not used.
    body.as_object_mut().unwrap().remove("extra");
    let done = world.write_within(&path, "pay", &body, 20).await;
    assert_eq!(done.status, 200, "{done:?}");
    assert_eq!(world.effects("EXTRA-A", "pay").await, 1);
    assert_eq!(world.effects("EXTRA-B", "pay").await, 0);
}

#[tokio::test]
async fn extra_does_not_pay_another_order_by_a_renamed_field() {
    let rows = json!([on_payment("order_id", json!({"rename": "orderId"}))]);
    pays_only_without_extra(rows, "orderId", |other| json!(other)).await;
}

#[tokio::test]
async fn extra_does_not_pay_another_order_by_a_moved_field() {
    let rows = json!([on_payment(
        "order_id",
        json!({"move": "pay_order_request.order.id"})
    )]);
    pays_only_without_extra(rows, "order", |other| json!({"id": other})).await;
}

#[tokio::test]
async fn extra_does_not_replace_a_constant() {
    let rows = json!([on_payment("pay_type", json!({"constant": 6}))]);
    pays_only_without_extra(rows, "payType", |_| json!(1)).await;
}

#[tokio::test]
async fn extra_does_not_pay_another_order_by_another_spelling() {
    for name in ["order_id", "orderId", "ORDER_ID", "outOrderNo"] {
        pays_only_without_extra(json!([]), name, |other| json!(other)).await;
    }
}

#[tokio::test]
async fn every_write_refuses_an_extra_field_of_its_contract_before_it_is_journaled() {
    let world = World::start().await;
    for kind in Kind::ALL {
        let number = format!("OWN-{}", kind.as_str());
        let (path, mut body) = prepared(&world, kind, &number).await;
        let received = async || {
            let methods = [method(kind), "queryorderdetail", "change_query"];
            futures::future::join_all(methods.map(|method| world.received(method))).await
        };
        let before = received().await;
        let (field, value) = match kind {
            Kind::Book => ("soLUTIon_id", json!("x")),
            Kind::Pay | Kind::Close => ("OutOrderNo", json!("x")),
            Kind::Refund => ("passengerList", json!([{"name": "x"}])),
            // A field of the contract that the gateway does not set.
            Kind::Change => ("serviceFee", json!(0)),
            Kind::ChangePay | Kind::ChangeCancel => ("changeOrderNo", json!(7)),
        };
        body["extra"] = json!({field: value});
        let refused = world.write_within(&path, "own", &body, 5).await;
        assert_eq!(
            problem(&refused),
            (400, "invalid_request"),
            "{kind:?} {refused:?}"
        );
        let pointer = format!("/extra/{field}");
        assert_eq!(field_errors(&refused), [(pointer.as_str(), "reserved")]);
        assert_eq!(received().await, before, "{kind:?}");
    }
}

#[tokio::test]
async fn every_read_refuses_an_extra_field_of_its_contract() {
    let world = World::start().await;
    let mut query = search("BJS", "XMN");
    query["extra"] = json!({"searchMode": 0, "external_agent_name": "NOT-OURS", "colour": 1});
    let refused = world.post_with("/v1/flights/search", &[], &query).await;
    assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
    let pointers = ["/extra/searchMode", "/extra/external_agent_name"];
    assert_eq!(field_errors(&refused), pointers.map(|at| (at, "reserved")));
    assert_eq!(world.received("search").await, 0);

    let ticket = ticketed(&world, "OWN-QUOTE").await;
    let read = world.received("queryorderdetail").await;
    let mut selection = ticket.all("voluntary");
    selection["extra"] = json!({"refund_apply_type": 100, "orderID": 7});
    let refused = ticket.ask_quote(&world, &selection).await;
    assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
    let pointers = ["/extra/refund_apply_type", "/extra/orderID"];
    assert_eq!(field_errors(&refused), pointers.map(|at| (at, "reserved")));
    assert_eq!(world.received("queryorderdetail").await, read);
}

#[tokio::test]
async fn a_refused_extra_is_reported_with_all_other_errors() {
    let world = World::start().await;
    let mut body = booking(&world.offer().await, "BOTH-1");
    body["contact"]["mobile"] = json!("1");
    body["extra"] = json!({"contact": {"Name": "x"}});
    let refused = world.write("/v1/orders", "both", &body).await;
    assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
    let places: Vec<_> = field_errors(&refused)
        .into_iter()
        .map(|(at, _)| at)
        .collect();
    assert_eq!(places, ["/contact/mobile", "/extra/contact/Name"]);

    let mut query = search("BJS", "BJS");
    query["extra"] = json!({"tripType": 2});
    let refused = world.post_with("/v1/flights/search", &[], &query).await;
    assert!(field_errors(&refused).len() > 1, "{refused:?}");
    assert!(field_errors(&refused).contains(&("/extra/tripType", "reserved")));
}

/// Waits until no process holds the journal.
async fn until_free(path: PathBuf) {
    let config = Config::load(None, std::iter::empty(), Profile::Sandbox).unwrap();
    let settings = SqliteSettings {
        path,
        read_connections: 1,
        queue: 8,
        hash_key: config.store.hash_key_bytes().map(HashKey::new),
        rereads: Rereads::default(),
    };
    let limit = tokio::time::Instant::now() + Duration::from_secs(20);
    loop {
        match SqliteJournal::open(&settings).await {
            Ok(journal) => return journal.close().await,
            Err(error) => assert!(tokio::time::Instant::now() < limit, "{error}"),
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// An operator adds an override after a request was accepted; then the request is sent again.
#[tokio::test]
async fn a_replay_succeeds_although_its_extra_is_refused_now() {
    let rows = json!([on_payment("pay_type", json!({"constant": 6}))]);
    let mut config = SimulatorConfig::sandbox(std::sync::Arc::new(ManualClock::new()));
    // The simulator already has the override.
    config.overrides = contract(&rows);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let top = format!("http://{}", listener.local_addr().unwrap());
    let end = CancellationToken::new();
    let _end = end.clone().drop_guard();
    tokio::spawn(simulator::serve(listener, Simulator::new(config), end));
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("journal.db");
    let url = format!("sqlite://{}", journal.display());
    let store = ("GATEWAY__STORE__URL", url.as_str());

    let world = World::on(top.clone(), &[store], CancellationToken::new()).await;
    let order = world.booked("REPLAY-EXTRA").await;
    let path = format!("/v1/orders/{}/payment", order["order_id"].as_str().unwrap());
    let body = json!({"total_price": order["total_price"], "extra": {"pay_type": 1}});
    let first = world.write_within(&path, "pay", &body, 20).await;
    assert_eq!(first.status, 200, "{first:?}");
    drop(world);
    until_free(journal).await;

    let text = rows.to_string();
    let more = [store, ("GATEWAY__TOP__CONTRACT__OVERRIDES", text.as_str())];
    let world = World::on(top, &more, CancellationToken::new()).await;
    let again = world.write_within(&path, "pay", &body, 20).await;
    assert_eq!(again.status, 200, "{again:?}");
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!(again.created()["order_id"], order["order_id"]);
    let new = world.write_within(&path, "pay-2", &body, 20).await;
    assert_eq!(
        field_errors(&new),
        [("/extra/pay_type", "reserved")],
        "{new:?}"
    );
    assert_eq!(world.received("pay").await, 1);
}
