//! The requests that the OpenAPI document shows work as they are; only keys and order numbers change.

use fliggy_gateway::api;
use serde_json::{Value, json};

use crate::world::{Answer, World};

struct Document(Value);

impl Document {
    fn read() -> Self {
        Self(serde_json::to_value(api::openapi()).unwrap())
    }

    fn operations(&self) -> impl Iterator<Item = (&str, &str, &Value)> {
        let paths = self.0["paths"].as_object().unwrap();
        paths.iter().flat_map(|(path, item)| {
            let methods = item.as_object().unwrap();
            methods
                .iter()
                .map(|(method, o)| (path.as_str(), method.as_str(), o))
        })
    }

    fn schema<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(reference) => self.0.pointer(&reference[1..]).expect(reference),
            None => schema,
        }
    }

    /// The example of the body of an operation; `None` if it takes no body.
    fn body(&self, operation: &Value) -> Option<Value> {
        let content = operation.get("requestBody")?;
        let schema = &content["content"]["application/json"]["schema"];
        let example = &self.schema(schema)["example"];
        assert!(
            !example.is_null(),
            "{} has no example",
            operation["operationId"]
        );
        Some(example.clone())
    }

    fn body_of(&self, id: &str) -> Value {
        let found = self.operations().find(|(_, _, o)| o["operationId"] == id);
        self.body(found.expect(id).2).expect(id)
    }
}

/// A closing of which nobody knows whether it was done, because no lookup tells how the order stands.
async fn unknown_closing(world: &World, booking: &Value, close: &Value) -> Answer {
    let mut booking = booking.clone();
    booking["out_order_no"] = json!("EXAMPLE-3");
    let booked = world.write("/v1/orders", "k-book-3", &booking).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    for fault in [
        json!({"method": "close", "fault": "timeout_done"}),
        json!({"method": "detail", "fault": "unknown_status", "times": null,
               "match": {"out_order_no": "EXAMPLE-3"}}),
    ] {
        world.fault(fault).await;
    }
    let id = booked.body["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}/close");
    let headers = [("Idempotency-Key", "k-close-3"), ("Prefer", "wait=0")];
    world.post_with(&path, &headers, close).await
}

#[tokio::test]
async fn every_request_shown_in_the_document_works_as_it_is() {
    let world = World::start().await;
    let document = Document::read();
    let mut sent = Vec::new();

    let search = document.body_of("search_flights");
    let found = world.post_with("/v1/flights/search", &[], &search).await;
    assert_eq!(found.status, 200, "{found:?}");
    let booking = document.body_of("book_order");
    let offers = found.body["items"].as_array().unwrap();
    assert!(
        offers.contains(&booking["offer"]),
        "the search finds the offer of the booking"
    );
    sent.push("search_flights");

    let booked = world.write("/v1/orders", "k-book", &booking).await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(booked.body["total_price"], booking["total_price"]);
    sent.push("book_order");

    let id = booked.body["order_id"].as_str().unwrap();
    let payment = document.body_of("pay_order");
    let path = format!("/v1/orders/{id}/payment");
    let paid = world.write(&path, "k-pay", &payment).await;
    assert_eq!(
        (paid.status, &paid.body["status"]),
        (200, &json!("paid")),
        "{paid:?}"
    );
    sent.push("pay_order");

    let mut other = booking.clone();
    other["out_order_no"] = json!("EXAMPLE-2");
    let other = world.write("/v1/orders", "k-book-2", &other).await;
    assert_eq!(other.status, 201, "{other:?}");
    let path = format!(
        "/v1/orders/{}/close",
        other.body["order_id"].as_str().unwrap()
    );
    let closed = world
        .write(&path, "k-close", &document.body_of("close_order"))
        .await;
    assert_eq!(
        (closed.status, &closed.body["status"]),
        (200, &json!("closed")),
        "{closed:?}"
    );
    sent.push("close_order");

    let open = unknown_closing(&world, &booking, &document.body_of("close_order")).await;
    assert_eq!(open.status, 202, "{open:?}");
    let path = format!("/v1/operations/{}", open.operation());
    let request = document.body_of("resolve_operation");
    // The gateway looks meanwhile, and every look is a new version: read, decide, send.
    let resolved = loop {
        let read = world.get(&path).await;
        if ["accepted", "sending"]
            .map(Value::from)
            .contains(&read.body["state"])
        {
            continue;
        }
        let tag = read.header("etag").unwrap().to_owned();
        let resolve = format!("{path}/resolve");
        let answer = world
            .post_with(&resolve, &[("If-Match", &tag)], &request)
            .await;
        if answer.status != 412 {
            break answer;
        }
    };
    assert_eq!(resolved.status, 200, "{resolved:?}");
    sent.push("resolve_operation");

    for (path, method, operation) in document.operations() {
        let name = operation["operationId"].as_str().unwrap();
        if method == "post" && document.body(operation).is_some() {
            assert!(
                sent.contains(&name),
                "the example of {name} is sent by no test"
            );
        }
        if method != "get" || name == "metrics" {
            continue;
        }
        let mut path = path
            .replace("{order_id}", id)
            .replace("{out_order_no}", booking["out_order_no"].as_str().unwrap())
            .replace("{id}", booked.operation())
            .replace("{code}", "not_sent");
        let mut separator = '?';
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let text = match &parameter["example"] {
                Value::String(text) => text.replace('+', "%2B"),
                Value::Null => continue,
                other => other.to_string(),
            };
            if parameter["in"] == "query" {
                path.push_str(&format!(
                    "{separator}{}={text}",
                    parameter["name"].as_str().unwrap()
                ));
                separator = '&';
            }
        }
        let answer = world.get(&path).await;
        assert_eq!(answer.status, 200, "{path} {answer:?}");
        if name == "list_orders" {
            assert!(
                !answer.body["items"].as_array().unwrap().is_empty(),
                "{answer:?}"
            );
        }
    }
}
