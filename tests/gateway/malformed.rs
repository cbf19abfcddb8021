//! Malformed requests: every error names its field and the expected form, and nothing is sent.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::ticket::problem;
use crate::world::{Answer, World, booking, search};

/// The pointers and messages of the errors.
fn errors(answer: &Answer) -> Vec<(&str, &str)> {
    assert_eq!(problem(answer), (400, "invalid_request"), "{answer:?}");
    let errors = answer.body["errors"].as_array().unwrap().iter();
    let text = |error: &'_ Value, field: &str| error[field].as_str().unwrap().len();
    errors
        .map(|error| {
            assert!(text(error, "message") > 0);
            let (place, message) = (&error["pointer"], &error["message"]);
            (place.as_str().unwrap(), message.as_str().unwrap())
        })
        .collect()
}

fn places(answer: &Answer) -> BTreeSet<&str> {
    errors(answer).into_iter().map(|(place, _)| place).collect()
}

#[tokio::test]
async fn every_malformed_value_is_reported_with_an_example() {
    let world = World::start().await;
    let good = booking(&world.offer().await, "FORM-1");
    let mut cases: Vec<(String, Value)> = include_str!("../cases/16-malformed-values.jsonl")
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .filter_map(|case| Some((case["at"].as_str()?.to_owned(), case["value"].clone())))
        .collect();
    assert_eq!(cases.len(), 6);
    let more = [
        ("/out_order_no", json!("a b")),
        ("/out_order_no", json!(7)),
        ("/offer/trip_type", json!("triangle")),
        (
            "/offer/journeys/0/segments/0/departure_airport",
            json!("pkx"),
        ),
        (
            "/offer/journeys/0/segments/0/departure_city",
            json!("Beijing"),
        ),
        ("/offer/solution_id", json!(5)),
        ("/passengers/0/name", json!(5)),
        ("/passengers/0/name", json!(" ")),
        ("/passengers/0/nationality", json!("China")),
        ("/passengers/0/mobile", json!("12345678901")),
        ("/passengers/0/mobile", json!(13_000_000_000_u64)),
        ("/passengers/0/document/number", json!("1101")),
        (
            "/passengers/0/document",
            json!({"type": "passport", "number": "E 1"}),
        ),
        ("/contact/phone", json!(10)),
        ("/contact/phone", json!("none")),
        ("/contact/email", json!("test")),
        ("/retry_of", json!("one")),
    ];
    cases.extend(more.map(|(at, value)| (at.to_owned(), value)));
    for (at, value) in cases {
        let mut body = good.clone();
        let (parent, field) = at.rsplit_once('/').unwrap();
        body.pointer_mut(parent).unwrap()[field] = value.clone();
        let refused = world.write("/v1/orders", "form", &body).await;
        let found = errors(&refused);
        let (_, message) = found
            .iter()
            .find(|(place, _)| place.starts_with(&at))
            .unwrap_or_else(|| panic!("{at}: {found:?}"));
        let form = ["such as", "expected one of", "is written"];
        assert!(
            form.iter().any(|form| message.contains(form)),
            "{at}: {message}"
        );
        if let Some(text) = value.as_str().filter(|text| text.len() > 4) {
            assert!(
                !refused.body.to_string().contains(text),
                "{at}: {refused:?}"
            );
        }
    }
    let mut query = search("BJS", "XMN");
    query["journeys"][0]["date"] = json!("20300520");
    let refused = world.post_with("/v1/flights/search", &[], &query).await;
    let expected = "expected a date such as \"2030-05-20\"";
    assert_eq!(errors(&refused), [("/journeys/0/date", expected)]);
    for (path, place) in [
        ("/v1/orders/abc", "path/order_id"),
        ("/v1/operations/1", "path/operation_id"),
        ("/v1/operations?limit=0", "query/limit"),
        (
            "/v1/orders?booked_from=2030-05-20&booked_until=x",
            "query/booked_from",
        ),
    ] {
        let refused = world.get(path).await;
        let [(found, message)] = errors(&refused)[..] else {
            panic!("{refused:?}");
        };
        assert!(
            found == place || found == "path" || found == "path/id",
            "{found}"
        );
        assert!(message.contains("such as"), "{path}: {message}");
    }
    assert_eq!(world.received("airbook").await, 0);
}

