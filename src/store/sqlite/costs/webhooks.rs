//! The cost of the statements about webhooks as the history and the backlog grow.

use std::time::Duration;

use jiff::Timestamp;

use super::*;
use crate::domain::ids::WebhookId;
use crate::domain::sealed::Sealed;
use crate::domain::webhook::{
    Attempt, AttemptResult, DeliveryState, Outcome, Replay, Retries, Webhook, WebhookState,
};
use crate::store::{AttemptFilter, Attempted, DeliveryFilter, Enqueue, Progress, WebhookFilter};

/// Has deliveries of all events: each third one is delivered, dead and pending. Its endpoint is down.
const MIXED: &str = "01900000-0000-7000-8000-000000000001";
/// Has deliveries of all events about one subject: the first ones are delivered, all others are pending.
const BEHIND: &str = "01900000-0000-7000-8000-000000000002";
/// Has no deliveries yet.
const EMPTY: &str = "01900000-0000-7000-8000-000000000003";

pub(super) const FILL: &str = "\
    INSERT INTO events (kind, subject, fact, account, at) VALUES ('order.flight_changed', '7', 'moved', 'default', 0); \
    INSERT INTO webhooks (id, revision, version, owner, all_callers, url, types, state, secrets, position, replays, failures, \
    failing_since, created_at, deleted) \
    SELECT value, 1, 1, 'app', 1, value, '[]', 'active', x'', iif(key = 2, 0, (SELECT max(seq) FROM events)), '[]', 10, 0, 0, 0 \
    FROM json_each('[\"01900000-0000-7000-8000-000000000001\", \"01900000-0000-7000-8000-000000000002\", \
    \"01900000-0000-7000-8000-000000000003\"]'); \
    INSERT INTO deliveries (webhook, seq, subject, state, attempts, last_attempt_at, next_at, ended_at) \
    SELECT '01900000-0000-7000-8000-000000000001', seq, subject, \
    CASE seq % 3 WHEN 0 THEN 'delivered' WHEN 1 THEN 'dead' ELSE 'pending' END, 3, 0, iif(seq % 3 = 2, 0, NULL), \
    iif(seq % 3 = 2, NULL, 0) FROM events; \
    INSERT INTO deliveries (webhook, seq, subject, state, attempts, last_attempt_at, next_at, ended_at) \
    SELECT '01900000-0000-7000-8000-000000000002', seq, 'one', iif(seq > 9, 'pending', 'delivered'), 3, 0, \
    iif(seq = 10, 0, NULL), iif(seq > 9, NULL, 0) FROM events; \
    INSERT INTO attempts (webhook, seq, number, at, took_ms, outcome, status) \
    SELECT webhook, seq, number, 0, 1, 'refused', 500 FROM deliveries, \
    (SELECT 1 AS number UNION ALL SELECT 2 UNION ALL SELECT 3)";

fn time(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap()
}

pub(super) fn ids() -> [WebhookId; 3] {
    [MIXED, BEHIND, EMPTY].map(|id| id.parse().unwrap())
}

/// All combinations of filters of deliveries and attempts, for each webhook.
pub(super) fn lists() -> (Vec<DeliveryFilter>, Vec<AttemptFilter>) {
    let states = [
        DeliveryState::Pending,
        DeliveryState::Delivered,
        DeliveryState::Dead,
    ];
    let (mut deliveries, mut attempts) = (Vec::new(), Vec::new());
    for webhook in ids() {
        for before in [None, Some(100)] {
            for state in every(&states) {
                deliveries.push(DeliveryFilter {
                    webhook,
                    state,
                    before,
                    limit: 5,
                });
            }
            for sequence in [None, Some(7)] {
                attempts.push(AttemptFilter {
                    webhook,
                    sequence,
                    before,
                    limit: 5,
                });
            }
        }
    }
    (deliveries, attempts)
}

/// Lists of webhooks.
pub(super) fn webhook_filters() -> Vec<WebhookFilter> {
    let owners = [None, Some("app"), Some("nobody")];
    let filters = owners.map(|owner| WebhookFilter {
        owner: owner.map(str::to_owned),
        after: Some(MIXED.parse().unwrap()),
        limit: 5,
    });
    filters.into()
}

fn a_webhook(id: &str, revision: i64, state: WebhookState) -> Webhook {
    Webhook {
        id: id.parse().unwrap(),
        revision,
        version: 1,
        owner: "app".to_owned(),
        all_callers: true,
        url: id.to_owned(),
        types: Vec::new(),
        description: None,
        state,
        secrets: Sealed(Vec::new()),
        position: 0,
        replays: vec![Replay {
            after: 0,
            to: 9,
            dead_only: true,
        }],
        failures: 10,
        failing_since: Some(time(0)),
        resumed_at: Some(time(1)),
        created_at: time(0),
    }
}

fn an_attempt(id: &str, sequence: i64, number: i64, ms: i64, outcome: Outcome) -> Command {
    let (answer, _) = oneshot::channel();
    let attempted = Attempted {
        webhook: id.parse().unwrap(),
        attempt: Attempt {
            sequence,
            number,
            at: time(ms),
            took: Duration::from_millis(1),
            result: AttemptResult {
                outcome,
                status: None,
                retry_after: None,
            },
        },
        retries: Retries::default(),
        chance: 0,
    };
    Command::RecordAttempt(Box::new(attempted), answer)
}

