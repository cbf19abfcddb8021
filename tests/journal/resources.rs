//! The states of orders, refunds and changes: each fact is told once, and what is not finished is read again.

use fliggy_gateway::domain::change::ChangeStatus;
use fliggy_gateway::domain::notice::RefundNews;
use fliggy_gateway::domain::order::OrderStatus;
use fliggy_gateway::domain::resource::{Resource, ResourceStatus, Snapshot, Supplement};
use fliggy_gateway::store::{Event, Observed, Resources as _};

use super::*;

on_every_store! {
    law_10_a_fact_is_told_once_whatever_shows_it,
    law_10_a_closed_change_is_told_once_its_payment_is_decided,
    an_event_moves_once_its_owner_is_known,
    what_is_not_finished_is_due_again,
    the_state_of_an_unknown_order_is_not_recorded,
    an_order_that_was_not_booked_after_all_is_not_read_any_more,
    a_refund_made_elsewhere_is_told_to_the_owner_of_its_order,
    each_supplementary_refund_is_told_once,
    the_creator_of_a_refund_gets_the_event_that_a_read_showed_first,
    an_event_that_was_deleted_is_not_told_again,
    evidence_of_a_payment_is_that_of_its_account,
    what_a_list_showed_is_planned_and_unfinished_resources_come_first,
}

const MINUTE: i64 = 60_000;

fn order(number: u64, status: OrderStatus) -> Snapshot {
    let order_id = OrderId::new(number).unwrap();
    let paid = matches!(status, OrderStatus::Paid | OrderStatus::Ticketed);
    Snapshot {
        resource: Resource::Order(order_id),
        order_id: Some(order_id),
        status: ResourceStatus::Order { status, paid },
    }
}

/// The time of the journal, in ms: whole numbers from the beginning of 2030.
fn at(ms: i64) -> i64 {
    1_893_456_000_000 + ms
}

/// Records what a read shows.
async fn read(journal: &dyn Store, snapshot: Snapshot, ms: i64) {
    observe(journal, vec![snapshot], None, ms).await;
}

async fn observe(journal: &dyn Store, snapshots: Vec<Snapshot>, reread: Option<Resource>, ms: i64) {
    let now_ms = at(ms);
    let observed = Observed {
        account: account(),
        snapshots,
        reread,
        at: jiff::Timestamp::from_millisecond(now_ms).unwrap(),
        now_ms,
    };
    journal.observe(vec![observed]).await.unwrap();
}

/// Saves an operation in this state, with the events that it has there.
async fn succeed(
    journal: &dyn Store,
    operation: &mut Operation,
    receipt: Receipt,
    kind: EventKind,
    ms: i64,
) {
    put(journal, operation, Standing::of(State::Sending)).await;
    operation.standing = Standing::of(State::Succeeded);
    let subject = receipt.made_by(operation.kind());
    let subject = subject.map_or(operation.intent.subject().text(), |made| made.to_string());
    operation.result = Some(receipt);
    let save = Save {
        operation: operation.clone(),
        timeline: vec![TimelineEntry {
            at: Rfc3339(jiff::Timestamp::from_millisecond(at(ms)).unwrap()),
            ..entry(State::Succeeded)
        }],
        events: vec![NewEvent {
            kind,
            subject,
            fact: kind.fact().to_owned(),
        }],
        proves: None,
        now_ms: at(ms),
    };
    let Saved::Done(revision) = journal.save(save).await.unwrap() else {
        panic!("the row has changed");
    };
    operation.revision = revision;
}

fn order_receipt(number: u64) -> Receipt {
    Receipt::Order(OrderReceipt::unread(OrderId::new(number).unwrap()))
}

/// Books an order through this gateway.
async fn booked(journal: &dyn Store, number: u64, ms: i64) -> Operation {
    let mut booking = new(book(&format!("T-{number}")), 0);
    booking.idempotency[..8].copy_from_slice(&number.to_be_bytes());
    let mut booking = accept(journal, booking).await;
    let receipt = order_receipt(number);
    succeed(journal, &mut booking, receipt, EventKind::OrderBooked, ms).await;
    booking
}

