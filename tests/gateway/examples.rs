//! The example requests of the OpenAPI document work unchanged, apart from keys and order numbers.

use std::collections::BTreeSet;

use fliggy_gateway::api;
use reqwest::Method;
use reqwest::multipart::{Form, Part};
use serde_json::{Value, json};

use crate::ticket::advance;
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

    fn operation(&self, id: &str) -> (&str, &Value) {
        let found = self.operations().find(|(_, _, o)| o["operationId"] == id);
        let (path, _, operation) = found.expect(id);
        (path, operation)
    }

    /// The example body of an operation; `None` if it takes no JSON.
    fn body(&self, operation: &Value) -> Option<Value> {
        let content = operation.get("requestBody")?["content"].get("application/json")?;
        let example = &self.schema(&content["schema"])["example"];
        assert!(
            !example.is_null(),
            "{} has no example",
            operation["operationId"]
        );
        Some(example.clone())
    }

    fn body_of(&self, id: &str) -> Value {
        self.body(self.operation(id).1).expect(id)
    }

    /// The example response for this status.
    fn answer_of(&self, id: &str, status: &str) -> &Value {
        &self.operation(id).1["responses"][status]["content"]["application/json"]["example"]
    }
}

/// The example key; `None` if the operation takes none.
fn key_of(operation: &Value) -> Option<&str> {
    let mut parameters = operation["parameters"].as_array().into_iter().flatten();
    let key = parameters.find(|p| p["name"] == "Idempotency-Key")?;
    Some(key["example"].as_str().expect("an example of the key"))
}

#[test]
fn every_write_has_its_own_example_key() {
    let document = Document::read();
    let keys: Vec<_> = document
        .operations()
        .filter_map(|(_, _, operation)| key_of(operation))
        .collect();
    assert!(keys.len() >= 7, "{keys:?}");
    assert_eq!(keys.iter().collect::<BTreeSet<_>>().len(), keys.len());
    for key in keys {
        uuid::Uuid::parse_str(key).unwrap();
    }
}

/// A close whose outcome stays unknown, because no lookup shows the order's status.
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
    let id = booked.created()["order_id"].as_str().unwrap();
    let path = format!("/v1/orders/{id}/close");
    let headers = [("Idempotency-Key", "k-close-3"), ("Prefer", "wait=0")];
    world.post_with(&path, &headers, close).await
}

/// Sends the examples about webhooks. Returns the id of the webhook.
async fn webhooks(sender: &mut Sender) -> String {
    let created = sender.send("create_webhook", "").await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.body["webhook"]["id"].as_str().unwrap().to_owned();
    let path = format!("/v1/webhooks/{id}");
    let update = sender.document.body_of("update_webhook");
    let updated = sender
        .world
        .send(Method::PUT, &path, &[("If-Match", "1")], Some(&update))
        .await;
    assert_eq!(updated.status, 200, "{updated:?}");
    sender.sent.insert("update_webhook");
    let rotated = sender.send("rotate_webhook_secret", &id).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let again = sender.send("redeliver_events", &id).await;
    assert_eq!(again.status, 202, "{again:?}");
    id
}

/// Sends the examples about API keys. Returns the id of the key.
async fn keys(sender: &mut Sender) -> String {
    let created = sender.send("create_key", "").await;
    assert_eq!(created.status, 201, "{created:?}");
    let id = created.body["key"]["id"].as_str().unwrap().to_owned();
    let rotated = sender.send("rotate_key_secret", &id).await;
    assert_eq!(rotated.status, 200, "{rotated:?}");
    let version = rotated.header("etag").unwrap();
    let update = sender.document.body_of("update_key");
    let path = format!("/v1/keys/{id}");
    let headers = [("If-Match", version)];
    let updated = sender
        .world
        .send(Method::PUT, &path, &headers, Some(&update));
    let updated = updated.await;
    assert_eq!(updated.status, 200, "{updated:?}");
    sender.sent.insert("update_key");
    id
}

/// Sends the examples of the document.
struct Sender {
    world: World,
    document: Document,
    sent: BTreeSet<&'static str>,
}

