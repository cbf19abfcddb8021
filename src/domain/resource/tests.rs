use super::EventKind::{
    ChangeAwaitingPayment, ChangeAwaitingTicketing, ChangeClosed, ChangeCreated, ChangeRejected,
    ChangeTicketed, OrderBooked, OrderClosed, OrderFailed, OrderPaid, OrderTicketed, RefundCreated,
    RefundRefunded, RefundRejected,
};
use super::*;

fn order(status: OrderStatus, paid: bool) -> ResourceStatus {
    ResourceStatus::Order { status, paid }
}

fn refund(status: RefundStatus) -> ResourceStatus {
    ResourceStatus::Refund {
        status,
        supplement: None,
    }
}

fn events(kinds: &[EventKind]) -> Vec<Fact> {
    kinds.iter().copied().map(Fact::Event).collect()
}

fn change(status: ChangeStatus, paid: bool) -> ResourceStatus {
    ResourceStatus::Change { status, paid }
}

#[test]
fn law_10_a_state_shows_the_facts_that_are_not_told_yet() {
    let booked: &[EventKind] = &[OrderBooked];
    let rows: &[(ResourceStatus, &[EventKind], &[EventKind])] = &[
        (order(OrderStatus::Creating, false), &[], &[]),
        (order(OrderStatus::Booked, false), booked, &[]),
        (order(OrderStatus::Paid, true), booked, &[OrderPaid]),
        (order(OrderStatus::Other, true), booked, &[OrderPaid]),
        (order(OrderStatus::Other, false), booked, &[]),
        (order(OrderStatus::Ticketing, true), &[OrderPaid], &[]),
        (
            order(OrderStatus::Ticketed, true),
            booked,
            &[OrderPaid, OrderTicketed],
        ),
        (
            order(OrderStatus::Ticketed, true),
            &[OrderPaid, OrderTicketed],
            &[],
        ),
        // An outdated read publishes no events.
        (
            order(OrderStatus::Booked, false),
            &[OrderPaid, OrderTicketed],
            &[],
        ),
        (order(OrderStatus::Failed, false), booked, &[OrderFailed]),
        (
            order(OrderStatus::Failed, true),
            booked,
            &[OrderPaid, OrderFailed],
        ),
        (order(OrderStatus::Closed, false), booked, &[OrderClosed]),
        (
            order(OrderStatus::Closed, true),
            &[OrderClosed],
            &[OrderPaid],
        ),
        (refund(RefundStatus::Applied), &[], &[RefundCreated]),
        (refund(RefundStatus::InProgress), &[RefundCreated], &[]),
        (refund(RefundStatus::Other), &[RefundCreated], &[]),
        (
            refund(RefundStatus::Rejected),
            &[RefundCreated],
            &[RefundRejected],
        ),
        (
            refund(RefundStatus::Refunded),
            &[RefundRejected],
            &[RefundCreated, RefundRefunded],
        ),
        // States that lag behind.
        (
            refund(RefundStatus::Rejected),
            &[RefundCreated, RefundRefunded],
            &[],
        ),
        (
            order(OrderStatus::Failed, true),
            &[OrderPaid, OrderTicketed],
            &[],
        ),
        (
            order(OrderStatus::Failed, true),
            &[OrderPaid, OrderClosed],
            &[],
        ),
        (
            change(ChangeStatus::AwaitingPayment, false),
            &[ChangeCreated, ChangeClosed],
            &[],
        ),
        // The payment becomes known after the close.
        (
            change(ChangeStatus::AwaitingTicketing, true),
            &[ChangeCreated, ChangeClosed],
            &[ChangeAwaitingTicketing, ChangeRejected],
        ),
        (
            change(ChangeStatus::Submitted, false),
            &[],
            &[ChangeCreated],
        ),
        (
            change(ChangeStatus::AwaitingPayment, false),
            &[ChangeCreated],
            &[ChangeAwaitingPayment],
        ),
        // The payment may not be visible yet: nobody is asked to pay again.
        (
            change(ChangeStatus::AwaitingPayment, false),
            &[ChangeCreated, ChangeAwaitingTicketing],
            &[],
        ),
        (
            change(ChangeStatus::Ticketed, true),
            &[ChangeCreated],
            &[ChangeAwaitingTicketing, ChangeTicketed],
        ),
        (
            change(ChangeStatus::Closed, false),
            &[ChangeCreated],
            &[ChangeClosed],
        ),
        (
            change(ChangeStatus::Closed, true),
            &[ChangeCreated],
            &[ChangeAwaitingTicketing, ChangeRejected],
        ),
        (
            change(ChangeStatus::Closed, false),
            &[ChangeCreated, ChangeAwaitingTicketing],
            &[ChangeRejected],
        ),
        (change(ChangeStatus::Other, false), &[ChangeCreated], &[]),
    ];
    for (status, told, expected) in rows {
        let told = events(told);
        let found = status.facts(&told, false);
        assert_eq!(found, events(expected), "{status:?} after {told:?}");
        let told = [told, found].concat();
        assert_eq!(
            status.facts(&told, false),
            [],
            "{status:?} is published twice"
        );
    }
}

