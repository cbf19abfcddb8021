use super::*;
use crate::domain::ids::{OrderId, OutOrderNo};
use crate::domain::money::Money;
use crate::domain::time::LocalTime;

fn order(status: OrderStatus) -> Order {
    Order {
        order_id: OrderId::new(7).unwrap(),
        out_order_no: Some("T-1".into()),
        status,
        status_text: String::new(),
        seller: None,
        booked_at: None,
        pay_before: None,
        paid_at: None,
        ticketed_at: None,
        total_price: Some(Money::parse("950.00").unwrap()),
        paid_price: None,
        trade_no: None,
        alipay_trade_no: None,
        passengers: Vec::new(),
        trip_type: None,
        journeys: Vec::new(),
    }
}

fn pay() -> Intent {
    Intent::Pay {
        order_id: OrderId::new(7).unwrap(),
        total: Money::parse("950.00").unwrap(),
    }
}

fn close() -> Intent {
    Intent::Close {
        order_id: OrderId::new(7).unwrap(),
    }
}

fn word(intent: &Intent, order: &Order) -> &'static str {
    judge(intent, &Sight::Order(order)).word()
}

#[test]
fn the_table_of_statuses() {
    for (status, paid, closed) in [
        (OrderStatus::Creating, "inconclusive", "inconclusive"),
        (OrderStatus::Booked, "not_happened", "not_happened"),
        (OrderStatus::Paid, "happened", "refuted"),
        (OrderStatus::Ticketing, "happened", "refuted"),
        (OrderStatus::Ticketed, "happened", "refuted"),
        (OrderStatus::Closed, "refuted", "happened"),
        (OrderStatus::Failed, "inconclusive", "inconclusive"),
        (OrderStatus::Other, "inconclusive", "inconclusive"),
    ] {
        assert_eq!(word(&pay(), &order(status)), paid, "pay {status:?}");
        assert_eq!(word(&close(), &order(status)), closed, "close {status:?}");
    }
}

#[test]
fn law_7_payment_fields_beat_the_status_and_a_trade_number_is_no_payment() {
    let mut paid = order(OrderStatus::Booked);
    paid.paid_at = LocalTime::parse_wire("2030-05-01 10:05:00").ok();
    assert_eq!(word(&pay(), &paid), "happened");
    let mut paid = order(OrderStatus::Closed);
    paid.paid_price = Money::parse("950.00").ok();
    assert_eq!(word(&pay(), &paid), "happened");
    assert_eq!(word(&close(), &paid), "refuted");
    let mut numbered = order(OrderStatus::Booked);
    numbered.trade_no = Some("2030050100000000000001".into());
    numbered.paid_price = Some(Money::ZERO);
    assert_eq!(word(&pay(), &numbered), "not_happened");
}

#[test]
fn law_7_evidence_must_be_ours() {
    let mut foreign = order(OrderStatus::Ticketed);
    foreign.order_id = OrderId::new(8).unwrap();
    assert_eq!(word(&pay(), &foreign), "inconclusive");
    assert_eq!(word(&close(), &foreign), "inconclusive");

    let book = |reference: &str, total: &str, segments: Vec<String>| Intent::Book {
        out_order_no: reference.parse::<OutOrderNo>().unwrap(),
        total: Money::parse(total).unwrap(),
        segments,
        passengers: Vec::new(),
    };
    let found = order(OrderStatus::Booked);
    assert_eq!(word(&book("T-1", "950.00", vec![]), &found), "happened");
    assert_eq!(word(&book("T-2", "950.00", vec![]), &found), "inconclusive");
    assert_eq!(word(&book("T-1", "951.00", vec![]), &found), "inconclusive");
    assert_eq!(
        word(&book("T-1", "950.00", vec!["CZ8957".into()]), &found),
        "inconclusive"
    );
}

#[test]
fn law_5_what_tells_nothing_does_not_count() {
    for intent in [pay(), close()] {
        let finding = judge(&intent, &Sight::Nothing("an error"));
        assert_eq!(finding.word(), "inconclusive");
        // An order that was there cannot be absent.
        assert_eq!(judge(&intent, &Sight::Absent).word(), "inconclusive");
    }
}
