//! What happens to orders, refunds and changes, as TOP's messages report it. The contents follow
//! `openapi/top/topics.json`.

use serde_json::{Value, json};

use super::change::{Change, ChangeProgress};
use super::order::{Order, Progress, Status};
use super::refund::{Refund, RefundProgress, RefundStatus};
use super::schedule::ScheduleChange;

const TRADE: &str = "alitrip_flight_TradeNotify";
const PAYMENT: &str = "alitrip_flight_PayNotification";
const REFUND: &str = "alitrip_flight_RefundNotify";
const CHANGE: &str = "alitrip_flight_ChangeStatusNotify";
const FLIGHT: &str = "alitrip_flight_FlightChange";

/// The topics of the app.
pub(super) const TOPICS: [&str; 5] = [TRADE, PAYMENT, REFUND, CHANGE, FLIGHT];

/// A fact that TOP reports with one message.
#[derive(Clone)]
pub(super) struct Fact {
    /// The account whose order it concerns.
    pub(super) account: String,
    pub(super) topic: &'static str,
    /// The content of the message.
    pub(super) content: Value,
    /// The state before the fact; a message that comes early is sent while lookups still show it.
    pub(super) before: Before,
}

/// An order, refund or change before a fact. None: it did not exist.
#[derive(Clone)]
pub(super) enum Before {
    Order(u64, Progress),
    Refund(u64, Option<RefundProgress>),
    Change(u64, Option<ChangeProgress>),
    /// The latest schedule change of this order.
    Schedule(u64),
}

impl std::fmt::Debug for Fact {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Fact")
            .field("topic", &self.topic)
            .finish_non_exhaustive()
    }
}

/// The id in a content; consumers detect repeated messages by it.
fn new_id() -> String {
    uuid::Uuid::new_v4().simple().to_string()
}

/// The facts of an order whose status was `before.status`.
pub(super) fn of_order(order: &Order, before: &Progress) -> Vec<Fact> {
    if order.progress.status == before.status {
        return Vec::new();
    }
    let fact = |topic, content| Fact {
        account: order.account.clone(),
        topic,
        content,
        before: Before::Order(order.order_id, before.clone()),
    };
    let order_no = order.order_id.to_string();
    let payment = order.progress.payment.as_ref();
    let trade = |event: &str| {
        let mut content = json!({"id": new_id(), "order_no": order_no, "type": event});
        if let Some(payment) = payment {
            content["trade_no"] = json!(payment.trade_no);
        }
        content
    };
    match order.progress.status {
        // No topic reports a failure.
        Status::Booked | Status::Failed => Vec::new(),
        Status::Paid => {
            let number = payment.map_or("", |payment| &payment.alipay_trade_no);
            let mut content = trade("1");
            content["alipay_trade_no"] = json!(number);
            let paid = json!({"id": new_id(), "order_no": order_no, "alipay_trade_no": number});
            vec![fact(TRADE, content), fact(PAYMENT, paid)]
        }
        Status::Closed => vec![fact(TRADE, trade("2"))],
        Status::Ticketed => vec![fact(TRADE, trade("3"))],
    }
}

/// The fact of a refund, created or changed from `before`.
pub(super) fn of_refund(refund: &Refund, before: Option<&RefundProgress>) -> Option<Fact> {
    let status = refund.progress.status;
    if before.is_some_and(|before| before.status == status) {
        return None;
    }
    let event = match status {
        RefundStatus::Applied => "REFUND_CREATE_MSG",
        RefundStatus::InProgress => return None,
        RefundStatus::Failed => "REFUND_CLOSE_MSG",
        RefundStatus::Refunded => "REFUND_SUCCESS_MSG",
    };
    Some(Fact {
        account: refund.account.clone(),
        topic: REFUND,
        content: json!({
            "id": new_id(),
            "message_type": event,
            "order_no": refund.order_id,
            "refund_order_no": refund.refund_order_no,
            "multi_refund_flag": refund.multi_refund_flag,
        }),
        before: Before::Refund(refund.refund_order_no, before.cloned()),
    })
}

/// The fact of a change, created or changed from `before`.
pub(super) fn of_change(change: &Change, before: Option<&ChangeProgress>) -> Option<Fact> {
    let status = change.progress.status;
    if before.is_some_and(|before| before.status == status) {
        return None;
    }
    Some(Fact {
        account: change.account.clone(),
        topic: CHANGE,
        content: json!({
            "id": new_id(),
            "order_no": change.order_id,
            "change_order_no": change.change_order_no,
            "status": status.number(),
        }),
        before: Before::Change(change.change_order_no, before.cloned()),
    })
}

/// The fact of a schedule change.
pub(super) fn of_schedule(order: &Order, change: &ScheduleChange) -> Fact {
    let mut content = json!({"message_id": new_id(), "order_id": order.order_id});
    if let (Some(content), Value::Object(change)) = (content.as_object_mut(), change.json()) {
        content.extend(change.into_iter().filter(|(_, value)| !value.is_null()));
    }
    Fact {
        account: order.account.clone(),
        topic: FLIGHT,
        content,
        before: Before::Schedule(order.order_id),
    }
}
