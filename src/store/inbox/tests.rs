use super::*;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::ids::OperationId;
use crate::domain::money::Money;
use crate::domain::notice::{OrderNumber, RefundNews};
use crate::domain::operation::{Intent, Standing, intent};

const ORDER: &str = "1234125412";
const CHANGE: &str = "4988000000001";
const REFUND: &str = "4966000000001";

fn waking() -> Waking {
    Waking {
        now_ms: 5_000,
        watch_ms: 1_000,
        anchor: Anchor {
            boot: "boot".to_owned(),
            at_ms: 7,
        },
    }
}

fn effects_of(notice: &Notice, around: &Around) -> Effects {
    effects(notice, around, Rereads::default(), &waking())
}

fn notice(news: News) -> Notice {
    Notice {
        id: "msg-1".to_owned(),
        order: Some(OrderNumber(ORDER.to_owned())),
        news,
    }
}

fn order() -> Ownership {
    Ownership {
        account: "default".parse().unwrap(),
        order_id: "7000000001".parse().unwrap(),
        out_order_no: ORDER.parse().unwrap(),
        owner: "trips".to_owned(),
        last_departure: None,
        booked_at: Timestamp::UNIX_EPOCH,
        operation_id: OperationId::new(&SystemClock::new()),
    }
}

fn pay() -> Intent {
    Intent::Pay(intent::Pay {
        order_id: ORDER.parse().unwrap(),
        total: Money::parse("950.00").unwrap(),
    })
}

fn change_pay() -> Intent {
    Intent::ChangePay(intent::ChangePay {
        change_order_no: CHANGE.parse().unwrap(),
        total: Money::parse("50.00").unwrap(),
    })
}

fn operation(intent: Intent, standing: Standing) -> Operation {
    let clock = SystemClock::new();
    let account = "default".parse().unwrap();
    let id = OperationId::new(&clock);
    let (caller, boot) = ("payer".to_owned(), "boot".to_owned());
    Operation {
        standing,
        ..Operation::accepted(id, intent, account, caller, boot, 0, clock.wall())
    }
}

fn refund(supplementary: Option<bool>) -> RefundNews {
    RefundNews {
        refund_order_no: REFUND.parse().unwrap(),
        supplementary,
    }
}

fn change(status: ChangeStatus) -> News {
    News::Change(CHANGE.parse().unwrap(), status)
}

