//! Writes that can be repeated under their key, and their subjects.

pub(crate) use fliggy_gateway::domain::operation::Kind;
use serde_json::{Value, json};

use crate::world::{Gateway, World};

/// The method's name in the simulator's list of calls.
pub(crate) fn method(kind: Kind) -> &'static str {
    match kind {
        Kind::Book => "airbook",
        Kind::Pay => "pay",
        Kind::Close => "close",
        Kind::Refund => "refund_create",
        Kind::Change => "change_create",
        Kind::ChangePay => "change_pay",
        Kind::ChangeCancel => "change_cancel",
    }
}

/// The type of an operation's subject.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// The caller's number of an order.
    Number,
    /// Fliggy's id of an order.
    Order,
    /// Fliggy's number of a change.
    Change,
}

impl About {
    pub(crate) fn of(kind: Kind) -> Self {
        match kind {
            Kind::Book => Self::Number,
            Kind::Pay | Kind::Close | Kind::Refund | Kind::Change => Self::Order,
            Kind::ChangePay | Kind::ChangeCancel => Self::Change,
        }
    }
}

/// The name under which the simulator's ledger counts the effect, in the order or the change.
pub(crate) fn effect(kind: Kind) -> &'static str {
    match kind {
        Kind::ChangePay => "pay",
        Kind::ChangeCancel => "cancel",
        Kind::Book | Kind::Pay | Kind::Close | Kind::Refund | Kind::Change => kind.as_str(),
    }
}

/// A write that can be repeated under its key.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    pub(crate) kind: Kind,
    /// Order number for a booking, change number for its payment and cancellation, order id for
    /// other writes.
    pub(crate) subject: String,
    pub(crate) path: String,
    pub(crate) key: String,
    pub(crate) body: Value,
}

/// The data that all tickets of these tests share: they are for the same passenger on the same flight.
#[derive(Clone, Debug)]
pub(crate) struct Ticket {
    passenger: Value,
    segment: Value,
    fee: Value,
}

impl Ask {
    fn new(kind: Kind, subject: &str, path: String, body: Value) -> Self {
        Self {
            kind,
            subject: subject.to_owned(),
            path,
            key: format!("{}-{subject}", kind.as_str()),
            body,
        }
    }

    pub(crate) fn book(example: &Value, out_order_no: &str) -> Self {
        let mut body = example.clone();
        body["out_order_no"] = json!(out_order_no);
        // Every test books the same passenger on the same flight.
        body["allow_duplicate"] = json!(true);
        Self::new(Kind::Book, out_order_no, "/v1/orders".to_owned(), body)
    }

    pub(crate) fn pay(order: &Value) -> Self {
        let id = order["order_id"].as_str().unwrap();
        let total = json!({"total_price": order["total_price"]});
        Self::new(Kind::Pay, id, format!("/v1/orders/{id}/payment"), total)
    }

    pub(crate) fn close(order: &Value) -> Self {
        let id = order["order_id"].as_str().unwrap();
        Self::new(Kind::Close, id, format!("/v1/orders/{id}/close"), json!({}))
    }

    /// A refund of the one passenger; the order must be ticketed.
    pub(crate) fn refund(order: &Value, ticket: &Ticket) -> Self {
        let id = order["order_id"].as_str().unwrap();
        let body = json!({
            "out_refund_no": format!("R-{id}"), "kind": "voluntary",
            "passengers": [ticket.passenger], "fee": ticket.fee,
        });
        Self::new(Kind::Refund, id, format!("/v1/orders/{id}/refunds"), body)
    }

    /// A change to the same flight a day later; the order must be ticketed.
    pub(crate) fn change(order: &Value, ticket: &Ticket) -> Self {
        let id = order["order_id"].as_str().unwrap();
        let mut body: Value =
            serde_json::from_str(include_str!("../../openapi/examples/change.json")).unwrap();
        body["out_change_no"] = json!(format!("C-{id}"));
        body["passengers"] = json!([ticket.passenger]);
        body["segments"][0]["replaces"] = ticket.segment.clone();
        Self::new(Kind::Change, id, format!("/v1/orders/{id}/changes"), body)
    }

    pub(crate) fn pay_change(change: &Value) -> Self {
        let number = change["change_order_no"].as_str().unwrap();
        let total = json!({"total_price": change["total_price"]});
        let path = format!("/v1/changes/{number}/payment");
        Self::new(Kind::ChangePay, number, path, total)
    }

    pub(crate) fn cancel_change(change: &Value) -> Self {
        let number = change["change_order_no"].as_str().unwrap();
        let path = format!("/v1/changes/{number}/cancel");
        Self::new(Kind::ChangeCancel, number, path, json!({}))
    }

    /// The same write under another key, as a retry of an earlier operation that was not executed.
    pub(crate) fn as_retry(&self, earlier: &str) -> Self {
        let mut retry = self.clone();
        retry.key = format!("{}-again", self.key);
        retry.body["retry_of"] = json!(earlier);
        retry
    }
}

