//! Search, and what a member fare requires of a booking.

use fliggy_gateway::top::contract::{Override, Overrides, Registry};
use serde_json::{Value, json};

use crate::world::{Answer, World, booking, search};

fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or("-"))
}

fn notices(answer: &Answer) -> Vec<&str> {
    let notices = answer.body["notices"].as_array().unwrap();
    notices
        .iter()
        .map(|n| n["code"].as_str().unwrap())
        .collect()
}

fn listing(from: &str, to: &str) -> Value {
    json!({"journeys": [{"from": from, "to": to, "date": "2030-05-20"}]})
}

async fn find(world: &World, query: &Value) -> Answer {
    world.post_with("/v1/flights/search", &[], query).await
}

#[tokio::test]
async fn a_listing_shows_all_flights_and_a_named_flight_is_quoted_alone() {
    let world = World::start().await;
    let all = find(&world, &listing("BJS", "XMN")).await;
    assert_eq!(all.status, 200, "{all:?}");
    assert!(notices(&all).contains(&"listing_is_slow"));
    let numbers = |answer: &Answer| {
        let items = answer.body["items"].as_array().unwrap().clone();
        let number = |o: &Value| o["journeys"][0]["segments"][0]["marketing_flight_no"].to_string();
        items
            .iter()
            .map(number)
            .collect::<std::collections::BTreeSet<_>>()
    };
    assert!(numbers(&all).len() > 1, "{:?}", numbers(&all));
    let named = find(&world, &search("BJS", "XMN")).await;
    assert_eq!(numbers(&named), ["\"CZ8957\"".to_owned()].into());
    assert!(!notices(&named).contains(&"listing_is_slow"));
    assert!(named.body.get("upstream").is_none());
}

#[tokio::test]
async fn an_airport_code_is_refused_with_its_city_code() {
    let world = World::start().await;
    for (from, city) in [("PEK", "BJS"), ("PKX", "BJS"), ("PVG", "SHA")] {
        let refused = find(&world, &listing(from, "XMN")).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
        let error = &refused.body["errors"][0];
        assert_eq!(error["pointer"], "/journeys/0/from");
        assert!(error["message"].as_str().unwrap().contains(city), "{error}");
    }
    // SHA and XMN are both airport and city codes.
    assert_eq!(find(&world, &listing("SHA", "XMN")).await.status, 200);
    assert_eq!(world.received("search").await, 1);
}

#[tokio::test]
async fn no_quote_is_an_empty_list_with_a_reason() {
    let world = World::start().await;
    let mut unknown = search("BJS", "XMN");
    unknown["journeys"][0]["flights"][0]["flight_no"] = json!("ZZ1");
    let found = find(&world, &unknown).await;
    assert_eq!(
        (found.status, &found.body["items"]),
        (200, &json!([])),
        "{found:?}"
    );
    assert!(notices(&found).contains(&"no_offers"), "{found:?}");
}

