//! The state of TOP: orders, and the effects of writes.
//!
//! TOP executes every write that it receives, even twice, so that the laws detect a second payment.
//! Restrictions, each to be lifted when the gateway handles the opposite:
//! - A refusal is true: `Step::Refuse` decides that the write is never executed. The gateway accepts a listed
//!   refusal of a booking at once (law 3), so only the watch can detect a false refusal.
//! - Reads show an effect within a settle window: `world::LATEST`. The watch finds an effect that appears
//!   later, and contradicts the outcome.
//! - No order closes by itself.
//! - An operator reports the true outcome: `explorer::truth`. This restriction is permanent.

use fliggy_gateway::domain::ids::OperationId;
use fliggy_gateway::domain::operation::Kind;
use fliggy_gateway::domain::time::LocalTime;
use fliggy_gateway::top::departure::Departure;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::process::wall;

/// A write as TOP receives it.
#[derive(Clone, Debug)]
pub(crate) struct WriteCall {
    pub(crate) kind: Kind,
    /// The subject as the journal stores it.
    pub(crate) subject: String,
    pub(crate) label: String,
    pub(crate) request: Value,
    /// Whether the body of the write may be sent, and whether it was sent.
    pub(crate) departure: Departure,
    /// The operation of the write, once the write was sent.
    pub(crate) operation: Option<OperationId>,
}

#[derive(Clone, Debug)]
pub(crate) struct Order {
    pub(crate) id: u64,
    pub(crate) reference: String,
    total: Value,
    segments: Value,
    passengers: Vec<Value>,
    booked: String,
    /// The effect that created the order; None for a predefined order.
    made_by: Option<usize>,
}

/// An effect of a write.
#[derive(Clone, Debug)]
pub(crate) struct Effect {
    kind: Kind,
    order: u64,
    operation: Option<OperationId>,
    pub(crate) at: Instant,
    time: String,
    /// Reads do not show the effect yet.
    hidden: bool,
}

pub(crate) struct Ledger {
    orders: Vec<Order>,
    effects: Vec<Effect>,
    /// The start of the run.
    zero: Instant,
}

/// The predefined orders.
pub(crate) const ORDERS: [u64; 2] = [7_000_001, 7_000_002];
pub(crate) const TOTAL: &str = "870.00";

// === impl Ledger ===

impl Ledger {
    pub(crate) fn new(zero: Instant) -> Self {
        let booked = LocalTime::from_timestamp(wall(zero)).to_wire();
        let orders = ORDERS.map(|id| Order {
            id,
            reference: format!("MODEL-{id}"),
            total: json!(870),
            segments: json!([]),
            passengers: Vec::new(),
            booked: booked.clone(),
            made_by: None,
        });
        Self {
            orders: orders.into(),
            effects: Vec::new(),
            zero,
        }
    }

    fn now(&self) -> String {
        LocalTime::from_timestamp(wall(self.zero)).to_wire()
    }

    pub(crate) fn is_executed(&self, operation: OperationId) -> bool {
        self.order_of(operation).is_some()
    }

    /// The order that the operation is about.
    pub(crate) fn order_of(&self, operation: OperationId) -> Option<u64> {
        let mut effects = self.effects.iter();
        let done = effects.find(|effect| effect.operation == Some(operation))?;
        Some(done.order)
    }

    /// Subjects of writes that were executed more than once, but may be executed only once.
    pub(crate) fn executed_twice(&self) -> Vec<String> {
        let mut twice = Vec::new();
        for order in &self.orders {
            for kind in [Kind::Pay, Kind::Close] {
                if self.effects_on(order.id, kind).count() > 1 {
                    twice.push(format!("{} of order {}", kind.as_str(), order.id));
                }
            }
            let same = |other: &&Order| other.reference == order.reference;
            if self.orders.iter().filter(same).count() > 1 {
                twice.push(format!("book of {}", order.reference));
            }
        }
        twice
    }

    fn effects_on(&self, order: u64, kind: Kind) -> impl Iterator<Item = &Effect> {
        let on = move |effect: &&Effect| effect.order == order && effect.kind == kind;
        self.effects.iter().filter(on)
    }

    pub(crate) fn hidden(&self) -> impl Iterator<Item = &Effect> {
        self.effects.iter().filter(|effect| effect.hidden)
    }

    /// Shows the effects up to this time, and describes them.
    pub(crate) fn show_before(&mut self, time: Option<Instant>) -> Vec<String> {
        let mut shown = Vec::new();
        for effect in &mut self.effects {
            if effect.hidden && time.is_some_and(|time| effect.at <= time) {
                effect.hidden = false;
                shown.push(format!(
                    "{} of order {}",
                    effect.kind.as_str(),
                    effect.order
                ));
            }
        }
        shown
    }

    /// Whether TOP can execute the write. An earlier effect of the same kind does not prevent it.
    pub(crate) fn can_execute(&self, write: &WriteCall) -> bool {
        let Some(order) = write.request["order_id"].as_u64() else {
            return true;
        };
        let against = match write.kind {
            Kind::Pay => Kind::Close,
            _ => Kind::Pay,
        };
        self.effects_on(order, against).next().is_none()
    }

    /// Executes the write.
    pub(crate) fn execute(&mut self, write: &WriteCall, hidden: bool) {
        let order = match write.request["order_id"].as_u64() {
            Some(order) => order,
            None => self.book(&write.request),
        };
        self.effects.push(Effect {
            kind: write.kind,
            order,
            operation: write.operation,
            at: Instant::now(),
            time: self.now(),
            hidden,
        });
    }