fn an_enqueue(id: &str, progress: Progress, sequences: [i64; 3]) -> Command {
    let (answer, _) = oneshot::channel();
    let subject = if id == BEHIND { "one" } else { "other" };
    let enqueue = Enqueue {
        webhook: id.parse().unwrap(),
        version: 1,
        progress,
        events: sequences.map(|seq| (seq, subject.to_owned())).into(),
        now: time(2),
    };
    Command::Enqueue(Box::new(enqueue), answer)
}

fn a_save(webhook: Webhook) -> Command {
    let (answer, _) = oneshot::channel();
    Command::SaveWebhook(Box::new(webhook), answer)
}

/// The changes of webhooks, in a history with this last event.
pub(super) fn commands(last: i64) -> Vec<(&'static str, Command)> {
    let (creating, _) = oneshot::channel();
    let (refusing, _) = oneshot::channel();
    let (deleting, _) = oneshot::channel();
    let (forgetting, _) = oneshot::channel();
    let (again, _) = oneshot::channel();
    let (moving, _) = oneshot::channel();
    let new = a_webhook(
        "01900000-0000-7000-8000-000000000004",
        1,
        WebhookState::Active,
    );
    let create = Command::CreateWebhook(Box::new(new.clone()), 9, creating);
    let refuse = Command::CreateWebhook(Box::new(new), 1, refusing);
    let at_end = Progress::Feed(last, last);
    let hours = |hours: i64| hours * 3_600_000;
    let moved = Publication {
        event: NewEvent {
            kind: EventKind::OrderFlightChanged,
            subject: "7".to_owned(),
            fact: "moved".to_owned(),
        },
        ..a_publication()
    };
    vec![
        ("create a webhook", create),
        ("refuse a webhook", refuse),
        // A pause and a resumption, at a place before the end of the feed.
        (
            "pause a webhook",
            a_save(a_webhook(MIXED, 1, WebhookState::Paused)),
        ),
        (
            "resume a webhook",
            a_save(a_webhook(MIXED, 2, WebhookState::Active)),
        ),
        (
            "enqueue",
            an_enqueue(EMPTY, Progress::Feed(0, 9), [7, 8, 9]),
        ),
        // Those that have ended become pending before all others.
        ("enqueue again", an_enqueue(BEHIND, at_end, [3, 2, 1])),
        (
            "enqueue pending ones",
            an_enqueue(BEHIND, at_end, [10, 11, 12]),
        ),
        ("fail", an_attempt(MIXED, 5, 4, 10, Outcome::Refused)),
        (
            "refuse an attempt",
            an_attempt(MIXED, 5, 4, 10, Outcome::Refused),
        ),
        ("recover", an_attempt(MIXED, 8, 4, 20, Outcome::Delivered)),
        (
            "give up",
            an_attempt(MIXED, 5, 5, hours(80), Outcome::Refused),
        ),
        (
            "be gone",
            an_attempt(MIXED, 11, 4, hours(80), Outcome::Gone),
        ),
        (
            "deliver before a backlog",
            an_attempt(BEHIND, 1, 4, 10, Outcome::Delivered),
        ),
        ("move an event", Command::Publish(vec![moved], moving)),
        (
            "delete a webhook",
            Command::DeleteWebhook(EMPTY.parse().unwrap(), deleting),
        ),
        ("forget", Command::ForgetDeliveries(0, forgetting)),
        ("forget nothing", Command::ForgetDeliveries(0, again)),
    ]
}

#[tokio::test]
async fn deletions_cost_the_same_in_a_longer_history() {
    let mut all = Vec::new();
    for rows in [2_000, 10_000] {
        let dir = tempfile::tempdir().unwrap();
        let mut connection = filled(dir.path(), rows).await;
        // The first events are not needed any more, and the last ones are.
        sqlx::raw_sql(
            "DELETE FROM webhooks WHERE failures = 10 AND position = 0; \
             UPDATE deliveries SET state = 'delivered', next_at = NULL, ended_at = 0 \
             WHERE state = 'pending' AND seq < 1000; \
             UPDATE deliveries SET state = 'pending', next_at = 0 WHERE seq = 1000",
        )
        .execute(&mut connection)
        .await
        .unwrap();
        let steps = counted(&mut connection).await;
        let mut costs = Vec::new();
        for trims in [true, true, false, false] {
            let (answer, _) = oneshot::channel();
            let command = if trims {
                Command::TrimEvents(i64::MAX, answer)
            } else {
                Command::ForgetDeliveries(i64::MAX, answer)
            };
            steps.store(0, Ordering::Relaxed);
            let done = transaction(&mut connection, &[command], Rereads::default())
                .await
                .unwrap();
            let [Done::Prune(256)] = &done[..] else {
                panic!("the deletion of another number")
            };
            costs.push(steps.load(Ordering::Relaxed));
        }
        all.push(costs);
    }
    for (short, long) in all[0].iter().zip(&all[1]) {
        assert!(*long < short + short / 20, "{all:?}");
    }
}
