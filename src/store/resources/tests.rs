use super::*;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::change::{ChangeReceipt, ChangeStatus};
use crate::domain::ids::OperationId;
use crate::domain::money::Money;
use crate::domain::operation::{EventKind, Intent, Receipt, Standing, intent};
use crate::domain::order::{OrderReceipt, OrderStatus};
use crate::domain::refund::RefundStatus;

const ORDER: &str = "1234125412";
const REFUND: &str = "4966000000001";
const CHANGE: &str = "4988000000001";
const MINUTE: i64 = 60_000;

fn order(last_departure: Option<i64>) -> Ownership {
    Ownership {
        account: "default".parse().unwrap(),
        order_id: ORDER.parse().unwrap(),
        out_order_no: "TRIP-1".parse().unwrap(),
        owner: "trips".to_owned(),
        last_departure: last_departure.map(|ms| {
            let time = Timestamp::from_millisecond(ms).unwrap();
            crate::domain::time::LocalTime::from_timestamp(time)
        }),
        booked_at: Timestamp::UNIX_EPOCH,
        operation_id: OperationId::new(&SystemClock::new()),
    }
}

fn resource(word: &str) -> Resource {
    let number = match word {
        "order" => ORDER,
        "refund" => REFUND,
        _ => CHANGE,
    };
    Resource::named(word, number).unwrap()
}

fn tracked(word: &str, told: &[EventKind]) -> Tracked {
    Tracked {
        resource: resource(word),
        order_id: Some(ORDER.parse().unwrap()),
        owner: "trips".to_owned(),
        told: told.iter().copied().map(Fact::Event).collect(),
        changed_ms: 0,
        next_read_ms: Some(MINUTE),
    }
}

fn paid() -> Snapshot {
    Snapshot {
        resource: resource("order"),
        order_id: Some(ORDER.parse().unwrap()),
        status: ResourceStatus::Order {
            status: OrderStatus::Paid,
            paid: true,
        },
    }
}

fn operation(intent: Intent, state: State) -> Operation {
    let clock = SystemClock::new();
    let account = "default".parse().unwrap();
    let (caller, boot) = ("payer".to_owned(), "boot".to_owned());
    Operation {
        standing: Standing::of(state),
        ..Operation::accepted(
            OperationId::new(&clock),
            intent,
            account,
            caller,
            boot,
            0,
            clock.wall(),
        )
    }
}

fn pay(state: State) -> Operation {
    let order_id = ORDER.parse().unwrap();
    let total = Money::parse("950.00").unwrap();
    Operation {
        result: Some(Receipt::Order(OrderReceipt::unread(order_id))),
        ..operation(Intent::Pay(intent::Pay { order_id, total }), state)
    }
}

#[test]
fn the_pause_grows_until_a_resource_is_finished_and_is_then_a_day_until_departure() {
    use EventKind::{
        ChangeClosed, ChangeCreated, OrderBooked, OrderClosed, OrderFailed, OrderPaid,
        OrderTicketed, RefundCreated, RefundRefunded, RefundRejected,
    };
    let departs_in = |days: i64| Some(days * DAY_MS);
    let (hour, day) = (60 * MINUTE, DAY_MS);
    for (word, told, departure, since_change, pause) in [
        ("order", vec![OrderBooked], departs_in(30), 0, Some(MINUTE)),
        (
            "order",
            vec![OrderBooked],
            departs_in(30),
            4 * MINUTE,
            Some(MINUTE),
        ),
        (
            "order",
            vec![OrderBooked],
            departs_in(30),
            40 * MINUTE,
            Some(10 * MINUTE),
        ),
        (
            "order",
            vec![OrderPaid],
            departs_in(30),
            5 * day,
            Some(2 * hour),
        ),
        // It may still be ticketed.
        (
            "order",
            vec![OrderPaid, OrderFailed],
            departs_in(30),
            0,
            Some(MINUTE),
        ),
        ("order", vec![OrderTicketed], departs_in(30), 0, Some(day)),
        (
            "order",
            vec![OrderClosed],
            departs_in(30),
            20 * day,
            Some(day),
        ),
        (
            "order",
            vec![OrderTicketed],
            departs_in(3),
            3 * day,
            Some(day),
        ),
        (
            "order",
            vec![OrderTicketed],
            departs_in(3),
            3 * day + 1,
            None,
        ),
        ("order", vec![OrderBooked], departs_in(3), 4 * day, None),
        ("order", vec![OrderTicketed], None, 29 * day, Some(day)),
        ("order", vec![OrderTicketed], None, 30 * day, None),
        ("order", vec![OrderPaid], None, 300 * day, Some(2 * hour)),
        (
            "refund",
            vec![RefundCreated],
            departs_in(3),
            40 * day,
            Some(2 * hour),
        ),
        (
            "refund",
            vec![RefundCreated],
            departs_in(3),
            365 * day,
            None,
        ),
        (
            "refund",
            vec![RefundRejected],
            departs_in(3),
            40 * day,
            None,
        ),
        ("refund", vec![RefundRefunded], departs_in(30), 0, Some(day)),
        (
            "change",
            vec![ChangeCreated],
            departs_in(30),
            0,
            Some(MINUTE),
        ),
        ("change", vec![ChangeClosed], departs_in(30), 0, Some(day)),
    ] {
        let row = tracked(word, &told);
        let next = Rereads::default().next_read(&row, Some(&order(departure)), since_change);
        let found = next.map(|next| next - since_change);
        assert_eq!(found, pause, "{told:?} {since_change} before {departure:?}");
    }
}