/// The events about this subject, oldest first.
async fn about(journal: &dyn Store, subject: u64) -> Vec<Event> {
    let filter = EventFilter {
        subject: Some(subject.to_string()),
        limit: 100,
        ..EventFilter::default()
    };
    journal.events(filter).await.unwrap()
}

async fn told(journal: &dyn Store, subject: u64) -> Vec<(EventKind, Option<String>)> {
    let events = about(journal, subject).await.into_iter();
    events.map(|event| (event.kind, event.owner)).collect()
}

/// All orders of these numbers.
fn permutations(numbers: &[usize]) -> Vec<Vec<usize>> {
    let mut all = vec![Vec::new()];
    for _ in numbers {
        let next = all.iter().flat_map(|begun: &Vec<usize>| {
            let rest = numbers.iter().filter(|number| !begun.contains(number));
            rest.map(|number| [begun.as_slice(), &[*number]].concat())
        });
        all = next.collect();
    }
    all
}

async fn law_10_a_fact_is_told_once_whatever_shows_it(journal: &dyn Store) {
    for (round, sources) in permutations(&[0, 1, 2, 3, 4, 5]).into_iter().enumerate() {
        let number = 1_000 + u64::try_from(round).unwrap();
        for source in &sources {
            match source {
                0 => drop(booked(journal, number, 0).await),
                1 | 2 => {
                    let news = [News::OrderPaid, News::OrderTicketed][source - 1].clone();
                    let id = format!("m-{number}-{source}");
                    receive(journal, vec![notice(&id, &number.to_string(), news)]).await;
                }
                _ => {
                    // The first is older than what is told already.
                    let seen = [
                        OrderStatus::Booked,
                        OrderStatus::Paid,
                        OrderStatus::Ticketed,
                    ];
                    read(journal, order(number, seen[source - 3]), 0).await;
                }
            }
        }
        // The next read of the watcher.
        read(journal, order(number, OrderStatus::Ticketed), 0).await;
        let mut all = told(journal, number).await;
        assert!(
            all.iter().all(|(_, owner)| owner.as_deref() == Some("app")),
            "{sources:?}: {all:?}"
        );
        let place = |kind| all.iter().position(|(known, _)| *known == kind);
        assert!(
            place(EventKind::OrderPaid) < place(EventKind::OrderTicketed),
            "{sources:?}: {all:?}"
        );
        all.sort_by_key(|(kind, _)| kind.as_str());
        let kinds: Vec<_> = all.iter().map(|(kind, _)| *kind).collect();
        let expected = [
            EventKind::OrderBooked,
            EventKind::OrderPaid,
            EventKind::OrderTicketed,
        ];
        assert_eq!(kinds, expected, "{sources:?}");
    }
}

async fn law_10_a_closed_change_is_told_once_its_payment_is_decided(journal: &dyn Store) {
    let change = |paid| Snapshot {
        resource: Resource::Change("9".parse().unwrap()),
        order_id: Some("7".parse().unwrap()),
        status: ResourceStatus::Change {
            status: ChangeStatus::Closed,
            paid,
        },
    };
    booked(journal, 7, 0).await;
    let pay_change = Intent::ChangePay(intent::ChangePay {
        change_order_no: "9".parse().unwrap(),
        total: Money::parse("50.00").unwrap(),
    });
    let mut payment = accept(journal, new(pay_change, 2)).await;
    put(journal, &mut payment, Standing::of(State::Sending)).await;
    read(journal, change(false), 0).await;
    let kinds = async || -> Vec<_> {
        let all = told(journal, 9).await.into_iter();
        all.map(|(kind, _)| kind).collect()
    };
    assert_eq!(kinds().await, [EventKind::ChangeCreated]);
    put(journal, &mut payment, Standing::of(State::Rejected)).await;
    read(journal, change(false), 0).await;
    let closed = [EventKind::ChangeCreated, EventKind::ChangeClosed];
    assert_eq!(kinds().await, closed);
    read(journal, change(false), 0).await;
    assert_eq!(kinds().await, closed);
}

