use super::*;
use crate::clock::{Clock as _, SystemClock};
use crate::domain::ids::PassengerId;
use crate::domain::money::Money;
use crate::domain::operation::{Intent, Standing, TimelineEntry, intent};
use crate::domain::refund::{RefundFee, RefundKind};
use crate::domain::time::Rfc3339;

const ABSENT: Standing = Standing::not_executed(Basis::Absent);

fn pay(order: u64) -> Intent {
    Intent::Pay(intent::Pay {
        order_id: order.to_string().parse().unwrap(),
        total: Money::parse("950.00").unwrap(),
    })
}

fn book(reference: &str) -> Intent {
    Intent::Book(intent::Book {
        out_order_no: reference.parse().unwrap(),
        total: Money::parse("950.00").unwrap(),
        segments: Vec::new(),
        passengers: Vec::new(),
        rules: None,
    })
}

fn refund(number: &str, passenger: u8) -> Intent {
    Intent::Refund(intent::Refund {
        order_id: "1".parse().unwrap(),
        out_refund_no: number.parse().unwrap(),
        refund_kind: RefundKind::Voluntary,
        passengers: vec![
            format!("psg_{passenger:032x}")
                .parse::<PassengerId>()
                .unwrap(),
        ],
        fee: RefundFee::Unknown,
        with_attachment: false,
    })
}

fn operation(intent: Intent, standing: Standing) -> Operation {
    let clock = SystemClock::new();
    let id = OperationId::new(&clock);
    let account = "default".parse().unwrap();
    Operation {
        standing,
        ..Operation::accepted(
            id,
            intent,
            account,
            "app".into(),
            "boot".into(),
            0,
            clock.wall(),
        )
    }
}

fn new(intent: Intent) -> NewOperation {
    let operation = operation(intent, Standing::of(State::Accepted));
    NewOperation {
        timeline: TimelineEntry {
            at: Rfc3339(operation.created_at),
            state: State::Accepted,
            what: String::new(),
        },
        operation,
        idempotency: [1; 32],
        fingerprint: [1; 32],
        duplicate: Some([1; 32]),
        allow_duplicate: false,
    }
}

fn word(refusal: Option<Acceptance>) -> &'static str {
    match refusal {
        None => "accepted",
        Some(Acceptance::Accepted) => unreachable!("not a refusal"),
        Some(Acceptance::Replay(_)) => "replay",
        Some(Acceptance::KeyReused) => "key reused",
        Some(Acceptance::Locked(_)) => "locked",
        Some(Acceptance::AlreadyDone(_)) => "already done",
        Some(Acceptance::Duplicate(_)) => "duplicate",
        Some(Acceptance::RetryOfRequired(_)) => "retry_of required",
        Some(Acceptance::NothingToRetry) => "nothing to retry",
    }
}

fn placed(place: i64, operation: &Operation) -> Placed {
    Placed {
        place,
        operation: operation.clone(),
    }
}

#[test]
fn the_most_specific_of_several_reasons_is_returned() {
    let open = || Some(operation(pay(1), Standing::of(State::Unknown)));
    let absent = operation(pay(1), ABSENT);
    let known = |fingerprint: u8| Known {
        operation: absent.clone(),
        fingerprint: [fingerprint; 32],
    };
    let mut conflicts = Conflicts {
        known: Some(known(1)),
        locked: open(),
        done: open(),
        named: None,
        absent: vec![placed(1, &absent)],
        succeeded: Vec::new(),
        duplicate: open(),
    };
    let mut request = new(pay(1));
    request.operation.retry_of = Some(absent.id);
    let refused =
        |request: &NewOperation, conflicts: &Conflicts| word(refusal(request, conflicts.clone()));
    assert_eq!(refused(&request, &conflicts), "replay");
    conflicts.known = Some(known(2));
    assert_eq!(refused(&request, &conflicts), "key reused");
    conflicts.known = None;
    assert_eq!(refused(&request, &conflicts), "locked");
    conflicts.locked = None;
    assert_eq!(refused(&request, &conflicts), "already done");
    conflicts.done = None;
    assert_eq!(refused(&request, &conflicts), "nothing to retry");
    conflicts.named = Some(absent.clone());
    assert_eq!(refused(&request, &conflicts), "duplicate");
    request.operation.retry_of = None;
    assert_eq!(refused(&request, &conflicts), "retry_of required");
    conflicts.absent.clear();
    assert_eq!(refused(&request, &conflicts), "duplicate");
    request.allow_duplicate = true;
    assert_eq!(refused(&request, &conflicts), "accepted");
}

