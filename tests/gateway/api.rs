//! The API's guarantees for callers: idempotency keys, duplicates, waiting, lists, accounts, and
//! access to operations.

use std::time::Duration;

use serde_json::{Value, json};

use crate::world::{Answer, CHIEF, COSTS, KEYS, World, booking};

fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or("-"))
}

/// Another account, which one of the callers may not use.
const OTHER: &[(&str, &str)] = &[
    ("GATEWAY__AUTH__KEYS__COSTS__ACCOUNTS", "default"),
    ("GATEWAY__ACCOUNTS__OTHER__SESSION", "other-session"),
    ("GATEWAY__ACCOUNTS__OTHER__CHANNEL", "SANDBOX"),
];

/// The key in the other header.
const TRIPS: (&str, &str) = ("Authorization", "Bearer trips-0123456789abcdef");

async fn world(more: &[(&str, &str)]) -> World {
    World::start_with(&[KEYS, OTHER, more].concat(), |simulator| {
        let other = ("other-session".to_owned(), "other".to_owned());
        simulator.sessions.extend([other]);
    })
    .await
}

async fn world_with_offer() -> (World, Value) {
    let world = world(&[]).await;
    let search = crate::world::search("BJS", "XMN");
    let found = world
        .post_with("/v1/flights/search", &[TRIPS], &search)
        .await;
    assert_eq!(found.status, 200, "{found:?}");
    let offer = found.body["items"][0].clone();
    (world, offer)
}

#[tokio::test]
async fn another_accounts_app_does_not_block_the_owner_of_an_order() {
    let rival = [
        ("GATEWAY__AUTH__KEYS__RIVAL__KEY", "rival-0123456789abcdef"),
        ("GATEWAY__AUTH__KEYS__RIVAL__ACCOUNTS", "other"),
    ];
    let world = world(&rival).await;
    let search = crate::world::search("BJS", "XMN");
    let found = world
        .post_with("/v1/flights/search", &[COSTS], &search)
        .await;
    let body = booking(&found.body["items"][0], "OWNED-1");
    let key = |key: &'static str| ("Idempotency-Key", key);
    let booked = world
        .post_with("/v1/orders", &[COSTS, key("book")], &body)
        .await;
    assert_eq!(booked.status, 201, "{booked:?}");

    // The rival's payment holds its lock while the gateway reads the order for it.
    world
        .fault(json!({
            "method": "detail", "fault": "slow", "delay_ms": 600,
            "match": {"order_id": booked.created()["order_id"]},
        }))
        .await;
    let path = format!(
        "/v1/orders/{}/payment",
        booked.created()["order_id"].as_str().unwrap()
    );
    let pay = json!({"total_price": booked.created()["total_price"]});
    let rival = ("Authorization", "Bearer rival-0123456789abcdef");
    let rival_payment = async { world.post_with(&path, &[rival, key("rival")], &pay).await };
    let owner_payment = async {
        world.until_received("queryorderdetail", 1).await;
        world.post_with(&path, &[COSTS, key("pay")], &pay).await
    };
    let (rival_payment, owner_payment) = tokio::join!(rival_payment, owner_payment);
    assert_eq!(
        problem(&rival_payment),
        (404, "order_not_found"),
        "{rival_payment:?}"
    );
    assert_eq!(owner_payment.status, 200, "{owner_payment:?}");
    // An operation that was never sent publishes no event.
    let events = world.get_with("/v1/events?limit=200", &[CHIEF]).await.body;
    let events = events["items"].as_array().unwrap();
    assert!(!events.is_empty());
    let rival_payment = rival_payment.operation();
    assert!(
        events
            .iter()
            .all(|event| event["operation_id"] != rival_payment),
        "{events:#?}"
    );
    // The rival's operation is kept for a day.
    let path = format!("/v1/operations/{rival_payment}");
    assert_eq!(world.get_with(&path, &[CHIEF]).await.status, 200);
    world.clock.advance_steady(Duration::from_hours(25));
    let limit = tokio::time::Instant::now() + Duration::from_secs(20);
    while world.get_with(&path, &[CHIEF]).await.status != 404 {
        assert!(
            tokio::time::Instant::now() < limit,
            "the operation is still there"
        );
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let path = format!("/v1/operations/{}", owner_payment.operation());
    assert_eq!(world.get_with(&path, &[CHIEF]).await.status, 200);
}

#[tokio::test]
async fn a_write_needs_a_key_and_a_key_identifies_one_request() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "API-1");
    let missing = world.post_with("/v1/orders", &[], &body).await;
    assert_eq!(problem(&missing), (400, "idempotency_key_missing"));
    let blank = world.write("/v1/orders", "with space", &body).await;
    assert_eq!(problem(&blank), (400, "invalid_request"));

    let first = world.write("/v1/orders", "k", &body).await;
    assert_eq!(first.status, 201, "{first:?}");
    assert_eq!(first.header("idempotency-replayed"), None);
    // Field order and white space do not make it a different request.
    let reversed: serde_json::Map<_, _> = body
        .as_object()
        .unwrap()
        .clone()
        .into_iter()
        .rev()
        .collect();
    let again = world
        .write("/v1/orders", "k", &Value::Object(reversed))
        .await;
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    assert_eq!((again.status, again.created()), (201, first.created()));
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.operation(), first.operation());
    // Any other difference makes it a different request.
    let mut other = body.clone();
    other["contact"]["mobile"] = json!("13000000001");
    let reused = world.write("/v1/orders", "k", &other).await;
    assert_eq!(problem(&reused), (422, "idempotency_key_reused"));
    let path = format!(
        "/v1/orders/{}/close",
        first.created()["order_id"].as_str().unwrap()
    );
    let reused = world.write(&path, "k", &json!({})).await;
    assert_eq!(problem(&reused), (422, "idempotency_key_reused"));
    // Another key with the same number finds the order already booked.
    let done = world.write("/v1/orders", "k2", &body).await;
    assert_eq!(problem(&done), (409, "already_done"));
    assert_eq!(world.received("airbook").await, 1);
}

