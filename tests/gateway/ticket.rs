//! Setup for tests of refunds and changes: a ticketed order, and requests about it.

use serde_json::{Value, json};

use crate::world::{Answer, World, booking};

/// Leaves time for a deliberately slow response, even on a busy machine.
pub(crate) const PATIENT: &[(&str, &str)] = &[
    ("GATEWAY__TOP__DEADLINE", "10s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW", "10s"),
    ("GATEWAY__RECONCILE__SETTLE_WINDOW_PAY", "10s"),
];

/// A ticketed order.
pub(crate) struct Ticket {
    /// Fliggy's order id.
    pub(crate) id: String,
    /// The whole order, as it was when it was ticketed.
    pub(crate) order: Value,
}

/// A ticketed order of one adult.
pub(crate) async fn ticketed(world: &World, number: &str) -> Ticket {
    let booking = booking(&world.offer().await, number);
    ticketed_by(world, &booking).await
}

/// A ticketed order of the documented example: an adult and a child.
pub(crate) async fn family(world: &World, number: &str) -> Ticket {
    let mut booking: Value =
        serde_json::from_str(include_str!("../../openapi/examples/booking.json")).unwrap();
    booking["out_order_no"] = json!(number);
    booking["allow_duplicate"] = json!(true);
    ticketed_by(world, &booking).await
}

/// A ticketed return order of one adult.
pub(crate) async fn there_and_back(world: &World, number: &str) -> Ticket {
    let search = json!({"journeys": [
        {"from": "BJS", "to": "XMN", "date": "2030-05-20"},
        {"from": "XMN", "to": "BJS", "date": "2030-05-23"},
    ]});
    let found = world.post_with("/v1/flights/search", &[], &search).await;
    assert_eq!(found.status, 200, "{found:?}");
    ticketed_by(world, &booking(&found.body["items"][0], number)).await
}

pub(crate) async fn ticketed_by(world: &World, booking: &Value) -> Ticket {
    let number = booking["out_order_no"].as_str().unwrap();
    let booked = world
        .done("/v1/orders", &format!("book-{number}"), booking)
        .await;
    let id = booked["order_id"].as_str().unwrap().to_owned();
    let total = json!({"total_price": booked["total_price"]});
    let payment = format!("/v1/orders/{id}/payment");
    world.done(&payment, &format!("pay-{number}"), &total).await;
    advance(world, &format!("orders/{id}"), "ticketed").await;
    let order = world.get(&format!("/v1/orders/{id}")).await.body;
    assert_eq!(order["status"], "ticketed", "{order:#}");
    Ticket { id, order }
}

/// Moves an order, refund or change to this status at the simulator.
pub(crate) async fn advance(world: &World, what: &str, to: &str) {
    let path = format!("/_simulator/{what}/advance");
    let moved = world.post_with(&path, &[], &json!({"to": to})).await;
    assert_eq!(moved.status, 200, "{moved:?}");
}

/// Status and code of a problem.
pub(crate) fn problem(answer: &Answer) -> (u16, &str) {
    (answer.status, answer.body["code"].as_str().unwrap_or("-"))
}

/// The pointers and messages of the errors.
pub(crate) fn field_errors(answer: &Answer) -> Vec<(&str, &str)> {
    let errors = answer.body["errors"].as_array().into_iter().flatten();
    errors
        .map(|e| (e["pointer"].as_str().unwrap(), e["code"].as_str().unwrap()))
        .collect()
}

/// An amount in fen.
pub(crate) fn fen(amount: &Value) -> i64 {
    let text = amount.as_str().unwrap();
    let (yuan, fen) = text.split_once('.').unwrap();
    assert_eq!(fen.len(), 2, "{text}");
    yuan.parse::<i64>().unwrap() * 100 + fen.parse::<i64>().unwrap()
}

impl Ticket {
    pub(crate) fn passenger(&self, index: usize) -> &str {
        self.order["passengers"][index]["passenger_id"]
            .as_str()
            .unwrap()
    }

    /// The ids of all passengers.
    pub(crate) fn passengers(&self) -> Vec<&str> {
        let count = self.order["passengers"].as_array().unwrap().len();
        (0..count).map(|index| self.passenger(index)).collect()
    }