    fn book(&mut self, request: &Value) -> u64 {
        let id = 7_100_000 + u64::try_from(self.orders.len()).unwrap();
        let segments = request["flight_journey_list"][0]["flight_segment_list"].clone();
        self.orders.push(Order {
            id,
            reference: request["out_order_no"].as_str().unwrap().to_owned(),
            total: request["total_price"].clone(),
            segments,
            passengers: request["passenger_list"].as_array().unwrap().clone(),
            booked: self.now(),
            made_by: Some(self.effects.len()),
        });
        id
    }

    /// The order that a read finds.
    pub(crate) fn shown(&self, wanted: impl Fn(&Order) -> bool) -> Option<&Order> {
        let is_shown = |order: &Order| order.made_by.is_none_or(|by| !self.effects[by].hidden);
        let mut orders = self.orders.iter();
        orders.find(|order| wanted(order) && is_shown(order))
    }

    fn row(&self, order: &Order) -> Value {
        let seen = |kind| {
            self.effects_on(order.id, kind)
                .find(|effect| !effect.hidden)
        };
        let mut row = json!({
            "order_id": order.id,
            "out_order_no": order.reference,
            "order_status": "生单预定成功",
            "book_time": order.booked,
            "total_price": order.total,
        });
        if let Some(paid) = seen(Kind::Pay) {
            row["order_status"] = "支付成功".into();
            row["pay_time"] = paid.time.clone().into();
            row["real_pay_price"] = order.total.clone();
        } else if seen(Kind::Close).is_some() {
            row["order_status"] = "已关闭".into();
        }
        row
    }

    pub(crate) fn detail(&self, found: Option<&Order>) -> Value {
        let Some(order) = found else {
            return json!({"alitrip_flight_service_queryorderdetail_response": {
                "is_success": false, "error_msg": "订单不存在",
            }});
        };
        let travellers = order.passengers.iter().map(|p| json!({"passenger": p}));
        let travellers: Vec<_> = travellers.collect();
        let mut detail = self.row(order);
        detail["flight_book_order_detail_list"] = json!({"flight_book_order_detail": travellers});
        if order.segments.as_array().is_some_and(|all| !all.is_empty()) {
            detail["flight_route"] = json!({
                "trip_type": 1,
                "flight_journey_list": {"flight_journey": [{
                    "flight_segment_list": {"flight_segment": order.segments},
                }]},
            });
        }
        detail["is_success"] = true.into();
        json!({"alitrip_flight_service_queryorderdetail_response": detail})
    }

    pub(crate) fn list(&self) -> Value {
        let shown = self.orders.iter().filter(|order| {
            let is_it = |other: &Order| other.id == order.id;
            self.shown(is_it).is_some()
        });
        let rows: Vec<_> = shown.map(|order| self.row(order)).collect();
        json!({"alitrip_flight_service_queryorderlist_response": {
            "pagination": {
                "current_page": 1, "page_size": 50, "total_count": rows.len(), "total_page": 1,
            },
            "flight_book_order_list": {"flight_book_order": rows},
            "is_success": true,
        }})
    }

    /// The response to a write that was executed.
    pub(crate) fn done(&self, write: &WriteCall) -> Value {
        let mine = |effect: &&Effect| effect.operation == write.operation;
        let order = match self.effects.iter().rev().find(mine) {
            Some(effect) => effect.order,
            None => return json!({}),
        };
        let order = self.orders.iter().find(|o| o.id == order).unwrap();
        self.answer(write.kind, order)
    }

    fn answer(&self, kind: Kind, order: &Order) -> Value {
        let common = json!({
            "order_id": order.id, "out_order_no": order.reference, "is_success": true,
        });
        let with = |more: Value| {
            let mut all = common.clone();
            let more = more.as_object().unwrap().clone();
            all.as_object_mut().unwrap().extend(more);
            all
        };
        match kind {
            Kind::Pay => json!({"alitrip_flight_service_pay_response": with(json!({
                "order_status": "支付成功", "real_pay_price": order.total, "pay_time": self.now(),
            }))}),
            Kind::Close => json!({"alitrip_flight_service_close_response": with(json!({
                "order_status": "已关闭",
            }))}),
            _ => json!({"alitrip_flight_service_airbook_response": with(json!({
                "order_status": "生单预定成功", "total_price": order.total, "book_time": order.booked,
            }))}),
        }
    }

    /// A response that reports the success of a write that was not executed.
    pub(crate) fn false_success(&self, write: &WriteCall) -> Value {
        let id = write.request["order_id"].as_u64();
        let known = self.orders.iter().find(|order| Some(order.id) == id);
        let made = Order {
            id: 7_900_000 + u64::try_from(self.effects.len()).unwrap(),
            reference: write.request["out_order_no"]
                .as_str()
                .unwrap_or_default()
                .to_owned(),
            total: write.request["total_price"].clone(),
            segments: json!([]),
            passengers: Vec::new(),
            booked: self.now(),
            made_by: None,
        };
        self.answer(write.kind, known.unwrap_or(&made))
    }

    /// A response that is not a success.
    pub(crate) fn failure(write: &WriteCall, text: &str) -> Value {
        let method = match write.kind {
            Kind::Pay => "pay",
            Kind::Close => "close",
            _ => "airbook",
        };
        json!({format!("alitrip_flight_service_{method}_response"): {
            "is_success": false, "error_msg": text,
        }})
    }
}