/// Type, subject and fact of an event.
type Line = (&'static str, &'static str, &'static str);

#[test]
fn a_message_is_the_events_of_the_facts_that_it_reports() {
    let rows: &[(News, &[Line])] = &[
        (News::OrderPaid, &[("order.paid", ORDER, "paid")]),
        (News::OrderClosed, &[("order.closed", ORDER, "closed")]),
        // A ticketed order was paid.
        (
            News::OrderTicketed,
            &[
                ("order.paid", ORDER, "paid"),
                ("order.ticketed", ORDER, "ticketed"),
            ],
        ),
        (
            News::FlightChanged,
            &[("order.flight_changed", ORDER, "msg-1")],
        ),
        (
            News::RefundCreated(refund(None)),
            &[("refund.created", REFUND, "created")],
        ),
        (
            News::RefundClosed(refund(None)),
            &[
                ("refund.created", REFUND, "created"),
                ("refund.rejected", REFUND, "rejected"),
            ],
        ),
        (
            News::Refunded(refund(Some(false))),
            &[
                ("refund.created", REFUND, "created"),
                ("refund.refunded", REFUND, "refunded"),
            ],
        ),
        (
            News::Refunded(refund(Some(true))),
            &[
                ("refund.created", REFUND, "created"),
                ("refund.refunded", REFUND, "supplementary/msg-1"),
            ],
        ),
        (
            change(ChangeStatus::Submitted),
            &[("change.created", CHANGE, "created")],
        ),
        (
            change(ChangeStatus::AwaitingPayment),
            &[
                ("change.created", CHANGE, "created"),
                ("change.awaiting_payment", CHANGE, "awaiting_payment"),
            ],
        ),
        (
            change(ChangeStatus::AwaitingTicketing),
            &[
                ("change.created", CHANGE, "created"),
                ("change.awaiting_ticketing", CHANGE, "awaiting_ticketing"),
            ],
        ),
        (
            change(ChangeStatus::Ticketed),
            &[
                ("change.created", CHANGE, "created"),
                ("change.awaiting_ticketing", CHANGE, "awaiting_ticketing"),
                ("change.ticketed", CHANGE, "ticketed"),
            ],
        ),
        (
            change(ChangeStatus::Closed),
            &[
                ("change.created", CHANGE, "created"),
                ("change.closed", CHANGE, "closed"),
            ],
        ),
        (
            change(ChangeStatus::Other),
            &[("change.created", CHANGE, "created")],
        ),
        (News::Unlisted, &[]),
    ];
    for (news, expected) in rows {
        let found = effects_of(&notice(news.clone()), &Around::default());
        assert_eq!(found.changes.tracked, None);
        let found = found.changes.events.into_iter().map(|(event, owner)| {
            assert_eq!(owner, None);
            (event.kind.as_str(), event.subject, event.fact)
        });
        let expected = expected
            .iter()
            .map(|(kind, subject, fact)| (*kind, (*subject).to_owned(), (*fact).to_owned()));
        assert_eq!(
            found.collect::<Vec<_>>(),
            expected.collect::<Vec<_>>(),
            "{news:?}"
        );
    }
}

#[test]
fn law_10_a_message_and_an_operation_report_a_fact_in_the_same_words() {
    for (kind, news) in [
        (Kind::Pay, News::OrderPaid),
        (Kind::Close, News::OrderClosed),
        (Kind::Refund, News::RefundCreated(refund(None))),
        (Kind::Change, change(ChangeStatus::Submitted)),
        (Kind::ChangePay, change(ChangeStatus::AwaitingTicketing)),
        (Kind::ChangeCancel, change(ChangeStatus::Closed)),
    ] {
        let effects = effects_of(&notice(news), &Around::default());
        let (event, _) = effects.changes.events.last().unwrap();
        assert_eq!((event.kind, &*event.fact), kind.fact());
    }
}

#[test]
fn a_closed_change_that_was_paid_was_rejected() {
    let news = notice(change(ChangeStatus::Closed));
    let paid = operation(change_pay(), Standing::of(State::Succeeded));
    let unpaid = operation(change_pay(), Standing::of(State::Rejected));
    let open = operation(change_pay(), Standing::of(State::Unknown));
    let around = |change_was_paid: bool, operations: &[&Operation]| Around {
        order: None,
        tracked: None,
        operations: operations.iter().map(|o| (*o).clone()).collect(),
        change_was_paid,
    };
    for (around, kind) in [
        (around(false, &[]), Some(EventKind::ChangeClosed)),
        (around(false, &[&unpaid]), Some(EventKind::ChangeClosed)),
        (around(false, &[&paid]), Some(EventKind::ChangeRejected)),
        (around(true, &[]), Some(EventKind::ChangeRejected)),
        (around(true, &[&open]), Some(EventKind::ChangeRejected)),
        // The payment decides which of the two it is.
        (around(false, &[&open]), None),
    ] {
        let events = effects_of(&news, &around).changes.events;
        let last = events.last().map(|(event, _)| event.kind);
        assert_eq!(last, Some(kind.unwrap_or(EventKind::ChangeCreated)));
    }
}

#[test]
fn an_event_belongs_to_the_caller_that_caused_it_or_else_to_the_one_that_booked_the_order() {
    let paid = operation(pay(), Standing::of(State::Unknown));
    let owner = |order: Option<Ownership>, news: News| {
        let around = Around {
            order,
            operations: vec![paid.clone()],
            ..Around::default()
        };
        let (event, owner) = effects_of(&notice(news), &around).changes.events.remove(0);
        (event.subject, owner)
    };
    let known = order().order_id.to_string();
    // The payer would also own the event of its operation.
    assert_eq!(
        owner(Some(order()), News::OrderClosed),
        (known, Some("trips".to_owned()))
    );
    assert_eq!(
        owner(None, News::OrderPaid),
        (ORDER.to_owned(), Some("payer".to_owned()))
    );
    assert_eq!(owner(None, News::OrderClosed), (ORDER.to_owned(), None));
}

#[test]
fn the_subjects_of_a_message_are_all_numbers_of_its_order_and_its_change() {
    let texts = |notice: &Notice, order: Option<&Ownership>| -> Vec<_> {
        let subjects = subjects(notice, order);
        subjects
            .iter()
            .map(|s| s.lock(&"a".parse().unwrap()))
            .collect()
    };
    let paid = notice(News::OrderPaid);
    let both = [format!("order:a:{ORDER}"), format!("reference:a:{ORDER}")];
    assert_eq!(texts(&paid, None), both);
    let known = texts(&paid, Some(&order()));
    assert!(
        known.contains(&"order:a:7000000001".to_owned()),
        "{known:?}"
    );
    let changed = texts(&notice(change(ChangeStatus::Closed)), None);
    assert!(
        changed.contains(&format!("change:a:{CHANGE}")),
        "{changed:?}"
    );
    let nameless = Notice {
        order: None,
        ..notice(News::FlightChanged)
    };
    assert!(texts(&nameless, None).is_empty());
}

#[test]
fn law_6_a_message_wakes_what_is_open_or_may_be_contradicted() {
    let at = |standing: Standing, sent: bool, confirmed: bool| {
        let row = operation(pay(), standing);
        Operation {
            sent_at: sent.then_some(row.created_at),
            confirmed_at: confirmed.then_some(row.created_at),
            ..row
        }
    };
    for (row, woken) in [
        (at(Standing::of(State::Accepted), false, false), false),
        (at(Standing::of(State::Sending), true, false), false),
        (at(Standing::of(State::Unknown), true, false), true),
        (at(Standing::of(State::NeedsAttention), true, false), true),
        (at(Standing::of(State::Succeeded), true, false), true),
        (at(Standing::of(State::Succeeded), true, true), false),
        (at(Standing::of(State::Rejected), true, true), true),
        (at(Standing::not_executed(Basis::Absent), true, true), true),
        (
            at(Standing::not_executed(Basis::RefusedByGateway), true, false),
            true,
        ),
        (
            at(
                Standing::not_executed(Basis::RefusedByGateway),
                false,
                false,
            ),
            false,
        ),
        (
            at(Standing::not_executed(Basis::NotSent), false, false),
            false,
        ),
    ] {
        let around = Around {
            operations: vec![row.clone()],
            ..Around::default()
        };
        let other = effects_of(&notice(News::RefundCreated(refund(None))), &around).wake;
        assert_eq!(!other.is_empty(), woken && !row.state().is_settled());
        let wake = effects_of(&notice(News::OrderPaid), &around).wake;
        assert_eq!(!wake.is_empty(), woken, "{:?}", row.standing);
        let Some(next) = wake.first() else { continue };
        assert_eq!(
            (next.next_look_at, next.standing),
            (Some(5_000), row.standing)
        );
        let watched = row.state().is_settled().then_some(6_000);
        assert_eq!(next.watch_until, watched, "{:?}", row.standing);
    }
}

#[test]
fn an_after_sale_is_woken_after_it_settled_only_while_it_is_watched() {
    let refund_intent = Intent::Refund(intent::Refund {
        order_id: ORDER.parse().unwrap(),
        out_refund_no: "R-1".parse().unwrap(),
        refund_kind: crate::domain::refund::RefundKind::Voluntary,
        passengers: Vec::new(),
        fee: crate::domain::refund::RefundFee::Unknown,
        with_attachment: false,
    });
    let rejected = operation(refund_intent, Standing::of(State::Rejected));
    let watched = Operation {
        watch_until: Some(9_000),
        ..rejected.clone()
    };
    for (row, woken) in [(rejected, 0), (watched, 1)] {
        let around = Around {
            operations: vec![row],
            ..Around::default()
        };
        let created = notice(News::RefundCreated(refund(None)));
        assert_eq!(effects_of(&created, &around).wake.len(), woken);
    }
}
