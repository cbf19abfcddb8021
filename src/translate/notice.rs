//! The messages of TOP's message service, by topic.

use serde::de::DeserializeOwned;

use super::{Unreadable, required};
use crate::domain::change::ChangeStatus;
use crate::domain::notice::{News, Notice, OrderNumber, RefundNews};
use crate::top::lenient::Field;
use crate::top::wire::{
    ChangeStatusNotify, FlightChangeMessage, PayNotification, RefundNotify, TradeNotify,
};

/// The topics that the gateway understands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Topic {
    /// `alitrip_flight_TradeNotify`
    Trade,
    /// `alitrip_flight_RefundNotify`
    Refund,
    /// `alitrip_flight_ChangeStatusNotify`
    Change,
    /// `alitrip_flight_FlightChange`
    FlightChange,
    /// `alitrip_flight_PayNotification`
    Pay,
}

impl Topic {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::Trade,
        Self::Refund,
        Self::Change,
        Self::FlightChange,
        Self::Pay,
    ];

    /// TOP's name of the topic.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Trade => "alitrip_flight_TradeNotify",
            Self::Refund => "alitrip_flight_RefundNotify",
            Self::Change => "alitrip_flight_ChangeStatusNotify",
            Self::FlightChange => "alitrip_flight_FlightChange",
            Self::Pay => "alitrip_flight_PayNotification",
        }
    }

    /// The topic with this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|topic| topic.as_str() == name)
    }
}

/// Reads the content of a message.
///
/// # Errors
/// The content is not a JSON object, or a field that identifies the message, its order, its refund or its change is missing
/// or garbled.
pub fn read(topic: Topic, content: &str) -> Result<Notice, Unreadable> {
    match topic {
        Topic::Trade => {
            let message: TradeNotify = parse(content)?;
            let news = match message.kind.lossy() {
                Some(1) => News::OrderPaid,
                Some(2) => News::OrderClosed,
                Some(3) => News::OrderTicketed,
                _ => News::Unlisted,
            };
            notice(message.id, message.order_no, news)
        }
        Topic::Refund => {
            let message: RefundNotify = parse(content)?;
            let refund = RefundNews {
                refund_order_no: required(message.refund_order_no, "refund_order_no")?,
                supplementary: message.multi_refund_flag.lossy(),
            };
            let news = match message.message_type.lossy().as_deref() {
                Some("REFUND_CREATE_MSG") => News::RefundCreated(refund),
                Some("REFUND_CLOSE_MSG") => News::RefundClosed(refund),
                Some("REFUND_SUCCESS_MSG") => News::Refunded(refund),
                _ => News::Unlisted,
            };
            notice(message.id, message.order_no, news)
        }
        Topic::Change => {
            let message: ChangeStatusNotify = parse(content)?;
            let change_order_no = required(message.change_order_no, "change_order_no")?;
            let status = message.status.lossy().map(ChangeStatus::from_wire);
            let news = News::Change(change_order_no, status.unwrap_or(ChangeStatus::Other));
            notice(message.id, message.order_no, news)
        }
        Topic::FlightChange => {
            let message: FlightChangeMessage = parse(content)?;
            let order = match message.order_id {
                Field::Absent => message.old_order_id,
                order => order,
            };
            Ok(Notice {
                id: match message.message_id {
                    Field::Absent => identity(message.old_message_id, "message_id")?,
                    id => identity(id, "message_id")?,
                },
                order: match order {
                    // The documentation marks it as optional.
                    Field::Absent => None,
                    order => Some(order_number(order, "order_id")?),
                },
                news: News::FlightChanged,
            })
        }
        Topic::Pay => {
            let message: PayNotification = parse(content)?;
            notice(message.id, message.order_no, News::OrderPaid)
        }
    }
}

fn parse<T: DeserializeOwned>(content: &str) -> Result<T, Unreadable> {
    let content = content.trim_start_matches('\u{feff}');
    serde_json::from_str(content).map_err(|_| Unreadable { field: "content" })
}

/// The longest id or number, in bytes. An inbox keeps them as keys.
const MAX_IDENTITY: usize = 128;

fn identity(field: Field<String>, name: &'static str) -> Result<String, Unreadable> {
    let text = required(field, name)?;
    if text.len() > MAX_IDENTITY {
        return Err(Unreadable { field: name });
    }
    Ok(text)
}

/// The number of an order: Fliggy's or a caller's. Other texts may be data.
fn order_number(field: Field<String>, name: &'static str) -> Result<OrderNumber, Unreadable> {
    let number = OrderNumber(identity(field, name)?);
    match (number.order_id(), number.out_order_no()) {
        (None, None) => Err(Unreadable { field: name }),
        _ => Ok(number),
    }
}