#[test]
fn law_10_a_state_is_told_with_its_row_and_only_once() {
    let around = Around {
        order: Some(order(None)),
        tracked: Some(tracked("order", &[EventKind::OrderBooked])),
        ..Around::default()
    };
    let first = changes(&paid(), &around, Rereads::default(), 7 * MINUTE, false);
    let row = first.tracked.unwrap();
    assert_eq!(
        row.told,
        [EventKind::OrderBooked, EventKind::OrderPaid].map(Fact::Event)
    );
    assert_eq!(
        (row.changed_ms, row.next_read_ms),
        (7 * MINUTE, Some(8 * MINUTE))
    );
    let [(event, owner)] = &first.events[..] else {
        panic!("{:?}", first.events)
    };
    assert_eq!(
        (event.kind, &*event.subject, &*event.fact, owner.as_deref()),
        (EventKind::OrderPaid, ORDER, "paid", Some("trips"))
    );
    let again = Around {
        tracked: Some(row),
        ..around
    };
    assert_eq!(
        changes(&paid(), &again, Rereads::default(), 9 * MINUTE, false),
        Changes::default()
    );
}

#[test]
fn a_resource_is_recorded_when_its_order_was_booked_here() {
    let refund = Snapshot {
        resource: resource("refund"),
        order_id: Some(ORDER.parse().unwrap()),
        status: ResourceStatus::Refund {
            status: RefundStatus::InProgress,
            supplement: None,
        },
    };
    let here = Around {
        order: Some(order(None)),
        ..Around::default()
    };
    assert!(may_change(&refund, None, true) && !may_change(&refund, None, false));
    let recorded = changes(&refund, &here, Rereads::default(), MINUTE, false)
        .tracked
        .unwrap();
    assert_eq!(recorded.told, [EventKind::RefundCreated].map(Fact::Event));
    assert_eq!(
        (&*recorded.owner, recorded.next_read_ms),
        ("trips", Some(2 * MINUTE))
    );
    let elsewhere = changes(
        &refund,
        &Around::default(),
        Rereads::default(),
        MINUTE,
        false,
    );
    assert_eq!(elsewhere.tracked, None);
}

#[test]
fn the_caller_of_an_open_payment_hears_of_it_first() {
    let owner_of = |operations: Vec<Operation>| {
        let around = Around {
            order: Some(order(None)),
            tracked: Some(tracked("order", &[])),
            operations,
            ..Around::default()
        };
        changes(&paid(), &around, Rereads::default(), 0, false)
            .events
            .remove(0)
            .1
    };
    assert_eq!(
        owner_of(vec![pay(State::Unknown)]).as_deref(),
        Some("payer")
    );
    assert_eq!(
        owner_of(vec![pay(State::Rejected)]).as_deref(),
        Some("trips")
    );
}

#[test]
fn an_operation_records_what_it_created_or_acted_on() {
    let number = ORDER.to_owned();
    let events = [
        NewEvent {
            kind: EventKind::OperationSettled,
            subject: "id".to_owned(),
            fact: "succeeded".to_owned(),
        },
        Fact::Event(EventKind::OrderPaid).event(number),
    ];
    let after = |operation: &Operation, row: Option<Tracked>, order: Option<&Ownership>| {
        after_operation(operation, &events, row, order, Rereads::default(), MINUTE)
    };
    let known = order(None);
    let row = tracked("order", &[EventKind::OrderBooked]);
    let paid = after(&pay(State::Succeeded), Some(row), Some(&known)).unwrap();
    assert_eq!(
        paid.told,
        [EventKind::OrderBooked, EventKind::OrderPaid].map(Fact::Event)
    );
    assert_eq!((&*paid.owner, paid.changed_ms), ("trips", MINUTE));
    // An order that was booked elsewhere belongs to the caller that paid it.
    let foreign = after(&pay(State::Succeeded), None, None).unwrap();
    assert_eq!(
        (&*foreign.owner, foreign.next_read_ms),
        ("payer", Some(2 * MINUTE))
    );
    for state in [State::Unknown, State::Rejected, State::NeedsAttention] {
        assert_eq!(after(&pay(state), None, Some(&known)), None, "{state:?}");
    }
    // A change belongs to the caller that created it.
    let receipt = ChangeReceipt {
        status: ChangeStatus::Submitted,
        ..ChangeReceipt::unread(CHANGE.parse().unwrap(), Some(known.order_id))
    };
    let change = Operation {
        result: Some(Receipt::Change(receipt)),
        ..operation(
            Intent::Change(intent::Change {
                order_id: known.order_id,
                out_change_no: "C-1".parse().unwrap(),
                passengers: Vec::new(),
                targets: Vec::new(),
                max_total: None,
            }),
            State::Succeeded,
        )
    };
    let created = after(&change, None, Some(&known)).unwrap();
    assert_eq!(
        (created.resource, &*created.owner),
        (resource("change"), "payer")
    );
}
