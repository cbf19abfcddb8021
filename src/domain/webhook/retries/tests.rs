//! Tests of the schedule of attempts.

use super::super::AttemptResult;
use super::*;
use crate::domain::sealed::Sealed;

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// This many seconds after the beginning.
fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_893_456_000 + seconds).unwrap()
}

fn webhook() -> Webhook {
    Webhook {
        id: "0197a3f0-5c1e-7b44-9d1a-6f0c2d9e8b71".parse().unwrap(),
        revision: 7,
        version: 4,
        owner: "app".to_owned(),
        all_callers: false,
        url: "https://example.com".to_owned(),
        types: Vec::new(),
        description: None,
        state: WebhookState::Active,
        secrets: Sealed(Vec::new()),
        position: 3,
        replays: Vec::new(),
        failures: 0,
        failing_since: None,
        resumed_at: None,
        created_at: at(0),
    }
}

/// A delivery after this many attempts, the first of them at the beginning.
fn delivery(attempts: i64) -> Delivery {
    Delivery {
        webhook: webhook().id,
        sequence: 3,
        subject: "1".to_owned(),
        state: DeliveryState::Pending,
        attempts,
        first_attempt_at: (attempts > 0).then(|| at(0)),
        last_attempt_at: (attempts > 0).then(|| at(0)),
        next_attempt_at: Some(at(0)),
        ended_at: None,
    }
}

/// An attempt that takes no time.
fn attempt(number: i64, seconds: i64, outcome: Outcome) -> Attempt {
    Attempt {
        sequence: 3,
        number,
        at: at(seconds),
        took: Duration::ZERO,
        result: AttemptResult {
            outcome,
            status: None,
            retry_after: None,
        },
    }
}

fn after_of(webhook: &Webhook, delivery: &Delivery, attempt: &Attempt) -> AfterAttempt {
    let kind = EventKind::OrderPaid;
    after_attempt(webhook, delivery, attempt, kind, &Retries::default(), 0).unwrap()
}

/// The pause after the next attempt, in seconds.
fn pause(attempts: i64, retry_after: Option<Duration>, chance: u32) -> i64 {
    let mut attempt = attempt(attempts + 1, 60, Outcome::Refused);
    attempt.took = Duration::from_secs(2);
    attempt.result.retry_after = retry_after;
    let (webhook, delivery) = (webhook(), delivery(attempts));
    let (kind, retries) = (EventKind::OrderPaid, Retries::default());
    let after = after_attempt(&webhook, &delivery, &attempt, kind, &retries, chance).unwrap();
    let next = after.delivery.next_attempt_at.unwrap();
    next.as_second() - at(62).as_second()
}

#[test]
fn each_pause_is_three_times_as_long_up_to_the_longest() {
    let pauses = [5, 15, 45, 135, 405, 1_215, 3_600, 3_600];
    for (attempts, expected) in (0..).zip(pauses) {
        assert_eq!(pause(attempts, None, 0), expected, "{attempts}");
        // At most a quarter longer.
        assert_eq!(pause(attempts, None, u32::MAX), expected + expected / 4);
    }
    assert_eq!(pause(1_000_000, None, 0), 3_600);
}

#[test]
fn an_endpoint_may_ask_for_a_longer_pause_up_to_an_hour() {
    let cases = [(1, 5), (60, 60), (3_600, 3_600), (86_400, 3_600)];
    for (asked, expected) in cases {
        let asked = Some(Duration::from_secs(asked));
        assert_eq!(pause(0, asked, 0), expected, "{asked:?}");
    }
}

#[test]
fn a_failed_attempt_changes_the_delivery_and_the_webhook() {
    let (before, first) = (webhook(), delivery(0));
    let failed = Attempt {
        took: Duration::from_secs(3),
        ..attempt(1, 10, Outcome::TimedOut)
    };
    let after = after_of(&before, &first, &failed);
    let expected = AfterAttempt {
        delivery: Delivery {
            attempts: 1,
            first_attempt_at: Some(at(10)),
            last_attempt_at: Some(at(10)),
            next_attempt_at: Some(at(18)),
            ..first
        },
        webhook: Some(Webhook {
            revision: 8,
            failures: 1,
            failing_since: Some(at(10)),
            ..before
        }),
        recovered_since: None,
        events: Vec::new(),
    };
    assert_eq!(after, expected);
}