fn notice(id: Field<String>, order: Field<String>, news: News) -> Result<Notice, Unreadable> {
    Ok(Notice {
        id: identity(id, "id")?,
        order: Some(order_number(order, "order_no")?),
        news,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    /// The sample of a topic in the contract.
    fn sample(topic: Topic) -> Value {
        let contract: Value =
            serde_json::from_str(include_str!("../../openapi/top/topics.json")).unwrap();
        let topics = contract["topics"].as_array().unwrap();
        let found = topics.iter().find(|entry| entry["name"] == topic.as_str());
        found.unwrap()["sample"].clone()
    }

    fn with(topic: Topic, field: &str, value: Value) -> Result<Notice, Unreadable> {
        let mut content = sample(topic);
        content[field] = value;
        read(topic, &content.to_string())
    }

    fn refund() -> RefundNews {
        RefundNews {
            refund_order_no: "4966000000001".parse().unwrap(),
            supplementary: Some(false),
        }
    }

    #[test]
    fn the_sample_of_every_topic_is_read() {
        let change = "4988000000001".parse().unwrap();
        for (topic, id, news) in [
            (Topic::Trade, "msg-0001", News::OrderPaid),
            (Topic::Refund, "msg-0002", News::Refunded(refund())),
            (
                Topic::Change,
                "msg-0003",
                News::Change(change, ChangeStatus::AwaitingPayment),
            ),
            (Topic::FlightChange, "msg-0004", News::FlightChanged),
            (Topic::Pay, "msg-0005", News::OrderPaid),
        ] {
            let notice = read(topic, &sample(topic).to_string()).unwrap();
            assert_eq!((&*notice.id, &notice.news), (id, &news), "{topic:?}");
            let order = notice.order.unwrap();
            assert_eq!(
                order.order_id().unwrap().to_string(),
                "1234125412",
                "{topic:?}"
            );
            assert_eq!(Topic::named(topic.as_str()), Some(topic));
        }
        assert_eq!(Topic::named("taobao_item_ItemStockChanged"), None);
    }

    #[test]
    fn every_value_of_the_decisive_field_is_read() {
        for (value, news) in [
            (json!("1"), News::OrderPaid),
            (json!(2), News::OrderClosed),
            (json!("3"), News::OrderTicketed),
            (json!("4"), News::Unlisted),
            (json!(null), News::Unlisted),
        ] {
            assert_eq!(
                with(Topic::Trade, "type", value.clone()).unwrap().news,
                news,
                "{value}"
            );
        }
        for (value, news) in [
            ("REFUND_CREATE_MSG", News::RefundCreated(refund())),
            ("REFUND_CLOSE_MSG", News::RefundClosed(refund())),
            ("REFUND_SUCCESS_MSG", News::Refunded(refund())),
            ("REFUND_OTHER_MSG", News::Unlisted),
        ] {
            assert_eq!(
                with(Topic::Refund, "message_type", json!(value))
                    .unwrap()
                    .news,
                news
            );
        }
        for (value, status) in [
            (json!(1), ChangeStatus::Submitted),
            (json!("2"), ChangeStatus::AwaitingPayment),
            (json!(3), ChangeStatus::AwaitingTicketing),
            (json!(4), ChangeStatus::Closed),
            (json!(5), ChangeStatus::Ticketed),
            (json!(6), ChangeStatus::Other),
            (json!("?"), ChangeStatus::Other),
        ] {
            let change = "4988000000001".parse().unwrap();
            let notice = with(Topic::Change, "status", value).unwrap();
            assert_eq!(notice.news, News::Change(change, status));
        }
        let supplement = with(Topic::Refund, "multi_refund_flag", json!("true")).unwrap();
        let refund = RefundNews {
            supplementary: Some(true),
            ..refund()
        };
        assert_eq!(supplement.news, News::Refunded(refund));
    }

    #[test]
    fn camel_case_and_numbers_as_text_are_read() {
        let content = json!({"messageId": 77, "orderId": "1234125412", "oldFlightNo": "CZ8957"});
        let notice = read(Topic::FlightChange, &content.to_string()).unwrap();
        assert_eq!((&*notice.id, notice.news), ("77", News::FlightChanged));
        assert_eq!(notice.order, Some(OrderNumber("1234125412".into())));
        // Both spellings at once.
        let both = with(Topic::FlightChange, "messageId", json!("old")).unwrap();
        assert_eq!((&*both.id, both.news), ("msg-0004", News::FlightChanged));
        let notice = with(Topic::Pay, "order_no", json!("APP-1")).unwrap();
        let order = notice.order.unwrap();
        assert_eq!(order.order_id(), None);
        assert_eq!(order.out_order_no().unwrap().as_str(), "APP-1");
    }

    #[test]
    fn a_number_that_is_none_is_unreadable() {
        for (topic, field) in [
            (Topic::Trade, "order_no"),
            (Topic::Refund, "order_no"),
            (Topic::FlightChange, "order_id"),
        ] {
            for value in [
                json!("张三"),
                json!("7 8"),
                json!("x".repeat(65)),
                json!([1]),
            ] {
                let read = with(topic, field, value);
                assert_eq!(read, Err(Unreadable { field }), "{topic:?}");
            }
        }
        let nameless = with(Topic::FlightChange, "order_id", json!(null)).unwrap();
        assert_eq!(nameless.order, None);
    }

    #[test]
    fn content_without_its_identity_is_unreadable() {
        for (topic, field) in [
            (Topic::Trade, "id"),
            (Topic::Trade, "order_no"),
            (Topic::Refund, "refund_order_no"),
            (Topic::Change, "change_order_no"),
            (Topic::FlightChange, "message_id"),
            (Topic::Pay, "order_no"),
        ] {
            assert_eq!(
                with(topic, field, json!(null)),
                Err(Unreadable { field }),
                "{topic:?}"
            );
            assert_eq!(
                with(topic, field, json!({})),
                Err(Unreadable { field }),
                "{topic:?}"
            );
        }
        for content in ["", "null", "[]", "7", "{", "{\"id\": \"1\"", "\u{feff}"] {
            for topic in Topic::ALL {
                assert!(read(topic, content).is_err(), "{content}");
            }
        }
    }
}