#[tokio::test]
async fn a_replay_of_an_open_operation_returns_its_current_state() {
    let world = World::start().await;
    let body = booking(&world.offer().await, "sim.book.hang_then_succeed.2");
    let headers = [("Idempotency-Key", "k"), ("Prefer", "wait=0")];
    let first = world.post_with("/v1/orders", &headers, &body).await;
    let again = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!((first.status, again.status), (202, 202), "{again:?}");
    assert_eq!(again.operation(), first.operation());
    assert_eq!(again.body["id"], first.operation());
    let settled = world.settled(first.operation()).await;
    assert_eq!(settled["state"], "succeeded");
    let last = world.post_with("/v1/orders", &headers, &body).await;
    assert_eq!(last.status, 201, "{last:?}");
    assert_eq!(world.received("airbook").await, 1);
}

#[tokio::test]
async fn the_same_passengers_are_booked_twice_only_on_request() {
    let world = World::start().await;
    let offer = world.offer().await;
    let careful = |number: &str| {
        let mut body = booking(&offer, number);
        body["allow_duplicate"] = json!(false);
        body
    };
    // A booking whose outcome is still unknown.
    world
        .fault(json!({"method": "airbook", "fault": "slow", "delay_ms": 300}))
        .await;
    let first = careful("DUP-1");
    let (one, two) = tokio::join!(world.write("/v1/orders", "one", &first), async {
        world.until_received("airbook", 1).await;
        world.write("/v1/orders", "two", &careful("DUP-2")).await
    });
    assert_eq!(one.status, 201, "{one:?}");
    assert_eq!(problem(&two), (409, "possible_duplicate"), "{two:?}");
    assert_eq!(two.operation(), one.operation());
    assert_eq!(two.body["side_effects"], "none");
    // The first booking has succeeded, so the gateway assumes that the caller wants a second order.
    let three = world.write("/v1/orders", "three", &careful("DUP-3")).await;
    assert_eq!(three.status, 201, "{three:?}");
    // A booking that ended as absent may still appear.
    let mut lost = careful("sim.book.timeout_nothing.dup");
    let headers = [("Idempotency-Key", "four"), ("Prefer", "wait=20")];
    let four = world.post_with("/v1/orders", &headers, &lost).await;
    assert_eq!(problem(&four), (504, "not_executed"), "{four:?}");
    let five = world.write("/v1/orders", "five", &careful("DUP-5")).await;
    assert_eq!(problem(&five), (409, "possible_duplicate"), "{five:?}");
    // The same number needs `retry_of`; another number needs `allow_duplicate`.
    let six = world.write("/v1/orders", "six", &lost).await;
    assert_eq!(problem(&six), (409, "retry_of_required"), "{six:?}");
    lost["retry_of"] = json!(four.operation());
    let seven = world.write("/v1/orders", "seven", &lost).await;
    assert_eq!(seven.status, 201, "{seven:?}");
    let mut insisting = careful("DUP-8");
    insisting["allow_duplicate"] = json!(true);
    let eight = world.write("/v1/orders", "eight", &insisting).await;
    assert_eq!(eight.status, 201, "{eight:?}");
    assert_eq!(world.received("airbook").await, 5);
}