#[test]
fn a_delivery_is_given_up_after_72_hours_with_a_last_attempt_at_the_end() {
    let end = 72 * HOUR;
    let next = |seconds| {
        let failed = attempt(9, seconds, Outcome::Refused);
        after_of(&webhook(), &delivery(8), &failed)
            .delivery
            .next_attempt_at
    };
    assert_eq!(next(end - 2 * HOUR), Some(at(end - HOUR)));
    assert_eq!(next(end - HOUR / 2), Some(at(end)));
    assert_eq!(next(end - 1), Some(at(end)));
    let after = after_of(&webhook(), &delivery(8), &attempt(9, end, Outcome::Refused));
    let dead = Delivery {
        state: DeliveryState::Dead,
        attempts: 9,
        last_attempt_at: Some(at(end)),
        next_attempt_at: None,
        ended_at: Some(at(end)),
        ..delivery(8)
    };
    assert_eq!(after.delivery, dead);
    let undelivered = NewEvent {
        kind: EventKind::WebhookUndelivered,
        subject: webhook().id.to_string(),
        fact: "3/9".to_owned(),
    };
    assert_eq!(after.events, [undelivered]);
}

#[test]
fn an_event_about_a_webhook_is_given_up_without_another_event() {
    for kind in [EventKind::WebhookUndelivered, EventKind::WebhookPaused] {
        let failed = attempt(9, 72 * HOUR, Outcome::Refused);
        let retries = Retries::default();
        let after = after_attempt(&webhook(), &delivery(8), &failed, kind, &retries, 0).unwrap();
        assert_eq!(after.delivery.state, DeliveryState::Dead);
        assert_eq!(after.events, []);
    }
}

#[test]
fn a_resumed_webhook_gets_the_whole_time_again() {
    let resumed = Webhook {
        resumed_at: Some(at(50 * HOUR)),
        ..webhook()
    };
    let state = |hours| {
        let failed = attempt(9, hours * HOUR, Outcome::Refused);
        after_of(&resumed, &delivery(8), &failed).delivery.state
    };
    assert_eq!(state(72), DeliveryState::Pending);
    assert_eq!(state(121), DeliveryState::Pending);
    assert_eq!(state(122), DeliveryState::Dead);
}

#[test]
fn a_webhook_is_paused_once_after_5_days_of_failures() {
    let failing = Webhook {
        failures: 90,
        failing_since: Some(at(0)),
        ..webhook()
    };
    // The delivery is younger.
    let first = delivery(0);
    let after = after_of(&failing, &first, &attempt(1, 5 * DAY - 1, Outcome::Refused));
    let expected = Webhook {
        revision: 8,
        failures: 91,
        ..failing.clone()
    };
    assert_eq!((after.webhook, after.events), (Some(expected), vec![]));
    let after = after_of(&failing, &first, &attempt(1, 5 * DAY, Outcome::Refused));
    let paused = Webhook {
        revision: 8,
        version: 5,
        state: WebhookState::AutoPaused,
        failures: 91,
        ..failing
    };
    assert_eq!(after.webhook, Some(paused.clone()));
    let event = NewEvent {
        kind: EventKind::WebhookPaused,
        subject: paused.id.to_string(),
        fact: at(5 * DAY).to_string(),
    };
    assert_eq!(after.events, [event]);
    assert_eq!(after.delivery.state, DeliveryState::Pending);
    // An attempt that ends after the pause does not pause it again, whoever paused it.
    for state in [WebhookState::AutoPaused, WebhookState::Paused] {
        let paused = Webhook {
            state,
            ..paused.clone()
        };
        let after = after_of(&paused, &first, &attempt(1, 6 * DAY, Outcome::Refused));
        let expected = Webhook {
            revision: 9,
            failures: 92,
            ..paused
        };
        assert_eq!((after.webhook, after.events), (Some(expected), vec![]));
    }
}

#[test]
fn a_webhook_whose_endpoint_is_gone_is_paused_at_once() {
    // Also at the end of the time of its delivery, which is kept.
    for seconds in [1, 72 * HOUR] {
        let gone = attempt(9, seconds, Outcome::Gone);
        let after = after_of(&webhook(), &delivery(8), &gone);
        let paused = after.webhook.unwrap();
        assert_eq!(paused.state, WebhookState::AutoPaused);
        assert_eq!(paused.version, 5);
        let kinds: Vec<_> = after.events.iter().map(|event| event.kind).collect();
        assert_eq!(kinds, [EventKind::WebhookPaused]);
        assert_eq!(after.delivery.state, DeliveryState::Pending);
        assert!(after.delivery.next_attempt_at.is_some());
    }
}