async fn an_event_moves_once_its_owner_is_known(journal: &dyn Store) {
    let paid = notice("m-1", "7", News::OrderPaid);
    receive(journal, vec![paid.clone()]).await;
    let [early] = &about(journal, 7).await[..] else {
        panic!("one event");
    };
    assert_eq!(early.owner, None);
    booked(journal, 7, 0).await;
    read(journal, order(7, OrderStatus::Paid), 0).await;
    let all = about(journal, 7).await;
    let kinds: Vec<_> = all.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::OrderBooked, EventKind::OrderPaid]);
    assert_eq!(all[1].owner.as_deref(), Some("app"));
    assert_eq!(all[1].order.out_order_no.as_ref().unwrap().as_str(), "T-7");
    // It is still the message that reported the payment.
    let fact = NewEvent {
        kind: EventKind::OrderPaid,
        subject: "7".to_owned(),
        fact: "paid".to_owned(),
    };
    let reported = async |fact: &NewEvent| {
        let reported = journal.is_reported_by_message(&account(), fact.clone());
        reported.await.unwrap()
    };
    assert!(reported(&fact).await);
    // A read is not a message, but a message may report what a read has shown.
    booked(journal, 8, 0).await;
    read(journal, order(8, OrderStatus::Paid), 0).await;
    let fact = NewEvent {
        subject: "8".to_owned(),
        ..fact
    };
    assert!(!reported(&fact).await);
    receive(journal, vec![notice("m-2", "8", News::OrderPaid)]).await;
    assert!(reported(&fact).await);
    assert_eq!(about(journal, 8).await.len(), 2);
}

/// The resources that are due, each with the time since when.
async fn due(journal: &dyn Store, ms: i64) -> Vec<(Resource, i64)> {
    let due = journal.due_resources(at(ms), 10).await.unwrap();
    let due = due
        .into_iter()
        .map(|due| (due.resource, due.since_ms - at(0)));
    due.collect()
}

async fn what_is_not_finished_is_due_again(journal: &dyn Store) {
    const DAY: i64 = 24 * 60 * MINUTE;
    let of = |number: u64| order(number, OrderStatus::Booked).resource;
    booked(journal, 7, 0).await;
    booked(journal, 8, 1).await;
    assert_eq!(due(journal, MINUTE - 1).await, []);
    let both = [(of(7), MINUTE), (of(8), MINUTE + 1)];
    assert_eq!(due(journal, 2 * MINUTE).await, both);

    // A read plans the next one, also if it shows nothing new or fails.
    observe(
        journal,
        vec![order(7, OrderStatus::Booked)],
        Some(of(7)),
        8 * MINUTE,
    )
    .await;
    observe(journal, Vec::new(), Some(of(8)), 8 * MINUTE).await;
    let both = due(journal, DAY).await;
    assert_eq!(both[1], (of(7), 10 * MINUTE));
    assert_eq!(both[0].0, of(8));
    // What a caller reads plans nothing, unless it is new: then the pause is short again.
    read(journal, order(7, OrderStatus::Booked), 9 * MINUTE).await;
    assert_eq!(due(journal, DAY).await, both);
    read(journal, order(7, OrderStatus::Paid), 9 * MINUTE).await;
    assert_eq!(due(journal, DAY).await[1], (of(7), 10 * MINUTE));

    // A ticketed order is read daily.
    let ticketed = vec![order(7, OrderStatus::Ticketed)];
    observe(journal, ticketed, Some(of(7)), 10 * MINUTE).await;
    assert_eq!(due(journal, 2 * DAY).await[1], (of(7), DAY + 10 * MINUTE));
    // No pause is longer than a day, even if the clock was wrong.
    journal.wake_all(at(-400 * DAY)).await.unwrap();
    assert!(due(journal, -398 * DAY).await.len() == 2);
}