#[tokio::test]
async fn an_operation_is_shown_to_its_owner_and_to_operators() {
    let (world, offer) = world_with_offer().await;
    let body = booking(&offer, "sim.book.hang_then_succeed.owner");
    let write = async |who, key: &str| {
        let headers = [who, ("Idempotency-Key", key), ("Prefer", "wait=0")];
        world.post_with("/v1/orders", &headers, &body).await
    };
    let anonymous = world.write("/v1/orders", "k", &body).await;
    assert_eq!(problem(&anonymous), (401, "unauthorized"));
    let first = write(TRIPS, "k").await;
    assert_eq!(first.status, 202, "{first:?}");
    // Another app learns that the number is locked, but not by which operation.
    let other = write(COSTS, "k").await;
    assert_eq!(problem(&other), (409, "operation_in_progress"), "{other:?}");
    assert_eq!(other.header("operation-id"), None);
    assert_eq!(other.body.get("operation_id"), None);
    for who in [(TRIPS, "k2"), (CHIEF, "k")] {
        let seen = write(who.0, who.1).await;
        assert_eq!(problem(&seen), (409, "operation_in_progress"), "{seen:?}");
        assert_eq!(seen.operation(), first.operation());
    }
    let path = format!("/v1/operations/{}", first.operation());
    let waiting = format!("{path}?wait=20s");
    assert_eq!(
        world.get_with(&waiting, &[TRIPS]).await.body["state"],
        "succeeded"
    );
    assert_eq!(world.get_with(&path, &[CHIEF]).await.status, 200);
    let hidden = world.get_with(&path, &[COSTS]).await;
    assert_eq!(problem(&hidden), (404, "operation_not_found"));
    let hidden = world
        .post_with(&format!("{path}/reconcile"), &[COSTS], &json!({}))
        .await;
    assert_eq!(problem(&hidden), (404, "operation_not_found"));
    let resolve = json!({"outcome": "succeeded", "reason": "r"});
    let headers = [TRIPS, ("If-Match", "1")];
    let refused = world
        .post_with(&format!("{path}/resolve"), &headers, &resolve)
        .await;
    assert_eq!(problem(&refused), (403, "scope_missing"));
    for (who, some) in [(TRIPS, true), (COSTS, false), (CHIEF, true)] {
        for list in ["/v1/operations", "/v1/events"] {
            let listed = world.get_with(list, &[who]).await;
            let items = listed.body["items"].as_array().unwrap();
            assert_eq!(!items.is_empty(), some, "{who:?} {list}");
        }
    }
}

#[tokio::test]
async fn the_account_header_selects_the_purchasing_account() {
    let (world, offer) = world_with_offer().await;
    let other = ("Gateway-Account", "other");
    let headers = [TRIPS, other, ("Idempotency-Key", "k")];
    let booked = world
        .post_with("/v1/orders", &headers, &booking(&offer, "ACC-1"))
        .await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(world.ledger("ACC-1").await[0]["account"], "other");
    // Only that account has the order.
    let path = "/v1/orders/by-reference/ACC-1";
    assert_eq!(world.get_with(path, &[TRIPS, other]).await.status, 200);
    let elsewhere = world.get_with(path, &[TRIPS]).await;
    assert_eq!(
        problem(&elsewhere),
        (404, "order_not_found"),
        "{elsewhere:?}"
    );
    // The same key for another account is another request.
    let headers = [TRIPS, ("Idempotency-Key", "k")];
    let reused = world
        .post_with("/v1/orders", &headers, &booking(&offer, "ACC-1"))
        .await;
    assert_eq!(
        problem(&reused),
        (422, "idempotency_key_reused"),
        "{reused:?}"
    );
    let forbidden = world.get_with(path, &[COSTS, other]).await;
    assert_eq!(problem(&forbidden), (403, "forbidden"), "{forbidden:?}");
    let unknown = world
        .get_with(path, &[TRIPS, ("Gateway-Account", "nobody")])
        .await;
    assert_eq!(problem(&unknown), (400, "invalid_request"), "{unknown:?}");
    // The operation stays bound to its account.
    let operation = world
        .get_with(&format!("/v1/operations/{}", booked.operation()), &[TRIPS])
        .await;
    assert_eq!(operation.body["account"], "other");
}