#[test]
fn a_success_ends_the_delivery_and_the_series_of_failures() {
    let after = after_of(&webhook(), &delivery(2), &attempt(3, 9, Outcome::Delivered));
    let expected = AfterAttempt {
        delivery: Delivery {
            state: DeliveryState::Delivered,
            attempts: 3,
            last_attempt_at: Some(at(9)),
            next_attempt_at: None,
            ended_at: Some(at(9)),
            ..delivery(2)
        },
        webhook: None,
        recovered_since: None,
        events: Vec::new(),
    };
    assert_eq!(after, expected);
    // The deliveries that began to fail since then are due at once.
    let failing = Webhook {
        failures: 4,
        failing_since: Some(at(1)),
        ..webhook()
    };
    let after = after_of(&failing, &delivery(2), &attempt(3, 9, Outcome::Delivered));
    let expected = Webhook {
        revision: 8,
        ..webhook()
    };
    assert_eq!(after.webhook, Some(expected));
    assert_eq!(after.recovered_since, Some(at(1)));
}

#[test]
fn only_first_attempts_show_that_an_endpoint_is_down() {
    let failures = |before, attempts| {
        let webhook = Webhook {
            failures: before,
            failing_since: Some(at(1)),
            ..webhook()
        };
        let failed = attempt(attempts + 1, 9, Outcome::Refused);
        after_of(&webhook, &delivery(attempts), &failed)
            .webhook
            .unwrap()
            .failures
    };
    assert_eq!(failures(4, 0), 5);
    // An event that is refused again and again says nothing about others.
    assert_eq!(failures(4, 1), 4);
    // Once the endpoint is down, the pause grows with each attempt.
    assert_eq!(failures(5, 1), 6);
}

#[test]
fn the_first_attempt_of_a_delivery_does_not_pause_a_webhook_that_was_idle() {
    let idle = Webhook {
        failures: 1,
        failing_since: Some(at(0)),
        ..webhook()
    };
    let refused = |delivery: &Delivery, number| {
        let attempt = attempt(number, 6 * DAY, Outcome::Refused);
        after_of(&idle, delivery, &attempt).webhook.unwrap().state
    };
    assert_eq!(refused(&delivery(0), 1), WebhookState::Active);
    assert_eq!(refused(&delivery(1), 2), WebhookState::AutoPaused);
}

#[test]
fn an_attempt_from_before_a_resume_says_nothing_about_the_endpoint() {
    let resumed = Webhook {
        failures: 5,
        failing_since: Some(at(101)),
        resumed_at: Some(at(100)),
        ..webhook()
    };
    for outcome in [Outcome::Gone, Outcome::Refused, Outcome::Delivered] {
        let after = after_of(&resumed, &delivery(0), &attempt(1, 99, outcome));
        assert_eq!((after.webhook, after.recovered_since), (None, None));
        assert!(after.events.is_empty());
        assert_eq!(after.delivery.attempts, 1);
    }
    let after = after_of(&resumed, &delivery(0), &attempt(1, 100, Outcome::Gone));
    assert_eq!(after.webhook.unwrap().state, WebhookState::AutoPaused);
}

#[test]
fn an_outdated_attempt_changes_nothing() {
    let ended = |state| Delivery {
        state,
        ..delivery(2)
    };
    let cases = [
        (delivery(2), 2),
        (delivery(2), 4),
        (ended(DeliveryState::Delivered), 3),
        (ended(DeliveryState::Dead), 3),
    ];
    for (delivery, number) in cases {
        for outcome in [Outcome::Delivered, Outcome::Refused, Outcome::Gone] {
            let attempt = attempt(number, 9, outcome);
            let (kind, retries) = (EventKind::OrderPaid, Retries::default());
            let after = after_attempt(&webhook(), &delivery, &attempt, kind, &retries, 0);
            assert_eq!(after, None, "{delivery:?} {attempt:?}");
        }
    }
}

#[test]
fn a_delivery_that_waits_for_an_earlier_one_gets_no_time() {
    let waiting = Delivery {
        next_attempt_at: None,
        ..delivery(2)
    };
    let after = after_of(&webhook(), &waiting, &attempt(3, 9, Outcome::Refused));
    assert_eq!(after.delivery.next_attempt_at, None);
    assert_eq!(after.delivery.state, DeliveryState::Pending);
}

#[test]
fn the_pause_of_an_endpoint_that_is_down_grows_to_5_minutes() {
    let pause = |failures| {
        let webhook = Webhook {
            failures,
            ..webhook()
        };
        Retries::default().probe_pause(&webhook, 0).as_secs()
    };
    let pauses = [(4, 5), (5, 5), (6, 10), (7, 20), (10, 160), (11, 300)];
    for (failures, expected) in pauses {
        assert_eq!(pause(failures), expected, "{failures}");
    }
    assert_eq!(pause(1_000_000), 300);
}