impl Sender {
    /// Sends the example and its key unchanged, for this order, refund or change.
    async fn send(&mut self, id: &'static str, number: &str) -> Answer {
        let body = self.document.body_of(id);
        let (path, operation) = self.document.operation(id);
        assert!(self.sent.insert(id), "{id} twice");
        let headers: Vec<_> = key_of(operation)
            .map(|key| ("Idempotency-Key", key))
            .into_iter()
            .collect();
        let path = path
            .replace("{order_id}", number)
            .replace("{change_order_no}", number)
            .replace("{account}", "default")
            .replace("{id}", number);
        self.world.post_with(&path, &headers, &body).await
    }

    /// Sends the example again, under another key and with another value of the caller's number.
    async fn more(&self, id: &str, number: &str, key: &str, own: &str) -> Answer {
        let mut body = self.document.body_of(id);
        body[own] = json!(key);
        let (path, _) = self.document.operation(id);
        let answer = self
            .world
            .write(&path.replace("{order_id}", number), key, &body)
            .await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer
    }

    /// Books another order and has its ticket issued.
    async fn ticketed(&self, number: &str) -> String {
        let booked = self.more("book_order", "", number, "out_order_no").await;
        let id = booked.created()["order_id"].as_str().unwrap();
        advance(&self.world, &format!("orders/{id}"), "ticketed").await;
        id.to_owned()
    }
}