#[tokio::test]
async fn an_invalid_party_is_refused_with_the_expected_form() {
    let world = World::start().await;
    for (party, pointer, expected) in [
        (json!({"adults": 0}), "/party", "1 to 9 passengers"),
        (
            json!({"adults": 6, "children": 4}),
            "/party",
            "1 to 9 passengers",
        ),
        (
            json!({"adults": 1, "infants": 2}),
            "/party",
            "adult of its own",
        ),
        (json!({"adults": 10}), "/party/adults", "from 0 to 9"),
        (json!({"adults": "2"}), "/party/adults", "from 0 to 9"),
        (json!({"children": 1}), "/party/adults", "missing"),
        (
            json!({"adults": 1, "babies": 1}),
            "/party/babies",
            "not a field",
        ),
    ] {
        let mut query = search("BJS", "XMN");
        query["party"] = party.clone();
        let refused = find(&world, &query).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{party}");
        let error = &refused.body["errors"][0];
        assert_eq!(error["pointer"], pointer, "{party}: {error}");
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(expected), "{party}: {message}");
        if pointer == "/party" {
            assert!(message.contains(r#""adults": 2"#), "{party}: {message}");
        }
    }
    assert_eq!(world.received("search").await, 0);
}

#[tokio::test]
async fn the_default_party_is_one_adult() {
    let world = World::start().await;
    for (party, people) in [
        (None, vec![("adult", 1.0)]),
        (Some(json!({"adults": 2})), vec![("adult", 2.0)]),
        (
            Some(json!({"adults": 1, "children": 2})),
            vec![("adult", 1.0), ("child", 2.0)],
        ),
    ] {
        let mut query = search("BJS", "XMN");
        query.as_object_mut().unwrap().remove("party");
        if let Some(party) = &party {
            query["party"] = party.clone();
        }
        let found = find(&world, &query).await;
        let offer = &found.body["items"][0];
        let yuan = |value: &Value| value.as_str().unwrap().parse::<f64>().unwrap();
        let total = |kind: &str| yuan(&offer["prices"][kind]["total"]);
        let sum: f64 = people.iter().map(|(kind, count)| total(kind) * count).sum();
        assert!(
            (yuan(&offer["party_total"]) - sum).abs() < 0.001,
            "{party:?}: {offer}"
        );
    }
    assert_eq!(world.received("search").await, 3);
}

#[tokio::test]
async fn infants_filter_offers_and_a_notice_reports_it() {
    let world = World::start().await;
    let mut query = search("BJS", "XMN");
    query["party"] = json!({"adults": 1, "infants": 1});
    let found = find(&world, &query).await;
    assert!(notices(&found).contains(&"infants_filter_offers"));
    let items = found.body["items"].as_array().unwrap();
    assert!(!items.is_empty() && items.iter().all(|o| !o["prices"]["infant"].is_null()));
}

#[tokio::test]
async fn a_failed_search_has_a_hint() {
    let world = World::start().await;
    for (fault, expected) in [
        ("timeout_nothing", (504, "upstream_timeout")),
        ("hang_then_nothing", (504, "upstream_timeout")),
        ("lookup_error", (502, "channel_not_assigned")),
        ("lookup_system_error", (503, "upstream_unavailable")),
        ("invalid_session", (502, "session_invalid")),
        ("ip_not_allowed", (502, "ip_not_allowed")),
        ("cut_json", (502, "upstream_unreadable")),
        ("redirect_307", (503, "upstream_unavailable")),
    ] {
        world
            .fault(json!({"method": "search", "fault": fault}))
            .await;
        let failed = find(&world, &listing("BJS", "XMN")).await;
        assert_eq!(problem(&failed), expected, "{fault}: {failed:?}");
        assert_eq!(failed.body["side_effects"], "none", "{fault}");
    }
    // The advice for a slow listing does not apply to a named flight or to an order.
    let order = world.booked("SLOW-1").await;
    let order = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
    for method in ["search", "search", "detail"] {
        world
            .fault(json!({"method": method, "fault": "timeout_nothing"}))
            .await;
    }
    for (failed, listed) in [
        (find(&world, &listing("BJS", "XMN")).await, true),
        (find(&world, &search("BJS", "XMN")).await, false),
        (world.get(&order).await, false),
    ] {
        assert_eq!(problem(&failed), (504, "upstream_timeout"), "{failed:?}");
        let hint = failed.body["hint"].as_str().unwrap();
        assert_eq!(hint.contains("flights"), listed, "{hint}");
    }
}

#[tokio::test]
async fn a_ban_of_search_delays_searches_but_no_payment() {
    let world = World::start().await;
    let order = world.booked("BANNED-1").await;
    world
        .fault(json!({"method": "search", "fault": "app_call_limited", "seconds": 30}))
        .await;
    let query = search("BJS", "XMN");
    let limited = find(&world, &query).await;
    assert_eq!(problem(&limited), (429, "rate_limited"), "{limited:?}");
    let seen = world.received("search").await;
    let held_back = find(&world, &query).await;
    assert_eq!(problem(&held_back), (429, "rate_limited"), "{held_back:?}");
    assert!(held_back.header("retry-after").is_some());
    assert_eq!(world.received("search").await, seen);

    let paid = world.pay(&order, "k", 20).await;
    assert_eq!(paid.status, 200, "{paid:?}");
    assert_eq!(world.effects("BANNED-1", "pay").await, 1);
}

#[tokio::test]
async fn identical_searches_in_flight_share_one_call() {
    // All searches arrive before the one call ends, even on a slow machine.
    let patient = [
        ("GATEWAY__TOP__DEADLINE", "15s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW", "15s"),
        ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "15s"),
    ];
    let world = World::start_with(&patient, |_| {}).await;
    world
        .fault(json!({"method": "search", "fault": "slow", "delay_ms": 2_500}))
        .await;
    let (same, other) = (search("BJS", "XMN"), listing("BJS", "XMN"));
    let same = std::iter::repeat_n(&same, 12).map(|query| find(&world, query));
    let (all, different) = tokio::join!(futures::future::join_all(same), async {
        world.until_received("search", 1).await;
        find(&world, &other).await
    });
    for answer in &all {
        assert_eq!((answer.status, &answer.body), (200, &all[0].body));
    }
    assert_eq!(different.status, 200);
    assert_eq!(world.received("search").await, 2);
    // Nothing is cached: the next search calls Fliggy again.
    find(&world, &search("BJS", "XMN")).await;
    assert_eq!(world.received("search").await, 3);
}

#[tokio::test]
async fn extra_fields_are_sent_upstream() {
    let world = World::start().await;
    let mut query = search("BJS", "XMN");
    // The simulator receives the unknown field, and refuses it.
    query["extra"] = json!({"no_such_field": 1});
    let refused = find(&world, &query).await;
    assert_eq!(problem(&refused), (502, "upstream_refused"), "{refused:?}");
    let upstream = refused.body["upstream"].to_string();
    assert!(upstream.contains("no_such_field"), "{upstream}");
}