#[test]
fn law_6_retry_of_is_required_unless_a_later_success_explains_the_absent_operation() {
    let succeeded = |intent| operation(intent, Standing::of(State::Succeeded));
    let absent = operation(refund("R-1", 1), ABSENT);
    for (request, since, expected) in [
        (refund("R-2", 1), None, "retry_of required"),
        (refund("R-1", 2), None, "retry_of required"),
        (refund("R-2", 2), None, "accepted"),
        (refund("R-2", 1), Some((2, refund("R-3", 1))), "accepted"),
        (
            refund("R-2", 1),
            Some((2, refund("R-3", 2))),
            "retry_of required",
        ),
        (
            refund("R-2", 1),
            Some((0, refund("R-3", 1))),
            "retry_of required",
        ),
    ] {
        let conflicts = Conflicts {
            absent: vec![placed(1, &absent)],
            succeeded: since
                .iter()
                .map(|(place, intent)| placed(*place, &succeeded(intent.clone())))
                .collect(),
            ..Conflicts::default()
        };
        let request = new(request);
        let reason = word(refusal(&request, conflicts));
        assert_eq!(reason, expected, "{:?} {since:?}", request.operation.intent);
    }
}

#[test]
fn retry_of_must_name_the_newest_absent_operation() {
    let [older, newer] = [operation(pay(1), ABSENT), operation(pay(1), ABSENT)];
    let conflicts = Conflicts {
        absent: vec![placed(2, &newer), placed(1, &older)],
        ..Conflicts::default()
    };
    match refusal(&new(pay(1)), conflicts) {
        Some(Acceptance::RetryOfRequired(other)) => assert_eq!(other.id, newer.id),
        other => panic!("{other:?}"),
    }
}

#[test]
fn retry_of_may_name_only_absent_operations_of_the_subject_or_the_caller() {
    let booked = operation(book("A"), ABSENT);
    let of_other = |change: fn(&mut Operation)| {
        let mut other = booked.clone();
        change(&mut other);
        other
    };
    for (request, named, expected) in [
        (book("A"), booked.clone(), "accepted"),
        // The caller of a booking may repeat it under another number.
        (book("B"), booked.clone(), "accepted"),
        (
            book("B"),
            of_other(|o| o.caller = "other".into()),
            "nothing to retry",
        ),
        (
            book("A"),
            of_other(|o| o.caller = "other".into()),
            "accepted",
        ),
        (
            book("A"),
            of_other(|o| o.account = "other".parse().unwrap()),
            "nothing to retry",
        ),
        (
            book("A"),
            of_other(|o| o.standing = Standing::of(State::Rejected)),
            "nothing to retry",
        ),
        (pay(1), booked.clone(), "nothing to retry"),
        (pay(1), operation(pay(2), ABSENT), "nothing to retry"),
    ] {
        let mut request = new(request);
        request.operation.retry_of = Some(named.id);
        let conflicts = Conflicts {
            named: Some(named),
            ..Conflicts::default()
        };
        assert_eq!(
            word(refusal(&request, conflicts)),
            expected,
            "{:?}",
            request.operation.intent
        );
    }
}

#[test]
fn the_keys_that_a_row_holds_follow_from_its_standing() {
    let basis = Standing::not_executed;
    for (standing, lock, done, absent, bars, frees) in [
        (
            Standing::of(State::Accepted),
            true,
            false,
            false,
            true,
            false,
        ),
        (
            Standing::of(State::Sending),
            true,
            false,
            false,
            true,
            false,
        ),
        (
            Standing::of(State::Unknown),
            true,
            false,
            false,
            true,
            false,
        ),
        (
            Standing::of(State::NeedsAttention),
            true,
            false,
            false,
            true,
            false,
        ),
        (
            Standing::of(State::Succeeded),
            false,
            true,
            false,
            false,
            false,
        ),
        (
            Standing::of(State::Rejected),
            false,
            false,
            false,
            false,
            false,
        ),
        (basis(Basis::NotSent), false, false, false, false, true),
        (
            basis(Basis::RefusedByGateway),
            false,
            false,
            false,
            false,
            true,
        ),
        (basis(Basis::Absent), false, false, true, true, false),
    ] {
        let held = held(&operation(refund("R-1", 1), standing), None);
        assert_eq!(
            held,
            Held {
                lock: lock.then(|| "order:default:1".to_owned()),
                done: done.then(|| "refund:order:default:1:R-1".to_owned()),
                absent: absent.then(|| "refund:order:default:1".to_owned()),
                made: None,
                bars_duplicates: bars,
                frees_the_key: frees,
            },
            "{standing:?}"
        );
    }
}

#[test]
fn a_reopened_operation_does_not_take_the_lock_of_another() {
    let reopened = operation(pay(1), Standing::of(State::NeedsAttention));
    let other = operation(pay(1), Standing::of(State::Accepted));
    assert!(held(&reopened, Some(reopened.id)).lock.is_some());
    assert_eq!(held(&reopened, Some(other.id)).lock, None);
}

#[test]
fn law_6_nothing_is_sent_while_the_repeated_operation_needs_attention() {
    let attention = Standing::of(State::NeedsAttention);
    let named = operation(book("B"), attention);
    let repeat = Operation {
        retry_of: Some(named.id),
        ..operation(book("A"), Standing::of(State::Accepted))
    };
    for (around, may) in [
        (named.clone(), false),
        (operation(book("A"), attention), false),
        (operation(book("C"), attention), true),
        (
            Operation {
                standing: ABSENT,
                ..named
            },
            true,
        ),
    ] {
        assert_eq!(may_be_sent(&repeat, &[around]), may);
    }
    assert!(may_be_sent(&repeat, &[]));
}