#[test]
fn an_open_payment_decides_whether_a_closed_change_was_rejected() {
    let closed = change(ChangeStatus::Closed, false);
    assert_eq!(closed.facts(&events(&[ChangeCreated]), true), []);
    let paid = change(ChangeStatus::Closed, true);
    let told = events(&[ChangeCreated, ChangeAwaitingTicketing]);
    assert_eq!(paid.facts(&told, true), events(&[ChangeRejected]));
}

#[test]
fn a_supplementary_refund_is_another_fact_than_the_ordinary_one() {
    let refunded = |supplement| ResourceStatus::Refund {
        status: RefundStatus::Refunded,
        supplement,
    };
    let [read, message] = [Supplement::Read, Supplement::Message].map(Fact::Supplement);
    let created = Fact::Event(RefundCreated);
    let ordinary = Fact::Event(RefundRefunded);
    for (status, told, expected) in [
        (refunded(None), vec![created, message], vec![ordinary]),
        (
            refunded(Some(Supplement::Read)),
            vec![created, ordinary],
            vec![read],
        ),
        (
            refunded(Some(Supplement::Read)),
            vec![created, message],
            vec![],
        ),
        (
            refunded(Some(Supplement::Read)),
            vec![created, read],
            vec![],
        ),
        (
            refunded(Some(Supplement::Message)),
            vec![created, read],
            vec![message],
        ),
        (
            refunded(Some(Supplement::Message)),
            vec![created, message],
            vec![message],
        ),
    ] {
        assert_eq!(status.facts(&told, false), expected, "{status:?} {told:?}");
    }
    assert_eq!(read.event("1".to_owned()).fact, "supplementary");
    assert_eq!(ordinary.event("1".to_owned()).fact, "refunded");
    let stored = serde_json::to_string(&[created, read, message]).unwrap();
    assert_eq!(
        stored,
        r#"["refund.created","refund.supplement/read","refund.supplement/message"]"#
    );
    let read_back: Vec<Fact> = serde_json::from_str(&stored).unwrap();
    assert_eq!(read_back, [created, read, message]);
}

#[test]
fn a_resource_is_stored_by_its_word_and_number() {
    for resource in [
        Resource::Order("1234125412".parse().unwrap()),
        Resource::Refund("4966000000001".parse().unwrap()),
        Resource::Change("4988000000001".parse().unwrap()),
    ] {
        let read = Resource::named(resource.word(), &resource.number());
        assert_eq!(read, Some(resource));
    }
    assert_eq!(Resource::named("order", "x"), None);
    assert_eq!(Resource::named("ticket", "1"), None);
}