#[tokio::test]
async fn every_example_request_of_the_document_works_unchanged() {
    let mut sender = Sender {
        world: World::start().await,
        document: Document::read(),
        sent: BTreeSet::new(),
    };
    let ours = |answer: &Answer, field: &str| answer.created()[field].as_str().unwrap().to_owned();

    let found = sender.send("search_flights", "").await;
    assert_eq!(found.status, 200, "{found:?}");
    let booking = sender.document.body_of("book_order");
    let offers = found.body["items"].as_array().unwrap();
    assert!(
        offers.contains(&booking["offer"]),
        "the search finds the offer of the example booking"
    );

    let booked = sender.send("book_order", "").await;
    assert_eq!(booked.status, 201, "{booked:?}");
    assert_eq!(booked.created()["total_price"], booking["total_price"]);
    let id = ours(&booked, "order_id");
    let paid = sender.send("pay_order", &id).await;
    assert_eq!(
        (paid.status, &paid.created()["status"]),
        (200, &json!("paid")),
        "{paid:?}"
    );

    // Refunded.
    advance(&sender.world, &format!("orders/{id}"), "ticketed").await;
    let quote = sender.send("quote_refund", &id).await;
    assert_eq!(quote.status, 200, "{quote:?}");
    let shown = sender.document.answer_of("quote_refund", "200");
    for field in [
        "kind",
        "refundable",
        "calculated",
        "fee",
        "refund_amount",
        "passengers",
    ] {
        assert_eq!(quote.body[field], shown[field], "{field}");
    }
    let refund = sender.send("create_refund", &id).await;
    assert_eq!(refund.status, 201, "{refund:?}");
    let shown = sender.document.answer_of("create_refund", "201");
    for field in ["out_refund_no", "kind", "status", "fee"] {
        assert_eq!(refund.created()[field], shown["refund"][field], "{field}");
    }
    let file = Part::bytes(&b"%PDF-1.7\n"[..]).file_name("proof.pdf");
    let upload = Form::new().part("file", file).text("order_id", id.clone());
    let uploaded = sender.world.upload(upload).await;
    assert_eq!(uploaded.status, 201, "{uploaded:?}");
    sender.sent.insert("upload_attachment");

    // One change is paid, another cancelled.
    let to_change = sender.ticketed("EXAMPLE-4").await;
    let change = sender.send("create_change", &to_change).await;
    assert_eq!(change.status, 201, "{change:?}");
    let shown = sender.document.answer_of("create_change", "201");
    for field in ["out_change_no", "status", "total_price", "fee_above_limit"] {
        assert_eq!(change.created()[field], shown["change"][field], "{field}");
    }
    let change_no = ours(&change, "change_order_no");
    let paid = sender.send("pay_change", &change_no).await;
    assert_eq!(
        (paid.status, &paid.created()["status"]),
        (200, &json!("awaiting_ticketing")),
        "{paid:?}"
    );
    let other = sender.ticketed("EXAMPLE-5").await;
    let created = sender
        .more("create_change", &other, "EXAMPLE-6", "out_change_no")
        .await;
    let cancelled = sender
        .send("cancel_change", &ours(&created, "change_order_no"))
        .await;
    assert_eq!(
        (cancelled.status, &cancelled.created()["status"]),
        (200, &json!("closed")),
        "{cancelled:?}"
    );

    let other = sender
        .more("book_order", "", "EXAMPLE-2", "out_order_no")
        .await;
    let closed = sender.send("close_order", &ours(&other, "order_id")).await;
    assert_eq!(
        (closed.status, &closed.created()["status"]),
        (200, &json!("closed")),
        "{closed:?}"
    );

    let webhook = webhooks(&mut sender).await;
    let key = keys(&mut sender).await;
    let account = sender.send("enter_session", "").await;
    assert_eq!(account.status, 200, "{account:?}");
    assert_eq!(account.body["session"]["origin"], "authorization");

    let Sender {
        world,
        document,
        mut sent,
    } = sender;
    let open = unknown_closing(&world, &booking, &document.body_of("close_order")).await;
    assert_eq!(open.status, 202, "{open:?}");
    let path = format!("/v1/operations/{}", open.operation());
    let request = document.body_of("resolve_operation");
    // The gateway keeps looking up the operation, and every lookup may change the version. So read
    // the version, resolve, and repeat if the version has changed.
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
    sent.insert("resolve_operation");

    for (path, method, operation) in document.operations() {
        let name = operation["operationId"].as_str().unwrap();
        if operation["requestBody"].is_object() {
            assert!(sent.contains(name), "no test sends the example of {name}");
        }
        // The metrics are no JSON, and a stream has no end.
        if method != "get" || ["metrics", "stream_events"].contains(&name) {
            continue;
        }
        let item = if path.starts_with("/v1/webhooks") {
            &webhook
        } else if path.starts_with("/v1/keys") {
            &key
        } else {
            booked.operation()
        };
        let mut path = path
            .replace(
                "{order_id}",
                if name == "list_changes" {
                    &to_change
                } else {
                    &id
                },
            )
            .replace(
                "{refund_order_no}",
                refund.created()["refund_order_no"].as_str().unwrap(),
            )
            .replace("{change_order_no}", &change_no)
            .replace("{out_order_no}", booking["out_order_no"].as_str().unwrap())
            .replace("{account}", "default")
            .replace("{id}", item)
            .replace("{code}", "not_sent");
        let mut separator = '?';
        for parameter in operation["parameters"].as_array().into_iter().flatten() {
            let text = match &parameter["example"] {
                // There may be nothing to wait for.
                Value::String(_) if parameter["name"] == "wait" => "1s".to_owned(),
                Value::String(text) => text.replace('+', "%2B"),
                Value::Array(words) => {
                    let words: Vec<_> = words.iter().map(|word| word.as_str().unwrap()).collect();
                    words.join(",")
                }
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
        if ["list_orders", "list_refunds", "list_changes"].contains(&name) {
            assert!(
                !answer.body["items"].as_array().unwrap().is_empty(),
                "{answer:?}"
            );
        }
    }
}

/// `World` checks that the document declares each of these responses.
#[tokio::test]
async fn every_request_about_an_absent_resource_returns_not_found() {
    let world = World::start().await;
    let document = Document::read();
    for (path, method, operation) in document.operations() {
        let what = ["order", "refund_order", "change_order", "out_order"]
            .into_iter()
            .find(|what| path.contains(&format!("{{{what}_")));
        let Some(what) = what else { continue };
        let path = path
            .replace("{order_id}", "7")
            .replace("{refund_order_no}", "7")
            .replace("{change_order_no}", "7")
            .replace("{out_order_no}", "NOBODYS-1");
        let answer = if method == "get" {
            world.get(&path).await
        } else {
            let body = document.body(operation).unwrap_or(Value::Null);
            world.write(&path, &path, &body).await
        };
        let code = match what {
            "refund_order" => "refund_not_found",
            "change_order" => "change_not_found",
            _ => "order_not_found",
        };
        assert_eq!(answer.status, 404, "{path}: {answer:?}");
        assert_eq!(answer.body["code"], code, "{path}");
        assert_eq!(answer.body["side_effects"], "none", "{path}");
    }
}
