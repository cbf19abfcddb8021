use std::sync::Arc;

use serde_json::{Value, json};

use super::*;
use crate::clock::ManualClock;
use crate::simulator::Timing;
use crate::simulator::ledger::NewOrder;
use crate::simulator::order::Cents;

fn book(ledger: &mut Ledger, number: usize) -> u64 {
    let order = ledger.insert(NewOrder {
        out_order_no: format!("N-{number}"),
        account: "default".to_owned(),
        seller: "seller".to_owned(),
        total: Cents(100),
        details: Vec::new(),
        passengers: Vec::new(),
        route: Value::Null,
        flights: Vec::new(),
    });
    order.order_id
}

fn reported(ledger: &mut Ledger) -> Vec<Value> {
    let facts = ledger.take_facts();
    let events = facts.iter().map(|fact| fact.content["type"].clone());
    events.filter(|event| !event.is_null()).collect()
}

#[test]
fn only_what_is_due_is_looked_at() {
    let clock = Arc::new(ManualClock::frozen());
    let timing = Timing::default();
    let mut ledger = Ledger::new(clock.clone(), timing.clone(), 100_000);
    let orders: Vec<u64> = (0..20_000).map(|n| book(&mut ledger, n)).collect();
    assert_eq!(ledger.age_due(usize::MAX), 0);
    assert_eq!(ledger.next_due(), Some(timing.pay_within));
    for id in &orders[..3] {
        ledger.pay(*id).unwrap();
    }
    assert_eq!(reported(&mut ledger), vec![json!("1"); 3]);
    assert_eq!(ledger.next_due(), Some(timing.ticket_after));
    clock.advance_steady(timing.ticket_after);
    // A limit is kept, and each order is looked at once however many there are.
    assert_eq!(ledger.age_due(2), 2);
    assert_eq!(ledger.age_due(usize::MAX), 1);
    assert_eq!(ledger.age_due(usize::MAX), 0);
    assert_eq!(reported(&mut ledger), vec![json!("3"); 3]);
    clock.advance_steady(timing.pay_within);
    assert_eq!(ledger.age_due(usize::MAX), orders.len() - 3);
    assert_eq!(reported(&mut ledger).len(), orders.len() - 3);
    assert_eq!(ledger.next_due(), None);
}

#[test]
fn what_is_undone_is_not_reported() {
    let clock = Arc::new(ManualClock::frozen());
    let mut ledger = Ledger::new(clock.clone(), Timing::default(), 10);
    let id = book(&mut ledger, 0);
    let before = ledger.snapshot(id);
    ledger.pay(id).unwrap();
    ledger.undo(&crate::simulator::ledger::Changed::Order(id), before);
    assert!(ledger.take_facts().is_empty());
    assert_eq!(ledger.next_due(), Some(Timing::default().pay_within));
}

#[test]
fn dropped_orders_are_not_due() {
    let clock = Arc::new(ManualClock::frozen());
    let mut ledger = Ledger::new(clock.clone(), Timing::default(), 10);
    for number in 0..100 {
        book(&mut ledger, number);
    }
    clock.advance_steady(Timing::default().pay_within);
    assert_eq!(ledger.age_due(usize::MAX), 10);
}