#[tokio::test]
async fn a_caller_chooses_how_long_to_wait() {
    let world = World::start().await;
    let offer = world.offer().await;
    world
        .fault(json!({"method": "airbook", "fault": "slow", "delay_ms": 300}))
        .await;
    let headers = [("Idempotency-Key", "k"), ("Prefer", "wait=0")];
    let open = world
        .post_with("/v1/orders", &headers, &booking(&offer, "WAIT-1"))
        .await;
    assert_eq!(open.status, 202, "{open:?}");
    assert_eq!(open.body["settled_at"], Value::Null);
    let path = format!("/v1/operations/{}", open.operation());
    let settled = world.get(&format!("{path}?wait=20s")).await;
    assert_eq!(settled.body["state"], "succeeded", "{settled:?}");
    assert_eq!(settled.created()["out_order_no"], "WAIT-1");
    let etag = format!("\"{}\"", settled.body["version"]);
    assert_eq!(settled.header("etag"), Some(&*etag));
    for bad in ["0s", "61s", "5", "x"] {
        let refused = world.get(&format!("{path}?wait={bad}")).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{bad}");
    }
    // Unreadable parts of `Prefer` are ignored.
    let headers = [
        ("Idempotency-Key", "k2"),
        ("Prefer", "wait=soon, respond-async"),
    ];
    let booked = world
        .post_with("/v1/orders", &headers, &booking(&offer, "WAIT-2"))
        .await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test]
async fn lists_are_paged() {
    let world = World::start().await;
    for number in 0..5 {
        world.booked(&format!("LIST-{number}")).await;
    }
    let pages = async |path: &str| {
        let mut items = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = world.get(&format!("{path}{cursor}")).await;
            assert_eq!(page.status, 200, "{page:?}");
            let found = page.body["items"].as_array().unwrap();
            assert!(found.len() <= 2);
            items.extend(found.clone());
            match page.body["next_cursor"].as_str() {
                Some(next) => cursor = format!("&cursor={next}"),
                None => return items,
            }
        }
    };
    let operations = pages("/v1/operations?limit=2").await;
    let subjects: Vec<_> = operations
        .iter()
        .map(|o| o["subject"].as_str().unwrap())
        .collect();
    assert_eq!(subjects, ["LIST-4", "LIST-3", "LIST-2", "LIST-1", "LIST-0"]);
    let now = world.clock_wire(0);
    let (from, until) = (world.clock_wire(-1), world.clock_wire(1));
    let query = format!("/v1/orders?booked_from={from}&booked_until={until}&limit=2");
    let orders = pages(&query).await;
    let numbers: Vec<_> = orders
        .iter()
        .map(|o| o["out_order_no"].as_str().unwrap())
        .collect();
    assert_eq!(numbers, ["LIST-4", "LIST-3", "LIST-2", "LIST-1", "LIST-0"]);
    assert_eq!(pages(&format!("{query}&status=paid")).await.len(), 0);
    assert_eq!(pages(&format!("{query}&status=booked")).await.len(), 5);
    assert_eq!(pages(&format!("{query}&status=other")).await.len(), 0);
    // `include=upstream` shows Fliggy's own page, including the rows that the status filter drops.
    for (more, rows) in [("", 2), ("&status=paid", 0)] {
        let page = world
            .get(&format!("{query}{more}&include=upstream"))
            .await
            .body;
        assert_eq!(page["items"].as_array().unwrap().len(), rows, "{page:#}");
        let upstream = &page["upstream"]["flight_book_order_list"]["flight_book_order"];
        let upstream_rows: Vec<_> = upstream.as_array().unwrap().iter().collect();
        let numbers = upstream_rows.iter().map(|row| row["out_order_no"].clone());
        assert!(numbers.eq(["LIST-4", "LIST-3"]), "{page:#}");
    }
    assert!(world.get(&query).await.body.get("upstream").is_none());
    assert_eq!(pages("/v1/operations?limit=2&kind=pay").await.len(), 0);
    assert_eq!(
        pages("/v1/operations?limit=2&subject=LIST-3").await.len(),
        1
    );
    for bad in [
        "/v1/operations?limit=0".to_owned(),
        "/v1/operations?limit=201".to_owned(),
        "/v1/operations?cursor=x".to_owned(),
        "/v1/operations?nonsense=1".to_owned(),
        format!("/v1/orders?booked_from={now}"),
        format!("{query}&include=nothing"),
        format!("/v1/orders?booked_from={until}&booked_until={from}"),
    ] {
        let refused = world.get(&bad).await;
        assert_eq!(
            problem(&refused),
            (400, "invalid_request"),
            "{bad}: {refused:?}"
        );
    }
}