#[tokio::test]
async fn all_missing_fields_are_reported_at_once() {
    let world = World::start().await;
    let good = booking(&world.offer().await, "MISSING-1");
    let none = world.write("/v1/orders", "k", &json!({})).await;
    let all = [
        "/out_order_no",
        "/offer",
        "/passengers",
        "/contact",
        "/total_price",
    ];
    assert_eq!(places(&none), BTreeSet::from(all));

    let mut body = good.clone();
    body["contact"] = json!({"phone": null});
    body["passengers"][0]["document"] = json!({});
    body["offer"].as_object_mut().unwrap().remove("bookable");
    let some = world.write("/v1/orders", "k", &body).await;
    let missing = [
        "/contact/name",
        "/contact/mobile",
        "/contact/mobile_country_code",
        "/passengers/0/document/type",
        "/passengers/0/document/number",
        "/offer/bookable",
    ];
    assert_eq!(places(&some), BTreeSet::from(missing));

    // Missing fields are reported together with invalid fields.
    let mut body = good;
    body["contact"] = json!({"name": 7});
    let both = world.write("/v1/orders", "k", &body).await;
    let expected = [
        "/contact/name",
        "/contact/mobile",
        "/contact/mobile_country_code",
    ];
    assert_eq!(places(&both), BTreeSet::from(expected));

    let nothing = world.post_with("/v1/flights/search", &[], &json!({})).await;
    assert_eq!(errors(&nothing), [("/journeys", "is missing")]);
    assert_eq!(world.received("airbook").await, 0);
}

#[tokio::test]
async fn invisible_characters_are_refused_with_their_position() {
    let world = World::start().await;
    let case: Value = serde_json::from_str(include_str!(
        "../cases/02-invisible-characters.booking.json"
    ))
    .unwrap();
    let refused = world.write("/v1/orders", "case", &case).await;
    let place = "/passengers/1/document/number";
    let message = "the character at position 6 (U+200B) is invisible; leave it out";
    assert_eq!(errors(&refused), [(place, message)]);

    let mut good = booking(&world.offer().await, "INVISIBLE-1");
    good["contact"]["document"] =
        json!({"type": "home_return_permit", "number": "H00000001", "expires_on": null});
    good["contact"]["phone"] = json!("010-00000000");
    good["extra"] = json!({"memo": {"lines": ["plain"]}});
    for place in [
        "/offer/solution_id",
        "/offer/cabins/0/cabin",
        "/passengers/0/name",
        "/passengers/0/document/number",
        "/passengers/0/mobile",
        "/contact/name",
        "/contact/mobile",
        "/contact/phone",
        "/contact/email",
        "/contact/document/number",
        "/extra/memo/lines/0",
    ] {
        for c in [
            '\u{200b}',
            '\u{202e}',
            '\u{feff}',
            '\u{ad}',
            '\u{a0}',
            '\u{e0001}',
            '\n',
        ] {
            let mut body = good.clone();
            let value = body.pointer_mut(place).unwrap();
            *value = json!(format!("{}{c}", value.as_str().unwrap()));
            let refused = world.write("/v1/orders", "k", &body).await;
            let found = errors(&refused);
            let says = |(at, message): &&(&str, &str)| *at == place && message.contains("position");
            assert!(
                found.iter().any(|error| says(&error)),
                "{place} {c:?}: {found:?}"
            );
        }
    }
    assert_eq!(world.received("airbook").await, 0);
}

#[tokio::test]
async fn another_spelling_of_a_document_number_is_the_same_passenger() {
    let world = World::start().await;
    let mut body = booking(&world.offer().await, "WRITING-1");
    body["allow_duplicate"] = json!(false);
    body["passengers"][0]["document"] =
        json!({"type": "home_return_permit", "number": "H00000001", "expires_on": null});
    // The booking is lost and not executed. It ends as absent, so another booking could be a duplicate.
    world
        .fault(json!({"method": "airbook", "fault": "timeout_nothing"}))
        .await;
    let lost = world.write_within("/v1/orders", "one", &body, 20).await;
    assert_eq!(problem(&lost), (504, "not_executed"), "{lost:?}");
    for (number, written) in
        (2..).zip(["h00000001", "H0000 0001", " H00000001", "H0000\u{3000}0001"])
    {
        body["out_order_no"] = json!(format!("WRITING-{number}"));
        body["passengers"][0]["document"]["number"] = json!(written);
        let again = world
            .write("/v1/orders", &format!("again-{number}"), &body)
            .await;
        assert_eq!(
            problem(&again),
            (409, "possible_duplicate"),
            "{written}: {again:?}"
        );
    }
}