    pub(crate) fn segment(&self, journey: usize) -> &str {
        self.order["journeys"][journey]["segments"][0]["segment_id"]
            .as_str()
            .unwrap()
    }

    pub(crate) fn path(&self, rest: &str) -> String {
        format!("/v1/orders/{}{rest}", self.id)
    }

    // --- refunds

    /// A selection of every passenger, for a refund.
    pub(crate) fn all(&self, kind: &str) -> Value {
        json!({"kind": kind, "passengers": self.passengers()})
    }

    pub(crate) async fn ask_quote(&self, world: &World, selection: &Value) -> Answer {
        world
            .post_with(&self.path("/refund-quote"), &[], selection)
            .await
    }

    /// A quote that must succeed.
    pub(crate) async fn quote(&self, world: &World, selection: &Value) -> Value {
        let answer = self.ask_quote(world, selection).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.body
    }

    /// Applies for a refund; the number is also the key.
    pub(crate) async fn apply(&self, world: &World, number: &str, rest: &Value) -> Answer {
        let mut body = json!({"out_refund_no": number});
        body.as_object_mut()
            .unwrap()
            .extend(rest.as_object().unwrap().clone());
        world.sent(&self.path("/refunds"), number, &body, 20).await
    }

    /// The body of an application for one passenger, with the quoted fee.
    pub(crate) async fn refund_of(&self, world: &World, number: &str, index: usize) -> Value {
        let mut body = json!({"kind": "voluntary", "passengers": [self.passenger(index)]});
        let quote = self.quote(world, &body).await;
        assert_eq!(quote["refundable"], true, "{quote:#}");
        body["out_refund_no"] = json!(number);
        body["fee"] = quote["fee"].clone();
        body
    }

    /// Applies for a refund of every passenger; the application must succeed.
    pub(crate) async fn refunded(&self, world: &World, number: &str, kind: &str) -> Value {
        let quote = self.quote(world, &self.all(kind)).await;
        let body = json!({"out_refund_no": number, "quote_id": quote["quote_id"]});
        world.done(&self.path("/refunds"), number, &body).await
    }

    /// The refunds in Fliggy's ledger, newest first.
    pub(crate) async fn refund_ledger(&self, world: &World) -> Vec<Value> {
        rows(world, &format!("/_simulator/refunds?order_id={}", self.id)).await
    }

    // --- changes

    /// The body of a change of every passenger to the same flight a day later.
    pub(crate) fn later(&self, number: &str) -> Value {
        let mut change: Value =
            serde_json::from_str(include_str!("../../openapi/examples/change.json")).unwrap();
        change["out_change_no"] = json!(number);
        change["passengers"] = json!(self.passengers());
        change["segments"][0]["replaces"] = json!(self.segment(0));
        change.as_object_mut().unwrap().remove("max_total");
        change
    }

    /// Sends a change, with its number as key.
    pub(crate) async fn change(&self, world: &World, change: &Value) -> Answer {
        let key = change["out_change_no"].as_str().unwrap();
        let headers = [("Idempotency-Key", key), ("Prefer", "wait=20")];
        world
            .post_with(&self.path("/changes"), &headers, change)
            .await
    }

    /// Creates a change; the request must succeed.
    pub(crate) async fn changed(&self, world: &World, number: &str) -> Value {
        world
            .done(&self.path("/changes"), number, &self.later(number))
            .await
    }

    /// The changes in Fliggy's ledger, newest first.
    pub(crate) async fn change_ledger(&self, world: &World) -> Vec<Value> {
        rows(world, &format!("/_simulator/changes?order_id={}", self.id)).await
    }
}

/// A path below a change.
pub(crate) fn change_path(change: &Value, rest: &str) -> String {
    let number = change["change_order_no"].as_str().unwrap();
    format!("/v1/changes/{number}{rest}")
}

/// The items of a list.
pub(crate) async fn rows(world: &World, path: &str) -> Vec<Value> {
    let answer = world.get(path).await;
    answer.body["items"].as_array().unwrap().clone()
}