#[tokio::test]
async fn upstreams_own_fields_are_shown_on_request() {
    let world = World::start().await;
    let found = world
        .post_with(
            "/v1/flights/search?include=upstream",
            &[],
            &search("BJS", "XMN"),
        )
        .await;
    let items = found.body["upstream"]["flight_item_list"]["flight_item"]
        .as_array()
        .unwrap();
    assert_eq!(items.len(), found.body["items"].as_array().unwrap().len());
    assert_eq!(
        items[0]["solution_id"],
        found.body["items"][0]["solution_id"]
    );
    let order = world.booked("UPSTREAM-1").await;
    let path = format!(
        "/v1/orders/{}?include=upstream",
        order["order_id"].as_str().unwrap()
    );
    let order = world.get(&path).await;
    assert_eq!(
        order.body["upstream"]["out_order_no"], "UPSTREAM-1",
        "{order:?}"
    );
    let refused = world.get("/v1/orders/7?include=everything").await;
    assert_eq!(problem(&refused), (400, "invalid_request"));
}

async fn member_offer(world: &World, who: &str) -> Value {
    let found = find(world, &search("BJS", "XMN")).await;
    let items = found.body["items"].as_array().unwrap();
    let is = |o: &&Value| o["member_fare"]["who"] == who;
    items
        .iter()
        .find(is)
        .unwrap_or_else(|| panic!("{found:?}"))
        .clone()
}

fn codes(answer: &Answer) -> Vec<&str> {
    let errors = answer.body["errors"].as_array().unwrap();
    errors.iter().map(|e| e["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_member_fare_is_booked_only_with_permission() {
    let world = World::start().await;
    let offer = member_offer(&world, "passenger").await;
    assert_eq!(offer["member_fare"]["membership"], json!(["new"]));
    let mut body = booking(&offer, "MEMBER-1");
    for permission in [Value::Null, json!(false)] {
        body["allow_register_or_query_member"] = permission;
        let refused = world.write("/v1/orders", "k", &body).await;
        assert_eq!(problem(&refused), (400, "invalid_request"), "{refused:?}");
        assert_eq!(codes(&refused), ["member_permission_missing"]);
    }
    assert_eq!(world.received("airbook").await, 0);
    body["allow_register_or_query_member"] = json!(true);
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test]
async fn a_buyers_member_fare_needs_all_fields_of_the_buyer() {
    let world = World::start().await;
    let offer = member_offer(&world, "buyer").await;
    let mut body = booking(&offer, "MEMBER-2");
    body["allow_register_or_query_member"] = json!(true);
    let refused = world.write("/v1/orders", "k", &body).await;
    assert_eq!(codes(&refused), ["member_buyer_missing"], "{refused:?}");
    let buyer = json!({
        "name": "测试会员",
        "document": {"type": "id_card", "number": "11010119900307002X", "expires_on": null},
        "birth_date": "1990-03-07", "mobile_country_code": "86", "mobile": "13000000000",
    });
    for field in [
        "name",
        "document",
        "birth_date",
        "mobile_country_code",
        "mobile",
    ] {
        body["member_buyer"] = buyer.clone();
        body["member_buyer"].as_object_mut().unwrap().remove(field);
        let refused = world.write("/v1/orders", "k", &body).await;
        assert_eq!(
            problem(&refused),
            (400, "invalid_request"),
            "{field}: {refused:?}"
        );
    }
    assert_eq!(world.received("airbook").await, 0);
    body["member_buyer"] = buyer;
    let booked = world.write("/v1/orders", "k", &body).await;
    assert_eq!(booked.status, 201, "{booked:?}");
}

#[tokio::test]
async fn an_offer_with_an_incomplete_member_rule_is_not_bookable_for_that_reason() {
    for (path, name) in [
        ("flight_item_list.member_restrict", "member_restrict"),
        ("flight_item_list.member_type", "member_type"),
        (
            "flight_item_list.member_sub_type_list",
            "member_sub_type_list",
        ),
    ] {
        let gone: Override = serde_json::from_value(json!({
            "method": "alitrip.flight.service.search", "side": "answer", "path": path, "drop": true,
        }))
        .unwrap();
        let world = World::start_with(&[], |simulator| {
            simulator.overrides = Overrides::build(Registry::embedded(), &[gone]).unwrap();
        })
        .await;
        let found = find(&world, &search("BJS", "XMN")).await;
        let items = found.body["items"].as_array().unwrap();
        let broken: Vec<_> = items.iter().filter(|o| o["bookable"] == false).collect();
        assert_eq!(broken.len(), 2, "{name}");
        let offer = broken[0];
        assert_eq!(offer["member_fare"], Value::Null);
        let reason = offer["not_bookable_reason"].as_str().unwrap();
        assert!(reason.contains(name), "{reason}");
        let mut body = booking(offer, "MEMBER-3");
        body["allow_register_or_query_member"] = json!(true);
        let refused = world.write("/v1/orders", "k", &body).await;
        assert_eq!(
            problem(&refused),
            (422, "offer_not_bookable"),
            "{refused:?}"
        );
        assert_eq!(world.received("airbook").await, 0);
    }
}