async fn the_state_of_an_unknown_order_is_not_recorded(journal: &dyn Store) {
    read(journal, order(7, OrderStatus::Ticketed), 0).await;
    let refund = Snapshot {
        resource: Resource::Refund("5".parse().unwrap()),
        order_id: None,
        status: ResourceStatus::Refund {
            status: RefundStatus::Refunded,
            supplement: None,
        },
    };
    read(journal, refund, 0).await;
    assert_eq!(journal.last_event().await.unwrap(), 0);
    booked(journal, 7, 0).await;
    read(journal, order(7, OrderStatus::Ticketed), 0).await;
    assert_eq!(about(journal, 7).await.len(), 3);
}

async fn an_order_that_was_not_booked_after_all_is_not_read_any_more(journal: &dyn Store) {
    let mut booking = booked(journal, 7, 0).await;
    // A save without events keeps the order.
    booking.confirmed_at = Some(booking.created_at);
    put(journal, &mut booking, Standing::of(State::Succeeded)).await;
    assert_eq!(due(journal, 2 * MINUTE).await.len(), 1);
    put(journal, &mut booking, Standing::of(State::NeedsAttention)).await;
    assert_eq!(due(journal, 2 * MINUTE).await.len(), 1);
    booking.result = None;
    put(journal, &mut booking, Standing::not_executed(Basis::Absent)).await;
    assert_eq!(due(journal, 2 * MINUTE).await, []);
}

fn refund_of(number: u64, status: RefundStatus, supplement: Option<Supplement>) -> Snapshot {
    Snapshot {
        resource: Resource::Refund(RefundOrderNo::new(number).unwrap()),
        order_id: Some("7".parse().unwrap()),
        status: ResourceStatus::Refund { status, supplement },
    }
}

/// The facts about a refund, all of them told to `app`.
async fn facts(journal: &dyn Store, refund: u64) -> Vec<String> {
    let events = about(journal, refund).await.into_iter();
    events
        .map(|event| {
            assert_eq!(event.owner.as_deref(), Some("app"), "{event:?}");
            assert_eq!(event.order.order_id.unwrap().get(), 7);
            event.fact
        })
        .collect()
}

async fn a_refund_made_elsewhere_is_told_to_the_owner_of_its_order(journal: &dyn Store) {
    booked(journal, 7, 0).await;
    read(journal, refund_of(5, RefundStatus::Applied, None), 0).await;
    read(journal, refund_of(5, RefundStatus::Refunded, None), 0).await;
    assert_eq!(facts(journal, 5).await, ["created", "refunded"]);
    // A refund is read again, too, until it is finished.
    read(journal, refund_of(8, RefundStatus::InProgress, None), 0).await;
    let due = due(journal, MINUTE).await;
    let is_due = |number: &str| due.iter().any(|(resource, _)| resource.number() == number);
    assert!(is_due("8") && !is_due("5"), "{due:?}");
}