impl World {
    /// Lets the simulator issue the tickets of an order.
    pub(crate) async fn issue(&self, order: &Value) {
        let id = order["order_id"].as_str().unwrap();
        let path = format!("/_simulator/orders/{id}/advance");
        let issued = self
            .post(&self.top, &path, &json!({"to": "ticketed"}))
            .await;
        assert_eq!(issued.status, 200, "{issued:?}");
    }

    /// A ticketed order under this number.
    pub(crate) async fn ticketed(&self, gateway: &Gateway, out_order_no: &str) -> Value {
        let order = self.booked(gateway, out_order_no).await;
        self.issue(&order).await;
        order
    }

    /// The data that all tickets share, read from one order.
    pub(crate) async fn ticket(&self, gateway: &Gateway) -> Ticket {
        let order = self.ticketed(gateway, "TICKET").await;
        let path = format!("/v1/orders/{}", order["order_id"].as_str().unwrap());
        let read = self.get(&gateway.address, &path).await.body;
        let passenger = read["passengers"][0]["passenger_id"].clone();
        let selection = json!({"kind": "voluntary", "passengers": [passenger]});
        let quote = self
            .post(
                &gateway.address,
                &format!("{path}/refund-quote"),
                &selection,
            )
            .await;
        assert_eq!(quote.status, 200, "{quote:?}");
        Ticket {
            passenger,
            segment: read["journeys"][0]["segments"][0]["segment_id"].clone(),
            fee: quote.body["fee"].clone(),
        }
    }

    /// Creates everything that a write of this kind needs.
    pub(crate) async fn prepared(
        &self,
        gateway: &Gateway,
        kind: Kind,
        ticket: &Ticket,
        number: &str,
    ) -> Ask {
        match kind {
            Kind::Book => Ask::book(&self.example(gateway).await, number),
            Kind::Pay => Ask::pay(&self.booked(gateway, number).await),
            Kind::Close => Ask::close(&self.booked(gateway, number).await),
            Kind::Refund => Ask::refund(&self.ticketed(gateway, number).await, ticket),
            Kind::Change => Ask::change(&self.ticketed(gateway, number).await, ticket),
            Kind::ChangePay => Ask::pay_change(&self.changed(gateway, ticket, number).await),
            Kind::ChangeCancel => Ask::cancel_change(&self.changed(gateway, ticket, number).await),
        }
    }

    /// A change that awaits payment.
    async fn changed(&self, gateway: &Gateway, ticket: &Ticket, number: &str) -> Value {
        let ask = Ask::change(&self.ticketed(gateway, number).await, ticket);
        let created = self.ask(&gateway.address, &ask, Some(20)).await.unwrap();
        assert_eq!(created.status, 201, "{created:?}");
        created.created().clone()
    }

    /// The simulator's ledger of these resources: all of them, or those of one subject.
    pub(crate) async fn ledger(&self, about: About, subject: Option<&str>) -> Vec<Value> {
        let (list, name) = match about {
            About::Number => ("orders", "out_order_no"),
            About::Order => ("orders", "order_id"),
            About::Change => ("changes", "change_order_no"),
        };
        let filter = subject.map_or_else(String::new, |subject| format!("?{name}={subject}"));
        let path = format!("/_simulator/{list}{filter}");
        let found = self.get(&self.top, &path).await;
        assert_eq!(found.status, 200, "{found:?}");
        let mut rows = found.body["items"].as_array().unwrap().clone();
        // This order is predefined; no test created it.
        rows.retain(|row| row["out_order_no"] != "SIM-KNOWN-ORDER");
        rows
    }

    /// The number of calls of this kind for this subject: every call is listed, whatever its
    /// outcome.
    pub(crate) async fn received(&self, kind: Kind, subject: &str) -> usize {
        let of = match About::of(kind) {
            About::Number => format!("out_order_no={subject}"),
            About::Order => format!("order_id={subject}"),
            // A call about a change is listed under the order of the change.
            About::Change => format!("order_id={}", self.changed_order(subject).await),
        };
        let path = format!("/_simulator/calls?method={}&{of}", method(kind));
        let calls = self.get(&self.top, &path).await;
        assert_eq!(calls.status, 200, "{calls:?}");
        calls.body["items"].as_array().unwrap().len()
    }

    async fn changed_order(&self, change_order_no: &str) -> String {
        let changes = self.ledger(About::Change, Some(change_order_no)).await;
        changes[0]["order_id"].as_str().unwrap().to_owned()
    }

    /// A match that limits a fault to this write.
    pub(crate) async fn only(&self, ask: &Ask) -> Value {
        match About::of(ask.kind) {
            About::Number => json!({"out_order_no": ask.subject}),
            About::Order => json!({"order_id": ask.subject}),
            About::Change => json!({"order_id": self.changed_order(&ask.subject).await}),
        }
    }

    /// How often the write was really executed.
    pub(crate) async fn effects(&self, kind: Kind, subject: &str) -> u64 {
        let rows = self.ledger(About::of(kind), Some(subject)).await;
        let times = rows.iter().map(|row| row["effects"][effect(kind)].as_u64());
        times.map(Option::unwrap).sum()
    }
}