async fn each_supplementary_refund_is_told_once(journal: &dyn Store) {
    booked(journal, 7, 0).await;
    let refunded = |number: u64, id: &str, more: bool| {
        let news = News::Refunded(RefundNews {
            refund_order_no: RefundOrderNo::new(number).unwrap(),
            supplementary: Some(more),
        });
        notice(id, "7", news)
    };
    let read_supplement =
        |number| refund_of(number, RefundStatus::Refunded, Some(Supplement::Read));

    // Messages first, then a read.
    let two = [refunded(5, "m-1", true), refunded(5, "m-2", true)];
    receive(journal, two.to_vec()).await;
    read(journal, read_supplement(5), 0).await;
    let told = ["created", "supplementary/m-1", "supplementary/m-2"];
    assert_eq!(facts(journal, 5).await, told);

    // A read first, then its message, and that of another supplement.
    read(journal, read_supplement(6), 0).await;
    let two = [refunded(6, "m-3", true), refunded(6, "m-4", true)];
    receive(journal, two.to_vec()).await;
    let told = ["created", "supplementary", "supplementary/m-4"];
    assert_eq!(facts(journal, 6).await, told);

    // The ordinary refund of the same number is another fact, even if its message comes last.
    let two = [refunded(8, "m-5", true), refunded(8, "m-6", false)];
    receive(journal, two.to_vec()).await;
    read(journal, refund_of(8, RefundStatus::Refunded, None), 0).await;
    let told = ["created", "supplementary/m-5", "refunded"];
    assert_eq!(facts(journal, 8).await, told);
}

async fn the_creator_of_a_refund_gets_the_event_that_a_read_showed_first(journal: &dyn Store) {
    booked(journal, 7, 0).await;
    let mut application = accept(
        journal,
        NewOperation {
            operation: Operation {
                caller: "desk".to_owned(),
                ..new(refund(7, "R-1"), 1).operation
            },
            ..new(refund(7, "R-1"), 1)
        },
    )
    .await;
    // The response to the application is still missing.
    read(journal, refund_of(5, RefundStatus::Applied, None), 0).await;
    let owners = async || -> Vec<_> {
        let all = about(journal, 5).await.into_iter();
        all.map(|event| (event.kind, event.owner.unwrap()))
            .collect()
    };
    let created = |owner: &str| (EventKind::RefundCreated, owner.to_owned());
    assert_eq!(owners().await, [created("app")]);
    let receipt = Receipt::Refund(RefundReceipt {
        refund_order_no: "5".parse().unwrap(),
        order_id: "7".parse().unwrap(),
        out_refund_no: "R-1".parse().unwrap(),
        kind: RefundKind::Voluntary,
        status: RefundStatus::Applied,
        fee: None,
        refund_amount: None,
        applied_at: None,
        refunded_at: None,
        attachment_awaited: false,
        passenger_ids: Vec::new(),
    });
    let before = journal.last_event().await.unwrap();
    succeed(
        journal,
        &mut application,
        receipt,
        EventKind::RefundCreated,
        0,
    )
    .await;
    assert_eq!(owners().await, [created("desk")]);
    assert!(about(journal, 5).await[0].sequence > before);
    read(journal, refund_of(5, RefundStatus::Refunded, None), 0).await;
    let refunded = (EventKind::RefundRefunded, "desk".to_owned());
    assert_eq!(owners().await, [created("desk"), refunded]);
}

async fn an_event_that_was_deleted_is_not_told_again(journal: &dyn Store) {
    booked(journal, 7, 0).await;
    read(journal, order(7, OrderStatus::Paid), 0).await;
    while journal.trim_events(i64::MAX).await.unwrap() > 0 {}
    let last = journal.last_event().await.unwrap();
    read(journal, order(7, OrderStatus::Paid), 0).await;
    let mut payment = accept(journal, new(pay(7), 2)).await;
    succeed(
        journal,
        &mut payment,
        order_receipt(7),
        EventKind::OrderPaid,
        0,
    )
    .await;
    assert_eq!(journal.last_event().await.unwrap(), last);
}

async fn evidence_of_a_payment_is_that_of_its_account(journal: &dyn Store) {
    booked(journal, 7, 0).await;
    read(journal, order(7, OrderStatus::Paid), 0).await;
    let mut other = notice("m-1", "7", News::OrderPaid);
    if let Content::Notice { account, .. } = &mut other.content {
        *account = "second".parse().unwrap();
    }
    receive(journal, vec![other]).await;
    let fact = NewEvent {
        kind: EventKind::OrderPaid,
        subject: "7".to_owned(),
        fact: "paid".to_owned(),
    };
    let reported = journal.is_reported_by_message(&account(), fact);
    assert!(!reported.await.unwrap());
}

async fn what_a_list_showed_is_planned_and_unfinished_resources_come_first(journal: &dyn Store) {
    booked(journal, 7, 0).await;
    let list = |status| {
        vec![
            refund_of(5, status, None),
            refund_of(6, RefundStatus::Applied, None),
        ]
    };
    observe(journal, list(RefundStatus::Applied), None, 0).await;
    let numbers = async |ms| -> Vec<_> {
        let due = due(journal, ms).await.into_iter();
        due.map(|(resource, _)| resource.number()).collect()
    };
    assert_eq!(numbers(MINUTE).await, ["7", "5", "6"]);
    // The watcher reads the list for the first one.
    let first = refund_of(5, RefundStatus::Applied, None).resource;
    observe(journal, list(RefundStatus::Refunded), Some(first), MINUTE).await;
    assert_eq!(numbers(2 * MINUTE - 1).await, ["7"]);
    observe(
        journal,
        vec![order(7, OrderStatus::Ticketed)],
        Some(order(7, OrderStatus::Ticketed).resource),
        0,
    )
    .await;
    let all = numbers(3 * 24 * 60 * MINUTE).await;
    assert_eq!(
        all,
        ["6", "7", "5"],
        "finished ones come last, although they are due longer"
    );
}

#[tokio::test]
async fn a_journal_of_version_6_knows_what_was_told() {
    let dir = tempfile::tempdir().unwrap();
    let journal = open_old(dir.path(), VERSION_6).await;
    let due = journal.due_resources(i64::MAX, 10).await.unwrap();
    let mut numbers: Vec<_> = due.iter().map(|due| due.resource.number()).collect();
    numbers.sort();
    // Nothing has departed yet, so all of them are read once more: two after-sales and four orders.
    let expected = [
        "4359162540728400003",
        "5359162540728400003",
        "7359162540728400005",
        "7359162540728400007",
        "7359162540728400009",
        "7359162540728400011",
    ];
    assert_eq!(numbers, expected);
    let last = journal.last_event().await.unwrap();
    // What the events of the earlier gateway told is not told again.
    let status = |number: &str, status| Snapshot {
        resource: Resource::Order(number.parse().unwrap()),
        order_id: Some(number.parse().unwrap()),
        status,
    };
    let ticketed = ResourceStatus::Order {
        status: OrderStatus::Ticketed,
        paid: true,
    };
    for number in ["7359162540728400005", "7359162540728400007"] {
        read(&journal, status(number, ticketed), 0).await;
    }
    let refunded = ResourceStatus::Refund {
        status: RefundStatus::Refunded,
        supplement: None,
    };
    let refund = Snapshot {
        resource: Resource::Refund(expected[0].parse().unwrap()),
        order_id: None,
        status: refunded,
    };
    read(&journal, refund, 0).await;
    assert_eq!(journal.last_event().await.unwrap(), last);
    // What it did not tell is told now.
    read(&journal, status(expected[5], ticketed), 0).await;
    let kinds: Vec<_> = told(&journal, expected[5].parse().unwrap())
        .await
        .into_iter()
        .map(|(kind, owner)| (kind, owner.unwrap()))
        .collect();
    let local = |kind| (kind, "local".to_owned());
    let booked_paid_ticketed = [
        EventKind::OrderBooked,
        EventKind::OrderPaid,
        EventKind::OrderTicketed,
    ];
    assert_eq!(kinds, booked_paid_ticketed.map(local));
    // A message reported the payment.
    let fact = NewEvent {
        kind: EventKind::OrderPaid,
        subject: expected[5].to_owned(),
        fact: "paid".to_owned(),
    };
    assert!(
        journal
            .is_reported_by_message(&account(), fact)
            .await
            .unwrap()
    );
}
